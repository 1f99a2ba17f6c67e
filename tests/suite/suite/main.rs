//! One test binary, one module per theme; `architecture` fails when a file of this folder is not listed here.

mod architecture;
mod cluster;
mod cluster_input;
mod cluster_kill;
mod cluster_show;
mod connection;
mod connection_failures;
mod connection_world;
mod foreign_agent;
mod machines;
mod playbooks;
mod terraform;
mod terraform_bench;
mod terraform_docs;
mod terraform_rules;
mod tidy;
