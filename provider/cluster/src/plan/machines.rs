//! Sorting machines: which wanted one is which that exists, which is missing, which is one too many.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::Catalogue;
use crate::desired::{Desired, Role};
use crate::name::Names;
use crate::observed::{Machine, MachineState, Observed};
use crate::problem::Problem;
use crate::step::Candidate;

/// A machine's place in the cluster.
pub(super) type Slot = (Role, u32);

/// Machines by what is to become of them.
pub(super) struct Sorted<'a> {
    /// Wanted and there.
    pub kept: BTreeMap<Slot, &'a Machine>,
    /// Wanted and not there.
    pub missing: BTreeSet<Slot>,
    /// There and not wanted, or there twice; without a slot when it cannot be told.
    pub surplus: Vec<(Option<Slot>, &'a Machine, &'static str)>,
    /// There, wanted, and past repair (wrong location, wrong architecture, old image): deleted and made anew.
    pub replaced: BTreeMap<Slot, (&'a Machine, String)>,
}

/// Slots that should be filled right now.
fn wanted(desired: &Desired) -> BTreeSet<Slot> {
    if !desired.live {
        return BTreeSet::new();
    }
    Role::ALL
        .into_iter()
        .flat_map(|role| (1..=desired.count(role)).map(move |number| (role, number)))
        .collect()
}

pub(super) fn sort<'a>(desired: &Desired, observed: &'a Observed, catalogue: &Catalogue) -> Sorted<'a> {
    let wanted = wanted(desired);
    let names = Names::new(&desired.name);
    let mut sorted = Sorted {
        kept: BTreeMap::new(),
        missing: BTreeSet::new(),
        surplus: Vec::new(),
        replaced: BTreeMap::new(),
    };
    let mut machines: Vec<(Option<Slot>, &Machine)> =
        observed.machines.iter().map(|machine| (machine.identity(&desired.name), machine)).collect();
    // Of two in one slot the one with the right name stays; then the older.
    machines.sort_by_key(|(slot, machine)| {
        let right = slot.is_some_and(|(role, number)| machine.name == names.machine(role, number));
        (!right, machine.id)
    });
    for (slot, machine) in machines {
        match slot {
            Some(place) if wanted.contains(&place) => {
                if sorted.kept.contains_key(&place) || sorted.replaced.contains_key(&place) {
                    sorted.surplus.push((slot, machine, "it is there twice"));
                } else if machine.state == MachineState::Deleting {
                    sorted.replaced.insert(place, (machine, "it is being deleted".to_owned()));
                } else if let Some(why) =
                    super::repair::beyond(desired, observed, catalogue, place.0, machine)
                {
                    sorted.replaced.insert(place, (machine, why));
                } else {
                    sorted.kept.insert(place, machine);
                }
            }
            Some(_) if !desired.live => sorted.surplus.push((slot, machine, "the cluster is not live")),
            Some(_) => sorted.surplus.push((slot, machine, "it is one too many")),
            None => sorted.surplus.push((slot, machine, "it bears the cluster's labels and no role")),
        }
    }
    let filled = |slot: &Slot| sorted.kept.contains_key(slot) || sorted.replaced.contains_key(slot);
    sorted.missing = wanted.iter().filter(|slot| !filled(slot)).copied().collect();
    sorted
}

/// What to try for a machine, in order: by type, then by location; what cannot be ordered right now comes last.
pub(super) fn candidates(desired: &Desired, catalogue: &Catalogue, role: Role) -> Vec<Candidate> {
    let Some(group) = desired.groups.get(&role) else { return Vec::new() };
    let mut all = Vec::new();
    for server_type in &group.server_types {
        for location in &group.locations {
            let place = catalogue.place(server_type, location);
            if place.is_some() || catalogue.types.is_empty() {
                let sold_out = place.is_some_and(|place| place.available == Some(false));
                all.push((
                    sold_out,
                    Candidate { server_type: server_type.clone(), location: location.clone() },
                ));
            }
        }
    }
    // Stable: within each half the user's order stays.
    all.sort_by_key(|(sold_out, _)| *sold_out);
    all.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Problems that only the sight of the machines shows.
pub(super) fn problems(desired: &Desired, observed: &Observed) -> Vec<Problem> {
    let Some(images) = observed.images.as_ref().filter(|images| images.reference == desired.image) else {
        return Vec::new();
    };
    if images.x86.is_none() && images.arm.is_none() {
        let help = "give the name of a system image, the ID of an image, or a label selector that a snapshot matches";
        return vec![Problem::error("image", "there is no such image", help)];
    }
    Vec::new()
}
