//! Brings a state from the state file to the current schema; asked for every instance in every run, mostly without need.

use super::{FromWire, ToWire};
use crate::{
    diagnostics::{self, Diagnostic},
    dynamic_value::{DynamicValue, RawState},
    wire,
};

/// The question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The resource type.
    pub type_name: String,
    /// The schema version the state was written with, perhaps the current one.
    pub version: i64,
    /// The state as it stands in the file.
    pub raw_state: RawState,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The state of the current schema, wholly known.
    pub upgraded_state: DynamicValue,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::upgrade_resource_state::Request;

    fn from_wire(wire: Self::Wire) -> Self {
        Request {
            type_name: wire.type_name,
            version: wire.version,
            raw_state: RawState::from_wire(wire.raw_state),
        }
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("tf_resource_type", &self.type_name))
    }
}

impl ToWire for Response {
    type Wire = wire::upgrade_resource_state::Response;

    fn to_wire(self) -> Self::Wire {
        wire::upgrade_resource_state::Response {
            upgraded_state: self.upgraded_state.into_wire(),
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
