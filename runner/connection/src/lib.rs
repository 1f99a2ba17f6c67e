//! Reaching machines: the user's own ssh with the agent behind it, or this machine.
//!
//! What it is for: [`Connections`] turns the engine's `Endpoint`s into `Target`s. The first contact starts the system's
//! `ssh` with Ansible's options, brings up the embedded agent (cached on the machine by its hash) and keeps talking
//! to it; further users and raw commands get channels of the same ssh.
//!
//! What it will never do: trust a host key by itself, put a password into an argument, an environment or a file, run
//! an agent that somebody else could have written, print, or know playbooks and templates.
//!
//! Where to start reading: `connections.rs`, then `site.rs` (one machine), `greet.rs` (first contact) and `link.rs`
//! (everything after it). `arguments.rs`, `elevation.rs` and `bootstrap.rs` are pure.

mod agents;
mod arguments;
mod bootstrap;
mod channel;
mod connections;
mod dial;
mod elevation;
mod greet;
mod image;
mod inside;
mod link;
mod quote;
mod remote;
mod room;
mod site;

pub use agents::CachedAgent;
pub use connections::{Connections, Defaults};
/// Call it first thing in `main`: asynchronous jobs of this machine are this program, started again.
pub use runner_agent::job::run_if_asked;
