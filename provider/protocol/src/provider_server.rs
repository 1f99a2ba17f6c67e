//! The trait a provider implements: one function per RPC, in plain Rust.

use async_trait::async_trait;

use crate::{
    Context, Diagnostic,
    rpc::{
        apply_resource_change, call_function, close_ephemeral_resource, configure_provider,
        generate_resource_config, get_functions, get_metadata, get_provider_schema,
        get_resource_identity_schemas, import_resource_state, move_resource_state, open_ephemeral_resource,
        plan_resource_change, read_data_source, read_resource, renew_ephemeral_resource, stop_provider,
        upgrade_resource_identity, upgrade_resource_state, validate_data_resource_config,
        validate_ephemeral_resource_config, validate_provider_config, validate_resource_config,
    },
};

/// A provider as Terraform sees it.
///
/// Functions answer with diagnostics, never with an error: Terraform shows a failed RPC as a crash. They must not block
/// the thread. The base set has no defaults; the others are only called for what the schema announces.
#[async_trait]
pub trait ProviderServer: Send + Sync + 'static {
    /// Everything the provider offers.
    async fn get_provider_schema(
        &self,
        context: &Context,
        request: get_provider_schema::Request,
    ) -> get_provider_schema::Response;

    /// Checks the `provider` block.
    async fn validate_provider_config(
        &self,
        context: &Context,
        request: validate_provider_config::Request,
    ) -> validate_provider_config::Response;

    /// Checks the configuration of a resource.
    async fn validate_resource_config(
        &self,
        context: &Context,
        request: validate_resource_config::Request,
    ) -> validate_resource_config::Response;

    /// Checks the configuration of a data source.
    async fn validate_data_resource_config(
        &self,
        context: &Context,
        request: validate_data_resource_config::Request,
    ) -> validate_data_resource_config::Response;

    /// Brings a state to the current schema.
    async fn upgrade_resource_state(
        &self,
        context: &Context,
        request: upgrade_resource_state::Request,
    ) -> upgrade_resource_state::Response;

    /// Takes the `provider` block. Comes again and again when the process is reused.
    async fn configure_provider(
        &self,
        context: &Context,
        request: configure_provider::Request,
    ) -> configure_provider::Response;

    /// Looks at what really is.
    async fn read_resource(
        &self,
        context: &Context,
        request: read_resource::Request,
    ) -> read_resource::Response;

    /// Says what a change will lead to.
    async fn plan_resource_change(
        &self,
        context: &Context,
        request: plan_resource_change::Request,
    ) -> plan_resource_change::Response;

    /// Makes the change.
    async fn apply_resource_change(
        &self,
        context: &Context,
        request: apply_resource_change::Request,
    ) -> apply_resource_change::Response;

    /// Finds an existing resource.
    async fn import_resource_state(
        &self,
        context: &Context,
        request: import_resource_state::Request,
    ) -> import_resource_state::Response;

    /// Reads a data source.
    async fn read_data_source(
        &self,
        context: &Context,
        request: read_data_source::Request,
    ) -> read_data_source::Response;

    /// The names of everything; by default drawn from the schema.
    async fn get_metadata(
        &self,
        context: &Context,
        _request: get_metadata::Request,
    ) -> get_metadata::Response {
        let schema = self.get_provider_schema(context, get_provider_schema::Request).await;
        get_metadata::Response {
            server_capabilities: schema.server_capabilities,
            resources: schema.resource_schemas.into_keys().collect(),
            data_sources: schema.data_source_schemas.into_keys().collect(),
            functions: schema.functions.into_keys().collect(),
            ephemeral_resources: schema.ephemeral_resource_schemas.into_keys().collect(),
            diagnostics: schema.diagnostics,
        }
    }

    /// What tells instances apart; by default no resource has an identity.
    async fn get_resource_identity_schemas(
        &self,
        _context: &Context,
        _request: get_resource_identity_schemas::Request,
    ) -> get_resource_identity_schemas::Response {
        get_resource_identity_schemas::Response::default()
    }

    /// Brings an identity to its current schema.
    async fn upgrade_resource_identity(
        &self,
        _context: &Context,
        request: upgrade_resource_identity::Request,
    ) -> upgrade_resource_identity::Response {
        let diagnostics = vec![not_offered("Identity", &request.type_name)];
        upgrade_resource_identity::Response { diagnostics, ..Default::default() }
    }

    /// Takes over a resource of another type.
    async fn move_resource_state(
        &self,
        _context: &Context,
        request: move_resource_state::Request,
    ) -> move_resource_state::Response {
        let diagnostics = vec![not_offered("Moving to", &request.target_type_name)];
        move_resource_state::Response { diagnostics, ..Default::default() }
    }

    /// Writes configuration for an imported resource.
    async fn generate_resource_config(
        &self,
        _context: &Context,
        request: generate_resource_config::Request,
    ) -> generate_resource_config::Response {
        let diagnostics = vec![not_offered("Generating configuration for", &request.type_name)];
        generate_resource_config::Response { diagnostics, ..Default::default() }
    }

    /// Checks the configuration of an ephemeral resource.
    async fn validate_ephemeral_resource_config(
        &self,
        _context: &Context,
        request: validate_ephemeral_resource_config::Request,
    ) -> validate_ephemeral_resource_config::Response {
        let diagnostics = vec![not_offered("Ephemeral resource", &request.type_name)];
        validate_ephemeral_resource_config::Response { diagnostics }
    }

    /// Opens an ephemeral resource.
    async fn open_ephemeral_resource(
        &self,
        _context: &Context,
        request: open_ephemeral_resource::Request,
    ) -> open_ephemeral_resource::Response {
        let diagnostics = vec![not_offered("Ephemeral resource", &request.type_name)];
        open_ephemeral_resource::Response { diagnostics, ..Default::default() }
    }

    /// Prolongs an ephemeral resource; by default nothing needs it.
    async fn renew_ephemeral_resource(
        &self,
        _context: &Context,
        request: renew_ephemeral_resource::Request,
    ) -> renew_ephemeral_resource::Response {
        renew_ephemeral_resource::Response { private: request.private, ..Default::default() }
    }

    /// Closes an ephemeral resource; by default there is nothing to close.
    async fn close_ephemeral_resource(
        &self,
        _context: &Context,
        _request: close_ephemeral_resource::Request,
    ) -> close_ephemeral_resource::Response {
        close_ephemeral_resource::Response::default()
    }

    /// The functions once more; by default those of the schema.
    async fn get_functions(
        &self,
        context: &Context,
        _request: get_functions::Request,
    ) -> get_functions::Response {
        let schema = self.get_provider_schema(context, get_provider_schema::Request).await;
        get_functions::Response { functions: schema.functions, diagnostics: schema.diagnostics }
    }

    /// Calls a function.
    async fn call_function(
        &self,
        _context: &Context,
        request: call_function::Request,
    ) -> call_function::Response {
        let text = format!("there is no function named {:?}", request.name);
        Err(call_function::FunctionError { text, argument: None })
    }

    /// Told after work in flight was cancelled; by default there is nothing more to do.
    async fn stop_provider(
        &self,
        _context: &Context,
        _request: stop_provider::Request,
    ) -> stop_provider::Response {
        stop_provider::Response::default()
    }
}

fn not_offered(what: &str, name: &str) -> Diagnostic {
    Diagnostic::bug(
        "Not offered by this provider",
        &format!("{what} {name:?} is not offered, yet Terraform asked for it."),
    )
}
