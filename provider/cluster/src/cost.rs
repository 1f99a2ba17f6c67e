//! What a cluster costs an hour, from the account's own prices.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::desired::{Desired, Role};
use crate::plan::preferred;

/// Cost without VAT.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// ISO 4217.
    pub currency: String,
    /// Per started hour while live, all machines with their IPv4 addresses.
    pub per_hour_live: Decimal,
    /// Per started hour as the wish stands: nothing when the cluster is not live.
    pub per_hour: Decimal,
    /// Machines whose price the API does not say.
    pub unpriced: u32,
}

/// What the wish costs, each machine taken as the first candidate that can be ordered. Known as soon as the catalogue is.
#[must_use]
pub fn cost(desired: &Desired, catalogue: &Catalogue) -> Cost {
    let mut cost = Cost { currency: catalogue.currency.clone(), ..Cost::default() };
    for role in Role::ALL {
        let count = desired.count(role);
        if count == 0 {
            continue;
        }
        let first = preferred(desired, catalogue, role);
        let price = first.as_ref().and_then(|candidate| {
            let hourly = catalogue.place(&candidate.server_type, &candidate.location)?.price_hourly?;
            let ipv4 = catalogue.ipv4_hourly.get(&candidate.location).copied().unwrap_or_default();
            Some(hourly + ipv4)
        });
        match price {
            Some(price) => cost.per_hour_live += price * Decimal::from(count),
            None => cost.unpriced += count,
        }
    }
    cost.per_hour = if desired.live { cost.per_hour_live } else { Decimal::ZERO };
    cost
}
