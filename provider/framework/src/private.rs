//! What a resource keeps next to its state, out of the user's sight: opaque to Terraform, not secret.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};

/// Data by key, stored as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Private(BTreeMap<String, serde_json::Value>);

impl Private {
    /// Reads what Terraform hands back. What another version wrote and we cannot read is as good as absent.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).map(Self).unwrap_or_default()
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        if self.0.is_empty() {
            return Vec::new();
        }
        serde_json::to_vec(&self.0).expect("maps of JSON values with text keys are JSON")
    }

    /// The value under a key; none when absent or of another shape.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.0.get(key).and_then(|value| T::deserialize(value).ok())
    }

    /// Stores a value under a key.
    ///
    /// # Errors
    /// The value cannot be written as JSON.
    pub fn set<T: Serialize>(&mut self, key: &str, value: T) -> Result<(), serde_json::Error> {
        self.0.insert(key.to_owned(), serde_json::to_value(value)?);
        Ok(())
    }

    /// Forgets a key.
    pub fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_data_survives_the_trip_and_strangers() {
        let mut private = Private::default();
        private.set("generation", 3).expect("a number");
        assert_eq!(Private::from_bytes(&private.to_bytes()).get::<u32>("generation"), Some(3));
        assert_eq!(private.get::<String>("generation"), None, "of another shape");
        assert_eq!(Private::from_bytes(b"\x00not json"), Private::default());
        assert!(Private::default().to_bytes().is_empty());
    }
}
