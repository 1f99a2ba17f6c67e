//! Opens an ephemeral resource: a value that is never stored.

use std::time::SystemTime;

use super::{FromWire, ToWire};
use crate::{
    capabilities::{ClientCapabilities, DeferredReason},
    diagnostics::{self, Diagnostic},
    dynamic_value::DynamicValue,
    wire,
};

/// The question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The ephemeral resource type.
    pub type_name: String,
    /// The configuration, wholly known.
    pub config: DynamicValue,
    /// What this Terraform can do.
    pub client_capabilities: ClientCapabilities,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The value.
    pub result: DynamicValue,
    /// When it must be renewed, if ever.
    pub renew_at: Option<SystemTime>,
    /// Handed to renew and close.
    pub private: Option<Vec<u8>>,
    /// Why the answer is put off; only where the client allows it.
    pub deferred: Option<DeferredReason>,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::open_ephemeral_resource::Request;

    fn from_wire(wire: Self::Wire) -> Self {
        Request {
            type_name: wire.type_name,
            config: DynamicValue::from_wire(wire.config),
            client_capabilities: ClientCapabilities::from_wire(wire.client_capabilities),
        }
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("tf_ephemeral_resource_type", &self.type_name))
    }
}

impl ToWire for Response {
    type Wire = wire::open_ephemeral_resource::Response;

    fn to_wire(self) -> Self::Wire {
        wire::open_ephemeral_resource::Response {
            result: self.result.into_wire(),
            renew_at: self.renew_at.map(Into::into),
            private: self.private,
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
