//! The query string: repeated keys, decoded once.
use crate::error::ApiError;
use crate::label::Selector;
use percent_encoding::percent_decode_str;

/// A decoded query string, in the order given.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes a raw query string; `+` means a space.
    pub fn parse(raw: &str) -> Query {
        let decode = |t: &str| percent_decode_str(&t.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pair = |p: &str| match p.split_once('=') {
            Some((key, value)) => (decode(key), decode(value)),
            None => (decode(p), String::new()),
        };
        Query(raw.split('&').filter(|p| !p.is_empty()).map(pair).collect())
    }

    /// The first value of a key.
    pub fn one(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// All values of a key.
    pub fn all(&self, key: &str) -> Vec<&str> {
        self.0.iter().filter(|(k, _)| k == key).map(|(_, v)| v.as_str()).collect()
    }

    /// All values of a key that allows only some words.
    ///
    /// # Errors
    /// `invalid_input` for any other word.
    pub fn words(&self, key: &str, allowed: &[&str]) -> Result<Vec<&str>, ApiError> {
        let words = self.all(key);
        match words.iter().find(|w| !allowed.contains(*w)) {
            Some(_) => Err(ApiError::invalid(key, &format!("must be one of: {}", allowed.join(", ")))),
            None => Ok(words),
        }
    }

    /// All values of a key that takes ids.
    ///
    /// # Errors
    /// `invalid_input` for anything but a number.
    pub fn ids(&self, key: &str) -> Result<Vec<u64>, ApiError> {
        let ids: Result<Vec<u64>, _> = self.all(key).into_iter().map(str::parse).collect();
        ids.map_err(|_| ApiError::invalid(key, "must be a valid ID"))
    }

    /// A boolean, `false` when missing.
    ///
    /// # Errors
    /// `invalid_input` for anything but `true` and `false`.
    pub fn flag(&self, key: &str) -> Result<bool, ApiError> {
        match self.one(key) {
            None | Some("" | "false" | "False") => Ok(false),
            Some("true" | "True") => Ok(true),
            Some(_) => Err(ApiError::invalid(key, "must be a boolean")),
        }
    }

    /// The label selector, when there is one.
    ///
    /// # Errors
    /// `invalid_input` when it is malformed.
    pub fn selector(&self) -> Result<Option<Selector>, ApiError> {
        match self.one("label_selector") {
            None | Some("") => Ok(None),
            Some(text) => match Selector::parse(text) {
                Some(selector) => Ok(Some(selector)),
                None => Err(ApiError::invalid("label_selector", "label selector is malformed")),
            },
        }
    }

    /// The pairs, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }
}
