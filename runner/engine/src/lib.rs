//! Plays over hosts: strategies, handlers, loops, blocks; no SSH and no terminal.
//!
//! For: running loaded playbooks on machines that a [`target::Connector`] reaches, and telling what happens as
//! one ordered stream of [`event::Event`]s. Never: prints, names a transport or YAML.
//! Start reading at `session.rs` (a run), `event.rs` (what goes out), `target.rs` (what is asked of a machine),
//! then `dispatch.rs` (who does what next) and `task.rs` (one task on one host).

mod action;
mod arguments;
mod attempts;
pub mod block;
mod censor;
mod context;
mod convert;
mod delegate;
mod dispatch;
mod endpoint;
pub mod event;
pub mod fact_cache;
pub mod handlers;
mod hosts;
mod include;
mod keywords;
mod looping;
pub mod machine;
mod prepared;
mod result;
pub mod sequence;
pub mod session;
pub mod settings;
mod store;
pub mod strategy;
pub mod tags;
mod tally;
pub mod target;
mod task;
mod trouble;
pub mod unit;
mod vars_file;
mod world;

pub use convert::node_of;
pub use session::{Parts, Session, Status};
