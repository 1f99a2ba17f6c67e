//! Provider functions: one file each, listed in `provider.rs`.

pub mod event_active;
pub mod wmsauth_url;
