//! Primary IPs: public addresses that servers and load balancers are reached by.
use crate::action::{Effect, Resource, at};
use crate::bill::Usage;
use crate::body::Body;
use crate::call::Call;
use crate::catalogue::prices::{IPV4_MONTHLY, hourly_of, money};
use crate::clock::Ms;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::project::Project;
use crate::reply::{Answer, Object, Reply};
use crate::resource::server::Server;
use crate::resource::{
    Base, Entity, NAME_MAX, SortField, check_name_free, entity, entity_view, find, get, here, rename,
};
use crate::shared::Shared;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

/// Longest reverse name.
const DNS_PTR_MAX: usize = 253;

/// A primary IP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrimaryIp {
    pub base: Base,
    pub location: u64,
    /// An IPv4 address, or an IPv6 network.
    pub ip: String,
    /// `ipv4` or `ipv6`.
    pub version: String,
    pub auto_delete: bool,
    pub assignee: Option<Resource>,
    pub blocked: bool,
    pub protected: bool,
    /// Reverse names by address.
    pub dns_ptr: BTreeMap<String, String>,
}

/// What an action does to a primary IP when it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Assign(Resource),
    Unassign,
    DnsPtr { ip: String, dns_ptr: Option<String> },
    Protection(bool),
}

impl PrimaryIp {
    /// Whether the address is this one, or inside this network.
    pub fn covers(&self, address: &str) -> bool {
        covers(&self.ip, address)
    }
}

/// Whether an address is `ip`, or inside it when that is a /64.
pub fn covers(ip: &str, address: &str) -> bool {
    let network = |text: &str| text.parse::<Ipv6Addr>().ok().map(|a| u128::from(a) >> 64);
    match ip.strip_suffix("/64") {
        Some(base) => network(base).is_some_and(|n| network(address) == Some(n)),
        None => ip.parse::<IpAddr>().is_ok_and(|own| address.parse() == Ok(own)),
    }
}

/// The reverse names as the API lists them.
pub fn dns_ptr_view(dns_ptr: &BTreeMap<String, String>) -> Vec<Value> {
    dns_ptr.iter().map(|(ip, name)| json!({"ip": ip, "dns_ptr": name})).collect()
}

impl Entity for PrimaryIp {
    entity!(PrimaryIp, primary_ips);

    fn view<'a>(&'a self, _: &'a Project, shared: &'a Shared) -> impl Serialize + use<'a> {
        let nobody = if shared.settings.unassigned_word { "unassigned" } else { "server" };
        let location = shared.catalogue.location_by_id(self.location);
        let mut view = json!({
            "id": self.base.id, "name": self.base.name, "labels": self.base.labels,
            "created": self.base.created(), "blocked": self.blocked,
            "location": location.view(), "ip": self.ip,
            "dns_ptr": dns_ptr_view(&self.dns_ptr), "protection": {"delete": self.protected},
            "type": self.version, "auto_delete": self.auto_delete,
            "assignee_type": self.assignee.map_or(nobody, |a| a.kind.singular()),
            "assignee_id": self.assignee.map(|a| a.id),
        });
        if shared.settings.datacenters {
            view["datacenter"] = location.datacenter_view();
        }
        view
    }
}

/// The reverse name every IPv4 address has from the start.
pub fn default_dns_ptr(ip: &str) -> Option<String> {
    let parts: Vec<&str> = ip.split('.').collect();
    let [a, b, c, d] = parts.as_slice() else { return None };
    Some(format!("static.{d}.{c}.{b}.{a}.clients.your-server.de"))
}

