//! Labels and label selectors: checked and built, never concatenated by hand.

use std::collections::BTreeMap;
use std::fmt;

/// Labels of an object. Sorted, so that two equal sets are equal in text too.
pub type Labels = BTreeMap<String, String>;

/// Longest label name and value (API description, section Labels).
const PART_CHARS_MAX: usize = 63;

/// Longest prefix before the slash of a key: a DNS name.
const PREFIX_CHARS_MAX: usize = 253;

/// A label that the API would refuse, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("label {what} {text:?} {reason}")]
pub struct InvalidLabel {
    what: &'static str,
    text: String,
    reason: &'static str,
}

/// Checks a label key, `[prefix/]name`.
///
/// # Errors
/// Says which rule it breaks.
pub fn check_label_key(key: &str) -> Result<(), InvalidLabel> {
    let fail = |reason| Err(InvalidLabel { what: "key", text: key.to_owned(), reason });
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if let Some(prefix) = prefix {
        if prefix.is_empty() || prefix.len() > PREFIX_CHARS_MAX || !is_word(prefix) {
            return fail("has a prefix that is not a DNS name of at most 253 characters");
        }
        if prefix == "hetzner.cloud" || prefix.ends_with(".hetzner.cloud") {
            return fail("has a prefix that Hetzner keeps for itself");
        }
    }
    if name.is_empty() || name.len() > PART_CHARS_MAX {
        return fail("must have 1 to 63 characters");
    }
    if !is_word(name) {
        return fail("must start and end with a letter or digit, with only letters, digits, - _ . between");
    }
    Ok(())
}

/// Checks a label value.
///
/// # Errors
/// Says which rule it breaks.
pub fn check_label_value(value: &str) -> Result<(), InvalidLabel> {
    let fail = |reason| Err(InvalidLabel { what: "value", text: value.to_owned(), reason });
    if value.len() > PART_CHARS_MAX {
        return fail("must have at most 63 characters");
    }
    if !value.is_empty() && !is_word(value) {
        return fail("must start and end with a letter or digit, with only letters, digits, - _ . between");
    }
    Ok(())
}

fn is_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// A label selector: terms that must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    terms: Vec<String>,
}

impl Selector {
    /// A selector that matches everything; add terms.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A selector written by a person, kept as it is; the API judges it.
    #[must_use]
    pub fn raw(text: impl Into<String>) -> Self {
        Self { terms: vec![text.into()] }
    }

    /// `key == value`.
    ///
    /// # Errors
    /// When key or value can be no label.
    pub fn equals(self, key: &str, value: &str) -> Result<Self, InvalidLabel> {
        check_label_value(value)?;
        self.term(key, format!("{key}=={value}"))
    }

    /// `key != value`; matches objects without the key, too.
    ///
    /// # Errors
    /// When key or value can be no label.
    pub fn differs(self, key: &str, value: &str) -> Result<Self, InvalidLabel> {
        check_label_value(value)?;
        self.term(key, format!("{key}!={value}"))
    }

    /// The object has the key.
    ///
    /// # Errors
    /// When it can be no label key.
    pub fn has(self, key: &str) -> Result<Self, InvalidLabel> {
        self.term(key, key.to_owned())
    }

    /// The object lacks the key.
    ///
    /// # Errors
    /// When it can be no label key.
    pub fn lacks(self, key: &str) -> Result<Self, InvalidLabel> {
        self.term(key, format!("!{key}"))
    }

    /// The key's value is one of these.
    ///
    /// # Errors
    /// When key or a value can be no label.
    pub fn one_of(self, key: &str, values: &[&str]) -> Result<Self, InvalidLabel> {
        values.iter().try_for_each(|value| check_label_value(value))?;
        self.term(key, format!("{key} in ({})", values.join(",")))
    }

    fn term(mut self, key: &str, term: String) -> Result<Self, InvalidLabel> {
        check_label_key(key)?;
        self.terms.push(term);
        Ok(self)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.terms.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_follow_the_rules() {
        for good in ["a", "role", "example.com/role", "A-b_c.9", &"k".repeat(63)] {
            assert_eq!(check_label_key(good), Ok(()), "{good}");
        }
        for bad in ["", "-a", "a-", "a b", "/a", "a/", "a/b/c", "hetzner.cloud/x", "ü", &"k".repeat(64)] {
            assert!(check_label_key(bad).is_err(), "{bad}");
        }
        for good in ["", "1", "v1.2-3_4"] {
            assert_eq!(check_label_value(good), Ok(()), "{good}");
        }
        for bad in ["_", "a,b", "x)", &"v".repeat(64)] {
            assert!(check_label_value(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_selector_is_built_not_concatenated() {
        let selector = Selector::new()
            .equals("cluster", "trivia")
            .and_then(|s| s.one_of("role", &["edge", "relay"]))
            .and_then(|s| s.lacks("draining"))
            .expect("all valid");
        assert_eq!(selector.to_string(), "cluster==trivia,role in (edge,relay),!draining");
        assert!(Selector::new().equals("cluster", "x,role==origin").is_err());
        assert!(Selector::new().has("a,b").is_err());
    }
}
