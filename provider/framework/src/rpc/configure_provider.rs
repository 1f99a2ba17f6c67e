//! Makes the client. Where something it needs is unknown, that is no error: planning goes on without.

use provider_protocol::Context;
use provider_protocol::rpc::configure_provider::{Request, Response};

use crate::erased::typed_config;
use crate::provider::Setup;
use crate::server::{Server, decode, or_report};
use crate::{Diagnostics, Provider};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, context: &Context, request: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    let config = or_report(decode(&request.config, &server.ty, "provider block"), &mut diagnostics);
    let config = config.and_then(|config| typed_config(&config, &mut diagnostics));
    let mut client = None;
    if let Some(config) = config {
        let setup = Setup {
            config,
            terraform_version: request.terraform_version,
            cancelled: context.cancelled.clone(),
        };
        client = server.provider.configure(setup, &mut diagnostics).await;
    }
    server.set_client(client);
    Response { diagnostics: diagnostics.into_wire() }
}
