//! Ansible modules in Rust: look, plan, apply; runs on the managed machine.
//!
//! What it is for: one call, [`run`], takes an [`Invocation`] (a module's name and its arguments, already
//! templated) and a [`System`] (the machine), and answers with an [`Outcome`]: what Ansible's module of that
//! name would have returned.
//!
//! What it will never do: print, talk to the controller, render templates, read the environment behind
//! [`System`]'s back, or touch anything in check mode: a module *plans* with `&dyn System` and only the closures
//! in its [`Plan`] ever see `&mut dyn System`.
//!
//! Where to start reading: `outcome.rs` ([`Plan`], [`Change`]), then `library/lineinfile.rs`, a typical module.

mod accounts;
pub mod args;
mod attributes;
mod clock;
mod digest;
mod glob;
mod invocation;
pub mod library;
mod mode;
mod outcome;
mod pattern;
mod placing;
mod python;
mod run;
pub mod spec;
mod system;
mod words;

pub use args::{ArgError, Args};
pub use invocation::{Invocation, Payload};
pub use library::{Entry, Found, find, library};
pub use outcome::{Change, Done, Failure, Module, Outcome, Plan, Returns};
pub use run::{expand_path, run};
pub use spec::{Opt, Spec, Support, Type};
pub use system::fake::{Answer, FakeSystem, Node};
pub use system::http;
pub use system::real::{Cancel, RealSystem};
pub use system::{Command, Kind, Output, Stat, System};
