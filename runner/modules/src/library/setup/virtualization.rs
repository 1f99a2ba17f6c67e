//! Whether this is a virtual machine or a container, and of what kind.

use super::{Facts, set};
use crate::System;
use std::collections::BTreeSet;
use std::path::Path;

/// A word in a firmware text, and the kind of machine that it gives away.
const FIRMWARE: &[(&str, &[&str], &str)] = &[
    ("product_name", &["KVM", "Bochs", "AHV", "oVirt", "RHEV Hypervisor", "OpenStack", "Standard PC"], "kvm"),
    ("product_name", &["VMware"], "VMware"),
    ("product_name", &["VirtualBox"], "virtualbox"),
    (
        "sys_vendor",
        &[
            "QEMU",
            "KubeVirt",
            "Red Hat",
            "Hetzner",
            "Nutanix",
            "DigitalOcean",
            "Amazon EC2",
            "oVirt",
            "Google",
            "Linode",
            "Vultr",
        ],
        "kvm",
    ),
    ("sys_vendor", &["VMware"], "VMware"),
    ("sys_vendor", &["innotek GmbH"], "virtualbox"),
    ("sys_vendor", &["Parallels"], "parallels"),
    ("sys_vendor", &["Microsoft Corporation"], "VirtualPC"),
    ("bios_vendor", &["Xen"], "xen"),
    ("bios_vendor", &["Amazon EC2", "Hetzner"], "kvm"),
];

/// What was found so far.
#[derive(Default)]
struct Findings {
    kind: Option<(String, &'static str)>,
    guest: BTreeSet<String>,
    host: BTreeSet<String>,
}

impl Findings {
    fn guest(&mut self, kind: &str) {
        self.guest.insert(kind.into());
        self.kind.get_or_insert_with(|| (kind.into(), "guest"));
    }

    fn host(&mut self, kind: &str) {
        self.host.insert(kind.into());
        self.kind.get_or_insert_with(|| (kind.into(), "host"));
    }
}

/// `virtualization_*`.
pub fn gather(system: &dyn System, facts: &mut Facts) {
    let mut found = Findings::default();
    containers(system, &mut found);
    machines(system, &mut found);
    let modules = system.text("/proc/modules");
    let loaded = |name: &str| modules.lines().any(|line| line.split(' ').next() == Some(name));
    if loaded("kvm") || system.exists(Path::new("/dev/kvm")) {
        found.host("kvm");
    }
    if loaded("vboxdrv") {
        found.host("virtualbox");
    }
    let (kind, role) = found.kind.unwrap_or_else(|| ("NA".into(), "NA"));
    set(facts, "virtualization_type", kind);
    set(facts, "virtualization_role", role);
    set(facts, "virtualization_tech_guest", found.guest.into_iter().collect::<Vec<_>>());
    set(facts, "virtualization_tech_host", found.host.into_iter().collect::<Vec<_>>());
}

fn containers(system: &dyn System, found: &mut Findings) {
    let there = |path: &str| system.exists(Path::new(path));
    let groups = system.text("/proc/self/cgroup") + &system.text("/proc/1/cgroup");
    if there("/.dockerenv") || there("/.dockerinit") || groups.lines().any(|line| line.contains("/docker")) {
        found.guest("docker");
        found.guest("container");
    }
    if groups.lines().any(|line| line.contains("/lxc/") || line.contains("/machine.slice/machine-lxc")) {
        found.guest("lxc");
        found.guest("container");
    }
    let environment = system.text("/proc/1/environ");
    for entry in environment.split('\0') {
        match entry.strip_prefix("container=") {
            Some("lxc") => {
                found.guest("lxc");
                found.guest("container");
            }
            Some("podman") => {
                found.guest("podman");
                found.guest("container");
            }
            Some(kind) if !kind.is_empty() => found.guest("container"),
            _ => {}
        }
    }
    let systemd = system.text("/run/systemd/container");
    if !systemd.trim().is_empty() {
        found.guest(systemd.trim());
    }
    if there("/run/.containerenv") {
        found.guest("podman");
    }
}

fn machines(system: &dyn System, found: &mut Findings) {
    for (file, words, kind) in FIRMWARE {
        let text = system.text(&format!("/sys/devices/virtual/dmi/id/{file}"));
        let text = text.trim();
        if words.iter().any(|word| text == *word || text.starts_with(word)) {
            found.guest(kind);
        }
    }
    if system.exists(Path::new("/proc/xen")) {
        found.guest("xen");
    }
    let processors = system.text("/proc/cpuinfo");
    if processors.lines().any(|line| line.starts_with("model name") && line.contains("QEMU Virtual CPU")) {
        found.guest("kvm");
    }
    let hypervisor = processors
        .lines()
        .any(|line| line.starts_with("flags") && line.split_whitespace().any(|f| f == "hypervisor"));
    if hypervisor && found.kind.is_none() && system.text("/sys/hypervisor/type").trim() == "xen" {
        found.guest("xen");
    }
}
