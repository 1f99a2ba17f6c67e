//! The order of a play's tasks, in which includes and flushes insert theirs.

use std::collections::HashMap;

/// Task ids in the order a lockstep walks them.
#[derive(Debug, Clone, Default)]
pub struct Order {
    sequence: Vec<u64>,
    position: HashMap<u64, usize>,
}

impl Order {
    /// An order of these tasks.
    pub fn new(sequence: Vec<u64>) -> Self {
        let mut order = Order { sequence, position: HashMap::new() };
        order.index_from(0);
        order
    }

    fn index_from(&mut self, start: usize) {
        for (at, id) in self.sequence.iter().enumerate().skip(start) {
            self.position.insert(*id, at);
        }
    }

    /// Inserts tasks after one of the order (at the end if it is not in it).
    pub fn insert_after(&mut self, id: u64, tasks: &[u64]) {
        let at = self.position.get(&id).map_or(self.sequence.len(), |at| at + 1);
        self.sequence.splice(at..at, tasks.iter().copied());
        self.index_from(at);
    }

    /// Where a task stands; unknown ones stand last.
    pub fn position(&self, id: u64) -> usize {
        self.position.get(&id).copied().unwrap_or(usize::MAX)
    }
}
