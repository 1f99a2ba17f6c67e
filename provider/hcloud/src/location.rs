//! Locations: where servers can stand.

use serde::Deserialize;

use crate::Id;
use crate::client::{Client, Plural};
use crate::error::Error;
use crate::lenient::null_as_default;

const KIND: Plural = Plural { plural: "locations", singular: "location", sorted: true };

/// A location.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Location {
    /// Its ID.
    pub id: Id,
    /// Its name, e.g. `fsn1`.
    pub name: String,
    /// City.
    #[serde(default, deserialize_with = "null_as_default")]
    pub city: String,
    /// Two-letter country code.
    #[serde(default, deserialize_with = "null_as_default")]
    pub country: String,
    /// Network zone, e.g. `eu-central`: a subnet serves exactly one.
    #[serde(default, deserialize_with = "null_as_default")]
    pub network_zone: String,
    /// For people.
    #[serde(default, deserialize_with = "null_as_default")]
    pub description: String,
}

impl Client {
    /// All locations.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn locations(&self) -> Result<Vec<Location>, Error> {
        self.list(KIND, None).await
    }
}
