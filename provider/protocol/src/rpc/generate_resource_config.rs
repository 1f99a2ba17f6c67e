//! Writes configuration for a resource that is being imported.

use super::{FromWire, ToWire};
use crate::{
    diagnostics::{self, Diagnostic},
    dynamic_value::DynamicValue,
    wire,
};

/// The question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The resource type.
    pub type_name: String,
    /// The imported state.
    pub state: DynamicValue,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// A configuration that fits it.
    pub config: DynamicValue,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::generate_resource_config::Request;

    fn from_wire(wire: Self::Wire) -> Self {
        Request { type_name: wire.type_name, state: DynamicValue::from_wire(wire.state) }
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("tf_resource_type", &self.type_name))
    }
}

impl ToWire for Response {
    type Wire = wire::generate_resource_config::Response;

    fn to_wire(self) -> Self::Wire {
        wire::generate_resource_config::Response {
            config: self.config.into_wire(),
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
