//! Terraform values ↔ typed Rust: what a resource works with.
//!
//! A model is a struct whose fields are the attributes of the schema, written inside [`model!`](crate::model!):
//!
//! ```
//! use provider_framework::{Attr, model};
//! use std::collections::BTreeMap;
//!
//! model! {
//!     /// What the user writes and Terraform stores.
//!     pub struct Room {
//!         pub id: Attr<String>,
//!         pub seats: Attr<u32>,
//!         pub labels: Attr<BTreeMap<String, String>>,
//!         pub doors: Attr<Vec<Door>>,
//!     }
//!
//!     /// A nested attribute.
//!     pub struct Door {
//!         pub width_cm: Attr<u32>,
//!     }
//! }
//! # assert!(Room::default().id.is_null());
//! ```

use std::collections::{BTreeMap, BTreeSet};

use provider_protocol::cty::{Number, Path, Step, Value};

use crate::{Attr, Diagnostic, Secret};

/// Why a value does not fit a Rust type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Where.
    pub path: Path,
    /// Why.
    pub kind: MisfitKind,
}

/// The kinds of [`Misfit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MisfitKind {
    /// Unknown where only a known value fits.
    Unknown,
    /// Null where only a value fits.
    Null,
    /// Something else, as a sentence.
    Other(String),
}

impl Misfit {
    fn new(path: &Path, kind: MisfitKind) -> Self {
        Self { path: path.clone(), kind }
    }

    fn other(path: &Path, why: impl Into<String>) -> Self {
        Self::new(path, MisfitKind::Other(why.into()))
    }

    /// What the user is told.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let detail = match &self.kind {
            MisfitKind::Unknown => {
                "The value must be known here, but it is only known after apply.".to_owned()
            }
            MisfitKind::Null => "The value must not be null.".to_owned(),
            MisfitKind::Other(why) => why.clone(),
        };
        Diagnostic::error("Unsuitable value", detail).at(self.path.clone())
    }
}

/// A Rust type that is read from a Terraform value.
pub trait FromValue: Sized {
    /// Reads the value found at `path`.
    ///
    /// # Errors
    /// The value is null, unknown or of another kind, and the type has no room for that.
    fn from_value(value: &Value, path: &mut Path) -> Result<Self, Misfit>;
}

/// A Rust type that is written as a Terraform value.
///
/// Lists are written as lists also where the schema says set or tuple; the framework turns them into what the schema says.
pub trait ToValue {
    /// The value.
    fn to_value(&self) -> Value;
}

/// A struct whose fields are the attributes of a schema; made by [`model!`](crate::model!).
pub trait Model: FromValue + ToValue + Clone + Send + Sync + 'static {
    /// The names of the attributes.
    const ATTRIBUTES: &'static [&'static str];
}

/// For resources, data sources and providers without attributes.
impl Model for () {
    const ATTRIBUTES: &'static [&'static str] = &[];
}

impl FromValue for () {
    fn from_value(_: &Value, _: &mut Path) -> Result<Self, Misfit> {
        Ok(())
    }
}

impl ToValue for () {
    fn to_value(&self) -> Value {
        Value::object::<String>([])
    }
}

/// Defines structs that mirror nested objects of a schema. A field named like a Rust keyword is written `r#type`.
#[macro_export]
macro_rules! model {
    ($( $(#[$meta:meta])* $vis:vis struct $name:ident {
        $( $(#[$field_meta:meta])* $field_vis:vis $field:ident : $ty:ty ),* $(,)?
    } )+) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        $vis struct $name {
            $(
                #[doc = concat!("The attribute `", stringify!($field), "`; the schema describes it.")]
                $(#[$field_meta])*
                $field_vis $field: $ty,
            )*
        }

        impl $crate::FromValue for $name {
            fn from_value(
                value: &$crate::cty::Value,
                path: &mut $crate::cty::Path,
            ) -> ::std::result::Result<Self, $crate::Misfit> {
                let attributes = $crate::model::attributes(value, path)?;
                ::std::result::Result::Ok(Self {
                    $( $field: $crate::model::attribute(attributes, stringify!($field), path)?, )*
                })
            }
        }

        impl $crate::ToValue for $name {
            fn to_value(&self) -> $crate::cty::Value {
                $crate::cty::Value::object([
                    $( ($crate::model::name(stringify!($field)), $crate::ToValue::to_value(&self.$field)), )*
                ])
            }
        }

        impl $crate::Model for $name {
            const ATTRIBUTES: &'static [&'static str] = &[$( $crate::model::name(stringify!($field)), )*];
        }
    )+ };
}

