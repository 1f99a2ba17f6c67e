//! Prices: how they are written, and those of everything but servers.
use crate::catalogue::{LoadBalancerType, Location, Price, VAT_PERCENT};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

/// The terabyte of traffic allowances.
pub const TB: u64 = 1 << 40;
/// Net per month for a public IPv4 address.
pub const IPV4_MONTHLY: &str = "0.50";
/// Net per month for a floating IPv4 address; IPv6 costs a third.
pub const FLOATING_IPV4_MONTHLY: &str = "3.00";
/// Net per month for a floating IPv6 network.
pub const FLOATING_IPV6_MONTHLY: &str = "1.00";
/// Net per gigabyte and month of a snapshot.
pub const SNAPSHOT_GB_MONTHLY: &str = "0.0143";
/// Net per gigabyte and month of a volume.
pub const VOLUME_GB_MONTHLY: &str = "0.0572";
/// Backups cost this part of the server's price, in percent.
pub const BACKUP_PERCENT: &str = "20.00";

/// Hours after which the monthly price is reached.
const CAP_HOURS: u32 = 624;
/// Hours in a month for what has only a monthly price.
const MONTH_HOURS: u32 = 730;

/// A constant price.
pub fn money(text: &str) -> Decimal {
    text.parse().expect("price constants are decimal numbers")
}

/// The hourly price of servers and load balancers that belongs to a monthly one.
pub fn hourly_of(monthly: Decimal) -> Decimal {
    let mut hourly = (monthly / Decimal::from(CAP_HOURS))
        .round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero);
    hourly.rescale(4);
    hourly
}

/// The hourly part of something that has only a monthly price.
pub fn hourly_share(monthly: Decimal) -> Decimal {
    monthly / Decimal::from(MONTH_HOURS)
}

/// `{"net", "gross"}` with as many digits as the API writes.
pub fn amount(net: Decimal) -> Value {
    let gross = net + net * VAT_PERCENT / Decimal::ONE_HUNDRED;
    json!({"net": format!("{net:.10}"), "gross": format!("{gross:.16}")})
}

/// Prices per location as types list them.
pub fn price_list(prices: &[Price]) -> Value {
    let line = |p: &Price| {
        json!({
            "location": p.location, "price_hourly": amount(p.hourly), "price_monthly": amount(p.monthly),
            "included_traffic": p.included_traffic, "price_per_tb_traffic": amount(p.per_tb),
        })
    };
    prices.iter().map(line).collect()
}

/// One line of the table: id, name, connections, services, targets, certificates, net per month.
type Row = (u64, &'static str, u32, usize, usize, usize, &'static str);

const LOAD_BALANCERS: &[Row] = &[
    (1, "lb11", 10_000, 5, 25, 10, "7.49"),
    (2, "lb21", 20_000, 15, 75, 25, "21.49"),
    (3, "lb31", 40_000, 30, 150, 50, "43.00"),
];

/// All load balancer types, by id.
pub fn load_balancer_types(locations: &[Location]) -> Vec<LoadBalancerType> {
    let build = |row: &Row| {
        let (id, name, max_connections, max_services, max_targets, max_certificates, monthly) = *row;
        let price = |location: &Location| Price {
            location: location.name,
            hourly: hourly_of(money(monthly)),
            monthly: money(monthly),
            included_traffic: if matches!(location.country, "US" | "SG") { id * TB } else { 20 * TB },
            per_tb: money(if location.name == "sin" { "7.40" } else { "1.00" }),
        };
        let prices = locations.iter().map(price).collect();
        LoadBalancerType { id, name, max_connections, max_services, max_targets, max_certificates, prices }
    };
    LOAD_BALANCERS.iter().map(build).collect()
}
