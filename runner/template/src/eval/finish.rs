//! What leaves a template: everything resolved, omitted things dropped, tuples and sets as lists, no functions.

use runner_playbook::source::Span;

use crate::error::{Error, ErrorKind, Result};
use crate::value::{Dict, Key, List, Map, Value, unsupported};

/// How deep a result may nest: beyond any data, within the stack.
const DEPTH_MAX: usize = 200;

/// A value that can be stored.
pub(crate) fn finalize(value: &Value) -> Result<Value> {
    finalize_at(value, 0)
}

fn finalize_at(value: &Value, depth: usize) -> Result<Value> {
    if depth > DEPTH_MAX {
        return Err(Error::new(
            ErrorKind::Recursion,
            "Recursive loop detected in template: maximum recursion depth exceeded",
        ));
    }
    Ok(match value {
        Value::List(list) if list.is_frozen() && super::context::is_plain(value) && stored(value) => {
            value.clone()
        }
        Value::Dict(dict) if dict.is_frozen() && super::context::is_plain(value) && stored(value) => {
            value.clone()
        }
        Value::List(list) => self::list(&list.snapshot(), list.origin(), depth)?,
        Value::Tuple(items) => self::list(items, &Span::none(), depth)?,
        Value::Set(dict) => self::list(&dict.keys(), &Span::none(), depth)?,
        Value::Dict(dict) => {
            self::dict(dict.snapshot().iter().map(|(k, v)| (k.0.clone(), v.clone())), dict.origin(), depth)?
        }
        Value::Object(object) if object.is_mapping() => {
            let mut pairs = Vec::new();
            for key in object.keys().unwrap_or_default() {
                let value = object.item(&key)?.unwrap_or_default();
                pairs.push((key, value));
            }
            self::dict(pairs.into_iter(), &Span::none(), depth)?
        }
        Value::Object(object) if object.keys().is_some() => {
            self::list(&value.iterate()?, &Span::none(), depth)?
        }
        Value::Undefined(why) => return Err(why.error.clone()),
        Value::Lazy(lazy) => finalize_at(&lazy.force(), depth)?,
        Value::Range(..) | Value::Object(_) | Value::TimeDelta(_) => return Err(unsupported(value)),
        other => other.clone(),
    })
}

/// Whether a frozen container holds only what finalizing would keep.
fn stored(value: &Value) -> bool {
    match value {
        Value::List(list) => list.raw().iter().all(stored),
        Value::Dict(dict) => dict.raw().values().all(stored),
        Value::None
        | Value::Bool(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::Float(_)
        | Value::Str(_)
        | Value::Bytes(_)
        | Value::Date(_)
        | Value::DateTime(_) => true,
        _ => false,
    }
}

fn list(items: &[Value], origin: &Span, depth: usize) -> Result<Value> {
    let mut kept = Vec::with_capacity(items.len());
    for item in items {
        let item = finalize_at(item, depth + 1)?;
        if !item.is_omit() {
            kept.push(item);
        }
    }
    Ok(Value::List(List::frozen(kept, origin.clone())))
}

fn dict(pairs: impl Iterator<Item = (Value, Value)>, origin: &Span, depth: usize) -> Result<Value> {
    let mut kept = Map::new();
    for (key, value) in pairs {
        let value = finalize_at(&value, depth + 1)?;
        if !value.is_omit() && !key.is_omit() {
            kept.insert(Key(key), value);
        }
    }
    Ok(Value::Dict(Dict::frozen(kept, origin.clone())))
}

/// A value as filters that write it out see it: omitted elements and keys dropped, the rest untouched.
pub(crate) fn without_omitted(value: &Value) -> Result<Value> {
    match value {
        Value::List(_) | Value::Dict(_) | Value::Tuple(_) | Value::Set(_) => finalize(value),
        Value::Object(object) if object.is_mapping() => finalize(value),
        other => Ok(other.clone()),
    }
}
