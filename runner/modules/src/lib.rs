//! Ansible modules in Rust: look, plan, apply; runs on the managed machine.
