//! Processors, memory, firmware, mounts, time since start.

use super::{Facts, devices, set};
use crate::System;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Everything about hardware.
pub fn gather(system: &dyn System, facts: &mut Facts) {
    processors(system, facts);
    memory(system, facts);
    firmware(system, facts);
    devices::gather(system, facts);
    mounts(system, facts);
    let uptime = system.text("/proc/uptime");
    if let Some(seconds) = uptime.split_whitespace().next().and_then(|text| text.parse::<f64>().ok()) {
        set(facts, "uptime_seconds", seconds.round() as i64);
    }
    set(facts, "lvm", "N/A");
}

fn processors(system: &dyn System, facts: &mut Facts) {
    let text = system.text("/proc/cpuinfo");
    let mut list: Vec<Value> = Vec::new();
    let mut cores: BTreeMap<String, u64> = BTreeMap::new();
    let mut threads: BTreeSet<(String, String)> = BTreeSet::new();
    let (mut count, mut siblings, mut physical) = (0u64, 1u64, String::from("0"));
    let mut flags = None;
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let (key, value) = (key.trim(), value.trim());
        match key {
            "processor" => {
                count += 1;
                list.push(value.into());
            }
            "model name" | "Processor" | "vendor_id" | "cpu" | "Vendor" => list.push(value.into()),
            "physical id" => physical = value.into(),
            "cpu cores" => drop(cores.insert(physical.clone(), value.parse().unwrap_or(1))),
            "siblings" => siblings = value.parse().unwrap_or(1),
            "core id" => drop(threads.insert((physical.clone(), value.into()))),
            "flags" | "Features" if flags.is_none() => {
                flags = Some(value.split_whitespace().map(Value::from).collect::<Vec<_>>());
            }
            _ => {}
        }
    }
    let sockets = if cores.is_empty() { count.max(1) } else { cores.len() as u64 };
    let per_socket = cores.values().next().copied().unwrap_or(1).max(1);
    let per_core = if cores.is_empty() { 1 } else { (siblings / per_socket).max(1) };
    set(facts, "processor", list);
    set(facts, "processor_count", sockets);
    set(facts, "processor_cores", per_socket);
    set(facts, "processor_threads_per_core", per_core);
    set(facts, "processor_vcpus", sockets * per_socket * per_core);
    set(facts, "processor_nproc", allowed(system).unwrap_or(count));
    if let Some(flags) = flags {
        set(facts, "flags", flags);
    }
}

/// How many processors this process may use.
fn allowed(system: &dyn System) -> Option<u64> {
    let status = system.text("/proc/self/status");
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?.trim().to_owned();
    let count = list.split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(last.parse::<u64>().ok()? + 1 - first.parse::<u64>().ok()?)
    });
    Some(count.sum())
}

fn memory(system: &dyn System, facts: &mut Facts) {
    let text = system.text("/proc/meminfo");
    let mb = |key: &str| -> i64 {
        let line =
            text.lines().find_map(|line| line.strip_prefix(key).and_then(|rest| rest.strip_prefix(':')));
        line.and_then(|rest| rest.split_whitespace().next()?.parse::<i64>().ok()).unwrap_or(0) / 1024
    };
    let kb_sum = |keys: &[&str]| -> i64 {
        let value = |key: &&str| {
            let line =
                text.lines().find_map(|line| line.strip_prefix(key).and_then(|rest| rest.strip_prefix(':')));
            line.and_then(|rest| rest.split_whitespace().next()?.parse::<i64>().ok()).unwrap_or(0)
        };
        keys.iter().map(value).sum::<i64>() / 1024
    };
    let (total, free) = (mb("MemTotal"), mb("MemFree"));
    let without_cache = kb_sum(&["MemFree", "Cached", "Buffers"]);
    let (swap_total, swap_free) = (mb("SwapTotal"), mb("SwapFree"));
    set(facts, "memtotal_mb", total);
    set(facts, "memfree_mb", free);
    set(facts, "swaptotal_mb", swap_total);
    set(facts, "swapfree_mb", swap_free);
    let value = json!({
        "real": {"total": total, "used": total - free, "free": free},
        "nocache": {"free": without_cache, "used": total - without_cache},
        "swap": {"total": swap_total, "free": swap_free, "used": swap_total - swap_free, "cached": mb("SwapCached")},
    });
    set(facts, "memory_mb", value);
}

