//! Hosts, groups and their variables, from any kind of inventory source.

mod address;
pub mod glob;
mod ini;
pub mod list;
mod literal;
mod model;
pub mod pattern;
pub mod plugin;
mod script;
mod sources;
mod toml;
mod tree;
mod vars;

pub use model::{ALL, Group, GroupError, Host, Inventory, LOCALHOST, UNGROUPED};
pub use script::{NoScripts, Output, RunScript};
pub use sources::{InventoryLoader, Reader};
pub use vars::{InventoryVars, Level};

use crate::node::{Data, Node};
use crate::source::Source;

/// A group's name as Ansible's plugins clean it: only letters, digits and `_`, no digit in front.
pub fn clean_group_name(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut clean: String = name.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    if clean.starts_with(|c: char| c.is_ascii_digit()) {
        clean.replace_range(..1, "_");
    }
    clean
}

/// Adds a host with where it was named, its group and its port.
fn add_host(inventory: &mut Inventory, name: &str, group: Option<&str>, port: Option<u16>, source: &Source) {
    let is_new = inventory.add_host(name);
    if let Some(host) = inventory.host_mut(name) {
        if is_new {
            host.source = (!source.name().contains(',')).then(|| source.path().to_path_buf());
        }
        if let Some(port) = port {
            host.vars.set("ansible_port", Node::new(Data::Int(i64::from(port)), source.start()));
        }
    }
    if let Some(group) = group {
        inventory.add_host_to_group(name, group);
    }
}

/// Sets a variable of a host that a source named. As in Ansible, a group of the same name gets it instead.
fn set_variable(inventory: &mut Inventory, host: &str, name: &str, value: Node) {
    if inventory.group(host).is_some() {
        inventory.set_group_var(host, name, value);
    } else {
        inventory.set_host_var(host, name, value);
    }
}

/// The value an INI inventory or an `add_host` argument has when it is read as a Python literal.
pub fn literal_value(text: &str) -> Node {
    literal::value(text, &crate::source::Span::none())
}
