//! Python's operators between values.

use crate::error::{Error, ErrorKind, Result};
use crate::syntax::ast::{Binary, Compare};
use crate::value::{
    Dict, Key, Map, Value, add, divide, floor_divide, modulo, multiply, numeric, power, subtract,
};
use crate::value::{compare, equal, to_str};

/// The longest text or list a multiplication may build.
const REPEAT_MAX: usize = 50_000_000;

/// `a OP b`.
pub(crate) fn binary(op: Binary, a: &Value, b: &Value) -> Result<Value> {
    if let Value::Undefined(why) = a {
        return Err(why.error.clone());
    }
    if op == Binary::Modulo
        && let Value::Str(format) = a
    {
        return crate::format::percent(format.as_str(), b).map(Value::text);
    }
    if let Value::Undefined(why) = b {
        return Err(why.error.clone());
    }
    if op == Binary::Concat {
        return Ok(Value::text(to_str(a)? + &to_str(b)?));
    }
    if let (Some(x), Some(y)) = (numeric(a), numeric(b)) {
        return match op {
            Binary::Add => add(&x, &y),
            Binary::Subtract => subtract(&x, &y),
            Binary::Multiply => multiply(&x, &y),
            Binary::Divide => divide(&x, &y),
            Binary::FloorDivide => floor_divide(&x, &y),
            Binary::Modulo => modulo(&x, &y),
            Binary::Power | Binary::Concat => power(&x, &y),
        };
    }
    match op {
        Binary::Add => plus(a, b),
        Binary::Multiply => repeat(a, b),
        Binary::Subtract => minus(a, b),
        _ => Err(unsupported(symbol(op), a, b)),
    }
}

fn symbol(op: Binary) -> &'static str {
    match op {
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::FloorDivide => "//",
        Binary::Modulo => "%",
        Binary::Power => "** or pow()",
        Binary::Concat => "~",
    }
}

fn unsupported(symbol: &str, a: &Value, b: &Value) -> Error {
    Error::runtime(format!(
        "unsupported operand type(s) for {symbol}: '{}' and '{}'",
        a.type_name(),
        b.type_name()
    ))
}

/// `a + b` of things that are not numbers.
pub(crate) fn plus(a: &Value, b: &Value) -> Result<Value> {
    match (a, b) {
        (Value::Str(x), Value::Str(y)) => Ok(Value::text([x.as_str(), y.as_str()].concat())),
        (Value::List(x), Value::List(y)) => Ok(Value::list(x.elements().into_iter().chain(y.elements()))),
        (Value::Tuple(x), Value::Tuple(y)) => Ok(Value::tuple(x.iter().chain(y.iter()).cloned())),
        (Value::Bytes(x), Value::Bytes(y)) => Ok(Value::Bytes(x.iter().chain(y.iter()).copied().collect())),
        (Value::DateTime(moment), Value::TimeDelta(micros))
        | (Value::TimeDelta(micros), Value::DateTime(moment)) => {
            moment.plus(*micros).map(Value::DateTime).ok_or_else(|| Error::runtime("date value out of range"))
        }
        (Value::TimeDelta(x), Value::TimeDelta(y)) => Ok(Value::TimeDelta(x.saturating_add(*y))),
        (Value::Str(_) | Value::List(_) | Value::Tuple(_), other) => {
            let name = a.type_name();
            Err(Error::runtime(format!(
                "can only concatenate {name} (not \"{}\") to {name}",
                other.type_name()
            )))
        }
        _ => Err(unsupported("+", a, b)),
    }
}

fn minus(a: &Value, b: &Value) -> Result<Value> {
    match (a, b) {
        (Value::DateTime(x), Value::DateTime(y)) => {
            if x.offset_s.is_some() != y.offset_s.is_some() {
                return Err(Error::runtime("can't subtract offset-naive and offset-aware datetimes"));
            }
            Ok(Value::TimeDelta(x.micros() - y.micros()))
        }
        (Value::DateTime(moment), Value::TimeDelta(micros)) => {
            moment.plus(-micros).map(Value::DateTime).ok_or_else(|| Error::runtime("date value out of range"))
        }
        (Value::TimeDelta(x), Value::TimeDelta(y)) => Ok(Value::TimeDelta(x.saturating_sub(*y))),
        (Value::Date(x), Value::Date(y)) => {
            let hours = x.duration_since(*y).as_hours();
            Ok(Value::TimeDelta(hours * 3600 * 1_000_000))
        }
        (Value::Set(x), Value::Set(y)) => {
            let other = y.raw();
            let rest: Map = x
                .raw()
                .iter()
                .filter(|(key, _)| !other.contains_key(*key))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            Ok(Value::Set(Dict::new(rest)))
        }
        _ => Err(unsupported("-", a, b)),
    }
}

