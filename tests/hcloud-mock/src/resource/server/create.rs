//! `POST /servers`: everything is checked before anything is made.
use crate::action::{Effect, at};
use crate::body::{Body, Reference};
use crate::call::Call;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::label::Labels;
use crate::reply::{Answer, Object};
use crate::resource::server::{Attachment, Change, Server, pay};
use crate::resource::{Base, check_name_free, entity_view, find, firewall, image, network, placement_group};
use crate::resource::{primary_ip, server_type, ssh_key, volume};

/// Largest user data in bytes.
pub const USER_DATA_MAX: usize = 32 * 1024;
/// Networks a server can be in.
pub const NETWORKS_MAX: usize = 3;
/// Firewalls a server can have.
pub const FIREWALLS_MAX: usize = 5;
/// Volumes a server can have.
pub const VOLUMES_MAX: usize = 16;

#[derive(Debug)]
struct Order {
    name: String,
    server_type: Reference,
    image: Reference,
    location: Option<Reference>,
    ssh_keys: Vec<Reference>,
    user_data: Option<String>,
    networks: Vec<u64>,
    firewalls: Vec<u64>,
    placement_group: Option<u64>,
    volumes: Vec<u64>,
    labels: Option<Labels>,
    start: bool,
    ipv4: PublicIp,
    ipv6: PublicIp,
}

#[derive(Debug, PartialEq)]
enum PublicIp {
    None,
    New,
    Existing(u64),
}