/// Reads `ip` and `dns_ptr` of a `change_dns_ptr`.
pub fn read_dns_ptr(body: &mut Body) -> (String, Option<String>) {
    let ip = body.need_text("ip");
    if !ip.is_empty() && ip.parse::<IpAddr>().is_err() {
        body.problem("ip", "must be an IP address");
    }
    let dns_ptr = body.text("dns_ptr");
    if !body.has("dns_ptr") {
        body.problem("dns_ptr", "missing data for required field");
    }
    let bad = |d: &String| d.is_empty() || d.len() > DNS_PTR_MAX || d.contains(char::is_whitespace);
    if dns_ptr.as_ref().is_some_and(bad) {
        body.problem("dns_ptr", "must be a valid domain name");
    }
    (ip, dns_ptr)
}

/// Sets or resets one reverse name in a map of them.
pub fn change_dns_ptr_map(map: &mut BTreeMap<String, String>, ip: &str, dns_ptr: Option<&str>) {
    // One address can be written in many ways in IPv6.
    let ip = ip.parse::<IpAddr>().map_or_else(|_| ip.to_owned(), |a| a.to_string());
    match dns_ptr.map(str::to_owned).or_else(|| default_dns_ptr(&ip)) {
        Some(name) => map.insert(ip, name),
        None => map.remove(&ip),
    };
}

/// Sets or resets the reverse name of an address.
pub fn set_dns_ptr(project: &mut Project, id: u64, ip: &str, dns_ptr: Option<&str>) {
    if let Some(found) = project.primary_ips.get_mut(&id) {
        change_dns_ptr_map(&mut found.dns_ptr, ip, dns_ptr);
    }
}

/// Does what the action promised.
pub fn apply(project: &mut Project, id: u64, change: &Change) {
    match change {
        Change::DnsPtr { ip, dns_ptr } => set_dns_ptr(project, id, ip, dns_ptr.as_deref()),
        Change::Protection(on) => {
            if let Some(ip) = project.primary_ips.get_mut(&id) {
                ip.protected = *on;
            }
        }
        Change::Assign(to) => set_owner(project, id, Some(*to)),
        Change::Unassign => set_owner(project, id, None),
    }
}

fn set_owner(project: &mut Project, id: u64, owner: Option<Resource>) {
    let Some(ip) = project.primary_ips.get_mut(&id) else { return };
    let before = std::mem::replace(&mut ip.assignee, owner);
    let v4 = ip.version == "ipv4";
    for (resource, value) in [(before, None), (owner, Some(id))] {
        let server = resource.filter(|r| r.kind == Kind::Server).and_then(|r| project.servers.get_mut(&r.id));
        if let Some(server) = server {
            if v4 { server.ipv4 = value } else { server.ipv6 = value }
        }
    }
}

/// The server or load balancer an IP belonged to is gone.
pub fn owner_gone(project: &mut Project, id: u64, when: Ms) {
    let Some(ip) = project.primary_ips.get_mut(&id) else { return };
    ip.assignee = None;
    if ip.auto_delete {
        project.primary_ips.remove(&id);
        project.stop_paying(id, None, when);
    }
}

fn make(call: &mut Call<'_>, base: Base, version: &str, location: u64, auto_delete: bool) -> PrimaryIp {
    let ip = if version == "ipv4" { call.shared.new_ipv4() } else { call.shared.new_ipv6() };
    let monthly = if version == "ipv4" { money(IPV4_MONTHLY) } else { money("0") };
    call.project.pay(Usage {
        what: "primary_ip".to_owned(),
        id: base.id,
        name: base.name.clone(),
        product: version.to_owned(),
        location: call.shared.catalogue.location_by_id(location).name.to_owned(),
        hourly: hourly_of(monthly),
        monthly,
        since: base.created,
        until: None,
    });
    PrimaryIp {
        base,
        location,
        version: version.to_owned(),
        auto_delete,
        assignee: None,
        blocked: false,
        protected: false,
        dns_ptr: default_dns_ptr(&ip).map(|name| (ip.clone(), name)).into_iter().collect(),
        ip,
    }
}

/// Makes an IP that comes and goes with its owner.
pub fn make_for(call: &mut Call<'_>, version: &str, location: u64, owner: Resource) -> u64 {
    let id = call.shared.counters.id;
    let base = Base::new(call.shared, format!("primary_ip-{id}"), None);
    let mut ip = make(call, base, version, location, true);
    ip.assignee = Some(owner);
    call.project.primary_ips.insert(id, ip);
    id
}

