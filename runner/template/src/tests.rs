//! Tests (`is …`): a table of names, parameters and functions, one file per family.

mod paths;
mod patterns;
mod results;
mod values;
mod versions;

use std::collections::HashMap;
use std::sync::OnceLock;

pub(crate) use versions::loose_order;

use crate::error::{Error, ErrorKind, Result};
use crate::eval::Context;
use crate::filters::{Bound, wrapped};
use crate::value::{Args, Value};

/// One use of a test.
pub(crate) struct Call<'c> {
    pub(crate) context: &'c Context,
    pub(crate) input: &'c Value,
    pub(crate) args: Bound,
}

/// A test; parameters are written as for filters.
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [&'static str],
    pub(crate) markers: bool,
    pub(crate) run: fn(&Call<'_>) -> Result<bool>,
}

impl Test {
    const fn new(
        name: &'static str,
        params: &'static [&'static str],
        run: fn(&Call<'_>) -> Result<bool>,
    ) -> Self {
        Self { name, params, markers: false, run }
    }

    const fn with_markers(
        name: &'static str,
        params: &'static [&'static str],
        run: fn(&Call<'_>) -> Result<bool>,
    ) -> Self {
        Self { name, params, markers: true, run }
    }
}

const FAMILIES: &[&[Test]] =
    &[paths::TESTS, patterns::TESTS, results::TESTS, values::RELATIONS, values::TESTS, versions::TESTS];

const COLLECTIONS: &[&str] =
    &["ansible.builtin.", "ansible.legacy.", "ansible.utils.", "community.general.", "ansible._protomatter."];

fn table() -> &'static HashMap<&'static str, &'static Test> {
    static TABLE: OnceLock<HashMap<&'static str, &'static Test>> = OnceLock::new();
    TABLE.get_or_init(|| {
        FAMILIES.iter().flat_map(|family| family.iter()).map(|test| (test.name, test)).collect()
    })
}

fn find(name: &str) -> Option<&'static Test> {
    let short = COLLECTIONS.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    table().get(short).copied()
}

/// Whether there is a test of that name.
pub(crate) fn exists(name: &str) -> bool {
    find(name).is_some()
}

/// Every name.
pub(crate) fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = table().keys().copied().collect();
    names.sort_unstable();
    names
}

/// Applies a test; an undefined input or argument comes back as it is.
pub(crate) fn apply(context: &Context, name: &str, input: &Value, args: Args) -> Result<Value> {
    let Some(test) = find(name) else {
        return Err(Error::runtime(format!("No test named '{name}'.")));
    };
    if !test.markers {
        let marker = if input.is_marker() { Some(input) } else { args.first_undefined() };
        if let Some(marker) = marker {
            return match marker {
                Value::Undefined(why) if why.error.kind() != ErrorKind::Undefined && !why.silent => {
                    Err(why.error.clone())
                }
                other => Ok(other.clone()),
            };
        }
    }
    let run = || (test.run)(&Call { context, input, args: Bound::new(test.name, test.params, args)? });
    run().map(Value::Bool).map_err(|error| wrapped("test", name, error))
}
