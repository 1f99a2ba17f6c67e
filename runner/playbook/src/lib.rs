//! Playbooks, roles and inventories as text turned into trees with spans; runs nothing.
