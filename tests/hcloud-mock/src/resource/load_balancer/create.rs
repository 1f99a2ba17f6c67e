//! `POST /load_balancers`.
use crate::action::{Effect, at};
use crate::bill::Usage;
use crate::body::{Body, Reference};
use crate::call::Call;
use crate::catalogue::{LoadBalancerType, Location};
use crate::error::ApiError;
use crate::kind::Kind;
use crate::reply::{Answer, Object};
use crate::resource::load_balancer::services::{self, Service};
use crate::resource::load_balancer::targets::{self, Target};
use crate::resource::load_balancer::{Change, LoadBalancer, PublicIp};
use crate::resource::primary_ip::{PrimaryIp, default_dns_ptr};
use crate::resource::server::Attachment;
use crate::resource::{Base, NAME_MAX, check_name_free, entity_view, find, network};

/// Reads a required list entry by entry.
fn read_services(body: &mut Body) -> Vec<Service> {
    let mut found = Vec::new();
    for mut entry in body.objects("services").unwrap_or_default() {
        found.push(services::read(&mut entry));
        body.absorb(entry);
    }
    found
}

fn read_targets(body: &mut Body) -> Vec<Target> {
    let mut found = Vec::new();
    for mut entry in body.objects("targets").unwrap_or_default() {
        found.push(targets::read(&mut entry));
        body.absorb(entry);
    }
    found
}

fn read_algorithm(body: &mut Body) -> String {
    let Some(mut inner) = body.object("algorithm") else { return "round_robin".to_owned() };
    let word = inner.need_choice("type", &["round_robin", "least_connections"]);
    body.absorb(inner);
    word.to_owned()
}

/// Refuses more services or targets than the type allows, and ports used twice.
pub fn check_counts(
    balancer_type: &LoadBalancerType,
    services: &[Service],
    targets: &[Target],
) -> Result<(), ApiError> {
    let twice = |(i, s): (usize, &Service)| services.iter().take(i).any(|o| o.listen_port == s.listen_port);
    if services.iter().enumerate().any(twice) {
        let message = "the source port you are trying to add is already in use";
        return Err(ApiError::new(412, "source_port_already_used", message));
    }
    let limit = |what: &str, max: usize| {
        let message = format!("a load balancer of type {} can have {max} {what} at most", balancer_type.name);
        Err(ApiError::new(403, "resource_limit_exceeded", message))
    };
    if services.len() > balancer_type.max_services {
        return limit("services", balancer_type.max_services);
    }
    if targets.len() > balancer_type.max_targets {
        return limit("targets", balancer_type.max_targets);
    }
    let mut certificates: Vec<u64> =
        services.iter().filter_map(|s| s.http.as_ref()).flat_map(|h| h.certificates.clone()).collect();
    certificates.sort_unstable();
    certificates.dedup();
    if certificates.len() > balancer_type.max_certificates {
        return limit("certificates", balancer_type.max_certificates);
    }
    Ok(())
}

fn check_ip(call: &Call<'_>, id: Option<u64>, version: &str, location: u64) -> Result<(), ApiError> {
    let Some(id) = id else { return Ok(()) };
    let ip = find::<PrimaryIp>(call.project, id)?;
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
        return Err(ApiError::unprocessable("primary_ip_location_mismatch", message));
    }
    if ip.blocked {
        return Err(ApiError::unprocessable("primary_ip_blocked", format!("primary IP {id} is blocked")));
    }
    Ok(())
}

fn take_ip(call: &mut Call<'_>, id: Option<u64>, version: &str, owner: u64) -> PublicIp {
    if let Some(ip) = id.and_then(|id| call.project.primary_ips.get_mut(&id)) {
        ip.assignee = Some(at(Kind::LoadBalancer, owner));
        let address = ip.ip.strip_suffix("/64").map_or_else(|| ip.ip.clone(), |net| format!("{net}1"));
        return PublicIp { dns_ptr: ip.dns_ptr.get(&address).cloned(), ip: address, primary_ip: id };
    }
    let ip = match version {
        "ipv4" => call.shared.new_ipv4(),
        _ => call.shared.new_ipv6().replace("::/64", "::1"),
    };
    PublicIp { dns_ptr: default_dns_ptr(&ip), ip, primary_ip: None }
}

