//! Prolongs an ephemeral resource.

use provider_protocol::Context;
use provider_protocol::rpc::renew_ephemeral_resource::{Request, Response};

use crate::server::{Server, or_report};
use crate::{Diagnostics, Private, Provider, Run};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, context: &Context, request: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    let mut response = Response { private: request.private.clone(), ..Response::default() };
    if let Some(ephemeral) = or_report(server.ephemeral(&request.type_name), &mut diagnostics) {
        let private = Private::from_bytes(request.private.as_deref().unwrap_or_default());
        let mut run = Run::new(context, server.client(), private, None);
        if let Some(renew_at) = Diagnostics::collect(ephemeral.renew(&mut run).await, &mut diagnostics) {
            response.renew_at = renew_at;
            response.private = Some(run.private.to_bytes());
        }
    }
    response.diagnostics = diagnostics.into_wire();
    response
}
