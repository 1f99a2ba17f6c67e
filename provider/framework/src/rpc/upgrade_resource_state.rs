//! Brings a state to the current schema. Asked for each instance in each run, mostly without need: lenient and quick.

use provider_protocol::cty::{Type, Value};
use provider_protocol::rpc::upgrade_resource_state::{Request, Response};
use provider_protocol::{Context, DynamicValue, RawState};

use crate::diagnostics::chain;
use crate::resource::Upgrader;
use crate::schema::Schema;
use crate::server::{Server, encode};
use crate::{Diagnostic, Diagnostics, Provider, plan};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, _: &Context, request: Request) -> Response {
    match upgraded(server, &request) {
        Ok(upgraded_state) => Response { upgraded_state, diagnostics: Vec::new() },
        Err(diagnostic) => {
            Response { diagnostics: Diagnostics::from(diagnostic).into_wire(), ..Response::default() }
        }
    }
}

fn upgraded<P: Provider>(server: &Server<P>, request: &Request) -> Result<DynamicValue, Diagnostic> {
    let resource = server.resource(&request.type_name)?;
    let state = current_state(
        &request.raw_state,
        request.version,
        resource.schema(),
        resource.ty(),
        &resource.upgraders(),
    )?;
    encode(&state, resource.ty(), "upgraded state")
}

fn current_state(
    raw: &RawState,
    version: i64,
    schema: &Schema,
    ty: &Type,
    upgraders: &[Upgrader],
) -> Result<Value, Diagnostic> {
    if raw.json.is_empty() && !raw.flatmap.is_empty() {
        return Err(Diagnostic::error(
            "State of an old Terraform",
            "The state was written by Terraform 0.11 or earlier, which this provider never supported.",
        ));
    }
    let json = if version == schema.version {
        raw.json.clone()
    } else {
        upgraded_json(raw, version, schema, upgraders)?
    };
    let raw = RawState { json, ..RawState::default() };
    let mut state = raw
        .decode(ty)
        .map_err(|error| Diagnostic::error("Cannot read the state", format!("{}.", chain(&error))))?;
    plan::without_write_only(schema, &mut state);
    Ok(state)
}

fn upgraded_json(
    raw: &RawState,
    version: i64,
    schema: &Schema,
    upgraders: &[Upgrader],
) -> Result<Vec<u8>, Diagnostic> {
    let failed = |why: String| {
        Diagnostic::error(
            "Cannot upgrade the state",
            format!("The state has schema version {version}: {why}."),
        )
    };
    let upgrader = upgraders.iter().find(|upgrader| upgrader.from == version).ok_or_else(|| {
        failed(format!("there is no way from there to version {}, the current one", schema.version))
    })?;
    let mut state = json_object(&raw.json).map_err(failed)?;
    (upgrader.upgrade)(&mut state).map_err(failed)?;
    serde_json::to_vec(&state).map_err(|error| failed(error.to_string()))
}

/// The attributes of a state file.
pub(super) fn json_object(json: &[u8]) -> Result<serde_json::Map<String, serde_json::Value>, String> {
    serde_json::from_slice(json).map_err(|error| format!("it is no JSON object: {error}"))
}
