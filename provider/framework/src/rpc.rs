//! What each RPC means: one file per RPC, named as in the protocol crate.

pub(crate) mod apply_resource_change;
pub(crate) mod call_function;
pub(crate) mod close_ephemeral_resource;
pub(crate) mod configure_provider;
pub(crate) mod get_provider_schema;
pub(crate) mod get_resource_identity_schemas;
pub(crate) mod import_resource_state;
pub(crate) mod move_resource_state;
pub(crate) mod open_ephemeral_resource;
pub(crate) mod plan_resource_change;
pub(crate) mod read_data_source;
pub(crate) mod read_resource;
pub(crate) mod renew_ephemeral_resource;
pub(crate) mod upgrade_resource_identity;
pub(crate) mod upgrade_resource_state;
pub(crate) mod validate_data_resource_config;
pub(crate) mod validate_ephemeral_resource_config;
pub(crate) mod validate_provider_config;
pub(crate) mod validate_resource_config;

use provider_protocol::DynamicValue;
use provider_protocol::cty::Value;

use crate::Diagnostics;
use crate::erased::AnyResource;
use crate::server::{encode, or_report};

/// The identity of a state, encoded; none where the resource has none, or where it is not wholly known.
pub(crate) fn identity_of<C>(
    resource: &dyn AnyResource<C>,
    state: &Value,
    diagnostics: &mut Diagnostics,
) -> Option<DynamicValue> {
    let schema = resource.identity()?;
    if state.is_null() {
        return None;
    }
    let identity =
        resource.identify(state).filter(|identity| !identity.is_null() && identity.is_wholly_known())?;
    or_report(encode(&identity, &schema.implied_type(), "identity"), diagnostics)
}
