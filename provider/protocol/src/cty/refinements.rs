//! What is already known about an unknown value.

use super::Number;

/// One end of a range of numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bound {
    /// Where the range ends.
    pub value: Number,
    /// Whether `value` itself belongs to the range.
    pub inclusive: bool,
}

/// Promises about an unknown value; the value that replaces it must keep them, or Terraform refuses it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Refinements {
    /// The value will not be null.
    pub not_null: bool,
    /// How the string will begin (at most 256 bytes travel).
    pub prefix: Option<String>,
    /// The lower bound of the number.
    pub min: Option<Bound>,
    /// The upper bound of the number.
    pub max: Option<Bound>,
    /// The fewest elements of the collection.
    pub length_min: Option<u64>,
    /// The most elements of the collection.
    pub length_max: Option<u64>,
}

impl Refinements {
    /// Nothing is known.
    pub fn none() -> Self {
        Self::default()
    }

    /// Only that the value will not be null.
    pub fn not_null() -> Self {
        Refinements { not_null: true, ..Self::default() }
    }

    /// Whether nothing is promised.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
