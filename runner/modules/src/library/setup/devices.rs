//! Block devices and their partitions.

use super::{Facts, set};
use crate::System;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Links to devices, by what they are named after.
struct Links {
    ids: BTreeMap<String, Vec<String>>,
    uuids: BTreeMap<String, Vec<String>>,
    labels: BTreeMap<String, Vec<String>>,
}

fn named_after(system: &dyn System, folder: &str) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in system.list(Path::new(folder)).unwrap_or_default() {
        if let Ok(device) = system.canonical(&Path::new(folder).join(&name)) {
            let device =
                device.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            all.entry(device).or_default().push(name.to_string_lossy().into_owned());
        }
    }
    all.values_mut().for_each(|names| names.sort());
    all
}

impl Links {
    fn of(&self, device: &str) -> Value {
        let get = |all: &BTreeMap<String, Vec<String>>| all.get(device).cloned().unwrap_or_default();
        json!({ "ids": get(&self.ids), "uuids": get(&self.uuids), "labels": get(&self.labels), "masters": [] })
    }
}

/// `devices` and `device_links`.
pub fn gather(system: &dyn System, facts: &mut Facts) {
    let links = Links {
        ids: named_after(system, "/dev/disk/by-id"),
        uuids: named_after(system, "/dev/disk/by-uuid"),
        labels: named_after(system, "/dev/disk/by-label"),
    };
    let mut all = Map::new();
    let mut names = system.list(Path::new("/sys/block")).unwrap_or_default();
    names.sort();
    for name in names {
        let name = name.to_string_lossy().into_owned();
        let entry = device(system, &name, &links);
        all.insert(name, entry);
    }
    set(facts, "devices", all);
    set(
        facts,
        "device_links",
        json!({ "ids": links.ids, "uuids": links.uuids, "labels": links.labels, "masters": {} }),
    );
}

fn size(sectors: u64) -> String {
    const SECTOR: f64 = 512.0;
    let mut bytes = sectors as f64 * SECTOR;
    for unit in ["Bytes", "KB", "MB", "GB", "TB", "PB"] {
        if bytes < 1024.0 {
            return format!("{bytes:.2} {unit}");
        }
        bytes /= 1024.0;
    }
    format!("{bytes:.2} EB")
}

fn device(system: &dyn System, name: &str, links: &Links) -> Value {
    let folder = format!("/sys/block/{name}");
    let read = |file: &str| {
        let text = system.text(&format!("{folder}/{file}")).trim().to_owned();
        if text.is_empty() { Value::Null } else { text.into() }
    };
    let number = |file: &str| system.text(&format!("{folder}/{file}")).trim().parse::<u64>().unwrap_or(0);
    let scheduler = system.text(&format!("{folder}/queue/scheduler"));
    let chosen =
        scheduler.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(chosen, _)| chosen);
    let plain = if chosen.is_empty() { scheduler.split_whitespace().next().unwrap_or("") } else { chosen };
    let holders = system.list(Path::new(&format!("{folder}/holders"))).unwrap_or_default();
    let holders: Vec<Value> = holders.iter().map(|name| name.to_string_lossy().into()).collect();
    let target = system
        .canonical(Path::new(&folder))
        .map(|path| path.to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut partitions = Map::new();
    let mut names = system.list(Path::new(&folder)).unwrap_or_default();
    names.sort();
    for part in names {
        let part = part.to_string_lossy().into_owned();
        if !part.starts_with(name) {
            continue;
        }
        let inner = |file: &str| system.text(&format!("{folder}/{part}/{file}")).trim().to_owned();
        let sectors = inner("size").parse::<u64>().unwrap_or(0);
        let sector = read("queue/logical_block_size");
        let uuid = links.uuids.get(&part).and_then(|names| names.first()).cloned();
        partitions.insert(
            part.clone(),
            json!({
                "start": inner("start"), "sectors": sectors, "sectorsize": sector, "size": size(sectors),
                "uuid": uuid, "holders": [], "links": links.of(&part),
            }),
        );
    }
    json!({
        "virtual": if target.contains("/virtual/") || name.starts_with("vd") { 1 } else { 0 },
        "links": links.of(name),
        "vendor": read("device/vendor"),
        "model": read("device/model"),
        "sas_address": read("device/sas_address"),
        "sas_device_handle": read("device/sas_device_handle"),
        "removable": read("removable"),
        "support_discard": read("queue/discard_granularity"),
        "partitions": partitions,
        "rotational": read("queue/rotational"),
        "scheduler_mode": plain,
        "sectors": number("size"),
        "sectorsize": read("queue/logical_block_size"),
        "size": size(number("size")),
        "host": "",
        "holders": holders,
    })
}
