//! The server types on sale in November 2026, their ids and their prices for new orders.
use crate::catalogue::prices::{TB, hourly_of, money};
use crate::catalogue::{Location, Price, ServerType};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// One line of the table: id, name, cores, memory GB, disk GB, net per month, included TB in the EU, US and Singapore.
type Row = (u64, &'static str, u32, u32, u32, &'static str, u64, u64, u64);

/// Prices since 2026-06-15. US and Singapore allowances grow with the type from 1 and 0.5 TB (in half terabytes here).
const ROWS: &[Row] = &[
    (22, "cpx11", 2, 2, 40, "17.49", 40, 2, 1),
    (23, "cpx21", 3, 4, 80, "31.99", 40, 4, 2),
    (24, "cpx31", 4, 8, 160, "62.49", 40, 6, 4),
    (25, "cpx41", 8, 16, 240, "120.49", 40, 8, 6),
    (26, "cpx51", 16, 32, 360, "237.99", 40, 10, 8),
    (45, "cax11", 2, 4, 40, "5.99", 40, 2, 1),
    (93, "cax21", 4, 8, 80, "10.49", 40, 2, 1),
    (94, "cax31", 8, 16, 160, "20.99", 40, 2, 1),
    (95, "cax41", 16, 32, 320, "40.99", 40, 2, 1),
    (96, "ccx13", 2, 8, 80, "42.99", 40, 2, 1),
    (97, "ccx23", 4, 16, 160, "85.99", 40, 4, 2),
    (98, "ccx33", 8, 32, 240, "138.49", 60, 6, 4),
    (99, "ccx43", 16, 64, 360, "275.99", 80, 8, 6),
    (100, "ccx53", 32, 128, 600, "533.49", 100, 12, 8),
    (101, "ccx63", 48, 192, 960, "853.49", 120, 16, 10),
    (108, "cpx12", 1, 2, 40, "11.49", 40, 2, 1),
    (109, "cpx22", 2, 4, 80, "19.49", 40, 2, 1),
    (110, "cpx32", 4, 8, 160, "35.49", 40, 4, 2),
    (111, "cpx42", 8, 16, 320, "69.49", 40, 6, 4),
    (112, "cpx52", 12, 24, 480, "100.49", 40, 8, 6),
    (113, "cpx62", 16, 32, 640, "129.99", 40, 10, 8),
    (114, "cx23", 2, 4, 40, "5.49", 40, 2, 1),
    (115, "cx33", 4, 8, 80, "8.49", 40, 2, 1),
    (116, "cx43", 8, 16, 160, "15.99", 40, 2, 1),
    (117, "cx53", 16, 32, 320, "29.49", 40, 2, 1),
];

/// Singapore's dearer prices, where they are known; other types there cost a third more.
const SINGAPORE: &[(&str, &str)] = &[("cpx12", "15.49"), ("cpx22", "26.49")];

/// All server types, by id.
pub fn server_types(locations: &[Location]) -> Vec<ServerType> {
    ROWS.iter().map(|row| server_type(*row, locations)).collect()
}

fn server_type(row: Row, locations: &[Location]) -> ServerType {
    let (id, name, cores, memory, disk, monthly, eu, us, sin) = row;
    let price = |location: &Location| {
        let halves = match location.country {
            "US" => us,
            "SG" => sin,
            _ => eu,
        };
        let monthly = match location.name {
            "sin" => singapore(name, money(monthly)),
            _ => money(monthly),
        };
        Price {
            location: location.name,
            hourly: hourly_of(monthly),
            monthly,
            included_traffic: halves * TB / 2,
            per_tb: money(if location.name == "sin" { "7.40" } else { "1.00" }),
        }
    };
    ServerType {
        id,
        name,
        cores,
        memory,
        disk,
        cpu_type: if name.starts_with("ccx") { "dedicated" } else { "shared" },
        architecture: if name.starts_with("cax") { "arm" } else { "x86" },
        category: category(name),
        prices: locations.iter().filter(|l| is_sold_in(name, l)).map(price).collect(),
        deprecations: BTreeMap::new(),
    }
}

fn singapore(name: &str, monthly: Decimal) -> Decimal {
    let known = SINGAPORE.iter().find(|(n, _)| *n == name).map(|(_, price)| money(price));
    known.unwrap_or_else(|| (monthly * money("1.33")).round_dp(2))
}

/// CX and CAX: EU. CPX of the new line: EU and Singapore; of the old line: US. CCX: everywhere.
fn is_sold_in(name: &str, location: &Location) -> bool {
    let old_line = name.starts_with("cpx") && name.ends_with('1');
    match (location.country, name.get(..3).unwrap_or("")) {
        (_, "ccx") => true,
        ("US", "cpx") => old_line,
        ("SG", "cpx") => !old_line,
        ("US" | "SG", _) => false,
        (_, "cpx") => !old_line,
        _ => true,
    }
}

fn category(name: &str) -> &'static str {
    match name.get(..3).unwrap_or("") {
        "ccx" => "general_purpose",
        "cpx" => "regular_performance",
        _ => "cost_optimized",
    }
}

#[cfg(test)]
mod tests {
    use super::server_types;
    use crate::catalogue::places::locations;

    #[test]
    fn known_hourly_prices_follow_from_the_monthly_ones() {
        let types = server_types(&locations());
        for (name, hourly) in [
            ("cx23", "0.0088"),
            ("cpx22", "0.0312"),
            ("ccx63", "1.3678"),
            ("cax41", "0.0657"),
            ("cpx11", "0.0280"),
            ("ccx53", "0.8550"),
        ] {
            let found = types.iter().find(|t| t.name == name).expect(name);
            assert_eq!(found.prices[0].hourly.to_string(), hourly, "{name}");
        }
    }

    #[test]
    fn types_are_sold_where_they_are_sold() {
        let types = server_types(&locations());
        let places = |name: &str| {
            let found = types.iter().find(|t| t.name == name).expect(name);
            found.prices.iter().map(|p| p.location).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(places("cx23"), "fsn1 nbg1 hel1");
        assert_eq!(places("cpx22"), "fsn1 nbg1 hel1 sin");
        assert_eq!(places("cpx31"), "ash hil");
        assert_eq!(places("ccx13"), "fsn1 nbg1 hel1 ash hil sin");
    }
}
