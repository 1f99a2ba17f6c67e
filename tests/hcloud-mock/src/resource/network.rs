//! Private networks: ranges, subnets, routes, members, and the addresses they hand out.
pub mod addresses;
pub mod members;

pub use addresses::{check_ip_free, free_ip, read_place};

use crate::action::Effect;
use crate::body::Body;
use crate::call::Call;
use crate::cidr::Range;
use crate::clock::Ms;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::project::Project;
use crate::reply::{Answer, Reply};
use crate::resource::server::Attachment;
use crate::resource::{Base, Entity, NAME_MAX, check_name_free, entity, find, get, here, rename};
use crate::shared::Shared;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::Ipv4Addr;

/// Servers and load balancers in one network.
pub const MEMBERS_MAX: usize = 100;
/// Subnets of one network.
const SUBNETS_MAX: usize = 50;
/// Routes of one network.
const ROUTES_MAX: usize = 100;
/// The gateway of every server's public interface.
const PUBLIC_GATEWAY: Ipv4Addr = Ipv4Addr::new(172, 31, 1, 1);

/// A part of a network in one zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subnet {
    pub kind: String,
    pub ip_range: Range,
    pub network_zone: String,
    pub vswitch_id: Option<u64>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub destination: Range,
    pub gateway: Ipv4Addr,
}

/// A network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    pub base: Base,
    pub ip_range: Range,
    pub subnets: Vec<Subnet>,
    pub routes: Vec<Route>,
    pub servers: Vec<u64>,
    pub load_balancers: Vec<u64>,
    pub protected: bool,
    pub expose_routes_to_vswitch: bool,
    /// A deleted server still holds it until then.
    pub held_until: Ms,
}

/// What an action does to a network when it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    AddSubnet(Subnet),
    DeleteSubnet(Range),
    AddRoute(Route),
    DeleteRoute(Route),
    IpRange(Range),
    Protection(bool),
}

impl Network {
    fn gateway(&self, subnet: &Subnet) -> Ipv4Addr {
        let range = if subnet.kind == "server" { subnet.ip_range } else { self.ip_range };
        Ipv4Addr::from(range.first().saturating_add(1))
    }

    fn members(&self) -> usize {
        self.servers.len() + self.load_balancers.len()
    }
}

impl Entity for Network {
    entity!(Network, networks);

    fn view<'a>(&'a self, project: &'a Project, _: &'a Shared) -> impl Serialize + use<'a> {
        let subnet = |s: &Subnet| {
            json!({
                "type": s.kind, "ip_range": s.ip_range, "network_zone": s.network_zone,
                "gateway": self.gateway(s), "vswitch_id": s.vswitch_id,
            })
        };
        let servers: Vec<u64> =
            self.servers.iter().copied().filter(|s| project.servers.contains_key(s)).collect();
        json!({
            "id": self.base.id, "name": self.base.name, "ip_range": self.ip_range,
            "subnets": self.subnets.iter().map(subnet).collect::<Vec<Value>>(), "routes": self.routes,
            "servers": servers, "load_balancers": self.load_balancers,
            "protection": {"delete": self.protected}, "labels": self.base.labels,
            "created": self.base.created(), "expose_routes_to_vswitch": self.expose_routes_to_vswitch,
        })
    }
}

/// Does what the action promised.
pub fn apply(project: &mut Project, id: u64, change: &Change) {
    let Some(network) = project.networks.get_mut(&id) else { return };
    match change {
        Change::AddSubnet(subnet) => network.subnets.push(subnet.clone()),
        Change::DeleteSubnet(range) => network.subnets.retain(|s| s.ip_range != *range),
        Change::AddRoute(route) => network.routes.push(route.clone()),
        Change::DeleteRoute(route) => network.routes.retain(|r| r != route),
        Change::IpRange(range) => network.ip_range = *range,
        Change::Protection(on) => network.protected = *on,
    }
}

/// Notes a server as a member.
pub fn add_server(project: &mut Project, network: u64, server: u64) {
    if let Some(network) = project.networks.get_mut(&network) {
        network.servers.push(server);
    }
}

/// Forgets a server or load balancer.
pub fn forget_member(project: &mut Project, network: u64, member: u64) {
    if let Some(network) = project.networks.get_mut(&network) {
        network.servers.retain(|s| *s != member);
        network.load_balancers.retain(|l| *l != member);
    }
}

