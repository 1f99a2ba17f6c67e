//! Options of inventory plugins, read from their configuration file with templates for hosts.

use std::sync::Arc;

use runner_engine::node_of;
use runner_playbook::{
    inventory::{ALL, Inventory, InventoryVars, Level as From},
    node::{Data, Map, Node},
    problem::{Kind, Problem},
};
use runner_template::{Level, NoWorld, Scope, Templar, Text, Value, Vars};

/// An error of a plugin at a place of its file.
pub fn fail(text: impl Into<String>, at: &Node) -> Problem {
    Problem::error(Kind::Inventory, text, &at.span)
}

/// A mapping among the options; nothing when it is absent.
pub fn mapping(options: &Map, name: &str) -> Result<Arc<Map>, Problem> {
    match options.get(name) {
        None => Ok(Arc::default()),
        Some(node) if node.is_null() => Ok(Arc::default()),
        Some(node) => {
            node.as_map().cloned().ok_or_else(|| fail(format!("option '{name}' must be a mapping"), node))
        }
    }
}

/// A list among the options; nothing when it is absent.
pub fn list<'m>(options: &'m Map, name: &str) -> Result<&'m [Node], Problem> {
    match options.get(name) {
        None => Ok(&[]),
        Some(node) if node.is_null() => Ok(&[]),
        Some(node) => node.as_list().ok_or_else(|| fail(format!("option '{name}' must be a list"), node)),
    }
}

/// A boolean among the options, in Ansible's words for true.
pub fn flag(options: &Map, name: &str, default: bool) -> bool {
    let Some(node) = options.get(name) else { return default };
    match &node.data {
        Data::Bool(flag) => *flag,
        _ => {
            let word = node.scalar_text().unwrap_or_default().to_lowercase();
            matches!(word.as_str(), "y" | "yes" | "on" | "1" | "true" | "t")
        }
    }
}

/// The variables of a host as its plugin sees them: inventory, files if asked for, magic ones, then those of `-e`.
pub fn host_scope(inventory: &Inventory, host: &str, files: Option<&InventoryVars>, extra: &Vars) -> Scope {
    let mut scope = Scope::new(Arc::new(NoWorld));
    let Some(found) = inventory.host(host) else { return scope };
    match files {
        Some(files) => {
            for (level, map) in files.layers(inventory, host) {
                let level = match level {
                    From::HostInventory => Level::InventoryHostVars,
                    From::HostFilesInventory | From::HostFilesPlay => Level::InventoryHostVarsFiles,
                    From::AllInventory | From::GroupsInventory => Level::InventoryGroupVars,
                    _ => Level::InventoryGroupVarsFiles,
                };
                scope = scope.with(level, Vars::from_node_map(&map));
            }
        }
        None => {
            if let Some(all) = inventory.group(ALL) {
                scope = scope.with(Level::InventoryGroupVars, Vars::from_node_map(&all.vars));
            }
            for group in inventory.groups_of(host).iter().filter(|group| *group.name != *ALL) {
                scope = scope.with(Level::InventoryGroupVars, Vars::from_node_map(&group.vars));
            }
            scope = scope.with(Level::InventoryHostVars, Vars::from_node_map(&found.vars));
        }
    }
    let groups = inventory.group_names(host).into_iter().map(Value::text);
    let short = host.split('.').next().unwrap_or(host);
    let magic = [
        ("inventory_hostname", Value::text(host)),
        ("inventory_hostname_short", Value::text(short)),
        ("group_names", Value::list(groups)),
    ];
    scope.with(Level::Magic, Vars::new(magic)).with(Level::ExtraVars, extra.clone())
}

/// The value of an expression in a host's variables.
pub fn compose(templar: &Templar, expression: &Node, scope: &Scope) -> Result<Node, String> {
    let Some(text) = expression.as_str() else {
        return Err(format!("Expected a string expression, not {}.", expression.type_name()));
    };
    let text = Text::trusted(text, expression.span.clone());
    let value = templar.expression(&text, scope).map_err(|error| error.message().to_owned())?;
    if value.is_undefined() {
        return Err(format!("{text} is undefined", text = text.as_str()));
    }
    Ok(node_of(&value))
}

/// A template's value as text.
pub fn template(templar: &Templar, text: &Node, scope: &Scope) -> Result<Value, String> {
    templar.render(&Value::from(text), scope).map_err(|error| error.message().to_owned())
}
