//! Data sources: one file each, listed in `provider.rs`.

pub mod cluster;
pub mod event_window;
