//! Floating IPs: addresses that move between running servers.
use crate::action::{Effect, at};
use crate::bill::Usage;
use crate::call::Call;
use crate::catalogue::prices::{FLOATING_IPV4_MONTHLY, FLOATING_IPV6_MONTHLY, hourly_share, money};
use crate::error::ApiError;
use crate::kind::Kind;
use crate::project::Project;
use crate::reply::{Answer, Object, Reply};
use crate::resource::primary_ip::{change_dns_ptr_map, covers, default_dns_ptr, dns_ptr_view, read_dns_ptr};
use crate::resource::server::Server;
use crate::resource::{
    Base, Entity, NAME_MAX, SortField, check_name_free, entity, entity_view, find, get, here, rename,
};
use crate::shared::Shared;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// A floating IP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FloatingIp {
    pub base: Base,
    pub description: Option<String>,
    /// An IPv4 address, or an IPv6 network.
    pub ip: String,
    /// `ipv4` or `ipv6`.
    pub version: String,
    pub server: Option<u64>,
    /// Reverse names by address.
    pub dns_ptr: BTreeMap<String, String>,
    pub home_location: u64,
    pub protected: bool,
}

/// What an action does to a floating IP when it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Assign(Option<u64>),
    DnsPtr { ip: String, dns_ptr: Option<String> },
    Protection(bool),
}

impl Entity for FloatingIp {
    entity!(FloatingIp, floating_ips);

    fn view<'a>(&'a self, _: &'a Project, shared: &'a Shared) -> impl Serialize + use<'a> {
        json!({
            "id": self.base.id, "name": self.base.name, "description": self.description, "ip": self.ip,
            "type": self.version, "server": self.server, "dns_ptr": dns_ptr_view(&self.dns_ptr),
            "home_location": shared.catalogue.location_by_id(self.home_location).view(), "blocked": false,
            "protection": {"delete": self.protected}, "labels": self.base.labels,
            "created": self.base.created(),
        })
    }
}

/// Does what the action promised.
pub fn apply(project: &mut Project, id: u64, change: &Change) {
    let Some(ip) = project.floating_ips.get_mut(&id) else { return };
    match change {
        Change::Assign(server) => ip.server = *server,
        Change::DnsPtr { ip: address, dns_ptr } => {
            change_dns_ptr_map(&mut ip.dns_ptr, address, dns_ptr.as_deref());
        }
        Change::Protection(on) => ip.protected = *on,
    }
}

/// `POST /floating_ips`.
pub fn create(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let version = body.need_choice("type", &["ipv4", "ipv6"]);
    let (name, labels, description) = (body.name(NAME_MAX), body.labels(), body.text("description"));
    let (server, location) = (body.id("server"), body.reference("home_location"));
    if server.is_none() && location.is_none() && !body.has("home_location") {
        body.problem("home_location", "missing data for required field");
    }
    body.check()?;
    if let Some(name) = &name {
        check_name_free::<FloatingIp>(call.project, name, 0)?;
    }
    call.project.check_limit::<FloatingIp>(call.shared)?;
    let home_location = match (&location, server) {
        (Some(location), _) => call.shared.catalogue.location(location)?.id,
        (None, Some(server)) => find::<Server>(call.project, server)?.location,
        (None, None) => return Err(ApiError::invalid("home_location", "missing data for required field")),
    };
    if let Some(server) = server {
        find::<Server>(call.project, server)?;
    }
    let name = name.unwrap_or_else(|| format!("floating-ip-{}", call.shared.counters.id));
    let base = Base::new(call.shared, name, labels);
    let id = base.id;
    let v4 = version == "ipv4";
    let ip = if v4 { call.shared.new_ipv4() } else { call.shared.new_ipv6() };
    let monthly = money(if v4 { FLOATING_IPV4_MONTHLY } else { FLOATING_IPV6_MONTHLY });
    call.project.pay(Usage {
        what: "floating_ip".to_owned(),
        id,
        name: base.name.clone(),
        product: version.to_owned(),
        location: call.shared.catalogue.location_by_id(home_location).name.to_owned(),
        hourly: hourly_share(monthly),
        monthly,
        since: base.created,
        until: None,
    });
    let dns_ptr = default_dns_ptr(&ip).map(|name| (ip.clone(), name)).into_iter().collect();
    let version = version.to_owned();
    let floating =
        FloatingIp { base, description, ip, version, server: None, dns_ptr, home_location, protected: false };
    call.project.floating_ips.insert(id, floating);
    let action = server.map(|server| begin_assign(call, id, server));
    let view = entity_view::<FloatingIp>(call, id);
    let reply = Object::new().set("floating_ip", &view);
    match action {
        // Without a server there is no such key: clients take a null for a malformed action.
        None => reply.send(201),
        Some(action) => reply.set("action", &call.action(action)).send(201),
    }
}