/// Keeps a network in use for a while after a member has gone.
pub fn hold(project: &mut Project, network: u64, until: Ms) {
    if let Some(network) = project.networks.get_mut(&network) {
        network.held_until = network.held_until.max(until);
    }
}

/// Refuses a network that is full, or that overlaps with one the server is in.
pub fn check_room(project: &Project, id: u64, joined: &[Attachment]) -> Result<(), ApiError> {
    let network = find::<Network>(project, id)?;
    if network.members() >= MEMBERS_MAX {
        let message = format!("network {id} has already {MEMBERS_MAX} attached resources");
        return Err(ApiError::new(403, "resource_limit_exceeded", message)
            .with_details(json!({"limits": [{"name": "network_attached_resources_limit"}]})));
    }
    for other in joined.iter().filter_map(|a| project.networks.get(&a.network)) {
        if other.ip_range.overlaps(network.ip_range) {
            let message = "the network IP range overlaps with one of the server networks";
            return Err(ApiError::unprocessable("networks_overlap", message));
        }
    }
    Ok(())
}

fn read_range(body: &mut Body, key: &str) -> Option<Range> {
    let text = body.text(key)?;
    let range = Range::parse(&text);
    if range.is_none() {
        body.problem(key, "must be an IPv4 range in CIDR notation with empty host bits");
    }
    range
}

fn read_network_range(body: &mut Body) -> Option<Range> {
    let range = read_range(body, "ip_range");
    match range {
        None if !body.has("ip_range") || body.is_null("ip_range") => {
            body.problem("ip_range", "missing data for required field");
        }
        Some(r) if !r.is_private() => {
            body.problem("ip_range", "must be one of the private IPv4 ranges of RFC1918")
        }
        Some(r) if r.prefix() > 24 => body.problem("ip_range", "minimum network size is /24"),
        _ => {}
    }
    range
}

/// A subnet as asked for; its range may still have to be found.
struct WantedSubnet {
    kind: &'static str,
    ip_range: Option<Range>,
    network_zone: String,
    vswitch_id: Option<u64>,
}

fn read_subnet(body: &mut Body, zones: &[&str]) -> WantedSubnet {
    let kind = body.need_choice("type", &["cloud", "server", "vswitch"]);
    let ip_range = read_range(body, "ip_range");
    let network_zone = body.need_text("network_zone");
    if !network_zone.is_empty() && !zones.contains(&network_zone.as_str()) {
        body.problem("network_zone", "unknown network zone");
    }
    let vswitch_id = body.id("vswitch_id");
    if (kind == "vswitch") != vswitch_id.is_some() && !kind.is_empty() {
        let message =
            if kind == "vswitch" { "missing data for required field" } else { "only for type vswitch" };
        body.problem("vswitch_id", message);
    }
    WantedSubnet { kind, ip_range, network_zone, vswitch_id }
}

/// Finds the place of a subnet in a network, or says why there is none.
fn place_subnet(network: &Network, wanted: WantedSubnet) -> Result<Subnet, ApiError> {
    let invalid = |message: &str| Err(ApiError::invalid("ip_range", message));
    if network.subnets.len() >= SUBNETS_MAX {
        return Err(ApiError::service(format!("a network can have {SUBNETS_MAX} subnets at most")));
    }
    let clashes = |r: Range| {
        network.subnets.iter().any(|s| s.ip_range.overlaps(r))
            || network.routes.iter().any(|n| n.destination.prefix() > 0 && n.destination.overlaps(r))
    };
    let ip_range = match wanted.ip_range {
        Some(range) => range,
        None => {
            let blocks = (network.ip_range.first()..=network.ip_range.last()).step_by(256);
            match blocks.filter_map(|base| Range::new(base, 24)).find(|r| !clashes(*r)) {
                Some(range) => range,
                None => return invalid("no free /24 range is left in the network"),
            }
        }
    };
    if !network.ip_range.contains(ip_range) {
        return invalid("must be a subnet of the network's ip_range");
    }
    if ip_range.prefix() > 30 {
        return invalid("minimum subnet size is /30");
    }
    if clashes(ip_range) {
        return invalid("overlaps with another subnet or route");
    }
    Ok(Subnet {
        kind: wanted.kind.to_owned(),
        ip_range,
        network_zone: wanted.network_zone,
        vswitch_id: wanted.vswitch_id,
    })
}

