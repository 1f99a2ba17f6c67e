//! The services of go-plugin that go with every plugin: goodbye, output, brokering and health.

use std::pin::Pin;

use futures::{Stream, StreamExt, stream};
use tonic::{Request, Response, Status, Streaming};

use crate::{
    lifetime::{GOODBYE_GRACE, Lifetime},
    wire::{
        goplugin::{
            ConnInfo, Empty, StdioData, grpc_broker_server::GrpcBroker,
            grpc_controller_server::GrpcController, grpc_stdio_server::GrpcStdio,
        },
        health::{
            HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus,
            health_server::Health,
        },
    },
};

/// The name under which go-plugin hosts ask for the plugin's health; the empty one means the whole server.
const HEALTH_NAMES: [&str; 2] = ["plugin", ""];

/// Answers all of them. Its streams say nothing and end when the process must.
#[derive(Clone)]
pub(crate) struct SideServices {
    pub(crate) lifetime: Lifetime,
}

type Silence<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl SideServices {
    /// A stream without items that ends with the process: an open stream would keep the server from shutting down.
    fn silence<T: Send + 'static>(&self) -> Silence<T> {
        let exit = self.lifetime.exit_token().clone();
        Box::pin(stream::pending().take_until(exit.cancelled_owned()))
    }
}

#[tonic::async_trait]
impl GrpcController for SideServices {
    /// Terraform says goodbye: answer, then exit within 2 s.
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.lifetime.exit(GOODBYE_GRACE);
        Ok(Response::new(Empty {}))
    }
}

#[tonic::async_trait]
impl GrpcStdio for SideServices {
    type StreamStdioStream = Silence<StdioData>;

    /// Terraform would log anything sent here as unexpected; logs go to stderr.
    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(self.silence()))
    }
}

#[tonic::async_trait]
impl GrpcBroker for SideServices {
    type StartStreamStream = Silence<ConnInfo>;

    /// Providers broker no connections: what comes in is drained, nothing goes out.
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        let exit = self.lifetime.exit_token().clone();
        let incoming = request.into_inner().take_until(exit.cancelled_owned());
        tokio::spawn(incoming.for_each(|_| std::future::ready(())));
        Ok(Response::new(self.silence()))
    }
}

#[tonic::async_trait]
impl Health for SideServices {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let name = request.into_inner().service;
        if !HEALTH_NAMES.contains(&name.as_str()) {
            return Err(Status::not_found("there is no such service"));
        }
        Ok(Response::new(HealthCheckResponse { status: ServingStatus::Serving.into() }))
    }
}
