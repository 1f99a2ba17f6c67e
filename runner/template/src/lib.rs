//! Ansible's Jinja2: variables, expressions, filters, tests and lookups.
//!
//! What it is for: turning the strings of playbooks and template files into values, with the variables of one host at one
//! task, exactly as ansible-core 2.19 does: native types, lazy nested variables, trust, `omit`, undefined markers,
//! Python's methods, formatting and regular expressions.
//!
//! What it will never do: reach files, processes, the network or the clock on its own (a [`World`] is handed in), parse
//! YAML, or know a connection. The template parser's types never leave this crate.
//!
//! Where to start reading: [`Templar`] is the door, [`Scope`] holds the variables, [`Value`] is what is computed with;
//! `syntax` turns text into a tree and `eval` walks it.

mod check;
mod crypt;
mod error;
mod eval;
mod filters;
mod format;
mod lookups;
mod mersenne;
mod methods;
mod moment;
mod pattern;
mod place;
mod precedence;
mod scope;
mod stack;
mod syntax;
mod templar;
mod tests;
mod value;
mod world;

pub use error::{Error, ErrorKind, Result};
pub use precedence::Level;
pub use scope::{Hosts, Scope, Vars};
pub use templar::{FileOptions, LookupStyle, Settings, Templar};
pub use value::{Args, Dict, List, Moment, Object, Text, Undefined, Value};
pub use world::{CommandOutput, HttpRequest, NoWorld, PathInfo, World};
