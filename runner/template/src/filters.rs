//! Filters: a table of names, parameters and functions, one file per family.

mod bound;
mod codec;
mod collections;
mod combine;
mod crypt;
mod int_set;
mod jinja_lists;
mod jinja_text;
mod json;
mod mathematics;
mod paths;
mod patterns;
mod sets;
mod text;
mod time;
mod values;
mod yaml;

use std::collections::HashMap;
use std::sync::OnceLock;

pub(crate) use bound::{Bound, whole};
pub(crate) use collections::{cartesian, subelements_of};
pub(crate) use text::password_chars;
pub(crate) use values::to_bool;

use crate::error::{Error, ErrorKind, Result};
use crate::eval::Context;
use crate::value::{Args, Value};

/// One use of a filter.
pub(crate) struct Call<'c> {
    pub(crate) context: &'c Context,
    pub(crate) input: Value,
    pub(crate) args: Bound,
}

/// A filter: its name, the names of its parameters (`!` required, `*` the rest, `**` the rest by name), and what it does.
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [&'static str],
    /// Whether it wants undefined markers instead of handing them on.
    pub(crate) markers: bool,
    pub(crate) run: fn(&Call<'_>) -> Result<Value>,
}

impl Filter {
    const fn new(
        name: &'static str,
        params: &'static [&'static str],
        run: fn(&Call<'_>) -> Result<Value>,
    ) -> Self {
        Self { name, params, markers: false, run }
    }

    const fn with_markers(
        name: &'static str,
        params: &'static [&'static str],
        run: fn(&Call<'_>) -> Result<Value>,
    ) -> Self {
        Self { name, params, markers: true, run }
    }
}

const FAMILIES: &[&[Filter]] = &[
    codec::FILTERS,
    collections::FILTERS,
    combine::FILTERS,
    crypt::FILTERS,
    jinja_lists::FILTERS,
    jinja_text::FILTERS,
    json::FILTERS,
    mathematics::FILTERS,
    paths::FILTERS,
    patterns::FILTERS,
    sets::FILTERS,
    text::FILTERS,
    time::FILTERS,
    values::FILTERS,
    yaml::FILTERS,
];

/// The collections whose filters are here, beside Ansible's own.
const COLLECTIONS: &[&str] =
    &["ansible.builtin.", "ansible.legacy.", "ansible.utils.", "ansible.netcommon.", "community.general."];

fn table() -> &'static HashMap<&'static str, &'static Filter> {
    static TABLE: OnceLock<HashMap<&'static str, &'static Filter>> = OnceLock::new();
    TABLE.get_or_init(|| {
        FAMILIES.iter().flat_map(|family| family.iter()).map(|filter| (filter.name, filter)).collect()
    })
}

fn find(name: &str) -> Option<&'static Filter> {
    let short = COLLECTIONS.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    table().get(short).copied()
}

/// Whether there is a filter of that name.
pub(crate) fn exists(name: &str) -> bool {
    find(name).is_some()
}

/// Every name.
pub(crate) fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = table().keys().copied().collect();
    names.sort_unstable();
    names
}

/// Applies a filter. An undefined input or argument comes back as it is, unless the filter knows what to do with it.
pub(crate) fn apply(context: &Context, name: &str, input: Value, args: Args) -> Result<Value> {
    let Some(filter) = find(name) else {
        return Err(Error::runtime(format!("No filter named '{name}'.")));
    };
    if !filter.markers {
        if input.is_marker() {
            return pass(input);
        }
        if let Some(undefined) = args.first_undefined() {
            return pass(undefined.clone());
        }
    }
    let run = || (filter.run)(&Call { context, input, args: Bound::new(filter.name, filter.params, args)? });
    run().map_err(|error| wrapped("filter", name, error))
}

/// Hands a marker on, unless it stands for a failure that is more than undefined.
fn pass(marker: Value) -> Result<Value> {
    match &marker {
        Value::Undefined(why) if why.error.kind() != ErrorKind::Undefined && !why.silent => {
            Err(why.error.clone())
        }
        _ => Ok(marker),
    }
}

/// A plugin's failure in Ansible's words.
pub(crate) fn wrapped(kind: &str, name: &str, error: Error) -> Error {
    match error.kind() {
        ErrorKind::Runtime => {
            let full = if name.contains('.') || kind == "lookup" {
                name.to_owned()
            } else {
                format!("ansible.builtin.{name}")
            };
            let message = format!("The {kind} plugin '{full}' failed: {}", error.message());
            Error::new(ErrorKind::Plugin, message).caused_by(error)
        }
        _ => error,
    }
}

/// A group of `groupby`: a pair with names.
pub(crate) struct Group {
    fields: Vec<(std::sync::Arc<str>, Value)>,
}

impl crate::value::Object for Group {
    fn type_name(&self) -> &str {
        "GroupTuple"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        Ok(self.fields.iter().find(|(field, _)| &**field == name).map(|(_, value)| value.clone()))
    }

    fn item(&self, key: &Value) -> Result<Option<Value>> {
        let len = i64::try_from(self.fields.len()).unwrap_or(0);
        let index = key.as_int().map(|i| if i < 0 { i + len } else { i });
        let index = index.and_then(|i| usize::try_from(i).ok());
        Ok(index.and_then(|i| self.fields.get(i)).map(|(_, value)| value.clone()))
    }

    fn keys(&self) -> Option<Vec<Value>> {
        Some(self.fields.iter().map(|(_, value)| value.clone()).collect())
    }

    fn text(&self) -> Option<String> {
        let values = self.fields.iter().map(|(_, value)| value.clone());
        Value::tuple(values).to_repr().ok()
    }
}
