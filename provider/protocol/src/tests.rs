//! The whole crate at work: a real provider process over TLS, and a provider inside this process.

mod attached;
mod client;
mod handshake;
mod process;
mod tls;
