//! Contradictions in a finished plan: what must never be carried out, whoever planned it.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::{Desired, Role};
use crate::name::{Names, PER_GROUP, PER_NETWORK};
use crate::observed::Observed;
use crate::plan::Plan;
use crate::step::{Change, ObjectKind, Step};

/// What is wrong with a plan; empty for every plan that [`crate::plan`] makes (the tests hold it to that).
#[must_use]
pub fn contradictions(desired: &Desired, observed: &Observed, plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    wrong.extend(twice(plan));
    wrong.extend(last_origin(desired, observed, plan));
    wrong.extend(crowded(plan));
    wrong.extend(anchor_first(desired, plan));
    wrong
}

/// Nothing is made twice or deleted twice.
fn twice(plan: &Plan) -> Vec<String> {
    let mut made = BTreeSet::new();
    let mut deleted = BTreeSet::new();
    let mut wrong = Vec::new();
    for step in plan.steps() {
        match step {
            Step::CreateMachine(spec) if !made.insert((ObjectKind::Machine, spec.name.clone())) => {
                wrong.push(format!("machine {} is made twice", spec.name));
            }
            Step::Delete { kind, id, name, .. } if !deleted.insert((*kind, *id)) => {
                wrong.push(format!("{} {name} is deleted twice", kind.as_str()));
            }
            _ => {}
        }
    }
    wrong
}

/// While the cluster lives with two or more origins, no wave takes down the last one that stands.
fn last_origin(desired: &Desired, observed: &Observed, plan: &Plan) -> Vec<String> {
    if !desired.live || desired.count(Role::Origin) < 2 {
        return Vec::new();
    }
    let names = Names::new(&desired.name);
    let is_origin = |name: &str| {
        (1..=desired.count(Role::Origin)).any(|number| names.machine(Role::Origin, number) == name)
    };
    let mut standing: BTreeSet<String> = observed
        .machines
        .iter()
        .filter(|machine| machine.state == crate::MachineState::Running && is_origin(&machine.name))
        .map(|machine| machine.name.clone())
        .collect();
    if standing.len() < 2 {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    for wave in &plan.waves {
        let mut down = BTreeSet::new();
        let mut up = BTreeSet::new();
        for step in &wave.steps {
            match step {
                Step::Delete { kind: ObjectKind::Machine, name, .. } if is_origin(name) => {
                    standing.remove(name);
                }
                Step::ChangeMachine { name, changes, .. }
                    if is_origin(name) && changes.iter().any(Change::is_disruptive) =>
                {
                    down.insert(name.clone());
                }
                Step::CreateMachine(spec) if spec.role == Role::Origin => {
                    up.insert(spec.name.clone());
                }
                _ => {}
            }
        }
        if standing.iter().all(|name| down.contains(name)) {
            wrong.push(format!("wave {:?} takes the last origin down", wave.title));
        }
        standing.extend(up);
    }
    wrong
}

/// No placement group and no network gets more members than the API allows.
fn crowded(plan: &Plan) -> Vec<String> {
    let mut groups = BTreeMap::<&str, u32>::new();
    let mut networks = BTreeMap::<&str, u32>::new();
    for step in plan.steps() {
        if let Step::CreateMachine(spec) = step {
            for (map, name) in [(&mut groups, &spec.group), (&mut networks, &spec.network)] {
                if let Some(name) = name {
                    *map.entry(name).or_default() += 1;
                }
            }
        }
    }
    let over = |map: BTreeMap<&str, u32>, max: u32, what: &str| -> Vec<String> {
        let full = map.into_iter().filter(move |(_, count)| *count > max);
        full.map(|(name, count)| format!("{what} {name} would have {count} members")).collect()
    };
    let mut wrong = over(groups, PER_GROUP, "placement group");
    wrong.extend(over(networks, PER_NETWORK, "network"));
    wrong
}

/// When the anchor has to be made, nothing is made before it.
fn anchor_first(desired: &Desired, plan: &Plan) -> Vec<String> {
    let anchor = Names::new(&desired.name).anchor();
    let at = plan.steps().position(|step| matches!(step, Step::CreateFirewall(spec) if spec.name == anchor));
    match at {
        Some(at) if at > 0 => vec!["something comes before the cluster is claimed".to_owned()],
        _ => Vec::new(),
    }
}
