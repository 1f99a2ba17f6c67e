//! What the outside may know while a plan is carried out, in one order.

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The world was looked at.
    Observed {
        /// Machines of the cluster.
        machines: usize,
    },
    /// A wave begins.
    Wave {
        /// What it is for.
        title: String,
        /// How many steps.
        steps: usize,
    },
    /// A step begins.
    Begun {
        /// The step in one line.
        step: String,
    },
    /// A step is done.
    Done {
        /// The step in one line.
        step: String,
    },
    /// A step failed.
    Failed {
        /// The step in one line.
        step: String,
        /// Why.
        reason: String,
    },
    /// A type could not be had in a location; the next is tried.
    SoldOut {
        /// The machine.
        machine: String,
        /// Type and location.
        candidate: String,
    },
    /// The work was cancelled.
    Cancelled,
}
