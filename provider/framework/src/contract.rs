//! Terraform's own rules for answers, so that a provider's mistake fails its tests and not a user's apply.
//!
//! A debug build checks each answer; the rules are those that Terraform applies after each call, in our words.

mod apply;
mod plan;

use provider_protocol::cty::{Path, Value};

use crate::schema::Schema;
use crate::{Diagnostic, Diagnostics};

pub use apply::check_apply;
pub use plan::check_plan;

/// A rule that an answer breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where.
    pub path: Path,
    /// What is wrong there, without showing values.
    pub what: String,
}

impl Violation {
    fn new(path: &Path, what: impl Into<String>) -> Self {
        Self { path: path.clone(), what: what.into() }
    }
}

/// Adds an error for each violation.
pub(crate) fn report(violations: Vec<Violation>, diagnostics: &mut Diagnostics) {
    for Violation { path, what } in violations {
        let at = if path.is_root() { "the resource".to_owned() } else { path.to_string() };
        diagnostics
            .push(Diagnostic::bug("Terraform would refuse this answer", &format!("{at}: {what}.")).at(path));
    }
}

/// What was read must be of the schema and wholly known, without write-only values.
#[must_use]
pub fn check_read(schema: &Schema, new: &Value) -> Vec<Violation> {
    let mut found = check_type(schema, new);
    let (_, unknown) = crate::values::without_unknown(new);
    found.extend(unknown.iter().map(|path| Violation::new(path, "it is unknown, though it was read")));
    found.extend(check_write_only(schema, new));
    found
}

/// What a data source or ephemeral resource answers must agree with its configuration, as a plan does.
#[must_use]
pub fn check_looked_up(schema: &Schema, config: &Value, result: &Value) -> Vec<Violation> {
    let mut found = check_read(schema, result);
    found.extend(check_plan(schema, &Value::Null, config, result, &[]));
    found.dedup();
    found
}

fn check_type(schema: &Schema, value: &Value) -> Vec<Violation> {
    match value.conforms_to(&schema.ty()) {
        Ok(()) => Vec::new(),
        Err(mismatch) => vec![Violation::new(&mismatch.path, mismatch.what)],
    }
}

fn check_write_only(schema: &Schema, value: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    crate::schema::each_config(&schema.body, value, &mut |attribute, value, path| {
        if attribute.write_only && !value.is_null() {
            found.push(Violation::new(path, "a write-only value must not be kept"));
        }
    });
    found
}
