//! Making machines.

use super::machines::{Slot, Sorted, candidates};
use super::shared::group_names;
use crate::catalogue::Catalogue;
use crate::desired::{Desired, Role};
use crate::name::{Names, machine_labels};
use crate::step::{MachineSpec, Step};

/// The step that makes a machine.
pub(super) fn creation(desired: &Desired, catalogue: &Catalogue, (role, number): Slot) -> Step {
    let names = Names::new(&desired.name);
    let group = names.group_of(role, number);
    Step::CreateMachine(Box::new(MachineSpec {
        name: names.machine(role, number),
        role,
        number,
        candidates: candidates(desired, catalogue, role),
        image: desired.image.clone(),
        group: group_names(desired).contains(&group).then_some(group),
        network: desired.network.as_ref().map(|_| names.network(Names::shard_of(role, number))),
        firewalls: vec![names.anchor(), names.firewall(role)],
        labels: machine_labels(desired, role, number),
        protected: desired.protected,
    }))
}

/// The machines of a role that are missing, lowest numbers first.
pub(super) fn missing(desired: &Desired, sorted: &Sorted, catalogue: &Catalogue, role: Role) -> Vec<Step> {
    let slots = sorted.missing.iter().filter(|slot| slot.0 == role);
    slots.map(|slot| creation(desired, catalogue, *slot)).collect()
}
