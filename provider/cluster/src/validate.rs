//! Whether a wish makes sense, before anything is planned: all mistakes at once, each with its field.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::catalogue::Catalogue;
use crate::desired::{Desired, KeyReference, Role};
use crate::name::{CORE_MACHINES_MAX, MEMORY_LABEL, PER_GROUP, RESERVED};
use crate::problem::Problem;
use crate::{Access, Group};

/// Longest cluster name: `NAME-origin-99999` must fit into the 63 characters of a host name.
const NAME_CHARS_MAX: usize = 50;

/// Placement groups of a project (API limit).
const GROUPS_MAX: u32 = 50;

/// Machines of a role: far beyond any account, a bound against a slip of the finger.
const MACHINES_MAX: u32 = 5000;

/// CIDRs in one firewall rule (API limit).
const CIDRS_MAX: usize = 100;

/// Checks a wish. With an empty catalogue (not read yet) types and locations go unchecked.
#[must_use]
pub fn validate(desired: &Desired, catalogue: &Catalogue) -> Vec<Problem> {
    let mut problems = Vec::new();
    name(&desired.name, &mut problems);
    for role in Role::ALL {
        if let Some(group) = desired.groups.get(&role) {
            self::group(role, group, catalogue, &mut problems);
        }
    }
    whole(desired, &mut problems);
    access(&desired.access, &mut problems);
    labels(desired, &mut problems);
    keys(desired, &mut problems);
    if let Some(network) = &desired.network {
        let private = match network.base {
            (10, _) | (192, 168) => true,
            (172, second) => (16..32).contains(&second),
            _ => false,
        };
        if !private {
            let (a, b) = network.base;
            problems.push(Problem::error(
                "network.ip_range",
                format!("{a}.{b}.0.0/16 is not a private range"),
                "use a /16 of 10.0.0.0/8 or 172.16.0.0/12, or 192.168.0.0/16",
            ));
        }
    }
    if desired.rollout.max_unavailable.is_zero() {
        problems.push(Problem::error("rollout.max_unavailable", "0 machines may be down", "use at least 1"));
    }
    if desired.rollout.max_parallel == 0 {
        problems.push(Problem::error("rollout.max_parallel", "nothing may run at once", "use at least 1"));
    }
    problems
}

fn name(name: &str, problems: &mut Vec<Problem>) {
    let bytes = name.as_bytes();
    let word = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let edges = bytes.first().is_some_and(|b| b.is_ascii_lowercase()) && bytes.last().is_some_and(word);
    if !edges || !bytes.iter().all(|byte| word(byte) || *byte == b'-') || name.len() > NAME_CHARS_MAX {
        problems.push(Problem::error(
            "name",
            format!("{name:?} cannot begin the names of machines"),
            format!(
                "use 1 to {NAME_CHARS_MAX} lower-case letters, digits and hyphens; begin with a letter, end with a letter or digit"
            ),
        ));
    }
}

fn group(role: Role, group: &Group, catalogue: &Catalogue, problems: &mut Vec<Problem>) {
    let field = role.as_str();
    if group.count > MACHINES_MAX {
        problems.push(Problem::error(
            format!("{field}.count"),
            format!("{} machines", group.count),
            format!("a role can have at most {MACHINES_MAX}"),
        ));
    }
    if group.count == 0 {
        return;
    }
    for (list, of) in [(&group.server_types, "server_types"), (&group.locations, "locations")] {
        if list.is_empty() {
            problems.push(Problem::error(
                format!("{field}.{of}"),
                "is empty",
                "name at least one, the preferred one first",
            ));
        }
        let mut seen = BTreeSet::new();
        for (at, word) in list.iter().enumerate().filter(|(_, word)| !seen.insert(*word)) {
            let field = format!("{field}.{of}[{at}]");
            problems.push(Problem::error(field, format!("{word:?} is there twice"), "name each once"));
        }
    }
    if catalogue.types.is_empty() {
        return;
    }
    known(
        &format!("{field}.server_types"),
        &group.server_types,
        "server type",
        catalogue.types.keys(),
        problems,
    );
    known(&format!("{field}.locations"), &group.locations, "location", catalogue.zones.keys(), problems);
    for (at, server_type) in group.server_types.iter().enumerate() {
        let Some(offer) = catalogue.types.get(server_type) else { continue };
        let sold: Vec<_> = group.locations.iter().filter(|l| offer.places.contains_key(*l)).collect();
        let field = format!("{field}.server_types[{at}]");
        if sold.is_empty() && group.locations.iter().all(|l| catalogue.zones.contains_key(l)) {
            let places: Vec<&str> = offer.places.keys().map(String::as_str).collect();
            problems.push(Problem::error(
                field,
                format!("{server_type} is not sold in {}", group.locations.join(", ")),
                format!("it is sold in {}", places.join(", ")),
            ));
        } else if !sold.is_empty() && sold.iter().all(|l| offer.places[*l].available == Some(false)) {
            problems.push(Problem::warning(
                field,
                format!("{server_type} cannot be ordered in {} right now", group.locations.join(", ")),
                "the next type of the list will be tried first; stock changes from hour to hour",
            ));
        }
    }
}

