//! Reads a data source.

use provider_protocol::Context;
use provider_protocol::rpc::read_data_source::{Request, Response};

use crate::server::{Server, decode, encode};
use crate::{Diagnostic, Diagnostics, Private, Provider, Run, contract};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, context: &Context, request: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    let mut response = match read(server, context, &request, &mut diagnostics).await {
        Ok(response) => response,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            Response::default()
        }
    };
    response.diagnostics = diagnostics.into_wire();
    response
}

async fn read<P: Provider>(
    server: &Server<P>,
    context: &Context,
    request: &Request,
    diagnostics: &mut Diagnostics,
) -> Result<Response, Diagnostic> {
    let source = server.data_source(&request.type_name)?;
    let config = decode(&request.config, source.ty(), "configuration")?;
    let mut run = Run::new(context, server.client(), Private::default(), None);
    let outcome = source.read(&mut run, &config).await;
    let failed = outcome.diagnostics.has_error();
    diagnostics.append(outcome.diagnostics);
    let Some(state) = outcome.state else {
        if !failed {
            diagnostics.push(Diagnostic::bug(
                "Missing result",
                &"The data source reported neither a result nor an error.",
            ));
        }
        return Ok(Response::default());
    };
    if server.checks_contract && !failed {
        contract::report(contract::check_looked_up(source.schema(), &config, &state), diagnostics);
    }
    Ok(Response { state: encode(&state, source.ty(), "result")?, ..Response::default() })
}
