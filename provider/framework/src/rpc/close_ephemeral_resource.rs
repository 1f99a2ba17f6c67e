//! Closes an ephemeral resource.

use provider_protocol::Context;
use provider_protocol::rpc::close_ephemeral_resource::{Request, Response};

use crate::server::{Server, or_report};
use crate::{Diagnostics, Private, Provider, Run};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, context: &Context, request: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    if let Some(ephemeral) = or_report(server.ephemeral(&request.type_name), &mut diagnostics) {
        let private = Private::from_bytes(request.private.as_deref().unwrap_or_default());
        let mut run = Run::new(context, server.client(), private.clone(), None);
        let _ = Diagnostics::collect(ephemeral.close(&mut run, private).await, &mut diagnostics);
    }
    Response { diagnostics: diagnostics.into_wire() }
}
