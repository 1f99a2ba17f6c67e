//! Brings an identity to its current schema; identities of ours have never changed, so reading leniently is enough.

use provider_protocol::rpc::upgrade_resource_identity::{Request, Response};
use provider_protocol::{Context, DynamicValue};

use crate::diagnostics::chain;
use crate::server::{Server, encode};
use crate::{Diagnostic, Diagnostics, Provider};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, _: &Context, request: Request) -> Response {
    match upgraded(server, &request) {
        Ok(identity) => Response { upgraded_identity: Some(identity), diagnostics: Vec::new() },
        Err(diagnostic) => {
            Response { diagnostics: Diagnostics::from(diagnostic).into_wire(), ..Response::default() }
        }
    }
}

fn upgraded<P: Provider>(server: &Server<P>, request: &Request) -> Result<DynamicValue, Diagnostic> {
    let resource = server.resource(&request.type_name)?;
    let schema = resource
        .identity()
        .ok_or_else(|| Diagnostic::bug("No identity", &format!("{} has no identity.", request.type_name)))?;
    let ty = schema.implied_type();
    let identity = request
        .raw_identity
        .decode(&ty)
        .map_err(|error| Diagnostic::error("Cannot read the identity", format!("{}.", chain(&error))))?;
    encode(&identity, &ty, "identity")
}
