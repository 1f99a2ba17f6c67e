//! Takes over a resource of another type or provider (`moved` across types).

use super::{FromWire, ToWire};
use crate::{
    diagnostics::{self, Diagnostic},
    dynamic_value::{DynamicValue, RawState, identity_to_wire},
    wire,
};

/// The question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The provider it came from.
    pub source_provider_address: String,
    /// The type it had.
    pub source_type_name: String,
    /// The schema version of its state.
    pub source_schema_version: i64,
    /// Its state.
    pub source_state: RawState,
    /// The type it becomes.
    pub target_type_name: String,
    /// Its private data.
    pub source_private: Vec<u8>,
    /// Its identity.
    pub source_identity: RawState,
    /// The version of its identity.
    pub source_identity_schema_version: i64,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The state under the new type.
    pub target_state: DynamicValue,
    /// The private data to keep.
    pub target_private: Vec<u8>,
    /// The identity under the new type.
    pub target_identity: Option<DynamicValue>,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::move_resource_state::Request;

    fn from_wire(wire: Self::Wire) -> Self {
        Request {
            source_provider_address: wire.source_provider_address,
            source_type_name: wire.source_type_name,
            source_schema_version: wire.source_schema_version,
            source_state: RawState::from_wire(wire.source_state),
            target_type_name: wire.target_type_name,
            source_private: wire.source_private,
            source_identity: RawState::from_wire(wire.source_identity),
            source_identity_schema_version: wire.source_identity_schema_version,
        }
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("tf_resource_type", &self.target_type_name))
    }
}

impl ToWire for Response {
    type Wire = wire::move_resource_state::Response;

    fn to_wire(self) -> Self::Wire {
        wire::move_resource_state::Response {
            target_state: self.target_state.into_wire(),
            target_private: self.target_private,
            target_identity: identity_to_wire(self.target_identity),
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