fn begin_assign(call: &mut Call<'_>, id: u64, server: u64) -> u64 {
    let resources = [at(Kind::FloatingIp, id), at(Kind::Server, server)];
    let effect = Effect::FloatingIp(id, Change::Assign(Some(server)));
    call.begin_locking("assign_floating_ip", &resources, &[at(Kind::FloatingIp, id)], effect)
}

/// `GET /floating_ips`.
pub fn list(call: &mut Call<'_>) -> Answer {
    crate::resource::list::<FloatingIp>(call, &[SortField::Id, SortField::Created], |_| true)
}

/// `PUT /floating_ips/{id}`.
pub fn update(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (name, labels, description) = (body.name(NAME_MAX), body.labels(), body.text("description"));
    let id = here::<FloatingIp>(call)?.base.id;
    body.check()?;
    rename::<FloatingIp>(call, id, name, labels)?;
    if let (Some(ip), Some(description)) = (call.project.floating_ips.get_mut(&id), description) {
        ip.description = Some(description);
    }
    get::<FloatingIp>(call)
}

fn unlocked(call: &Call<'_>) -> Result<u64, ApiError> {
    let id = here::<FloatingIp>(call)?.base.id;
    call.check_unlocked(Kind::FloatingIp, id)?;
    Ok(id)
}

/// `DELETE /floating_ips/{id}`: only when unassigned, since 2026-05-01.
pub fn delete(call: &mut Call<'_>) -> Answer {
    let ip = here::<FloatingIp>(call)?;
    if ip.protected {
        return Err(ApiError::protected(Kind::FloatingIp, "deletion"));
    }
    if ip.server.is_some() {
        let message = "the floating IP must be unassigned before it can be deleted";
        return Err(ApiError::unprocessable("must_be_unassigned", message));
    }
    let id = unlocked(call)?;
    call.project.floating_ips.remove(&id);
    let now = call.shared.now();
    call.project.stop_paying(id, None, now);
    Reply::empty()
}

/// `assign`: moves it, also away from another server.
pub fn assign(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let server = body.need_id("server");
    let id = unlocked(call)?;
    body.check()?;
    find::<Server>(call.project, server)?;
    if find::<FloatingIp>(call.project, id)?.server == Some(server) {
        return Err(ApiError::unprocessable("floating_ip_assigned", "the floating IP is already assigned"));
    }
    let action = begin_assign(call, id, server);
    call.reply_action(201, action)
}

/// `unassign`.
pub fn unassign(call: &mut Call<'_>) -> Answer {
    let id = unlocked(call)?;
    let Some(server) = find::<FloatingIp>(call.project, id)?.server else {
        return Err(ApiError::service("the floating IP is not assigned"));
    };
    let resources = [at(Kind::FloatingIp, id), at(Kind::Server, server)];
    let effect = Effect::FloatingIp(id, Change::Assign(None));
    let action = call.begin_locking("unassign_floating_ip", &resources, &[at(Kind::FloatingIp, id)], effect);
    call.reply_action(201, action)
}

fn begin(call: &mut Call<'_>, command: &str, id: u64, change: Change) -> Answer {
    let action = call.begin_on(command, Kind::FloatingIp, id, Effect::FloatingIp(id, change));
    call.reply_action(201, action)
}

/// `change_dns_ptr`.
pub fn change_dns_ptr(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (ip, dns_ptr) = read_dns_ptr(&mut body);
    let id = unlocked(call)?;
    body.check()?;
    if !covers(&find::<FloatingIp>(call.project, id)?.ip, &ip) {
        return Err(ApiError::invalid("ip", "does not belong to this floating IP"));
    }
    begin(call, "change_dns_ptr", id, Change::DnsPtr { ip, dns_ptr })
}

/// `change_protection`.
pub fn change_protection(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let delete = body.need_flag("delete");
    let id = unlocked(call)?;
    body.check()?;
    begin(call, "change_protection", id, Change::Protection(delete))
}
