//! Shared objects that the cluster no longer needs, once nothing uses them.

use super::shared::{group_names, shards};
use crate::desired::{Desired, KeyReference, Role};
use crate::name::Names;
use crate::observed::Observed;
use crate::step::{ObjectKind, Step};

/// Deletes firewalls, networks, groups and uploaded keys that no wish asks for any more.
pub(super) fn unused(desired: &Desired, observed: &Observed) -> Vec<Step> {
    let names = Names::new(&desired.name);
    let why = "nothing needs it any more".to_owned();
    let delete = |kind, name: &String, id| Step::Delete { kind, name: name.clone(), id, why: why.clone() };
    let mut steps = Vec::new();

    let groups = group_names(desired);
    let unused = observed.groups.iter().filter(|(name, _)| !groups.contains(*name));
    steps.extend(unused.map(|(name, group)| delete(ObjectKind::Group, name, group.id)));

    let networks: Vec<String> = shards(desired).into_iter().map(|shard| names.network(shard)).collect();
    let unused = observed.networks.iter().filter(|(name, _)| !networks.contains(name));
    steps.extend(unused.map(|(name, network)| delete(ObjectKind::Network, name, network.id)));

    let mut firewalls = vec![names.anchor()];
    firewalls.extend(
        Role::ALL.into_iter().filter(|role| desired.count(*role) > 0).map(|role| names.firewall(role)),
    );
    let unused = observed.firewalls.iter().filter(|(name, _)| !firewalls.contains(name));
    steps.extend(unused.map(|(name, firewall)| delete(ObjectKind::Firewall, name, firewall.id)));

    let wanted = |fingerprint: &String| {
        desired
            .keys
            .iter()
            .any(|key| matches!(key, KeyReference::Public { fingerprint: f, .. } if f == fingerprint))
    };
    let unused = observed.keys.iter().filter(|key| key.ours && !wanted(&key.fingerprint));
    steps.extend(unused.map(|key| delete(ObjectKind::Key, &key.name, key.id)));
    steps
}
