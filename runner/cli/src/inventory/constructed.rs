//! The `constructed` plugin: variables and groups made from the variables of hosts that other sources named.

use std::sync::Arc;

use runner_playbook::{
    inventory::{Inventory, InventoryVars, clean_group_name, plugin::Plugin},
    load::Loader,
    node::{Data, Map, Node},
    problem::Problem,
    source::Source,
};
use runner_template::{Scope, Templar, Value, Vars};

use super::options::{compose, fail, flag, host_scope, list, mapping, template};

/// The plugin.
pub struct Constructed {
    /// Templates.
    pub templar: Templar,
    /// For variables in files.
    pub loader: Loader,
    /// `-e`.
    pub extra: Vars,
}

impl Plugin for Constructed {
    fn names(&self) -> &[&str] {
        &["ansible.builtin.constructed", "constructed"]
    }

    fn parse(
        &self,
        options: &Map,
        _source: &Source,
        inventory: &mut Inventory,
    ) -> Result<Vec<Problem>, Problem> {
        inventory.reconcile();
        let files = flag(options, "use_vars_plugins", false)
            .then(|| InventoryVars::new(self.loader.clone(), inventory, None));
        let use_extra = flag(options, "use_extra_vars", false);
        let extra = if use_extra { self.extra.clone() } else { Vars::default() };
        let rules = Rules::read(options)?;
        let hosts: Vec<Arc<str>> = inventory.hosts().map(|host| host.name.clone()).collect();
        for host in hosts {
            let scope = |inventory: &Inventory| host_scope(inventory, &host, files.as_ref(), &extra);
            let vars = scope(inventory);
            rules.compose(&self.templar, &host, &vars, inventory)?;
            let vars = scope(inventory);
            rules.group(&self.templar, &host, &vars, inventory)?;
        }
        inventory.reconcile();
        Ok(Vec::new())
    }
}

/// What every plugin with `compose`, `groups` and `keyed_groups` does to a host.
pub struct Rules {
    strict: bool,
    compose: Arc<Map>,
    groups: Arc<Map>,
    keyed: Vec<Keyed>,
}

/// One entry of `keyed_groups`.
struct Keyed {
    node: Node,
    key: Node,
    prefix: Option<Node>,
    separator: Option<Node>,
    parent: Option<Node>,
    default: Option<String>,
    trailing: bool,
    leading: bool,
}

impl Rules {
    /// The options of a configuration file.
    ///
    /// # Errors
    /// Where an option has the wrong shape.
    pub fn read(options: &Map) -> Result<Self, Problem> {
        let leading = flag(options, "leading_separator", true);
        let mut keyed = Vec::new();
        for node in list(options, "keyed_groups")? {
            let Some(map) = node.as_map() else {
                return Err(fail("each entry of keyed_groups must be a mapping", node));
            };
            let Some(key) = map.get("key") else {
                return Err(fail("each entry of keyed_groups needs a key", node));
            };
            let default = map.get("default_value").filter(|value| !value.is_null());
            if default.is_some() && map.contains("trailing_separator") {
                let text =
                    "parameters are mutually exclusive for keyed groups: default_value|trailing_separator";
                return Err(fail(text, node));
            }
            keyed.push(Keyed {
                node: node.clone(),
                key: key.clone(),
                prefix: map.get("prefix").cloned(),
                separator: map.get("separator").cloned(),
                parent: map.get("parent_group").filter(|parent| !parent.is_null()).cloned(),
                default: default.and_then(Node::scalar_text).map(|text| text.into_owned()),
                trailing: flag(map, "trailing_separator", true),
                leading,
            });
        }
        Ok(Rules {
            strict: flag(options, "strict", false),
            compose: mapping(options, "compose")?,
            groups: mapping(options, "groups")?,
            keyed,
        })
    }

