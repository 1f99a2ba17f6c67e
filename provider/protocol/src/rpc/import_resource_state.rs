//! Finds an existing resource by id or identity.

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
    /// The id; empty when importing by identity.
    pub id: String,
    /// What this Terraform can do.
    pub client_capabilities: ClientCapabilities,
    /// The identity to import by.
    pub identity: Option<DynamicValue>,
}

/// One resource that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedResource {
    /// Its type.
    pub type_name: String,
    /// What is known of it so far; reading it fills the rest.
    pub state: DynamicValue,
    /// Private data to keep with the state.
    pub private: Vec<u8>,
    /// Its identity.
    pub identity: Option<DynamicValue>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// What was found.
    pub imported_resources: Vec<ImportedResource>,
    /// Why the answer is put off; only where the client allows it.
    pub deferred: Option<DeferredReason>,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::import_resource_state::Request;

    fn from_wire(wire: Self::Wire) -> Self {
        Request {
            type_name: wire.type_name,
            id: wire.id,
            client_capabilities: ClientCapabilities::from_wire(wire.client_capabilities),
            identity: identity_from_wire(wire.identity),
        }
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("tf_resource_type", &self.type_name))
    }
}

impl ToWire for Response {
    type Wire = wire::import_resource_state::Response;

    fn to_wire(self) -> Self::Wire {
        let imported = |resource: ImportedResource| wire::import_resource_state::ImportedResource {
            type_name: resource.type_name,
            state: resource.state.into_wire(),
            private: resource.private,
            identity: identity_to_wire(resource.identity),
        };
        wire::import_resource_state::Response {
            imported_resources: self.imported_resources.into_iter().map(imported).collect(),
            diagnostics: diagnostics::to_wire(&self.diagnostics),
            deferred: self.deferred.map(DeferredReason::to_wire),
        }
    }

    fn failed(diagnostic: Diagnostic) -> Self {
        Response { diagnostics: vec![diagnostic], ..Self::default() }
    }

    fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}
