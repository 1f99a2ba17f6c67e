//! Everything the provider offers, with its schemas: the first question Terraform asks.

use std::collections::BTreeMap;

use super::{FromWire, ToWire};
use crate::{
    capabilities::ServerCapabilities,
    diagnostics::{self, Diagnostic},
    schema::{Function, Schema, map_to_wire},
    wire,
};

/// The question; it has no parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request;

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The `provider` block. Not optional: Terraform refuses a provider without.
    pub provider: Schema,
    /// The `provider_meta` block, if there is one.
    pub provider_meta: Option<Schema>,
    /// The managed resource types.
    pub resource_schemas: BTreeMap<String, Schema>,
    /// The data sources.
    pub data_source_schemas: BTreeMap<String, Schema>,
    /// The ephemeral resource types.
    pub ephemeral_resource_schemas: BTreeMap<String, Schema>,
    /// The functions.
    pub functions: BTreeMap<String, Function>,
    /// What the provider can do.
    pub server_capabilities: ServerCapabilities,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::get_provider_schema::Request;

    fn from_wire(_: Self::Wire) -> Self {
        Request
    }
}

impl ToWire for Response {
    type Wire = wire::get_provider_schema::Response;

    fn to_wire(self) -> Self::Wire {
        wire::get_provider_schema::Response {
            provider: Some(self.provider.to_wire()),
            provider_meta: self.provider_meta.as_ref().map(Schema::to_wire),
            resource_schemas: map_to_wire(&self.resource_schemas, Schema::to_wire),
            data_source_schemas: map_to_wire(&self.data_source_schemas, Schema::to_wire),
            ephemeral_resource_schemas: map_to_wire(&self.ephemeral_resource_schemas, Schema::to_wire),
            functions: map_to_wire(&self.functions, Function::to_wire),
            server_capabilities: Some(self.server_capabilities.to_wire()),
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
