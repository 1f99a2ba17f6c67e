//! Looking at actions: by ids, of one kind of resource, of one object.
use crate::action::{Action, Resource};
use crate::call::Call;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::reply::{Answer, Page, Reply};
use crate::resource::{Entity, PER_PAGE_MAX, sort_term};
use serde_json::{Value, json};
use std::cmp::Ordering;

/// `GET /actions`: only by ids, since 2025-01-30.
pub fn by_ids(call: &mut Call<'_>) -> Answer {
    if call.query.all("id").is_empty() {
        let announcement = "https://docs.hetzner.cloud/changelog\
             #2025-01-30-listing-arbitrary-actions-in-the-actions-list-endpoint-is-removed";
        let message = "listing actions without the id parameter is no longer supported";
        return Err(ApiError::new(410, "deprecated_api_endpoint", message)
            .with_details(json!({"announcement": announcement})));
    }
    list(call, |_| true)
}

/// `GET /actions/{id}`.
pub fn by_id(call: &mut Call<'_>) -> Answer {
    one(call, 0, |_| true)
}

/// `GET /KIND/actions`.
pub fn of_kind<T: Entity>(call: &mut Call<'_>) -> Answer {
    list(call, |r| r.kind == T::KIND)
}

/// `GET /KIND/actions/{id}`.
pub fn one_of_kind<T: Entity>(call: &mut Call<'_>) -> Answer {
    one(call, 0, |r| r.kind == T::KIND)
}

/// `GET /KIND/{id}/actions`.
pub fn of_object<T: Entity>(call: &mut Call<'_>) -> Answer {
    let id = known::<T>(call)?;
    list(call, |r| r.kind == T::KIND && r.id == id)
}

/// `GET /KIND/{id}/actions/{action_id}`, deprecated since 2026-04-30.
pub fn one_of_object<T: Entity>(call: &mut Call<'_>) -> Answer {
    let id = known::<T>(call)?;
    one(call, 1, |r| r.kind == T::KIND && r.id == id)
}

/// The object of the path; a server that is just being deleted still has actions.
fn known<T: Entity>(call: &Call<'_>) -> Result<u64, ApiError> {
    let id = call.id::<T>()?;
    let leaving = T::KIND == Kind::Server && call.project.leaving.contains_key(&id);
    if leaving || T::all(call.project).contains_key(&id) {
        return Ok(id);
    }
    Err(ApiError::not_found(T::KIND, id))
}

fn one(call: &mut Call<'_>, param: usize, about: impl Fn(&Resource) -> bool) -> Answer {
    let text = call.param(param);
    let missing = || ApiError::new(404, "not_found", format!("action with ID '{text}' not found"));
    let id: u64 = text.parse().map_err(|_| missing())?;
    let found = call.project.actions.get(&id);
    let action =
        found.filter(|a| a.resources.is_empty() || a.resources.iter().any(about)).ok_or_else(missing)?;
    let (running, view) = (action.is_running(), action.view(call.shared.now()));
    call.waits |= running;
    Reply::one(200, "action", &view)
}

/// Shows the actions that touch an object.
pub fn list(call: &mut Call<'_>, about: impl Fn(&Resource) -> bool) -> Answer {
    let page = Page::of(call.query, PER_PAGE_MAX)?;
    let statuses = call.query.words("status", &["running", "success", "error"])?;
    let ids = call.query.ids("id")?;
    let order = order(call)?;
    let project = &*call.project;
    let wanted = |a: &&Action| {
        (statuses.is_empty() || statuses.contains(&a.status())) && a.resources.iter().any(&about)
    };
    let mut actions: Vec<&Action> = if ids.is_empty() {
        project.actions.values().filter(wanted).collect()
    } else {
        let mut ids = ids;
        ids.sort_unstable();
        ids.dedup();
        ids.iter().filter_map(|id| project.actions.get(id)).filter(wanted).collect()
    };
    if !order.is_empty() {
        actions.sort_by(|a, b| {
            let by = |(field, descending): &(&str, bool)| {
                let order = compare(field, a, b);
                if *descending { order.reverse() } else { order }
            };
            order.iter().map(by).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
        });
    }
    let now = call.shared.now();
    let shown = page.cut(&actions);
    let running = shown.iter().any(|a| a.is_running());
    let views: Vec<Value> = shown.iter().map(|a| a.view(now)).collect();
    let reply = page.reply("actions", &views, actions.len(), call.path, call.query);
    call.waits |= running;
    reply
}

fn order<'q>(call: &Call<'q>) -> Result<Vec<(&'q str, bool)>, ApiError> {
    let mut order: Vec<(&str, bool)> = Vec::new();
    for term in call.query.all("sort") {
        let (field, descending) = sort_term(term)?;
        if !["id", "command", "status", "started", "finished"].contains(&field) {
            return Err(ApiError::invalid("sort", "unknown sort field"));
        }
        if !order.iter().any(|(f, _)| *f == field) {
            order.push((field, descending));
        }
    }
    Ok(order)
}

fn compare(field: &str, a: &Action, b: &Action) -> Ordering {
    match field {
        "command" => a.command.cmp(&b.command),
        "status" => a.status().cmp(b.status()),
        "started" => a.started.cmp(&b.started),
        "finished" => a.finished.cmp(&b.finished),
        _ => a.id.cmp(&b.id),
    }
}
