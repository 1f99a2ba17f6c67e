//! Targets of load balancers: servers by id, by label selector, or plain addresses.
use crate::body::Body;
use crate::error::ApiError;
use crate::label::Selector;
use crate::project::Project;
use crate::resource::find;
use crate::resource::load_balancer::LoadBalancer;
use crate::resource::server::Server;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::IpAddr;

/// Where a target is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Server(u64),
    LabelSelector(String),
    Ip(String),
}

/// A target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Where it is.
    pub place: Place,
    /// Whether it is reached through the private network.
    pub use_private_ip: bool,
}

impl Target {
    /// The server, when it is one by id.
    pub fn server(&self) -> Option<u64> {
        match self.place {
            Place::Server(id) => Some(id),
            _ => None,
        }
    }

    /// Whether both mean the same place.
    pub fn is_same(&self, other: &Target) -> bool {
        self.place == other.place
    }

    /// Whether traffic goes to this server.
    pub fn reaches(&self, server: &Server) -> bool {
        match &self.place {
            Place::Server(id) => *id == server.base.id,
            Place::LabelSelector(text) => {
                Selector::parse(text).is_some_and(|s| s.matches(&server.base.labels))
            }
            Place::Ip(_) => false,
        }
    }

    /// The JSON of the API.
    pub fn view(&self, balancer: &LoadBalancer, project: &Project) -> Value {
        let of_server = |id: u64| {
            json!({
                "type": "server", "server": {"id": id}, "health_status": health(balancer, project, Some(id)),
                "use_private_ip": self.use_private_ip,
            })
        };
        match &self.place {
            Place::Server(id) => of_server(*id),
            Place::Ip(ip) => {
                json!({"type": "ip", "ip": {"ip": ip}, "health_status": health(balancer, project, None)})
            }
            Place::LabelSelector(text) => {
                let resolved =
                    project.servers.values().filter(|s| self.reaches(s)).map(|s| of_server(s.base.id));
                json!({
                    "type": "label_selector", "label_selector": {"selector": text},
                    "use_private_ip": self.use_private_ip, "targets": resolved.collect::<Vec<_>>(),
                })
            }
        }
    }
}

/// A running server is healthy, any other is not; a plain address cannot be judged.
fn health(balancer: &LoadBalancer, project: &Project, server: Option<u64>) -> Vec<Value> {
    let running = server.map(|id| project.servers.get(&id).is_some_and(|s| s.status == "running"));
    let status = |port: u16| match running {
        Some(true) => json!({"listen_port": port, "status": "healthy"}),
        Some(false) => json!({"listen_port": port, "status": "unhealthy", "detail": "layer4_timeout"}),
        None => json!({"listen_port": port, "status": "unknown"}),
    };
    balancer.services.iter().map(|s| status(s.listen_port)).collect()
}

/// Reads a target.
pub fn read(body: &mut Body) -> Target {
    let missing = "missing data for required field";
    let mut place = Place::Server(0);
    match body.need_choice("type", &["server", "label_selector", "ip"]) {
        "server" => match body.object("server") {
            Some(mut inner) => {
                place = Place::Server(inner.need_id("id"));
                body.absorb(inner);
            }
            None => body.problem("server", missing),
        },
        "label_selector" => match body.object("label_selector") {
            Some(mut inner) => {
                let text = inner.need_text("selector");
                if Selector::parse(&text).is_none() && inner.has("selector") {
                    inner.problem("selector", "label selector is malformed");
                }
                place = Place::LabelSelector(text);
                body.absorb(inner);
            }
            None => body.problem("label_selector", missing),
        },
        "ip" => match body.object("ip") {
            Some(mut inner) => {
                let text = inner.need_text("ip");
                if !text.is_empty() && text.parse::<IpAddr>().is_err() {
                    inner.problem("ip", "must be an IP address");
                }
                place = Place::Ip(text);
                body.absorb(inner);
            }
            None => body.problem("ip", missing),
        },
        _ => {}
    }
    let use_private_ip = body.flag("use_private_ip").unwrap_or(false);
    Target { place, use_private_ip }
}

/// Refuses a target that the load balancer cannot reach, or that it has already.
pub fn check(project: &Project, balancer: &LoadBalancer, target: &Target) -> Result<(), ApiError> {
    let refuse = |code: &'static str, message: &str| Err(ApiError::unprocessable(code, message));
    if balancer.targets.iter().any(|t| t.is_same(target)) {
        return refuse("target_already_defined", "the load balancer target is already defined");
    }
    let networks: Vec<u64> = balancer.private_net.iter().map(|a| a.network).collect();
    if target.use_private_ip && networks.is_empty() {
        return refuse(
            "load_balancer_not_attached_to_network",
            "the load balancer is not attached to a network",
        );
    }
    if !target.use_private_ip && !balancer.public_interface && !matches!(target.place, Place::Ip(_)) {
        let message = "the load balancer's public network interface is disabled";
        return refuse("load_balancer_public_interface_disabled", message);
    }
    match &target.place {
        Place::LabelSelector(_) => Ok(()),
        Place::Server(id) => {
            let server = find::<Server>(project, *id)?;
            if target.use_private_ip && !server.private_net.iter().any(|a| networks.contains(&a.network)) {
                let message = "the server is not attached to the same network as the load balancer";
                return refuse("resolve_cloud_private_targets_error", message);
            }
            if !target.use_private_ip && server.ipv4.is_none() {
                return refuse(
                    "resolve_cloud_public_targets_error",
                    "the server does not have a public IPv4 address",
                );
            }
            Ok(())
        }
        Place::Ip(text) => check_ip(project, text, &networks),
    }
}

fn check_ip(project: &Project, text: &str, networks: &[u64]) -> Result<(), ApiError> {
    let refuse = |code: &'static str, message: &str| Err(ApiError::unprocessable(code, message));
    if project.primary_ips.values().any(|p| p.covers(text)) {
        let message = "the IP belongs to a cloud resource and cannot be used as a target";
        return refuse("cloud_resource_ip_not_allowed", message);
    }
    let Ok(IpAddr::V4(address)) = text.parse::<IpAddr>() else { return Ok(()) };
    if !address.is_private() {
        return Ok(());
    }
    if networks.is_empty() {
        return refuse(
            "load_balancer_not_attached_to_network",
            "the load balancer is not attached to a network",
        );
    }
    let subnets = networks.iter().filter_map(|n| project.networks.get(n)).flat_map(|n| n.subnets.iter());
    let vswitch: Vec<_> = subnets.filter(|s| s.kind == "vswitch").collect();
    if vswitch.is_empty() {
        return refuse(
            "network_has_no_vswitch_subnet",
            "the attached network does not have a vswitch subnet",
        );
    }
    if !vswitch.iter().any(|s| s.ip_range.has(address.into())) {
        let message = "the IP does not belong to the vswitch subnet of the attached network";
        return refuse("ip_not_in_vswitch_subnet", message);
    }
    Ok(())
}
