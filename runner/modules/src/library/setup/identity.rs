//! Who and when: user, environment, time, keys, security.

use super::{Facts, set};
use crate::{Command, System, accounts, clock};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The user that this runs as.
pub fn user(system: &dyn System, facts: &mut Facts) {
    let identity = system.identity();
    let user = accounts::user_by_id(system, identity.uid).unwrap_or_default();
    set(facts, "user_id", user.name);
    set(facts, "user_uid", identity.uid);
    set(facts, "user_gid", user.gid);
    set(facts, "user_gecos", user.gecos);
    set(facts, "user_dir", user.home);
    set(facts, "user_shell", user.shell);
    set(facts, "real_user_id", identity.uid);
    set(facts, "effective_user_id", identity.euid);
    set(facts, "real_group_id", identity.gid);
    set(facts, "effective_group_id", identity.egid);
}

/// The environment.
pub fn environment(system: &dyn System, facts: &mut Facts) {
    let all: Map<String, Value> =
        system.environment().into_iter().map(|(key, value)| (key, value.into())).collect();
    set(facts, "env", all);
}

/// Now, in many forms.
pub fn date_time(system: &dyn System, facts: &mut Facts) {
    let epoch = system.epoch();
    let (now, utc) = (clock::local(epoch), clock::utc(epoch));
    let whole = (epoch.floor() as i64).to_string();
    // Half a year away is the other half of the year's two zones.
    let other = clock::local(epoch + 182.0 * 86_400.0);
    let summer = if now.summer {
        now.zone.clone()
    } else if other.summer {
        other.zone
    } else {
        now.zone.clone()
    };
    let value = json!({
        "year": now.format("%Y"), "month": now.format("%m"), "weekday": now.format("%A"),
        "weekday_number": now.format("%w"), "weeknumber": now.format("%W"), "day": now.format("%d"),
        "hour": now.format("%H"), "minute": now.format("%M"), "second": now.format("%S"),
        "epoch": whole, "epoch_int": whole, "date": now.format("%Y-%m-%d"), "time": now.format("%H:%M:%S"),
        "iso8601_micro": utc.format("%Y-%m-%dT%H:%M:%S.%fZ"), "iso8601": utc.format("%Y-%m-%dT%H:%M:%SZ"),
        "iso8601_basic": now.format("%Y%m%dT%H%M%S%f"), "iso8601_basic_short": now.format("%Y%m%dT%H%M%S"),
        "tz": now.zone, "tz_dst": summer, "tz_offset": now.format("%z"),
    });
    set(facts, "date_time", value);
}

/// The machine's public SSH keys.
pub fn ssh_keys(system: &dyn System, facts: &mut Facts) {
    for folder in ["/etc/ssh", "/etc/openssh", "/etc"] {
        let mut found = false;
        for kind in ["dsa", "rsa", "ecdsa", "ed25519"] {
            let text = system.text(&format!("{folder}/ssh_host_{kind}_key.pub"));
            let mut words = text.split_whitespace();
            if let (Some(name), Some(key)) = (words.next(), words.next()) {
                found = true;
                set(facts, &format!("ssh_host_key_{kind}_public"), key);
                set(facts, &format!("ssh_host_key_{kind}_public_keytype"), name);
            }
        }
        if found {
            return;
        }
    }
}

/// What `capsh --print` says; nothing where it is missing.
pub fn capabilities(system: &dyn System, facts: &mut Facts) {
    let (mut enforced, mut list) = ("NA".to_owned(), Vec::new());
    if system.which("capsh").is_some()
        && let Ok(output) = system.query(&Command::new(&["capsh", "--print"]))
    {
        for line in output.out().lines() {
            let Some(value) = line.strip_prefix("Current:") else { continue };
            let value = value.trim();
            if value == "=ep" {
                enforced = "False".into();
            } else {
                enforced = "True".into();
                let names = value.split_once('=').map_or(value, |(_, names)| names);
                list = names.split(',').map(|name| Value::from(name.trim())).collect();
            }
        }
    }
    set(facts, "system_capabilities_enforced", enforced);
    set(facts, "system_capabilities", list);
}

/// AppArmor.
pub fn security(system: &dyn System, facts: &mut Facts) {
    let enabled = system.exists(Path::new("/sys/kernel/security/apparmor"));
    set(facts, "apparmor", json!({ "status": if enabled { "enabled" } else { "disabled" } }));
}

/// SELinux, which Debian and Ubuntu do not use.
pub fn selinux(facts: &mut Facts) {
    set(facts, "selinux", json!({ "status": "disabled" }));
    set(facts, "selinux_python_present", true);
}

/// Whether the kernel is in FIPS mode.
pub fn fips(system: &dyn System, facts: &mut Facts) {
    set(facts, "fips", system.text("/proc/sys/crypto/fips_enabled").trim() == "1");
}

/// The kernel's command line: the last of each, and all of each.
pub fn command_line(system: &dyn System, facts: &mut Facts) {
    let text = system.text("/proc/cmdline");
    let (mut last, mut all) = (Map::new(), Map::new());
    for word in crate::words::split(&text).unwrap_or_default() {
        let (key, value) = match word.split_once('=') {
            Some((key, value)) => (key, Value::from(value)),
            None => (word.as_str(), Value::from(true)),
        };
        last.insert(key.into(), value.clone());
        match all.get_mut(key) {
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = json!([first.clone(), value]),
            None => drop(all.insert(key.into(), value)),
        }
    }
    set(facts, "cmdline", last);
    set(facts, "proc_cmdline", all);
}

/// Whether the root folder is not that of process 1.
pub fn chroot(system: &dyn System, facts: &mut Facts) {
    let root = system.stat(Path::new("/"), true).ok().flatten();
    let first = system.stat(Path::new("/proc/1/root/."), true).ok().flatten();
    let chroot = match (root, first) {
        (Some(root), Some(first)) => (root.dev, root.inode) != (first.dev, first.inode),
        _ => false,
    };
    set(facts, "is_chroot", chroot);
}

/// The system's load.
pub fn load(system: &dyn System, facts: &mut Facts) {
    let text = system.text("/proc/loadavg");
    let numbers: Vec<f64> = text.split_whitespace().take(3).filter_map(|word| word.parse().ok()).collect();
    if let [one, five, fifteen] = numbers[..] {
        set(facts, "loadavg", json!({ "1m": one, "5m": five, "15m": fifteen }));
    }
}
