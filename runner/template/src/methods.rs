//! Python's methods and attributes of strings, lists, dicts, numbers and dates.

mod dict;
mod list;
mod number;
mod str_case;
mod string;
mod time;

use std::sync::Arc;

pub(crate) use list::sorted;
pub(crate) use string::method as text;

use crate::error::{Error, Result};
use crate::eval::Context;
use crate::value::{Args, Value};

const TUPLE: &[&str] = &["count", "index"];
const SET: &[&str] = &[
    "union",
    "intersection",
    "difference",
    "symmetric_difference",
    "issubset",
    "issuperset",
    "isdisjoint",
    "copy",
];
const BYTES: &[&str] = &["decode", "hex"];

fn names(value: &Value) -> &'static [&'static str] {
    match value {
        Value::Str(_) => string::NAMES,
        Value::List(_) => list::NAMES,
        Value::Dict(_) => dict::NAMES,
        Value::Tuple(_) | Value::Range(..) => TUPLE,
        Value::Int(_) | Value::BigInt(_) | Value::Bool(_) => number::INT_NAMES,
        Value::Float(_) => number::FLOAT_NAMES,
        Value::Bytes(_) => BYTES,
        Value::Set(_) => SET,
        Value::Date(_) | Value::DateTime(_) => time::NAMES,
        Value::TimeDelta(_) => time::DELTA_NAMES,
        Value::Object(object) if object.is_mapping() => &["get", "items", "keys", "values"],
        _ => &[],
    }
}

/// Whether the type has a method of that name.
pub(crate) fn exists(value: &Value, name: &str) -> bool {
    names(value).contains(&name)
}

/// An attribute that is not a method.
pub(crate) fn attribute(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Date(_) | Value::DateTime(_) | Value::TimeDelta(_) => time::attribute(value, name),
        Value::Int(_) | Value::Bool(_) | Value::BigInt(_) | Value::Float(_) => number::attribute(value, name),
        _ => None,
    }
}

/// Calls a method; nothing when the type has none of that name.
pub(crate) fn call(context: &Context, value: &Value, name: &str, args: Args) -> Option<Result<Value>> {
    if !exists(value, name) {
        return None;
    }
    Some(match value {
        Value::Str(text) => string::call(text.as_str(), name, &Given { name: Arc::from(name), args }),
        Value::List(list) => list::call(context, list, name, Given { name: Arc::from(name), args }),
        Value::Dict(dict) => dict::call(dict, name, Given { name: Arc::from(name), args }),
        Value::Tuple(_) | Value::Range(..) => {
            list::search(value, name, &Given { name: Arc::from(name), args })
        }
        Value::Int(_) | Value::BigInt(_) | Value::Bool(_) | Value::Float(_) => {
            number::call(value, name, &Given { name: Arc::from(name), args })
        }
        Value::Bytes(bytes) => bytes_method(bytes, name),
        Value::Set(_) => set_method(value, name, &Given { name: Arc::from(name), args }),
        Value::Object(_) => mapping_method(value, name, &Given { name: Arc::from(name), args }),
        _ => time::call(value, name, &Given { name: Arc::from(name), args }),
    })
}

/// The arguments of a method.
pub(crate) struct Given {
    name: Arc<str>,
    args: Args,
}

impl Given {
    pub(crate) fn len(&self) -> usize {
        self.args.positional.len()
    }

    /// The argument at a place, or of a name.
    pub(crate) fn at(&self, index: usize, name: &str) -> Option<&Value> {
        self.args
            .positional
            .get(index)
            .or_else(|| self.args.named.iter().find(|(key, _)| &**key == name).map(|(_, value)| value))
    }

    pub(crate) fn required(&self, index: usize, name: &str) -> Result<&Value> {
        self.at(index, name).ok_or_else(|| {
            let plural = if index == 0 { "" } else { "s" };
            Error::runtime(format!(
                "{} expected at least {} argument{plural}, got {}",
                self.name,
                index + 1,
                self.len()
            ))
        })
    }

    pub(crate) fn text(&self, index: usize, name: &str) -> Result<&str> {
        let value = self.required(index, name)?;
        value.as_str().ok_or_else(|| {
            Error::runtime(format!(
                "{}() argument {} must be str, not {}",
                self.name,
                index + 1,
                value.type_name()
            ))
        })
    }

