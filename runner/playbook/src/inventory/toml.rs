//! TOML inventories: a table per group, with `hosts`, `vars` and a list of `children`.

use crate::inventory::address::expand;
use crate::inventory::model::Inventory;
use crate::node::{Data, DateTime, Map, Node};
use crate::problem::{Kind, Problem};
use crate::source::{Source, Span};
use toml::Value;

/// Reads the groups of a file into `inventory`, noting what is skipped.
///
/// # Errors
/// The mistake that makes the file unusable.
pub fn read(source: &Source, inventory: &mut Inventory, problems: &mut Vec<Problem>) -> Result<(), Problem> {
    let fail = |text: String| Problem::error(Kind::Inventory, text, &source.start());
    let groups: toml::Table = source.text().parse().map_err(|error: toml::de::Error| {
        fail(format!("TOML file ({}) is invalid: {}", source.name(), error.message()))
    })?;
    if groups.is_empty() {
        return Err(fail("Parsed empty TOML file".to_owned()));
    }
    if groups.contains_key("plugin") {
        return Err(fail("Plugin configuration TOML file, not TOML inventory".to_owned()));
    }
    for (name, group) in &groups {
        Reader { source, inventory, problems }.group(name, group).map_err(fail)?;
    }
    Ok(())
}

struct Reader<'a> {
    source: &'a Source,
    inventory: &'a mut Inventory,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn warn(&mut self, text: String) {
        self.problems.push(Problem::warning(Kind::Inventory, text, &self.source.start()));
    }

    fn group(&mut self, name: &str, value: &Value) -> Result<(), String> {
        let Value::Table(sections) = value else {
            self.warn(format!("Skipping '{name}' as this is not a valid group definition"));
            return Ok(());
        };
        self.inventory.add_group(name);
        for (key, section) in sections {
            match (key.as_str(), section) {
                ("vars", Value::Table(vars)) => {
                    for (key, value) in vars {
                        let value = node(value, &self.source.start());
                        self.inventory.set_group_var(name, key, value);
                    }
                }
                ("children", Value::Array(children)) => {
                    for child in children.iter().filter_map(Value::as_str) {
                        self.inventory.add_group(child);
                        self.inventory.add_child_group(name, child).map_err(|error| error.to_string())?;
                    }
                }
                ("hosts", Value::Table(hosts)) => {
                    for (pattern, vars) in hosts {
                        self.host(name, pattern, vars)?;
                    }
                }
                ("vars" | "hosts", other) => {
                    return Err(format!(
                        "Invalid \"{key}\" entry for \"{name}\" group, requires a dict, found \"{}\" instead.",
                        other.type_str()
                    ));
                }
                ("children", other) => {
                    return Err(format!(
                        "Invalid \"children\" entry for \"{name}\" group, requires a list, found \"{}\" instead.",
                        other.type_str()
                    ));
                }
                _ => self.warn(format!(
                    "Skipping unexpected key \"{key}\" in group \"{name}\", only \"vars\", \"children\" and \"hosts\" are valid"
                )),
            }
        }
        Ok(())
    }

    fn host(&mut self, group: &str, pattern: &str, vars: &Value) -> Result<(), String> {
        let (names, port) = expand(pattern)?;
        for name in &names {
            super::add_host(self.inventory, name, Some(group), port, self.source);
            for (key, value) in vars.as_table().into_iter().flatten() {
                super::set_variable(self.inventory, name, key, node(value, &self.source.start()));
            }
        }
        Ok(())
    }
}

/// A value with the place of the file; TOML's own places are not kept.
fn node(value: &Value, span: &Span) -> Node {
    let data = match value {
        Value::String(text) => return Node::string(text.as_str(), span.clone()),
        Value::Integer(number) => Data::Int(*number),
        Value::Float(number) => Data::Float(*number),
        Value::Boolean(flag) => Data::Bool(*flag),
        Value::Datetime(time) => return moment(time, span),
        Value::Array(items) => Data::List(items.iter().map(|item| node(item, span)).collect()),
        Value::Table(table) => {
            let mut map = Map::new();
            for (key, value) in table {
                map.set(key, node(value, span));
            }
            return Node::map(map, span.clone());
        }
    };
    Node::new(data, span.clone())
}

/// Dates and times as YAML's; a time of day alone stays text.
fn moment(time: &toml::value::Datetime, span: &Span) -> Node {
    let text = time.to_string();
    let data = match (time.date, time.time) {
        (Some(_), None) => text.parse().ok().map(Data::Date),
        (Some(_), Some(_)) => {
            let offset_s = time.offset.map(|offset| match offset {
                toml::value::Offset::Z => 0,
                toml::value::Offset::Custom { minutes } => i32::from(minutes) * 60,
            });
            let local = toml::value::Datetime { offset: None, ..*time };
            local.to_string().parse().ok().map(|civil| Data::DateTime(DateTime { civil, offset_s }))
        }
        _ => None,
    };
    data.map_or_else(|| Node::string(text, span.clone()), |data| Node::new(data, span.clone()))
}