/// Kinds of cases, by the number that firmware has for them (SMBIOS 3.3, 7.4.1).
const FORMS: &[&str] = &[
    "Unknown",
    "Other",
    "Unknown",
    "Desktop",
    "Low Profile Desktop",
    "Pizza Box",
    "Mini Tower",
    "Tower",
    "Portable",
    "Laptop",
    "Notebook",
    "Hand Held",
    "Docking Station",
    "All In One",
    "Sub Notebook",
    "Space-saving",
    "Lunch Box",
    "Main Server Chassis",
    "Expansion Chassis",
    "Sub Chassis",
    "Bus Expansion Chassis",
    "Peripheral Chassis",
    "RAID Chassis",
    "Rack Mount Chassis",
    "Sealed-case PC",
    "Multi-system",
    "CompactPCI",
    "AdvancedTCA",
    "Blade",
    "Blade Enclosure",
    "Tablet",
    "Convertible",
    "Detachable",
    "IoT Gateway",
    "Embedded PC",
    "Mini PC",
    "Stick PC",
];

fn firmware(system: &dyn System, facts: &mut Facts) {
    let read = |name: &str| {
        let text = system.text(&format!("/sys/devices/virtual/dmi/id/{name}")).trim().to_owned();
        Some(text).filter(|text| !text.is_empty())
    };
    for (fact, file) in [
        ("bios_date", "bios_date"),
        ("bios_vendor", "bios_vendor"),
        ("bios_version", "bios_version"),
        ("board_asset_tag", "board_asset_tag"),
        ("board_name", "board_name"),
        ("board_serial", "board_serial"),
        ("board_vendor", "board_vendor"),
        ("board_version", "board_version"),
        ("chassis_asset_tag", "chassis_asset_tag"),
        ("chassis_serial", "chassis_serial"),
        ("chassis_vendor", "chassis_vendor"),
        ("chassis_version", "chassis_version"),
        ("product_name", "product_name"),
        ("product_serial", "product_serial"),
        ("product_uuid", "product_uuid"),
        ("product_version", "product_version"),
        ("system_vendor", "sys_vendor"),
    ] {
        set(facts, fact, read(file).unwrap_or_else(|| "NA".into()));
    }
    let form = read("chassis_type").and_then(|number| number.parse::<usize>().ok());
    set(facts, "form_factor", form.map_or("NA", |number| FORMS.get(number).copied().unwrap_or("Unknown")));
}

/// `\040` and the like in mount tables.
fn unescaped(text: &str) -> String {
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        let octal = tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(|_| *first == b'\\') {
            Some(byte) => {
                out.push(byte);
                rest = &tail[3..];
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn mounts(system: &dyn System, facts: &mut Facts) {
    let uuids = links(system, "/dev/disk/by-uuid");
    let info = system.text("/proc/self/mountinfo");
    // Part of a file system mounted somewhere else is a bind mount.
    let bound: BTreeSet<String> = info
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').skip(3);
            let (root, place) = (words.next()?, words.next()?);
            (root != "/").then(|| unescaped(place))
        })
        .collect();
    let table = system.text("/proc/mounts");
    let mut all = Vec::new();
    for line in table.lines() {
        let words: Vec<String> = line.split_whitespace().map(unescaped).collect();
        let [device, mount, fstype, options, dump, passno] = words.as_slice() else { continue };
        let counts = device.starts_with(['/', '\\'])
            || device.contains(":/")
            || matches!(fstype.as_str(), "overlay" | "zfs");
        if !counts || fstype == "none" {
            continue;
        }
        let options = if bound.contains(mount) { format!("{options},bind") } else { options.clone() };
        let uuid = uuids.get(device).cloned().unwrap_or_else(|| "N/A".into());
        let mut entry = json!({
            "mount": mount, "device": device, "fstype": fstype, "options": options, "uuid": uuid,
            "dump": dump.parse::<i64>().unwrap_or(0), "passno": passno.parse::<i64>().unwrap_or(0),
        });
        if let (Ok(space), Some(entry)) = (system.space(Path::new(mount)), entry.as_object_mut()) {
            for (key, value) in [
                ("size_total", space.block_size * space.blocks),
                ("size_available", space.block_size * space.available),
                ("block_size", space.block_size),
                ("block_total", space.blocks),
                ("block_available", space.available),
                ("block_used", space.blocks - space.available),
                ("inode_total", space.files),
                ("inode_available", space.files_free),
                ("inode_used", space.files - space.files_free),
            ] {
                entry.insert(key.into(), value.into());
            }
        }
        all.push(entry);
    }
    set(facts, "mounts", all);
}

/// A folder of links, as device to name.
pub fn links(system: &dyn System, folder: &str) -> BTreeMap<String, String> {
    let names = system.list(Path::new(folder)).unwrap_or_default();
    let pair = |name: std::ffi::OsString| {
        let device = system.canonical(&Path::new(folder).join(&name)).ok()?;
        Some((device.to_string_lossy().into_owned(), name.to_string_lossy().into_owned()))
    };
    names.into_iter().filter_map(pair).collect()
}
