//! What a template computes with: Python's values as Ansible sees them, cheap to clone and safe to share between hosts.

mod compare;
mod convert;
mod dict;
mod dumps;
mod key;
mod list;
mod moment;
mod number;
mod object;
mod repr;
mod text;

use std::fmt;
use std::sync::Arc;

use num_bigint::BigInt;
use runner_playbook::source::Span;

pub(crate) use compare::{compare, equal, identical};
pub(crate) use convert::unsupported;
pub use dict::Dict;
pub(crate) use dict::Map;
pub(crate) use dumps::{JsonStyle, dumps};
pub(crate) use key::Key;
pub use list::List;
pub use moment::Moment;
pub(crate) use moment::TimeDelta;
pub(crate) use number::{
    Numeric, add, divide, float_repr, floor_divide, modulo, multiply, negate, numeric, power, subtract,
};
pub use object::{Args, Object};
pub(crate) use object::{Force, NativeFn};
pub(crate) use repr::{is_printable, quote_repr, repr, to_str};
pub use text::Text;
pub(crate) use text::looks_like_template;

use crate::error::{Error, ErrorKind, Result};

/// A Python value. Cloning costs at most one atomic increment.
#[derive(Clone, Default)]
pub enum Value {
    /// `None`.
    #[default]
    None,
    /// A `bool`.
    Bool(bool),
    /// An `int` of up to 64 bits.
    Int(i64),
    /// An `int` that needs more than 64 bits.
    BigInt(Arc<BigInt>),
    /// A `float`.
    Float(f64),
    /// A `str`, with its trust and origin.
    Str(Text),
    /// A `bytes`.
    Bytes(Arc<[u8]>),
    /// A `list`.
    List(List),
    /// A `tuple`; a list once it leaves a template.
    Tuple(Arc<[Value]>),
    /// A `dict`, in insertion order, with Python's equality of keys.
    Dict(Dict),
    /// A `set`, in insertion order; a list once it leaves a template.
    Set(Dict),
    /// `range(start, stop, step)`.
    Range(i64, i64, i64),
    /// A `date`.
    Date(jiff::civil::Date),
    /// A `datetime`.
    DateTime(Moment),
    /// A `timedelta`, in microseconds.
    TimeDelta(i64),
    /// The marker of something that does not exist; an error once it is used.
    Undefined(Arc<Undefined>),
    /// The marker that removes an argument, element or key.
    Omit,
    /// Encrypted text that is decrypted when it is used.
    Vault(Arc<Ciphertext>),
    /// A function, namespace, loop or other thing that lives only inside a template, or a lazy mapping such as `hostvars`.
    Object(Arc<dyn Object>),
    /// A container's element that is templated when it is touched; never seen outside of containers.
    #[doc(hidden)]
    Lazy(Arc<dyn Force>),
}

/// Why something is undefined.
#[derive(Debug, Clone)]
pub struct Undefined {
    /// The failure that using it raises.
    pub error: Error,
    /// The variable's name, when it is a variable that is missing.
    pub name: Option<Arc<str>>,
    /// Jinja's own undefined of an `if` expression without `else`: empty when printed.
    pub silent: bool,
}

/// Encrypted text of a `!vault` value.
#[derive(Clone)]
pub struct Ciphertext {
    /// The envelope and body.
    pub text: Arc<str>,
    /// Where it stands.
    pub span: Span,
}