fn read_route(body: &mut Body) -> Route {
    let text = body.need_text("destination");
    let destination = Range::parse(&text);
    if destination.is_none() && !text.is_empty() {
        body.problem("destination", "must be an IPv4 range in CIDR notation with empty host bits");
    }
    // A default route is the one public destination; its prefix is zero, and so are all its bits.
    if destination.is_some_and(|d| d.prefix() > 0 && !d.is_private()) {
        body.problem("destination", "must be a private IPv4 range of RFC1918 or 0.0.0.0/0");
    }
    let destination = destination.or(Range::new(0, 0)).expect("0.0.0.0/0 is a range");
    let text = body.need_text("gateway");
    let gateway = text.parse().ok();
    if gateway.is_none() && !text.is_empty() {
        body.problem("gateway", "must be an IPv4 address");
    }
    Route { destination, gateway: gateway.unwrap_or(Ipv4Addr::UNSPECIFIED) }
}

fn check_route(network: &Network, route: &Route) -> Result<(), ApiError> {
    let invalid = |field: &str, message: &str| Err(ApiError::invalid(field, message));
    if network.routes.len() >= ROUTES_MAX {
        return Err(ApiError::service(format!("a network can have {ROUTES_MAX} routes at most")));
    }
    let destination = route.destination;
    let specific = destination.prefix() > 0;
    if specific && network.subnets.iter().any(|s| s.ip_range.overlaps(destination)) {
        return invalid("destination", "overlaps with a subnet of the network");
    }
    let other = |r: &Route| {
        if specific {
            r.destination.prefix() > 0 && r.destination.overlaps(destination)
        } else {
            r.destination == destination
        }
    };
    if network.routes.iter().any(other) {
        return invalid("destination", "overlaps with another route");
    }
    if specific && destination.has(PUBLIC_GATEWAY.into()) {
        return invalid("destination", "must not overlap with 172.31.1.1");
    }
    let gateway = u32::from(route.gateway);
    if !network.ip_range.has(gateway) {
        return invalid("gateway", "must be part of the network's ip_range");
    }
    if gateway == network.ip_range.first().saturating_add(1) || route.gateway == PUBLIC_GATEWAY {
        return invalid("gateway", "is reserved");
    }
    let vswitch = network.subnets.iter().any(|s| s.kind == "vswitch" && s.ip_range.has(gateway));
    if vswitch { invalid("gateway", "must not be behind a vSwitch") } else { Ok(()) }
}

/// `POST /networks`: no action, everything is ready at once.
pub fn create(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (name, labels) = (body.need_name(NAME_MAX), body.labels());
    let ip_range = read_network_range(&mut body);
    let expose = body.flag("expose_routes_to_vswitch").unwrap_or(false);
    let zones: Vec<&str> = call.shared.catalogue.locations.iter().map(|l| l.network_zone).collect();
    let (mut subnets, mut routes) = (Vec::new(), Vec::new());
    for mut entry in body.objects("subnets").unwrap_or_default() {
        subnets.push(read_subnet(&mut entry, &zones));
        body.absorb(entry);
    }
    for mut entry in body.objects("routes").unwrap_or_default() {
        routes.push(read_route(&mut entry));
        body.absorb(entry);
    }
    body.check()?;
    check_name_free::<Network>(call.project, &name, 0)?;
    call.project.check_limit::<Network>(call.shared)?;
    let mut network = Network {
        base: Base { id: 0, name, labels: labels.unwrap_or_default(), created: call.shared.now() },
        ip_range: ip_range.ok_or_else(|| ApiError::invalid("ip_range", "missing data for required field"))?,
        subnets: Vec::new(),
        routes: Vec::new(),
        servers: Vec::new(),
        load_balancers: Vec::new(),
        protected: false,
        expose_routes_to_vswitch: expose,
        held_until: 0,
    };
    for wanted in subnets {
        let subnet = place_subnet(&network, wanted)?;
        network.subnets.push(subnet);
    }
    for route in routes {
        check_route(&network, &route)?;
        network.routes.push(route);
    }
    network.base.id = call.shared.new_id();
    let id = network.base.id;
    call.project.networks.insert(id, network);
    call.params = vec![id.to_string()];
    get::<Network>(call).map(|r| Reply { status: 201, ..r })
}

