//! Looks at what really is.

use super::{FromWire, ToWire};
use crate::{
    capabilities::{ClientCapabilities, DeferredReason},
    diagnostics::{self, Diagnostic},
    dynamic_value::{DynamicValue, identity_from_wire, identity_to_wire},
    wire,
};

/// The question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The resource type.
    pub type_name: String,
    /// What the state file says.
    pub current_state: DynamicValue,
    /// The private data kept with the state.
    pub private: Vec<u8>,
    /// The `provider_meta` block of the calling HCL module; null where there is none.
    pub provider_meta: DynamicValue,
    /// What this Terraform can do.
    pub client_capabilities: ClientCapabilities,
    /// The identity, if there is one yet.
    pub current_identity: Option<DynamicValue>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// What is; null when it is gone.
    pub new_state: DynamicValue,
    /// Replaces the private data: empty clears it.
    pub private: Vec<u8>,
    /// The identity.
    pub new_identity: Option<DynamicValue>,
    /// Why the answer is put off; only where the client allows it.
    pub deferred: Option<DeferredReason>,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::read_resource::Request;

    fn from_wire(wire: Self::Wire) -> Self {
        Request {
            type_name: wire.type_name,
            current_state: DynamicValue::from_wire(wire.current_state),
            private: wire.private,
            provider_meta: DynamicValue::from_wire(wire.provider_meta),
            client_capabilities: ClientCapabilities::from_wire(wire.client_capabilities),
            current_identity: identity_from_wire(wire.current_identity),
        }
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("tf_resource_type", &self.type_name))
    }
}

impl ToWire for Response {
    type Wire = wire::read_resource::Response;

    fn to_wire(self) -> Self::Wire {
        wire::read_resource::Response {
            new_state: self.new_state.into_wire(),
            private: self.private,
            new_identity: identity_to_wire(self.new_identity),
            deferred: self.deferred.map(DeferredReason::to_wire),
            diagnostics: diagnostics::to_wire(&self.diagnostics),
        }
    }

    fn failed(diagnostic: Diagnostic) -> Self {
        Response { diagnostics: vec![diagnostic], ..Self::default() }
    }

    fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}