/// Refuses a server that cannot get an IP of this version now.
fn check_assignable(project: &Project, server: u64, version: &str) -> Result<u64, ApiError> {
    let server = find::<Server>(project, server)?;
    let (code, has) = match version {
        "ipv4" => ("server_has_ipv4", server.ipv4.is_some()),
        _ => ("server_has_ipv6", server.ipv6.is_some()),
    };
    if has {
        return Err(ApiError::unprocessable(code, format!("the server already has an {version} address")));
    }
    check_stopped(server)?;
    Ok(server.location)
}

fn check_stopped(server: &Server) -> Result<(), ApiError> {
    if server.is_off() {
        return Ok(());
    }
    Err(ApiError::unprocessable("server_not_stopped", "the server is running, but needs to be powered off"))
}

/// `POST /primary_ips`.
pub fn create(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (name, labels) = (body.need_name(NAME_MAX), body.labels());
    let version = body.need_choice("type", &["ipv4", "ipv6"]);
    let location = body.reference("location");
    body.choice("assignee_type", &["server", "unassigned"]);
    let assignee = body.id("assignee_id");
    let auto_delete = body.flag("auto_delete").unwrap_or(false);
    if location.is_none() && assignee.is_none() && !body.has("location") {
        body.problem("location", "missing data for required field");
    }
    body.check()?;
    check_name_free::<PrimaryIp>(call.project, &name, 0)?;
    call.project.check_limit::<PrimaryIp>(call.shared)?;
    let location = match (&location, assignee) {
        (_, Some(server)) => check_assignable(call.project, server, version)?,
        (Some(location), None) => call.shared.catalogue.location(location)?.id,
        (None, None) => return Err(ApiError::invalid("location", "missing data for required field")),
    };
    if let Some(server) = assignee {
        call.check_unlocked(Kind::Server, server)?;
    }
    let base = Base::new(call.shared, name, labels);
    let id = base.id;
    let ip = make(call, base, version, location, auto_delete);
    call.project.primary_ips.insert(id, ip);
    let action = assignee.map(|server| begin_assign(call, id, server));
    let view = entity_view::<PrimaryIp>(call, id);
    let reply = Object::new().set("primary_ip", &view);
    match action {
        // Without a server there is no such key: clients take a null for a malformed action.
        None => reply.send(201),
        Some(action) => reply.set("action", &call.action(action)).send(201),
    }
}

fn begin_assign(call: &mut Call<'_>, id: u64, server: u64) -> u64 {
    let owner = at(Kind::Server, server);
    let effect = Effect::PrimaryIp(id, Change::Assign(owner));
    call.begin("assign_primary_ip", &[at(Kind::PrimaryIp, id), owner], effect)
}

/// `GET /primary_ips`.
pub fn list(call: &mut Call<'_>) -> Answer {
    let query = call.query;
    let address = query.one("ip").filter(|i| !i.is_empty());
    let keep = |p: &PrimaryIp| address.is_none_or(|a| p.ip == a || p.covers(a));
    crate::resource::list::<PrimaryIp>(call, &[SortField::Id, SortField::Created], keep)
}

/// `PUT /primary_ips/{id}`.
pub fn update(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (name, labels, auto_delete) = (body.name(NAME_MAX), body.labels(), body.flag("auto_delete"));
    let id = here::<PrimaryIp>(call)?.base.id;
    call.check_unchanged(Kind::PrimaryIp, id)?;
    body.check()?;
    rename::<PrimaryIp>(call, id, name, labels)?;
    if let (Some(ip), Some(auto_delete)) = (call.project.primary_ips.get_mut(&id), auto_delete) {
        ip.auto_delete = auto_delete;
    }
    get::<PrimaryIp>(call)
}

