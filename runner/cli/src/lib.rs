//! The playbook command.
