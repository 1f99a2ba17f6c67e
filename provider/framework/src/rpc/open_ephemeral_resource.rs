//! Opens an ephemeral resource.

use provider_protocol::Context;
use provider_protocol::rpc::open_ephemeral_resource::{Request, Response};

use crate::server::{Server, decode, encode};
use crate::{Diagnostic, Diagnostics, Private, Provider, Run, contract};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, context: &Context, request: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    let mut response = match open(server, context, &request, &mut diagnostics).await {
        Ok(response) => response,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            Response::default()
        }
    };
    response.diagnostics = diagnostics.into_wire();
    response
}

async fn open<P: Provider>(
    server: &Server<P>,
    context: &Context,
    request: &Request,
    diagnostics: &mut Diagnostics,
) -> Result<Response, Diagnostic> {
    let ephemeral = server.ephemeral(&request.type_name)?;
    let config = decode(&request.config, ephemeral.ty(), "configuration")?;
    let mut run = Run::new(context, server.client(), Private::default(), None);
    let opened = match ephemeral.open(&mut run, &config).await {
        Ok(opened) => opened,
        Err(errors) => {
            diagnostics.append(errors);
            return Ok(Response::default());
        }
    };
    if server.checks_contract {
        contract::report(contract::check_looked_up(ephemeral.schema(), &config, &opened.result), diagnostics);
    }
    Ok(Response {
        result: encode(&opened.result, ephemeral.ty(), "result")?,
        renew_at: opened.renew_at,
        private: Some(run.private.to_bytes()),
        ..Response::default()
    })
}
