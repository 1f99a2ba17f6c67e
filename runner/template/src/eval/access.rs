//! Attributes, elements and slices, in Jinja's order: `a.b` tries methods first, `a['b']` elements first.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::methods;
use crate::value::{Args, Key, Object, Undefined, Value, range_len};

use super::Context;

/// Operators of integers that the sandbox allows by their Python names.
const INT_OPERATORS: &[&str] = &["__and__", "__or__", "__xor__", "__lshift__", "__rshift__", "__invert__"];

/// A method of a value that was fetched but not called yet.
pub(crate) struct Bound {
    pub(crate) value: Value,
    pub(crate) name: Arc<str>,
}

impl Object for Bound {
    fn type_name(&self) -> &str {
        match self.value {
            Value::List(_) | Value::Dict(_) => "method",
            _ => "builtin_function_or_method",
        }
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, context: &Context, args: Args) -> Result<Value> {
        methods::call(context, &self.value, &self.name, args)
            .unwrap_or_else(|| Err(Error::runtime(format!("no method {}", self.name))))
    }
}

/// The undefined marker of a missing attribute or key.
pub(crate) fn missing(value: &Value, key: &Value) -> Value {
    let type_name = match value {
        Value::Object(object) if object.is_mapping() => "dict",
        other => other.type_name(),
    };
    let shown = crate::value::repr(key).unwrap_or_default();
    let message = format!("object of type '{type_name}' has no attribute {shown}");
    let name = key.as_str().map(Arc::from);
    let error = Error::new(ErrorKind::Undefined, message);
    Value::Undefined(Arc::new(Undefined { error, name, silent: false }))
}

/// `value.name`.
pub(crate) fn attribute(value: &Value, name: &Arc<str>) -> Result<Value> {
    match value {
        Value::Undefined(_) => return Ok(value.clone()),
        Value::Object(object) => {
            if let Some(found) = object.attribute(name)? {
                return Ok(found);
            }
            if !object.is_mapping() {
                return Ok(missing(value, &Value::text(name.clone())));
            }
        }
        _ => {}
    }
    if let Some(found) = own_attribute(value, name)? {
        return Ok(found);
    }
    if let Some(found) = element(value, &Value::text(name.clone()))? {
        return Ok(found);
    }
    Ok(missing(value, &Value::text(name.clone())))
}

/// A method or attribute that the type itself has.
fn own_attribute(value: &Value, name: &Arc<str>) -> Result<Option<Value>> {
    if name.starts_with("__") && name.ends_with("__") && name.len() > 4 {
        let integer = matches!(value, Value::Int(_) | Value::Bool(_) | Value::BigInt(_));
        if !(integer && INT_OPERATORS.contains(&&**name)) {
            let message =
                format!("access to attribute '{name}' of '{}' object is unsafe.", value.type_name());
            let dict_item = matches!(value, Value::Dict(_)) && value.get(name).is_some();
            return if dict_item {
                Ok(None)
            } else {
                Ok(Some(Value::undefined(Error::new(ErrorKind::Undefined, message))))
            };
        }
    }
    if let Some(found) = methods::attribute(value, name) {
        return Ok(Some(found));
    }
    if methods::exists(value, name) {
        let bound = Bound { value: value.clone(), name: name.clone() };
        return Ok(Some(Value::Object(Arc::new(bound))));
    }
    Ok(None)
}

/// `value[key]`.
pub(crate) fn item(value: &Value, key: &Value) -> Result<Value> {
    if value.is_undefined() {
        return Ok(value.clone());
    }
    if key.is_undefined() {
        return Ok(key.clone());
    }
    if let Some(found) = element(value, key)? {
        return Ok(found);
    }
    if let Value::Str(name) = key {
        if let Value::Object(object) = value
            && let Some(found) = object.attribute(name.as_str())?
        {
            return Ok(found);
        }
        if let Some(found) = own_attribute(value, name.shared())? {
            return Ok(found);
        }
        return Ok(missing(value, key));
    }
    if subscriptable(value) {
        return Ok(missing(value, key));
    }
    let shown = crate::value::repr(key)?;
    let message = format!("{} object has no element {shown}", value.type_name());
    Ok(Value::undefined(Error::new(ErrorKind::Undefined, message)))
}

