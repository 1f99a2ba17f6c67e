//! Python's equality, identity and ordering.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Numeric, Value, numeric};
use crate::error::{Error, ErrorKind, Result};

/// How deep containers may nest before comparing gives up.
const DEPTH_MAX: usize = 200;

/// Python's `==`; a failure when something undefined is compared.
pub(crate) fn equal(a: &Value, b: &Value) -> Result<bool> {
    equal_at(a, b, 0)
}

fn equal_at(a: &Value, b: &Value, depth: usize) -> Result<bool> {
    if depth > DEPTH_MAX {
        return Err(Error::new(ErrorKind::Limit, "maximum recursion depth exceeded in comparison"));
    }
    if let (Some(a), Some(b)) = (numeric(a), numeric(b)) {
        return Ok(a.compare(&b) == Some(Ordering::Equal));
    }
    Ok(match (a, b) {
        (Value::Lazy(lazy), other) => equal_at(&lazy.force(), other, depth)?,
        (other, Value::Lazy(lazy)) => equal_at(other, &lazy.force(), depth)?,
        (Value::Undefined(a), Value::Undefined(b)) if a.silent && b.silent => true,
        (Value::Undefined(why), _) | (_, Value::Undefined(why)) if !why.silent => {
            return Err(why.error.clone());
        }
        (Value::None, Value::None) | (Value::Omit, Value::Omit) => true,
        (Value::Str(a), Value::Str(b)) => a.as_str() == b.as_str(),
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::List(a), Value::List(b)) => a.same(b) || all_equal(&a.snapshot(), &b.snapshot(), depth)?,
        (Value::Tuple(a), Value::Tuple(b)) => all_equal(a, b, depth)?,
        (Value::Dict(a), Value::Dict(b)) => {
            if a.same(b) {
                return Ok(true);
            }
            if a.len() != b.len() {
                return Ok(false);
            }
            let other = b.snapshot();
            for (key, value) in a.snapshot().iter() {
                match other.get(key) {
                    Some(theirs) if equal_at(value, theirs, depth + 1)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        (Value::Set(a), Value::Set(b)) => {
            let other = b.raw();
            a.len() == b.len() && a.raw().keys().all(|key| other.contains_key(key))
        }
        (Value::Range(a, b, c), Value::Range(x, y, z)) => {
            let (mine, theirs) = (super::range_len(*a, *b, *c), super::range_len(*x, *y, *z));
            mine == theirs && (mine == 0 || (a == x && (mine == 1 || c == z)))
        }
        (Value::Date(a), Value::Date(b)) => a == b,
        (Value::DateTime(a), Value::DateTime(b)) => {
            a.offset_s.is_some() == b.offset_s.is_some() && a.micros() == b.micros()
        }
        (Value::TimeDelta(a), Value::TimeDelta(b)) => a == b,
        (Value::Vault(a), Value::Vault(b)) => a.text == b.text,
        (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
        _ => false,
    })
}

fn all_equal(a: &[Value], b: &[Value], depth: usize) -> Result<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (a, b) in a.iter().zip(b) {
        if !equal_at(a, b, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Python's `is`, as far as it means something for values.
pub(crate) fn identical(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::None, Value::None) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (Value::Str(a), Value::Str(b)) => a.as_str() == b.as_str(),
        (Value::List(a), Value::List(b)) => a.same(b),
        (Value::Dict(a), Value::Dict(b)) => a.same(b),
        (Value::Tuple(a), Value::Tuple(b)) => Arc::ptr_eq(a, b),
        (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

/// Python's ordering for the operator `symbol`; unlike types have none.
pub(crate) fn compare(a: &Value, b: &Value, symbol: &str) -> Result<Option<Ordering>> {
    compare_at(a, b, symbol, 0)
}

fn compare_at(a: &Value, b: &Value, symbol: &str, depth: usize) -> Result<Option<Ordering>> {
    if depth > DEPTH_MAX {
        return Err(Error::new(ErrorKind::Limit, "maximum recursion depth exceeded in comparison"));
    }
    if let (Some(a), Some(b)) = (numeric(a), numeric(b)) {
        return Ok(a.compare(&b));
    }
    match (a, b) {
        (Value::Lazy(lazy), other) => compare_at(&lazy.force(), other, symbol, depth),
        (other, Value::Lazy(lazy)) => compare_at(other, &lazy.force(), symbol, depth),
        (Value::Undefined(why), _) | (_, Value::Undefined(why)) => Err(why.error.clone()),
        (Value::Str(a), Value::Str(b)) => Ok(Some(a.as_str().cmp(b.as_str()))),
        (Value::Bytes(a), Value::Bytes(b)) => Ok(Some(a.cmp(b))),
        (Value::List(a), Value::List(b)) => ordered(&a.snapshot(), &b.snapshot(), symbol, depth),
        (Value::Tuple(a), Value::Tuple(b)) => ordered(a, b, symbol, depth),
        (Value::Date(a), Value::Date(b)) => Ok(Some(a.cmp(b))),
        (Value::DateTime(a), Value::DateTime(b)) => {
            if a.offset_s.is_some() == b.offset_s.is_some() {
                Ok(Some(a.micros().cmp(&b.micros())))
            } else {
                Err(Error::runtime("can't compare offset-naive and offset-aware datetimes"))
            }
        }
        (Value::TimeDelta(a), Value::TimeDelta(b)) => Ok(Some(a.cmp(b))),
        (Value::Set(a), Value::Set(b)) => {
            let (x, y) = (a.raw(), b.raw());
            let sub = x.keys().all(|key| y.contains_key(key));
            let sup = y.keys().all(|key| x.contains_key(key));
            Ok(match (sub, sup) {
                (true, true) => Some(Ordering::Equal),
                (true, false) => Some(Ordering::Less),
                (false, true) => Some(Ordering::Greater),
                (false, false) => None,
            })
        }
        _ => Err(Error::runtime(format!(
            "'{symbol}' not supported between instances of '{}' and '{}'",
            a.type_name(),
            b.type_name()
        ))),
    }
}

fn ordered(a: &[Value], b: &[Value], symbol: &str, depth: usize) -> Result<Option<Ordering>> {
    for (x, y) in a.iter().zip(b) {
        if !equal_at(x, y, depth + 1)? {
            return compare_at(x, y, symbol, depth + 1);
        }
    }
    Ok(Some(a.len().cmp(&b.len())))
}

impl Numeric {
    /// Exact order of two numbers; none with a NaN.
    pub(crate) fn compare(&self, other: &Numeric) -> Option<Ordering> {
        match (self, other) {
            (Numeric::Int(a), Numeric::Int(b)) => Some(a.cmp(b)),
            (Numeric::Float(a), Numeric::Float(b)) => a.partial_cmp(b),
            (Numeric::Float(a), b) => b.compare_float(*a).map(Ordering::reverse),
            (a, Numeric::Float(b)) => a.compare_float(*b),
            (a, b) => Some(a.big().cmp(&b.big())),
        }
    }

    fn compare_float(&self, float: f64) -> Option<Ordering> {
        if float.is_nan() {
            return None;
        }
        if float.is_infinite() {
            return Some(if float > 0.0 { Ordering::Less } else { Ordering::Greater });
        }
        let whole = super::number::float_to_big(float.trunc());
        Some(match self.big().as_ref().cmp(&whole) {
            Ordering::Equal => 0.0_f64.partial_cmp(&(float - float.trunc())).unwrap_or(Ordering::Equal),
            other => other,
        })
    }
}
