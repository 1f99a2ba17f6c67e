//! Clients made by others: Hetzner's Python SDK, and the inventory plugin of their Ansible collection.
//!
//! Both are installed once into the target folder, from PyPI, by Python's own tools.
use crate::shapes;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tests_hcloud_mock::{Mock, Options};

/// Pinned, because a newer one may want something newer than this mock.
const PACKAGES: &[&str] = &["hcloud==2.27.0", "ansible-core==2.19.*"];
/// The bundle whose only part we want is the collection; it need not match this Python.
const BUNDLE: &str = "ansible==14.5.0";

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?} cannot be started: {e}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?} failed\n{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// The folder with the virtual environment and the collection.
fn installed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients");
        let ready = folder.join("ready");
        let wanted = format!("{PACKAGES:?} {BUNDLE}");
        if std::fs::read_to_string(&ready).is_ok_and(|r| r == wanted) {
            return folder;
        }
        // A half-made folder of an interrupted run is of no use.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder in target");
        run(Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv")));
        let pip = || {
            let mut pip = Command::new(folder.join("venv/bin/python"));
            pip.args(["-m", "pip", "-q", "--disable-pip-version-check"]);
            pip
        };
        run(pip().arg("install").args(PACKAGES).arg("python-dateutil").arg("requests"));
        let anywhere = ["--no-deps", "--python-version", "3.14", "--only-binary=:all:"];
        run(pip().arg("download").args(anywhere).arg("-d").arg(&folder).arg(BUNDLE));
        let unpack = "import glob, sys, zipfile\n\
                      bundle = zipfile.ZipFile(glob.glob(sys.argv[1] + '/ansible-*.whl')[0])\n\
                      wanted = 'ansible_collections/hetzner/hcloud/'\n\
                      bundle.extractall(sys.argv[1] + '/collections', \
                      [n for n in bundle.namelist() if n.startswith(wanted)])";
        run(Command::new(folder.join("venv/bin/python")).args(["-c", unpack]).arg(&folder));
        std::fs::write(&ready, wanted).expect("a file in target");
        folder
    })
}

fn mock() -> (Mock, std::sync::Arc<std::sync::Mutex<shapes::Seen>>) {
    let (observer, seen) = shapes::watcher();
    let mut options = Options { observer: Some(observer), admin: true, ..Options::default() };
    options.settings.rate_limit_per_hour = None;
    (Mock::with(options).expect("a loopback port"), seen)
}

fn check_shapes(seen: &std::sync::Arc<std::sync::Mutex<shapes::Seen>>, at_least: usize) {
    let seen = seen.lock().expect("no watcher panicked");
    assert!(seen.problems.is_empty(), "{:#?}", seen.problems);
    assert!(seen.answers >= at_least, "only {} answers", seen.answers);
}

/// ansible-inventory marks what came from outside as `{"__ansible_unsafe": …}`.
fn unwrap_unsafe(value: &mut serde_json::Value) {
    if let Some(inner) = value.get_mut("__ansible_unsafe") {
        *value = inner.take();
    }
    match value {
        serde_json::Value::Object(map) => map.values_mut().for_each(unwrap_unsafe),
        serde_json::Value::Array(list) => list.iter_mut().for_each(unwrap_unsafe),
        _ => {}
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

#[test]
fn the_python_sdk_lives_through_every_resource() {
    let (mock, seen) = mock();
    let told = run(Command::new(installed().join("venv/bin/python"))
        .arg(script("sdk.py"))
        .env("HCLOUD_ENDPOINT", mock.endpoint())
        .env("HCLOUD_TOKEN", mock.token()));
    assert!(told.ends_with("all done\n"), "{told}");
    check_shapes(&seen, 300);
}

#[test]
fn the_inventory_plugin_lists_and_groups_servers() {
    let (mock, seen) = mock();
    let folder = installed();
    let network = mock.call(
        "POST",
        "/networks",
        &serde_json::json!({"name": "net", "ip_range": "10.0.0.0/16", "subnets": [
            {"type": "cloud", "network_zone": "eu-central", "ip_range": "10.0.0.0/24"}]}),
    );
    for n in 0..60 {
        let mut order = serde_json::json!({
            "name": format!("edge-{n:02}"), "image": "debian-13", "server_type": "cpx22",
            "location": if n % 2 == 0 { "fsn1" } else { "hel1" }, "labels": {"role": "edge"},
        });
        if n < 3 {
            order["networks"] = serde_json::json!([network.json["network"]["id"]]);
        }
        assert_eq!(mock.call("POST", "/servers", &order).status, 201);
    }
    let other =
        serde_json::json!({"name": "db", "image": "ubuntu-24.04", "server_type": "cx33", "location": "nbg1"});
    mock.call("POST", "/servers", &other);
    mock.advance(std::time::Duration::from_secs(60));
    let list = |source: &str| {
        let told = run(Command::new(folder.join("venv/bin/ansible-inventory"))
            .args(["--list", "-i"])
            .arg(script(source))
            .env("ANSIBLE_COLLECTIONS_PATH", folder.join("collections"))
            .env("ANSIBLE_HOME", folder.join("home"))
            .env("HCLOUD_ENDPOINT", mock.endpoint())
            .env("HCLOUD_TOKEN", mock.token()));
        let mut listed: serde_json::Value =
            serde_json::from_str(&told).expect("ansible-inventory writes JSON");
        unwrap_unsafe(&mut listed);
        listed
    };
    let hosts =
        |inventory: &serde_json::Value, group: &str| inventory[group]["hosts"].as_array().map_or(0, Vec::len);
    let all = list("all.hcloud.yml");
    assert_eq!((hosts(&all, "hcloud"), hosts(&all, "at_fsn1"), hosts(&all, "os_ubuntu")), (61, 30, 1));
    let vars = &all["_meta"]["hostvars"]["edge-00"];
    assert_eq!(
        (vars["hcloud_status"].as_str(), vars["hcloud_type"].as_str()),
        (Some("running"), Some("cpx22"))
    );
    assert_eq!(vars["ansible_host"], vars["hcloud_ipv4"]);
    assert_eq!(vars["hcloud_private_networks"][0]["name"], "net");
    let some = list("some.hcloud.yml");
    assert_eq!(hosts(&some, "hcloud"), 3);
    assert_eq!(some["_meta"]["hostvars"]["edge-01"]["ansible_host"], "10.0.0.3");
    mock.revoke_tokens(true);
    let refused = Command::new(folder.join("venv/bin/ansible-inventory"))
        .args(["--list", "-i"])
        .arg(script("all.hcloud.yml"))
        .env("ANSIBLE_COLLECTIONS_PATH", folder.join("collections"))
        .env("ANSIBLE_HOME", folder.join("home"))
        .env("ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", "true")
        .env("HCLOUD_ENDPOINT", mock.endpoint())
        .env("HCLOUD_TOKEN", mock.token())
        .output()
        .expect("ansible-inventory starts");
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && told.contains("Invalid Hetzner Cloud API Token"), "{told}");
    check_shapes(&seen, 60);
}
