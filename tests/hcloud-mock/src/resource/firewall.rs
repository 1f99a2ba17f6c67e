//! Firewalls: rules, and the servers they are on, directly or by label selector.
pub mod actions;
pub mod rules;

use crate::clock::Ms;
use crate::label::Selector;
use crate::project::Project;
use crate::resource::firewall::rules::Rule;
use crate::resource::server::Server;
use crate::resource::{Base, Entity, entity};
use crate::shared::Shared;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A firewall on one server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// Whether it works yet.
    pub pending: bool,
    /// Whether it was put there by name.
    pub direct: bool,
    /// Whether a label selector put it there.
    pub selected: bool,
}

/// A firewall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Firewall {
    /// Id, name, labels.
    pub base: Base,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// The servers it is on.
    pub servers: BTreeMap<u64, Applied>,
    /// Its label selectors.
    pub selectors: Vec<String>,
    /// A deleted server still holds it until then.
    pub held_until: Ms,
}

/// What an action does to a firewall when it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It works on this server.
    Applied(u64),
    /// It is off this server.
    Removed(u64),
    /// It follows this selector.
    Selector(String),
    /// It no longer follows this selector.
    NoSelector(String),
    /// Its rules.
    Rules(Vec<Rule>),
}

impl Firewall {
    /// Whether any label selector has to be watched.
    pub fn has_selectors(&self) -> bool {
        !self.selectors.is_empty()
    }
}

impl Entity for Firewall {
    entity!(Firewall, firewalls);

    fn view<'a>(&'a self, project: &'a Project, _: &'a Shared) -> impl Serialize + use<'a> {
        let server = |id: &u64| json!({"type": "server", "server": {"id": id}});
        let direct = self.servers.iter().filter(|(_, a)| a.direct).map(|(id, _)| server(id));
        let mut applied_to: Vec<Value> = direct.collect();
        for text in &self.selectors {
            let selected = self.servers.iter().filter(|(_, a)| a.selected).map(|(id, _)| id);
            let here: Vec<Value> = match Selector::parse(text) {
                Some(selector) => {
                    selected.filter(|id| matches(project, &selector, **id)).map(server).collect()
                }
                None => Vec::new(),
            };
            applied_to.push(json!({
                "type": "label_selector", "label_selector": {"selector": text}, "applied_to_resources": here,
            }));
        }
        json!({
            "id": self.base.id, "name": self.base.name, "labels": self.base.labels,
            "created": self.base.created(), "rules": self.rules, "applied_to": applied_to,
        })
    }

    fn is_settling(&self, project: &Project) -> bool {
        self.has_selectors() && project.selectors_planned() || self.servers.values().any(|a| a.pending)
    }
}

fn matches(project: &Project, selector: &Selector, server: u64) -> bool {
    project.servers.get(&server).is_some_and(|s| selector.matches(&s.base.labels))
}

/// The firewalls of a server, as servers show them.
pub fn of_server(project: &Project, server: u64) -> Vec<Value> {
    let mut found = Vec::new();
    for firewall in project.firewalls.values() {
        if let Some(applied) = firewall.servers.get(&server) {
            let status = if applied.pending { "pending" } else { "applied" };
            found.push(json!({"id": firewall.base.id, "status": status}));
        }
    }
    found
}

/// How many firewalls are on a server.
pub fn count_on(project: &Project, server: u64) -> usize {
    project.firewalls.values().filter(|f| f.servers.contains_key(&server)).count()
}

/// A new server has it from the start.
pub fn add_at_creation(project: &mut Project, firewall: u64, server: u64) {
    if let Some(firewall) = project.firewalls.get_mut(&firewall) {
        firewall.servers.insert(server, Applied { pending: true, direct: true, selected: false });
    }
}

/// A new server is up: its firewalls work.
pub fn server_ready(project: &mut Project, server: u64) {
    for firewall in project.firewalls.values_mut() {
        if let Some(applied) = firewall.servers.get_mut(&server) {
            applied.pending = false;
        }
    }
}

/// A server is gone; the firewalls it had are in use until `until`.
pub fn forget_server(project: &mut Project, server: u64, until: Ms) {
    for firewall in project.firewalls.values_mut() {
        if firewall.servers.remove(&server).is_some() {
            firewall.held_until = firewall.held_until.max(until);
        }
    }
}

/// Looks again at which servers the label selectors match.
pub fn resolve_selectors(project: &mut Project) {
    let servers = &project.servers;
    for firewall in project.firewalls.values_mut() {
        let selectors: Vec<Selector> = firewall.selectors.iter().filter_map(|s| Selector::parse(s)).collect();
        let wants = |s: &Server| {
            (s.ipv4.is_some() || s.ipv6.is_some()) && selectors.iter().any(|l| l.matches(&s.base.labels))
        };
        for applied in firewall.servers.values_mut() {
            applied.selected = false;
        }
        for server in servers.values().filter(|s| wants(s)) {
            let fresh = Applied { pending: false, direct: false, selected: true };
            firewall.servers.entry(server.base.id).or_insert(fresh).selected = true;
        }
        firewall.servers.retain(|_, a| a.direct || a.selected);
    }
}

/// Does what the action promised.
pub fn apply(project: &mut Project, id: u64, change: &Change, _: &mut Shared) {
    let Some(firewall) = project.firewalls.get_mut(&id) else { return };
    match change {
        Change::Applied(server) => {
            if let Some(applied) = firewall.servers.get_mut(server) {
                applied.pending = false;
            }
        }
        Change::Removed(server) => {
            if let Some(applied) = firewall.servers.get_mut(server) {
                applied.direct = false;
            }
            firewall.servers.retain(|_, a| a.direct || a.selected);
        }
        Change::Selector(_) => resolve_selectors(project),
        Change::NoSelector(text) => {
            firewall.selectors.retain(|s| s != text);
            resolve_selectors(project);
        }
        Change::Rules(rules) => firewall.rules.clone_from(rules),
    }
}

/// Undoes what the request had prepared, because its action failed.
pub fn revert(project: &mut Project, id: u64, change: &Change) {
    let Some(firewall) = project.firewalls.get_mut(&id) else { return };
    match change {
        Change::Applied(server) => {
            firewall.servers.remove(server);
        }
        Change::Selector(text) => firewall.selectors.retain(|s| s != text),
        _ => {}
    }
}
