//! The admin path `/_mock`, for tests in other languages: everything [`crate::Mock`] offers, as JSON.
use crate::catalogue::{CURRENCY, Deprecation, VAT_PERCENT};
use crate::fault::Fault;
use crate::settings::Settings;
use crate::world::{Request, Response, State, World};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

type Done = Result<Value, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Retire {
    server_type: String,
    location: String,
    announced: String,
    unavailable_after: String,
}

/// Answers a request to the admin path.
pub fn answer(world: &mut World, request: &Request<'_>, path: &str) -> Response {
    let result = dispatch(world, request, path);
    let (status, body) = match result {
        Some(Ok(value)) => (200, value),
        Some(Err(problem)) => (400, json!({"error": problem})),
        None => (404, json!({"error": "no such admin path", "paths": PATHS})),
    };
    let headers = vec![("content-type", "application/json".to_owned())];
    Response { status, headers, body: body.to_string().into_bytes(), ..Response::default() }
}

/// What there is, also shown to who asks for something else.
pub const PATHS: &[&str] = &[
    "GET /_mock/state",
    "PUT /_mock/state",
    "GET /_mock/settings",
    "PUT /_mock/settings",
    "PATCH /_mock/settings",
    "GET /_mock/faults",
    "POST /_mock/faults",
    "DELETE /_mock/faults",
    "DELETE /_mock/faults/{id}",
    "GET /_mock/requests",
    "DELETE /_mock/requests",
    "GET /_mock/clock",
    "POST /_mock/clock",
    "GET /_mock/bill",
    "POST /_mock/tokens/revoke",
    "POST /_mock/tokens/restore",
    "POST /_mock/profiles/cx-cax-sold-out",
    "POST /_mock/deprecations",
];

fn dispatch(world: &mut World, request: &Request<'_>, path: &str) -> Option<Done> {
    Some(match (request.method, path.trim_end_matches('/')) {
        ("GET", "/state") => show(&world.save()),
        ("PUT", "/state") => read::<State>(request.body).and_then(|s| world.load(s)).map(|()| Value::Null),
        ("GET", "/settings") => show(&world.shared.settings),
        ("PUT", "/settings") => read(request.body).map(|s| set(world, s)),
        ("PATCH", "/settings") => patch(world, request.body),
        ("GET", "/faults") => show(&world.shared.faults.rules()),
        ("POST", "/faults") => read::<Fault>(request.body).map(|f| json!({"id": world.shared.faults.add(f)})),
        ("DELETE", "/faults") => Ok(json!({"removed": world.shared.faults.remove(None)})),
        ("GET", "/requests") => show(&world.journal.entries()),
        ("DELETE", "/requests") => {
            world.journal.clear();
            Ok(Value::Null)
        }
        ("GET", "/clock") => Ok(json!({"now_ms": world.shared.now()})),
        ("POST", "/clock") => read::<Advance>(request.body).map(|a| {
            world.advance(Duration::from_millis(a.advance_ms));
            json!({"now_ms": world.shared.now()})
        }),
        ("GET", "/bill") => show(&world.bill(0)),
        ("POST", "/tokens/revoke") => Ok(json!({"changed": world.revoke(true)})),
        ("POST", "/tokens/restore") => Ok(json!({"changed": world.revoke(false)})),
        ("POST", "/profiles/cx-cax-sold-out") => {
            let settings = world.shared.settings.clone().cx_and_cax_sold_out();
            Ok(set(world, settings))
        }
        ("POST", "/deprecations") => read::<Retire>(request.body).and_then(|r| retire(world, r)),
        ("DELETE", other) => {
            let id = other.strip_prefix("/faults/")?.parse().ok()?;
            Ok(json!({"removed": world.shared.faults.remove(Some(id))}))
        }
        _ => return None,
    })
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|e| e.to_string())
}

fn show(value: &impl Serialize) -> Done {
    serde_json::to_value(value).map_err(|e| e.to_string())
}

fn set(world: &mut World, settings: Settings) -> Value {
    world.set(|s| *s = settings);
    Value::Null
}

/// Changes only the settings that are given.
fn patch(world: &mut World, body: &[u8]) -> Done {
    let changes: serde_json::Map<String, Value> = read(body)?;
    let mut current = show(&world.shared.settings)?;
    if let Some(map) = current.as_object_mut() {
        map.extend(changes);
    }
    let settings = serde_json::from_value(current).map_err(|e| e.to_string())?;
    Ok(set(world, settings))
}

fn retire(world: &mut World, retire: Retire) -> Done {
    let end = Deprecation { announced: retire.announced, unavailable_after: retire.unavailable_after };
    if world.deprecate(&retire.server_type, &retire.location, end) {
        return Ok(Value::Null);
    }
    Err(format!("no such server type: {}", retire.server_type))
}

impl World {
    /// Moves the clock and lets everything happen that is then due.
    pub fn advance(&mut self, by: Duration) {
        self.shared.clock.advance(by);
        self.settle();
    }

    /// Changes settings.
    pub fn set(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.shared.settings);
        self.shared.forget_rendered();
    }

    /// Revokes or restores all tokens; says how many changed.
    pub fn revoke(&mut self, revoked: bool) -> usize {
        let changing: Vec<_> = self.access.iter_mut().filter(|a| a.revoked != revoked).collect();
        let count = changing.len();
        changing.into_iter().for_each(|a| a.revoked = revoked);
        count
    }

    /// Announces the end of a server type in a location.
    pub fn deprecate(&mut self, server_type: &str, location: &str, end: Deprecation) -> bool {
        let known = self.shared.catalogue.deprecate(server_type, location, end);
        self.shared.forget_rendered();
        known
    }

    /// What a project would have cost so far.
    pub fn bill(&mut self, project: usize) -> crate::bill::Bill {
        self.settle();
        let usage = self.projects.get(project).map_or(&[][..], |p| p.usage.as_slice());
        crate::bill::Bill::of(usage, CURRENCY, VAT_PERCENT, self.shared.now())
    }
}
