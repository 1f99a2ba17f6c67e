//! Brings an identity from the state file to its current schema.

use super::{FromWire, ToWire};
use crate::{
    diagnostics::{self, Diagnostic},
    dynamic_value::{DynamicValue, RawState, identity_to_wire},
    wire,
};

/// The question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The resource type.
    pub type_name: String,
    /// The identity version it was written with.
    pub version: i64,
    /// The identity as it stands in the file.
    pub raw_identity: RawState,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The identity of the current schema.
    pub upgraded_identity: Option<DynamicValue>,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::upgrade_resource_identity::Request;

    fn from_wire(wire: Self::Wire) -> Self {
        Request {
            type_name: wire.type_name,
            version: wire.version,
            raw_identity: RawState::from_wire(wire.raw_identity),
        }
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("tf_resource_type", &self.type_name))
    }
}

impl ToWire for Response {
    type Wire = wire::upgrade_resource_identity::Response;

    fn to_wire(self) -> Self::Wire {
        wire::upgrade_resource_identity::Response {
            upgraded_identity: identity_to_wire(self.upgraded_identity),
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