fn place<'c>(
    call: &'c Call<'_>,
    location: Option<&Reference>,
    zone: Option<&str>,
) -> Result<&'c Location, ApiError> {
    let catalogue = &call.shared.catalogue;
    if let Some(location) = location {
        return catalogue.location(location);
    }
    let found = catalogue.locations.iter().find(|l| Some(l.network_zone) == zone);
    found.ok_or_else(|| ApiError::invalid("network_zone", "unknown network zone"))
}

/// `POST /load_balancers`.
pub fn create(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (name, labels) = (body.need_name(NAME_MAX), body.labels());
    let wanted_type = body.need_reference("load_balancer_type");
    let (location, zone) = (body.reference("location"), body.text("network_zone"));
    match (&location, &zone) {
        (None, None) => body.problem("location", "location or network_zone is required"),
        (Some(_), Some(_)) => body.problem("network_zone", "must not be used together with location"),
        _ => {}
    }
    let (services, targets, algorithm) =
        (read_services(&mut body), read_targets(&mut body), read_algorithm(&mut body));
    let public_interface = body.flag("public_interface").unwrap_or(true);
    let network_id = body.id("network");
    let (mut ipv4, mut ipv6) = (None, None);
    if let Some(mut net) = body.object("public_net") {
        (ipv4, ipv6) = (net.id("ipv4"), net.id("ipv6"));
        body.absorb(net);
    }
    body.check()?;
    check_name_free::<LoadBalancer>(call.project, &name, 0)?;
    call.project.check_limit::<LoadBalancer>(call.shared)?;
    let balancer_type = call.shared.catalogue.load_balancer_type(&wanted_type)?.clone();
    let place = place(call, location.as_ref(), zone.as_deref())?;
    let (location, place_name, zone) = (place.id, place.name, place.network_zone);
    check_counts(&balancer_type, &services, &targets)?;
    for service in &services {
        services::check_certificates(call.project, service)?;
    }
    check_ip(call, ipv4, "ipv4", location)?;
    check_ip(call, ipv6, "ipv6", location)?;
    let mut private_net = Vec::new();
    if let Some(network) = network_id {
        network::check_room(call.project, network, &[])?;
        let ip = network::free_ip(call.project, network, Some(zone), None, &[])?;
        let status = "attaching".to_owned();
        private_net.push(Attachment { network, ip, alias_ips: Vec::new(), mac: String::new(), status });
    }
    let empty = || PublicIp { ip: String::new(), dns_ptr: None, primary_ip: None };
    let mut balancer = LoadBalancer {
        base: Base { id: 0, name, labels: labels.unwrap_or_default(), created: call.shared.now() },
        load_balancer_type: balancer_type.id,
        location,
        public_interface,
        ipv4: empty(),
        ipv6: empty(),
        private_net,
        protected: false,
        services,
        targets: Vec::new(),
        algorithm,
    };
    for target in targets {
        targets::check(call.project, &balancer, &target)?;
        balancer.targets.push(target);
    }
    let id = call.shared.new_id();
    balancer.base.id = id;
    balancer.ipv4 = take_ip(call, ipv4, "ipv4", id);
    balancer.ipv6 = take_ip(call, ipv6, "ipv6", id);
    if let Some(network) = network_id.and_then(|n| call.project.networks.get_mut(&n)) {
        network.load_balancers.push(id);
    }
    pay(call, &balancer, &balancer_type, place_name);
    call.project.load_balancers.insert(id, balancer);
    let effect = Effect::LoadBalancer(id, Change::Created);
    let action = call.begin_on("create_load_balancer", Kind::LoadBalancer, id, effect);
    let view = entity_view::<LoadBalancer>(call, id);
    Object::new().set("load_balancer", &view).set("action", &call.action(action)).send(201)
}

/// Starts paying for a load balancer of this type.
pub fn pay(call: &mut Call<'_>, balancer: &LoadBalancer, balancer_type: &LoadBalancerType, location: &str) {
    let price = balancer_type.prices.iter().find(|p| p.location == location);
    let Some(price) = price else { return };
    call.project.pay(Usage {
        what: "load_balancer".to_owned(),
        id: balancer.base.id,
        name: balancer.base.name.clone(),
        product: balancer_type.name.to_owned(),
        location: location.to_owned(),
        hourly: price.hourly,
        monthly: price.monthly,
        since: call.shared.now(),
        until: None,
    });
}
