//! Hetzner's types, locations and prices as the planner's catalogue.

use std::collections::BTreeMap;

use provider_cluster::{Architecture, Catalogue, Place, TypeOffer};
use provider_hcloud::{Architecture as Arch, Client, Error, Pricing, ServerType};

/// Reads the catalogue: three requests.
///
/// # Errors
/// Why the API could not be read.
pub async fn catalogue(client: &Client) -> Result<Catalogue, Error> {
    let (types, locations, pricing) =
        futures::try_join!(client.server_types(), client.locations(), client.pricing())?;
    Ok(Catalogue {
        types: types.iter().map(|server_type| (server_type.name.clone(), offer(server_type))).collect(),
        zones: locations.into_iter().map(|location| (location.name, location.network_zone)).collect(),
        ipv4_hourly: ipv4(&pricing),
        currency: pricing.currency,
    })
}

fn offer(server_type: &ServerType) -> TypeOffer {
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    for price in &server_type.prices {
        let place = Place {
            price_hourly: price.price_hourly.net,
            price_monthly: price.price_monthly.net,
            included_traffic_bytes: price.included_traffic,
            price_per_tb_traffic: price.price_per_tb_traffic.net,
            available: server_type.is_available_in(&price.location),
        };
        places.insert(price.location.clone(), place);
    }
    // A list of locations is newer than the prices: where it is there, it says where the type is sold.
    if !server_type.locations.is_empty() {
        places.retain(|name, _| server_type.locations.iter().any(|place| place.name == *name));
    }
    TypeOffer {
        id: server_type.id,
        cores: server_type.cores,
        disk_gb: server_type.disk,
        architecture: if server_type.architecture == Arch::Arm {
            Architecture::Arm
        } else {
            Architecture::X86
        },
        places,
    }
}

fn ipv4(pricing: &Pricing) -> BTreeMap<String, rust_decimal::Decimal> {
    let kinds = pricing.primary_ips.iter().filter(|kind| kind.kind == "ipv4");
    let prices = kinds.flat_map(|kind| &kind.prices);
    prices.filter_map(|price| Some((price.location.clone(), price.price_hourly.net?))).collect()
}
