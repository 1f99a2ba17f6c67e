//! Makes the change. Whatever was made reaches the state, also when something failed.

use provider_protocol::Context;
use provider_protocol::cty::{Path, Value};
use provider_protocol::rpc::apply_resource_change::{Request, Response};

use super::identity_of;
use crate::erased::AnyResource;
use crate::server::{Server, decode, encode};
use crate::timeouts::Operation;
use crate::values::without_unknown;
use crate::{Diagnostic, Diagnostics, Outcome, Private, Provider, Run, contract};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, context: &Context, request: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    // Without a new state, Terraform keeps the prior one; so does our answer, private data and identity included.
    let mut response = Response {
        new_state: request.prior_state.clone(),
        private: request.planned_private.clone(),
        new_identity: request.planned_identity.clone(),
        ..Response::default()
    };
    if let Err(diagnostic) = apply(server, context, &request, &mut response, &mut diagnostics).await {
        diagnostics.push(diagnostic);
    }
    response.diagnostics = diagnostics.into_wire();
    response
}

async fn apply<P: Provider>(
    server: &Server<P>,
    context: &Context,
    request: &Request,
    response: &mut Response,
    diagnostics: &mut Diagnostics,
) -> Result<(), Diagnostic> {
    let resource = server.resource(&request.type_name)?;
    let ty = resource.ty();
    let prior = decode(&request.prior_state, ty, "prior state")?;
    let planned = decode(&request.planned_state, ty, "planned state")?;
    let config = decode(&request.config, ty, "configuration")?;
    let operation = match (prior.is_null(), planned.is_null()) {
        (true, _) => Operation::Create,
        (false, true) => Operation::Delete,
        (false, false) => Operation::Update,
    };
    // How long deleting may take is only in the state, the configuration being gone.
    let written = if operation == Operation::Delete { &prior } else { &planned };
    let limit = resource.timeouts().resolve(operation, written).map(|limit| (operation, limit));
    let mut run = Run::new(context, server.client(), Private::from_bytes(&request.planned_private), limit);
    let outcome = resource.apply(&mut run, &prior, &planned, &config).await;
    let Some(new) = settled(resource, operation, outcome, &planned, server.checks_contract, diagnostics)
    else {
        return Ok(());
    };
    response.private = run.private.to_bytes();
    response.new_state = encode(&new, ty, "new state")?;
    if let Some(identity) = identity_of(resource, &new, diagnostics) {
        response.new_identity = Some(identity);
    }
    Ok(())
}

/// The state to answer with; none to keep the prior one. Adds the outcome's messages, and ours about the outcome.
fn settled<C>(
    resource: &dyn AnyResource<C>,
    operation: Operation,
    outcome: Outcome<Value>,
    planned: &Value,
    checks_contract: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let failed = outcome.diagnostics.has_error();
    diagnostics.append(outcome.diagnostics);
    let new = match (operation, outcome.state) {
        (Operation::Delete, None) if !failed => return Some(Value::Null),
        (_, None) if failed => return None,
        (Operation::Delete, Some(_)) if !failed => {
            diagnostics.push(Diagnostic::bug(
                "State left after deletion",
                &"The resource reported neither that it is gone nor an error.",
            ));
            return None;
        }
        (_, None) => {
            diagnostics.push(Diagnostic::bug(
                format!("Missing state after {}", operation.name()),
                &"The resource reported neither a state nor an error. If it was created, applying again may create a \
                  duplicate: look for it and import it.",
            ));
            return None;
        }
        (_, Some(new)) => new,
    };
    let (known, unknown) = without_unknown(&new);
    if !failed && !unknown.is_empty() {
        diagnostics.push(Diagnostic::bug("Still unknown after apply", &listed(&unknown)));
    } else if !failed && checks_contract {
        contract::report(contract::check_apply(resource.schema(), planned, &known), diagnostics);
    }
    Some(known)
}

fn listed(paths: &[Path]) -> String {
    let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
    format!("After apply every value must be known, but these are not: {}.", paths.join(", "))
}
