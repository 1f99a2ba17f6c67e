//! Firewall rules and the checks on them.
use crate::body::Body;
use crate::cidr::block_problem;
use serde::{Deserialize, Serialize};

/// Rules of one firewall.
pub const RULES_MAX: usize = 50;
/// CIDR blocks of one rule.
const BLOCKS_MAX: usize = 100;
/// Longest description.
const DESCRIPTION_MAX: usize = 255;

/// A rule; every key is always shown, as clients need them all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub description: Option<String>,
    pub direction: String,
    pub source_ips: Vec<String>,
    pub destination_ips: Vec<String>,
    pub protocol: String,
    pub port: Option<String>,
}

/// Reads the rules of a request; `None` when there are none in it.
pub fn read(body: &mut Body, required: bool) -> Option<Vec<Rule>> {
    let entries = if required { Some(body.need_objects("rules")) } else { body.objects("rules") };
    let entries = entries?;
    if entries.len() > RULES_MAX {
        body.problem("rules", &format!("a firewall can have {RULES_MAX} rules at most"));
    }
    let mut rules = Vec::new();
    for mut entry in entries {
        rules.push(read_one(&mut entry));
        body.absorb(entry);
    }
    Some(rules)
}

fn read_one(body: &mut Body) -> Rule {
    let direction = body.need_choice("direction", &["in", "out"]);
    let protocol = body.need_choice("protocol", &["tcp", "udp", "icmp", "esp", "gre"]);
    let description = body.text("description");
    if description.as_ref().is_some_and(|d| d.chars().count() > DESCRIPTION_MAX) {
        body.problem("description", &format!("is too long, the maximum is {DESCRIPTION_MAX} characters"));
    }
    let port = body.text("port");
    let has_ports = matches!(protocol, "tcp" | "udp");
    match &port {
        None if has_ports => body.problem("port", "missing data for required field"),
        Some(_) if !has_ports => body.problem("port", "is only allowed for protocols tcp and udp"),
        Some(text) if !is_port_range(text) => body.problem("port", "must be a port or a range of ports"),
        _ => {}
    }
    let source_ips = read_blocks(body, "source_ips", direction == "in");
    let destination_ips = read_blocks(body, "destination_ips", direction == "out");
    Rule {
        description,
        direction: direction.to_owned(),
        source_ips,
        destination_ips,
        protocol: protocol.to_owned(),
        port,
    }
}

fn read_blocks(body: &mut Body, key: &str, wanted: bool) -> Vec<String> {
    let blocks = body.texts(key).unwrap_or_default();
    if wanted && blocks.is_empty() {
        body.problem(key, "must contain at least one CIDR block for this direction");
    } else if !wanted && !blocks.is_empty() {
        body.problem(key, "must be empty for this direction");
    } else if blocks.len() > BLOCKS_MAX {
        body.problem(key, &format!("must contain at most {BLOCKS_MAX} CIDR blocks"));
    }
    if let Some(problem) = blocks.iter().find_map(|b| block_problem(b)) {
        body.problem(key, problem);
    }
    blocks
}

fn is_port_range(text: &str) -> bool {
    let port = |t: &str| {
        t.bytes().all(|b| b.is_ascii_digit()).then(|| t.parse::<u16>().ok()).flatten().filter(|p| *p > 0)
    };
    match text.split_once('-') {
        None => port(text).is_some(),
        Some((from, to)) => matches!((port(from), port(to)), (Some(a), Some(b)) if a <= b),
    }
}

#[cfg(test)]
mod tests {
    use super::is_port_range;

    #[test]
    fn ports_and_ranges() {
        for good in ["1", "80", "65535", "1024-5000", "80-80"] {
            assert!(is_port_range(good), "{good}");
        }
        for bad in ["", "0", "65536", "-1", "80-", "90-80", "any", "1-2-3", "+80", " 80"] {
            assert!(!is_port_range(bad), "{bad}");
        }
    }
}
