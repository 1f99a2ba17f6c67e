//! Machines that stay: what is changed without a pause, what needs the machine down, and what is past repair.

use super::machines::Sorted;
use super::{grow, shrink};
use crate::catalogue::Catalogue;
use crate::desired::{Desired, OnChange, Role};
use crate::name::{LABEL_USER_DATA, Names, machine_labels};
use crate::observed::{Machine, MachineState, Observed};
use crate::step::{Change, Step};

/// Why a machine must be made anew; `None` when it can stay.
pub(super) fn beyond(
    desired: &Desired,
    observed: &Observed,
    catalogue: &Catalogue,
    role: Role,
    machine: &Machine,
) -> Option<String> {
    let group = desired.groups.get(&role)?;
    if !group.locations.contains(&machine.location) {
        return Some(format!("it stands in {}", machine.location));
    }
    if !group.server_types.contains(&machine.server_type)
        && retypes(&group.server_types, machine, catalogue).is_empty()
    {
        return Some(format!("it is a {} and cannot become another type", machine.server_type));
    }
    if desired.rollout.on_change == OnChange::Replace {
        return outdated(desired, observed, machine);
    }
    None
}

/// Why a machine's disk is out of date.
fn outdated(desired: &Desired, observed: &Observed, machine: &Machine) -> Option<String> {
    if let Some(images) = &observed.images {
        if images.reference != desired.image {
            return Some(format!("its image becomes {}", crate::render::image(&desired.image)));
        }
        // An image that is gone cannot be compared: the machine is not replaced for that.
        if let Some(image) = machine.image
            && images.x86 != Some(image)
            && images.arm != Some(image)
        {
            return Some(format!(
                "it was made from image {image}, not {}",
                crate::render::image(&desired.image)
            ));
        }
    }
    let digest = machine.labels.get(LABEL_USER_DATA).map_or("", String::as_str);
    // Without either label the machine was relabelled by hand: its digest is lost, not changed.
    let is_known = [crate::LABEL_ROLE, LABEL_USER_DATA].iter().any(|key| machine.labels.contains_key(*key));
    (digest != desired.user_data_digest && is_known).then(|| "its user data changes".to_owned())
}

/// Types that a machine can be changed to: same architecture, disk not smaller, sold where it stands.
fn retypes(wanted: &[String], machine: &Machine, catalogue: &Catalogue) -> Vec<String> {
    let Some(now) = catalogue.types.get(&machine.server_type) else { return Vec::new() };
    wanted
        .iter()
        .filter(|name| {
            catalogue.types.get(*name).is_some_and(|offer| {
                offer.architecture == now.architecture
                    && offer.disk_gb >= machine.disk_gb.unwrap_or(now.disk_gb)
                    && offer.places.contains_key(&machine.location)
            })
        })
        .cloned()
        .collect()
}

/// All changes of one machine, in the order in which they are done.
fn changes(
    desired: &Desired,
    observed: &Observed,
    catalogue: Option<&Catalogue>,
    slot: (Role, u32),
    machine: &Machine,
) -> Vec<Change> {
    let (role, number) = slot;
    let names = Names::new(&desired.name);
    let labels = machine_labels(desired, role, number);
    let mut changes = Vec::new();
    if machine.name != names.machine(role, number) {
        changes.push(Change::Rename);
    }
    let rebuild =
        desired.rollout.on_change == OnChange::Rebuild && outdated(desired, observed, machine).is_some();
    if rebuild {
        changes.push(Change::Rebuild(desired.image.clone(), labels.clone()));
    } else if machine.labels != labels {
        changes.push(Change::Relabel(labels));
    }
    for firewall in [names.anchor(), names.firewall(role)] {
        let id = observed.firewalls.get(&firewall).map(|firewall| firewall.id);
        if !id.is_some_and(|id| machine.firewalls.contains(&id)) {
            changes.push(Change::Guard(firewall));
        }
    }
    changes.extend(network_changes(desired, observed, slot, machine));
    if machine.protected != desired.protected {
        changes.push(Change::Protect(desired.protected));
    }
    let group = names.group_of(role, number);
    if super::shared::group_names(desired).contains(&group) {
        let id = observed.groups.get(&group).map(|group| group.id);
        if id.is_none() || machine.group != id {
            changes.push(Change::JoinGroup(group));
        }
    }
    if let (Some(catalogue), Some(group)) = (catalogue, desired.groups.get(&role))
        && !group.server_types.contains(&machine.server_type)
    {
        changes.push(Change::Retype(retypes(&group.server_types, machine, catalogue)));
    }
    if machine.state == MachineState::Off {
        changes.push(Change::PowerOn);
    }
    changes
}

