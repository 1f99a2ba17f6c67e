//! What holds for every wish and every world.

use proptest::prelude::*;
use provider_cluster::*;

use crate::world::{World, catalogue, desired, group};

/// A wish within the catalogue.
fn wish() -> impl Strategy<Value = Desired> {
    let types = prop::sample::subsequence(vec!["cpx12", "cpx22", "cpx32"], 1..=3).prop_shuffle();
    let locations = prop::sample::subsequence(vec!["fsn1", "nbg1", "ash"], 1..=3).prop_shuffle();
    let counts = (1_u32..4, 0_u32..3, 0_u32..130);
    let flags = any::<[bool; 5]>();
    let images = prop::sample::select(vec!["debian-12", "ubuntu-24.04"]);
    (counts, types, locations, flags, images, 0_u32..3, 1_u32..4).prop_map(
        |((origins, relays, edges), types, locations, flags, image, keys, max_unavailable)| {
            let mut wish = desired();
            let [live, network, spread, rebuild, protected] = flags;
            for (role, count) in [(Role::Origin, origins), (Role::Relay, relays), (Role::Edge, edges)] {
                wish.groups.insert(role, group(count, &types, &locations));
            }
            wish.live = live;
            wish.spread = spread;
            wish.protected = protected;
            if !network {
                wish.network = None;
            }
            wish.image = ImageReference::Name(image.to_owned());
            wish.user_data_digest = "d".repeat(keys as usize);
            for key in 0..keys {
                let line = format!("ssh-ed25519 KEY{key}");
                let fingerprint = crate::world::fingerprint(&line);
                wish.keys.push(KeyReference::Public { line, fingerprint });
            }
            wish.rollout.max_unavailable = Unavailable::Machines(max_unavailable);
            wish.rollout.on_change = if rebuild { OnChange::Rebuild } else { OnChange::Replace };
            wish
        },
    )
}

/// What somebody did to the world behind our back.
#[derive(Debug, Clone)]
enum Mischief {
    Delete(usize),
    PowerOff(usize),
    Retype(usize),
    Move(usize),
    Relabel(usize),
    Rename(usize),
    Unguard(usize),
    Detach(usize),
    Ungroup(usize),
    Protect(usize),
    Copy(usize),
    ImageGone(usize),
    OpenFirewall,
    DropFirewall,
}

fn mischief() -> impl Strategy<Value = Mischief> {
    prop_oneof![
        any::<usize>().prop_map(Mischief::Delete),
        any::<usize>().prop_map(Mischief::PowerOff),
        any::<usize>().prop_map(Mischief::Retype),
        any::<usize>().prop_map(Mischief::Move),
        any::<usize>().prop_map(Mischief::Relabel),
        any::<usize>().prop_map(Mischief::Rename),
        any::<usize>().prop_map(Mischief::Unguard),
        any::<usize>().prop_map(Mischief::Detach),
        any::<usize>().prop_map(Mischief::Ungroup),
        any::<usize>().prop_map(Mischief::Protect),
        any::<usize>().prop_map(Mischief::Copy),
        any::<usize>().prop_map(Mischief::ImageGone),
        Just(Mischief::OpenFirewall),
        Just(Mischief::DropFirewall),
    ]
}

fn spoil(world: &mut World, mischief: &Mischief) {
    let seen = &mut world.observed;
    let count = seen.machines.len();
    let pick = |at: &usize| at % count;
    if count == 0 && !matches!(mischief, Mischief::OpenFirewall | Mischief::DropFirewall) {
        return;
    }
    match mischief {
        Mischief::Delete(at) => drop(seen.machines.remove(pick(at))),
        Mischief::PowerOff(at) => seen.machines[pick(at)].state = MachineState::Off,
        Mischief::Retype(at) => seen.machines[pick(at)].server_type = "cpx12".to_owned(),
        Mischief::Move(at) => seen.machines[pick(at)].location = "sin".to_owned(),
        Mischief::Relabel(at) => {
            seen.machines[pick(at)].labels.insert("colour".to_owned(), "red".to_owned());
        }
        Mischief::Rename(at) => seen.machines[pick(at)].name = format!("renamed-{at}"),
        Mischief::Unguard(at) => seen.machines[pick(at)].firewalls.clear(),
        Mischief::Detach(at) => seen.machines[pick(at)].networks.clear(),
        Mischief::Ungroup(at) => seen.machines[pick(at)].group = None,
        Mischief::Protect(at) => seen.machines[pick(at)].protected = true,
        Mischief::Copy(at) => {
            let mut copy = seen.machines[pick(at)].clone();
            copy.id = 1_000_000 + *at as Id % 1000;
            copy.name = format!("copy-{}", copy.id);
            seen.machines.push(copy);
        }
        Mischief::ImageGone(at) => seen.machines[pick(at)].image = None,
        Mischief::OpenFirewall => {
            if let Some(firewall) = seen.firewalls.values_mut().next() {
                firewall.rules.clear();
            }
        }
        Mischief::DropFirewall => {
            if let Some((name, firewall)) = seen.firewalls.pop_last() {
                let _ = name;
                for machine in &mut seen.machines {
                    machine.firewalls.retain(|id| *id != firewall.id);
                }
            }
        }
    }
}

