//! IPv4 ranges in CIDR notation, and the checks networks and firewalls make on them.
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// An IPv4 range with empty host bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    base: u32,
    prefix: u8,
}

impl Range {
    /// Reads `10.0.0.0/16`; `None` when malformed or when host bits are set.
    pub fn parse(text: &str) -> Option<Range> {
        let (address, prefix) = text.split_once('/')?;
        let address: Ipv4Addr = address.parse().ok()?;
        Range::new(address.into(), parse_prefix(prefix, 32)?)
    }

    /// A range, when no host bit is set.
    pub fn new(base: u32, prefix: u8) -> Option<Range> {
        (prefix <= 32 && base & !mask(prefix) == 0).then_some(Range { base, prefix })
    }

    /// Length of the network part in bits.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// First address.
    pub fn first(self) -> u32 {
        self.base
    }

    /// Last address.
    pub fn last(self) -> u32 {
        self.base | !mask(self.prefix)
    }

    /// Whether the address is inside.
    pub fn has(self, address: u32) -> bool {
        (self.first()..=self.last()).contains(&address)
    }

    /// Whether all of `other` is inside.
    pub fn contains(self, other: Range) -> bool {
        self.first() <= other.first() && other.last() <= self.last()
    }

    /// Whether any address is in both.
    pub fn overlaps(self, other: Range) -> bool {
        self.first() <= other.last() && other.first() <= self.last()
    }

    /// Whether the range is one of, or inside one of, RFC 1918's three.
    pub fn is_private(self) -> bool {
        let private = [(0x0a00_0000, 8), (0xac10_0000, 12), (0xc0a8_0000, 16)];
        private.into_iter().filter_map(|(b, p)| Range::new(b, p)).any(|r| r.contains(self))
    }

    /// Addresses a machine may get: without the network's and the broadcast address.
    pub fn hosts(self) -> std::ops::Range<u32> {
        self.first().saturating_add(1)..self.last()
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.base), self.prefix)
    }
}

impl Serialize for Range {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Range {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Range, D::Error> {
        let text = String::deserialize(d)?;
        Range::parse(&text).ok_or_else(|| serde::de::Error::custom("not an IPv4 range"))
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

fn parse_prefix(text: &str, max: u8) -> Option<u8> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().filter(|p| *p <= max)
}

/// Why a firewall's CIDR block is not acceptable; `None` when it is.
pub fn block_problem(text: &str) -> Option<&'static str> {
    let Some((address, prefix)) = text.split_once('/') else {
        return Some("must be in CIDR notation");
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return Some("must be in CIDR notation");
    };
    let (bits, width): (u128, u8) = match address {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
        IpAddr::V6(v6) => (u128::from(v6), 128),
    };
    let Some(prefix) = parse_prefix(prefix, width) else {
        return Some("must be in CIDR notation");
    };
    let host_bits = u32::from(width - prefix);
    let hosts = if host_bits == 128 { u128::MAX } else { (1u128 << host_bits) - 1 };
    (bits & hosts != 0).then_some("has non-zero host bits")
}

#[cfg(test)]
mod tests {
    use super::{Range, block_problem};

    #[test]
    fn ranges_parse_strictly() {
        for good in ["10.0.0.0/8", "10.0.1.0/24", "0.0.0.0/0", "1.2.3.4/32"] {
            assert_eq!(Range::parse(good).map(|r| r.to_string()).as_deref(), Some(good));
        }
        for bad in ["10.0.0.1/24", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0/8", "::/0", "/", ""] {
            assert_eq!(Range::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn private_is_rfc_1918_only() {
        let private = |t: &str| Range::parse(t).is_some_and(Range::is_private);
        assert!(private("10.0.0.0/8") && private("172.16.0.0/12") && private("192.168.7.0/24"));
        assert!(!private("172.32.0.0/16") && !private("8.0.0.0/8") && !private("0.0.0.0/0"));
    }

    #[test]
    fn firewall_blocks_have_empty_host_bits() {
        assert_eq!(block_problem("0.0.0.0/0"), None);
        assert_eq!(block_problem("::/0"), None);
        assert_eq!(block_problem("2001:db8::1/128"), None);
        assert_eq!(block_problem("10.0.0.1/24"), Some("has non-zero host bits"));
        assert_eq!(block_problem("2001:db8::1/64"), Some("has non-zero host bits"));
        assert_eq!(block_problem("nonsense"), Some("must be in CIDR notation"));
    }
}
