//! Checks the `provider` block.

use provider_protocol::Context;
use provider_protocol::rpc::validate_provider_config::{Request, Response};

use super::validate_resource_config::check_against_schema;
use crate::erased::typed_config;
use crate::server::{Server, decode, or_report};
use crate::{Diagnostics, Provider};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, _: &Context, request: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    if let Some(config) = or_report(decode(&request.config, &server.ty, "provider block"), &mut diagnostics) {
        check_against_schema(&server.schema, &config, true, &mut diagnostics);
        if let Some(model) = typed_config(&config, &mut diagnostics) {
            server.provider.validate(&model, &mut diagnostics);
        }
    }
    Response { diagnostics: diagnostics.into_wire() }
}