fn known<'a>(
    field: &str,
    words: &[String],
    what: &str,
    all: impl Iterator<Item = &'a String> + Clone,
    problems: &mut Vec<Problem>,
) {
    for (at, word) in words.iter().enumerate() {
        if !all.clone().any(|known| known == word) {
            let help = match Catalogue::nearest(word, all.clone()) {
                Some(near) => format!("did you mean {near}?"),
                None => {
                    format!("known are {}", all.clone().map(String::as_str).collect::<Vec<_>>().join(", "))
                }
            };
            problems.push(Problem::error(
                format!("{field}[{at}]"),
                format!("there is no {what} {word:?}"),
                help,
            ));
        }
    }
}

fn whole(desired: &Desired, problems: &mut Vec<Problem>) {
    let count = |role| desired.count(role);
    if desired.live && count(Role::Edge) + count(Role::Relay) > 0 && count(Role::Origin) == 0 {
        problems.push(Problem::error(
            "origin.count",
            "there are edges or relays, and no origin that they could pull from",
            "set it to 1 or more; 2 survive the loss of one",
        ));
    }
    let core = count(Role::Origin).saturating_add(count(Role::Relay));
    if desired.network.is_some() && core > CORE_MACHINES_MAX {
        problems.push(Problem::error(
            "network",
            format!("{core} origins and relays do not fit into one network"),
            format!("at most {CORE_MACHINES_MAX} do; use larger relays, or no private network"),
        ));
    }
    let groups: u32 = Role::ALL.into_iter().map(|role| count(role).div_ceil(PER_GROUP)).sum();
    if desired.spread && groups > GROUPS_MAX {
        problems.push(Problem::warning(
            "spread",
            format!("{groups} placement groups are needed, and a project has at most {GROUPS_MAX}"),
            format!(
                "the first {} machines are spread, the others stand wherever Hetzner puts them",
                GROUPS_MAX * PER_GROUP
            ),
        ));
    }
}

fn access(access: &Access, problems: &mut Vec<Problem>) {
    for (list, field) in [
        (&access.ssh_from, "access.ssh_from"),
        (&access.ingest_from, "access.ingest_from"),
        (&access.pull_from, "access.pull_from"),
        (&access.viewers_from, "access.viewers_from"),
    ] {
        if list.len() > CIDRS_MAX {
            let help = format!("a firewall rule holds at most {CIDRS_MAX}");
            problems.push(Problem::error(field, format!("{} ranges", list.len()), help));
        }
        for (at, range) in list.iter().enumerate() {
            if let Err(why) = check_cidr(range) {
                problems.push(Problem::error(
                    format!("{field}[{at}]"),
                    format!("{range:?} {why}"),
                    "write a range such as 203.0.113.0/24, 198.51.100.7/32 or 2001:db8::/64",
                ));
            }
        }
    }
    for (list, field) in [
        (&access.ingest_ports, "access.ingest_ports"),
        (&access.pull_ports, "access.pull_ports"),
        (&access.viewer_ports, "access.viewer_ports"),
    ] {
        for (at, port) in list.iter().enumerate().filter(|(_, port)| split_port(port).is_none()) {
            problems.push(Problem::error(
                format!("{field}[{at}]"),
                format!("{port:?} is no port"),
                "write tcp/1935, udp/4444 or tcp/8000-8100",
            ));
        }
    }
}