    /// Sets the variables of `compose`.
    ///
    /// # Errors
    /// With `strict`, what could not be evaluated.
    pub fn compose(
        &self,
        templar: &Templar,
        host: &str,
        vars: &Scope,
        inventory: &mut Inventory,
    ) -> Result<(), Problem> {
        for (name, expression) in self.compose.str_iter() {
            match compose(templar, expression, vars) {
                Ok(value) => inventory.set_host_var(host, name, value),
                Err(why) if self.strict => {
                    return Err(fail(format!("Could not set {name} for host {host}: {why}"), expression));
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Puts a host into the groups of `groups` and `keyed_groups`.
    ///
    /// # Errors
    /// With `strict`, what could not be evaluated.
    pub fn group(
        &self,
        templar: &Templar,
        host: &str,
        vars: &Scope,
        inventory: &mut Inventory,
    ) -> Result<(), Problem> {
        for (name, condition) in self.groups.str_iter() {
            let name = clean_group_name(name);
            match templar.condition(&Value::from(condition), vars) {
                Ok(true) => {
                    inventory.add_group(&name);
                    inventory.add_host_to_group(host, &name);
                }
                Ok(false) => {}
                Err(error) if self.strict => {
                    let why = error.message();
                    return Err(fail(format!("Could not add host {host} to group {name}: {why}"), condition));
                }
                Err(_) => {}
            }
        }
        for keyed in &self.keyed {
            self.keyed(keyed, templar, host, vars, inventory)?;
        }
        Ok(())
    }

    fn keyed(
        &self,
        keyed: &Keyed,
        templar: &Templar,
        host: &str,
        vars: &Scope,
        inventory: &mut Inventory,
    ) -> Result<(), Problem> {
        let key = match compose(templar, &keyed.key, vars) {
            Ok(key) => key,
            Err(why) if self.strict => {
                let text = format!("Could not generate group for host {host} from keyed_groups entry: {why}");
                return Err(fail(text, &keyed.key));
            }
            Err(_) => return Ok(()),
        };
        let text = |node: &Option<Node>, default: &str| match node {
            Some(node) => template(templar, node, vars).and_then(|value| {
                if value.is_none() {
                    Ok(String::new())
                } else {
                    value.to_text().map_err(|e| e.message().to_owned())
                }
            }),
            None => Ok(default.to_owned()),
        };
        let told =
            |why: String| fail(format!("Could not generate group for host {host}: {why}"), &keyed.node);
        let prefix = text(&keyed.prefix, "").map_err(told)?;
        let separator = text(&keyed.separator, "_").map_err(told)?;
        let Some(names) = keyed.names(&key, &separator)? else {
            let is_empty_container = matches!(&key.data, Data::List(items) if items.is_empty())
                || key.as_map().is_some_and(|map| map.is_empty());
            if self.strict && !is_empty_container {
                let shown = keyed.key.scalar_text().unwrap_or_default();
                let text = format!("No key or key resulted empty for {shown} in host {host}, invalid entry");
                return Err(fail(text, &keyed.key));
            }
            return Ok(());
        };
        let between = if prefix.is_empty() && !keyed.leading { "" } else { &separator };
        for name in names {
            let group = clean_group_name(&format!("{prefix}{between}{name}"));
            inventory.add_group(&group);
            inventory.add_host_to_group(host, &group);
            if keyed.parent.is_some() {
                let parent = text(&keyed.parent, "").map_err(told)?;
                let parent = clean_group_name(&parent);
                inventory.add_group(&parent);
                inventory
                    .add_child_group(&parent, &group)
                    .map_err(|error| fail(error.to_string(), &keyed.node))?;
            }
        }
        Ok(())
    }
}

impl Keyed {
    /// The names a key's value stands for; none when there are none to make.
    fn names(&self, key: &Node, separator: &str) -> Result<Option<Vec<String>>, Problem> {
        let shown = |node: &Node| match node.data {
            Data::Null => String::new(),
            _ => node.scalar_text().unwrap_or_default().into_owned(),
        };
        let names = match &key.data {
            Data::Bool(false) => return Ok(None),
            _ if shown(key).is_empty() && !matches!(key.data, Data::List(_) | Data::Map(_)) => {
                match &self.default {
                    Some(default) => vec![default.clone()],
                    None => return Ok(None),
                }
            }
            Data::Str(text) => vec![text.value.to_string()],
            Data::List(items) if items.is_empty() => return Ok(None),
            Data::List(items) => items
                .iter()
                .filter_map(|item| match (shown(item), &self.default) {
                    (name, Some(default)) if name.is_empty() => Some(default.clone()),
                    (name, None) if name.is_empty() => None,
                    (name, _) => Some(name),
                })
                .collect(),
            Data::Map(map) if map.is_empty() => return Ok(None),
            Data::Map(map) => map
                .iter()
                .map(|(name, value)| {
                    let (name, value) = (shown(name), shown(value));
                    match (&self.default, value.is_empty()) {
                        (_, false) => format!("{name}{separator}{value}"),
                        (Some(default), true) => format!("{name}{separator}{default}"),
                        (None, true) if self.trailing => format!("{name}{separator}"),
                        (None, true) => name,
                    }
                })
                .collect(),
            _ => {
                let kind = key.type_name();
                return Err(fail(
                    format!(
                        "Invalid group name format, expected a string or a list of them or dictionary, got: {kind}"
                    ),
                    &self.key,
                ));
            }
        };
        Ok(Some(names))
    }
}
