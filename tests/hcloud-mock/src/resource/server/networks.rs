//! Server actions about private networks: attach, detach, alias addresses.
use crate::action::{Effect, at};
use crate::call::Call;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::reply::Answer;
use crate::resource::network::{self, Network};
use crate::resource::server::create::{NETWORKS_MAX, mac_address};
use crate::resource::server::{Attachment, Change, Server};
use crate::resource::{find, here};
use std::net::Ipv4Addr;

/// Alias addresses per network.
const ALIAS_IPS_MAX: usize = 5;

fn unlocked(call: &Call<'_>) -> Result<u64, ApiError> {
    let id = here::<Server>(call)?.base.id;
    call.check_unlocked(Kind::Server, id)?;
    Ok(id)
}

fn begin(call: &mut Call<'_>, command: &str, server: u64, network: u64, change: Change) -> Answer {
    let resources = [at(Kind::Server, server), at(Kind::Network, network)];
    let action = call.begin(command, &resources, Effect::Server(server, change));
    call.reply_action(201, action)
}

fn addresses(texts: &[String], key: &str) -> Result<Vec<Ipv4Addr>, ApiError> {
    let parsed: Result<Vec<Ipv4Addr>, _> = texts.iter().map(|t| t.parse()).collect();
    let parsed = parsed.map_err(|_| ApiError::invalid(key, "must be valid IPv4 addresses"))?;
    if parsed.len() > ALIAS_IPS_MAX {
        return Err(ApiError::invalid(key, &format!("at most {ALIAS_IPS_MAX} alias IPs are allowed")));
    }
    Ok(parsed)
}

/// `attach_to_network`.
pub fn attach(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let network = body.need_id("network");
    let wanted = network::read_place(&mut body);
    let alias_ips = body.texts("alias_ips").unwrap_or_default();
    let id = here::<Server>(call)?.base.id;
    body.check()?;
    find::<Network>(call.project, network)?;
    call.check_unlocked(Kind::Server, id)?;
    call.check_unchanged(Kind::Network, network)?;
    let server = find::<Server>(call.project, id)?;
    if server.private_net.iter().any(|a| a.network == network) {
        let message = "server is already attached to the network";
        return Err(ApiError::unprocessable("server_already_attached", message));
    }
    if server.private_net.len() >= NETWORKS_MAX {
        return Err(ApiError::service(format!("server is already attached to {NETWORKS_MAX} networks")));
    }
    network::check_room(call.project, network, &server.private_net)?;
    let zone = call.shared.catalogue.location_by_id(server.location).network_zone;
    let ip = network::free_ip(call.project, network, Some(zone), Some(&wanted), &[])?;
    let alias_ips = addresses(&alias_ips, "alias_ips")?;
    for alias in &alias_ips {
        network::check_ip_free(call.project, network, *alias, None)?;
    }
    let mac = mac_address(id, server.private_net.len());
    let attachment = Attachment { network, ip, alias_ips, mac, status: "attaching".to_owned() };
    if let Some(server) = call.project.servers.get_mut(&id) {
        server.private_net.push(attachment);
    }
    network::add_server(call.project, network, id);
    begin(call, "attach_to_network", id, network, Change::Attached(network))
}

/// `detach_from_network`.
pub fn detach(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let network = body.need_id("network");
    let id = unlocked(call)?;
    body.check()?;
    check_attached(call, id, network)?;
    call.check_unchanged(Kind::Network, network)?;
    mark(call, id, network, "detaching");
    begin(call, "detach_from_network", id, network, Change::Detached(network))
}

/// `change_alias_ips`.
pub fn change_alias_ips(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let network = body.need_id("network");
    let texts = body.texts("alias_ips");
    if texts.is_none() && !body.has("alias_ips") {
        body.problem("alias_ips", "missing data for required field");
    }
    let id = unlocked(call)?;
    body.check()?;
    check_attached(call, id, network)?;
    call.check_unchanged(Kind::Network, network)?;
    let alias_ips = addresses(&texts.unwrap_or_default(), "alias_ips")?;
    for alias in &alias_ips {
        network::check_ip_free(call.project, network, *alias, Some(id))?;
    }
    mark(call, id, network, "updating");
    begin(call, "change_alias_ips", id, network, Change::AliasIps(network, alias_ips))
}

fn check_attached(call: &Call<'_>, id: u64, network: u64) -> Result<(), ApiError> {
    find::<Network>(call.project, network)?;
    if find::<Server>(call.project, id)?.private_net.iter().any(|a| a.network == network) {
        return Ok(());
    }
    Err(ApiError::new(404, "not_found", "server is not attached to the network"))
}

fn mark(call: &mut Call<'_>, id: u64, network: u64, status: &str) {
    if let Some(server) = call.project.servers.get_mut(&id) {
        for attachment in server.private_net.iter_mut().filter(|a| a.network == network) {
            attachment.status = status.to_owned();
        }
    }
}
