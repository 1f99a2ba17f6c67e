//! Checks the configuration of a data source.

use provider_protocol::Context;
use provider_protocol::rpc::validate_data_resource_config::{Request, Response};

use super::validate_resource_config::check_against_schema;
use crate::server::{Server, decode, or_report};
use crate::{Diagnostics, Provider};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, _: &Context, request: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    if let Some(source) = or_report(server.data_source(&request.type_name), &mut diagnostics) {
        let config = or_report(decode(&request.config, source.ty(), "configuration"), &mut diagnostics);
        if let Some(config) = config {
            check_against_schema(source.schema(), &config, true, &mut diagnostics);
            source.validate(&config, &mut diagnostics);
        }
    }
    Response { diagnostics: diagnostics.into_wire() }
}
