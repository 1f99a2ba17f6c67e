//! An inventory as JSON, in the shape of `ansible-inventory --list` and of inventory programs.

use serde_json::{Map as Object, Value, json};

use crate::inventory::{ALL, Inventory, InventoryVars};
use crate::node::{Data, Map, Node};

/// Everything in an inventory, keys sorted.
pub fn list(inventory: &Inventory, vars: &InventoryVars) -> Value {
    let mut hostvars: Vec<(String, Value)> = Vec::new();
    for host in inventory.hosts() {
        let mut merged = Map::new();
        for (_, layer) in vars.layers(inventory, &host.name) {
            merged.extend_from(&layer);
        }
        if !merged.is_empty() {
            hostvars.push((host.name.to_string(), map_json(&merged)));
        }
    }
    let mut groups: Vec<(String, Value)> = Vec::new();
    for group in inventory.groups() {
        let mut object = Object::new();
        if !group.children.is_empty() {
            object.insert(
                "children".to_owned(),
                json!(group.children.iter().map(|name| &**name).collect::<Vec<_>>()),
            );
        }
        if !group.hosts.is_empty() && *group.name != *ALL {
            object.insert(
                "hosts".to_owned(),
                json!(group.hosts.iter().map(|name| &**name).collect::<Vec<_>>()),
            );
        }
        if !object.is_empty() {
            groups.push((group.name.to_string(), Value::Object(object)));
        }
    }
    let meta = json!({"hostvars": sorted(hostvars), "profile": "inventory_legacy"});
    groups.push(("_meta".to_owned(), meta));
    sorted(groups)
}

fn sorted(mut entries: Vec<(String, Value)>) -> Value {
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Object(entries.into_iter().collect())
}

fn map_json(map: &Map) -> Value {
    sorted(
        map.iter()
            .map(|(key, value)| (key.scalar_text().unwrap_or_default().into_owned(), node_json(value)))
            .collect(),
    )
}

/// A value as Ansible's inventory JSON has it: encrypted strings keep their envelope, dates are strings.
pub fn node_json(node: &Node) -> Value {
    match &node.data {
        Data::Null => Value::Null,
        Data::Bool(value) => json!(value),
        Data::Int(value) => json!(value),
        Data::BigInt(value) => {
            value.to_string().parse().map(Value::Number).unwrap_or_else(|_| json!(value.to_string()))
        }
        Data::Float(value) => json!(value),
        Data::Str(text) => json!(&*text.value),
        Data::Bytes(bytes) => json!(String::from_utf8_lossy(bytes)),
        Data::Date(_) => json!(node.scalar_text()),
        Data::DateTime(time) => json!(time.to_string().replacen(' ', "T", 1)),
        Data::List(items) | Data::Tuple(items) | Data::Set(items) => items.iter().map(node_json).collect(),
        Data::Map(map) => map_json(map),
        Data::Vault(text) => json!({"__ansible_vault": &*text.0}),
    }
}