    pub(crate) fn text_opt(&self, index: usize, name: &str) -> Result<Option<&str>> {
        match self.at(index, name) {
            None | Some(Value::None) => Ok(None),
            Some(_) => self.text(index, name).map(Some),
        }
    }

    pub(crate) fn int_opt(&self, index: usize, name: &str) -> Result<Option<i64>> {
        match self.at(index, name) {
            None | Some(Value::None) => Ok(None),
            Some(value) => value.as_int().map(Some).ok_or_else(|| {
                Error::runtime(format!("'{}' object cannot be interpreted as an integer", value.type_name()))
            }),
        }
    }

    pub(crate) fn int(&self, index: usize, name: &str) -> Result<i64> {
        self.required(index, name)?;
        Ok(self.int_opt(index, name)?.unwrap_or(0))
    }

    pub(crate) fn truth(&self, index: usize, name: &str) -> Result<bool> {
        self.at(index, name).map_or(Ok(false), Value::truthy)
    }

    pub(crate) fn positional(&self) -> &[Value] {
        &self.args.positional
    }

    pub(crate) fn named(&self) -> &[(Arc<str>, Value)] {
        &self.args.named
    }
}

fn bytes_method(bytes: &Arc<[u8]>, name: &str) -> Result<Value> {
    match name {
        "decode" => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Value::text(text)),
            Err(error) => Err(Error::runtime(format!(
                "'utf-8' codec can't decode byte 0x{:02x} in position {}: invalid start byte",
                bytes.get(error.valid_up_to()).copied().unwrap_or(0),
                error.valid_up_to()
            ))),
        },
        _ => Ok(Value::text(bytes.iter().map(|b| format!("{b:02x}")).collect::<String>())),
    }
}

fn set_method(value: &Value, name: &str, given: &Given) -> Result<Value> {
    use crate::value::{Dict, Key, Map};
    let mine: Map = match value {
        Value::Set(dict) => (*dict.snapshot()).clone(),
        _ => Map::new(),
    };
    if name == "copy" {
        return Ok(Value::Set(Dict::new(mine)));
    }
    let mut theirs = Map::new();
    for item in given.required(0, "other")?.iterate()? {
        theirs.insert(Key::new(item)?, Value::None);
    }
    let within = |a: &Map, b: &Map| a.keys().all(|key| b.contains_key(key));
    let only = |a: &Map, b: &Map, keep: bool| -> Map {
        a.iter()
            .filter(|(key, _)| b.contains_key(*key) == keep)
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    };
    Ok(match name {
        "issubset" => Value::Bool(within(&mine, &theirs)),
        "issuperset" => Value::Bool(within(&theirs, &mine)),
        "isdisjoint" => Value::Bool(only(&mine, &theirs, true).is_empty()),
        "intersection" => Value::Set(Dict::new(only(&mine, &theirs, true))),
        "difference" => Value::Set(Dict::new(only(&mine, &theirs, false))),
        "symmetric_difference" => {
            let mut both = only(&mine, &theirs, false);
            both.extend(only(&theirs, &mine, false));
            Value::Set(Dict::new(both))
        }
        _ => {
            let mut both = mine;
            both.extend(theirs);
            Value::Set(Dict::new(both))
        }
    })
}

/// Methods of lazy mappings such as `hostvars`.
fn mapping_method(value: &Value, name: &str, given: &Given) -> Result<Value> {
    let Value::Object(object) = value else { return Ok(Value::None) };
    let keys = object.keys().unwrap_or_default();
    match name {
        "get" => {
            let found = object.item(given.required(0, "key")?)?;
            Ok(found.unwrap_or_else(|| given.at(1, "default").cloned().unwrap_or_default()))
        }
        "keys" => Ok(Value::list(keys)),
        _ => {
            let mut out = Vec::new();
            for key in keys {
                let value = object.item(&key)?.unwrap_or_default();
                out.push(if name == "items" { Value::tuple([key, value]) } else { value });
            }
            Ok(Value::list(out))
        }
    }
}

/// The lines of a text without their ends.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    string::lines(text, false)
}
