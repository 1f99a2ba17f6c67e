//! Servers: what is kept of one, and what its actions change when they end.
pub mod actions;
pub mod create;
pub mod networks;
pub mod power;
pub mod view;

use crate::action::{Action, Effect};
use crate::bill::Usage;
use crate::catalogue::prices::{BACKUP_PERCENT, money};
use crate::clock::Ms;
use crate::kind::Kind;
use crate::machines::{Job, Machine, PrivateNic};
use crate::project::Project;
use crate::resource::{Base, Entity, entity, firewall, image, network, primary_ip};
use crate::shared::Shared;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// A server's place in a private network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// The network.
    pub network: u64,
    /// The server's address.
    pub ip: Ipv4Addr,
    /// Further addresses.
    pub alias_ips: Vec<Ipv4Addr>,
    /// The interface's hardware address.
    pub mac: String,
    /// `ok`, `attaching`, `detaching` or `updating`.
    pub status: String,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Server {
    pub base: Base,
    pub status: String,
    /// The status to go back to when the running action fails.
    pub status_before: String,
    pub server_type: u64,
    pub location: u64,
    pub image: Option<u64>,
    pub iso: Option<u64>,
    pub rescue_enabled: bool,
    pub backup_window: Option<String>,
    pub protection_delete: bool,
    pub protection_rebuild: bool,
    pub primary_disk_gb: u32,
    pub placement_group: Option<u64>,
    /// The primary IPs.
    pub ipv4: Option<u64>,
    pub ipv6: Option<u64>,
    pub private_net: Vec<Attachment>,
    pub volumes: Vec<u64>,
    /// SSH keys given at creation, as text, because a key may be deleted later.
    pub ssh_keys: Vec<String>,
    pub user_data: Option<String>,
    pub root_password: Option<String>,
    /// Whether its operating system is shutting down.
    pub shutting_down: bool,
}

impl Server {
    /// Whether it is switched off.
    pub fn is_off(&self) -> bool {
        self.status == "off"
    }

    /// Whether it has an interface it could talk through.
    pub fn has_interface(&self) -> bool {
        self.ipv4.is_some() || self.ipv6.is_some() || !self.private_net.is_empty()
    }

    /// Sets a status that lasts while an action runs.
    pub fn transition(&mut self, status: &str) {
        self.status_before = std::mem::replace(&mut self.status, status.to_owned());
    }
}

impl Entity for Server {
    entity!(Server, servers);

    fn view<'a>(&'a self, project: &'a Project, shared: &'a Shared) -> impl Serialize + use<'a> {
        view::view(self, project, shared)
    }

    fn is_settling(&self, _: &Project) -> bool {
        self.shutting_down
    }
}

/// What an action does to a server when it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It exists, switched off.
    Created,
    /// It is switched on.
    On,
    /// It is switched off.
    Off,
    /// Its operating system was told to shut down.
    ShuttingDown,
    /// It runs again, out of the rescue system or into it.
    Rebooted,
    /// Its disk was written anew.
    Rebuilt {
        /// From this image.
        image: u64,
        /// With this user data, when given.
        user_data: Option<String>,
    },
    /// It has another type.
    Retyped {
        /// The type.
        server_type: u64,
        /// Whether its disk has grown.
        upgrade_disk: bool,
    },
    /// An image of its disk is ready.
    Imaged {
        /// The image.
        image: u64,
    },
    /// Backups are on, in this window, or off.
    Backup(Option<String>),
    /// The rescue system is the next to boot, or not.
    Rescue(bool),
    /// This ISO is in its drive, or none.
    Iso(Option<u64>),
    /// It is in a network.
    Attached(u64),
    /// It has left a network.
    Detached(u64),
    /// It has other alias addresses in a network.
    AliasIps(u64, Vec<Ipv4Addr>),
    /// Its protection.
    Protection {
        /// Against deletion.
        delete: bool,
        /// Against rebuilding.
        rebuild: bool,
    },
    /// The reverse name of one of its addresses.
    DnsPtr {
        /// The primary IP the address belongs to.
        primary_ip: u64,
        /// The address.
        ip: String,
        /// The name; `None` resets it.
        dns_ptr: Option<String>,
    },
    /// It belongs to a placement group, or to none.
    Group(Option<u64>),
    /// It is gone.
    Deleted,
    /// Nothing to remember.
    Nothing,
}

