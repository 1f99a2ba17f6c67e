//! Interfaces, addresses, default routes, name servers.

use super::{Facts, set};
use crate::{
    System,
    system::real::{Address, Network},
};
use serde_json::{Map, Value, json};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// `/etc/resolv.conf`.
pub fn dns(system: &dyn System, facts: &mut Facts) {
    let text = system.text("/etc/resolv.conf");
    let mut all = Map::new();
    for line in text.lines().filter(|line| !line.starts_with(['#', ';'])) {
        let mut words = line.split_whitespace();
        let Some(key) = words.next() else { continue };
        let rest: Vec<&str> = words.take_while(|word| !word.starts_with(['#', ';'])).collect();
        match key {
            "nameserver" => {
                let list = all.entry("nameservers").or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(list) = list {
                    list.extend(rest.into_iter().map(Value::from));
                }
            }
            "domain" => drop(all.insert("domain".into(), rest.first().copied().unwrap_or_default().into())),
            "search" | "sortlist" => drop(all.insert(key.into(), rest.into())),
            "options" => {
                let options: Map<String, Value> = rest
                    .into_iter()
                    .map(|option| match option.split_once(':') {
                        Some((key, value)) => (key.to_owned(), Value::from(value)),
                        None => (option.to_owned(), Value::from(true)),
                    })
                    .collect();
                all.insert("options".into(), options.into());
            }
            _ => {}
        }
    }
    set(facts, "dns", all);
}

/// Everything about the network.
pub fn gather(system: &dyn System, facts: &mut Facts) {
    let network = system.network().unwrap_or_default();
    let mut names = system.list(Path::new("/sys/class/net")).unwrap_or_default();
    names.retain(|name| system.is_dir(&Path::new("/sys/class/net").join(name)));
    let names: Vec<String> = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for name in &names {
        let entry = interface(system, name, &network);
        set(facts, &fact_name(name), entry);
    }
    for address in &network.addresses {
        match address.address {
            Some(IpAddr::V4(ip)) if !ip.is_loopback() => v4.push(Value::from(ip.to_string())),
            Some(IpAddr::V6(ip)) if !ip.is_loopback() => v6.push(Value::from(ip.to_string())),
            _ => {}
        }
    }
    set(facts, "interfaces", names);
    set(facts, "all_ipv4_addresses", v4);
    set(facts, "all_ipv6_addresses", v6);
    set(facts, "default_ipv4", default_v4(system, &network, facts));
    set(facts, "default_ipv6", default_v6(system, &network, facts));
    set(facts, "locally_reachable_ips", reachable(&network));
}

fn fact_name(interface: &str) -> String {
    interface.replace([':', '-', '.'], "_")
}

fn reachable(network: &Network) -> Value {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for address in network.addresses.iter().filter_map(|address| address.address) {
        match address {
            IpAddr::V4(ip) => v4.push(ip.to_string()),
            IpAddr::V6(ip) => v6.push(ip.to_string()),
        }
    }
    v4.push("127.0.0.0/8".into());
    v4.sort();
    v6.sort();
    v6.dedup();
    json!({ "ipv4": v4, "ipv6": v6 })
}

/// Kinds of interfaces by the kernel's number for them (`linux/if_arp.h`).
fn kind(system: &dyn System, folder: &str) -> &'static str {
    if system.exists(Path::new(&format!("{folder}/bridge"))) {
        return "bridge";
    }
    if system.exists(Path::new(&format!("{folder}/bonding"))) {
        return "bonding";
    }
    match system.text(&format!("{folder}/type")).trim() {
        "1" => "ether",
        "32" => "infiniband",
        "512" => "ppp",
        "772" => "loopback",
        "65534" => "tunnel",
        _ => "unknown",
    }
}

fn link_name(system: &dyn System, path: &str) -> Option<String> {
    let target = system.read_link(Path::new(path)).ok()?;
    target.file_name().map(|name| name.to_string_lossy().into_owned())
}

