//! Look: the cluster's objects by their labels, and those that lost their labels by their IDs.

use std::collections::{BTreeMap, BTreeSet};

use provider_cluster::{
    Firewall, ImageReference, Images, Key, LABEL_CLUSTER, LABEL_MANAGED_BY, LABEL_NUMBER, LABEL_ROLE,
    LABEL_USER_DATA, MANAGED_BY, Machine, MachineState, Network, Observed, PlacementGroup, Rule, Subnet,
};
use provider_hcloud::{
    Architecture, Client, Direction, Error, Image, ImageFilter, ImageStatus, ImageType, Selector, Server,
    ServerStatus,
};

/// Objects of a kind that are looked up one by one because they vanished from the lists; for more, the project's whole list
/// is cheaper: fifty objects a request.
const LOOKUPS_MAX: usize = 5;

/// Looks at a cluster. `known` is what was seen last time: an object of it that the lists lack was deleted or relabelled.
///
/// # Errors
/// Why the API could not be read.
pub async fn observe(
    client: &Client,
    cluster: &str,
    image: Option<&ImageReference>,
    known: &Observed,
) -> Result<Observed, Error> {
    let selector = selector(cluster)?;
    let some = Some(&selector);
    let (servers, firewalls, networks, groups, keys, images) = futures::try_join!(
        client.servers(some),
        client.firewalls(some),
        client.networks(some),
        client.placement_groups(some),
        client.ssh_keys(None),
        look_up_image(client, image),
    )?;
    let mut observed = Observed {
        machines: servers.iter().map(machine).collect(),
        firewalls: firewalls.into_iter().map(firewall).collect(),
        networks: networks.into_iter().map(network).collect(),
        groups: groups.into_iter().map(|g| (g.name, PlacementGroup { id: g.id, labels: g.labels })).collect(),
        keys: keys
            .into_iter()
            .map(|key| {
                let ours = key.labels.get(LABEL_CLUSTER).is_some_and(|name| name == cluster)
                    && key.labels.get(LABEL_MANAGED_BY).is_some_and(|by| by == MANAGED_BY);
                Key { id: key.id, name: key.name, fingerprint: key.fingerprint, ours }
            })
            .collect(),
        images,
    };
    look_for_strays(client, cluster, &mut observed, known).await?;
    observed.machines.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(observed)
}

/// What all objects of a cluster have.
fn selector(cluster: &str) -> Result<Selector, Error> {
    Selector::new()
        .equals(LABEL_MANAGED_BY, MANAGED_BY)
        .and_then(|selector| selector.equals(LABEL_CLUSTER, cluster))
        .map_err(|invalid| Error::input("look at the cluster", invalid.to_string()))
}

/// Objects that were there last time and are not in the lists: gone, or without their labels.
async fn look_for_strays(
    client: &Client,
    cluster: &str,
    observed: &mut Observed,
    known: &Observed,
) -> Result<(), Error> {
    stray_machines(client, cluster, observed, known).await?;
    for (name, old) in &known.firewalls {
        if observed.firewalls.contains_key(name) {
            continue;
        }
        if let Some(found) = there(client.firewall(old.id).await)? {
            observed.firewalls.insert(name.clone(), firewall(found).1);
        }
    }
    for (name, old) in &known.networks {
        if observed.networks.contains_key(name) {
            continue;
        }
        if let Some(found) = there(client.network(old.id).await)? {
            observed.networks.insert(name.clone(), network(found).1);
        }
    }
    let missing: Vec<_> =
        known.groups.iter().filter(|(name, _)| !observed.groups.contains_key(*name)).collect();
    let found = if missing.len() > LOOKUPS_MAX {
        client.placement_groups(None).await?
    } else {
        let mut found = Vec::new();
        for (_, old) in &missing {
            found.extend(there(client.placement_group(old.id).await)?);
        }
        found
    };
    for (name, old) in missing {
        if let Some(found) = found.iter().find(|found| found.id == old.id) {
            let group = PlacementGroup { id: found.id, labels: found.labels.clone() };
            observed.groups.insert(name.clone(), group);
        }
    }
    Ok(())
}

