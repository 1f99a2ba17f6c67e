//! Terraform's plugin protocol 6 turned into plain Rust.
