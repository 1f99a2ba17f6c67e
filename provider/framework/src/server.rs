//! The provider as Terraform sees it: each RPC goes to the file of its name in `rpc/`.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use provider_protocol::cty::{Type, Value};
use provider_protocol::rpc::{
    apply_resource_change, call_function, close_ephemeral_resource, configure_provider, get_provider_schema,
    get_resource_identity_schemas, import_resource_state, move_resource_state, open_ephemeral_resource,
    plan_resource_change, read_data_source, read_resource, renew_ephemeral_resource,
    upgrade_resource_identity, upgrade_resource_state, validate_data_resource_config,
    validate_ephemeral_resource_config, validate_provider_config, validate_resource_config,
};
use provider_protocol::{Context, DynamicValue, ProviderServer};

use crate::erased::{AnyDataSource, AnyEphemeral, AnyResource};
use crate::schema::Schema;
use crate::{Diagnostic, Diagnostics, Function, Provider, rpc};

/// Serves a [`Provider`].
pub struct Server<P: Provider> {
    pub(crate) provider: P,
    pub(crate) schema: Schema,
    pub(crate) ty: Type,
    pub(crate) resources: BTreeMap<&'static str, Box<dyn AnyResource<P::Client>>>,
    pub(crate) data_sources: BTreeMap<&'static str, Box<dyn AnyDataSource<P::Client>>>,
    pub(crate) functions: BTreeMap<&'static str, Box<dyn Function>>,
    pub(crate) ephemerals: BTreeMap<&'static str, Box<dyn AnyEphemeral<P::Client>>>,
    client: RwLock<Option<Arc<P::Client>>>,
    pub(crate) checks_contract: bool,
}

impl<P: Provider> Server<P> {
    /// A server for the provider. A debug build checks each answer against Terraform's own rules.
    pub fn new(provider: P) -> Self {
        let schema = provider.schema();
        let offers = provider.offers();
        Self {
            ty: schema.ty(),
            schema,
            resources: offers.resources.into_iter().map(|resource| (resource.name(), resource)).collect(),
            data_sources: offers.data_sources.into_iter().map(|source| (source.name(), source)).collect(),
            functions: offers.functions.into_iter().map(|function| (function.name(), function)).collect(),
            ephemerals: offers
                .ephemerals
                .into_iter()
                .map(|ephemeral| (ephemeral.name(), ephemeral))
                .collect(),
            provider,
            client: RwLock::new(None),
            checks_contract: cfg!(debug_assertions),
        }
    }

    /// Checks each answer against Terraform's own rules, or does not.
    #[must_use]
    pub fn checking_contract(mut self, checks: bool) -> Self {
        self.checks_contract = checks;
        self
    }

    /// The provider.
    pub const fn provider(&self) -> &P {
        &self.provider
    }

    pub(crate) fn client(&self) -> Option<Arc<P::Client>> {
        // The lock guards one assignment, which cannot be left half done.
        self.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_client(&self, client: Option<P::Client>) {
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = client.map(Arc::new);
    }

    pub(crate) fn resource(&self, name: &str) -> Result<&dyn AnyResource<P::Client>, Diagnostic> {
        self.resources.get(name).map(|resource| &**resource).ok_or_else(|| unknown_type("resource", name))
    }

    pub(crate) fn data_source(&self, name: &str) -> Result<&dyn AnyDataSource<P::Client>, Diagnostic> {
        self.data_sources.get(name).map(|source| &**source).ok_or_else(|| unknown_type("data source", name))
    }

    pub(crate) fn ephemeral(&self, name: &str) -> Result<&dyn AnyEphemeral<P::Client>, Diagnostic> {
        self.ephemerals
            .get(name)
            .map(|found| &**found)
            .ok_or_else(|| unknown_type("ephemeral resource", name))
    }
}

fn unknown_type(kind: &str, name: &str) -> Diagnostic {
    Diagnostic::bug(
        "Unknown type",
        &format!("Terraform asked for the {kind} \"{name}\", which this provider does not have."),
    )
}

/// Reads a value of a request; only a mistake of Terraform's or ours can make it fail.
pub(crate) fn decode(value: &DynamicValue, ty: &Type, what: &str) -> Result<Value, Diagnostic> {
    value.decode(ty).map_err(|error| {
        Diagnostic::bug(format!("Cannot read the {what}"), &crate::diagnostics::chain(&error))
    })
}

/// Writes a value of a response; a value that does not fit its schema is a mistake of the resource.
pub(crate) fn encode(value: &Value, ty: &Type, what: &str) -> Result<DynamicValue, Diagnostic> {
    if let Err(mismatch) = value.conforms_to(ty) {
        let at = if mismatch.path.is_root() { "its root".to_owned() } else { mismatch.path.to_string() };
        return Err(Diagnostic::bug(format!("Unsuitable {what}"), &format!("At {at}: {mismatch}.")));
    }
    DynamicValue::encode(value, ty).map_err(|error| {
        Diagnostic::bug(format!("Cannot write the {what}"), &crate::diagnostics::chain(&error))
    })
}

/// Keeps the value, or adds the error.
pub(crate) fn or_report<T>(result: Result<T, Diagnostic>, diagnostics: &mut Diagnostics) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            None
        }
    }
}

/// Writes the functions that hand a request to the file of its RPC.
macro_rules! hand_over {
    ($($rpc:ident),* $(,)?) => {
        #[async_trait]
        impl<P: Provider> ProviderServer for Server<P> {
            $(async fn $rpc(&self, context: &Context, request: $rpc::Request) -> $rpc::Response {
                rpc::$rpc::answer(self, context, request).await
            })*
        }
    };
}

hand_over!(
    get_provider_schema,
    validate_provider_config,
    validate_resource_config,
    validate_data_resource_config,
    validate_ephemeral_resource_config,
    upgrade_resource_state,
    upgrade_resource_identity,
    get_resource_identity_schemas,
    configure_provider,
    read_resource,
    plan_resource_change,
    apply_resource_change,
    import_resource_state,
    move_resource_state,
    read_data_source,
    open_ephemeral_resource,
    renew_ephemeral_resource,
    close_ephemeral_resource,
    call_function,
);
