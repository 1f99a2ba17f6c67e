//! Making, applying, removing and deleting firewalls.
use crate::action::{Effect, at};
use crate::body::Body;
use crate::call::Call;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::label::Selector;
use crate::reply::{Answer, Object, Reply};
use crate::resource::firewall::{Applied, Change, Firewall, count_on, rules};
use crate::resource::server::Server;
use crate::resource::server::create::FIREWALLS_MAX;
use crate::resource::{Base, NAME_MAX, check_name_free, entity_view, find, here};
use serde_json::Value;

/// Something a firewall is put on.
#[derive(Debug, PartialEq)]
enum Target {
    Server(u64),
    Selector(String),
}

fn read_targets(body: &mut Body, key: &str, entries: Vec<Body>) -> Vec<Target> {
    let mut targets = Vec::new();
    for mut entry in entries {
        match entry.need_choice("type", &["server", "label_selector"]) {
            "server" => match entry.object("server") {
                Some(mut server) => {
                    targets.push(Target::Server(server.need_id("id")));
                    entry.absorb(server);
                }
                None => entry.problem("server", "missing data for required field"),
            },
            "label_selector" => match entry.object("label_selector") {
                Some(mut inner) => {
                    let text = inner.need_text("selector");
                    if Selector::parse(&text).is_none() && inner.has("selector") {
                        inner.problem("selector", "label selector is malformed");
                    }
                    targets.push(Target::Selector(text));
                    entry.absorb(inner);
                }
                None => entry.problem("label_selector", "missing data for required field"),
            },
            _ => {}
        }
        body.absorb(entry);
    }
    let twice = targets.iter().enumerate().any(|(i, t)| targets.iter().take(i).any(|o| o == t));
    if twice {
        body.problem(key, "contains a resource more than once");
    }
    targets
}

/// Refuses a server the firewall cannot be put on; `status` is what an unknown server gets.
fn check_server(call: &Call<'_>, id: u64, status: u16) -> Result<(), ApiError> {
    let Ok(server) = find::<Server>(call.project, id) else {
        let message = format!("server with ID '{id}' not found");
        return Err(ApiError::new(status, "firewall_resource_not_found", message));
    };
    if server.ipv4.is_none() && server.ipv6.is_none() {
        let message = "the server has no public network interface";
        return Err(ApiError::unprocessable("private_net_only_server", message));
    }
    if count_on(call.project, id) >= FIREWALLS_MAX {
        return Err(ApiError::service(format!("a server can have {FIREWALLS_MAX} firewalls at most")));
    }
    Ok(())
}

fn put_on(call: &mut Call<'_>, id: u64, target: &Target) -> u64 {
    match target {
        Target::Server(server) => {
            if let Some(firewall) = call.project.firewalls.get_mut(&id) {
                let fresh = Applied { pending: true, direct: true, selected: false };
                firewall.servers.entry(*server).or_insert(fresh).direct = true;
            }
            let resources = [at(Kind::Server, *server), at(Kind::Firewall, id)];
            let effect = Effect::Firewall(id, Change::Applied(*server));
            call.begin_locking("apply_firewall", &resources, &[], effect)
        }
        Target::Selector(text) => {
            if let Some(firewall) = call.project.firewalls.get_mut(&id) {
                firewall.selectors.push(text.clone());
            }
            let effect = Effect::Firewall(id, Change::Selector(text.clone()));
            call.begin_locking("apply_firewall", &[at(Kind::Firewall, id)], &[], effect)
        }
    }
}

fn reply_actions(call: &Call<'_>, actions: &[u64]) -> Answer {
    let views: Vec<Value> = actions.iter().map(|a| call.action(*a)).collect();
    Reply::one(201, "actions", &views)
}

