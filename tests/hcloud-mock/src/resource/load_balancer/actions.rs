//! Actions of load balancers, and deletion.
use crate::action::{Effect, at};
use crate::call::Call;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::reply::Answer;
use crate::resource::load_balancer::create::{check_counts, pay};
use crate::resource::load_balancer::{Change, LoadBalancer, services, targets};
use crate::resource::server::Attachment;
use crate::resource::{find, here, network, primary_ip};

/// The load balancer of the path, if no action runs on it.
fn unlocked(call: &Call<'_>) -> Result<u64, ApiError> {
    let id = here::<LoadBalancer>(call)?.base.id;
    call.check_unlocked(Kind::LoadBalancer, id)?;
    Ok(id)
}

fn begin(call: &mut Call<'_>, command: &str, id: u64, change: Change) -> Answer {
    let action = call.begin_on(command, Kind::LoadBalancer, id, Effect::LoadBalancer(id, change));
    call.reply_action(201, action)
}

fn balancer_of<'c>(call: &'c Call<'_>, id: u64) -> Result<&'c LoadBalancer, ApiError> {
    find::<LoadBalancer>(call.project, id)
}

/// `DELETE /load_balancers/{id}`: with an action since 2026-10-05.
pub fn delete(call: &mut Call<'_>) -> Answer {
    if here::<LoadBalancer>(call)?.protected {
        return Err(ApiError::protected(Kind::LoadBalancer, "deletion"));
    }
    let id = unlocked(call)?;
    begin(call, "delete_load_balancer", id, Change::Deleted)
}

/// `add_service`.
pub fn add_service(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let service = services::read(&mut body);
    let id = unlocked(call)?;
    body.check()?;
    services::check_certificates(call.project, &service)?;
    let balancer = balancer_of(call, id)?;
    let mut all = balancer.services.clone();
    all.push(service.clone());
    check_counts(call.shared.catalogue.load_balancer_type_by_id(balancer.load_balancer_type), &all, &[])?;
    begin(call, "add_service", id, Change::AddService(Box::new(service)))
}

/// `update_service`: the listen port says which.
pub fn update_service(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let port = body.need_int("listen_port", 1, 65_535);
    let id = unlocked(call)?;
    body.check()?;
    let old = balancer_of(call, id)?.services.iter().find(|s| i64::from(s.listen_port) == port);
    let Some(old) = old.cloned() else {
        return Err(ApiError::new(404, "not_found", format!("service with listen port {port} not found")));
    };
    let service = services::read_update(&mut body, old);
    body.check()?;
    services::check_certificates(call.project, &service)?;
    begin(call, "update_service", id, Change::UpdateService(Box::new(service)))
}

/// `delete_service`.
pub fn delete_service(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let port = body.need_int("listen_port", 1, 65_535);
    let id = unlocked(call)?;
    body.check()?;
    match balancer_of(call, id)?.services.iter().find(|s| i64::from(s.listen_port) == port) {
        Some(service) => {
            let port = service.listen_port;
            begin(call, "delete_service", id, Change::DeleteService(port))
        }
        None => Err(ApiError::new(404, "not_found", format!("service with listen port {port} not found"))),
    }
}

/// `add_target`.
pub fn add_target(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let target = targets::read(&mut body);
    let id = unlocked(call)?;
    body.check()?;
    let balancer = balancer_of(call, id)?;
    targets::check(call.project, balancer, &target)?;
    let mut all = balancer.targets.clone();
    all.push(target.clone());
    check_counts(call.shared.catalogue.load_balancer_type_by_id(balancer.load_balancer_type), &[], &all)?;
    let mut resources = vec![at(Kind::LoadBalancer, id)];
    resources.extend(target.server().map(|s| at(Kind::Server, s)));
    let effect = Effect::LoadBalancer(id, Change::AddTarget(Box::new(target)));
    let action = call.begin_locking("add_target", &resources, &[at(Kind::LoadBalancer, id)], effect);
    call.reply_action(201, action)
}

/// `remove_target`.
pub fn remove_target(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let target = targets::read(&mut body);
    let id = unlocked(call)?;
    body.check()?;
    if !balancer_of(call, id)?.targets.iter().any(|t| t.is_same(&target)) {
        return Err(ApiError::new(404, "not_found", "load balancer target not found"));
    }
    begin(call, "remove_target", id, Change::RemoveTarget(Box::new(target)))
}

/// `change_algorithm`.
pub fn change_algorithm(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let word = body.need_choice("type", &["round_robin", "least_connections"]);
    let id = unlocked(call)?;
    body.check()?;
    begin(call, "change_algorithm", id, Change::Algorithm(word.to_owned()))
}

