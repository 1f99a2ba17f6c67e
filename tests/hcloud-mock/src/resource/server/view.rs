//! A server as the API shows it; written so that a thousand of them render quickly.
use crate::project::Project;
use crate::resource::server::Server;
use crate::resource::{firewall, image, iso, load_balancer, placement_group};
use crate::shared::Shared;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;

#[derive(Serialize)]
struct View<'a> {
    id: u64,
    name: &'a str,
    status: &'a str,
    created: String,
    public_net: Value,
    private_net: Vec<Value>,
    server_type: Cow<'a, RawValue>,
    location: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    datacenter: Option<Value>,
    image: Option<Value>,
    iso: Option<Value>,
    rescue_enabled: bool,
    locked: bool,
    backup_window: Option<&'a str>,
    outgoing_traffic: u64,
    ingoing_traffic: u64,
    included_traffic: u64,
    protection: Value,
    labels: &'a crate::label::Labels,
    volumes: &'a [u64],
    load_balancers: Vec<u64>,
    primary_disk_size: u32,
    placement_group: Option<Value>,
}

/// The JSON of the API.
pub fn view<'a>(server: &'a Server, project: &'a Project, shared: &'a Shared) -> impl Serialize + use<'a> {
    let location = shared.catalogue.location_by_id(server.location);
    let server_type = shared.catalogue.server_type_by_id(server.server_type);
    let price = server_type.prices.iter().find(|p| p.location == location.name);
    let id = server.base.id;
    let group = server.placement_group.and_then(|g| project.placement_groups.get(&g));
    View {
        id,
        name: &server.base.name,
        status: &server.status,
        created: server.base.created(),
        public_net: public_net(server, project),
        private_net: private_net(server),
        server_type: shared.server_type_json(server_type),
        location: location.view(),
        datacenter: shared.settings.datacenters.then(|| location.datacenter_view()),
        image: server.image.and_then(|i| image::view_by_id(i, project, shared)),
        iso: server.iso.and_then(|i| iso::view_by_id(i, shared)),
        rescue_enabled: server.rescue_enabled,
        locked: project.is_busy(crate::kind::Kind::Server, id),
        backup_window: server.backup_window.as_deref(),
        outgoing_traffic: 0,
        ingoing_traffic: 0,
        included_traffic: price.map_or(0, |p| p.included_traffic),
        protection: json!({"delete": server.protection_delete, "rebuild": server.protection_rebuild}),
        labels: &server.base.labels,
        volumes: &server.volumes,
        load_balancers: load_balancer::balancers_of(project, server),
        primary_disk_size: server.primary_disk_gb,
        placement_group: group.map(|g| placement_group::view(g, project)),
    }
}

fn public_net(server: &Server, project: &Project) -> Value {
    let ip = |id: Option<u64>| project.primary_ips.get(&id?);
    let ipv4 = ip(server.ipv4).map(|ip| {
        let dns_ptr = ip.dns_ptr.get(&ip.ip).cloned().unwrap_or_default();
        json!({"id": ip.base.id, "ip": ip.ip, "blocked": ip.blocked, "dns_ptr": dns_ptr})
    });
    let ipv6 = ip(server.ipv6).map(|ip| {
        let dns_ptr: Vec<Value> = ip.dns_ptr.iter().map(|(ip, p)| json!({"ip": ip, "dns_ptr": p})).collect();
        json!({"id": ip.base.id, "ip": ip.ip, "blocked": ip.blocked, "dns_ptr": dns_ptr})
    });
    let floating = project.floating_ips.values().filter(|f| f.server == Some(server.base.id));
    json!({
        "ipv4": ipv4, "ipv6": ipv6, "floating_ips": floating.map(|f| f.base.id).collect::<Vec<_>>(),
        "firewalls": firewall::of_server(project, server.base.id),
    })
}

fn private_net(server: &Server) -> Vec<Value> {
    let shown = server.private_net.iter().filter(|a| a.status != "attaching");
    shown
        .map(|a| json!({"network": a.network, "ip": a.ip, "alias_ips": a.alias_ips, "mac_address": a.mac}))
        .collect()
}
