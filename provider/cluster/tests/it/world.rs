//! A world in memory that does what steps say: the simplest Hetzner there can be.

use std::collections::BTreeMap;

use provider_cluster::*;
use rust_decimal::Decimal;

/// A cluster's surroundings.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub observed: Observed,
    next_id: Id,
}

/// Four types, three locations in two zones.
pub fn catalogue() -> Catalogue {
    let mut types = BTreeMap::new();
    for (id, name, cores, disk_gb, architecture, price) in [
        (108, "cpx12", 1, 40, Architecture::X86, "0.0100"),
        (109, "cpx22", 2, 80, Architecture::X86, "0.0128"),
        (110, "cpx32", 4, 160, Architecture::X86, "0.0224"),
        (45, "cax11", 2, 40, Architecture::Arm, "0.0072"),
    ] {
        let place = Place { price_hourly: price.parse().ok(), available: Some(true), ..Place::default() };
        let mut places: BTreeMap<String, Place> =
            ["fsn1", "nbg1"].into_iter().map(|name| (name.to_owned(), place.clone())).collect();
        if name != "cax11" {
            places.insert("ash".to_owned(), place);
        }
        types.insert(name.to_owned(), TypeOffer { id, cores, disk_gb, architecture, places });
    }
    let zones = [("fsn1", "eu-central"), ("nbg1", "eu-central"), ("ash", "us-east")];
    Catalogue {
        types,
        zones: zones.into_iter().map(|(l, z)| (l.to_owned(), z.to_owned())).collect(),
        currency: "EUR".to_owned(),
        ipv4_hourly: ["fsn1", "nbg1", "ash"]
            .into_iter()
            .map(|l| (l.to_owned(), Decimal::new(8, 4)))
            .collect(),
    }
}

/// A wish with one role filled in; set what matters.
pub fn desired() -> Desired {
    let everyone = vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()];
    Desired {
        name: "trivia".to_owned(),
        live: true,
        groups: BTreeMap::new(),
        image: ImageReference::Name("debian-12".to_owned()),
        keys: Vec::new(),
        access: Access {
            ssh_from: vec!["203.0.113.0/24".to_owned()],
            ingest_from: everyone.clone(),
            pull_from: Vec::new(),
            viewers_from: everyone,
            ingest_ports: vec!["tcp/1935".to_owned()],
            pull_ports: vec!["tcp/8081".to_owned()],
            viewer_ports: vec!["tcp/80".to_owned(), "tcp/443".to_owned()],
        },
        network: Some(NetworkWish { base: (10, 64) }),
        spread: true,
        labels: Labels::new(),
        protected: false,
        user_data_digest: String::new(),
        rollout: Rollout {
            max_unavailable: Unavailable::Machines(1),
            max_parallel: 10,
            on_change: OnChange::Replace,
        },
    }
}

pub fn group(count: u32, types: &[&str], locations: &[&str]) -> Group {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Group { count, server_types: owned(types), locations: owned(locations) }
}

fn image_id(reference: &ImageReference) -> Id {
    match reference {
        ImageReference::Id(id) => *id,
        ImageReference::Name(name) => 1000 + name.len() as Id,
        ImageReference::Selector(selector) => 2000 + selector.len() as Id,
    }
}

impl World {
    /// Looks the image up, as observing does.
    pub fn look(&mut self, desired: &Desired) {
        let id = image_id(&desired.image);
        self.observed.images =
            Some(Images { reference: desired.image.clone(), x86: Some(id), arm: Some(id + 500) });
    }

    fn id(&mut self) -> Id {
        self.next_id += 1;
        self.next_id
    }

    pub fn machine(&mut self, name: &str) -> &mut Machine {
        self.observed
            .machines
            .iter_mut()
            .find(|machine| machine.name == name)
            .expect("the case names a machine")
    }

    /// Carries a whole plan out.
    pub fn apply(&mut self, plan: &Plan, catalogue: &Catalogue) {
        for step in plan.steps() {
            self.step(step, catalogue);
        }
    }

