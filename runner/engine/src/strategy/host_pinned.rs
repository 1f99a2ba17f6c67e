//! A host that has a slot keeps it until it is through.

use super::{Memory, Seat};

/// The hosts that start now: those that hold a slot, then new ones while slots are left.
pub fn next(seats: &[Seat], memory: &mut Memory, free_slots: usize) -> Vec<usize> {
    memory.pinned.retain(|host| seats[*host] != Seat::Done);
    let idle_pinned = memory.pinned.iter().filter(|host| matches!(seats[**host], Seat::Ready(_))).count();
    let mut room = free_slots.saturating_sub(idle_pinned);
    for (host, seat) in seats.iter().enumerate() {
        if room == 0 {
            break;
        }
        if matches!(seat, Seat::Ready(_)) && memory.pinned.insert(host) {
            room -= 1;
        }
    }
    memory.pinned.iter().copied().filter(|host| matches!(seats[*host], Seat::Ready(_))).collect()
}
