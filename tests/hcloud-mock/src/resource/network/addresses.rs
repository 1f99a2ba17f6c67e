//! Which address of a network the next member gets.
use crate::body::Body;
use crate::cidr::Range;
use crate::error::ApiError;
use crate::project::Project;
use crate::resource::find;
use crate::resource::network::{Network, Subnet, members};
use crate::resource::server::Attachment;
use std::net::Ipv4Addr;

/// Where in a network a member wants to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    ip: Option<Ipv4Addr>,
    ip_range: Option<Range>,
}

/// Reads `ip` and `ip_range`.
pub fn read_place(body: &mut Body) -> Place {
    let ip = body.text("ip").filter(|t| !t.is_empty());
    let parsed = ip.as_ref().and_then(|t| t.parse().ok());
    if ip.is_some() && parsed.is_none() {
        body.problem("ip", "must be an IPv4 address");
    }
    let range = body.text("ip_range").filter(|t| !t.is_empty());
    let ip_range = range.as_ref().and_then(|t| Range::parse(t));
    if range.is_some() && ip_range.is_none() {
        body.problem("ip_range", "must be an IPv4 range in CIDR notation with empty host bits");
    }
    if let (Some(ip), Some(range)) = (parsed, ip_range)
        && !range.has(u32::from(ip))
    {
        body.problem("ip", "is not part of ip_range");
    }
    Place { ip: parsed, ip_range }
}

/// The address a new member gets: the one asked for if it is free, else the lowest free one of a fitting subnet.
pub fn free_ip(
    project: &Project,
    network: u64,
    zone: Option<&str>,
    wanted: Option<&Place>,
    joined: &[Attachment],
) -> Result<Ipv4Addr, ApiError> {
    let none =
        || ApiError::unprocessable("no_subnet_available", "no subnet or IP is available in the network");
    let network = find::<Network>(project, network)?;
    let place = wanted.copied().unwrap_or_default();
    let fits = |s: &&Subnet| {
        s.kind != "vswitch"
            && zone.is_none_or(|z| z == s.network_zone)
            && place.ip_range.is_none_or(|r| r == s.ip_range)
    };
    let subnets: Vec<&Subnet> = network.subnets.iter().filter(fits).collect();
    if subnets.is_empty() || joined.iter().any(|a| a.network == network.base.id) {
        return Err(none());
    }
    let used = members::addresses(project, network);
    let gateway = network.ip_range.first().saturating_add(1);
    if let Some(ip) = place.ip {
        let inside = subnets.iter().any(|s| s.ip_range.hosts().contains(&u32::from(ip)));
        if !inside || used.contains(&ip) || u32::from(ip) == gateway {
            return Err(not_available());
        }
        return Ok(ip);
    }
    let hosts = subnets.iter().flat_map(|s| s.ip_range.hosts());
    let free = hosts.map(Ipv4Addr::from).find(|ip| u32::from(*ip) != gateway && !used.contains(ip));
    free.ok_or_else(none)
}

/// Refuses an alias address that is outside the network or taken by somebody else.
pub fn check_ip_free(
    project: &Project,
    network: u64,
    ip: Ipv4Addr,
    except: Option<u64>,
) -> Result<(), ApiError> {
    let network = find::<Network>(project, network)?;
    let own = except.and_then(|id| project.servers.get(&id)).map(|s| {
        let mine = s.private_net.iter().filter(|a| a.network == network.base.id);
        mine.flat_map(|a| a.alias_ips.clone()).collect::<Vec<_>>()
    });
    let is_own = own.is_some_and(|ips| ips.contains(&ip));
    let inside = network.subnets.iter().any(|s| s.ip_range.hosts().contains(&u32::from(ip)));
    let gateway = u32::from(ip) == network.ip_range.first().saturating_add(1);
    let taken = !is_own && members::addresses(project, network).contains(&ip);
    if !inside || gateway || taken { Err(not_available()) } else { Ok(()) }
}

fn not_available() -> ApiError {
    ApiError::unprocessable("ip_not_available", "the provided network IP is not available")
}
