//! Prints the processor time a 10,000-host inventory and a 2,000-task playbook take to load; run it with `--release`.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use runner_playbook::files::Memory;
use runner_playbook::inventory::{InventoryLoader, InventoryVars, pattern};
use runner_playbook::load::{Loader, NoTemplates, Settings};
use runner_playbook::names::AnyName;
use runner_playbook::vault::Secrets;

/// Hosts in the inventories.
const HOSTS: usize = 10_000;
/// Tasks in the playbook.
const TASKS: usize = 2_000;
/// Runs of which the median is printed.
const RUNS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = Memory::new();
    files.add("/hosts", ini());
    files.add("/hosts.yml", yaml());
    files.add("/site.yml", playbook());
    let loader = Loader {
        files: Arc::new(files),
        secrets: Arc::new(Secrets::default()),
        names: Arc::new(AnyName),
        imports: Arc::new(NoTemplates),
        settings: Arc::new(Settings::default()),
    };
    let mut out = std::io::stdout();
    for source in ["/hosts", "/hosts.yml"] {
        let inventories = InventoryLoader::new(loader.clone());
        let median_ms =
            median_ms(|| assert_eq!(inventories.load(&[source.to_owned()]).0.hosts().len(), HOSTS));
        writeln!(out, "{HOSTS} hosts from {source}: {median_ms:.1} ms")?;
    }
    let (mut inventory, _) = InventoryLoader::new(loader.clone()).load(&["/hosts".to_owned()]);
    let select_ms = median_ms(|| assert!(!inventory.select(&pattern::split("group1*:!~.*7$")).0.is_empty()));
    writeln!(out, "a pattern over {HOSTS} hosts: {select_ms:.1} ms")?;
    let vars = InventoryVars::new(loader.clone(), &inventory, None);
    let vars_ms = median_ms(|| {
        let layers: usize = inventory.hosts().map(|host| vars.layers(&inventory, &host.name).len()).sum();
        assert!(layers > HOSTS);
    });
    writeln!(out, "variable layers of {HOSTS} hosts: {vars_ms:.1} ms")?;
    let load_ms = median_ms(|| {
        let (playbook, problems) = loader.load_playbook(Path::new("/site.yml"));
        assert_eq!(playbook.map(|playbook| playbook.plays[0].tasks.len()), Some(TASKS), "{problems:?}");
    });
    writeln!(out, "{TASKS} tasks: {load_ms:.1} ms")?;
    Ok(())
}

fn median_ms(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start_ms = processor_ms();
            run();
            processor_ms() - start_ms
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

/// The time this thread has run on a processor, so that a busy machine does not count.
fn processor_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos: f64 = text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0.0);
    nanos / 1e6
}

fn ini() -> String {
    let mut text = String::new();
    for host in 0..HOSTS {
        if host % 100 == 0 {
            text.push_str(&format!("[group{}]\n", host / 100));
        }
        text.push_str(&format!(
            "host{host}.example.com ansible_host=10.{}.{}.{} http_port=8080 role='edge node' tags=['a','b']\n",
            host / 65536,
            host / 256 % 256,
            host % 256
        ));
    }
    text.push_str("[edges:children]\n");
    (0..HOSTS / 100).for_each(|group| text.push_str(&format!("group{group}\n")));
    text.push_str("[edges:vars]\nlimit=100\n");
    text
}

fn yaml() -> String {
    let mut text = "all:\n  children:\n    edges:\n      vars: {limit: 100}\n      children:\n".to_owned();
    for host in 0..HOSTS {
        if host % 100 == 0 {
            text.push_str(&format!("        group{}:\n          hosts:\n", host / 100));
        }
        text.push_str(&format!(
            "            host{host}.example.com:\n              ansible_host: 10.0.0.1\n              http_port: 8080\n              role: edge node\n              tags: [a, b]\n"
        ));
    }
    text
}

fn playbook() -> String {
    let mut text = "- hosts: all\n  vars: {a: 1}\n  tasks:\n".to_owned();
    for task in 0..TASKS {
        text.push_str(&format!(
            "    - name: task {task} writes a file\n      ansible.builtin.copy:\n        content: \"{{{{ a }}}} {task}\"\n        dest: /tmp/file-{task}\n        mode: \"0644\"\n      when: a == 1\n      tags: [one, two]\n      register: result_{task}\n"
        ));
    }
    text
}
