//! All tests of the crate that read case files: text in, expected text out, one `check` per theme.

mod inventory;
mod playbook;
mod splitter;
mod vault;
mod yaml;
