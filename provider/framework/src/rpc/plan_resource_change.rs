//! Says what a change will lead to. The schema decides first, then the resource.

use provider_protocol::Context;
use provider_protocol::cty::Value;
use provider_protocol::rpc::plan_resource_change::{Request, Response};

use super::identity_of;
use crate::erased::PlanQuestion;
use crate::server::{Server, decode, encode};
use crate::{Diagnostic, Diagnostics, Private, Provider, contract};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, _: &Context, request: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    let mut response = match plan(server, &request, &mut diagnostics) {
        Ok(response) => response,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            Response::default()
        }
    };
    response.diagnostics = diagnostics.into_wire();
    response
}

fn plan<P: Provider>(
    server: &Server<P>,
    request: &Request,
    diagnostics: &mut Diagnostics,
) -> Result<Response, Diagnostic> {
    let resource = server.resource(&request.type_name)?;
    let ty = resource.ty();
    let prior = decode(&request.prior_state, ty, "prior state")?;
    let proposed = decode(&request.proposed_new_state, ty, "proposed state")?;
    let client = server.client();
    if proposed.is_null() {
        resource.plan_destroy(client.as_deref(), &prior, diagnostics);
        return Ok(Response {
            planned_state: encode(&Value::Null, ty, "planned state")?,
            planned_private: request.prior_private.clone(),
            planned_identity: request.prior_identity.clone(),
            ..Response::default()
        });
    }
    let config = decode(&request.config, ty, "configuration")?;
    // From Terraform 1.16 on, the second plan is told what the first one kept.
    let private =
        if request.planned_private.is_empty() { &request.prior_private } else { &request.planned_private };
    let question = PlanQuestion {
        prior: prior.clone(),
        config: config.clone(),
        proposed,
        private: Private::from_bytes(private),
        deferral_allowed: request.client_capabilities.deferral_allowed,
    };
    let answer = resource.plan(client.as_deref(), question);
    diagnostics.append(answer.diagnostics);
    if server.checks_contract && answer.deferred.is_none() && !diagnostics.has_error() {
        let violations =
            contract::check_plan(resource.schema(), &prior, &config, &answer.state, &answer.replace);
        contract::report(violations, diagnostics);
    }
    let planned_identity = match &request.prior_identity {
        Some(identity) => Some(identity.clone()),
        None => identity_of(resource, &prior, diagnostics),
    };
    Ok(Response {
        planned_state: encode(&answer.state, ty, "planned state")?,
        requires_replace: answer.replace,
        planned_private: answer.private.to_bytes(),
        planned_identity,
        deferred: answer.deferred,
        diagnostics: Vec::new(),
    })
}