fn subscriptable(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.is_mapping(),
        Value::List(_)
        | Value::Tuple(_)
        | Value::Dict(_)
        | Value::Str(_)
        | Value::Bytes(_)
        | Value::Range(..) => true,
        _ => false,
    }
}

/// The element under a key, when there is one.
pub(crate) fn element(value: &Value, key: &Value) -> Result<Option<Value>> {
    match value {
        Value::Dict(dict) => match Key::new(key.clone()) {
            Ok(key) => Ok(dict.get(&key)),
            Err(_) => Ok(None),
        },
        Value::Object(object) => object.item(key),
        Value::List(list) => Ok(index(key, list.len()).and_then(|i| list.get(i))),
        Value::Tuple(items) => Ok(index(key, items.len()).and_then(|i| items.get(i).cloned())),
        Value::Str(text) => {
            let text = text.as_str();
            Ok(index(key, text.chars().count())
                .and_then(|i| text.chars().nth(i))
                .map(|c| Value::text(c.to_string())))
        }
        Value::Bytes(bytes) => {
            Ok(index(key, bytes.len()).and_then(|i| bytes.get(i)).map(|b| Value::Int(i64::from(*b))))
        }
        Value::Range(start, stop, step) => {
            let len = usize::try_from(range_len(*start, *stop, *step)).unwrap_or(0);
            Ok(index(key, len).and_then(|i| i64::try_from(i).ok()).map(|i| Value::Int(start + i * step)))
        }
        _ => Ok(None),
    }
}

/// Python's index into a sequence of some length.
fn index(key: &Value, len: usize) -> Option<usize> {
    let i = key.as_int()?;
    let len_signed = i64::try_from(len).ok()?;
    let i = if i < 0 { i + len_signed } else { i };
    usize::try_from(i).ok().filter(|i| *i < len)
}

/// `value[start:stop:step]`.
pub(crate) fn slice(value: &Value, parts: [Option<Value>; 3]) -> Result<Value> {
    if let Value::Undefined(_) = value {
        return Ok(value.clone());
    }
    let [start, stop, step] = parts;
    let bound = |part: Option<Value>| match part {
        None | Some(Value::None) => Ok(None),
        Some(value) => match value.defined()?.as_int() {
            Some(i) => Ok(Some(i)),
            None => Err(Error::runtime("slice indices must be integers or None or have an __index__ method")),
        },
    };
    let (start, stop, step) = (bound(start)?, bound(stop)?, bound(step)?.unwrap_or(1));
    if step == 0 {
        return Err(Error::runtime("slice step cannot be zero"));
    }
    let pick = |len: usize| slice_indexes(len, start, stop, step);
    Ok(match value {
        Value::List(list) => {
            let items = list.elements();
            Value::list(pick(items.len()).into_iter().map(|i| items[i].clone()))
        }
        Value::Tuple(items) => Value::tuple(pick(items.len()).into_iter().map(|i| items[i].clone())),
        Value::Str(text) => {
            let chars: Vec<char> = text.as_str().chars().collect();
            Value::text(pick(chars.len()).into_iter().map(|i| chars[i]).collect::<String>())
        }
        Value::Bytes(bytes) => Value::Bytes(pick(bytes.len()).into_iter().map(|i| bytes[i]).collect()),
        Value::Range(..) => {
            let items = value.iterate()?;
            Value::list(pick(items.len()).into_iter().map(|i| items[i].clone()))
        }
        Value::Dict(_) => return Err(Error::runtime("unhashable type: 'slice'")),
        other => {
            return Err(Error::runtime(format!("'{}' object is not subscriptable", other.type_name())));
        }
    })
}

/// The places a slice picks, by Python's rules.
pub(crate) fn slice_indexes(len: usize, start: Option<i64>, stop: Option<i64>, step: i64) -> Vec<usize> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let clamp = |i: i64| (if i < 0 { i.saturating_add(len) } else { i }).clamp(low, high);
    let start = start.map_or(if step > 0 { low } else { high }, clamp);
    let stop = stop.map_or(if step > 0 { high } else { low }, clamp);
    let mut picked = Vec::new();
    let mut i = start;
    while (step > 0 && i < stop) || (step < 0 && i > stop) {
        picked.extend(usize::try_from(i));
        match i.checked_add(step) {
            Some(next) => i = next,
            None => break,
        }
    }
    picked
}
