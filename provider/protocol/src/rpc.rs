//! One file per RPC: its request and response as plain structs, and their translation from and to the wire.

use crate::diagnostics::Diagnostic;

pub mod apply_resource_change;
pub mod call_function;
pub mod close_ephemeral_resource;
pub mod configure_provider;
pub mod generate_resource_config;
pub mod get_functions;
pub mod get_metadata;
pub mod get_provider_schema;
pub mod get_resource_identity_schemas;
pub mod import_resource_state;
pub mod move_resource_state;
pub mod open_ephemeral_resource;
pub mod plan_resource_change;
pub mod read_data_source;
pub mod read_resource;
pub mod renew_ephemeral_resource;
pub mod stop_provider;
pub mod upgrade_resource_identity;
pub mod upgrade_resource_state;
pub mod validate_data_resource_config;
pub mod validate_ephemeral_resource_config;
pub mod validate_provider_config;
pub mod validate_resource_config;

/// A request that can be read from the wire.
pub(crate) trait FromWire {
    type Wire;

    fn from_wire(wire: Self::Wire) -> Self;

    /// What the call is about, under the key that log lines of Go providers use for it.
    fn subject(&self) -> Option<(&'static str, &str)> {
        None
    }
}

/// A response that can be written to the wire.
pub(crate) trait ToWire {
    type Wire;

    fn to_wire(self) -> Self::Wire;

    /// The response that says nothing but this: Terraform then keeps the state it has.
    fn failed(diagnostic: Diagnostic) -> Self;

    /// What the user is told, for the log.
    fn diagnostics(&self) -> &[Diagnostic] {
        &[]
    }
}
