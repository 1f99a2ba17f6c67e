//! Finds an existing resource by id or identity; reading it fills the rest.

use provider_protocol::Context;
use provider_protocol::cty::Value;
use provider_protocol::rpc::import_resource_state::{ImportedResource, Request, Response};

use super::identity_of;
use crate::resource::Import;
use crate::server::{Server, decode, encode};
use crate::values::without_unknown;
use crate::{Diagnostic, Diagnostics, Private, Provider, Run};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, context: &Context, request: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    let imported = match import(server, context, &request, &mut diagnostics).await {
        Ok(imported) => imported,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            None
        }
    };
    Response {
        imported_resources: imported.into_iter().collect(),
        deferred: None,
        diagnostics: diagnostics.into_wire(),
    }
}

async fn import<P: Provider>(
    server: &Server<P>,
    context: &Context,
    request: &Request,
    diagnostics: &mut Diagnostics,
) -> Result<Option<ImportedResource>, Diagnostic> {
    let resource = server.resource(&request.type_name)?;
    let identity = match (&request.identity, resource.identity()) {
        (Some(identity), Some(schema)) => decode(identity, &schema.implied_type(), "identity")?,
        _ => Value::Null,
    };
    let from = if request.id.is_empty() && !identity.is_null() {
        Import::Identity(identity)
    } else {
        Import::Id(request.id.clone())
    };
    let mut run = Run::new(context, server.client(), Private::default(), None);
    let outcome = resource.import(&mut run, from).await;
    let failed = outcome.diagnostics.has_error();
    diagnostics.append(outcome.diagnostics);
    let Some(state) = outcome.state.filter(|_| !failed) else {
        if !failed {
            diagnostics
                .error("Nothing to import", format!("There is no {} \"{}\".", request.type_name, request.id));
        }
        return Ok(None);
    };
    let (state, _) = without_unknown(&state);
    Ok(Some(ImportedResource {
        type_name: request.type_name.clone(),
        state: encode(&state, resource.ty(), "imported state")?,
        private: run.private.to_bytes(),
        identity: request.identity.clone().or_else(|| identity_of(resource, &state, diagnostics)),
    }))
}
