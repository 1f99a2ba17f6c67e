//! What a test may set about the world: durations, limits, stock, delays. Plain data, also over the admin path.
use crate::clock::Ms;
use crate::kind::Kind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A server type nobody can order now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoldOut {
    /// A type's name, or a pattern such as `cx*`.
    pub server_type: String,
    /// One location; all when missing.
    #[serde(default)]
    pub location: Option<String>,
}

/// Where public addresses come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addresses {
    /// Documentation ranges, then carrier-grade NAT: never anybody's.
    #[default]
    Documentation,
    /// 127.0.0.0/8, so that programs on this machine can play the servers.
    Loopback,
}

/// Everything that can be set, also while the mock runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long commands take, in milliseconds; those missing take [`crate::action::duration_ms`].
    pub durations_ms: BTreeMap<String, Ms>,
    /// A new object shows in lists only after this.
    pub list_lag_ms: Ms,
    /// Label selectors of firewalls take hold after this.
    pub selector_lag_ms: Ms,
    /// Firewalls and networks of a deleted server stay in use for this much longer than its delete action.
    pub in_use_lag_ms: Ms,
    /// An operating system that was told to shut down is off after this.
    pub acpi_shutdown_ms: Ms,
    /// Requests per hour and project; `null` switches the limit off.
    pub rate_limit_per_hour: Option<u32>,
    /// How many objects of a kind the account may have.
    pub limits: BTreeMap<Kind, usize>,
    /// Server types that cannot be ordered now.
    pub sold_out: Vec<SoldOut>,
    /// Locations that say placement failed although the type is available there.
    pub no_placement: Vec<String>,
    /// Locations without space for volumes.
    pub no_volume_space: Vec<String>,
    /// Whether a primary IP that belongs to nobody says `unassigned`, as it does since September 2026, or `server`.
    pub unassigned_word: bool,
    /// Servers and primary IPs still carry the `datacenter` that was removed in July 2026, for clients from before.
    pub datacenters: bool,
    /// Where public addresses come from.
    pub addresses: Addresses,
    /// The state of managed certificates: an error code to fail with, such as `dns_zone_not_found`.
    pub certificate_error: Option<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            durations_ms: BTreeMap::new(),
            list_lag_ms: 0,
            selector_lag_ms: 2_000,
            in_use_lag_ms: 0,
            acpi_shutdown_ms: 5_000,
            rate_limit_per_hour: Some(3600),
            limits: BTreeMap::from([(Kind::PlacementGroup, 50), (Kind::LoadBalancer, 20)]),
            sold_out: Vec::new(),
            no_placement: Vec::new(),
            no_volume_space: Vec::new(),
            unassigned_word: true,
            datacenters: false,
            addresses: Addresses::Documentation,
            certificate_error: None,
        }
    }
}

impl Settings {
    /// The autumn of 2026: all CX and CAX types are sold out everywhere.
    pub fn cx_and_cax_sold_out(mut self) -> Settings {
        self.sold_out.extend(["cx*", "cax*"].map(|t| SoldOut { server_type: t.to_owned(), location: None }));
        self
    }

    /// Whether the type can be ordered in the location.
    pub fn is_available(&self, server_type: &str, location: &str) -> bool {
        !self.sold_out.iter().any(|s| {
            glob(&s.server_type, server_type) && s.location.as_deref().is_none_or(|l| glob(l, location))
        })
    }
}

/// Whether a text matches a pattern in which `*` stands for any run of characters.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or("")) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or(""),
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::{Settings, glob};

    #[test]
    fn stars_stand_for_any_run() {
        for (pattern, text, expected) in [
            ("/servers", "/servers", true),
            ("/servers", "/servers/1", false),
            ("/servers/*/actions/*", "/servers/1/actions/poweron", true),
            ("*", "", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("*ab", "ab", true),
            ("ab*ab", "ab", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn the_profile_leaves_cpx_and_ccx() {
        let settings = Settings::default().cx_and_cax_sold_out();
        let available = |t: &str| settings.is_available(t, "fsn1");
        assert!(!available("cx23") && !available("cax11") && available("cpx22") && available("ccx13"));
    }
}
