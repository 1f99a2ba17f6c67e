//! Hands over the `provider` block before real work starts; may come repeatedly in one process.

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
    /// The version of the calling Terraform.
    pub terraform_version: String,
    /// The block; while planning, parts of it may be unknown.
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
    type Wire = wire::configure_provider::Request;

    fn from_wire(wire: Self::Wire) -> Self {
        Request {
            terraform_version: wire.terraform_version,
            config: DynamicValue::from_wire(wire.config),
            client_capabilities: ClientCapabilities::from_wire(wire.client_capabilities),
        }
    }
}

impl ToWire for Response {
    type Wire = wire::configure_provider::Response;

    fn to_wire(self) -> Self::Wire {
        wire::configure_provider::Response { diagnostics: diagnostics::to_wire(&self.diagnostics) }
    }

    fn failed(diagnostic: Diagnostic) -> Self {
        Response { diagnostics: vec![diagnostic] }
    }

    fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}
