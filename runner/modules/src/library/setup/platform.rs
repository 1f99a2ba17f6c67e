//! What system this is: kernel, distribution, package and service managers.

use super::{Facts, set};
use crate::System;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Kernel, names and architecture.
pub fn platform(system: &dyn System, facts: &mut Facts) {
    let uname = system.uname();
    let fqdn = full_name(system, &uname.node);
    let (_, domain) = fqdn.split_once('.').unwrap_or(("", ""));
    set(facts, "system", uname.system);
    set(facts, "kernel", uname.release);
    set(facts, "kernel_version", uname.version);
    set(facts, "machine", uname.machine.as_str());
    set(facts, "hostname", uname.node.split('.').next().unwrap_or_default());
    set(facts, "nodename", uname.node.as_str());
    set(facts, "domain", domain);
    set(facts, "fqdn", fqdn.as_str());
    let bits = if cfg!(target_pointer_width = "64") { "64" } else { "32" };
    set(facts, "userspace_bits", bits);
    let x86 = matches!(uname.machine.as_str(), "x86_64" | "i386" | "i586" | "i686");
    let userspace = match (x86, bits) {
        (true, "64") => "x86_64",
        (true, _) => "i386",
        _ => uname.machine.as_str(),
    };
    set(facts, "userspace_architecture", userspace);
    set(
        facts,
        "architecture",
        if matches!(uname.machine.as_str(), "i586" | "i686") { "i386" } else { uname.machine.as_str() },
    );
    let id = ["/var/lib/dbus/machine-id", "/etc/machine-id"].into_iter().map(|path| system.text(path));
    if let Some(id) = id.map(|text| text.trim().to_owned()).find(|text| !text.is_empty()) {
        set(facts, "machine_id", id);
    }
    if let Some((_, [major, minor, micro])) = python_version(system) {
        set(facts, "python_version", format!("{major}.{minor}.{micro}"));
    }
}

/// The name with its domain, as the resolver has it: the hosts file first, then whoever else is asked.
pub fn full_name(system: &dyn System, node: &str) -> String {
    let hosts = system.text("/etc/hosts");
    let lines: Vec<Vec<&str>> = hosts
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().split_whitespace().collect())
        .collect();
    let named = lines.iter().find(|words: &&Vec<&str>| words.iter().skip(1).any(|word| *word == node));
    let names: Vec<String> = match named.and_then(|words| words.first()) {
        Some(address) => {
            let first = lines.iter().find(|words| words.first() == Some(address));
            first
                .map(|words| words.iter().skip(1).map(|word| (*word).to_owned()).collect())
                .unwrap_or_default()
        }
        None => {
            let output = system.query(&crate::Command::new(&["getent", "hosts", node]));
            let text = output.map(|output| output.out()).unwrap_or_default();
            let line = text.lines().next().unwrap_or_default().to_owned();
            line.split_whitespace().skip(1).map(str::to_owned).collect()
        }
    };
    let dotted = names.iter().find(|name| name.contains('.'));
    dotted.or(names.first()).cloned().unwrap_or_else(|| node.to_owned())
}

