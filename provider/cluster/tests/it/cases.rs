//! Plans as text: a wish and a world, then `---`, then what the planner says. `ACCEPT=1` rewrites the answers.
//!
//! The world is what an earlier wish left behind (`was`), spoilt line by line.

#![expect(clippy::disallowed_methods, reason = "the cases are files; the planner itself still reads none")]

use std::fs;
use std::path::Path;

use provider_cluster::*;

use crate::world::{World, catalogue, desired, group};

fn list(text: &str) -> Vec<&str> {
    text.split(',').filter(|word| !word.is_empty()).collect()
}

fn set(wish: &mut Desired, line: &str, catalogue: &mut Catalogue) {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [role @ ("origin" | "relay" | "edge"), count, types, locations] => {
            let role = Role::parse(role).expect("a role");
            let group = group(count.parse().expect("a number"), &list(types), &list(locations));
            wish.groups.insert(role, group);
        }
        ["name", name] => wish.name = (*name).to_owned(),
        ["live", live] => wish.live = live.parse().expect("true or false"),
        ["spread", spread] => wish.spread = spread.parse().expect("true or false"),
        ["protected", protected] => wish.protected = protected.parse().expect("true or false"),
        ["no-network"] => wish.network = None,
        ["base", a, b] => {
            wish.network = Some(NetworkWish { base: (a.parse().expect("0-255"), b.parse().expect("0-255")) })
        }
        ["image", name] => wish.image = ImageReference::Name((*name).to_owned()),
        ["rebuild"] => wish.rollout.on_change = OnChange::Rebuild,
        ["max-unavailable", count] => {
            wish.rollout.max_unavailable = match count.strip_suffix('%') {
                Some(percent) => Unavailable::Percent(percent.parse().expect("a number")),
                None => Unavailable::Machines(count.parse().expect("a number")),
            };
        }
        ["user-data", digest] => wish.user_data_digest = (*digest).to_owned(),
        ["label", key, value] => {
            wish.labels.insert((*key).to_owned(), (*value).to_owned());
        }
        ["key", "name", name] => wish.keys.push(KeyReference::Name((*name).to_owned())),
        ["key", "public", blob] => {
            let line = format!("ssh-ed25519 {blob}");
            let fingerprint = crate::world::fingerprint(&line);
            wish.keys.push(KeyReference::Public { line, fingerprint });
        }
        ["ssh-from", ranges] => wish.access.ssh_from = list(ranges).into_iter().map(str::to_owned).collect(),
        ["viewer-ports", ports] => {
            wish.access.viewer_ports = list(ports).into_iter().map(str::to_owned).collect()
        }
        ["sold-out", server_type, location] => {
            let offer = catalogue.types.get_mut(*server_type).expect("a type");
            offer.places.get_mut(*location).expect("a location").available = Some(false);
        }
        other => panic!("the case says {other:?}, which means nothing"),
    }
}

fn spoil(world: &mut World, line: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["gone", name] => world.observed.machines.retain(|machine| machine.name != *name),
        ["off", name] => world.machine(name).state = MachineState::Off,
        ["deleting", name] => world.machine(name).state = MachineState::Deleting,
        ["retyped", name, to] => world.machine(name).server_type = (*to).to_owned(),
        ["moved", name, to] => world.machine(name).location = (*to).to_owned(),
        ["renamed", name, to] => world.machine(name).name = (*to).to_owned(),
        ["unlabelled", name] => world.machine(name).labels.clear(),
        ["relabelled", name, key, value] => {
            world.machine(name).labels.insert((*key).to_owned(), (*value).to_owned());
        }
        ["unguarded", name] => world.machine(name).firewalls.clear(),
        ["detached", name] => world.machine(name).networks.clear(),
        ["ungrouped", name] => world.machine(name).group = None,
        ["image-gone", name] => world.machine(name).image = None,
        ["reimaged", name] => world.machine(name).image = Some(7),
        ["rules-cleared", name] => world.observed.firewalls.get_mut(*name).expect("a firewall").rules.clear(),
        ["lease", name] => {
            let labels = &mut world.observed.firewalls.get_mut(*name).expect("a firewall").labels;
            labels.insert("owner".to_owned(), "abc".to_owned());
        }
        ["no-group", name] => drop(world.observed.groups.remove(*name)),
        ["no-firewall", name] => {
            let firewall = world.observed.firewalls.remove(*name).expect("a firewall");
            for machine in &mut world.observed.machines {
                machine.firewalls.retain(|id| *id != firewall.id);
            }
        }
        ["no-image"] => {
            let images = world.observed.images.as_mut().expect("looked up");
            images.x86 = None;
            images.arm = None;
        }
        other => panic!("the case says {other:?}, which means nothing"),
    }
}

fn run(text: &str) -> String {
    let mut catalogue = catalogue();
    let mut was = None;
    let mut now = desired();
    let mut spoils = Vec::new();
    let mut destroy = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once(' ') {
            Some(("was", rest)) => set(was.get_or_insert_with(desired), rest, &mut catalogue),
            Some(("now", rest)) => set(&mut now, rest, &mut catalogue),
            Some(("spoil", rest)) => spoils.push(rest.to_owned()),
            _ if line == "destroy" => destroy = true,
            _ => panic!("a line begins with was, now or spoil: {line}"),
        }
    }
    let mut world = World::default();
    if let Some(was) = &was {
        world.look(was);
        let (plan, problems) = plan(was, &world.observed, &catalogue);
        assert!(problems.is_empty(), "the old wish has problems: {problems:?}");
        world.apply(&plan, &catalogue);
    }
    world.look(&now);
    spoils.iter().for_each(|line| spoil(&mut world, line));
    if destroy {
        return render(&teardown(&now.name, &world.observed, 10));
    }
    let (plan, problems) = plan(&now, &world.observed, &catalogue);
    assert_eq!(contradictions(&now, &world.observed, &plan), Vec::<String>::new());
    let mut out = String::new();
    for problem in &problems {
        let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
        out.push_str(&format!("{severity} at {}: {}\n  {}\n", problem.field, problem.message, problem.help));
    }
    out.push_str(&render(&plan));
    if out.is_empty() { "nothing to do\n".to_owned() } else { out }
}

#[test]
fn every_case_is_planned_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/plans");
    let accept = std::env::var_os("ACCEPT").is_some();
    let mut wrong = Vec::new();
    let mut count = 0;
    let mut paths: Vec<_> =
        fs::read_dir(&folder).expect("the cases are there").map(|e| e.expect("readable").path()).collect();
    paths.sort();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a case is text");
        let (input, expected) = text.split_once("---\n").unwrap_or((text.as_str(), ""));
        let got = run(input);
        count += 1;
        if accept {
            fs::write(&path, format!("{}---\n{got}", ensure_newline(input)))
                .expect("the case can be written");
        } else if got != expected {
            wrong.push(format!("{}:\nexpected\n{expected}\ngot\n{got}", path.display()));
        }
    }
    assert!(count >= 20, "only {count} cases were found");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn ensure_newline(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}
