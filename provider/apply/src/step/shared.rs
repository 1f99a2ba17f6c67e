//! Firewalls, keys, networks, placement groups.

use provider_cluster::{FirewallSpec, Id, Key, Labels, Names, NetworkSpec, ObjectKind, Rule, Subnet};
use provider_hcloud::{
    Direction, Error, FirewallProtocol, NewFirewall, NewNetwork, NewPlacementGroup, NewSshKey, SubnetType,
};

use crate::execute::Run;
use crate::failure::Failure;

fn rules(rules: &[Rule]) -> Vec<provider_hcloud::Rule> {
    let inwards = |rule: &Rule| provider_hcloud::Rule {
        direction: Direction::In,
        protocol: FirewallProtocol::from(rule.protocol.as_str()),
        port: rule.port.clone(),
        source_ips: rule.sources.clone(),
        destination_ips: Vec::new(),
        description: Some(rule.description.clone()),
    };
    rules.iter().map(inwards).collect()
}

fn failed<'a>(line: &'a str, name: &'a str, field: Option<&'a str>) -> impl Fn(Error) -> Failure + 'a {
    move |error| {
        let failure = Failure::from_error(line, name, None, &error);
        match (field, &failure.field) {
            (Some(field), None) => failure.at(field),
            _ => failure,
        }
    }
}

pub(super) async fn create_firewall(run: &Run<'_>, spec: &FirewallSpec, line: &str) -> Result<(), Failure> {
    let is_anchor = spec.name == Names::new(run.cluster).anchor();
    let labels = if is_anchor { run.claimed(spec.labels.clone()) } else { spec.labels.clone() };
    let new =
        NewFirewall { name: spec.name.clone(), rules: rules(&spec.rules), apply_to: Vec::new(), labels };
    let (firewall, actions) = match run.world.client.create_firewall(&new).await {
        Ok(created) => created,
        // Somebody else was faster by a moment, or the firewall is not ours at all: the labels tell.
        Err(error) if error.is_taken() && is_anchor => {
            return Err(judge_taken_anchor(run, spec, line, error).await);
        }
        Err(error) => return Err(failed(line, &spec.name, Some("access"))(error)),
    };
    run.lock_ids().firewalls.insert(spec.name.clone(), firewall.id);
    run.wait(&actions).await.map_err(failed(line, &spec.name, Some("access")))
}

async fn judge_taken_anchor(run: &Run<'_>, spec: &FirewallSpec, line: &str, error: Error) -> Failure {
    let found = run.world.client.find_firewall(&spec.name).await.ok().flatten();
    let refusal = found.and_then(|found| run.world.claim.judge(run.cluster, Some(&found.labels)).err());
    let mut failure = match refusal {
        Some(refusal) => Failure::refused(line, &spec.name, &refusal),
        None => failed(line, &spec.name, None)(error),
    };
    failure.fatal = true;
    failure
}

pub(super) async fn set_rules(
    run: &Run<'_>,
    name: &str,
    id: Id,
    wanted: &[Rule],
    line: &str,
) -> Result<(), Failure> {
    let actions = run.world.client.set_firewall_rules(id, &rules(wanted)).await;
    let actions = actions.map_err(failed(line, name, Some("access")))?;
    run.wait(&actions).await.map_err(failed(line, name, Some("access")))
}

pub(super) async fn create_key(
    run: &Run<'_>,
    name: &str,
    key: &str,
    labels: &Labels,
    line: &str,
) -> Result<(), Failure> {
    let new = NewSshKey { name: name.to_owned(), public_key: key.to_owned(), labels: labels.clone() };
    let made = run.world.client.create_ssh_key(&new).await.map_err(failed(line, name, Some("ssh.keys")))?;
    run.lock_ids().keys.push(Key { id: made.id, name: made.name, fingerprint: made.fingerprint, ours: true });
    Ok(())
}

fn subnet(subnet: &Subnet) -> provider_hcloud::Subnet {
    provider_hcloud::Subnet {
        kind: SubnetType::Cloud,
        ip_range: Some(subnet.range.clone()),
        network_zone: subnet.zone.clone(),
        gateway: None,
    }
}

pub(super) async fn create_network(run: &Run<'_>, spec: &NetworkSpec, line: &str) -> Result<(), Failure> {
    let new = NewNetwork {
        name: spec.name.clone(),
        ip_range: spec.range.clone(),
        subnets: spec.subnets.iter().map(subnet).collect(),
        labels: spec.labels.clone(),
    };
    let made =
        run.world.client.create_network(&new).await.map_err(failed(line, &spec.name, Some("network")))?;
    run.lock_ids().networks.insert(spec.name.clone(), made.id);
    Ok(())
}

pub(super) async fn add_subnet(
    run: &Run<'_>,
    name: &str,
    id: Id,
    wanted: &Subnet,
    line: &str,
) -> Result<(), Failure> {
    let action = run.world.client.add_subnet(id, &subnet(wanted)).await.map_err(failed(
        line,
        name,
        Some("network"),
    ))?;
    run.wait(&[action]).await.map_err(failed(line, name, Some("network")))
}

pub(super) async fn create_group(
    run: &Run<'_>,
    name: &str,
    labels: &Labels,
    line: &str,
) -> Result<(), Failure> {
    let new = NewPlacementGroup { name: name.to_owned(), labels: labels.clone() };
    let made =
        run.world.client.create_placement_group(&new).await.map_err(failed(line, name, Some("spread")))?;
    run.lock_ids().groups.insert(name.to_owned(), made.id);
    Ok(())
}

pub(super) async fn relabel(
    run: &Run<'_>,
    kind: ObjectKind,
    name: &str,
    id: Id,
    labels: &Labels,
    line: &str,
) -> Result<(), Failure> {
    let client = run.world.client;
    let done = match kind {
        ObjectKind::Machine => client.update_server(id, None, Some(labels)).await.map(drop),
        ObjectKind::Firewall => {
            client.update_firewall(id, None, Some(&anchored(run, name, labels))).await.map(drop)
        }
        ObjectKind::Network => client.update_network(id, None, Some(labels)).await.map(drop),
        ObjectKind::Group => client.update_placement_group(id, None, Some(labels)).await.map(drop),
        ObjectKind::Key => client.update_ssh_key(id, None, Some(labels)).await.map(drop),
    };
    done.map_err(failed(line, name, Some("labels")))
}

/// The anchor keeps this run's lease whatever else is on it.
fn anchored(run: &Run<'_>, name: &str, labels: &Labels) -> Labels {
    if name == Names::new(run.cluster).anchor() { run.claimed(labels.clone()) } else { labels.clone() }
}
