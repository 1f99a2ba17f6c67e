//! Checks the configuration of an ephemeral resource.

use provider_protocol::Context;
use provider_protocol::rpc::validate_ephemeral_resource_config::{Request, Response};

use super::validate_resource_config::check_against_schema;
use crate::server::{Server, decode, or_report};
use crate::{Diagnostics, Provider};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, _: &Context, request: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    if let Some(ephemeral) = or_report(server.ephemeral(&request.type_name), &mut diagnostics) {
        let config = or_report(decode(&request.config, ephemeral.ty(), "configuration"), &mut diagnostics);
        if let Some(config) = config {
            check_against_schema(ephemeral.schema(), &config, true, &mut diagnostics);
            ephemeral.validate(&config, &mut diagnostics);
        }
    }
    Response { diagnostics: diagnostics.into_wire() }
}
