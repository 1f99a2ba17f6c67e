//! A provider inside this process: what every call goes through, without a process around it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use tonic::{Code, transport::Channel};

use super::client::{PATIENCE, channel, client};
use crate::{
    Attached, Context, DynamicValue, Plugin, ProviderServer, attach,
    cty::{Type, Value},
    rpc::{
        apply_resource_change, configure_provider, get_provider_schema, import_resource_state,
        plan_resource_change, read_data_source, read_resource, upgrade_resource_state,
        validate_data_resource_config, validate_provider_config, validate_resource_config,
    },
    wire::{
        self,
        health::{HealthCheckRequest, health_client::HealthClient},
        provider_client::ProviderClient,
    },
};

const PLUGIN: Plugin = Plugin { name: "mirror", version: "1.2.3", address: "example/mirror" };

/// Counts configurations, echoes states, and tells when a call was cancelled.
#[derive(Default)]
struct Mirror {
    configured: Arc<AtomicUsize>,
    cancelled: Arc<tokio::sync::Notify>,
    started: Arc<tokio::sync::Notify>,
}

#[async_trait]
impl ProviderServer for Mirror {
    async fn get_provider_schema(
        &self,
        _: &Context,
        _: get_provider_schema::Request,
    ) -> get_provider_schema::Response {
        Default::default()
    }

    async fn validate_provider_config(
        &self,
        _: &Context,
        _: validate_provider_config::Request,
    ) -> validate_provider_config::Response {
        Default::default()
    }

    async fn validate_resource_config(
        &self,
        _: &Context,
        _: validate_resource_config::Request,
    ) -> validate_resource_config::Response {
        Default::default()
    }

    async fn validate_data_resource_config(
        &self,
        _: &Context,
        _: validate_data_resource_config::Request,
    ) -> validate_data_resource_config::Response {
        Default::default()
    }

    async fn upgrade_resource_state(
        &self,
        _: &Context,
        _: upgrade_resource_state::Request,
    ) -> upgrade_resource_state::Response {
        Default::default()
    }

    async fn configure_provider(
        &self,
        _: &Context,
        _: configure_provider::Request,
    ) -> configure_provider::Response {
        self.configured.fetch_add(1, Ordering::Relaxed);
        Default::default()
    }

    async fn read_resource(&self, _: &Context, request: read_resource::Request) -> read_resource::Response {
        read_resource::Response {
            new_state: request.current_state,
            private: request.private,
            new_identity: request.current_identity,
            ..Default::default()
        }
    }

    async fn plan_resource_change(
        &self,
        _: &Context,
        _: plan_resource_change::Request,
    ) -> plan_resource_change::Response {
        panic!("{} of them", 7)
    }

    async fn apply_resource_change(
        &self,
        context: &Context,
        _: apply_resource_change::Request,
    ) -> apply_resource_change::Response {
        self.started.notify_one();
        context.cancelled.cancelled().await;
        self.cancelled.notify_one();
        Default::default()
    }

    async fn import_resource_state(
        &self,
        _: &Context,
        _: import_resource_state::Request,
    ) -> import_resource_state::Response {
        Default::default()
    }

    async fn read_data_source(
        &self,
        _: &Context,
        _: read_data_source::Request,
    ) -> read_data_source::Response {
        Default::default()
    }
}

async fn connect(attached: &Attached) -> Channel {
    let socket = attached.socket().expect("a unix socket");
    channel(tokio::net::UnixStream::connect(socket).await.expect("the socket")).await
}

async fn served(mirror: Mirror) -> (Attached, ProviderClient<Channel>) {
    let attached = attach(mirror, &PLUGIN).await.expect("a provider to attach to");
    let provider = client(connect(&attached).await);
    (attached, provider)
}

#[tokio::test]
async fn terraform_is_told_where_to_attach() {
    let (attached, _) = served(Mirror::default()).await;
    let told: serde_json::Value = serde_json::from_str(attached.reattach_providers()).expect("JSON");
    let socket = attached.socket().expect("a unix socket").to_str().expect("text");
    let expected = serde_json::json!({ "example/mirror": {
        "Protocol": "grpc", "ProtocolVersion": 6, "Pid": std::process::id(), "Test": true,
        "Addr": { "Network": "unix", "String": socket },
    }});
    assert_eq!(told, expected);
}

#[tokio::test]
async fn stopping_removes_the_socket() {
    let (attached, provider) = served(Mirror::default()).await;
    let socket = attached.socket().expect("a unix socket").to_owned();
    tokio::time::timeout(PATIENCE, attached.stop()).await.expect("it stops").expect("without an error");
    assert!(!socket.exists());
    drop(provider);
}

