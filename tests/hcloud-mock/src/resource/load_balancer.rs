//! Load balancers: services, targets, networks, and public addresses.
pub mod actions;
pub mod create;
pub mod services;
pub mod targets;

use crate::clock::Ms;
use crate::kind::Kind;
use crate::project::Project;
use crate::resource::load_balancer::services::Service;
use crate::resource::load_balancer::targets::Target;
use crate::resource::primary_ip;
use crate::resource::server::{Attachment, Server};
use crate::resource::{Base, Entity, entity, load_balancer_type, network};
use crate::shared::Shared;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A public address of a load balancer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublicIp {
    pub ip: String,
    pub dns_ptr: Option<String>,
    /// The primary IP it is, when the user brought one.
    pub primary_ip: Option<u64>,
}

/// A load balancer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancer {
    pub base: Base,
    pub load_balancer_type: u64,
    pub location: u64,
    pub public_interface: bool,
    pub ipv4: PublicIp,
    pub ipv6: PublicIp,
    pub private_net: Vec<Attachment>,
    pub protected: bool,
    pub services: Vec<Service>,
    pub targets: Vec<Target>,
    pub algorithm: String,
}

/// What an action does to a load balancer when it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Created,
    AddService(Box<Service>),
    UpdateService(Box<Service>),
    DeleteService(u16),
    AddTarget(Box<Target>),
    RemoveTarget(Box<Target>),
    Algorithm(String),
    Type(u64),
    PublicInterface(bool),
    Attached(u64),
    Detached(u64),
    DnsPtr { ip: String, dns_ptr: Option<String> },
    Protection(bool),
    Deleted,
}

impl Entity for LoadBalancer {
    entity!(LoadBalancer, load_balancers);

    fn view<'a>(&'a self, project: &'a Project, shared: &'a Shared) -> impl Serialize + use<'a> {
        let location = shared.catalogue.location_by_id(self.location);
        let balancer_type = shared.catalogue.load_balancer_type_by_id(self.load_balancer_type);
        let price = balancer_type.prices.iter().find(|p| p.location == location.name);
        let public = |p: &PublicIp| json!({"id": p.primary_ip, "ip": p.ip, "dns_ptr": p.dns_ptr});
        let private: Vec<Value> = self
            .private_net
            .iter()
            .filter(|a| a.status != "attaching")
            .map(|a| json!({"network": a.network, "ip": a.ip}))
            .collect();
        json!({
            "id": self.base.id, "name": self.base.name,
            "public_net": {
                "enabled": self.public_interface, "ipv4": public(&self.ipv4), "ipv6": public(&self.ipv6),
            },
            "private_net": private, "location": location.view(),
            "load_balancer_type": load_balancer_type::view(balancer_type),
            "protection": {"delete": self.protected}, "labels": self.base.labels,
            "created": self.base.created(),
            "services": self.services.iter().map(Service::view).collect::<Vec<_>>(),
            "targets": self.targets.iter().map(|t| t.view(self, project)).collect::<Vec<_>>(),
            "algorithm": {"type": self.algorithm}, "outgoing_traffic": 0, "ingoing_traffic": 0,
            "included_traffic": price.map_or(0, |p| p.included_traffic),
        })
    }
}

/// The load balancers that send traffic to a server.
pub fn balancers_of(project: &Project, server: &Server) -> Vec<u64> {
    let sends = |b: &&LoadBalancer| b.targets.iter().any(|t| t.reaches(server));
    project.load_balancers.values().filter(sends).map(|b| b.base.id).collect()
}

/// Does what the action promised.
pub fn apply(project: &mut Project, id: u64, change: &Change, when: Ms, _: &mut Shared) {
    if *change == Change::Deleted {
        return deleted(project, id, when);
    }
    if let Change::Detached(network) = change {
        network::forget_member(project, *network, id);
    }
    let Some(balancer) = project.load_balancers.get_mut(&id) else { return };
    match change {
        Change::Created => balancer.private_net.iter_mut().for_each(|a| a.status = "ok".to_owned()),
        Change::AddService(service) => balancer.services.push((**service).clone()),
        Change::UpdateService(service) => {
            if let Some(old) = balancer.services.iter_mut().find(|s| s.listen_port == service.listen_port) {
                old.clone_from(service);
            }
        }
        Change::DeleteService(port) => balancer.services.retain(|s| s.listen_port != *port),
        Change::AddTarget(target) => balancer.targets.push((**target).clone()),
        Change::RemoveTarget(target) => balancer.targets.retain(|t| !t.is_same(target)),
        Change::Algorithm(word) => balancer.algorithm.clone_from(word),
        Change::Type(id) => balancer.load_balancer_type = *id,
        Change::PublicInterface(on) => balancer.public_interface = *on,
        Change::Attached(network) => {
            let joined = balancer.private_net.iter_mut().filter(|a| a.network == *network);
            joined.for_each(|a| a.status = "ok".to_owned());
        }
        Change::Detached(network) => balancer.private_net.retain(|a| a.network != *network),
        Change::DnsPtr { ip, dns_ptr } => {
            let default = primary_ip::default_dns_ptr(ip);
            let address = if primary_ip::covers(&balancer.ipv4.ip, ip) {
                &mut balancer.ipv4
            } else {
                &mut balancer.ipv6
            };
            address.dns_ptr = dns_ptr.clone().or(default);
        }
        Change::Protection(on) => balancer.protected = *on,
        Change::Deleted => {}
    }
}

fn deleted(project: &mut Project, id: u64, when: Ms) {
    let Some(balancer) = project.load_balancers.remove(&id) else { return };
    for attachment in &balancer.private_net {
        network::forget_member(project, attachment.network, id);
    }
    for ip in [balancer.ipv4.primary_ip, balancer.ipv6.primary_ip].into_iter().flatten() {
        primary_ip::owner_gone(project, ip, when);
    }
    project.stop_paying(id, None, when);
}

/// Undoes what the request had prepared, because its action failed.
pub fn revert(project: &mut Project, id: u64, change: &Change) {
    if let Change::Attached(network) = change {
        network::forget_member(project, *network, id);
        if let Some(balancer) = project.load_balancers.get_mut(&id) {
            balancer.private_net.retain(|a| a.network != *network);
        }
    }
}

/// Whether a certificate is used by a load balancer, and by which.
pub fn users_of_certificate(project: &Project, certificate: u64) -> Vec<Value> {
    let uses = |b: &&LoadBalancer| b.services.iter().any(|s| s.uses_certificate(certificate));
    let users = project.load_balancers.values().filter(uses);
    users.map(|b| json!({"id": b.base.id, "type": Kind::LoadBalancer.singular()})).collect()
}