/// Plans, judges and carries out once; then nothing may be left to do.
fn settle(world: &mut World, wish: &Desired) -> Result<(), TestCaseError> {
    let catalogue = catalogue();
    world.look(wish);
    let (first, problems) = plan(wish, &world.observed, &catalogue);
    prop_assert!(problems.iter().all(|p| p.severity == Severity::Warning), "{problems:?}");
    let wrong = contradictions(wish, &world.observed, &first);
    prop_assert!(wrong.is_empty(), "{wrong:?}\n{}", render(&first));
    let (again, _) = plan(wish, &world.observed, &catalogue);
    prop_assert_eq!(&first, &again, "the same arguments gave two plans");
    world.apply(&first, &catalogue);
    let (second, _) = plan(wish, &world.observed, &catalogue);
    prop_assert!(second.is_empty(), "after\n{}\nthere is still\n{}", render(&first), render(&second));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn one_round_settles_any_change_of_mind(wishes in prop::collection::vec(wish(), 1..4)) {
        let mut world = World::default();
        for wish in &wishes {
            settle(&mut world, wish)?;
            let expected: u32 = if wish.live { Role::ALL.iter().map(|r| wish.count(*r)).sum() } else { 0 };
            prop_assert_eq!(world.observed.machines.len(), expected as usize);
        }
    }

    #[test]
    fn one_round_repairs_any_mischief(wish in wish(), acts in prop::collection::vec(mischief(), 1..6)) {
        let mut world = World::default();
        settle(&mut world, &wish)?;
        for act in &acts {
            spoil(&mut world, act);
        }
        settle(&mut world, &wish)?;
    }

    #[test]
    fn the_end_leaves_nothing_of_ours(wish in wish(), acts in prop::collection::vec(mischief(), 0..4)) {
        let mut world = World::default();
        settle(&mut world, &wish)?;
        for act in &acts {
            spoil(&mut world, act);
        }
        let end = teardown(&wish.name, &world.observed, 10);
        world.apply(&end, &catalogue());
        let left = &world.observed;
        prop_assert!(left.machines.is_empty() && left.firewalls.is_empty() && left.networks.is_empty());
        prop_assert!(left.groups.is_empty() && !left.keys.iter().any(|key| key.ours));
        prop_assert!(teardown(&wish.name, left, 10).is_empty());
    }

    #[test]
    fn shrinking_takes_the_highest_numbers(from in 1_u32..40, to in 0_u32..40) {
        let mut world = World::default();
        let mut wish = desired();
        wish.groups.insert(Role::Origin, group(1, &["cpx22"], &["fsn1"]));
        wish.groups.insert(Role::Edge, group(from, &["cpx22"], &["fsn1"]));
        settle(&mut world, &wish)?;
        wish.groups.insert(Role::Edge, group(to, &["cpx22"], &["fsn1"]));
        settle(&mut world, &wish)?;
        let mut numbers: Vec<u32> = world.observed.machines.iter()
            .filter_map(|m| m.identity("trivia").filter(|(role, _)| *role == Role::Edge))
            .map(|(_, number)| number).collect();
        numbers.sort_unstable();
        prop_assert_eq!(numbers, (1..=to).collect::<Vec<_>>());
    }
}

#[test]
fn a_thousand_machines_are_planned_in_no_time() {
    let mut wish = desired();
    wish.groups.insert(Role::Origin, group(2, &["cpx22"], &["fsn1"]));
    wish.groups.insert(Role::Edge, group(998, &["cpx22", "cpx32"], &["fsn1", "nbg1"]));
    let mut world = World::default();
    world.look(&wish);
    let (first, _) = plan(&wish, &world.observed, &catalogue());
    assert_eq!(first.steps().filter(|step| matches!(step, Step::CreateMachine(_))).count(), 1000);
    world.apply(&first, &catalogue());
    let (second, _) = plan(&wish, &world.observed, &catalogue());
    assert!(second.is_empty(), "{}", render(&second));
}
