//! Dict keys: Python's hash and equality, in which `1`, `1.0` and `True` are the same key.

use std::hash::{Hash, Hasher};

use indexmap::Equivalent;

use super::{Value, equal};
use crate::error::{Error, Result};

/// A hashable value.
#[derive(Clone)]
pub(crate) struct Key(pub(crate) Value);

impl Key {
    /// The value as a key; lists, dicts and sets have no hash.
    pub(crate) fn new(value: Value) -> Result<Self> {
        check(&value)?;
        Ok(Self(value))
    }
}

fn check(value: &Value) -> Result<()> {
    match value {
        Value::List(_) | Value::Dict(_) | Value::Set(_) => {
            Err(Error::runtime(format!("unhashable type: '{}'", value.type_name())))
        }
        Value::Tuple(items) => items.iter().try_for_each(check),
        Value::Undefined(why) => Err(why.error.clone()),
        _ => Ok(()),
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Value::Str(a), Value::Str(b)) => a.as_str() == b.as_str(),
            (a, b) => equal(a, b).unwrap_or(false),
        }
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(&self.0, state);
    }
}

fn hash<H: Hasher>(value: &Value, state: &mut H) {
    match value {
        Value::Str(text) => text.as_str().hash(state),
        Value::Bool(b) => i64::from(*b).hash(state),
        Value::Int(i) => i.hash(state),
        Value::BigInt(i) => i.hash(state),
        Value::Float(f) => {
            #[expect(clippy::cast_possible_truncation, reason = "checked to be the same number")]
            let whole = *f as i64;
            #[expect(clippy::cast_precision_loss, reason = "compared with the original")]
            if whole as f64 == *f {
                whole.hash(state);
            } else {
                f.to_bits().hash(state);
            }
        }
        Value::Bytes(bytes) => bytes.hash(state),
        Value::Tuple(items) => items.iter().for_each(|item| hash(item, state)),
        Value::Date(date) => date.hash(state),
        Value::TimeDelta(micros) => micros.hash(state),
        _ => state.write_u8(0),
    }
}

impl Equivalent<Key> for str {
    fn equivalent(&self, key: &Key) -> bool {
        key.0.as_str() == Some(self)
    }
}
