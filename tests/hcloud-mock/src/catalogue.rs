//! What can be ordered: locations, server types, images, ISOs, load balancer types, and their prices.
pub mod images;
pub mod places;
pub mod prices;
pub mod server_types;

use crate::body::Reference;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::resource::image::Image;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Value added tax in percent.
pub const VAT_PERCENT: Decimal = Decimal::from_parts(19, 0, 0, false, 0);
/// The currency of all prices.
pub const CURRENCY: &str = "EUR";

/// A location.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    pub id: u64,
    pub name: &'static str,
    pub description: &'static str,
    pub country: &'static str,
    pub city: &'static str,
    pub latitude: f64,
    pub longitude: f64,
    pub network_zone: &'static str,
}

impl Location {
    /// The JSON of the API.
    pub fn view(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "description": self.description, "country": self.country,
            "city": self.city, "latitude": self.latitude, "longitude": self.longitude,
            "network_zone": self.network_zone,
        })
    }

    /// The data center of the location, as it was shown until July 2026.
    pub fn datacenter_view(&self) -> Value {
        let types = json!({"supported": [], "available": [], "available_for_migration": []});
        json!({
            "id": self.id, "name": format!("{}-dc1", self.name), "description": self.description,
            "location": self.view(), "server_types": types,
        })
    }
}

/// The price of something in one location.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// The location's name.
    pub location: &'static str,
    /// Net per started hour.
    pub hourly: Decimal,
    /// Net per month.
    pub monthly: Decimal,
    /// Outgoing bytes a month that cost nothing.
    pub included_traffic: u64,
    /// Net per further terabyte.
    pub per_tb: Decimal,
}

/// An announced end.
#[derive(Clone, Debug, PartialEq)]
pub struct Deprecation {
    /// RFC 3339.
    pub announced: String,
    /// RFC 3339.
    pub unavailable_after: String,
}

impl Deprecation {
    /// The JSON of the API.
    pub fn view(&self) -> Value {
        json!({"announced": self.announced, "unavailable_after": self.unavailable_after})
    }
}

/// A server type.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerType {
    pub id: u64,
    pub name: &'static str,
    pub cores: u32,
    pub memory: u32,
    pub disk: u32,
    pub cpu_type: &'static str,
    pub architecture: &'static str,
    pub category: &'static str,
    pub prices: Vec<Price>,
    /// Announced ends by location name.
    pub deprecations: BTreeMap<String, Deprecation>,
}

/// A load balancer type.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadBalancerType {
    pub id: u64,
    pub name: &'static str,
    pub max_connections: u32,
    pub max_services: usize,
    pub max_targets: usize,
    pub max_certificates: usize,
    pub prices: Vec<Price>,
}

/// An ISO.
#[derive(Clone, Debug, PartialEq)]
pub struct Iso {
    pub id: u64,
    pub name: &'static str,
    pub description: &'static str,
    pub architecture: Option<&'static str>,
    pub deprecation: Option<Deprecation>,
}

/// Everything that can be ordered.
#[derive(Debug)]
pub struct Catalogue {
    pub locations: Vec<Location>,
    pub server_types: Vec<ServerType>,
    pub images: Vec<Image>,
    pub isos: Vec<Iso>,
    pub load_balancer_types: Vec<LoadBalancerType>,
}

impl Catalogue {
    /// November 2026.
    pub fn new() -> Catalogue {
        let locations = places::locations();
        Catalogue {
            server_types: server_types::server_types(&locations),
            load_balancer_types: prices::load_balancer_types(&locations),
            images: images::images(),
            isos: images::isos(),
            locations,
        }
    }

    /// A location by id or name.
    pub fn location(&self, wanted: &Reference) -> Result<&Location, ApiError> {
        let found = self.locations.iter().find(|l| wanted.means(l.id, l.name));
        found.ok_or_else(|| wanted.not_found(Kind::Location))
    }

    /// A location by id that an object holds.
    pub fn location_by_id(&self, id: u64) -> &Location {
        let found = self.locations.iter().find(|l| l.id == id).or(self.locations.first());
        found.expect("the catalogue always has locations")
    }

    /// A server type by id or name.
    pub fn server_type(&self, wanted: &Reference) -> Result<&ServerType, ApiError> {
        let found = self.server_types.iter().find(|t| wanted.means(t.id, t.name));
        found.ok_or_else(|| wanted.not_found(Kind::ServerType))
    }

    /// A server type by id that an object holds.
    pub fn server_type_by_id(&self, id: u64) -> &ServerType {
        let found = self.server_types.iter().find(|t| t.id == id).or(self.server_types.first());
        found.expect("the catalogue always has server types")
    }

    /// A load balancer type by id or name.
    pub fn load_balancer_type(&self, wanted: &Reference) -> Result<&LoadBalancerType, ApiError> {
        let found = self.load_balancer_types.iter().find(|t| wanted.means(t.id, t.name));
        found.ok_or_else(|| wanted.not_found(Kind::LoadBalancerType))
    }

    /// A load balancer type by id that an object holds.
    pub fn load_balancer_type_by_id(&self, id: u64) -> &LoadBalancerType {
        let found = self.load_balancer_types.iter().find(|t| t.id == id).or(self.load_balancer_types.first());
        found.expect("the catalogue always has load balancer types")
    }

    /// An ISO by id or name.
    pub fn iso(&self, wanted: &Reference) -> Result<&Iso, ApiError> {
        let found = self.isos.iter().find(|i| wanted.means(i.id, i.name));
        found.ok_or_else(|| wanted.not_found(Kind::Iso))
    }

    /// Announces the end of a server type in a location.
    pub fn deprecate(&mut self, server_type: &str, location: &str, deprecation: Deprecation) -> bool {
        match self.server_types.iter_mut().find(|t| t.name == server_type) {
            Some(found) => {
                found.deprecations.insert(location.to_owned(), deprecation);
                true
            }
            None => false,
        }
    }
}

impl Default for Catalogue {
    fn default() -> Catalogue {
        Catalogue::new()
    }
}
