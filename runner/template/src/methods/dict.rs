//! Methods of `dict`.

use super::Given;
use crate::error::{Error, Result};
use crate::value::{Dict, Key, Map, Value};

pub(super) const NAMES: &[&str] = &[
    "clear",
    "copy",
    "fromkeys",
    "get",
    "items",
    "keys",
    "pop",
    "popitem",
    "setdefault",
    "update",
    "values",
];

pub(super) fn call(dict: &Dict, name: &str, given: Given) -> Result<Value> {
    match name {
        "get" => {
            let key = Key::new(given.required(0, "key")?.clone())?;
            Ok(dict.get(&key).unwrap_or_else(|| given.at(1, "default").cloned().unwrap_or_default()))
        }
        "keys" => Ok(Value::list(dict.keys())),
        "values" => Ok(Value::list(dict.values())),
        "items" => {
            let pairs = dict.keys().into_iter().zip(dict.values());
            Ok(Value::list(pairs.map(|(key, value)| Value::tuple([key, value]))))
        }
        "copy" => Ok(Value::Dict(Dict::new((*dict.snapshot()).clone()))),
        "clear" => {
            dict.change(Map::clear);
            Ok(Value::None)
        }
        "update" => {
            let mut pairs = match given.at(0, "") {
                Some(source) => crate::eval::pairs_of(source)?,
                None => Vec::new(),
            };
            pairs.extend(
                given.named().iter().map(|(name, value)| (Key(Value::text(name.clone())), value.clone())),
            );
            dict.change(|map| map.extend(pairs));
            Ok(Value::None)
        }
        "pop" => {
            let key = Key::new(given.required(0, "key")?.clone())?;
            let found = dict.get(&key);
            match (found, given.at(1, "default")) {
                (Some(value), _) => {
                    dict.change(|map| {
                        map.shift_remove(&key);
                    });
                    Ok(value)
                }
                (None, Some(default)) => Ok(default.clone()),
                (None, None) => Err(Error::runtime(key.0.to_repr()?)),
            }
        }
        "popitem" => {
            let last = dict.keys().pop();
            let Some(key) = last else {
                return Err(Error::runtime("'popitem(): dictionary is empty'"));
            };
            let key = Key(key);
            let value = dict.get(&key).unwrap_or_default();
            dict.change(|map| {
                map.shift_remove(&key);
            });
            Ok(Value::tuple([key.0, value]))
        }
        "setdefault" => {
            let key = Key::new(given.required(0, "key")?.clone())?;
            if let Some(value) = dict.get(&key) {
                return Ok(value);
            }
            let value = given.at(1, "default").cloned().unwrap_or_default();
            dict.change(|map| map.insert(key, value.clone()));
            Ok(value)
        }
        _ => {
            let value = given.at(1, "value").cloned().unwrap_or_default();
            let mut map = Map::new();
            for key in given.required(0, "iterable")?.iterate()? {
                map.insert(Key::new(key)?, value.clone());
            }
            Ok(Value::Dict(Dict::new(map)))
        }
    }
}
