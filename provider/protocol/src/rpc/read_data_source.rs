//! Reads a data source.

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
    /// The data source.
    pub type_name: String,
    /// The configuration, wholly known.
    pub config: DynamicValue,
    /// The `provider_meta` block of the calling HCL module; null where there is none.
    pub provider_meta: DynamicValue,
    /// What this Terraform can do.
    pub client_capabilities: ClientCapabilities,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// What was read.
    pub state: DynamicValue,
    /// Why the answer is put off; only where the client allows it.
    pub deferred: Option<DeferredReason>,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::read_data_source::Request;

    fn from_wire(wire: Self::Wire) -> Self {
        Request {
            type_name: wire.type_name,
            config: DynamicValue::from_wire(wire.config),
            provider_meta: DynamicValue::from_wire(wire.provider_meta),
            client_capabilities: ClientCapabilities::from_wire(wire.client_capabilities),
        }
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("tf_data_source_type", &self.type_name))
    }
}

impl ToWire for Response {
    type Wire = wire::read_data_source::Response;

    fn to_wire(self) -> Self::Wire {
        wire::read_data_source::Response {
            state: self.state.into_wire(),
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
