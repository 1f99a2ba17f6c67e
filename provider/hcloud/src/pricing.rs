//! Prices of the account: decimals, never floats; the currency and VAT rate are the customer's.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};

use crate::Id;
use crate::client::Client;
use crate::error::Error;
use crate::http::{Method, Request};
use crate::lenient::null_as_default;

/// An amount without and with VAT. `None` where the API sent no readable number: never a zero by mistake.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Money {
    /// Without VAT.
    #[serde(default, deserialize_with = "decimal")]
    pub net: Option<Decimal>,
    /// With VAT.
    #[serde(default, deserialize_with = "decimal")]
    pub gross: Option<Decimal>,
}

/// Reads `"4.1500000000"`, `4.15`, `null`; more digits than a decimal holds are rounded.
pub(crate) fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let text = match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => text,
        serde_json::Value::Number(number) => number.to_string(),
        _ => return Ok(None),
    };
    let text = text.trim();
    Ok(Decimal::from_str(text).ok().or_else(|| Decimal::from_scientific(text).ok()))
}

/// The price of something in one location.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PricingPerLocation {
    /// Location name; empty where the price is the same everywhere.
    #[serde(default, deserialize_with = "null_as_default")]
    pub location: String,
    /// Per started hour.
    #[serde(default, deserialize_with = "null_as_default")]
    pub price_hourly: Money,
    /// At most per month.
    #[serde(default, deserialize_with = "null_as_default")]
    pub price_monthly: Money,
    /// Per terabyte beyond the included traffic.
    #[serde(default, deserialize_with = "null_as_default")]
    pub price_per_tb_traffic: Money,
    /// Included traffic in bytes a month.
    #[serde(default)]
    pub included_traffic: Option<u64>,
}

/// The prices of one type, per location.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PricingPerType {
    /// The type's ID, for server and load balancer types.
    #[serde(default)]
    pub id: Option<Id>,
    /// The type's name, for server and load balancer types.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// `ipv4` or `ipv6`, for IPs.
    #[serde(default, rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
    /// One price per location.
    #[serde(default, deserialize_with = "null_as_default")]
    pub prices: Vec<PricingPerLocation>,
}

/// A price per GB and month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct PerGb {
    #[serde(default, deserialize_with = "null_as_default")]
    price_per_gb_month: Money,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "null_as_default")]
    currency: String,
    #[serde(default, deserialize_with = "decimal")]
    vat_rate: Option<Decimal>,
    #[serde(default, deserialize_with = "null_as_default")]
    image: PerGb,
    #[serde(default, deserialize_with = "null_as_default")]
    volume: PerGb,
    #[serde(default, deserialize_with = "null_as_default")]
    server_types: Vec<PricingPerType>,
    #[serde(default, deserialize_with = "null_as_default")]
    primary_ips: Vec<PricingPerType>,
}

/// What the account pays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pricing {
    /// ISO 4217, e.g. `EUR`.
    pub currency: String,
    /// In percent.
    pub vat_rate: Option<Decimal>,
    /// Snapshots, per GB and month.
    pub image_per_gb_month: Money,
    /// Volumes, per GB and month.
    pub volume_per_gb_month: Money,
    /// Server types.
    pub server_types: Vec<PricingPerType>,
    /// Primary IPs by kind (`ipv4`, `ipv6`).
    pub primary_ips: Vec<PricingPerType>,
}

impl Client {
    /// The account's prices.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn pricing(&self) -> Result<Pricing, Error> {
        let request = Request::new(Method::Get, "read prices", &["pricing"]);
        let wire: Wire = self.http.read(&request, "pricing").await?;
        Ok(Pricing {
            currency: wire.currency,
            vat_rate: wire.vat_rate,
            image_per_gb_month: wire.image.price_per_gb_month,
            volume_per_gb_month: wire.volume.price_per_gb_month,
            server_types: wire.server_types,
            primary_ips: wire.primary_ips,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_a_decimal_or_unknown_never_a_silent_zero() {
        let money = |text: &str| serde_json::from_str::<Money>(text).expect("lenient");
        let exact = money(r#"{"net": "0.0072000000", "gross": "0.0085680000000000"}"#);
        assert_eq!(exact.net.expect("a number").normalize().to_string(), "0.0072");
        assert_eq!(exact.gross.expect("a number").normalize().to_string(), "0.008568");
        assert_eq!(money(r#"{"net": 1.5}"#).net, Some(Decimal::new(15, 1)));
        assert_eq!(money(r#"{"net": "free", "gross": null}"#), Money::default());
    }
}