/// The attribute's name of a field's: without the `r#` of keywords.
#[doc(hidden)]
#[must_use]
pub const fn name(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// The attributes of an object.
#[doc(hidden)]
pub fn attributes<'a>(value: &'a Value, path: &Path) -> Result<&'a BTreeMap<String, Value>, Misfit> {
    match value.inner() {
        Value::Object(attributes) | Value::Map(attributes) => Ok(attributes),
        other => Err(wrong_kind("an object", other, path)),
    }
}

/// One attribute of an object; a missing one is null.
#[doc(hidden)]
pub fn attribute<T: FromValue>(
    attributes: &BTreeMap<String, Value>,
    field: &'static str,
    path: &mut Path,
) -> Result<T, Misfit> {
    let name = name(field);
    inside(attributes.get(name).unwrap_or(&Value::Null), Step::Attribute(name.to_owned()), path)
}

fn inside<T: FromValue>(value: &Value, step: Step, path: &mut Path) -> Result<T, Misfit> {
    path.push(step);
    let result = T::from_value(value, path);
    path.pop();
    result
}

fn wrong_kind(expected: &str, found: &Value, path: &Path) -> Misfit {
    match found {
        Value::Null => Misfit::new(path, MisfitKind::Null),
        Value::Unknown(_) => Misfit::new(path, MisfitKind::Unknown),
        other => Misfit::other(path, format!("Expected {expected}, not {}.", other.kind())),
    }
}

impl<T: FromValue> FromValue for Attr<T> {
    fn from_value(value: &Value, path: &mut Path) -> Result<Self, Misfit> {
        if value.is_null() {
            return Ok(Self::Null);
        }
        if value.is_unknown() {
            return Ok(Self::Unknown);
        }
        match T::from_value(value, path) {
            Ok(known) => Ok(Self::Known(known)),
            Err(Misfit { kind: MisfitKind::Unknown, .. }) => Ok(Self::Unknown),
            Err(misfit) => Err(misfit),
        }
    }
}

impl<T: ToValue> ToValue for Attr<T> {
    fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Unknown => Value::unknown(),
            Self::Known(value) => value.to_value(),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value, path: &mut Path) -> Result<Self, Misfit> {
        if value.is_null() { Ok(None) } else { T::from_value(value, path).map(Some) }
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: FromValue> FromValue for Box<T> {
    fn from_value(value: &Value, path: &mut Path) -> Result<Self, Misfit> {
        T::from_value(value, path).map(Self::new)
    }
}

impl<T: ToValue> ToValue for Box<T> {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

impl<T: FromValue> FromValue for Secret<T> {
    fn from_value(value: &Value, path: &mut Path) -> Result<Self, Misfit> {
        T::from_value(value, path).map(Self::new)
    }
}

impl<T: ToValue> ToValue for Secret<T> {
    fn to_value(&self) -> Value {
        self.reveal().to_value()
    }
}

impl FromValue for bool {
    fn from_value(value: &Value, path: &mut Path) -> Result<Self, Misfit> {
        value.as_bool().ok_or_else(|| wrong_kind("a bool", value.inner(), path))
    }
}

impl FromValue for String {
    fn from_value(value: &Value, path: &mut Path) -> Result<Self, Misfit> {
        value.as_str().map(str::to_owned).ok_or_else(|| wrong_kind("a string", value.inner(), path))
    }
}

impl FromValue for Number {
    fn from_value(value: &Value, path: &mut Path) -> Result<Self, Misfit> {
        value.as_number().cloned().ok_or_else(|| wrong_kind("a number", value.inner(), path))
    }
}

impl FromValue for Value {
    fn from_value(value: &Value, _: &mut Path) -> Result<Self, Misfit> {
        Ok(value.clone())
    }
}

impl FromValue for f64 {
    fn from_value(value: &Value, path: &mut Path) -> Result<Self, Misfit> {
        let float = Number::from_value(value, path)?.as_f64();
        if float.is_finite() { Ok(float) } else { Err(Misfit::other(path, "The number is too large.")) }
    }
}

macro_rules! from_integer {
    ($($integer:ty: $read:ident),*) => { $(
        impl FromValue for $integer {
            fn from_value(value: &Value, path: &mut Path) -> Result<Self, Misfit> {
                let number = Number::from_value(value, path)?;
                number.$read().and_then(|number| number.try_into().ok()).ok_or_else(|| {
                    Misfit::other(
                        path,
                        format!("A whole number from {} to {} is required, not {number}.", Self::MIN, Self::MAX),
                    )
                })
            }
        }

        impl ToValue for $integer {
            fn to_value(&self) -> Value {
                Value::number(*self)
            }
        }
    )* };
}
from_integer!(i8: as_i64, i16: as_i64, i32: as_i64, i64: as_i64);
from_integer!(u8: as_u64, u16: as_u64, u32: as_u64, u64: as_u64, usize: as_u64);

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::string(self)
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::string(self)
    }
}