    fn step(&mut self, step: &Step, catalogue: &Catalogue) {
        let id = self.id();
        let seen = &mut self.observed;
        match step {
            Step::CreateFirewall(spec) => {
                let firewall = Firewall { id, labels: spec.labels.clone(), rules: spec.rules.clone() };
                assert!(seen.firewalls.insert(spec.name.clone(), firewall).is_none(), "{} twice", spec.name);
            }
            Step::SetRules { name, rules, .. } => {
                seen.firewalls.get_mut(name).expect("planned on a firewall that exists").rules =
                    rules.clone();
            }
            Step::CreateKey { name, line, .. } => {
                let fingerprint = fingerprint(line);
                seen.keys.push(Key { id, name: name.clone(), fingerprint, ours: true });
            }
            Step::CreateNetwork(spec) => {
                let (range, subnets, labels) =
                    (spec.range.clone(), spec.subnets.clone(), spec.labels.clone());
                seen.networks.insert(spec.name.clone(), Network { id, range, subnets, labels });
            }
            Step::AddSubnet { name, subnet, .. } => {
                seen.networks.get_mut(name).expect("it exists").subnets.push(subnet.clone());
            }
            Step::CreateGroup { name, labels } => {
                seen.groups.insert(name.clone(), PlacementGroup { id, labels: labels.clone() });
            }
            Step::Relabel { kind, name, labels, .. } => match kind {
                ObjectKind::Firewall => seen.firewalls.get_mut(name).expect("exists").labels = labels.clone(),
                ObjectKind::Network => seen.networks.get_mut(name).expect("exists").labels = labels.clone(),
                ObjectKind::Group => seen.groups.get_mut(name).expect("exists").labels = labels.clone(),
                ObjectKind::Machine | ObjectKind::Key => panic!("not planned so"),
            },
            Step::CreateMachine(spec) => self.create(id, spec, catalogue),
            Step::ChangeMachine { name, id, changes } => self.change(name, *id, changes),
            Step::Delete { kind, name, id, .. } => self.delete(*kind, name, *id),
            Step::AwaitGone { id, .. } => seen.machines.retain(|machine| machine.id != *id),
        }
    }

    fn create(&mut self, id: Id, spec: &MachineSpec, catalogue: &Catalogue) {
        assert!(
            !self.observed.machines.iter().any(|machine| machine.name == spec.name),
            "{} twice",
            spec.name
        );
        let candidate = spec.candidates.first().expect("a validated wish has candidates");
        let offer = &catalogue.types[&candidate.server_type];
        let image = image_id(&spec.image) + if offer.architecture == Architecture::Arm { 500 } else { 0 };
        let network = |name: &String| self.observed.networks[name].id;
        let machine = Machine {
            id,
            name: spec.name.clone(),
            server_type: candidate.server_type.clone(),
            location: candidate.location.clone(),
            state: MachineState::Running,
            disk_gb: None,
            image: Some(image),
            labels: spec.labels.clone(),
            firewalls: spec.firewalls.iter().map(|name| self.observed.firewalls[name].id).collect(),
            networks: spec.network.iter().map(|name| (network(name), format!("10.64.0.{id}"))).collect(),
            group: spec.group.as_ref().map(|name| self.observed.groups[name].id),
            ipv4: Some(format!("203.0.113.{}", id % 250)),
            ipv6: None,
            protected: spec.protected,
        };
        self.observed.machines.push(machine);
    }

    fn change(&mut self, name: &str, id: Id, changes: &[Change]) {
        let firewalls = self.observed.firewalls.clone();
        let networks = self.observed.networks.clone();
        let groups = self.observed.groups.clone();
        let machine = self.observed.machines.iter_mut().find(|machine| machine.id == id).expect("it exists");
        for change in changes {
            match change {
                Change::PowerOn => machine.state = MachineState::Running,
                Change::Rename => machine.name = name.to_owned(),
                Change::Relabel(labels) => machine.labels = labels.clone(),
                Change::Guard(firewall) => machine.firewalls.push(firewalls[firewall].id),
                Change::Attach(network) => {
                    machine.networks.insert(networks[network].id, "10.64.0.9".to_owned());
                }
                Change::Detach(network) => {
                    machine.networks.remove(network).expect("it is attached");
                }
                Change::Protect(protected) => machine.protected = *protected,
                Change::JoinGroup(group) => {
                    machine.group = Some(groups[group].id);
                    machine.state = MachineState::Running;
                }
                Change::Retype(types) => {
                    machine.server_type = types.first().expect("a type that fits").clone();
                    machine.state = MachineState::Running;
                }
                Change::Rebuild(image, labels) => {
                    machine.image = Some(image_id(image));
                    machine.labels = labels.clone();
                    machine.state = MachineState::Running;
                }
            }
        }
    }

    fn delete(&mut self, kind: ObjectKind, name: &str, id: Id) {
        let seen = &mut self.observed;
        match kind {
            ObjectKind::Machine => seen.machines.retain(|machine| machine.id != id),
            ObjectKind::Firewall => {
                assert!(
                    !seen.machines.iter().any(|m| m.firewalls.contains(&id)),
                    "firewall {name} is in use"
                );
                seen.firewalls.remove(name);
            }
            ObjectKind::Network => {
                assert!(
                    !seen.machines.iter().any(|m| m.networks.contains_key(&id)),
                    "network {name} is in use"
                );
                seen.networks.remove(name);
            }
            ObjectKind::Group => {
                seen.groups.remove(name);
            }
            ObjectKind::Key => seen.keys.retain(|key| key.id != id),
        }
    }
}

/// Stands for MD5: equal lines, equal fingerprints.
pub fn fingerprint(line: &str) -> String {
    line.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}
