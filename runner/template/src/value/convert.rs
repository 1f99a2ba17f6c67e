//! Values from playbook nodes and JSON, and back to JSON.

use std::sync::Arc;

use num_bigint::BigInt;
use runner_playbook::node::{Data, Node};
use runner_playbook::source::Span;

use super::{Ciphertext, Dict, Key, List, Map, Moment, Text, Value};
use crate::error::{Error, ErrorKind, Result};

/// How deep containers may nest before conversion gives up.
const DEPTH_MAX: usize = 200;

impl From<&Node> for Value {
    fn from(node: &Node) -> Self {
        match &node.data {
            Data::Null => Value::None,
            Data::Bool(b) => Value::Bool(*b),
            Data::Int(i) => Value::Int(*i),
            Data::BigInt(big) => Value::BigInt(big.clone()),
            Data::Float(f) => Value::Float(*f),
            Data::Str(text) if text.trusted => {
                Value::Str(Text::trusted(text.value.clone(), node.span.clone()))
            }
            Data::Str(text) => Value::Str(Text::plain_at(text.value.clone(), node.span.clone())),
            Data::Bytes(bytes) => Value::Bytes(bytes.clone()),
            Data::Date(date) => Value::Date(*date),
            Data::DateTime(time) => Value::DateTime(Moment { civil: time.civil, offset_s: time.offset_s }),
            Data::List(items) => {
                Value::List(List::frozen(items.iter().map(Value::from).collect(), node.span.clone()))
            }
            Data::Tuple(items) => Value::Tuple(items.iter().map(Value::from).collect()),
            Data::Map(map) => {
                let map: Map =
                    map.iter().map(|(key, value)| (Key(Value::from(key)), Value::from(value))).collect();
                Value::Dict(Dict::frozen(map, node.span.clone()))
            }
            Data::Set(items) => Value::Set(Dict::frozen(
                items.iter().map(|item| (Key(Value::from(item)), Value::None)).collect(),
                node.span.clone(),
            )),
            Data::Vault(text) => {
                Value::Vault(Arc::new(Ciphertext { text: text.0.clone(), span: node.span.clone() }))
            }
        }
    }
}

impl Value {
    /// A value from JSON. Its strings are data, never templates.
    pub fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Value::None,
            serde_json::Value::Bool(b) => Value::Bool(*b),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(i), _) => Value::Int(i),
                (None, Some(u)) => Value::BigInt(Arc::new(BigInt::from(u))),
                (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(text) => Value::text(text.as_str()),
            serde_json::Value::Array(items) => {
                Value::List(List::frozen(items.iter().map(Value::from_json).collect(), Span::none()))
            }
            serde_json::Value::Object(map) => {
                let map: Map = map
                    .iter()
                    .map(|(key, value)| (Key(Value::text(key.as_str())), Value::from_json(value)))
                    .collect();
                Value::Dict(Dict::frozen(map, Span::none()))
            }
        }
    }

    /// The value as JSON, as Ansible hands arguments to modules.
    ///
    /// # Errors
    /// When the value contains something that cannot leave a template, such as a function or an undefined marker.
    pub fn to_json(&self) -> Result<serde_json::Value> {
        to_json(self, 0)
    }
}

fn to_json(value: &Value, depth: usize) -> Result<serde_json::Value> {
    if depth > DEPTH_MAX {
        return Err(Error::new(ErrorKind::Limit, "data is nested too deeply"));
    }
    let list = |items: &[Value]| {
        items
            .iter()
            .filter(|item| !item.is_omit())
            .map(|item| to_json(item, depth + 1))
            .collect::<Result<Vec<_>>>()
            .map(serde_json::Value::Array)
    };
    Ok(match value {
        Value::None => serde_json::Value::Null,
        Value::Bool(b) => (*b).into(),
        Value::Int(i) => (*i).into(),
        Value::BigInt(big) => match u64::try_from(&**big) {
            Ok(u) => u.into(),
            Err(_) => super::Numeric::Big((**big).clone()).float()?.into(),
        },
        Value::Float(f) => (*f).into(),
        Value::Str(text) => text.as_str().into(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into(),
        Value::List(items) => list(&items.snapshot())?,
        Value::Tuple(items) => list(items)?,
        Value::Set(dict) => list(&dict.keys())?,
        Value::Dict(dict) => {
            let mut map = serde_json::Map::new();
            for (key, value) in dict.snapshot().iter() {
                if !value.is_omit() {
                    map.insert(json_key(&key.0)?, to_json(value, depth + 1)?);
                }
            }
            serde_json::Value::Object(map)
        }
        Value::Date(date) => date.to_string().into(),
        Value::DateTime(moment) => moment.iso('T').into(),
        Value::Undefined(why) => return Err(why.error.clone()),
        Value::Lazy(lazy) => to_json(&lazy.force(), depth)?,
        Value::Object(object) if object.is_mapping() => {
            let mut map = serde_json::Map::new();
            for key in object.keys().unwrap_or_default() {
                let value = object.item(&key)?.unwrap_or_default();
                map.insert(json_key(&key)?, to_json(&value, depth + 1)?);
            }
            serde_json::Value::Object(map)
        }
        other => return Err(unsupported(other)),
    })
}

fn json_key(key: &Value) -> Result<String> {
    Ok(match key {
        Value::None => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        other => super::to_str(other)?,
    })
}

/// The failure of a value that cannot leave a template.
pub(crate) fn unsupported(value: &Value) -> Error {
    Error::new(
        ErrorKind::Storage,
        format!("Type '{}' is unsupported for variable storage.", value.type_name()),
    )
}
