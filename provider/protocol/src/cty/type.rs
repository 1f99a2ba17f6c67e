//! What a value can be.

use std::{collections::BTreeMap, fmt};

use super::json_type;

/// A Terraform type. `Dynamic` stands for "decided by each value".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Any type; the value carries its own.
    Dynamic,
    /// `bool`.
    Bool,
    /// `number`, of any size.
    Number,
    /// `string`, Unicode in normal form C.
    String,
    /// `list(T)`.
    List(Box<Type>),
    /// `set(T)`.
    Set(Box<Type>),
    /// `map(T)`, keyed by strings.
    Map(Box<Type>),
    /// `object({…})`: exactly these attributes.
    Object(BTreeMap<String, Type>),
    /// `tuple([…])`: exactly these elements.
    Tuple(Vec<Type>),
}

/// Why the JSON text of a type cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum TypeError {
    /// The text is no JSON.
    #[error("read the type as JSON")]
    Json(#[source] serde_json::Error),
    /// The JSON is no type.
    #[error("understand the type: {0}")]
    Shape(String),
    /// The type nests more deeply than [`super::MAX_DEPTH`].
    #[error("understand the type: it nests more than {} levels deep", super::MAX_DEPTH)]
    TooDeep,
}

impl Type {
    /// `list(element)`.
    pub fn list(element: Type) -> Self {
        Type::List(Box::new(element))
    }

    /// `set(element)`.
    pub fn set(element: Type) -> Self {
        Type::Set(Box::new(element))
    }

    /// `map(element)`.
    pub fn map(element: Type) -> Self {
        Type::Map(Box::new(element))
    }

    /// `object({name = type, …})`.
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Type)>) -> Self {
        Type::Object(attributes.into_iter().map(|(name, ty)| (name.into(), ty)).collect())
    }

    /// Whether `Dynamic` occurs anywhere in this type.
    pub fn has_dynamic(&self) -> bool {
        match self {
            Type::Dynamic => true,
            Type::Bool | Type::Number | Type::String => false,
            Type::List(element) | Type::Set(element) | Type::Map(element) => element.has_dynamic(),
            Type::Object(attributes) => attributes.values().any(Type::has_dynamic),
            Type::Tuple(elements) => elements.iter().any(Type::has_dynamic),
        }
    }

    /// Terraform's JSON text of the type, compact, object keys sorted: `["list","string"]`.
    pub fn to_json(&self) -> String {
        json_type::to_json(self)
    }

    /// Reads Terraform's JSON text of a type.
    pub fn from_json(text: &[u8]) -> Result<Self, TypeError> {
        json_type::from_json(text)
    }
}

/// The type as a person writes it in HCL: `list(object({name = string}))`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Dynamic => f.write_str("any"),
            Type::Bool => f.write_str("bool"),
            Type::Number => f.write_str("number"),
            Type::String => f.write_str("string"),
            Type::List(element) => write!(f, "list({element})"),
            Type::Set(element) => write!(f, "set({element})"),
            Type::Map(element) => write!(f, "map({element})"),
            Type::Object(attributes) => {
                f.write_str("object({")?;
                for (index, (name, ty)) in attributes.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{name} = {ty}")?;
                }
                f.write_str("})")
            }
            Type::Tuple(elements) => {
                f.write_str("tuple([")?;
                for (index, ty) in elements.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{ty}")?;
                }
                f.write_str("])")
            }
        }
    }
}
