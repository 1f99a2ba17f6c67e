//! What can be had: types, locations, prices.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::Id;

/// A processor architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// Intel and AMD.
    X86,
    /// Ampere.
    Arm,
}

/// A type in one location. Prices without VAT, in the account's currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Per started hour.
    pub price_hourly: Option<Decimal>,
    /// At most per month.
    pub price_monthly: Option<Decimal>,
    /// Included traffic in bytes a month.
    pub included_traffic_bytes: Option<u64>,
    /// Per terabyte beyond it.
    pub price_per_tb_traffic: Option<Decimal>,
    /// Can be ordered right now; `None` when unknown.
    pub available: Option<bool>,
}

/// A server type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeOffer {
    /// Its ID.
    pub id: Id,
    /// Cores.
    pub cores: u32,
    /// Disk in GB.
    pub disk_gb: u32,
    /// Architecture.
    pub architecture: Architecture,
    /// Where it is sold, by location name.
    pub places: BTreeMap<String, Place>,
}

/// What can be had from the account's point of view.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Types by name.
    pub types: BTreeMap<String, TypeOffer>,
    /// Network zone by location name.
    pub zones: BTreeMap<String, String>,
    /// ISO 4217.
    pub currency: String,
    /// An IPv4 address's price per hour, by location name.
    pub ipv4_hourly: BTreeMap<String, Decimal>,
}

impl Catalogue {
    /// A type in a location.
    #[must_use]
    pub fn place(&self, server_type: &str, location: &str) -> Option<&Place> {
        self.types.get(server_type)?.places.get(location)
    }

    /// The known words nearest to a wrong one, for a hint.
    pub(crate) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a String>) -> Option<&'a str> {
        known
            .map(|word| (distance(wrong, word), word.as_str()))
            .filter(|(distance, word)| *distance <= word.len().div_ceil(3))
            .min()
            .map(|(_, word)| word)
    }
}

/// Edits between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
