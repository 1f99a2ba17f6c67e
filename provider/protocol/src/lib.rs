//! Terraform's plugin protocol 6 turned into plain Rust.
//!
//! What it is for: a provider implements [`ProviderServer`], one async function per RPC with plain structs in and out,
//! and calls [`serve()`]. Handshake, TLS, logs, cancellation, panics and the life of the process are dealt with here.
//!
//! What it will never do: know schemas' meaning, plan, validate, or talk to any cloud. No gRPC or protobuf type appears
//! in its public interface.
//!
//! Where to start reading: [`provider_server`], then [`cty`], then `serve.rs`.

pub mod capabilities;
pub mod context;
pub mod cty;
pub mod diagnostics;
pub mod dynamic_value;
pub mod provider_server;
pub mod reattach;
pub mod rpc;
pub mod schema;
pub mod serve;

mod handshake;
mod lifetime;
mod listener;
mod logging;
mod panic_report;
mod server;
mod side_services;
mod stdio;
mod tls;
mod wire;

// The processes of these tests are unix ones.
#[cfg(all(test, unix))]
mod tests;

pub use capabilities::{ClientCapabilities, DeferredReason, ServerCapabilities};
pub use context::Context;
pub use diagnostics::{Diagnostic, Severity};
pub use dynamic_value::{DynamicValue, RawState};
pub use provider_server::ProviderServer;
pub use reattach::{Attached, attach};
pub use serve::{Plugin, ServeError, launched_by_terraform, serve, serve_debug};
