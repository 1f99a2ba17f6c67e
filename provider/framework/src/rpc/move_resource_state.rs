//! Takes over the state of another resource type.

use provider_protocol::Context;
use provider_protocol::rpc::move_resource_state::{Request, Response};

use super::identity_of;
use super::upgrade_resource_state::json_object;
use crate::resource::Source;
use crate::server::{Server, encode};
use crate::values::without_unknown;
use crate::{Diagnostic, Diagnostics, Provider, plan};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, _: &Context, request: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    let mut response = match take_over(server, &request, &mut diagnostics) {
        Ok(response) => response,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            Response::default()
        }
    };
    response.diagnostics = diagnostics.into_wire();
    response
}

fn take_over<P: Provider>(
    server: &Server<P>,
    request: &Request,
    diagnostics: &mut Diagnostics,
) -> Result<Response, Diagnostic> {
    let resource = server.resource(&request.target_type_name)?;
    let cannot = |why: String| {
        let (from, to) = (&request.source_type_name, &request.target_type_name);
        Diagnostic::error("Cannot move the resource", format!("From {from} to {to}: {why}."))
    };
    let source = Source {
        provider_address: request.source_provider_address.clone(),
        type_name: request.source_type_name.clone(),
        schema_version: request.source_schema_version,
        state: json_object(&request.source_state.json).map_err(&cannot)?,
        private: request.source_private.clone(),
    };
    let outcome = resource
        .take_over(&source)
        .ok_or_else(|| cannot(format!("{} cannot take over that type", request.target_type_name)))?;
    let failed = outcome.diagnostics.has_error();
    diagnostics.append(outcome.diagnostics);
    let Some(state) = outcome.state.filter(|_| !failed) else {
        return if failed {
            Ok(Response::default())
        } else {
            Err(cannot("there is nothing to take over".to_owned()))
        };
    };
    let (mut state, _) = without_unknown(&state);
    plan::without_write_only(resource.schema(), &mut state);
    Ok(Response {
        target_state: encode(&state, resource.ty(), "moved state")?,
        target_private: Vec::new(),
        target_identity: identity_of(resource, &state, diagnostics),
        diagnostics: Vec::new(),
    })
}
