//! Server types: sizes, prices, and where they can be ordered right now.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::Id;
use crate::client::{Client, Plural};
use crate::error::Error;
use crate::image::Architecture;
use crate::lenient::{null_as_default, timestamp};
use crate::open_enum::open_enum;
use crate::pricing::{PricingPerLocation, decimal};

const KIND: Plural = Plural { plural: "server_types", singular: "server_type", sorted: false };

open_enum! {
    /// Whether the cores are the server's own.
    CpuType { Shared = "shared", Dedicated = "dedicated" }
}

/// When something goes away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Deprecation {
    /// When it was announced.
    #[serde(default, deserialize_with = "timestamp")]
    pub announced: Option<Timestamp>,
    /// After this nothing new can be made with it.
    #[serde(default, deserialize_with = "timestamp")]
    pub unavailable_after: Option<Timestamp>,
}

/// A server type in one location.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Availability {
    /// Location name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// Can be ordered right now; `None` when the API does not say.
    #[serde(default)]
    pub available: Option<bool>,
    /// Hetzner recommends it there.
    #[serde(default)]
    pub recommended: Option<bool>,
    /// Goes away there.
    #[serde(default)]
    pub deprecation: Option<Deprecation>,
}

/// A type's price in one location.
pub type ServerTypePrice = PricingPerLocation;

/// A server type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ServerType {
    /// Its ID.
    pub id: Id,
    /// Its name, e.g. `cpx22`.
    pub name: String,
    /// Virtual cores.
    #[serde(default, deserialize_with = "null_as_default")]
    pub cores: u32,
    /// Memory in GB.
    #[serde(default, deserialize_with = "decimal")]
    pub memory: Option<Decimal>,
    /// Disk in GB.
    #[serde(default, deserialize_with = "null_as_default")]
    pub disk: u32,
    /// Shared or dedicated cores.
    #[serde(default)]
    pub cpu_type: CpuType,
    /// `x86` or `arm`.
    #[serde(default)]
    pub architecture: Architecture,
    /// Prices per location; a location that is missing was never sold.
    #[serde(default, deserialize_with = "null_as_default")]
    pub prices: Vec<ServerTypePrice>,
    /// Availability per location.
    #[serde(default, deserialize_with = "null_as_default")]
    pub locations: Vec<Availability>,
    /// Goes away everywhere.
    #[serde(default)]
    pub deprecation: Option<Deprecation>,
}

impl ServerType {
    /// The price in a location.
    #[must_use]
    pub fn price_in(&self, location: &str) -> Option<&ServerTypePrice> {
        self.prices.iter().find(|price| price.location == location)
    }

    /// Whether it is sold in a location at all.
    #[must_use]
    pub fn is_sold_in(&self, location: &str) -> bool {
        self.price_in(location).is_some() || self.locations.iter().any(|place| place.name == location)
    }

    /// Whether it can be ordered in a location right now; `None` when the API does not say.
    #[must_use]
    pub fn is_available_in(&self, location: &str) -> Option<bool> {
        self.locations.iter().find(|place| place.name == location)?.available
    }
}

impl Client {
    /// All server types.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn server_types(&self) -> Result<Vec<ServerType>, Error> {
        self.list(KIND, None).await
    }

    /// A server type by name.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn find_server_type(&self, name: &str) -> Result<Option<ServerType>, Error> {
        self.find(KIND, name).await
    }
}