fn repeat(a: &Value, b: &Value) -> Result<Value> {
    let (sequence, times) = match (a.as_int(), b.as_int()) {
        (None, Some(times)) => (a, times),
        (Some(times), None) => (b, times),
        _ => {
            return Err(if matches!(a, Value::Str(_) | Value::List(_) | Value::Tuple(_)) {
                Error::runtime(format!("can't multiply sequence by non-int of type '{}'", b.type_name()))
            } else {
                unsupported("*", a, b)
            });
        }
    };
    let times = usize::try_from(times.max(0)).unwrap_or(usize::MAX);
    let check = |len: usize| match len.checked_mul(times) {
        Some(total) if total <= REPEAT_MAX => Ok(()),
        _ => Err(Error::new(ErrorKind::Limit, "the repeated value is too large")),
    };
    Ok(match sequence {
        Value::Str(text) => {
            check(text.as_str().len())?;
            Value::text(text.as_str().repeat(times))
        }
        Value::Bytes(bytes) => {
            check(bytes.len())?;
            Value::Bytes(bytes.repeat(times).into())
        }
        Value::List(list) => {
            check(list.len())?;
            let items = list.elements();
            Value::list(std::iter::repeat_n(items, times).flatten())
        }
        Value::Tuple(items) => {
            check(items.len())?;
            Value::tuple(std::iter::repeat_n(items.to_vec(), times).flatten())
        }
        Value::TimeDelta(micros) => {
            Value::TimeDelta(micros.saturating_mul(i64::try_from(times).unwrap_or(i64::MAX)))
        }
        _ => return Err(unsupported("*", a, b)),
    })
}

/// `-a`.
pub(crate) fn negative(a: &Value) -> Result<Value> {
    match (numeric(a), a) {
        (Some(number), _) => Ok(crate::value::negate(&number)),
        (None, Value::TimeDelta(micros)) => Ok(Value::TimeDelta(-micros)),
        (None, Value::Undefined(why)) => Err(why.error.clone()),
        _ => Err(Error::runtime(format!("bad operand type for unary -: '{}'", a.type_name()))),
    }
}

/// `a OP b` for comparisons.
pub(crate) fn relation(op: Compare, a: &Value, b: &Value) -> Result<bool> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    Ok(match op {
        Compare::Equal => equal(a, b)?,
        Compare::NotEqual => !equal(a, b)?,
        Compare::In => contains(b, a)?,
        Compare::NotIn => !contains(b, a)?,
        Compare::Less => compare(a, b, "<")? == Some(Less),
        Compare::LessEqual => matches!(compare(a, b, "<=")?, Some(Less | Equal)),
        Compare::Greater => compare(a, b, ">")? == Some(Greater),
        Compare::GreaterEqual => matches!(compare(a, b, ">=")?, Some(Greater | Equal)),
    })
}

/// Python's `item in container`.
pub(crate) fn contains(container: &Value, item: &Value) -> Result<bool> {
    if let Value::Undefined(why) = item {
        return Err(why.error.clone());
    }
    match container {
        Value::Str(text) => match item {
            Value::Str(part) => Ok(text.as_str().contains(part.as_str())),
            other => Err(Error::runtime(format!(
                "'in <string>' requires string as left operand, not {}",
                other.type_name()
            ))),
        },
        Value::Dict(dict) | Value::Set(dict) => Ok(dict.contains(&Key::new(item.clone())?)),
        Value::Bytes(bytes) => match item {
            Value::Bytes(part) => Ok(part.is_empty() || bytes.windows(part.len()).any(|w| w == &**part)),
            other => Ok(other.as_int().is_some_and(|i| bytes.iter().any(|b| i64::from(*b) == i))),
        },
        Value::Undefined(why) if !why.silent => Err(why.error.clone()),
        Value::Object(object) if object.is_mapping() => Ok(object.item(item)?.is_some()),
        Value::List(_) | Value::Tuple(_) | Value::Range(..) | Value::Object(_) | Value::Undefined(_) => {
            for element in container.iterate().map_err(|_| not_container(container))? {
                if equal(&element, item)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        _ => Err(not_container(container)),
    }
}

fn not_container(value: &Value) -> Error {
    Error::runtime(format!("argument of type '{}' is not iterable", value.type_name()))
}
