//! One test binary, one module per theme; `architecture` fails when a file of this folder is not listed here.

mod architecture;
mod connection;
mod connection_failures;
mod connection_world;
mod machines;
mod playbooks;
mod terraform_rules;
mod tidy;