/// `change_type`: to one that all services and targets fit.
pub fn change_type(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let wanted = body.need_reference("load_balancer_type");
    let id = unlocked(call)?;
    body.check()?;
    let new = call.shared.catalogue.load_balancer_type(&wanted)?.clone();
    let balancer = balancer_of(call, id)?.clone();
    let fits = check_counts(&new, &balancer.services, &balancer.targets).is_ok();
    if !fits || new.id == balancer.load_balancer_type {
        let message = "the load balancer type does not fit for the given load balancer";
        return Err(ApiError::unprocessable("invalid_load_balancer_type", message));
    }
    let location = call.shared.catalogue.location_by_id(balancer.location).name;
    let now = call.shared.now();
    call.project.stop_paying(id, None, now);
    pay(call, &balancer, &new, location);
    begin(call, "change_load_balancer_type", id, Change::Type(new.id))
}

/// `enable_public_interface`.
pub fn enable_public_interface(call: &mut Call<'_>) -> Answer {
    let id = unlocked(call)?;
    begin(call, "enable_public_interface", id, Change::PublicInterface(true))
}

/// `disable_public_interface`: only when nothing needs it.
pub fn disable_public_interface(call: &mut Call<'_>) -> Answer {
    let id = unlocked(call)?;
    let balancer = balancer_of(call, id)?;
    if balancer.private_net.is_empty() {
        let message = "the load balancer is not attached to a network";
        return Err(ApiError::unprocessable("load_balancer_not_attached_to_network", message));
    }
    if balancer.targets.iter().any(|t| !t.use_private_ip) {
        let message = "the load balancer has targets that use the public IP instead of the private IP";
        return Err(ApiError::unprocessable("targets_without_use_private_ip", message));
    }
    begin(call, "disable_public_interface", id, Change::PublicInterface(false))
}

/// `attach_to_network`.
pub fn attach_to_network(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let network = body.need_id("network");
    let wanted = network::read_place(&mut body);
    let id = unlocked(call)?;
    body.check()?;
    let balancer = balancer_of(call, id)?;
    if !balancer.private_net.is_empty() {
        let message = "the load balancer is already attached to a network";
        return Err(ApiError::unprocessable("load_balancer_already_attached", message));
    }
    network::check_room(call.project, network, &[])?;
    call.check_unchanged(Kind::Network, network)?;
    let zone = call.shared.catalogue.location_by_id(balancer.location).network_zone;
    let ip = network::free_ip(call.project, network, Some(zone), Some(&wanted), &[])?;
    let status = "attaching".to_owned();
    let attachment = Attachment { network, ip, alias_ips: Vec::new(), mac: String::new(), status };
    if let Some(balancer) = call.project.load_balancers.get_mut(&id) {
        balancer.private_net.push(attachment);
    }
    if let Some(network) = call.project.networks.get_mut(&network) {
        network.load_balancers.push(id);
    }
    let resources = [at(Kind::LoadBalancer, id), at(Kind::Network, network)];
    let effect = Effect::LoadBalancer(id, Change::Attached(network));
    let action = call.begin("attach_to_network", &resources, effect);
    call.reply_action(201, action)
}

/// `detach_from_network`.
pub fn detach_from_network(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let network = body.need_id("network");
    let id = unlocked(call)?;
    body.check()?;
    if !balancer_of(call, id)?.private_net.iter().any(|a| a.network == network) {
        return Err(ApiError::new(404, "not_found", "load balancer is not attached to the network"));
    }
    call.check_unchanged(Kind::Network, network)?;
    let resources = [at(Kind::LoadBalancer, id), at(Kind::Network, network)];
    let effect = Effect::LoadBalancer(id, Change::Detached(network));
    let action = call.begin("detach_from_network", &resources, effect);
    call.reply_action(201, action)
}

/// `change_dns_ptr`.
pub fn change_dns_ptr(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (ip, dns_ptr) = primary_ip::read_dns_ptr(&mut body);
    let id = unlocked(call)?;
    body.check()?;
    let balancer = balancer_of(call, id)?;
    if ![&balancer.ipv4, &balancer.ipv6].iter().any(|a| primary_ip::covers(&a.ip, &ip)) {
        return Err(ApiError::invalid("ip", "does not belong to this load balancer"));
    }
    begin(call, "change_dns_ptr", id, Change::DnsPtr { ip, dns_ptr })
}

/// `change_protection`.
pub fn change_protection(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let delete = body.flag("delete");
    let id = unlocked(call)?;
    body.check()?;
    let delete = delete.unwrap_or(balancer_of(call, id)?.protected);
    begin(call, "change_protection", id, Change::Protection(delete))
}
