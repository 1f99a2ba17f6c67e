//! A plan as text: for people, and for goldens.

use crate::desired::ImageReference;
use crate::plan::Plan;
use crate::step::{Change, Step};

/// An image reference in words.
pub(crate) fn image(image: &ImageReference) -> String {
    match image {
        ImageReference::Name(name) => name.clone(),
        ImageReference::Id(id) => format!("image {id}"),
        ImageReference::Selector(selector) => format!("the newest snapshot with {selector}"),
    }
}

/// One step in one line.
#[must_use]
pub fn step_line(step: &Step) -> String {
    match step {
        Step::CreateFirewall(spec) => format!("create firewall {} ({} rules)", spec.name, spec.rules.len()),
        Step::SetRules { name, rules, .. } => format!("set {} rules of firewall {name}", rules.len()),
        Step::CreateKey { name, .. } => format!("upload SSH key {name}"),
        Step::CreateNetwork(spec) => format!("create network {} {}", spec.name, spec.range),
        Step::AddSubnet { name, subnet, .. } => {
            format!("add subnet {} in {} to network {name}", subnet.range, subnet.zone)
        }
        Step::CreateGroup { name, .. } => format!("create placement group {name}"),
        Step::Relabel { kind, name, .. } => format!("relabel {} {name}", kind.as_str()),
        Step::CreateMachine(spec) => {
            let places: Vec<String> =
                spec.candidates.iter().map(|c| format!("{} in {}", c.server_type, c.location)).collect();
            format!("create {}: {}, {}", spec.name, places.join(", else "), image(&spec.image))
        }
        Step::ChangeMachine { name, changes, .. } => {
            let words: Vec<String> = changes.iter().map(change).collect();
            format!("change {name}: {}", words.join(", "))
        }
        Step::Delete { kind: crate::ObjectKind::Machine, name, why, .. } => format!("delete {name}: {why}"),
        Step::Delete { kind, name, why, .. } => format!("delete {} {name}: {why}", kind.as_str()),
        Step::AwaitGone { name, .. } => format!("wait until {name} is gone"),
    }
}

fn change(change: &Change) -> String {
    match change {
        Change::PowerOn => "power on".to_owned(),
        Change::Rename => "give it its name back".to_owned(),
        Change::Relabel(_) => "relabel".to_owned(),
        Change::Guard(firewall) => format!("put behind firewall {firewall}"),
        Change::Attach(network) => format!("attach to network {network}"),
        Change::Detach(id) => format!("detach from network {id}"),
        Change::Protect(true) => "protect".to_owned(),
        Change::Protect(false) => "stop protecting".to_owned(),
        Change::JoinGroup(group) => format!("move into placement group {group}"),
        Change::Retype(types) => format!("become {}", types.join(", else ")),
        Change::Rebuild(reference, _) => format!("rebuild from {}", image(reference)),
    }
}

/// A whole plan: a title per wave, its steps indented.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let mut text = String::new();
    for wave in &plan.waves {
        text.push_str(&wave.title);
        text.push('\n');
        for step in &wave.steps {
            text.push_str("  ");
            text.push_str(&step_line(step));
            text.push('\n');
        }
    }
    text
}
