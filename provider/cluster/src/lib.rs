//! What a cluster should be, what it is, and the steps between. Pure: no clock, no network, no files, no async.
//!
//! [`plan`] is the whole of it: desired + observed + catalogue → steps in waves, and problems. It never knows Terraform,
//! Hetzner's client or the time; who carries the steps out chooses nothing. Start reading at `plan.rs`, whose parent
//! function is the table of contents: one file per phase.

mod catalogue;
mod check;
mod cost;
mod desired;
mod inventory;
mod name;
mod observed;
mod plan;
mod problem;
mod render;
mod step;
mod validate;

pub use catalogue::{Architecture, Catalogue, Place, TypeOffer};
pub use check::contradictions;
pub use cost::{Cost, cost};
pub use desired::{
    Access, Desired, Group, ImageReference, KeyReference, NetworkWish, OnChange, Role, Rollout, Unavailable,
};
pub use inventory::inventory;
pub use name::{
    LABEL_CLUSTER, LABEL_MANAGED_BY, LABEL_NUMBER, LABEL_ROLE, LABEL_USER_DATA, MANAGED_BY, MEMORY_LABEL,
    Names,
};
pub use observed::{Firewall, Images, Key, Machine, MachineState, Network, Observed, PlacementGroup, Subnet};
pub use plan::{Plan, Wave, plan, teardown};
pub use problem::{Problem, Severity};
pub use render::{render, step_line};
pub use step::{Candidate, Change, FirewallSpec, MachineSpec, NetworkSpec, ObjectKind, Rule, Step};
pub use validate::validate;

/// Hetzner's identifier.
pub type Id = u64;

/// Labels, sorted.
pub type Labels = std::collections::BTreeMap<String, String>;