fn network_changes(
    desired: &Desired,
    observed: &Observed,
    (role, number): (Role, u32),
    machine: &Machine,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let mine =
        desired.network.as_ref().map(|_| Names::new(&desired.name).network(Names::shard_of(role, number)));
    let mine_id = mine.as_ref().and_then(|name| observed.networks.get(name)).map(|network| network.id);
    // Networks of the user's own stay attached; only ours are ours to take away.
    for network in observed.networks.values().filter(|network| machine.networks.contains_key(&network.id)) {
        if Some(network.id) != mine_id {
            changes.push(Change::Detach(network.id));
        }
    }
    if let Some(name) = mine
        && !mine_id.is_some_and(|id| machine.networks.contains_key(&id))
    {
        changes.push(Change::Attach(name));
    }
    changes
}

/// Repairs that viewers do not notice, all machines in one wave.
pub(super) fn quiet(desired: &Desired, observed: &Observed, sorted: &Sorted) -> Vec<Step> {
    let mut steps = Vec::new();
    for (slot, machine) in &sorted.kept {
        let mut changes = changes(desired, observed, None, *slot, machine);
        let down = changes.iter().any(Change::is_disruptive);
        // A machine that is off anyway is switched on after what needs it off.
        changes.retain(|change| !(change.is_disruptive() || down && matches!(change, Change::PowerOn)));
        if !changes.is_empty() {
            let name = Names::new(&desired.name).machine(slot.0, slot.1);
            steps.push(Step::ChangeMachine { name, id: machine.id, changes });
        }
    }
    steps
}

/// One batch of machines that go down together, as steps per wave.
struct Batch {
    remove: Vec<Step>,
    change: Vec<Step>,
    create: Vec<Step>,
}

/// Repairs and replacements that take machines down, in batches of at most `max_unavailable`.
pub(super) fn disruptive(
    desired: &Desired,
    observed: &Observed,
    sorted: &Sorted,
    catalogue: &Catalogue,
    role: Role,
) -> Vec<(String, Vec<Step>)> {
    let mut work: Vec<((Role, u32), &Machine, Option<&String>)> = Vec::new();
    for (slot, machine) in sorted.kept.iter().filter(|(slot, _)| slot.0 == role) {
        let all = changes(desired, observed, Some(catalogue), *slot, machine);
        if all.iter().any(Change::is_disruptive) {
            work.push((*slot, machine, None));
        }
    }
    for (slot, (machine, why)) in sorted.replaced.iter().filter(|(slot, _)| slot.0 == role) {
        work.push((*slot, machine, Some(why)));
    }
    work.sort_by_key(|(slot, ..)| *slot);
    let mut waves = Vec::new();
    for batch in work.chunks(batch_size(desired, role)) {
        let batch = split(desired, observed, catalogue, batch);
        let title = |verb: &str| format!("{verb} {}s", role.as_str());
        waves.push((title("take down"), batch.remove));
        waves.push((title("rework"), batch.change));
        waves.push((title("make anew"), batch.create));
    }
    waves
}

fn split(
    desired: &Desired,
    observed: &Observed,
    catalogue: &Catalogue,
    batch: &[((Role, u32), &Machine, Option<&String>)],
) -> Batch {
    let mut steps = Batch { remove: Vec::new(), change: Vec::new(), create: Vec::new() };
    for (slot, machine, replaced) in batch {
        if let Some(why) = replaced {
            steps.remove.push(shrink::removal(machine, why));
            steps.create.push(grow::creation(desired, catalogue, *slot));
            continue;
        }
        let mut all = changes(desired, observed, Some(catalogue), *slot, machine);
        all.retain(Change::is_disruptive);
        if machine.state == MachineState::Off {
            all.push(Change::PowerOn);
        }
        let name = Names::new(&desired.name).machine(slot.0, slot.1);
        steps.change.push(Step::ChangeMachine { name, id: machine.id, changes: all });
    }
    steps
}

/// How many machines of a role go down together; of several origins one always stays.
fn batch_size(desired: &Desired, role: Role) -> usize {
    let mut size = desired.rollout.max_unavailable.of(desired.count(role)).max(1);
    if role == Role::Origin {
        size = size.min(desired.count(role).saturating_sub(1).max(1));
    }
    usize::try_from(size).unwrap_or(usize::MAX)
}