impl Value {
    /// An untrusted string: plain text that is never templated.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Value::Str(Text::plain(text))
    }

    /// A trusted string: a template when it contains template syntax.
    pub fn template(text: impl Into<Arc<str>>, origin: &Span) -> Self {
        Value::Str(Text::trusted(text, origin.clone()))
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Value>) -> Self {
        Value::List(List::new(items.into_iter().collect()))
    }

    /// A tuple.
    pub(crate) fn tuple(items: impl IntoIterator<Item = Value>) -> Self {
        Value::Tuple(items.into_iter().collect())
    }

    /// A dict with string keys.
    pub fn dict<K: Into<Arc<str>>>(pairs: impl IntoIterator<Item = (K, Value)>) -> Self {
        Value::Dict(Dict::new(pairs.into_iter().map(|(key, value)| (Key(Value::text(key)), value)).collect()))
    }

    /// An undefined marker that raises `error` when it is used.
    pub(crate) fn undefined(error: Error) -> Self {
        Value::Undefined(Arc::new(Undefined { error, name: None, silent: false }))
    }

    /// Jinja's own undefined.
    pub(crate) fn silent() -> Self {
        let error = Error::new(ErrorKind::Storage, "Type 'Undefined' is unsupported for variable storage.");
        Value::Undefined(Arc::new(Undefined { error, name: None, silent: true }))
    }

    /// The value itself, templated if it was still waiting for that.
    pub(crate) fn forced(self) -> Self {
        match self {
            Value::Lazy(lazy) => lazy.force(),
            other => other,
        }
    }

    /// The value, or the failure of using it when it is undefined.
    pub(crate) fn defined(self) -> Result<Self> {
        match self {
            Value::Undefined(why) => Err(why.error.clone()),
            Value::Lazy(lazy) => lazy.force().defined(),
            other => Ok(other),
        }
    }

    /// The value as variables hold it: its containers cannot be changed by a template.
    pub(crate) fn frozen(self) -> Self {
        match self {
            Value::List(list) if !list.is_frozen() => {
                let items = list.snapshot().iter().map(|item| item.clone().frozen()).collect();
                Value::List(List::frozen(items, list.origin().clone()))
            }
            Value::Dict(dict) if !dict.is_frozen() => {
                let map = dict.snapshot().iter().map(|(k, v)| (k.clone(), v.clone().frozen())).collect();
                Value::Dict(Dict::frozen(map, dict.origin().clone()))
            }
            other => other,
        }
    }

    /// Python's name of the type.
    pub fn type_name(&self) -> &str {
        match self {
            Value::None => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::BigInt(_) => "int",
            Value::Float(_) => "float",
            Value::Str(_) => "str",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "list",
            Value::Tuple(_) => "tuple",
            Value::Dict(_) => "dict",
            Value::Set(_) => "set",
            Value::Range(..) => "range",
            Value::Date(_) => "date",
            Value::DateTime(_) => "datetime",
            Value::TimeDelta(_) => "timedelta",
            Value::Undefined(why) if why.silent => "Undefined",
            Value::Undefined(_) => "AnsibleUndefined",
            Value::Omit => "_OmitType",
            Value::Vault(_) => "AnsibleVaultEncryptedUnicode",
            Value::Object(object) => object.type_name(),
            Value::Lazy(_) => "lazy",
        }
    }

    /// Python's truth; using something undefined is a failure.
    pub fn truthy(&self) -> Result<bool> {
        Ok(match self {
            Value::None => false,
            Value::Bool(b) => *b,
            Value::Int(i) => *i != 0,
            Value::BigInt(_) => true,
            Value::Float(f) => *f != 0.0,
            Value::Str(text) => !text.as_str().is_empty(),
            Value::Bytes(bytes) => !bytes.is_empty(),
            Value::List(list) => !list.is_empty(),
            Value::Tuple(items) => !items.is_empty(),
            Value::Dict(dict) | Value::Set(dict) => !dict.is_empty(),
            Value::Range(start, stop, step) => range_len(*start, *stop, *step) > 0,
            Value::TimeDelta(micros) => *micros != 0,
            Value::Undefined(why) if why.silent => false,
            Value::Undefined(why) => return Err(why.error.clone()),
            Value::Date(_) | Value::DateTime(_) | Value::Omit => true,
            Value::Vault(text) => !text.text.is_empty(),
            Value::Object(object) => object.len().is_none_or(|len| len > 0),
            Value::Lazy(lazy) => return lazy.force().truthy(),
        })
    }

    /// The characters, when it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The boolean, when it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The integer, when it is one of at most 64 bits; booleans count as in Python.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(i) => Some(*i),
            Value::Bool(b) => Some(i64::from(*b)),
            _ => None,
        }
    }

    /// The elements of a list, tuple, set or range; nothing for other values.
    pub fn items(&self) -> Option<Vec<Value>> {
        match self {
            Value::List(list) => Some(list.snapshot().to_vec()),
            Value::Tuple(items) => Some(items.to_vec()),
            Value::Set(dict) => Some(dict.keys()),
            Value::Range(..) => self.iterate().ok(),
            _ => None,
        }
    }

    /// The dict, when it is one.
    pub fn as_dict(&self) -> Option<&Dict> {
        match self {
            Value::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// The value under a string key, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<Value> {
        match self {
            Value::Dict(dict) => dict.get_str(key),
            Value::Object(object) => object.item(&Value::text(key)).ok().flatten(),
            _ => None,
        }
    }

    /// Whether it is Python's `None`.
    pub fn is_none(&self) -> bool {
        matches!(self, Value::None)
    }

    /// Whether it is the marker that removes an argument.
    pub fn is_omit(&self) -> bool {
        matches!(self, Value::Omit)
    }

    /// Whether it is the marker of something that does not exist.
    pub fn is_undefined(&self) -> bool {
        matches!(self, Value::Undefined(_))
    }

    /// Whether it is Ansible's marker of something missing; Jinja's own undefined is an ordinary empty value to filters.
    pub(crate) fn is_marker(&self) -> bool {
        matches!(self, Value::Undefined(why) if !why.silent)
    }

    /// The place of the text it came from, when that is known.
    pub fn span(&self) -> Span {
        match self {
            Value::Str(text) => text.origin().cloned().unwrap_or_default(),
            Value::List(list) => list.origin().clone(),
            Value::Dict(dict) => dict.origin().clone(),
            Value::Vault(vault) => vault.span.clone(),
            _ => Span::none(),
        }
    }

    /// What a Python `for` loop over it sees.
    pub(crate) fn iterate(&self) -> Result<Vec<Value>> {
        Ok(match self {
            Value::List(list) => list.snapshot().to_vec(),
            Value::Tuple(items) => items.to_vec(),
            Value::Dict(dict) | Value::Set(dict) => dict.keys(),
            Value::Str(text) => {
                text.as_str().chars().map(|c| Value::text(c.encode_utf8(&mut [0; 4]) as &str)).collect()
            }
            Value::Bytes(bytes) => bytes.iter().map(|b| Value::Int(i64::from(*b))).collect(),
            Value::Range(start, stop, step) => {
                let len = range_len(*start, *stop, *step);
                (0..len).map(|i| Value::Int(start + i * step)).collect()
            }
            Value::Object(object) => match object.keys() {
                Some(keys) => keys,
                None => return Err(not_iterable(self)),
            },
            Value::Undefined(why) if why.silent => Vec::new(),
            Value::Undefined(why) => return Err(why.error.clone()),
            Value::Lazy(lazy) => return lazy.force().iterate(),
            _ => return Err(not_iterable(self)),
        })
    }

    /// Python's `len()`.
    pub(crate) fn length(&self) -> Result<usize> {
        Ok(match self {
            Value::List(list) => list.len(),
            Value::Tuple(items) => items.len(),
            Value::Dict(dict) | Value::Set(dict) => dict.len(),
            Value::Str(text) => text.as_str().chars().count(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Range(start, stop, step) => usize::try_from(range_len(*start, *stop, *step)).unwrap_or(0),
            Value::Undefined(why) if why.silent => 0,
            Value::Undefined(why) => return Err(why.error.clone()),
            Value::Object(object) => match object.len() {
                Some(len) => len,
                None => return Err(no_len(self)),
            },
            _ => return Err(no_len(self)),
        })
    }

    /// Python's `str()`.
    pub fn to_text(&self) -> Result<String> {
        to_str(self)
    }

    /// Python's `repr()`.
    pub fn to_repr(&self) -> Result<String> {
        repr(self)
    }

    /// Python's `json.dumps`, as results are printed: keys sorted, `indent` columns per level or one line.
    pub fn to_json_text(&self, indent: Option<usize>) -> Result<String> {
        dumps(self, &JsonStyle { indent, sort_keys: true, ..JsonStyle::default() })
    }

    /// Python's `==`.
    pub fn equals(&self, other: &Value) -> bool {
        equal(self, other).unwrap_or(false)
    }
}

fn not_iterable(value: &Value) -> Error {
    Error::runtime(format!("'{}' object is not iterable", value.type_name()))
}

fn no_len(value: &Value) -> Error {
    Error::runtime(format!("object of type '{}' has no len()", value.type_name()))
}

/// How many numbers a range has.
pub(crate) fn range_len(start: i64, stop: i64, step: i64) -> i64 {
    let (start, stop, step) = (i128::from(start), i128::from(stop), i128::from(step));
    let len = match step {
        0 => 0,
        s if s > 0 => (stop - start + s - 1) / s,
        s => (start - stop - s - 1) / -s,
    };
    i64::try_from(len.max(0)).unwrap_or(i64::MAX)
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match repr(self) {
            Ok(text) => f.write_str(&text),
            Err(error) => write!(f, "<{error}>"),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.equals(other)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::text(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::text(value)
    }
}

impl From<BigInt> for Value {
    fn from(value: BigInt) -> Self {
        match i64::try_from(&value) {
            Ok(small) => Value::Int(small),
            Err(_) => Value::BigInt(Arc::new(value)),
        }
    }
}