async fn stray_machines(
    client: &Client,
    cluster: &str,
    observed: &mut Observed,
    known: &Observed,
) -> Result<(), Error> {
    let seen: BTreeSet<_> = observed.machines.iter().map(|machine| machine.id).collect();
    let missing: BTreeMap<_, _> = known
        .machines
        .iter()
        .filter(|machine| !seen.contains(&machine.id))
        .map(|machine| (machine.id, machine))
        .collect();
    let servers = if missing.len() > LOOKUPS_MAX {
        client.servers(None).await?
    } else {
        let mut found = Vec::new();
        for id in missing.keys() {
            found.extend(there(client.server(*id).await)?);
        }
        found
    };
    for server in servers {
        let Some(machine) = missing.get(&server.id) else { continue };
        let mut found = self::machine(&server);
        // Without labels and name it is still the one with this ID: it keeps its place in the cluster, and its user data.
        let lost: &[&str] = match found.identity(cluster) {
            None => &[LABEL_ROLE, LABEL_NUMBER, LABEL_USER_DATA],
            Some(_) => &[LABEL_USER_DATA],
        };
        for key in lost {
            if let (false, Some(value)) = (found.labels.contains_key(*key), machine.labels.get(*key)) {
                found.labels.insert((*key).to_owned(), value.clone());
            }
        }
        observed.machines.push(found);
    }
    Ok(())
}

fn there<T>(looked: Result<T, Error>) -> Result<Option<T>, Error> {
    match looked {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn machine(server: &Server) -> Machine {
    let state = match &server.status {
        ServerStatus::Running | ServerStatus::Starting => MachineState::Running,
        ServerStatus::Off | ServerStatus::Stopping => MachineState::Off,
        ServerStatus::Deleting => MachineState::Deleting,
        _ => MachineState::Busy,
    };
    let public = &server.public_net;
    Machine {
        id: server.id,
        name: server.name.clone(),
        server_type: server.server_type.as_ref().map(|t| t.name.clone()).unwrap_or_default(),
        location: server.location.as_ref().map(|l| l.name.clone()).unwrap_or_default(),
        state,
        disk_gb: server.primary_disk_size,
        image: server.image.as_ref().map(|image| image.id),
        labels: server.labels.clone(),
        firewalls: public.firewalls.iter().map(|(id, _)| *id).collect(),
        networks: server.private_net.iter().map(|net| (net.network, net.ip.clone())).collect(),
        group: server.placement_group,
        ipv4: public.ipv4.as_ref().map(|ip| ip.ip.clone()).filter(|ip| !ip.is_empty()),
        ipv6: public.ipv6.as_ref().map(|ip| ip.ip.clone()).filter(|ip| !ip.is_empty()),
        protected: server.protection.delete,
    }
}

fn firewall(firewall: provider_hcloud::Firewall) -> (String, Firewall) {
    let mut rules: Vec<Rule> = firewall.rules.iter().map(rule).collect();
    rules.sort();
    (firewall.name, Firewall { id: firewall.id, labels: firewall.labels, rules })
}

/// We make rules inwards only; one outwards was made by somebody else and must show as a difference.
fn rule(rule: &provider_hcloud::Rule) -> Rule {
    let outwards = rule.direction == Direction::Out;
    let mut sources = if outwards { rule.destination_ips.clone() } else { rule.source_ips.clone() };
    sources.sort();
    let protocol = rule.protocol.as_str();
    Rule {
        protocol: if outwards { format!("outwards {protocol}") } else { protocol.to_owned() },
        port: rule.port.clone(),
        sources,
        description: rule.description.clone().unwrap_or_default(),
    }
}

fn network(network: provider_hcloud::Network) -> (String, Network) {
    let mut subnets: Vec<Subnet> = network
        .subnets
        .into_iter()
        .map(|subnet| Subnet { zone: subnet.network_zone, range: subnet.ip_range.unwrap_or_default() })
        .collect();
    subnets.sort();
    (network.name, Network { id: network.id, range: network.ip_range, subnets, labels: network.labels })
}

/// What a reference stands for, per architecture; one request.
async fn look_up_image(client: &Client, reference: Option<&ImageReference>) -> Result<Option<Images>, Error> {
    let Some(reference) = reference else { return Ok(None) };
    let found: Vec<Image> = match reference {
        ImageReference::Id(id) => there(client.image(*id).await)?.into_iter().collect(),
        ImageReference::Name(name) => {
            // Deprecated ones too: a show must not fail because its image got old.
            let filter =
                ImageFilter { name: Some(name.clone()), include_deprecated: true, ..ImageFilter::default() };
            client.images(&filter).await?
        }
        ImageReference::Selector(selector) => {
            let filter = ImageFilter {
                kind: Some(ImageType::Snapshot),
                selector: Some(Selector::raw(selector)),
                include_deprecated: true,
                ..ImageFilter::default()
            };
            client.images(&filter).await?
        }
    };
    let usable =
        |image: &&Image| image.status != ImageStatus::Unavailable && image.status != ImageStatus::Creating;
    let newest = |architecture: &Architecture| {
        let of_it = found.iter().filter(usable).filter(|image| image.architecture == *architecture);
        of_it.max_by_key(|image| (image.created, image.id)).map(|image| image.id)
    };
    Ok(Some(Images {
        reference: reference.clone(),
        x86: newest(&Architecture::X86),
        arm: newest(&Architecture::Arm),
    }))
}
