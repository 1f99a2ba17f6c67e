//! YAML and JSON inventories: groups with `hosts`, `vars` and `children`.

use crate::inventory::address::expand;
use crate::inventory::model::Inventory;
use crate::node::{Data, Map, Node};
use crate::problem::{Kind, Problem};
use crate::source::Source;
use crate::yaml::python;

/// Levels of groups within groups: far more than any inventory has.
const DEPTH_MAX: usize = 128;

/// Reads the groups of a file into `inventory`, noting what is skipped.
///
/// # Errors
/// The mistake that makes the file unusable.
pub fn read(
    root: &Node,
    source: &Source,
    inventory: &mut Inventory,
    problems: &mut Vec<Problem>,
) -> Result<(), Problem> {
    let fail = |text: String, node: &Node| Problem::error(Kind::Inventory, text, &node.span);
    let map = match &root.data {
        Data::Map(map) if !map.is_empty() => map,
        Data::Map(_) | Data::Null => return Err(fail("Parsed empty YAML file".to_owned(), root)),
        _ => {
            let class = crate::load::python_class(root);
            return Err(fail(
                format!("YAML inventory has invalid structure, it should be a dictionary, got: {class}"),
                root,
            ));
        }
    };
    if let Some((key, _)) = map.get_entry("plugin") {
        return Err(fail("Plugin configuration YAML file, not YAML inventory".to_owned(), key));
    }
    let mut reader = Reader { source, inventory, problems };
    for (key, value) in map.iter() {
        reader.group(key, value, 0)?;
    }
    Ok(())
}

struct Reader<'a> {
    source: &'a Source,
    inventory: &'a mut Inventory,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn warn(&mut self, text: String, node: &Node) {
        self.problems.push(Problem::warning(Kind::Inventory, text, &node.span));
    }

    fn group(&mut self, key: &Node, value: &Node, depth: usize) -> Result<Option<String>, Problem> {
        let Some(name) = key.as_str() else {
            self.warn(
                format!("Skipping '{}' as this is not a valid group definition", python::repr(key)),
                key,
            );
            return Ok(None);
        };
        if depth > DEPTH_MAX {
            let text = format!("more than {DEPTH_MAX} levels of groups");
            return Err(Problem::error(Kind::Inventory, text, &key.span));
        }
        let map = match &value.data {
            Data::Map(map) => Some(map),
            Data::Null => None,
            _ => {
                self.warn(format!("Skipping '{name}' as this is not a valid group definition"), key);
                return Ok(None);
            }
        };
        self.inventory.add_group(name);
        let Some(map) = map else { return Ok(Some(name.to_owned())) };
        for (section_key, section) in map.iter() {
            let word = section_key.as_str().unwrap_or_default();
            if !matches!(word, "vars" | "children" | "hosts") {
                self.skipped(section_key, section, name);
                continue;
            }
            let entries = self.entries(word, section, name)?;
            for (key, value) in entries.iter() {
                self.entry(word, name, key, value, depth)?;
            }
        }
        Ok(Some(name.to_owned()))
    }

    fn skipped(&mut self, key: &Node, value: &Node, group: &str) {
        let word = key.scalar_text().unwrap_or_default().into_owned();
        let text = match &value.data {
            Data::Map(_) | Data::Null => format!(
                "Skipping unexpected key ({word}) in group ({group}), only \"vars\", \"children\" and \"hosts\" are valid"
            ),
            _ => format!(
                "Skipping key ({word}) in group ({group}) as it is not a mapping, it is a {}",
                crate::load::python_class(value)
            ),
        };
        self.warn(text, key);
    }

    /// The entries of a section; a string stands for one entry without variables.
    fn entries(&mut self, section: &str, value: &Node, group: &str) -> Result<std::sync::Arc<Map>, Problem> {
        match &value.data {
            Data::Map(map) => Ok(map.clone()),
            Data::Null => Ok(std::sync::Arc::default()),
            Data::Str(_) => Ok(std::sync::Arc::new(
                [(value.clone(), Node::null(value.span.clone()))].into_iter().collect(),
            )),
            _ => {
                let class = crate::load::python_class(value);
                let text = format!(
                    "Invalid \"{section}\" entry for \"{group}\" group, requires a dictionary, found \"{class}\" instead."
                );
                Err(Problem::error(Kind::Inventory, text, &value.span))
            }
        }
    }

    fn entry(
        &mut self,
        section: &str,
        group: &str,
        key: &Node,
        value: &Node,
        depth: usize,
    ) -> Result<(), Problem> {
        let fail = |text: String| Problem::error(Kind::Inventory, text, &key.span);
        match section {
            "vars" => {
                let name = key.scalar_text().unwrap_or_default();
                self.inventory.set_group_var(group, &name, value.clone());
            }
            "children" => {
                if let Some(child) = self.group(key, value, depth + 1)? {
                    self.inventory.add_child_group(group, &child).map_err(|error| fail(error.to_string()))?;
                }
            }
            _ => {
                let Some(pattern) = key.as_str() else {
                    return Err(fail(format!(
                        "Host pattern {} must be a string. Enclose integers/floats in quotation marks.",
                        python::repr(key)
                    )));
                };
                let (names, port) = expand(pattern).map_err(fail)?;
                let vars = match &value.data {
                    Data::Map(map) => map.clone(),
                    Data::Null => std::sync::Arc::default(),
                    _ => {
                        let class = crate::load::python_class(value);
                        return Err(fail(format!(
                            "Invalid \"{pattern}\" entry for \"{group}\" group, requires a dictionary, found \"{class}\" instead."
                        )));
                    }
                };
                for name in &names {
                    super::add_host(self.inventory, name, Some(group), port, self.source);
                    for (key, value) in vars.iter() {
                        let key = key.scalar_text().unwrap_or_default();
                        super::set_variable(self.inventory, name, &key, value.clone());
                    }
                }
            }
        }
        Ok(())
    }
}
