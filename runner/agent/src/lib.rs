//! The program pushed to a managed machine: frames in, outcomes out.
//!
//! What it is for: [`serve`] answers [`wire::Request`]s until its input ends: it runs modules, takes and gives files.
//! The binary `runner-agent` is `serve` over standard input and output, built small and static.
//!
//! What it will never do: open a port, keep state between connections, take a secret from its command line, or
//! leave a half-written file behind.
//!
//! Where to start reading: `wire.rs`, the contract with the controller; then `serve.rs`.

pub mod job;
mod serve;
pub mod wire;

pub use serve::serve;
