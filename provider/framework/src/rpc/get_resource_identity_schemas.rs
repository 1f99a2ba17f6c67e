//! What tells instances of a resource type apart; empty for types without.

use provider_protocol::Context;
use provider_protocol::rpc::get_resource_identity_schemas::{Request, Response};

use crate::Provider;
use crate::server::Server;

pub(crate) async fn answer<P: Provider>(server: &Server<P>, _: &Context, _: Request) -> Response {
    let identities =
        server.resources.iter().filter_map(|(name, found)| Some((name.to_string(), found.identity()?)));
    Response { identity_schemas: identities.collect(), diagnostics: Vec::new() }
}
