//! What machines share: firewalls, keys, networks, placement groups.

use std::collections::{BTreeMap, BTreeSet};

use crate::Labels;
use crate::catalogue::Catalogue;
use crate::desired::{Access, Desired, KeyReference, NetworkWish, Role};
use crate::name::{MEMORY_LABEL, Names, shared_labels};
use crate::observed::{Observed, Subnet};
use crate::problem::Problem;
use crate::step::{FirewallSpec, NetworkSpec, ObjectKind, Rule, Step};
use crate::validate::split_port;

/// Label keys on the anchor that whoever applies a plan writes: whose the cluster is, and until when it is being built.
const LEASE_LABELS: &[&str] = &["owner", "lease", "phase"];

/// Placement groups of a project (API limit).
const GROUPS_MAX: usize = 50;

/// The step that makes or mends the anchor.
pub(super) fn anchor(desired: &Desired, observed: &Observed) -> Vec<Step> {
    let name = Names::new(&desired.name).anchor();
    firewall(
        FirewallSpec { name, rules: common_rules(&desired.access), labels: shared_labels(desired) },
        observed,
    )
}

/// The steps for all other shared objects.
pub(super) fn objects(desired: &Desired, observed: &Observed, catalogue: &Catalogue) -> Vec<Step> {
    let names = Names::new(&desired.name);
    let mut steps = Vec::new();
    for role in Role::ALL.into_iter().filter(|role| desired.count(*role) > 0) {
        let rules = role_rules(&desired.access, role);
        let spec = FirewallSpec { name: names.firewall(role), rules, labels: shared_labels(desired) };
        steps.extend(firewall(spec, observed));
    }
    steps.extend(keys(desired, observed));
    steps.extend(networks(desired, observed, catalogue));
    steps.extend(groups(desired, observed));
    steps
}

fn firewall(spec: FirewallSpec, observed: &Observed) -> Vec<Step> {
    let Some(found) = observed.firewalls.get(&spec.name) else { return vec![Step::CreateFirewall(spec)] };
    let mut steps = Vec::new();
    if found.rules != spec.rules {
        steps.push(Step::SetRules { name: spec.name.clone(), id: found.id, rules: spec.rules });
    }
    steps.extend(relabel(ObjectKind::Firewall, &spec.name, found.id, &found.labels, &spec.labels));
    steps
}

/// Labels are set whole; the lease on the anchor is not the planner's business and stays.
fn relabel(kind: ObjectKind, name: &str, id: crate::Id, found: &Labels, wanted: &Labels) -> Option<Step> {
    let mut labels = wanted.clone();
    let kept = |key: &str| LEASE_LABELS.contains(&key) || key.starts_with(MEMORY_LABEL);
    labels.extend(found.iter().filter(|(key, _)| kept(key)).map(|(key, value)| (key.clone(), value.clone())));
    (labels != *found).then(|| Step::Relabel { kind, name: name.to_owned(), id, labels })
}

fn common_rules(access: &Access) -> Vec<Rule> {
    let ping = Rule {
        protocol: "icmp".to_owned(),
        port: None,
        sources: vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()],
        description: "ping, path MTU".to_owned(),
    };
    let mut rules = vec![ping];
    rules.extend(rule("tcp/22", &access.ssh_from, "SSH"));
    rules.sort();
    rules
}

fn role_rules(access: &Access, role: Role) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut open = |ports: &[String], from: &[String], what: &str| {
        rules.extend(ports.iter().filter_map(|port| rule(port, from, what)));
    };
    match role {
        Role::Origin => {
            open(&access.ingest_ports, &access.ingest_from, "ingest");
            open(&access.pull_ports, &access.pull_from, "pull");
        }
        Role::Relay => open(&access.pull_ports, &access.pull_from, "pull"),
        Role::Edge => open(&access.viewer_ports, &access.viewers_from, "viewers"),
    }
    rules.sort();
    rules.dedup();
    rules
}

/// A rule for a port, unless nobody may use it.
fn rule(port: &str, from: &[String], what: &str) -> Option<Rule> {
    let (protocol, port) = split_port(port)?;
    let sources: Vec<String> = from.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    (!sources.is_empty()).then(|| Rule {
        protocol: protocol.to_owned(),
        port: Some(port.to_owned()),
        sources,
        description: what.to_owned(),
    })
}

fn keys(desired: &Desired, observed: &Observed) -> Vec<Step> {
    let names = Names::new(&desired.name);
    desired
        .keys
        .iter()
        .filter_map(|key| match key {
            KeyReference::Public { line, fingerprint }
                if !observed.keys.iter().any(|found| found.fingerprint == *fingerprint) =>
            {
                let labels = shared_labels(desired);
                Some(Step::CreateKey { name: names.key(fingerprint), line: line.clone(), labels })
            }
            _ => None,
        })
        .collect()
}