/// Whether a name is a host name as RFC 1123 has it.
pub fn is_host_name(name: &str) -> bool {
    let label = |l: &str| {
        let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = l.as_bytes();
        l.len() <= 63
            && ends(bytes.first())
            && ends(bytes.last())
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// Checks a user data field.
pub fn check_user_data(body: &mut Body) -> Option<String> {
    let user_data = body.text("user_data")?;
    if user_data.len() > USER_DATA_MAX {
        body.problem("user_data", &format!("is too long, the maximum is {USER_DATA_MAX} bytes"));
    }
    Some(user_data)
}

fn read(call: &Call<'_>) -> Result<Order, ApiError> {
    let mut body = call.body()?;
    let name = body.need_text("name");
    if !name.is_empty() && !is_host_name(&name) {
        body.problem("name", "must be a valid hostname as per RFC 1123");
    } else if name.is_empty() && body.has("name") && !body.is_null("name") {
        body.problem("name", "must not be empty");
    }
    let mut firewalls = Vec::new();
    for mut entry in body.objects("firewalls").unwrap_or_default() {
        firewalls.push(entry.need_id("firewall"));
        body.absorb(entry);
    }
    let mut ips = (PublicIp::New, PublicIp::New);
    if let Some(mut net) = body.object("public_net") {
        ips.0 = wanted_ip(net.flag("enable_ipv4"), net.id("ipv4"));
        ips.1 = wanted_ip(net.flag("enable_ipv6"), net.id("ipv6"));
        body.absorb(net);
    }
    let networks = body.ids("networks");
    if networks.len() > NETWORKS_MAX {
        body.problem("networks", &format!("a server can be attached to {NETWORKS_MAX} networks at most"));
    }
    if firewalls.len() > FIREWALLS_MAX {
        body.problem("firewalls", &format!("a server can have {FIREWALLS_MAX} firewalls at most"));
    }
    let volumes = body.ids("volumes");
    if volumes.len() > VOLUMES_MAX {
        body.problem("volumes", &format!("a server can have {VOLUMES_MAX} volumes at most"));
    }
    body.flag("automount");
    let order = Order {
        name,
        server_type: body.need_reference("server_type"),
        image: body.need_reference("image"),
        location: body.reference("location"),
        ssh_keys: body.references("ssh_keys"),
        user_data: check_user_data(&mut body),
        networks,
        firewalls,
        placement_group: body.id("placement_group"),
        volumes,
        labels: body.labels(),
        start: body.flag("start_after_create").unwrap_or(true),
        ipv4: ips.0,
        ipv6: ips.1,
    };
    body.check()?;
    Ok(order)
}

fn wanted_ip(enable: Option<bool>, id: Option<u64>) -> PublicIp {
    match (enable, id) {
        (Some(false), _) => PublicIp::None,
        (_, Some(id)) => PublicIp::Existing(id),
        _ => PublicIp::New,
    }
}

/// Where the server will be: as ordered, where its volumes or IPs are, or the first place with stock.
fn choose_location(call: &Call<'_>, order: &Order, type_id: u64) -> Result<u64, ApiError> {
    let catalogue = &call.shared.catalogue;
    let server_type = catalogue.server_type_by_id(type_id);
    let mut bound = None;
    if let Some(first) = order.volumes.first() {
        bound = Some(find::<volume::Volume>(call.project, *first)?.location);
    }
    for ip in [&order.ipv4, &order.ipv6] {
        if let PublicIp::Existing(id) = ip {
            bound = bound.or(Some(find::<primary_ip::PrimaryIp>(call.project, *id)?.location));
        }
    }
    let chosen = match (&order.location, bound) {
        (Some(wanted), _) => catalogue.location(wanted)?.id,
        (None, Some(bound)) => bound,
        (None, None) => {
            let sold =
                |l: &&crate::catalogue::Location| server_type::is_orderable(call.shared, server_type, l.name);
            let fallback =
                catalogue.locations.iter().find(|l| server_type.prices.iter().any(|p| p.location == l.name));
            catalogue.locations.iter().find(sold).or(fallback).map_or(1, |l| l.id)
        }
    };
    let name = catalogue.location_by_id(chosen).name;
    if !server_type.prices.iter().any(|p| p.location == name) {
        return Err(ApiError::unprocessable("invalid_input", "unsupported location for server type")
            .with_details(serde_json::json!({"fields": [{"name": "location", "messages": ["unsupported location for server type"]}]})));
    }
    if !server_type::is_orderable(call.shared, server_type, name) {
        return Err(ApiError::unavailable("server type is not available in this location"));
    }
    if call.shared.settings.no_placement.iter().any(|l| l == name) {
        return Err(ApiError::unavailable("error during placement"));
    }
    Ok(chosen)
}

fn check_ip(call: &Call<'_>, wanted: &PublicIp, version: &str, location: u64) -> Result<(), ApiError> {
    let PublicIp::Existing(id) = wanted else { return Ok(()) };
    let ip = find::<primary_ip::PrimaryIp>(call.project, *id)?;
    if ip.version != version {
        let message = format!("primary IP {id} is not of type {version}");
        return Err(ApiError::new(412, "primary_ip_version_mismatch", message));
    }
    if ip.assignee.is_some() {
        return Err(ApiError::unprocessable(
            "primary_ip_assigned",
            format!("primary IP {id} is already assigned"),
        ));
    }
    if ip.location != location {
        let message = format!("primary IP {id} is in a different location");
        return Err(ApiError::unprocessable("primary_ip_datacenter_mismatch", message));
    }
    Ok(())
}

fn check_parts(call: &Call<'_>, order: &Order, location: u64) -> Result<Vec<String>, ApiError> {
    check_ip(call, &order.ipv4, "ipv4", location)?;
    check_ip(call, &order.ipv6, "ipv6", location)?;
    let mut keys = Vec::new();
    for wanted in &order.ssh_keys {
        let found =
            call.project.ssh_keys.values().find(|k: &&ssh_key::SshKey| wanted.means(k.base.id, &k.base.name));
        keys.push(found.ok_or_else(|| wanted.not_found(Kind::SshKey))?.public_key.clone());
    }
    for id in &order.firewalls {
        find::<firewall::Firewall>(call.project, *id)?;
        if order.ipv4 == PublicIp::None && order.ipv6 == PublicIp::None {
            let message = "firewalls need a public network interface";
            return Err(ApiError::unprocessable("private_net_only_server", message));
        }
    }
    for id in &order.volumes {
        let volume = find::<volume::Volume>(call.project, *id)?;
        if volume.server.is_some() {
            return Err(ApiError::unprocessable(
                "volume_already_attached",
                "volume is already attached to a server",
            ));
        }
        if volume.location != location {
            return Err(ApiError::invalid("volumes", "volume is in a different location"));
        }
    }
    if let Some(id) = order.placement_group {
        placement_group::check_room(call.project, id)?;
    }
    Ok(keys)
}

/// `POST /servers`.
pub fn create(call: &mut Call<'_>) -> Answer {
    let order = read(call)?;
    check_name_free::<Server>(call.project, &order.name, 0)?;
    call.project.check_limit::<Server>(call.shared)?;
    let server_type = call.shared.catalogue.server_type(&order.server_type)?.clone();
    let image = image::resolve(call, &order.image, server_type.architecture)?;
    image::check_fits(&image, server_type.architecture, server_type.disk)?;
    let location = choose_location(call, &order, server_type.id)?;
    let ssh_keys = check_parts(call, &order, location)?;
    let zone = call.shared.catalogue.location_by_id(location).network_zone;
    let mut private_net: Vec<Attachment> = Vec::new();
    for id in &order.networks {
        network::check_room(call.project, *id, &private_net)?;
        let ip = network::free_ip(call.project, *id, Some(zone), None, &private_net)?;
        let mac = mac_address(call.shared.counters.id, private_net.len());
        private_net.push(Attachment {
            network: *id,
            ip,
            alias_ips: Vec::new(),
            mac,
            status: "attaching".to_owned(),
        });
    }

    let base = Base::new(call.shared, order.name.clone(), order.labels.clone());
    let id = base.id;
    let root_password = ssh_keys.is_empty().then(|| password(id));
    for attachment in &private_net {
        network::add_server(call.project, attachment.network, id);
    }
    let ipv4 = take_ip(call, &order.ipv4, "ipv4", location, id);
    let ipv6 = take_ip(call, &order.ipv6, "ipv6", location, id);
    let server = Server {
        base,
        status: "initializing".to_owned(),
        status_before: "off".to_owned(),
        server_type: server_type.id,
        location,
        image: Some(image.base.id),
        iso: None,
        rescue_enabled: false,
        backup_window: None,
        protection_delete: false,
        protection_rebuild: false,
        primary_disk_gb: server_type.disk,
        placement_group: order.placement_group,
        ipv4,
        ipv6,
        private_net,
        volumes: Vec::new(),
        ssh_keys,
        user_data: order.user_data.clone(),
        root_password: root_password.clone(),
        shutting_down: false,
    };
    pay(call.project, &server, call.shared.now(), call.shared);
    let can_start = server.has_interface();
    call.project.servers.insert(id, server);
    for firewall in &order.firewalls {
        firewall::add_at_creation(call.project, *firewall, id);
    }
    call.project.selectors_changed(call.shared);

    let this = at(Kind::Server, id);
    let first = call.begin("create_server", &[this], Effect::Server(id, Change::Created));
    let mut next = Vec::new();
    for volume in &order.volumes {
        let effect = volume::reserve(call.project, *volume, id);
        next.push(call.begin_after(first, "attach_volume", &[this, at(Kind::Volume, *volume)], effect));
    }
    if order.start && can_start {
        next.push(call.begin_after(first, "start_server", &[this], Effect::Server(id, Change::On)));
    }
    let next: Vec<_> = next.into_iter().map(|a| call.action(a)).collect();
    let view = entity_view::<Server>(call, id);
    Object::new()
        .set("server", &view)
        .set("action", &call.action(first))
        .set("next_actions", &next)
        .set("root_password", &root_password)
        .send(201)
}

fn take_ip(call: &mut Call<'_>, wanted: &PublicIp, version: &str, location: u64, server: u64) -> Option<u64> {
    match wanted {
        PublicIp::None => None,
        PublicIp::New => Some(primary_ip::make_for(call, version, location, at(Kind::Server, server))),
        PublicIp::Existing(id) => {
            if let Some(ip) = call.project.primary_ips.get_mut(id) {
                ip.assignee = Some(at(Kind::Server, server));
            }
            Some(*id)
        }
    }
}

/// A hardware address in Hetzner's range.
pub fn mac_address(id: u64, n: usize) -> String {
    let [.., a, b, c] = id.to_be_bytes();
    format!("86:00:{:02x}:{a:02x}:{b:02x}:{c:02x}", n & 0xff)
}

/// A root password: repeatable, because the mock guards nothing.
pub fn password(seed: u64) -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let index = usize::try_from(state >> 33).unwrap_or(0) % LETTERS.len();
        char::from(LETTERS.get(index).copied().unwrap_or(b'x'))
    };
    (0..20).map(|_| letter()).collect()
}
