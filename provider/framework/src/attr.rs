//! A value that may be absent or not known yet.

/// What an attribute holds: nothing, something decided during apply, or a value.
///
/// A part of the value that is unknown and has no `Attr` of its own makes the whole unknown: an `Attr<Vec<String>>` with
/// one unknown element is [`Attr::Unknown`]. Where parts are to be told apart, they are `Attr`s themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attr<T> {
    /// Absent.
    #[default]
    Null,
    /// Decided during apply.
    Unknown,
    /// Known.
    Known(T),
}

impl<T> From<T> for Attr<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl From<&str> for Attr<String> {
    fn from(value: &str) -> Self {
        Self::Known(value.to_owned())
    }
}

impl<T> From<Option<T>> for Attr<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }
}

impl<T> Attr<T> {
    /// Whether it is absent.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is decided during apply.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether there is a value.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// The value, if there is one.
    #[must_use]
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// The value, to be changed in place, if there is one.
    pub const fn known_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// The value, if there is one.
    #[must_use]
    pub fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// A borrowed view, to `map` without giving the value away.
    #[must_use]
    pub const fn as_ref(&self) -> Attr<&T> {
        match self {
            Self::Null => Attr::Null,
            Self::Unknown => Attr::Unknown,
            Self::Known(value) => Attr::Known(value),
        }
    }

    /// The same kind with the value turned into another.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> Attr<U> {
        match self {
            Self::Null => Attr::Null,
            Self::Unknown => Attr::Unknown,
            Self::Known(value) => Attr::Known(turn(value)),
        }
    }

    /// The value, or `other` when absent or unknown.
    #[must_use]
    pub fn unwrap_or(self, other: T) -> T {
        self.into_known().unwrap_or(other)
    }

    /// The value, or the type's default when absent or unknown.
    #[must_use]
    pub fn unwrap_or_default(self) -> T
    where
        T: Default,
    {
        self.into_known().unwrap_or_default()
    }

    /// Fills in a value where it is decided during apply; says whether it did.
    pub fn decide(&mut self, value: impl Into<T>) -> bool {
        if !self.is_unknown() {
            return false;
        }
        *self = Self::Known(value.into());
        true
    }
}

impl Attr<String> {
    /// The text, if there is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.known().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unknown_value_is_decided() {
        let mut id = Attr::<String>::Unknown;
        assert!(id.decide("42"));
        assert!(!id.decide("43"), "it is known by now");
        assert_eq!(id.as_str(), Some("42"));
        assert!(!Attr::<String>::Null.decide("44"), "absent was the user's decision");
    }

    #[test]
    fn absent_and_unknown_have_no_value() {
        assert_eq!(Attr::<i64>::Null.unwrap_or(7), 7);
        assert_eq!(Attr::<i64>::Unknown.known(), None);
        assert_eq!(Attr::<i32>::from(Some(3)).map(|n| n + 1), Attr::Known(4));
    }
}