/// Splits `tcp/8000-8100` into protocol and port.
pub(crate) fn split_port(text: &str) -> Option<(&str, &str)> {
    let (protocol, port) = text.split_once('/')?;
    if !matches!(protocol, "tcp" | "udp") {
        return None;
    }
    let number = |text: &str| -> Option<u16> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        digits.then(|| text.parse().ok())?
    };
    match port.split_once('-') {
        None => number(port).map(|_| (protocol, port)),
        Some((low, high)) => (number(low)? < number(high)?).then_some((protocol, port)),
    }
}

/// Checks a range as Hetzner does: a prefix is needed, and bits beyond it must be zero.
fn check_cidr(text: &str) -> Result<(), &'static str> {
    let (address, prefix) = text.split_once('/').ok_or("has no prefix length")?;
    let address: IpAddr = address.parse().map_err(|_| "is no address")?;
    let prefix: u32 = prefix.parse().map_err(|_| "has a prefix length that is no number")?;
    let (bits, width) = match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    };
    if prefix > width {
        return Err("has a prefix length that is too long");
    }
    let host_bits = width - prefix;
    let mask = if host_bits == 128 { u128::MAX } else { (1_u128 << host_bits) - 1 };
    if bits & mask == 0 { Ok(()) } else { Err("has bits set beyond its prefix") }
}

fn labels(desired: &Desired, problems: &mut Vec<Problem>) {
    let word = |text: &str| {
        let bytes = text.as_bytes();
        bytes.first().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    for (key, value) in &desired.labels {
        let field = format!("labels[{key:?}]");
        let (prefix, short) = key.split_once('/').map_or((None, key.as_str()), |(p, s)| (Some(p), s));
        if RESERVED.contains(&key.as_str()) || key.starts_with(MEMORY_LABEL) {
            problems.push(Problem::error(field, "this label is the provider's own", "choose another key"));
        } else if !word(short) || short.len() > 63 || prefix.is_some_and(|p| !word(p) || p.len() > 253) {
            let help = "1 to 63 letters, digits, - _ . with a letter or digit at both ends, after an optional DNS prefix and slash";
            problems.push(Problem::error(field, "the key can be no label", help));
        } else if prefix.is_some_and(|p| p == "hetzner.cloud" || p.ends_with(".hetzner.cloud")) {
            problems.push(Problem::error(field, "the prefix is Hetzner's own", "choose another prefix"));
        } else if !value.is_empty() && (!word(value) || value.len() > 63) {
            let help = "at most 63 letters, digits, - _ . with a letter or digit at both ends, or nothing";
            problems.push(Problem::error(field, format!("the value {value:?} can be no label"), help));
        }
    }
}

fn keys(desired: &Desired, problems: &mut Vec<Problem>) {
    for (at, key) in desired.keys.iter().enumerate() {
        let field = format!("ssh.keys[{at}]");
        match key {
            KeyReference::Name(name) if name.is_empty() => {
                problems.push(Problem::error(field, "is empty", "give a key's name, ID or public key"));
            }
            KeyReference::Public { line, .. } if line.split_whitespace().count() < 2 => {
                problems.push(Problem::error(
                    field,
                    "is no public key",
                    "give the whole line, e.g. `ssh-ed25519 AAAA… me@home`",
                ));
            }
            _ => {}
        }
        if desired.keys[..at].contains(key) {
            problems.push(Problem::error(format!("ssh.keys[{at}]"), "is there twice", "name each once"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_judged_as_hetzner_judges_them() {
        for good in ["0.0.0.0/0", "::/0", "203.0.113.0/24", "198.51.100.7/32", "2001:db8::/64"] {
            assert_eq!(check_cidr(good), Ok(()), "{good}");
        }
        for bad in ["203.0.113.7", "203.0.113.7/24", "x/8", "1.2.3.4/33", "::1/64", "1.2.3.4/", "/0", ""] {
            assert!(check_cidr(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ports_have_a_protocol_and_an_order() {
        assert_eq!(split_port("tcp/80"), Some(("tcp", "80")));
        assert_eq!(split_port("udp/1000-2000"), Some(("udp", "1000-2000")));
        for bad in
            ["80", "tcp/", "tcp/0", "tcp/65536", "tcp/9-8", "icmp/1", "tcp/080", "tcp/+80", "tcp/80-80"]
        {
            assert_eq!(split_port(bad), None, "{bad}");
        }
    }
}
