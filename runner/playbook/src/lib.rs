//! Playbooks, roles and inventories as text turned into trees with spans; runs nothing.
//!
//! For: everything about Ansible's files that can be known without a machine: YAML as PyYAML reads it, keywords and
//! where they are legal, roles and what they depend on, static imports, inventories, host patterns, vault envelopes.
//! Every value keeps its [`Span`](source::Span) and whether templates in it may be evaluated, and all mistakes of a file
//! come back at once as [`Problem`](problem::Problem)s.
//!
//! Never: evaluates a template, starts a process, opens a connection, reads a clock or the environment. Files are read
//! only through [`Files`](files::Files); modules are known only through [`ModuleNames`](names::ModuleNames).
//!
//! Start reading at [`node`] (values), then [`keyword`] (the table), [`ast`] (the trees), [`load`] (how files become trees)
//! and [`inventory`].

pub mod ast;
pub mod files;
pub mod inventory;
pub mod keyword;
pub mod load;
pub mod names;
pub mod node;
pub mod problem;
pub mod source;
pub mod splitter;
pub mod vault;
pub mod yaml;