/// Does what the action promised.
pub fn apply(project: &mut Project, id: u64, change: &Change, when: Ms, shared: &mut Shared) {
    match change {
        Change::Deleted => return deleted(project, id, when, shared),
        Change::Imaged { image } => return image::completed(project, *image, when),
        Change::DnsPtr { primary_ip, ip, dns_ptr } => {
            return primary_ip::set_dns_ptr(project, *primary_ip, ip, dns_ptr.as_deref());
        }
        Change::ShuttingDown => {
            project
                .plan(when.saturating_add(shared.settings.acpi_shutdown_ms), crate::project::Event::Off(id));
        }
        Change::Retyped { server_type, .. } => repriced(project, id, *server_type, when, shared),
        Change::Backup(window) => backup_changed(project, id, window.is_some(), when, shared),
        _ => {}
    }
    let Some(server) = project.servers.get_mut(&id) else { return };
    match change {
        Change::Created => {
            server.status = "off".to_owned();
            server.private_net.iter_mut().for_each(|a| a.status = "ok".to_owned());
            firewall::server_ready(project, id);
        }
        Change::On | Change::Rebooted => {
            server.status = "running".to_owned();
            server.shutting_down = false;
            // The rescue system is for one boot only.
            server.rescue_enabled = false;
        }
        Change::Off => {
            server.status = "off".to_owned();
            server.shutting_down = false;
        }
        Change::Rebuilt { image, user_data } => {
            server.status = "running".to_owned();
            server.image = Some(*image);
            server.user_data = user_data.clone().or(server.user_data.take());
        }
        Change::Retyped { server_type, upgrade_disk } => {
            server.status = "off".to_owned();
            server.server_type = *server_type;
            if *upgrade_disk {
                server.primary_disk_gb = shared.catalogue.server_type_by_id(*server_type).disk;
            }
        }
        Change::Backup(window) => server.backup_window = window.clone(),
        Change::Rescue(on) => server.rescue_enabled = *on,
        Change::Iso(iso) => server.iso = *iso,
        Change::Attached(network) => set_attachment(server, *network, "ok"),
        Change::Detached(network) => {
            server.private_net.retain(|a| a.network != *network);
            network::forget_member(project, *network, id);
        }
        Change::AliasIps(network, ips) => {
            set_attachment(server, *network, "ok");
            for attachment in server.private_net.iter_mut().filter(|a| a.network == *network) {
                attachment.alias_ips.clone_from(ips);
            }
        }
        Change::Protection { delete, rebuild } => {
            server.protection_delete = *delete;
            server.protection_rebuild = *rebuild;
        }
        Change::Group(group) => server.placement_group = *group,
        Change::ShuttingDown => server.shutting_down = true,
        Change::Imaged { .. } | Change::DnsPtr { .. } | Change::Deleted | Change::Nothing => {}
    }
}

/// Undoes what the request had prepared, because its action failed.
pub fn revert(project: &mut Project, id: u64, change: &Change, shared: &mut Shared) {
    if *change == Change::Deleted
        && let Some(server) = project.leaving.remove(&id)
    {
        project.servers.insert(id, server);
        project.selectors_changed(shared);
    }
    if let Change::Imaged { image } = change {
        project.images.remove(image);
    }
    let Some(server) = project.servers.get_mut(&id) else { return };
    match change {
        Change::Created => server.status = "off".to_owned(),
        Change::On | Change::Off | Change::Rebuilt { .. } | Change::Retyped { .. } | Change::Deleted => {
            server.status.clone_from(&server.status_before);
        }
        Change::Attached(network) => {
            server.private_net.retain(|a| a.network != *network);
            network::forget_member(project, *network, id);
        }
        Change::Detached(network) | Change::AliasIps(network, _) => set_attachment(server, *network, "ok"),
        _ => {}
    }
}

fn set_attachment(server: &mut Server, network: u64, status: &str) {
    for attachment in server.private_net.iter_mut().filter(|a| a.network == network) {
        attachment.status = status.to_owned();
    }
}

/// The operating system has shut down by itself.
pub fn went_off(project: &mut Project, id: u64) {
    let busy = project.is_busy(Kind::Server, id);
    let Some(server) = project.servers.get_mut(&id).filter(|s| s.shutting_down) else { return };
    server.shutting_down = false;
    if !busy && server.status == "running" {
        server.status = "off".to_owned();
    }
}

fn deleted(project: &mut Project, id: u64, when: Ms, shared: &mut Shared) {
    let Some(server) = project.leaving.remove(&id) else { return };
    let until = when.saturating_add(shared.settings.in_use_lag_ms);
    for attachment in &server.private_net {
        network::forget_member(project, attachment.network, id);
        network::hold(project, attachment.network, until);
    }
    firewall::forget_server(project, id, until);
    for volume in &server.volumes {
        if let Some(volume) = project.volumes.get_mut(volume) {
            volume.server = None;
        }
    }
    for floating in project.floating_ips.values_mut().filter(|f| f.server == Some(id)) {
        floating.server = None;
    }
    for balancer in project.load_balancers.values_mut() {
        balancer.targets.retain(|t| t.server() != Some(id));
    }
    for ip in [server.ipv4, server.ipv6].into_iter().flatten() {
        primary_ip::owner_gone(project, ip, when);
    }
    image::server_gone(project, id, when);
    project.stop_paying(id, None, when);
}

