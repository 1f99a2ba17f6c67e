//! The gRPC service: translates in, calls the provider, translates out; catches panics and hands out cancellation.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use futures::future::BoxFuture;
use tonic::{Request, Response, Status};
use tracing::{Instrument, field};

use crate::{
    Context, Diagnostic, Plugin, ProviderServer,
    handshake::PROTOCOL_VERSION,
    lifetime::Lifetime,
    panic_report,
    rpc::{FromWire, ToWire},
    wire::{self, provider_server::Provider},
};

/// The provider behind the wire.
pub(crate) struct Server<P> {
    provider: Arc<P>,
    plugin: Plugin,
    lifetime: Lifetime,
    calls: AtomicU64,
}

impl<P: ProviderServer> Server<P> {
    pub(crate) fn new(provider: P, plugin: Plugin, lifetime: Lifetime) -> Self {
        Server { provider: Arc::new(provider), plugin, lifetime, calls: AtomicU64::new(0) }
    }

    /// Runs one call in a task of its own: when the connection breaks the work is cancelled, not cut off at some await,
    /// and when it panics the answer is a diagnostic.
    async fn call<Q, A>(
        &self,
        rpc: &'static str,
        request: Request<Q::Wire>,
        run: impl for<'a> FnOnce(&'a P, &'a Context, Q) -> BoxFuture<'a, A> + Send + 'static,
    ) -> Result<Response<A::Wire>, Status>
    where
        Q: FromWire + Send + 'static,
        A: ToWire + Send + 'static,
    {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("{}-{number}", std::process::id());
        let span = tracing::info_span!(
            "rpc",
            tf_rpc = rpc,
            tf_req_id = %request_id,
            tf_provider_addr = self.plugin.address,
            tf_proto_version = PROTOCOL_VERSION,
            tf_resource_type = field::Empty,
            tf_data_source_type = field::Empty,
            tf_ephemeral_resource_type = field::Empty,
            tf_function_name = field::Empty,
        );
        let context = Context { cancelled: self.lifetime.call_token(), request_id };
        let cancel_if_dropped = context.cancelled.clone().drop_guard();
        let provider = Arc::clone(&self.provider);
        let request = Q::from_wire(request.into_inner());
        if let Some((key, name)) = request.subject() {
            span.record(key, name);
        }
        let work = async move {
            tracing::trace!("received request");
            let started = Instant::now();
            let answer = run(&provider, &context, request).await;
            let tf_req_duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            let errors = answer.diagnostics().iter().filter(|diagnostic| diagnostic.is_error()).count();
            tracing::trace!(
                tf_req_duration_ms,
                diagnostic_error_count = errors,
                diagnostic_warning_count = answer.diagnostics().len() - errors,
                "served request"
            );
            answer
        };
        let outcome = self.lifetime.in_flight().spawn(work.instrument(span)).await;
        cancel_if_dropped.disarm();
        let answer = outcome.unwrap_or_else(|lost| {
            A::failed(match lost.try_into_panic() {
                Ok(payload) => panic_report::diagnostic(rpc, &*payload),
                Err(_) => Diagnostic::error("Provider is shutting down", format!("{rpc} was not finished.")),
            })
        });
        Ok(Response::new(answer.to_wire()))
    }
}

/// One method per RPC, all alike.
macro_rules! provider_service {
    ($($method:ident $name:literal),* $(,)?) => {
        #[tonic::async_trait]
        impl<P: ProviderServer> Provider for Server<P> {
            $(
                async fn $method(
                    &self,
                    request: Request<wire::$method::Request>,
                ) -> Result<Response<wire::$method::Response>, Status> {
                    self.call($name, request, |provider, context, request| provider.$method(context, request)).await
                }
            )*

            async fn stop_provider(
                &self,
                request: Request<wire::stop_provider::Request>,
            ) -> Result<Response<wire::stop_provider::Response>, Status> {
                self.lifetime.stop_calls();
                self.call("StopProvider", request, |provider, context, request| {
                    provider.stop_provider(context, request)
                })
                .await
            }
        }
    };
}

provider_service! {
    get_metadata "GetMetadata",
    get_provider_schema "GetProviderSchema",
    validate_provider_config "ValidateProviderConfig",
    validate_resource_config "ValidateResourceConfig",
    validate_data_resource_config "ValidateDataResourceConfig",
    upgrade_resource_state "UpgradeResourceState",
    get_resource_identity_schemas "GetResourceIdentitySchemas",
    upgrade_resource_identity "UpgradeResourceIdentity",
    configure_provider "ConfigureProvider",
    read_resource "ReadResource",
    plan_resource_change "PlanResourceChange",
    apply_resource_change "ApplyResourceChange",
    import_resource_state "ImportResourceState",
    move_resource_state "MoveResourceState",
    read_data_source "ReadDataSource",
    generate_resource_config "GenerateResourceConfig",
    validate_ephemeral_resource_config "ValidateEphemeralResourceConfig",
    open_ephemeral_resource "OpenEphemeralResource",
    renew_ephemeral_resource "RenewEphemeralResource",
    close_ephemeral_resource "CloseEphemeralResource",
    get_functions "GetFunctions",
    call_function "CallFunction",
}