/// `POST /firewalls`.
pub fn create(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (name, labels) = (body.need_name(NAME_MAX), body.labels());
    let rules = rules::read(&mut body, false).unwrap_or_default();
    let entries = body.objects("apply_to").unwrap_or_default();
    let targets = read_targets(&mut body, "apply_to", entries);
    body.check()?;
    check_name_free::<Firewall>(call.project, &name, 0)?;
    call.project.check_limit::<Firewall>(call.shared)?;
    for target in &targets {
        if let Target::Server(server) = target {
            check_server(call, *server, 422)?;
        }
    }
    let firewall = Firewall {
        base: Base::new(call.shared, name, labels),
        rules,
        servers: Default::default(),
        selectors: Vec::new(),
        held_until: 0,
    };
    let id = firewall.base.id;
    call.project.firewalls.insert(id, firewall);
    let actions: Vec<u64> = targets.iter().map(|t| put_on(call, id, t)).collect();
    let views: Vec<Value> = actions.iter().map(|a| call.action(*a)).collect();
    let view = entity_view::<Firewall>(call, id);
    Object::new().set("firewall", &view).set("actions", &views).send(201)
}

/// `DELETE /firewalls/{id}`: only when no server has it, or had it a moment ago.
pub fn delete(call: &mut Call<'_>) -> Answer {
    let firewall = here::<Firewall>(call)?;
    let id = firewall.base.id;
    let held = firewall.held_until > call.shared.now();
    if held || !firewall.servers.is_empty() || firewall.has_selectors() {
        return Err(ApiError::in_use(Kind::Firewall, id));
    }
    call.project.firewalls.remove(&id);
    Reply::empty()
}

/// `apply_to_resources`.
pub fn apply_to(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let entries = body.need_objects("apply_to");
    let targets = read_targets(&mut body, "apply_to", entries);
    let id = here::<Firewall>(call)?.base.id;
    body.check()?;
    let already =
        || ApiError::unprocessable("firewall_already_applied", "firewall is already applied to resource");
    for target in &targets {
        let firewall = find::<Firewall>(call.project, id)?;
        match target {
            Target::Server(server) if firewall.servers.get(server).is_some_and(|a| a.direct) => {
                return Err(already());
            }
            Target::Server(server) => check_server(call, *server, 404)?,
            Target::Selector(text) if firewall.selectors.contains(text) => return Err(already()),
            Target::Selector(_) => {}
        }
    }
    let actions: Vec<u64> = targets.iter().map(|t| put_on(call, id, t)).collect();
    reply_actions(call, &actions)
}

/// `remove_from_resources`.
pub fn remove_from(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let entries = body.need_objects("remove_from");
    let targets = read_targets(&mut body, "remove_from", entries);
    let id = here::<Firewall>(call)?.base.id;
    body.check()?;
    let missing = || {
        let message = "the resource the firewall should be removed from was not found";
        ApiError::new(404, "firewall_resource_not_found", message)
    };
    let firewall = find::<Firewall>(call.project, id)?;
    for target in &targets {
        match target {
            Target::Server(server) => match firewall.servers.get(server) {
                Some(applied) if applied.direct => {}
                Some(_) => {
                    let message = "firewall is applied via a label selector and cannot be removed manually";
                    return Err(ApiError::unprocessable("firewall_managed_by_label_selector", message));
                }
                None => return Err(missing()),
            },
            Target::Selector(text) if !firewall.selectors.contains(text) => return Err(missing()),
            Target::Selector(_) => {}
        }
    }
    let mut actions = Vec::new();
    for target in targets {
        let (resources, change) = match target {
            Target::Server(server) => {
                (vec![at(Kind::Server, server), at(Kind::Firewall, id)], Change::Removed(server))
            }
            Target::Selector(text) => (vec![at(Kind::Firewall, id)], Change::NoSelector(text)),
        };
        actions.push(call.begin_locking("remove_firewall", &resources, &[], Effect::Firewall(id, change)));
    }
    reply_actions(call, &actions)
}

/// `set_rules`: one action for the firewall, and one for each server that gets them.
pub fn set_rules(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let rules = rules::read(&mut body, true).unwrap_or_default();
    let id = here::<Firewall>(call)?.base.id;
    body.check()?;
    let servers: Vec<u64> = find::<Firewall>(call.project, id)?.servers.keys().copied().collect();
    let effect = Effect::Firewall(id, Change::Rules(rules));
    let mut actions = vec![call.begin_locking("set_firewall_rules", &[at(Kind::Firewall, id)], &[], effect)];
    for server in servers {
        let resources = [at(Kind::Server, server), at(Kind::Firewall, id)];
        let effect = Effect::Firewall(id, Change::Applied(server));
        actions.push(call.begin_locking("apply_firewall", &resources, &[], effect));
    }
    reply_actions(call, &actions)
}