/// The network of the path, if no action runs on it.
fn unchanged(call: &Call<'_>) -> Result<u64, ApiError> {
    let id = here::<Network>(call)?.base.id;
    call.check_unchanged(Kind::Network, id)?;
    Ok(id)
}

/// `PUT /networks/{id}`.
pub fn update(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (name, labels) = (body.name(NAME_MAX), body.labels());
    let expose = body.flag("expose_routes_to_vswitch");
    let id = unchanged(call)?;
    body.check()?;
    rename::<Network>(call, id, name, labels)?;
    if let (Some(network), Some(expose)) = (call.project.networks.get_mut(&id), expose) {
        network.expose_routes_to_vswitch = expose;
    }
    get::<Network>(call)
}

/// `DELETE /networks/{id}`: members are detached.
pub fn delete(call: &mut Call<'_>) -> Answer {
    let network = here::<Network>(call)?;
    let id = network.base.id;
    if network.protected {
        return Err(ApiError::protected(Kind::Network, "deletion"));
    }
    let leaving = network.servers.iter().any(|s| call.project.leaving.contains_key(s));
    if leaving || network.held_until > call.shared.now() {
        return Err(ApiError::in_use(Kind::Network, id));
    }
    call.check_unchanged(Kind::Network, id)?;
    call.project.networks.remove(&id);
    for server in call.project.servers.values_mut() {
        server.private_net.retain(|a| a.network != id);
    }
    for balancer in call.project.load_balancers.values_mut() {
        balancer.private_net.retain(|a| a.network != id);
    }
    Reply::empty()
}

fn begin(call: &mut Call<'_>, command: &str, id: u64, change: Change) -> Answer {
    let action = call.begin_on(command, Kind::Network, id, Effect::Network(id, change));
    call.reply_action(201, action)
}

/// `add_subnet`.
pub fn add_subnet(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let zones: Vec<&str> = call.shared.catalogue.locations.iter().map(|l| l.network_zone).collect();
    let wanted = read_subnet(&mut body, &zones);
    let id = unchanged(call)?;
    body.check()?;
    let subnet = place_subnet(find::<Network>(call.project, id)?, wanted)?;
    begin(call, "add_subnet", id, Change::AddSubnet(subnet))
}

/// `delete_subnet`: only an empty one.
pub fn delete_subnet(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let range = read_range(&mut body, "ip_range");
    if range.is_none() && !body.has("ip_range") {
        body.problem("ip_range", "missing data for required field");
    }
    let id = unchanged(call)?;
    body.check()?;
    let network = find::<Network>(call.project, id)?;
    let Some(range) = range.filter(|r| network.subnets.iter().any(|s| s.ip_range == *r)) else {
        return Err(ApiError::new(404, "not_found", "subnet not found"));
    };
    if members::addresses(call.project, network).into_iter().any(|ip| range.has(ip.into())) {
        return Err(ApiError::service("cannot remove subnet because servers are attached to it"));
    }
    begin(call, "delete_subnet", id, Change::DeleteSubnet(range))
}

/// `add_route`.
pub fn add_route(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let route = read_route(&mut body);
    let id = unchanged(call)?;
    body.check()?;
    check_route(find::<Network>(call.project, id)?, &route)?;
    begin(call, "add_route", id, Change::AddRoute(route))
}

/// `delete_route`.
pub fn delete_route(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let route = read_route(&mut body);
    let id = unchanged(call)?;
    body.check()?;
    if !find::<Network>(call.project, id)?.routes.contains(&route) {
        return Err(ApiError::new(404, "not_found", "route not found"));
    }
    begin(call, "delete_route", id, Change::DeleteRoute(route))
}

/// `change_ip_range`: grows at its end, never shrinks.
pub fn change_ip_range(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let range = read_network_range(&mut body);
    let id = unchanged(call)?;
    body.check()?;
    let old = find::<Network>(call.project, id)?.ip_range;
    match range {
        Some(new) if new.first() == old.first() && new.prefix() <= old.prefix() => {
            begin(call, "change_ip_range", id, Change::IpRange(new))
        }
        _ => Err(ApiError::invalid("ip_range", "the range can only be extended at its end")),
    }
}

/// `change_protection`.
pub fn change_protection(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let delete = body.flag("delete");
    let id = unchanged(call)?;
    body.check()?;
    let delete = delete.unwrap_or(find::<Network>(call.project, id)?.protected);
    begin(call, "change_protection", id, Change::Protection(delete))
}
