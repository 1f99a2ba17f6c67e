//! The routes: every path and method that is served, and how a path finds its handler.
use crate::call::Handler;
use crate::resource::certificate::{self, Certificate};
use crate::resource::firewall::Firewall;
use crate::resource::firewall::actions as firewall;
use crate::resource::floating_ip::{self, FloatingIp};
use crate::resource::image::{self, Image};
use crate::resource::load_balancer::LoadBalancer;
use crate::resource::load_balancer::actions as balancer;
use crate::resource::load_balancer::create as balancer_create;
use crate::resource::network::{self, Network};
use crate::resource::placement_group::{self, PlacementGroup};
use crate::resource::primary_ip::{self, PrimaryIp};
use crate::resource::server::actions as server;
use crate::resource::server::{Server, create, networks, power};
use crate::resource::ssh_key::{self, SshKey};
use crate::resource::volume::{self, Volume};
use crate::resource::zone::Zone;
use crate::resource::zone::actions as zone;
use crate::resource::{SORT_ALL, action, get, list, update};
use crate::resource::{iso, load_balancer_type, location, metrics, pricing, rrset, server_type};
use percent_encoding::percent_decode_str;

/// One served path and method.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The path after `/v1`, as the API description writes it.
    pub path: &'static str,
    /// What answers.
    pub handler: Handler,
}

