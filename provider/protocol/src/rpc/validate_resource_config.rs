//! Checks the configuration of a resource; offline, and before the provider is configured.

use super::{FromWire, ToWire};
use crate::{
    capabilities::ClientCapabilities,
    diagnostics::{self, Diagnostic},
    dynamic_value::DynamicValue,
    wire,
};

/// The question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The resource type.
    pub type_name: String,
    /// The configuration; parts of it may be unknown.
    pub config: DynamicValue,
    /// What this Terraform can do.
    pub client_capabilities: ClientCapabilities,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::validate_resource_config::Request;

    fn from_wire(wire: Self::Wire) -> Self {
        Request {
            type_name: wire.type_name,
            config: DynamicValue::from_wire(wire.config),
            client_capabilities: ClientCapabilities::from_wire(wire.client_capabilities),
        }
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("tf_resource_type", &self.type_name))
    }
}

impl ToWire for Response {
    type Wire = wire::validate_resource_config::Response;

    fn to_wire(self) -> Self::Wire {
        wire::validate_resource_config::Response { diagnostics: diagnostics::to_wire(&self.diagnostics) }
    }

    fn failed(diagnostic: Diagnostic) -> Self {
        Response { diagnostics: vec![diagnostic] }
    }

    fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}
