//! What a value is: null, unknown, or known.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
};

use super::{MAX_DEPTH, Number, Path, Refinements, Step, Type};

/// A Terraform value; the schema knows its type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Absent.
    Null,
    /// Decided during apply.
    Unknown(Refinements),
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(String),
    /// The elements of a list.
    List(Vec<Value>),
    /// The elements of a set.
    Set(Set),
    /// The elements of a map.
    Map(BTreeMap<String, Value>),
    /// The attributes of an object, all of them.
    Object(BTreeMap<String, Value>),
    /// The elements of a tuple.
    Tuple(Vec<Value>),
    /// A value in a place of type `Dynamic`, with its own type. An untyped null or unknown there is plainly
    /// [`Value::Null`] or [`Value::Unknown`].
    Dynamic(Box<Dynamic>),
}

/// A value that carries its type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dynamic {
    /// The type of `value`; not `Dynamic` itself.
    pub ty: Type,
    /// The value.
    pub value: Value,
}

/// The elements of a set: sorted, and each wholly known one only once. Unknown elements may repeat, because two of them
/// may yet turn out to differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Set {
    elements: Vec<Value>,
}

impl FromIterator<Value> for Set {
    fn from_iter<I: IntoIterator<Item = Value>>(elements: I) -> Self {
        let mut elements: Vec<Value> = elements.into_iter().collect();
        elements.sort_unstable();
        elements.dedup_by(|a, b| a == b && a.is_wholly_known());
        Set { elements }
    }
}

impl Deref for Set {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.elements
    }
}

impl IntoIterator for Set {
    type Item = Value;
    type IntoIter = std::vec::IntoIter<Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.elements.into_iter()
    }
}

impl<'a> IntoIterator for &'a Set {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.elements.iter()
    }
}

/// Why a value is not of a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Mismatch {
    /// Where in the value.
    pub path: Path,
    /// What is wrong there.
    pub what: String,
}

impl Value {
    /// An unknown value about which nothing is known.
    pub fn unknown() -> Self {
        Value::Unknown(Refinements::none())
    }

    /// A string.
    pub fn string(text: impl Into<String>) -> Self {
        Value::String(text.into())
    }

    /// A number.
    pub fn number(number: impl Into<Number>) -> Self {
        Value::Number(number.into())
    }

    /// A list.
    pub fn list(elements: impl IntoIterator<Item = Value>) -> Self {
        Value::List(elements.into_iter().collect())
    }

    /// A set.
    pub fn set(elements: impl IntoIterator<Item = Value>) -> Self {
        Value::Set(elements.into_iter().collect())
    }

