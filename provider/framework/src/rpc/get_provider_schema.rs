//! Everything the provider offers, with its schemas; a schema that Terraform would refuse is an error here.

use provider_protocol::rpc::get_provider_schema::{Request, Response};
use provider_protocol::{Context, ServerCapabilities};

use crate::schema::Schema;
use crate::server::Server;
use crate::{Diagnostic, Diagnostics, Provider};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, _: &Context, _: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    if server.checks_contract {
        for mistake in server.mistakes() {
            diagnostics.push(Diagnostic::bug("Unsound schema", &mistake));
        }
    }
    Response {
        provider: server.schema.to_wire(),
        provider_meta: None,
        resource_schemas: server
            .resources
            .iter()
            .map(|(name, found)| (name.to_string(), found.schema().to_wire()))
            .collect(),
        data_source_schemas: server
            .data_sources
            .iter()
            .map(|(name, found)| (name.to_string(), found.schema().to_wire()))
            .collect(),
        ephemeral_resource_schemas: server
            .ephemerals
            .iter()
            .map(|(name, found)| (name.to_string(), found.schema().to_wire()))
            .collect(),
        functions: server
            .functions
            .iter()
            .map(|(name, found)| (name.to_string(), found.signature().to_wire()))
            .collect(),
        server_capabilities: ServerCapabilities {
            plan_destroy: true,
            get_provider_schema_optional: true,
            move_resource_state: true,
            generate_resource_config: false,
        },
        diagnostics: diagnostics.into_wire(),
    }
}

impl<P: Provider> Server<P> {
    /// What Terraform would refuse, or a newcomer miss, in any schema; empty when all are sound.
    pub fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut check = |what: String, schema: &Schema, model: &[&str]| {
            found.extend(schema.mistakes().into_iter().map(|mistake| format!("{what}: {mistake}")));
            found.extend(strangers(schema, model).into_iter().map(|mistake| format!("{what}: {mistake}")));
        };
        check("the provider block".to_owned(), &self.schema, <P::Config as crate::Model>::ATTRIBUTES);
        for (name, resource) in &self.resources {
            check(format!("resource {name}"), resource.schema(), resource.model_attributes());
        }
        for (name, source) in &self.data_sources {
            check(format!("data source {name}"), source.schema(), source.model_attributes());
        }
        for (name, ephemeral) in &self.ephemerals {
            check(format!("ephemeral resource {name}"), ephemeral.schema(), ephemeral.model_attributes());
        }
        let prefix = format!("{}_", self.provider.name());
        let named = self.resources.keys().chain(self.data_sources.keys()).chain(self.ephemerals.keys());
        for name in named.filter(|name| !name.starts_with(&prefix)) {
            found.push(format!("{name}: the name of a type begins with \"{prefix}\""));
        }
        found
    }
}

/// Fields of the model that the schema does not have.
fn strangers(schema: &Schema, model: &[&str]) -> Vec<String> {
    let known = |name: &str| {
        schema.body.attributes.iter().any(|attribute| attribute.name == name)
            || schema.body.blocks.iter().any(|block| block.name == name)
    };
    model
        .iter()
        .filter(|name| !known(name))
        .map(|name| format!("{name}: the model has it, the schema does not"))
        .collect()
}