fn interface(system: &dyn System, name: &str, network: &Network) -> Value {
    let folder = format!("/sys/class/net/{name}");
    let read = |file: &str| system.text(&format!("{folder}/{file}")).trim().to_owned();
    let mut all = Map::new();
    all.insert("device".into(), name.into());
    let mac = read("address");
    if !mac.is_empty() && mac != "00:00:00:00:00:00" {
        all.insert("macaddress".into(), mac.into());
    }
    if let Ok(mtu) = read("mtu").parse::<i64>() {
        all.insert("mtu".into(), mtu.into());
    }
    let state = read("operstate");
    all.insert("active".into(), (state != "down" && !state.is_empty()).into());
    if let Some(module) = link_name(system, &format!("{folder}/device/driver/module")) {
        all.insert("module".into(), module.into());
    }
    all.insert("type".into(), kind(system, &folder).into());
    if let Some(device) = link_name(system, &format!("{folder}/device")) {
        all.insert("pciid".into(), device.into());
    }
    if let Ok(speed) = read("speed").parse::<i64>() {
        all.insert("speed".into(), speed.into());
    }
    let flags = u32::from_str_radix(read("flags").trim_start_matches("0x"), 16).unwrap_or(0);
    all.insert("promisc".into(), (flags & libc::IFF_PROMISC as u32 != 0).into());
    if system.exists(Path::new(&format!("{folder}/bridge"))) {
        let inside = system.list(Path::new(&format!("{folder}/brif"))).unwrap_or_default();
        let inside: Vec<Value> = inside.iter().map(|name| name.to_string_lossy().into()).collect();
        all.insert("interfaces".into(), inside.into());
        all.insert("id".into(), read("bridge/bridge_id").into());
        all.insert("stp".into(), (read("bridge/stp_state") == "1").into());
    }
    if system.exists(Path::new(&format!("{folder}/bonding"))) {
        let slaves: Vec<Value> = read("bonding/slaves").split_whitespace().map(Value::from).collect();
        all.insert("slaves".into(), slaves.into());
        all.insert("mode".into(), read("bonding/mode").split_whitespace().next().unwrap_or_default().into());
        all.insert("miimon".into(), read("bonding/miimon").into());
        all.insert(
            "lacp_rate".into(),
            read("bonding/lacp_rate").split_whitespace().next().unwrap_or_default().into(),
        );
    }
    addresses(&mut all, name, network);
    all.into()
}

fn addresses(all: &mut Map<String, Value>, name: &str, network: &Network) {
    let mut v6 = Vec::new();
    let mut more = Vec::new();
    for address in network.addresses.iter().filter(|address| address.interface == name) {
        match address.address {
            Some(IpAddr::V4(ip)) => {
                let entry = v4_entry(ip, address);
                if all.contains_key("ipv4") {
                    more.push(entry);
                } else {
                    all.insert("ipv4".into(), entry);
                }
            }
            Some(IpAddr::V6(ip)) => {
                let (prefix, scope) = (prefix(address.netmask), scope(ip));
                v6.push(json!({ "address": ip.to_string(), "prefix": prefix.to_string(), "scope": scope }));
            }
            None => {}
        }
    }
    if !more.is_empty() {
        all.insert("ipv4_secondaries".into(), more.into());
    }
    if !v6.is_empty() {
        all.insert("ipv6".into(), v6.into());
    }
}

fn v4_entry(ip: Ipv4Addr, address: &Address) -> Value {
    let mask = match address.netmask {
        Some(IpAddr::V4(mask)) => mask,
        _ => Ipv4Addr::BROADCAST,
    };
    let network = Ipv4Addr::from(u32::from(ip) & u32::from(mask));
    let broadcast = match address.broadcast {
        Some(IpAddr::V4(broadcast)) if broadcast != ip && !broadcast.is_unspecified() => {
            broadcast.to_string()
        }
        _ => String::new(),
    };
    json!({
        "address": ip.to_string(), "broadcast": broadcast, "netmask": mask.to_string(),
        "network": network.to_string(), "prefix": prefix(address.netmask).to_string(),
    })
}

fn prefix(mask: Option<IpAddr>) -> u32 {
    match mask {
        Some(IpAddr::V4(mask)) => u32::from(mask).count_ones(),
        Some(IpAddr::V6(mask)) => u128::from(mask).count_ones(),
        None => 0,
    }
}