    /// A map.
    pub fn map<K: Into<String>>(elements: impl IntoIterator<Item = (K, Value)>) -> Self {
        Value::Map(elements.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// An object.
    pub fn object<K: Into<String>>(attributes: impl IntoIterator<Item = (K, Value)>) -> Self {
        Value::Object(attributes.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// A value of its own type in a place of type `Dynamic`.
    pub fn dynamic(ty: Type, value: Value) -> Self {
        Value::Dynamic(Box::new(Dynamic { ty, value }))
    }

    /// Whether the value is null, also as a null that carries a type.
    pub fn is_null(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Dynamic(dynamic) => dynamic.value.is_null(),
            _ => false,
        }
    }

    /// Whether the value itself is unknown, whatever it might contain.
    pub fn is_unknown(&self) -> bool {
        match self {
            Value::Unknown(_) => true,
            Value::Dynamic(dynamic) => dynamic.value.is_unknown(),
            _ => false,
        }
    }

    /// Whether nothing in it is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Value::Unknown(_) => false,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
            Value::List(elements) | Value::Tuple(elements) => elements.iter().all(Value::is_wholly_known),
            Value::Set(elements) => elements.iter().all(Value::is_wholly_known),
            Value::Map(elements) | Value::Object(elements) => elements.values().all(Value::is_wholly_known),
            Value::Dynamic(dynamic) => dynamic.value.is_wholly_known(),
        }
    }

    /// The string, if it is a known one.
    pub fn as_str(&self) -> Option<&str> {
        match self.inner() {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The bool, if it is a known one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.inner() {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if it is a known one.
    pub fn as_number(&self) -> Option<&Number> {
        match self.inner() {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The value without the type it may carry.
    pub fn inner(&self) -> &Value {
        match self {
            Value::Dynamic(dynamic) => dynamic.value.inner(),
            other => other,
        }
    }

    /// The attribute of an object or element of a map of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self.inner() {
            Value::Object(members) | Value::Map(members) => members.get(name),
            _ => None,
        }
    }

    /// What one step leads to, if it is there.
    pub fn step(&self, step: &Step) -> Option<&Value> {
        match (self.inner(), step) {
            (Value::Object(attributes), Step::Attribute(name)) => attributes.get(name),
            (Value::Map(elements), Step::Key(key)) => elements.get(key),
            (Value::List(elements) | Value::Tuple(elements), Step::Index(index)) => {
                elements.get(usize::try_from(*index).ok()?)
            }
            (Value::Set(elements), Step::Element(element)) => {
                elements.iter().find(|found| *found == &**element)
            }
            _ => None,
        }
    }

    /// What the path leads to, if it is there.
    pub fn at(&self, path: &Path) -> Option<&Value> {
        path.steps().iter().try_fold(self, |value, step| value.step(step))
    }

    /// An object of that type whose attributes are all null; for any other type, null.
    pub fn nulls(ty: &Type) -> Self {
        match ty {
            Type::Object(attributes) => {
                Value::Object(attributes.keys().map(|name| (name.clone(), Value::Null)).collect())
            }
            _ => Value::Null,
        }
    }

    /// Checks that the value is of the type: the first place where it is not.
    pub fn conforms_to(&self, ty: &Type) -> Result<(), Mismatch> {
        conforms(self, ty, &mut Path::root())
    }
}

fn conforms(value: &Value, ty: &Type, path: &mut Path) -> Result<(), Mismatch> {
    let wrong = |path: &Path, what: String| Err(Mismatch { path: path.clone(), what });
    if path.steps().len() > MAX_DEPTH {
        return wrong(path, format!("the value nests more than {MAX_DEPTH} levels deep"));
    }
    match (value, ty) {
        (Value::Null | Value::Unknown(_), _) => Ok(()),
        (Value::Bool(_), Type::Bool)
        | (Value::Number(_), Type::Number)
        | (Value::String(_), Type::String) => Ok(()),
        (Value::List(elements), Type::List(element)) => elements
            .iter()
            .enumerate()
            .try_for_each(|(index, value)| inside(value, element, path, Step::Index(index as i64))),
        (Value::Set(elements), Type::Set(element)) => elements
            .iter()
            .try_for_each(|value| inside(value, element, path, Step::Element(Box::new(value.clone())))),
        (Value::Map(elements), Type::Map(element)) => {
            elements.iter().try_for_each(|(key, value)| inside(value, element, path, Step::Key(key.clone())))
        }
        (Value::Object(values), Type::Object(types)) => {
            let names: BTreeSet<&String> = values.keys().chain(types.keys()).collect();
            names.into_iter().try_for_each(|name| match (values.get(name), types.get(name)) {
                (Some(value), Some(ty)) => inside(value, ty, path, Step::Attribute(name.clone())),
                (None, _) => wrong(path, format!("the attribute {name:?} is missing")),
                (_, None) => wrong(path, format!("there is no attribute {name:?}")),
            })
        }
        (Value::Tuple(values), Type::Tuple(types)) if values.len() == types.len() => values
            .iter()
            .zip(types)
            .enumerate()
            .try_for_each(|(index, (value, ty))| inside(value, ty, path, Step::Index(index as i64))),
        (Value::Dynamic(dynamic), Type::Dynamic) if dynamic.ty != Type::Dynamic => {
            conforms(&dynamic.value, &dynamic.ty, path)
        }
        (value, ty) => wrong(path, format!("{} is required, not {}", ty, value.kind())),
    }
}

fn inside(value: &Value, ty: &Type, path: &mut Path, step: Step) -> Result<(), Mismatch> {
    path.push(step);
    let result = conforms(value, ty, path);
    path.pop();
    result
}

impl Value {
    /// What the value is, in a word or two, without showing it.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Unknown(_) => "an unknown value",
            Value::Bool(_) => "a bool",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Set(_) => "a set",
            Value::Map(_) => "a map",
            Value::Object(_) => "an object",
            Value::Tuple(_) => "a tuple",
            Value::Dynamic(_) => "a value with its own type",
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::String(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::String(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::number(value)
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Value::Number(value)
    }
}