impl ToValue for Number {
    fn to_value(&self) -> Value {
        Value::Number(self.clone())
    }
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl ToValue for f64 {
    /// Infinities, which Terraform does not have, are null.
    fn to_value(&self) -> Value {
        Number::try_from(*self).map_or(Value::Null, Value::Number)
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: &Value, path: &mut Path) -> Result<Self, Misfit> {
        match value.inner() {
            Value::List(elements) | Value::Tuple(elements) => elements
                .iter()
                .enumerate()
                .map(|(index, element)| inside(element, Step::Index(index as i64), path))
                .collect(),
            Value::Set(elements) => elements
                .iter()
                .map(|element| inside(element, Step::Element(Box::new(element.clone())), path))
                .collect(),
            other => Err(wrong_kind("a list", other, path)),
        }
    }
}

impl<T: ToValue> ToValue for Vec<T> {
    fn to_value(&self) -> Value {
        Value::list(self.iter().map(ToValue::to_value))
    }
}

impl<T: FromValue + Ord> FromValue for BTreeSet<T> {
    fn from_value(value: &Value, path: &mut Path) -> Result<Self, Misfit> {
        Vec::from_value(value, path).map(Self::from_iter)
    }
}

impl<T: ToValue> ToValue for BTreeSet<T> {
    fn to_value(&self) -> Value {
        Value::set(self.iter().map(ToValue::to_value))
    }
}

impl<T: FromValue> FromValue for BTreeMap<String, T> {
    fn from_value(value: &Value, path: &mut Path) -> Result<Self, Misfit> {
        match value.inner() {
            Value::Map(elements) | Value::Object(elements) => elements
                .iter()
                .map(|(key, element)| Ok((key.clone(), inside(element, Step::Key(key.clone()), path)?)))
                .collect(),
            other => Err(wrong_kind("a map", other, path)),
        }
    }
}

impl<T: ToValue> ToValue for BTreeMap<String, T> {
    fn to_value(&self) -> Value {
        Value::map(self.iter().map(|(key, element)| (key, element.to_value())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    model! {
        struct Room {
            id: Attr<String>,
            r#type: Attr<String>,
            seats: Attr<u32>,
            labels: Attr<BTreeMap<String, String>>,
            doors: Attr<Vec<Door>>,
        }

        struct Door {
            width_cm: Attr<u32>,
            open: bool,
        }
    }

    fn room(doors: Value) -> Value {
        Value::object([
            ("id", Value::unknown()),
            ("type", Value::string("hall")),
            ("seats", Value::from(12)),
            ("labels", Value::map([("a", Value::string("b"))])),
            ("doors", doors),
        ])
    }

    fn door(width_cm: Value, open: Value) -> Value {
        Value::object([("width_cm", width_cm), ("open", open)])
    }

    #[test]
    fn a_model_reads_and_writes_the_same_value() {
        let value = room(Value::list([door(Value::unknown(), Value::Bool(true))]));
        let model = Room::from_value(&value, &mut Path::root()).expect("it fits");
        assert_eq!(model.r#type.as_str(), Some("hall"));
        assert_eq!(model.doors.known().expect("known")[0].width_cm, Attr::Unknown);
        assert_eq!(model.to_value(), value);
        assert_eq!(Room::ATTRIBUTES, ["id", "type", "seats", "labels", "doors"]);
    }

    #[test]
    fn an_unknown_part_without_attr_makes_the_whole_unknown() {
        let value = room(Value::list([door(Value::from(1), Value::unknown())]));
        assert_eq!(Room::from_value(&value, &mut Path::root()).expect("it fits").doors, Attr::Unknown);
    }

    #[track_caller]
    fn check_misfit(value: Value, path: &str, detail: &str) {
        let misfit = Room::from_value(&value, &mut Path::root()).expect_err("it does not fit");
        assert_eq!(misfit.path.to_string(), path);
        assert_eq!(misfit.diagnostic().detail, detail);
    }

    #[test]
    fn a_misfit_says_where_and_why() {
        let width = |width_cm: &str| {
            let number: Number = width_cm.parse().expect("a number");
            room(Value::list([door(Value::Number(number), Value::Bool(true))]))
        };
        let range = "A whole number from 0 to 4294967295 is required, not";
        check_misfit(width("1.5"), "doors[0].width_cm", &format!("{range} 1.5."));
        check_misfit(width("-1"), "doors[0].width_cm", &format!("{range} -1."));
        check_misfit(width("1e30"), "doors[0].width_cm", &format!("{range} 1{}.", "0".repeat(30)));
        check_misfit(
            room(Value::list([door(Value::Null, Value::Null)])),
            "doors[0].open",
            "The value must not be null.",
        );
        check_misfit(room(Value::string("x")), "doors", "Expected a list, not a string.");
    }
}