fn scope(ip: Ipv6Addr) -> &'static str {
    match ip.segments()[0] {
        _ if ip.is_loopback() => "host",
        first if first & 0xffc0 == 0xfe80 => "link",
        first if first & 0xffc0 == 0xfec0 => "site",
        _ => "global",
    }
}

/// The facts of the interface that a default route goes through.
fn through<'f>(facts: &'f Facts, interface: &str) -> Option<&'f Map<String, Value>> {
    facts.get(&fact_name(interface)).and_then(Value::as_object)
}

fn default_v4(system: &dyn System, network: &Network, facts: &Facts) -> Value {
    let table = system.text("/proc/net/route");
    let mut best: Option<(u32, String, Ipv4Addr)> = None;
    for line in table.lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [interface, destination, gateway, _, _, _, metric, mask, ..] = words.as_slice() else { continue };
        if *destination != "00000000" || *mask != "00000000" {
            continue;
        }
        let metric = metric.parse().unwrap_or(u32::MAX);
        let gateway = u32::from_str_radix(gateway, 16).map(|number| Ipv4Addr::from(number.swap_bytes()));
        let Ok(gateway) = gateway else { continue };
        if best.as_ref().is_none_or(|(least, _, _)| metric < *least) {
            best = Some((metric, (*interface).to_owned(), gateway));
        }
    }
    let Some((_, interface, gateway)) = best else { return json!({}) };
    let mut all = Map::new();
    all.insert("gateway".into(), gateway.to_string().into());
    all.insert("interface".into(), interface.clone().into());
    let own = network.addresses.iter().find_map(|address| match address.address {
        Some(IpAddr::V4(ip)) if address.interface == interface => Some((ip, address)),
        _ => None,
    });
    if let Some((ip, address)) = own {
        if let Value::Object(entry) = v4_entry(ip, address) {
            all.extend(entry);
        }
        all.insert("alias".into(), address.label.clone().into());
    }
    copy_link(&mut all, through(facts, &interface));
    all.into()
}

fn copy_link(all: &mut Map<String, Value>, link: Option<&Map<String, Value>>) {
    for key in ["macaddress", "mtu", "type"] {
        if let Some(value) = link.and_then(|link| link.get(key)) {
            all.insert(key.into(), value.clone());
        }
    }
}

fn default_v6(system: &dyn System, network: &Network, facts: &Facts) -> Value {
    const GATEWAY: u32 = 0x2;
    let table = system.text("/proc/net/ipv6_route");
    let mut best: Option<(u32, String, Ipv6Addr)> = None;
    for line in table.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [destination, length, _, _, gateway, metric, _, _, flags, interface] = words.as_slice() else {
            continue;
        };
        let number = |text: &str| u32::from_str_radix(text, 16).unwrap_or(0);
        let is_default =
            *length == "00" && destination.chars().all(|c| c == '0') && number(flags) & GATEWAY != 0;
        let Some(gateway) = u128::from_str_radix(gateway, 16).ok().filter(|_| is_default) else { continue };
        let metric = number(metric);
        if best.as_ref().is_none_or(|(least, _, _)| metric < *least) {
            best = Some((metric, (*interface).to_owned(), Ipv6Addr::from(gateway)));
        }
    }
    let Some((_, interface, gateway)) = best else { return json!({}) };
    let mut all = Map::new();
    all.insert("gateway".into(), gateway.to_string().into());
    all.insert("interface".into(), interface.clone().into());
    let own = network.addresses.iter().find_map(|address| match address.address {
        Some(IpAddr::V6(ip)) if address.interface == interface && scope(ip) == "global" => {
            Some((ip, address))
        }
        _ => None,
    });
    if let Some((ip, address)) = own {
        all.insert("address".into(), ip.to_string().into());
        all.insert("prefix".into(), prefix(address.netmask).to_string().into());
        all.insert("scope".into(), scope(ip).into());
    }
    copy_link(&mut all, through(facts, &interface));
    all.into()
}