/// `DELETE /primary_ips/{id}`: only when unassigned, since 2026-05-01.
pub fn delete(call: &mut Call<'_>) -> Answer {
    let ip = here::<PrimaryIp>(call)?;
    let id = ip.base.id;
    if ip.protected {
        return Err(ApiError::protected(Kind::PrimaryIp, "deletion"));
    }
    if ip.assignee.is_some() {
        let message = "the primary IP must be unassigned before it can be deleted";
        return Err(ApiError::unprocessable("must_be_unassigned", message));
    }
    call.check_unlocked(Kind::PrimaryIp, id)?;
    call.project.primary_ips.remove(&id);
    let now = call.shared.now();
    call.project.stop_paying(id, None, now);
    Reply::empty()
}

fn unlocked(call: &Call<'_>) -> Result<u64, ApiError> {
    let id = here::<PrimaryIp>(call)?.base.id;
    call.check_unlocked(Kind::PrimaryIp, id)?;
    Ok(id)
}

/// `assign`.
pub fn assign(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    body.need_choice("assignee_type", &["server"]);
    let server = body.need_id("assignee_id");
    let id = unlocked(call)?;
    body.check()?;
    let ip = find::<PrimaryIp>(call.project, id)?;
    if ip.assignee.is_some() {
        let message = "the primary IP is already assigned to a different server";
        return Err(ApiError::unprocessable("primary_ip_already_assigned", message));
    }
    let location = check_assignable(call.project, server, &ip.version)?;
    if location != ip.location {
        let message = "the primary IP and the server are in different locations";
        return Err(ApiError::unprocessable("primary_ip_location_mismatch", message));
    }
    call.check_unlocked(Kind::Server, server)?;
    let action = begin_assign(call, id, server);
    call.reply_action(201, action)
}

/// `unassign`.
pub fn unassign(call: &mut Call<'_>) -> Answer {
    let id = unlocked(call)?;
    let ip = find::<PrimaryIp>(call.project, id)?;
    let Some(owner) = ip.assignee else {
        return Err(ApiError::service("the primary IP is not assigned"));
    };
    if let Some(server) = call.project.servers.get(&owner.id) {
        check_stopped(server)?;
        let is_target = call
            .project
            .load_balancers
            .values()
            .any(|b| b.targets.iter().any(|t| t.server() == Some(owner.id) && !t.use_private_ip));
        if ip.version == "ipv4" && is_target {
            let message = "the server's IPv4 address is a load balancer target";
            return Err(ApiError::unprocessable("server_is_load_balancer_target", message));
        }
    }
    call.check_unlocked(owner.kind, owner.id)?;
    let effect = Effect::PrimaryIp(id, Change::Unassign);
    let action = call.begin("unassign_primary_ip", &[at(Kind::PrimaryIp, id), owner], effect);
    call.reply_action(201, action)
}

fn begin(call: &mut Call<'_>, command: &str, id: u64, change: Change) -> Answer {
    let action = call.begin_on(command, Kind::PrimaryIp, id, Effect::PrimaryIp(id, change));
    call.reply_action(201, action)
}

/// `change_dns_ptr`.
pub fn change_dns_ptr(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (ip, dns_ptr) = read_dns_ptr(&mut body);
    let id = unlocked(call)?;
    body.check()?;
    if !find::<PrimaryIp>(call.project, id)?.covers(&ip) {
        return Err(ApiError::invalid("ip", "does not belong to this primary IP"));
    }
    begin(call, "change_dns_ptr", id, Change::DnsPtr { ip, dns_ptr })
}

/// `change_protection`: not while it is deleted with its owner.
pub fn change_protection(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let delete = body.need_flag("delete");
    let id = unlocked(call)?;
    body.check()?;
    if delete && find::<PrimaryIp>(call.project, id)?.auto_delete {
        return Err(ApiError::service("protection can only be enabled when auto_delete is off"));
    }
    begin(call, "change_protection", id, Change::Protection(delete))
}
