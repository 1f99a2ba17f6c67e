//! Every host for itself, taking turns when there are more hosts than slots.

use super::{Memory, Seat};

/// The hosts that start now, beginning with the one after the last that was started.
pub fn next(seats: &[Seat], memory: &mut Memory, free_slots: usize) -> Vec<usize> {
    let mut chosen = Vec::new();
    for turn in 0..seats.len() {
        if chosen.len() == free_slots {
            break;
        }
        let host = (memory.after + turn) % seats.len();
        if matches!(seats[host], Seat::Ready(_)) {
            chosen.push(host);
        }
    }
    if let Some(last) = chosen.last() {
        memory.after = (last + 1) % seats.len();
    }
    chosen
}
