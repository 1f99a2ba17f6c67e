//! Plays over hosts: strategies, handlers, loops, blocks; no SSH and no terminal.
//!
//! For: running loaded playbooks on machines that a [`target::Connector`] reaches, and telling what happens as
//! one ordered stream of [`event::Event`]s. Never: prints, reads the environment, names a transport or YAML.
//! Start reading at `event.rs` (what goes out) and `target.rs` (what is asked of a machine).

pub mod block;
pub mod event;
pub mod handlers;
pub mod sequence;
pub mod strategy;
pub mod tags;
pub mod target;
pub mod unit;
