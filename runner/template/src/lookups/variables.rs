//! Lookups of variables, environment and settings.

use super::{Call, Lookup};
use crate::error::{Error, ErrorKind, Result};
use crate::pattern::Pattern;
use crate::value::{Value, to_str};

pub(super) const LOOKUPS: &[(&str, Lookup)] = &[
    ("env", env),
    ("vars", vars),
    ("varnames", varnames),
    ("config", config),
    ("inventory_hostnames", |call| {
        let mut out = Vec::new();
        for pattern in call.texts()? {
            let names = call.context.world().inventory_hostnames(&pattern).map_err(Error::runtime)?;
            out.extend(names.into_iter().map(Value::text));
        }
        Ok(out)
    }),
];

fn env(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for term in &call.terms {
        let Value::Str(term) = term else {
            return Err(Error::runtime(format!("'{}' object has no attribute 'split'", term.type_name())));
        };
        let name = term
            .as_str()
            .split_whitespace()
            .next()
            .ok_or_else(|| Error::runtime("list index out of range"))?;
        out.push(match (call.context.world().env(name), call.option("default")) {
            (Some(value), _) => Value::text(value),
            (None, Some(default)) => default.defined()?,
            (None, None) => Value::text(""),
        });
    }
    Ok(out)
}

fn vars(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for term in &call.terms {
        let Value::Str(name) = term else {
            return Err(Error::runtime(format!(
                "Variable name must be {} not {}.",
                "'str'",
                crate::value::quote_repr(term.type_name())
            )));
        };
        match (call.context.variable(name.as_str()), call.option("default")) {
            (Some(value), _) => out.push(surface(value)?),
            (None, Some(default)) => out.push(default),
            (None, None) => {
                return Err(Error::new(
                    ErrorKind::Undefined,
                    format!("No variable named '{}' was found.", name.as_str()),
                ));
            }
        }
    }
    Ok(out)
}

fn surface(value: Value) -> Result<Value> {
    value.defined()
}

fn varnames(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    let names = call.context.scope().names();
    for term in &call.terms {
        let Value::Str(term) = term else {
            return Err(Error::runtime(format!(
                "Invalid setting identifier, \"{}\" is not a string, it is a {}",
                to_str(term)?,
                term.type_name()
            )));
        };
        let pattern = Pattern::new(term.as_str(), false, false).map_err(|error| {
            Error::runtime(format!("Unable to use \"{}\" as a search parameter: {error}", term.as_str()))
        })?;
        for name in &names {
            if pattern.search(name, 0)?.is_some() {
                out.push(Value::text(name.clone()));
            }
        }
    }
    Ok(out)
}

fn config(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    let missing = call.text("on_missing", "error")?;
    for name in call.texts()? {
        match call.context.world().setting(&name) {
            Some(value) => out.push(value),
            None if missing == "error" => {
                return Err(Error::runtime(format!("Setting '{name}' was not defined in configuration")));
            }
            None => {
                if missing == "warn" {
                    let message = format!("Skipping, did not find setting {name}");
                    call.context.world().warn(&message, &runner_playbook::source::Span::none());
                }
            }
        }
    }
    Ok(out)
}
