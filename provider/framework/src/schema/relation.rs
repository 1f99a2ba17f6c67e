//! What must hold between attributes: conflicts and companions.

use provider_protocol::cty::{Path, Value};

use crate::Diagnostics;

/// A rule about several attributes, named from the root of the schema; attributes inside nested objects are joined by `.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// At most one of them is set.
    Conflicting(Vec<Path>),
    /// Exactly one of them is set.
    ExactlyOneOf(Vec<Path>),
    /// At least one of them is set.
    AtLeastOneOf(Vec<Path>),
    /// All of them are set or none.
    RequiredTogether(Vec<Path>),
    /// Where the first is set, so is the second.
    Needs(Path, Path),
}

/// `origin.count` as a path.
fn path(text: &str) -> Path {
    text.split('.').fold(Path::root(), Path::attribute)
}

fn paths(names: &[&str]) -> Vec<Path> {
    names.iter().map(|name| path(name)).collect()
}

impl Relation {
    /// At most one of them is set.
    #[must_use]
    pub fn conflicting(names: &[&str]) -> Self {
        Self::Conflicting(paths(names))
    }

    /// Exactly one of them is set.
    #[must_use]
    pub fn exactly_one_of(names: &[&str]) -> Self {
        Self::ExactlyOneOf(paths(names))
    }

    /// At least one of them is set.
    #[must_use]
    pub fn at_least_one_of(names: &[&str]) -> Self {
        Self::AtLeastOneOf(paths(names))
    }

    /// All of them are set or none.
    #[must_use]
    pub fn required_together(names: &[&str]) -> Self {
        Self::RequiredTogether(paths(names))
    }

    /// Where `name` is set, so is `needed`.
    #[must_use]
    pub fn needs(name: &str, needed: &str) -> Self {
        Self::Needs(path(name), path(needed))
    }

    /// The attributes it is about.
    #[must_use]
    pub fn paths(&self) -> Vec<&Path> {
        match self {
            Self::Conflicting(paths)
            | Self::ExactlyOneOf(paths)
            | Self::AtLeastOneOf(paths)
            | Self::RequiredTogether(paths) => paths.iter().collect(),
            Self::Needs(path, needed) => vec![path, needed],
        }
    }

    /// Adds an error for each attribute that breaks the rule. While one is unknown, nothing can be said.
    pub(crate) fn check(&self, config: &Value, diagnostics: &mut Diagnostics) {
        let paths = self.paths();
        if paths.iter().any(|path| is_unknown(config, path)) {
            return;
        }
        let set: Vec<&Path> = paths.iter().copied().filter(|path| is_set(config, path)).collect();
        let all = listed(&paths);
        match self {
            Self::Conflicting(_) | Self::ExactlyOneOf(_) if set.len() > 1 => {
                for path in &set {
                    let detail = format!("Only one of {all} can be set, but {} are.", listed(&set));
                    diagnostics.error_at((*path).clone(), "Conflicting attributes", detail);
                }
            }
            Self::ExactlyOneOf(_) if set.is_empty() => {
                diagnostics.error("Missing attribute", format!("One of {all} must be set."));
            }
            Self::AtLeastOneOf(_) if set.is_empty() => {
                diagnostics.error("Missing attribute", format!("At least one of {all} must be set."));
            }
            Self::RequiredTogether(_) if !set.is_empty() && set.len() < paths.len() => {
                let missing: Vec<&Path> = paths.iter().copied().filter(|path| !set.contains(path)).collect();
                let detail = format!("{all} can only be set together, but {} is missing.", listed(&missing));
                diagnostics.error_at(set[0].clone(), "Missing attribute", detail);
            }
            Self::Needs(path, needed) if is_set(config, path) && !is_set(config, needed) => {
                diagnostics.error_at(
                    path.clone(),
                    "Missing attribute",
                    format!("{path} can only be set with {needed}."),
                );
            }
            _ => {}
        }
    }
}

fn is_set(config: &Value, path: &Path) -> bool {
    config.at(path).is_some_and(|value| !value.is_null())
}

/// Whether the attribute or something it is in is unknown.
fn is_unknown(config: &Value, path: &Path) -> bool {
    let mut value = Some(config);
    for step in path.steps() {
        if value.is_some_and(Value::is_unknown) {
            return true;
        }
        value = value.and_then(|value| value.step(step));
    }
    value.is_some_and(Value::is_unknown)
}

fn listed(paths: &[&Path]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(relation: &Relation, a: Value, b: Value, expected: &[&str]) {
        let config = Value::object([("a", a), ("o", Value::object([("b", b)]))]);
        let mut diagnostics = Diagnostics::new();
        relation.check(&config, &mut diagnostics);
        let said: Vec<String> = diagnostics
            .iter()
            .map(|diagnostic| {
                let path = diagnostic.path.as_ref().map_or("-".to_owned(), ToString::to_string);
                format!("{path}: {}", diagnostic.detail)
            })
            .collect();
        assert_eq!(said, expected, "{relation:?}");
    }

    #[test]
    fn each_relation_has_its_sentence_and_waits_for_unknown_values() {
        let set = || Value::string("x");
        let names = &["a", "o.b"];
        let conflict = "Only one of `a`, `o.b` can be set, but `a`, `o.b` are.";
        let both: &[&str] = &[&format!("a: {conflict}"), &format!("o.b: {conflict}")];
        check(&Relation::conflicting(names), set(), set(), both);
        check(&Relation::conflicting(names), Value::Null, Value::Null, &[]);
        check(&Relation::exactly_one_of(names), set(), set(), both);
        check(
            &Relation::exactly_one_of(names),
            Value::Null,
            Value::Null,
            &["-: One of `a`, `o.b` must be set."],
        );
        check(&Relation::exactly_one_of(names), Value::Null, Value::unknown(), &[]);
        check(
            &Relation::at_least_one_of(names),
            Value::Null,
            Value::Null,
            &["-: At least one of `a`, `o.b` must be set."],
        );
        check(&Relation::at_least_one_of(names), set(), Value::Null, &[]);
        check(
            &Relation::required_together(names),
            set(),
            Value::Null,
            &["a: `a`, `o.b` can only be set together, but `o.b` is missing."],
        );
        check(&Relation::needs("a", "o.b"), set(), Value::Null, &["a: a can only be set with o.b."]);
        check(&Relation::needs("a", "o.b"), Value::Null, Value::Null, &[]);
        check(&Relation::needs("a", "o.b"), set(), Value::unknown(), &[]);
    }
}
