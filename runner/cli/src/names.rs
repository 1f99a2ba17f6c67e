//! The modules that playbooks may name, for the loader.

use std::collections::BTreeSet;

use runner_modules::{Found, find};
use runner_playbook::{
    load::ImportNames,
    names::{ModuleNames, Resolved},
    node::{Map, Node},
};
use runner_template::{Level, Scope, Templar, Value, Vars};

/// The library of native modules.
pub struct Library;

impl ModuleNames for Library {
    fn resolve(&self, name: &str, collections: &[String]) -> Resolved {
        let mut foreign = None;
        let mut suggestion = None;
        let mut names: BTreeSet<String> = BTreeSet::new();
        if !name.contains('.') {
            names.extend(collections.iter().map(|collection| format!("{collection}.{name}")));
        }
        for name in std::iter::once(name.to_owned()).chain(names) {
            match find(&name) {
                Found::Ours(entry) => return Resolved::Known(entry.spec.name.to_owned()),
                Found::NotYet(full) => foreign = foreign.or(Some(full)),
                Found::Unknown(near) => suggestion = suggestion.or(near.map(str::to_owned)),
            }
        }
        match foreign {
            Some(full) => Resolved::Foreign(full),
            None => Resolved::Unknown(suggestion),
        }
    }
}

/// Evaluates templates in the names of static imports.
pub struct Imports(pub Templar);

impl ImportNames for Imports {
    fn render(&self, text: &Node, vars: &[&Map]) -> Result<String, String> {
        let scope = vars
            .iter()
            .fold(Scope::default(), |scope, map| scope.with(Level::PlayVars, Vars::from_node_map(map)));
        let rendered =
            self.0.render(&Value::from(text), &scope).map_err(|error| error.message().to_owned())?;
        rendered.to_text().map_err(|error| error.message().to_owned())
    }
}
