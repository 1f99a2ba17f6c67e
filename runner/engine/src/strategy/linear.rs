//! Lockstep: the earliest task that any host is at runs on every host that is at it.

use super::{Order, Seat};

/// The hosts of the next round; none while a round is under way.
pub fn next(seats: &[Seat], order: &Order) -> Vec<usize> {
    if seats.contains(&Seat::Busy) {
        return Vec::new();
    }
    let ready = || {
        seats.iter().enumerate().filter_map(|(host, seat)| match seat {
            Seat::Ready(task) => Some((host, *task)),
            _ => None,
        })
    };
    let Some(earliest) = ready().map(|(_, task)| task).min_by_key(|task| order.position(*task)) else {
        return Vec::new();
    };
    ready().filter(|(_, task)| *task == earliest).map(|(host, _)| host).collect()
}
