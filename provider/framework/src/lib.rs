//! How one writes a Terraform provider.
//!
//! What it is for: a provider implements [`Provider`] and, for each thing it offers, [`Resource`], [`DataSource`],
//! [`Function`] or [`Ephemeral`], with typed models ([`model!`]) and a [`Schema`](schema::Schema). Everything Terraform
//! asks of a provider follows from these: validation, defaults, plans, upgrades, imports, documentation.
//!
//! What it will never do: name gRPC types, talk to any cloud, decide what a resource means.
//!
//! Where to start reading: [`resource`], then [`schema`], then `plan.rs`; each RPC is a file in `rpc/`.

pub mod attr;
pub mod contract;
pub mod data_source;
pub mod diagnostics;
pub mod docs;
pub mod duration;
pub mod ephemeral;
mod erased;
pub mod function;
pub mod model;
mod plan;
pub mod private;
pub mod provider;
pub mod resource;
mod rpc;
pub mod run;
pub mod schema;
pub mod secret;
mod server;
pub mod testing;
pub mod timeouts;
mod values;

pub use attr::Attr;
pub use data_source::DataSource;
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use ephemeral::{Ephemeral, Opened};
pub use function::{Arguments, Function, FunctionError, Parameter, Signature, wrong_argument};
pub use model::{FromValue, Misfit, Model, ToValue};
pub use private::Private;
pub use provider::{Offers, Provider, Setup};
pub use provider_protocol::cty;
pub use provider_protocol::schema::{IdentityAttribute, IdentitySchema};
pub use provider_protocol::{
    Attached, Context, DeferredReason, Plugin, ProviderServer, ServeError, attach, launched_by_terraform,
    serve, serve_debug,
};
pub use resource::{Change, Import, Outcome, Plan, Resource, Source, Upgrader};
pub use run::Run;
pub use schema::{Attribute, Block, Relation, Schema};
pub use secret::Secret;
pub use server::Server;
pub use timeouts::{Operation, Timeouts};

/// For implementing the traits, whose waiting functions are `async`.
pub use async_trait::async_trait;
