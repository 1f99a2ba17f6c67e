//! The names of everything the provider offers; asked by provider multiplexers, not by Terraform itself.

use super::{FromWire, ToWire};
use crate::{
    capabilities::ServerCapabilities,
    diagnostics::{self, Diagnostic},
    wire,
};

/// The question; it has no parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request;

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// What the provider can do.
    pub server_capabilities: ServerCapabilities,
    /// The managed resource types.
    pub resources: Vec<String>,
    /// The data sources.
    pub data_sources: Vec<String>,
    /// The functions.
    pub functions: Vec<String>,
    /// The ephemeral resource types.
    pub ephemeral_resources: Vec<String>,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::get_metadata::Request;

    fn from_wire(_: Self::Wire) -> Self {
        Request
    }
}

impl ToWire for Response {
    type Wire = wire::get_metadata::Response;

    fn to_wire(self) -> Self::Wire {
        use wire::get_metadata::{FunctionMetadata, TypeMetadata};
        let types =
            |names: Vec<String>| names.into_iter().map(|type_name| TypeMetadata { type_name }).collect();
        wire::get_metadata::Response {
            server_capabilities: Some(self.server_capabilities.to_wire()),
            diagnostics: diagnostics::to_wire(&self.diagnostics),
            data_sources: types(self.data_sources),
            resources: types(self.resources),
            functions: self.functions.into_iter().map(|name| FunctionMetadata { name }).collect(),
            ephemeral_resources: types(self.ephemeral_resources),
        }
    }

    fn failed(diagnostic: Diagnostic) -> Self {
        Response { diagnostics: vec![diagnostic], ..Self::default() }
    }

    fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}