/// Keys that are named and not there. Without a look at the keys nothing can be said.
pub(super) fn key_problems(desired: &Desired, observed: &Observed) -> Vec<Problem> {
    if observed.images.is_none() {
        return Vec::new();
    }
    let help = "upload it first, or give the public key itself";
    let missing = |at: usize, what: String| {
        Problem::error(format!("ssh.keys[{at}]"), format!("the project has no SSH key {what}"), help)
    };
    desired
        .keys
        .iter()
        .enumerate()
        .filter_map(|(at, key)| match key {
            KeyReference::Name(name) if !observed.keys.iter().any(|found| found.name == *name) => {
                Some(missing(at, format!("{name:?}")))
            }
            KeyReference::Id(id) if !observed.keys.iter().any(|found| found.id == *id) => {
                Some(missing(at, id.to_string()))
            }
            _ => None,
        })
        .collect()
}

/// The networks that the cluster needs at its full size, by shard.
pub(super) fn shards(desired: &Desired) -> BTreeSet<u32> {
    if desired.network.is_none() {
        return BTreeSet::new();
    }
    let slots =
        Role::ALL.into_iter().flat_map(|role| (1..=desired.count(role)).map(move |number| (role, number)));
    slots.map(|(role, number)| Names::shard_of(role, number)).collect()
}

/// Zones that the cluster's locations lie in.
fn zones(desired: &Desired, catalogue: &Catalogue) -> BTreeSet<String> {
    let locations =
        desired.groups.values().filter(|group| group.count > 0).flat_map(|group| &group.locations);
    locations.filter_map(|location| catalogue.zones.get(location)).cloned().collect()
}

/// A shard is a /22: four /24 subnets, one for each network zone it may need.
fn shard_range(wish: &NetworkWish, shard: u32) -> String {
    let (a, b) = wish.base;
    format!("{a}.{b}.{}.0/22", (shard - 1) * 4 % 256)
}

/// Zones in the order in which they take their /24; fixed, so that a new zone moves no other.
const ZONES: [&str; 4] = ["eu-central", "us-east", "us-west", "ap-southeast"];

fn subnet(wish: &NetworkWish, shard: u32, zone: &str, taken: &BTreeMap<String, String>) -> Option<Subnet> {
    let (a, b) = wish.base;
    let range = |at: u32| format!("{a}.{b}.{}.0/24", ((shard - 1) * 4 + at) % 256);
    let fixed =
        ZONES.iter().position(|known| *known == zone).and_then(|at| u32::try_from(at).ok()).map(range);
    let free = || (0..4).map(range).rev().find(|range| !taken.contains_key(range));
    let range = fixed.filter(|range| !taken.contains_key(range)).or_else(free)?;
    Some(Subnet { zone: zone.to_owned(), range })
}

fn networks(desired: &Desired, observed: &Observed, catalogue: &Catalogue) -> Vec<Step> {
    let Some(wish) = &desired.network else { return Vec::new() };
    let names = Names::new(&desired.name);
    let zones = zones(desired, catalogue);
    let mut steps = Vec::new();
    for shard in shards(desired) {
        let name = names.network(shard);
        let found = observed.networks.get(&name);
        let mut taken: BTreeMap<String, String> = found
            .map(|network| network.subnets.iter().map(|s| (s.range.clone(), s.zone.clone())).collect())
            .unwrap_or_default();
        let mut missing = Vec::new();
        for zone in &zones {
            if !taken.values().any(|there| there == zone)
                && let Some(subnet) = subnet(wish, shard, zone, &taken)
            {
                taken.insert(subnet.range.clone(), zone.clone());
                missing.push(subnet);
            }
        }
        match found {
            None => steps.push(Step::CreateNetwork(NetworkSpec {
                name,
                range: shard_range(wish, shard),
                subnets: missing,
                labels: shared_labels(desired),
            })),
            Some(network) => {
                let id = network.id;
                steps.extend(missing.into_iter().map(|subnet| Step::AddSubnet {
                    name: name.clone(),
                    id,
                    subnet,
                }));
                steps.extend(relabel(
                    ObjectKind::Network,
                    &name,
                    id,
                    &network.labels,
                    &shared_labels(desired),
                ));
            }
        }
    }
    steps
}

/// The placement groups that the cluster needs at its full size; origins' come first when there are too many.
pub(super) fn group_names(desired: &Desired) -> BTreeSet<String> {
    if !desired.spread {
        return BTreeSet::new();
    }
    let names = Names::new(&desired.name);
    let mut all = Vec::new();
    for role in Role::ALL {
        let groups = desired.count(role).div_ceil(crate::name::PER_GROUP);
        all.extend((1..=groups).map(|index| names.group(role, index)));
    }
    all.into_iter().take(GROUPS_MAX).collect()
}

fn groups(desired: &Desired, observed: &Observed) -> Vec<Step> {
    let wanted = shared_labels(desired);
    group_names(desired)
        .into_iter()
        .filter_map(|name| match observed.groups.get(&name) {
            None => Some(Step::CreateGroup { name, labels: wanted.clone() }),
            Some(found) => relabel(ObjectKind::Group, &name, found.id, &found.labels, &wanted),
        })
        .collect()
}
