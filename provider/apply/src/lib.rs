//! Carries a cluster's plan out, and looks at what is there. It chooses nothing: the planner has.
//!
//! [`observe`] is look, `provider_cluster::plan` is plan, [`apply`] is apply: it observes, claims the cluster, carries the
//! waves out and observes again, until there is nothing left to do or something failed. What was made is returned whatever
//! happens ([`Applied`] is not a `Result`). It never knows Terraform and never prints. Start reading at `execute.rs`.

mod catalogue;
mod claim;
mod event;
mod execute;
mod failure;
mod observe;
mod step;

pub use catalogue::catalogue;
pub use claim::{Claim, Holder, Refusal};
pub use event::Event;
pub use execute::{Applied, World, apply, destroy};
pub use failure::Failure;
pub use observe::observe;