/// `KEY=value` lines with quotes undone.
pub fn os_release(system: &dyn System) -> BTreeMap<String, String> {
    let text = system.text("/etc/os-release");
    let pair = |line: &str| {
        let (key, value) = line.split_once('=')?;
        Some((key.trim().to_owned(), value.trim().trim_matches(['"', '\'']).to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

/// os-release's `ID`, Ansible's name of the distribution, and of its family.
const DISTRIBUTIONS: &[(&str, &str, &str)] = &[
    ("debian", "Debian", "Debian"),
    ("ubuntu", "Ubuntu", "Debian"),
    ("raspbian", "Raspbian", "Debian"),
    ("linuxmint", "Linux Mint", "Debian"),
    ("kali", "Kali", "Debian"),
    ("devuan", "Devuan", "Debian"),
    ("pop", "Pop!_OS", "Debian"),
    ("neon", "KDE neon", "Debian"),
    ("parrot", "Parrot", "Debian"),
    ("deepin", "Deepin", "Debian"),
    ("rhel", "RedHat", "RedHat"),
    ("centos", "CentOS", "RedHat"),
    ("fedora", "Fedora", "RedHat"),
    ("rocky", "Rocky", "RedHat"),
    ("almalinux", "AlmaLinux", "RedHat"),
    ("ol", "OracleLinux", "RedHat"),
    ("amzn", "Amazon", "RedHat"),
    ("opensuse-leap", "openSUSE Leap", "Suse"),
    ("opensuse-tumbleweed", "openSUSE Tumbleweed", "Suse"),
    ("sles", "SLES", "Suse"),
    ("alpine", "Alpine", "Alpine"),
    ("arch", "Archlinux", "Archlinux"),
    ("gentoo", "Gentoo", "Gentoo"),
];

/// Distribution, version, release, family.
pub fn distribution(system: &dyn System, facts: &mut Facts) {
    let release = os_release(system);
    let get = |key: &str| release.get(key).cloned().unwrap_or_default();
    let id = get("ID");
    let known = DISTRIBUTIONS.iter().find(|(known, _, _)| *known == id);
    let name = known.map_or_else(|| get("NAME"), |(_, name, _)| (*name).to_owned());
    let family = known.map(|(_, _, family)| *family).or_else(|| {
        let like = get("ID_LIKE");
        DISTRIBUTIONS
            .iter()
            .find(|(known, _, _)| like.split_whitespace().any(|word| word == *known))
            .map(|(_, _, f)| *f)
    });
    let mut version = get("VERSION_ID");
    if id == "debian" || id == "raspbian" {
        let full = system.text("/etc/debian_version").trim().to_owned();
        if full.starts_with(|c: char| c.is_ascii_digit()) {
            version = full;
        }
        let minor = version.split('.').nth(1).unwrap_or_default();
        if !minor.is_empty() {
            set(facts, "distribution_minor_version", minor);
        }
    }
    let version = if version.is_empty() { "NA".to_owned() } else { version };
    let codename =
        Some(get("VERSION_CODENAME")).filter(|name| !name.is_empty()).unwrap_or_else(|| "NA".into());
    set(facts, "distribution", if name.is_empty() { "Linux".to_owned() } else { name.clone() });
    set(facts, "distribution_version", version.as_str());
    set(facts, "distribution_major_version", version.split('.').next().unwrap_or("NA"));
    set(facts, "distribution_release", codename);
    set(facts, "distribution_file_path", "/etc/os-release");
    set(facts, "distribution_file_variety", family.unwrap_or(&name));
    set(facts, "distribution_file_parsed", true);
    set(facts, "os_family", family.unwrap_or(&name));
}

/// What `lsb_release` would say.
pub fn lsb(system: &dyn System, facts: &mut Facts) {
    let text = system.text("/etc/lsb-release");
    let file: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k, v.trim_matches('"'))).collect();
    let release = os_release(system);
    let get = |key: &str| release.get(key).cloned().unwrap_or_default();
    let value = |lsb: &str, other: String| file.get(lsb).map_or(other, |value| (*value).to_owned());
    let mut all = serde_json::Map::new();
    if !file.is_empty() || system.which("lsb_release").is_some() {
        let number = value("DISTRIB_RELEASE", get("VERSION_ID"));
        all.insert("major_release".into(), number.split('.').next().unwrap_or_default().into());
        all.insert("release".into(), number.into());
        let id = if get("ID") == "debian" { "Debian".into() } else { get("NAME") };
        all.insert("id".into(), value("DISTRIB_ID", id).into());
        all.insert("codename".into(), value("DISTRIB_CODENAME", get("VERSION_CODENAME")).into());
        all.insert("description".into(), value("DISTRIB_DESCRIPTION", get("PRETTY_NAME")).into());
    }
    set(facts, "lsb", all);
}

/// The machine's Python, if it has one: the link says which, dpkg's own file says how new.
fn python_version(system: &dyn System) -> Option<(String, [u32; 3])> {
    let executable = "/usr/bin/python3";
    let target = system.read_link(Path::new(executable)).ok()?;
    let name = target.file_name()?.to_string_lossy().into_owned();
    let (major, minor) = name.strip_prefix("python")?.split_once('.')?;
    let (major, minor) = (major.parse().ok()?, minor.parse().ok()?);
    let status = system.text("/var/lib/dpkg/status");
    let paragraph = status.split(&format!("Package: python{major}.{minor}\n")).nth(1).unwrap_or_default();
    let version =
        paragraph.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix("Version: "));
    let micro =
        version.and_then(|version| version.split(['-', '+', '~']).next()?.split('.').nth(2)?.parse().ok());
    Some((executable.into(), [major, minor, micro.unwrap_or(0)]))
}

/// About the machine's Python. This program does not need one; templates may ask.
pub fn python(system: &dyn System, facts: &mut Facts) {
    let Some((executable, [major, minor, micro])) = python_version(system) else { return };
    let value = json!({
        "executable": executable,
        "has_sslcontext": true,
        "type": "cpython",
        "version": {"major": major, "minor": minor, "micro": micro, "releaselevel": "final", "serial": 0},
        "version_info": [major, minor, micro, "final", 0],
    });
    set(facts, "python", value);
}

/// What process 1 is.
pub fn service_manager(system: &dyn System, facts: &mut Facts) {
    let comm = system.text("/proc/1/comm").trim().to_owned();
    let there = |path: &str| system.exists(Path::new(path));
    let name = match comm.as_str() {
        _ if there("/run/systemd/system/") || there("/dev/.run/systemd/") || there("/dev/.systemd/") => {
            "systemd"
        }
        "runit-init" => "runit",
        "openrc-init" => "openrc",
        "" | "init" | "COMMAND" if there("/run/openrc") || there("/sbin/openrc") => "openrc",
        "" | "init" | "COMMAND" if there("/etc/init.d/") => "sysvinit",
        "" | "COMMAND" => "service",
        "sh" | "bash" | "dash" => "service",
        other => other,
    };
    set(facts, "service_mgr", Value::from(name));
}

/// Which package manager is there.
pub fn package_manager(system: &dyn System, facts: &mut Facts) {
    const MANAGERS: &[(&str, &str)] = &[
        ("/usr/bin/apt-get", "apt"),
        ("/usr/bin/dnf5", "dnf5"),
        ("/usr/bin/dnf", "dnf"),
        ("/usr/bin/yum", "yum"),
        ("/usr/bin/zypper", "zypper"),
        ("/sbin/apk", "apk"),
        ("/usr/bin/pacman", "pacman"),
        ("/usr/bin/emerge", "portage"),
    ];
    let found = MANAGERS.iter().find(|(path, _)| system.exists(Path::new(path)));
    set(facts, "pkg_mgr", found.map_or("unknown", |(_, name)| name));
}
