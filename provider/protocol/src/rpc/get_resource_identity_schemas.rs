//! What tells instances of each resource type apart.

use std::collections::BTreeMap;

use super::{FromWire, ToWire};
use crate::{
    diagnostics::{self, Diagnostic},
    schema::{IdentitySchema, map_to_wire},
    wire,
};

/// The question; it has no parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request;

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// By resource type, for those that have an identity.
    pub identity_schemas: BTreeMap<String, IdentitySchema>,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::get_resource_identity_schemas::Request;

    fn from_wire(_: Self::Wire) -> Self {
        Request
    }
}

impl ToWire for Response {
    type Wire = wire::get_resource_identity_schemas::Response;

    fn to_wire(self) -> Self::Wire {
        wire::get_resource_identity_schemas::Response {
            identity_schemas: map_to_wire(&self.identity_schemas, IdentitySchema::to_wire),
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