#[tokio::test]
async fn rule_5_messages_may_be_large() {
    /// More than gRPC allows by default.
    const LARGE: usize = 20 << 20;
    let (_attached, mut provider) = served(Mirror::default()).await;
    let state = DynamicValue::encode(&Value::string("x".repeat(LARGE)), &Type::String).expect("a string");
    let request = wire::read_resource::Request {
        current_state: state.clone().into_wire(),
        private: b"kept".to_vec(),
        ..Default::default()
    };
    let answer = provider.read_resource(request).await.expect("no limit is hit").into_inner();
    assert!(answer.new_state == state.into_wire());
    assert_eq!(answer.private, b"kept");
    assert_eq!(crate::serve::MESSAGE_BYTES_MAX, 256 << 20);
}

#[tokio::test]
async fn rule_7_a_panic_is_a_diagnostic_not_a_grpc_error() {
    let (_attached, mut provider) = served(Mirror::default()).await;
    let answer = provider.plan_resource_change(wire::plan_resource_change::Request::default()).await;
    let diagnostics = answer.expect("no gRPC error").into_inner().diagnostics;
    assert_eq!(diagnostics[0].severity(), wire::diagnostic::Severity::Error);
    assert!(diagnostics[0].detail.contains("PlanResourceChange: 7 of them"), "{}", diagnostics[0].detail);
    assert!(diagnostics[0].detail.contains("bug in the provider"));
}

#[tokio::test]
async fn rule_8_what_is_absent_comes_back_as_it_came() {
    let (_attached, mut provider) = served(Mirror::default()).await;
    let answer = provider
        .read_resource(wire::read_resource::Request::default())
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(answer, wire::read_resource::Response::default());
}

#[tokio::test]
async fn rule_19_a_provider_is_configured_again_and_again() {
    let mirror = Mirror::default();
    let configured = Arc::clone(&mirror.configured);
    let (attached, mut provider) = served(mirror).await;
    for _ in 0..3 {
        provider.configure_provider(wire::configure_provider::Request::default()).await.expect("an answer");
    }
    // And by another Terraform that attaches to the same process.
    let mut second = client(connect(&attached).await);
    second.configure_provider(wire::configure_provider::Request::default()).await.expect("an answer");
    assert_eq!(configured.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn work_is_cancelled_not_cut_off_when_its_connection_breaks() {
    let mirror = Mirror::default();
    let (started, cancelled) = (Arc::clone(&mirror.started), Arc::clone(&mirror.cancelled));
    let (_attached, mut provider) = served(mirror).await;
    let call = tokio::spawn(async move {
        provider.apply_resource_change(wire::apply_resource_change::Request::default()).await
    });
    started.notified().await;
    call.abort();
    tokio::time::timeout(PATIENCE, cancelled.notified()).await.expect("the work notices and ends itself");
}

#[tokio::test]
async fn what_is_not_offered_is_answered_as_terraform_expects() {
    let (attached, mut provider) = served(Mirror::default()).await;
    let metadata = provider.get_metadata(wire::get_metadata::Request {}).await.expect("names").into_inner();
    assert!(metadata.resources.is_empty());
    let identities = wire::get_resource_identity_schemas::Request {};
    let identities =
        provider.get_resource_identity_schemas(identities).await.expect("identities").into_inner();
    assert_eq!(identities, wire::get_resource_identity_schemas::Response::default());
    let call = wire::call_function::Request { name: "none".into(), arguments: Vec::new() };
    let error =
        provider.call_function(call).await.expect("no gRPC error").into_inner().error.expect("an error");
    assert_eq!(error.text, "there is no function named \"none\"");

    // List resources, actions and state stores: calls this protocol knows and we do not.
    for method in
        ["ListResource", "ValidateListResourceConfig", "PlanAction", "InvokeAction", "ReadStateBytes"]
    {
        let path = format!("/tfplugin6.Provider/{method}").parse().expect("a path");
        let mut grpc = tonic::client::Grpc::new(connect(&attached).await);
        grpc.ready().await.expect("a connection");
        let codec =
            tonic_prost::ProstCodec::<wire::get_metadata::Request, wire::get_metadata::Response>::default();
        let request = tonic::Request::new(wire::get_metadata::Request {});
        let status = grpc.unary(request, path, codec).await.expect_err("there is no such call");
        assert_eq!(status.code(), Code::Unimplemented, "{method}");
    }
}

#[tokio::test]
async fn the_plugin_says_it_is_healthy() {
    let (attached, _) = served(Mirror::default()).await;
    let mut health = HealthClient::new(connect(&attached).await);
    let ask = |service: &str| HealthCheckRequest { service: service.into() };
    let answer = health.check(ask("plugin")).await.expect("an answer").into_inner();
    assert_eq!(answer.status(), wire::health::health_check_response::ServingStatus::Serving);
    let unknown = health.check(ask("other")).await.expect_err("there is no such service");
    assert_eq!(unknown.code(), Code::NotFound);
}
