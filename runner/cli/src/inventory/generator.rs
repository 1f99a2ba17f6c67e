//! The `generator` plugin: every combination of layers is a host, with groups named after the layers.

use std::sync::Arc;

use runner_engine::node_of;
use runner_playbook::{
    inventory::{Inventory, plugin::Plugin},
    node::{Map, Node},
    problem::Problem,
    source::Source,
};
use runner_template::{Level, NoWorld, Scope, Templar, Value, Vars};

use super::options::{fail, list, mapping, template};

/// Combinations at most: far more hosts than any inventory has.
const HOSTS_MAX: usize = 1_000_000;

/// Groups above groups: far more than any inventory has.
const DEPTH_MAX: usize = 128;

/// The plugin.
pub struct Generator {
    /// Templates.
    pub templar: Templar,
}

impl Plugin for Generator {
    fn names(&self) -> &[&str] {
        &["ansible.builtin.generator", "generator"]
    }

    fn parse(
        &self,
        options: &Map,
        source: &Source,
        inventory: &mut Inventory,
    ) -> Result<Vec<Problem>, Problem> {
        let whole = Node::null(source.start());
        let hosts = mapping(options, "hosts")?;
        let Some(name) = hosts.get("name") else {
            return Err(fail("the generator's hosts need a name", options.get("hosts").unwrap_or(&whole)));
        };
        let mut layers: Vec<(String, Arc<[Node]>)> = Vec::new();
        let mut total = 1_usize;
        for (layer, _) in mapping(options, "layers")?.str_iter() {
            let all = mapping(options, "layers")?;
            let items = list(&all, layer)?;
            total = total.saturating_mul(items.len());
            layers.push((layer.to_owned(), items.into()));
        }
        if total > HOSTS_MAX {
            return Err(fail(format!("more than {HOSTS_MAX} combinations of layers"), &whole));
        }
        for number in 0..total {
            let vars = combination(&layers, number);
            let scope = Scope::new(Arc::new(NoWorld)).with(Level::PlayVars, vars);
            let host = self.text(name, &scope)?;
            let is_new = inventory.add_host(&host);
            if let Some(found) = inventory.host_mut(&host).filter(|_| is_new) {
                found.source = Some(source.path().to_path_buf());
            }
            self.parents(&host, true, list(&hosts, "parents")?, &scope, inventory, 0)?;
        }
        Ok(Vec::new())
    }
}

/// The values of the layers in one combination, the last layer changing fastest.
fn combination(layers: &[(String, Arc<[Node]>)], mut number: usize) -> Vars {
    let mut chosen: Vec<(Arc<str>, Value)> = Vec::new();
    for (name, items) in layers.iter().rev() {
        chosen.push((Arc::from(name.as_str()), Value::from(&items[number % items.len()])));
        number /= items.len();
    }
    Vars::new(chosen.into_iter().rev())
}

impl Generator {
    fn text(&self, node: &Node, scope: &Scope) -> Result<String, Problem> {
        let rendered = template(&self.templar, node, scope).map_err(|why| fail(why, node))?;
        rendered.to_text().map_err(|error| fail(error.message(), node))
    }

    fn parents(
        &self,
        child: &str,
        is_host: bool,
        parents: &[Node],
        scope: &Scope,
        inventory: &mut Inventory,
        depth: usize,
    ) -> Result<(), Problem> {
        for parent in parents {
            let named = parent.as_map().and_then(|map| Some((map.clone(), map.get("name")?.clone())));
            let Some((map, name)) = named.filter(|_| depth < DEPTH_MAX) else {
                return Err(fail(format!("Element {child} has a parent with no name"), parent));
            };
            let group = self.text(&name, scope)?;
            inventory.add_group(&group);
            for (key, value) in mapping(&map, "vars")?.str_iter() {
                // Templates inside of lists and mappings wait for the hosts that use them.
                let value = match value.as_str() {
                    Some(_) => {
                        let value = template(&self.templar, value, scope).map_err(|why| fail(why, value))?;
                        trusted(node_of(&value))
                    }
                    None => value.clone(),
                };
                inventory.set_group_var(&group, key, value);
            }
            if is_host {
                inventory.add_host_to_group(child, &group);
            } else {
                inventory.add_child_group(&group, child).map_err(|error| fail(error.to_string(), parent))?;
            }
            self.parents(&group, false, list(&map, "parents")?, scope, inventory, depth + 1)?;
        }
        Ok(())
    }
}

/// Text that stood in the configuration is the user's own.
fn trusted(node: Node) -> Node {
    match node.as_str() {
        Some(text) => Node::string(text, node.span.clone()),
        None => node,
    }
}
