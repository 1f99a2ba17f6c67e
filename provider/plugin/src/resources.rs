//! Resources: one file each.

pub mod cluster;
