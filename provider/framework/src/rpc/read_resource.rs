//! Looks at what really is. Private data is handed back, because an empty answer would clear it.

use provider_protocol::Context;
use provider_protocol::cty::Value;
use provider_protocol::rpc::read_resource::{Request, Response};

use super::identity_of;
use crate::server::{Server, decode, encode, or_report};
use crate::timeouts::Operation;
use crate::{Diagnostic, Diagnostics, Private, Provider, Run, contract};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, context: &Context, request: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    let mut response = Response {
        new_state: request.current_state.clone(),
        private: request.private.clone(),
        new_identity: request.current_identity.clone(),
        ..Response::default()
    };
    if let Err(diagnostic) = read(server, context, &request, &mut response, &mut diagnostics).await {
        diagnostics.push(diagnostic);
    }
    response.diagnostics = diagnostics.into_wire();
    response
}

async fn read<P: Provider>(
    server: &Server<P>,
    context: &Context,
    request: &Request,
    response: &mut Response,
    diagnostics: &mut Diagnostics,
) -> Result<(), Diagnostic> {
    let resource = server.resource(&request.type_name)?;
    let state = decode(&request.current_state, resource.ty(), "state")?;
    if state.is_null() {
        return Ok(());
    }
    let limit = resource.timeouts().resolve(Operation::Read, &state).map(|limit| (Operation::Read, limit));
    let mut run = Run::new(context, server.client(), Private::from_bytes(&request.private), limit);
    let outcome = resource.read(&mut run, &state).await;
    let failed = outcome.diagnostics.has_error();
    diagnostics.append(outcome.diagnostics);
    let new = match outcome.state {
        // Terraform keeps the state it has after an error; saying so ourselves costs nothing.
        None if failed => return Ok(()),
        None => Value::Null,
        Some(new) => new,
    };
    if server.checks_contract {
        contract::report(contract::check_read(resource.schema(), &new), diagnostics);
    }
    response.private = run.private.to_bytes();
    response.new_state = encode(&new, resource.ty(), "state")?;
    if let Some(identity) = or_report(Ok(identity_of(resource, &new, diagnostics)), diagnostics).flatten() {
        response.new_identity = Some(identity);
    }
    Ok(())
}
