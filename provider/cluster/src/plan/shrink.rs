//! Removing machines: the highest numbers first, and never one that is gone already.

use super::machines::Sorted;
use crate::desired::Role;
use crate::observed::{Machine, MachineState};
use crate::step::{ObjectKind, Step};

/// The step that ends a machine.
pub(super) fn removal(machine: &Machine, why: &str) -> Step {
    if machine.state == MachineState::Deleting {
        return Step::AwaitGone { name: machine.name.clone(), id: machine.id };
    }
    Step::Delete {
        kind: ObjectKind::Machine,
        name: machine.name.clone(),
        id: machine.id,
        why: why.to_owned(),
    }
}

/// Surplus machines of a role. Those without a role go with the edges: nothing pulls from them.
pub(super) fn surplus(sorted: &Sorted, role: Role) -> Vec<Step> {
    let of_role = |slot: &Option<(Role, u32)>| slot.map_or(Role::Edge, |(role, _)| role) == role;
    let mut machines: Vec<_> = sorted.surplus.iter().filter(|(slot, ..)| of_role(slot)).collect();
    machines.sort_by_key(|(slot, machine, _)| {
        (std::cmp::Reverse(slot.map_or(u32::MAX, |(_, number)| number)), machine.id)
    });
    machines.into_iter().map(|(_, machine, why)| removal(machine, why)).collect()
}
