//! `service_facts`: all services with their state, as the fact `services`.

use crate::{Command, Failure, Module, Plan, Spec, System, outcome::Call};
use serde_json::{Map, Value, json};
use std::path::Path;

static SPEC: Spec =
    Spec::new("ansible.builtin.service_facts", "Returns the state of all services as facts.", "").read_only();

/// See the page above.
pub struct ServiceFacts;

impl Module for ServiceFacts {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, _: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let mut services = scripts(system);
        if system.exists(Path::new("/run/systemd/system")) {
            units(system, &mut services);
        }
        let mut plan = Plan::new();
        if services.is_empty() {
            plan.set("skipped", true).set("msg", "Failed to find any services. This can be due to privileges or some other configuration issue.");
        } else {
            plan.set("ansible_facts", json!({ "services": services }));
        }
        Ok(plan)
    }
}

/// States that hide what the unit file says.
const BAD: &[&str] = &["not-found", "masked", "failed"];

fn say(system: &dyn System, argv: &[&str]) -> String {
    system.query(&Command::new(argv).in_english()).map(|output| output.out()).unwrap_or_default()
}

/// Services of old scripts, by `service --status-all`.
fn scripts(system: &dyn System) -> Map<String, Value> {
    let mut all = Map::new();
    if system.which("service").is_none() || system.which("initctl").is_some() {
        return all;
    }
    for line in say(system, &["service", "--status-all"]).lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(name) = words.last() else { continue };
        let state = if line.contains("[ + ]") { "running" } else { "stopped" };
        all.insert((*name).into(), json!({ "name": name, "state": state, "source": "sysv" }));
    }
    all
}

fn units(system: &dyn System, services: &mut Map<String, Value>) {
    let running =
        say(system, &["systemctl", "list-units", "--no-pager", "--type", "service", "--all", "--plain"]);
    for line in running.lines().filter(|line| line.contains(".service")) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [name, _, active, sub, ..] = fields.as_slice() else { continue };
        let status = BAD.iter().find(|bad| fields.contains(bad)).unwrap_or(active);
        let state = if *sub == "running" { "running" } else { "stopped" };
        services.insert(
            (*name).into(),
            json!({ "name": name, "state": state, "status": status, "source": "systemd" }),
        );
    }
    let files = say(system, &["systemctl", "list-unit-files", "--no-pager", "--type", "service", "--all"]);
    let mut unseen = Vec::new();
    for line in files.lines().filter(|line| line.contains(".service")) {
        let mut fields = line.split_whitespace();
        let (Some(name), Some(status)) = (fields.next(), fields.next()) else { continue };
        match services.get_mut(name) {
            Some(service) => {
                let bad = service["status"].as_str().is_some_and(|status| BAD.contains(&status));
                if !bad {
                    service["status"] = status.into();
                }
            }
            None => unseen.push((name.to_owned(), status.to_owned())),
        }
    }
    // One question for all of them, not one for each.
    let mut argv = vec!["systemctl", "show", "--property=Id,ActiveState"];
    let askable: Vec<&str> =
        unseen.iter().map(|(name, _)| name.as_str()).filter(|name| !name.contains("@.")).collect();
    argv.extend(&askable);
    let answer = if askable.is_empty() { String::new() } else { say(system, &argv) };
    let mut states = Map::new();
    for block in answer.split("\n\n") {
        let value = |key: &str| block.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        states.insert(value("Id=").into(), value("ActiveState=").into());
    }
    for (name, status) in unseen {
        let state =
            states.get(&name).and_then(Value::as_str).filter(|state| !state.is_empty()).unwrap_or("unknown");
        let entry = json!({ "name": name, "state": state, "status": status, "source": "systemd" });
        services.insert(name, entry);
    }
}
