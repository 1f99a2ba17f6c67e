//! An inventory as JSON, in the shape of `ansible-inventory --list` and of inventory programs.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map as Object, Value, json};

use crate::inventory::{ALL, Inventory, InventoryVars};
use crate::node::{Data, Map, Node};

/// Names of the run's own variables, which an inventory never shows.
const INTERNAL: &[&str] = &[
    "ansible_config_file",
    "ansible_diff_mode",
    "ansible_facts",
    "ansible_forks",
    "ansible_inventory_sources",
    "ansible_limit",
    "ansible_playbook_python",
    "ansible_run_tags",
    "ansible_skip_tags",
    "ansible_verbosity",
    "ansible_version",
    "group_names",
    "groups",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "omit",
    "playbook_dir",
];

/// An inventory, its variables, and how much of them is shown.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// Hosts and groups.
    pub inventory: &'a Inventory,
    /// Variables in files.
    pub vars: &'a InventoryVars,
    /// Variables that win over all others.
    pub extra: &'a Map,
    /// The hosts to show; all when none are named.
    pub only: Option<&'a HashSet<Arc<str>>>,
    /// Each variable where it was set, as an inventory file would have it, instead of merged into the hosts.
    pub export: bool,
}

impl View<'_> {
    /// Whether a host is shown.
    pub fn has(&self, host: &str) -> bool {
        self.only.is_none_or(|only| only.contains(host))
    }

    /// What is shown of a host's variables, sorted by name.
    pub fn host_vars(&self, host: &str) -> Map {
        let mut merged = Map::new();
        if self.export {
            merged = self.vars.of_host(self.inventory, host);
        } else {
            for (_, layer) in self.vars.layers(self.inventory, host) {
                merged.extend_from(&layer);
            }
            merged.extend_from(self.extra);
        }
        shown(&merged)
    }

    /// The variables of a group itself, sorted by name.
    pub fn group_vars(&self, group: &str) -> Map {
        shown(&self.vars.of_group(self.inventory, group))
    }

    /// Everything, keys sorted.
    pub fn list(&self) -> Value {
        let mut hostvars: Vec<(String, Value)> = Vec::new();
        for host in self.inventory.hosts().filter(|host| self.has(&host.name)) {
            let vars = self.host_vars(&host.name);
            if !vars.is_empty() {
                hostvars.push((host.name.to_string(), map_json(&vars)));
            }
        }
        let mut groups: Vec<(String, Value)> = Vec::new();
        for group in self.inventory.groups() {
            let mut object = Object::new();
            let names: Vec<&str> = group.children.iter().map(|name| &**name).collect();
            if !names.is_empty() {
                object.insert("children".to_owned(), json!(names));
            }
            let names: Vec<&str> =
                group.hosts.iter().map(|name| &**name).filter(|name| self.has(name)).collect();
            if !names.is_empty() && *group.name != *ALL {
                object.insert("hosts".to_owned(), json!(names));
            }
            let vars = if self.export { self.group_vars(&group.name) } else { Map::new() };
            if !vars.is_empty() {
                object.insert("vars".to_owned(), map_json(&vars));
            }
            if !object.is_empty() {
                groups.push((group.name.to_string(), Value::Object(object)));
            }
        }
        let meta = json!({"hostvars": sorted(hostvars), "profile": "inventory_legacy"});
        groups.push(("_meta".to_owned(), meta));
        sorted(groups)
    }
}

fn shown(map: &Map) -> Map {
    let mut entries: Vec<(&str, &Node)> =
        map.str_iter().filter(|(name, _)| !INTERNAL.contains(name)).collect();
    entries.sort_by_key(|(name, _)| *name);
    let mut out = Map::with_capacity(entries.len());
    for (name, value) in entries {
        out.set(name, value.clone());
    }
    out
}

/// Everything in an inventory, keys sorted.
pub fn list(inventory: &Inventory, vars: &InventoryVars) -> Value {
    View { inventory, vars, extra: &Map::new(), only: None, export: false }.list()
}

fn sorted(mut entries: Vec<(String, Value)>) -> Value {
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Object(entries.into_iter().collect())
}

/// A mapping as Ansible's inventory JSON has it, keys sorted.
pub fn map_json(map: &Map) -> Value {
    sorted(
        map.iter()
            .map(|(key, value)| (key.scalar_text().unwrap_or_default().into_owned(), node_json(value)))
            .collect(),
    )
}

/// A value as Ansible's inventory JSON has it: encrypted strings keep their envelope, text that is no template says
/// so, dates are strings.
pub fn node_json(node: &Node) -> Value {
    match &node.data {
        Data::Null => Value::Null,
        Data::Bool(value) => json!(value),
        Data::Int(value) => json!(value),
        Data::BigInt(value) => {
            value.to_string().parse().map(Value::Number).unwrap_or_else(|_| json!(value.to_string()))
        }
        Data::Float(value) => json!(value),
        Data::Str(text) if text.trusted => json!(&*text.value),
        Data::Str(text) => json!({"__ansible_unsafe": &*text.value}),
        Data::Bytes(bytes) => json!(String::from_utf8_lossy(bytes)),
        Data::Date(_) => json!(node.scalar_text()),
        Data::DateTime(time) => json!(time.to_string().replacen(' ', "T", 1)),
        Data::List(items) | Data::Tuple(items) | Data::Set(items) => items.iter().map(node_json).collect(),
        Data::Map(map) => map_json(map),
        Data::Vault(text) => json!({"__ansible_vault": &*text.0}),
    }
}