/// Starts paying for a server of this type.
pub fn pay(project: &mut Project, server: &Server, when: Ms, shared: &Shared) {
    let location = shared.catalogue.location_by_id(server.location).name;
    let server_type = shared.catalogue.server_type_by_id(server.server_type);
    let price = server_type.prices.iter().find(|p| p.location == location);
    let (hourly, monthly) = price.map_or((Decimal::ZERO, Decimal::ZERO), |p| (p.hourly, p.monthly));
    let usage = |what: &str, percent: Decimal| Usage {
        what: what.to_owned(),
        id: server.base.id,
        name: server.base.name.clone(),
        product: server_type.name.to_owned(),
        location: location.to_owned(),
        hourly: hourly * percent / Decimal::ONE_HUNDRED,
        monthly: monthly * percent / Decimal::ONE_HUNDRED,
        since: when,
        until: None,
    };
    project.pay(usage("server", Decimal::ONE_HUNDRED));
    if server.backup_window.is_some() {
        project.pay(usage("backup", money(BACKUP_PERCENT)));
    }
}

fn repriced(project: &mut Project, id: u64, server_type: u64, when: Ms, shared: &Shared) {
    let Some(mut server) = project.servers.get(&id).cloned() else { return };
    server.server_type = server_type;
    project.stop_paying(id, None, when);
    pay(project, &server, when, shared);
}

fn backup_changed(project: &mut Project, id: u64, on: bool, when: Ms, shared: &Shared) {
    let Some(mut server) = project.servers.get(&id).cloned() else { return };
    if !on {
        project.stop_paying(id, Some("backup"), when);
        image::delete_backups(project, id, when);
    } else if server.backup_window.is_none() {
        server.backup_window = Some(String::new());
        let before = project.usage.len();
        pay(project, &server, when, shared);
        project.usage.remove(before);
    }
}

/// Hands the machine's part of an action to the machines, if there are any; says whether they are at work.
pub fn start_machine(project: &Project, shared: &Shared, action: &Action) -> bool {
    let Effect::Server(id, change) = &action.effect else { return false };
    if shared.machines.is_none() {
        return false;
    }
    let server = project.servers.get(id).or_else(|| project.leaving.get(id));
    let job = server.and_then(|s| job(project, shared, s, change, &action.command));
    job.is_some_and(|job| shared.start_job(action.id, job))
}

fn job(project: &Project, shared: &Shared, server: &Server, change: &Change, command: &str) -> Option<Job> {
    let id = server.base.id;
    Some(match change {
        Change::Created => Job::Create(Box::new(machine(project, shared, server, server.image?))),
        Change::Rebuilt { image, user_data } => {
            let mut machine = machine(project, shared, server, *image);
            machine.user_data = user_data.clone().or(machine.user_data);
            Job::Rebuild(Box::new(machine))
        }
        Change::On => Job::PowerOn(id),
        Change::Off => Job::PowerOff(id),
        Change::ShuttingDown => Job::Shutdown(id),
        Change::Rebooted if command == "reset_server" => Job::Reset(id),
        Change::Rebooted => Job::Reboot(id),
        Change::Imaged { image } => Job::Snapshot { server: id, image: *image },
        Change::Attached(_) | Change::AliasIps(..) => Job::Networks(id, nics(project, server, None)),
        Change::Detached(gone) => Job::Networks(id, nics(project, server, Some(*gone))),
        Change::Deleted => Job::Delete(id),
        _ => return None,
    })
}

fn nics(project: &Project, server: &Server, except: Option<u64>) -> Vec<PrivateNic> {
    let nic = |a: &Attachment| PrivateNic {
        network: a.network,
        range: project.networks.get(&a.network).map(|n| n.ip_range.to_string()).unwrap_or_default(),
        ip: a.ip.to_string(),
        alias_ips: a.alias_ips.iter().map(Ipv4Addr::to_string).collect(),
        mac: a.mac.clone(),
    };
    server.private_net.iter().filter(|a| Some(a.network) != except).map(nic).collect()
}

fn machine(project: &Project, shared: &Shared, server: &Server, image: u64) -> Machine {
    let server_type = shared.catalogue.server_type_by_id(server.server_type);
    let address = |ip: Option<u64>| Some(project.primary_ips.get(&ip?)?.ip.clone());
    let system = shared.catalogue.images.iter().find(|i| i.base.id == image);
    Machine {
        server: server.base.id,
        name: server.base.name.clone(),
        image: system.map_or_else(|| image.to_string(), |i| i.base.name.clone()),
        architecture: server_type.architecture.to_owned(),
        cores: server_type.cores,
        memory_gb: server_type.memory,
        ipv4: address(server.ipv4),
        ipv6: address(server.ipv6),
        private: nics(project, server, None),
        ssh_keys: server.ssh_keys.clone(),
        user_data: server.user_data.clone(),
        root_password: server.root_password.clone(),
    }
}
