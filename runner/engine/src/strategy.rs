//! In which order hosts and tasks meet: pure functions over what every host would do next.

mod free;
mod host_pinned;
mod linear;
mod order;

pub use order::Order;

/// The strategies of a play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// All hosts do a task before any does the next.
    Linear,
    /// Every host goes on as soon as there is a free slot.
    Free,
    /// As free, but a host keeps its slot to the end.
    HostPinned,
}

impl Strategy {
    /// The strategy of a name, with or without its collection; `debug` is linear.
    pub fn named(name: &str) -> Option<Self> {
        match name.strip_prefix("ansible.builtin.").unwrap_or(name) {
            "linear" | "debug" => Some(Strategy::Linear),
            "free" => Some(Strategy::Free),
            "host_pinned" => Some(Strategy::HostPinned),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Strategy::Linear => "linear",
            Strategy::Free => "free",
            Strategy::HostPinned => "host_pinned",
        }
    }

    /// Whether hosts wait for each other.
    pub fn is_lockstep(self) -> bool {
        self == Strategy::Linear
    }
}

/// What a host is doing, as a strategy sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    /// Could start this task.
    Ready(u64),
    /// Is doing a task.
    Busy,
    /// Has nothing left to do in this play.
    Done,
}

/// Which hosts (by index) start their next task now, given how many more tasks may run.
pub fn next(
    strategy: Strategy,
    seats: &[Seat],
    order: &Order,
    memory: &mut Memory,
    free_slots: usize,
) -> Vec<usize> {
    match strategy {
        Strategy::Linear => linear::next(seats, order),
        Strategy::Free => free::next(seats, memory, free_slots),
        Strategy::HostPinned => host_pinned::next(seats, memory, free_slots),
    }
}

/// What a strategy remembers between its answers.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// The host after the one that was started last (free).
    after: usize,
    /// Hosts that hold a slot (host_pinned).
    pinned: std::collections::BTreeSet<usize>,
}

#[cfg(test)]
mod tests;