/// What a path means.
#[derive(Debug)]
pub enum Found {
    /// A handler, with the values of the path's parameters.
    Handler(&'static Route, Vec<String>),
    /// The path is known, the method is not.
    WrongMethod,
    /// Nothing.
    Nothing,
}

/// Finds the route of a request.
pub fn find(method: &str, path: &str) -> Found {
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    let mut known = false;
    for route in ROUTES {
        if let Some(params) = match_path(route.path, &segments) {
            if route.method == method {
                return Found::Handler(route, params);
            }
            known = true;
        }
    }
    if known { Found::WrongMethod } else { Found::Nothing }
}

fn match_path(pattern: &str, segments: &[&str]) -> Option<Vec<String>> {
    // Most routes fall out here, before anything is allocated.
    if !pattern.get(1..)?.starts_with(segments.first()?) {
        return None;
    }
    let mut params = Vec::new();
    let mut rest = segments.iter();
    for part in pattern.split('/').skip(1) {
        let segment = rest.next()?;
        if part.starts_with('{') {
            // `/servers/actions` is a path of its own, never a server called actions.
            if *segment == "actions" || segment.is_empty() {
                return None;
            }
            params.push(percent_decode_str(segment).decode_utf8_lossy().into_owned());
        } else if part != *segment {
            return None;
        }
    }
    rest.next().is_none().then_some(params)
}

/// One line of the table.
const fn on(method: &'static str, path: &'static str, handler: Handler) -> Route {
    Route { method, path, handler }
}

/// All routes.
#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    on("GET", "/actions", action::by_ids),
    on("GET", "/actions/{id}", action::by_id),
    on("GET", "/certificates", certificate::list),
    on("POST", "/certificates", certificate::create),
    on("GET", "/certificates/actions", action::of_kind::<Certificate>),
    on("GET", "/certificates/actions/{id}", action::one_of_kind::<Certificate>),
    on("GET", "/certificates/{id}/actions", action::of_object::<Certificate>),
    on("GET", "/certificates/{id}/actions/{action_id}", action::one_of_object::<Certificate>),
    on("GET", "/certificates/{id}", get::<Certificate>),
    on("PUT", "/certificates/{id}", update::<Certificate>),
    on("DELETE", "/certificates/{id}", certificate::delete),
    on("POST", "/certificates/{id}/actions/retry", certificate::retry),
    on("GET", "/datacenters", location::datacenters),
    on("GET", "/datacenters/{id}", location::datacenters),
    on("GET", "/firewalls", |call| list::<Firewall>(call, SORT_ALL, |_| true)),
    on("POST", "/firewalls", firewall::create),
    on("GET", "/firewalls/actions", action::of_kind::<Firewall>),
    on("GET", "/firewalls/actions/{id}", action::one_of_kind::<Firewall>),
    on("GET", "/firewalls/{id}/actions", action::of_object::<Firewall>),
    on("GET", "/firewalls/{id}/actions/{action_id}", action::one_of_object::<Firewall>),
    on("GET", "/firewalls/{id}", get::<Firewall>),
    on("PUT", "/firewalls/{id}", update::<Firewall>),
    on("DELETE", "/firewalls/{id}", firewall::delete),
    on("POST", "/firewalls/{id}/actions/apply_to_resources", firewall::apply_to),
    on("POST", "/firewalls/{id}/actions/remove_from_resources", firewall::remove_from),
    on("POST", "/firewalls/{id}/actions/set_rules", firewall::set_rules),
    on("GET", "/floating_ips", floating_ip::list),
    on("POST", "/floating_ips", floating_ip::create),
    on("GET", "/floating_ips/actions", action::of_kind::<FloatingIp>),
    on("GET", "/floating_ips/actions/{id}", action::one_of_kind::<FloatingIp>),
    on("GET", "/floating_ips/{id}/actions", action::of_object::<FloatingIp>),
    on("GET", "/floating_ips/{id}/actions/{action_id}", action::one_of_object::<FloatingIp>),
    on("GET", "/floating_ips/{id}", get::<FloatingIp>),
    on("PUT", "/floating_ips/{id}", floating_ip::update),
    on("DELETE", "/floating_ips/{id}", floating_ip::delete),
    on("POST", "/floating_ips/{id}/actions/assign", floating_ip::assign),
    on("POST", "/floating_ips/{id}/actions/unassign", floating_ip::unassign),
    on("POST", "/floating_ips/{id}/actions/change_dns_ptr", floating_ip::change_dns_ptr),
    on("POST", "/floating_ips/{id}/actions/change_protection", floating_ip::change_protection),
    on("GET", "/images", image::list),
    on("GET", "/images/actions", action::of_kind::<Image>),
    on("GET", "/images/actions/{id}", action::one_of_kind::<Image>),
    on("GET", "/images/{id}/actions", image::actions),
    on("GET", "/images/{id}/actions/{action_id}", action::one_of_object::<Image>),
    on("GET", "/images/{id}", image::get),
    on("PUT", "/images/{id}", image::update),
    on("DELETE", "/images/{id}", image::delete),
    on("POST", "/images/{id}/actions/change_protection", image::change_protection),
    on("GET", "/isos", iso::list),
    on("GET", "/isos/{id}", iso::get),
    on("GET", "/load_balancer_types", load_balancer_type::list),
    on("GET", "/load_balancer_types/{id}", load_balancer_type::get),
    on("GET", "/load_balancers", |call| list::<LoadBalancer>(call, SORT_ALL, |_| true)),
    on("POST", "/load_balancers", balancer_create::create),
    on("GET", "/load_balancers/actions", action::of_kind::<LoadBalancer>),
    on("GET", "/load_balancers/actions/{id}", action::one_of_kind::<LoadBalancer>),
    on("GET", "/load_balancers/{id}/actions", action::of_object::<LoadBalancer>),
    on("GET", "/load_balancers/{id}/actions/{action_id}", action::one_of_object::<LoadBalancer>),
    on("GET", "/load_balancers/{id}", get::<LoadBalancer>),
    on("PUT", "/load_balancers/{id}", update::<LoadBalancer>),
    on("DELETE", "/load_balancers/{id}", balancer::delete),
    on("POST", "/load_balancers/{id}/actions/add_service", balancer::add_service),
    on("POST", "/load_balancers/{id}/actions/update_service", balancer::update_service),
    on("POST", "/load_balancers/{id}/actions/delete_service", balancer::delete_service),
    on("POST", "/load_balancers/{id}/actions/add_target", balancer::add_target),
    on("POST", "/load_balancers/{id}/actions/remove_target", balancer::remove_target),
    on("POST", "/load_balancers/{id}/actions/change_algorithm", balancer::change_algorithm),
    on("POST", "/load_balancers/{id}/actions/change_type", balancer::change_type),
    on("POST", "/load_balancers/{id}/actions/enable_public_interface", balancer::enable_public_interface),
    on("POST", "/load_balancers/{id}/actions/disable_public_interface", balancer::disable_public_interface),
    on("POST", "/load_balancers/{id}/actions/attach_to_network", balancer::attach_to_network),
    on("POST", "/load_balancers/{id}/actions/detach_from_network", balancer::detach_from_network),
    on("POST", "/load_balancers/{id}/actions/change_dns_ptr", balancer::change_dns_ptr),
    on("POST", "/load_balancers/{id}/actions/change_protection", balancer::change_protection),
    on("GET", "/load_balancers/{id}/metrics", metrics::of_load_balancer),
    on("GET", "/locations", location::list),
    on("GET", "/locations/{id}", location::get),
    on("GET", "/networks", |call| list::<Network>(call, SORT_ALL, |_| true)),
    on("POST", "/networks", network::create),
    on("GET", "/networks/actions", action::of_kind::<Network>),
    on("GET", "/networks/actions/{id}", action::one_of_kind::<Network>),
    on("GET", "/networks/{id}/actions", action::of_object::<Network>),
    on("GET", "/networks/{id}/actions/{action_id}", action::one_of_object::<Network>),
    on("GET", "/networks/{id}", get::<Network>),
    on("PUT", "/networks/{id}", network::update),
    on("DELETE", "/networks/{id}", network::delete),
    on("GET", "/networks/{id}/members", network::members::list),
    on("POST", "/networks/{id}/actions/add_subnet", network::add_subnet),
    on("POST", "/networks/{id}/actions/delete_subnet", network::delete_subnet),
    on("POST", "/networks/{id}/actions/add_route", network::add_route),
    on("POST", "/networks/{id}/actions/delete_route", network::delete_route),
    on("POST", "/networks/{id}/actions/change_ip_range", network::change_ip_range),
    on("POST", "/networks/{id}/actions/change_protection", network::change_protection),
    on("GET", "/placement_groups", placement_group::list),
    on("POST", "/placement_groups", placement_group::create),
    on("GET", "/placement_groups/{id}", get::<PlacementGroup>),
    on("PUT", "/placement_groups/{id}", update::<PlacementGroup>),
    on("DELETE", "/placement_groups/{id}", placement_group::delete),
    on("GET", "/pricing", pricing::get),
    on("GET", "/primary_ips", primary_ip::list),
    on("POST", "/primary_ips", primary_ip::create),
    on("GET", "/primary_ips/actions", action::of_kind::<PrimaryIp>),
    on("GET", "/primary_ips/actions/{id}", action::one_of_kind::<PrimaryIp>),
    on("GET", "/primary_ips/{id}/actions", action::of_object::<PrimaryIp>),
    on("GET", "/primary_ips/{id}/actions/{action_id}", action::one_of_object::<PrimaryIp>),
    on("GET", "/primary_ips/{id}", get::<PrimaryIp>),
    on("PUT", "/primary_ips/{id}", primary_ip::update),
    on("DELETE", "/primary_ips/{id}", primary_ip::delete),
    on("POST", "/primary_ips/{id}/actions/assign", primary_ip::assign),
    on("POST", "/primary_ips/{id}/actions/unassign", primary_ip::unassign),
    on("POST", "/primary_ips/{id}/actions/change_dns_ptr", primary_ip::change_dns_ptr),
    on("POST", "/primary_ips/{id}/actions/change_protection", primary_ip::change_protection),
    on("GET", "/server_types", server_type::list),
    on("GET", "/server_types/{id}", server_type::get),
    on("GET", "/servers", server::list),
    on("POST", "/servers", create::create),
    on("GET", "/servers/actions", action::of_kind::<Server>),
    on("GET", "/servers/actions/{id}", action::one_of_kind::<Server>),
    on("GET", "/servers/{id}/actions", action::of_object::<Server>),
    on("GET", "/servers/{id}/actions/{action_id}", action::one_of_object::<Server>),
    on("GET", "/servers/{id}", get::<Server>),
    on("PUT", "/servers/{id}", server::update),
    on("DELETE", "/servers/{id}", server::delete),
    on("GET", "/servers/{id}/metrics", metrics::of_server),
    on("POST", "/servers/{id}/actions/poweron", power::poweron),
    on("POST", "/servers/{id}/actions/poweroff", power::poweroff),
    on("POST", "/servers/{id}/actions/shutdown", power::shutdown),
    on("POST", "/servers/{id}/actions/reboot", power::reboot),
    on("POST", "/servers/{id}/actions/reset", power::reset),
    on("POST", "/servers/{id}/actions/reset_password", power::reset_password),
    on("POST", "/servers/{id}/actions/request_console", power::request_console),
    on("POST", "/servers/{id}/actions/create_image", server::create_image),
    on("POST", "/servers/{id}/actions/rebuild", server::rebuild),
    on("POST", "/servers/{id}/actions/change_type", server::change_type),
    on("POST", "/servers/{id}/actions/enable_backup", server::enable_backup),
    on("POST", "/servers/{id}/actions/disable_backup", server::disable_backup),
    on("POST", "/servers/{id}/actions/enable_rescue", server::enable_rescue),
    on("POST", "/servers/{id}/actions/disable_rescue", server::disable_rescue),
    on("POST", "/servers/{id}/actions/attach_iso", server::attach_iso),
    on("POST", "/servers/{id}/actions/detach_iso", server::detach_iso),
    on("POST", "/servers/{id}/actions/change_protection", server::change_protection),
    on("POST", "/servers/{id}/actions/change_dns_ptr", server::change_dns_ptr),
    on("POST", "/servers/{id}/actions/add_to_placement_group", server::add_to_placement_group),
    on("POST", "/servers/{id}/actions/remove_from_placement_group", server::remove_from_placement_group),
    on("POST", "/servers/{id}/actions/attach_to_network", networks::attach),
    on("POST", "/servers/{id}/actions/detach_from_network", networks::detach),
    on("POST", "/servers/{id}/actions/change_alias_ips", networks::change_alias_ips),
    on("GET", "/ssh_keys", ssh_key::list),
    on("POST", "/ssh_keys", ssh_key::create),
    on("GET", "/ssh_keys/{id}", get::<SshKey>),
    on("PUT", "/ssh_keys/{id}", update::<SshKey>),
    on("DELETE", "/ssh_keys/{id}", ssh_key::delete),
    on("GET", "/volumes", volume::list),
    on("POST", "/volumes", volume::create),
    on("GET", "/volumes/actions", action::of_kind::<Volume>),
    on("GET", "/volumes/actions/{id}", action::one_of_kind::<Volume>),
    on("GET", "/volumes/{id}/actions", action::of_object::<Volume>),
    on("GET", "/volumes/{id}/actions/{action_id}", action::one_of_object::<Volume>),
    on("GET", "/volumes/{id}", get::<Volume>),
    on("PUT", "/volumes/{id}", volume::update),
    on("DELETE", "/volumes/{id}", volume::delete),
    on("POST", "/volumes/{id}/actions/attach", volume::attach),
    on("POST", "/volumes/{id}/actions/detach", volume::detach),
    on("POST", "/volumes/{id}/actions/resize", volume::resize),
    on("POST", "/volumes/{id}/actions/change_protection", volume::change_protection),
    on("GET", "/zones", zone::list),
    on("POST", "/zones", zone::create),
    on("GET", "/zones/actions", action::of_kind::<Zone>),
    on("GET", "/zones/actions/{id}", action::one_of_kind::<Zone>),
    on("GET", "/zones/{id_or_name}", |call| zone::by_name(call, get::<Zone>)),
    on("PUT", "/zones/{id_or_name}", |call| zone::by_name(call, zone::update)),
    on("DELETE", "/zones/{id_or_name}", |call| zone::by_name(call, zone::delete)),
    on("GET", "/zones/{id_or_name}/zonefile", |call| zone::by_name(call, zone::zonefile)),
    on("GET", "/zones/{id_or_name}/actions", |call| zone::by_name(call, action::of_object::<Zone>)),
    on("GET", "/zones/{id_or_name}/actions/{action_id}", |call| zone::by_name(call, action::one_of_object::<Zone>)),
    on("POST", "/zones/{id_or_name}/actions/change_primary_nameservers", |call| zone::by_name(call, zone::change_primary_nameservers)),
    on("POST", "/zones/{id_or_name}/actions/change_protection", |call| zone::by_name(call, zone::change_protection)),
    on("POST", "/zones/{id_or_name}/actions/change_ttl", |call| zone::by_name(call, zone::change_ttl)),
    on("POST", "/zones/{id_or_name}/actions/import_zonefile", |call| zone::by_name(call, zone::import_zonefile)),
    on("GET", "/zones/{id_or_name}/rrsets", |call| zone::by_name(call, rrset::list)),
    on("POST", "/zones/{id_or_name}/rrsets", |call| zone::by_name(call, rrset::create)),
    on("GET", "/zones/{id_or_name}/rrsets/{rr_name}/{rr_type}", |call| zone::by_name(call, rrset::get)),
    on("PUT", "/zones/{id_or_name}/rrsets/{rr_name}/{rr_type}", |call| zone::by_name(call, rrset::update)),
    on("DELETE", "/zones/{id_or_name}/rrsets/{rr_name}/{rr_type}", |call| zone::by_name(call, rrset::delete)),
    on("POST", "/zones/{id_or_name}/rrsets/{rr_name}/{rr_type}/actions/change_protection", |call| zone::by_name(call, rrset::change_protection)),
    on("POST", "/zones/{id_or_name}/rrsets/{rr_name}/{rr_type}/actions/change_ttl", |call| zone::by_name(call, rrset::change_ttl)),
    on("POST", "/zones/{id_or_name}/rrsets/{rr_name}/{rr_type}/actions/set_records", |call| zone::by_name(call, rrset::set_records)),
    on("POST", "/zones/{id_or_name}/rrsets/{rr_name}/{rr_type}/actions/add_records", |call| zone::by_name(call, rrset::add_records)),
    on("POST", "/zones/{id_or_name}/rrsets/{rr_name}/{rr_type}/actions/remove_records", |call| zone::by_name(call, rrset::remove_records)),
    on("POST", "/zones/{id_or_name}/rrsets/{rr_name}/{rr_type}/actions/update_records", |call| zone::by_name(call, rrset::update_records)),
];
