//! The cluster as an Ansible inventory in YAML.

use std::fmt::Write;

use crate::desired::Role;
use crate::observed::{MachineState, Observed};

/// Running machines, grouped by role: addresses, and variables that begin with `streaming_`. Empty groups are there too, so
/// that a play over `relay` is no error in a cluster without relays.
#[must_use]
pub fn inventory(cluster: &str, observed: &Observed, user: &str) -> String {
    let mut text = String::from("all:\n  vars:\n");
    let _ = writeln!(text, "    streaming_cluster: {}", quoted(cluster));
    let _ = writeln!(text, "    ansible_user: {}", quoted(user));
    text.push_str("  children:\n");
    for role in Role::ALL {
        let mut machines: Vec<_> = observed
            .machines
            .iter()
            .filter(|machine| machine.state == MachineState::Running)
            .filter_map(|machine| Some((machine.identity(cluster)?, machine)))
            .filter(|((of, _), _)| *of == role)
            .collect();
        machines.sort_by_key(|((_, number), _)| *number);
        let _ = write!(text, "    {}:\n      hosts:", role.as_str());
        if machines.is_empty() {
            text.push_str(" {}");
        }
        text.push('\n');
        for ((_, number), machine) in machines {
            let _ = writeln!(text, "        {}:", machine.name);
            let address =
                machine.ipv4.as_ref().or(machine.ipv6.as_ref()).or_else(|| machine.networks.values().next());
            let private = machine.networks.values().next();
            for (key, value) in [
                ("ansible_host", address),
                ("streaming_public_ipv4", machine.ipv4.as_ref()),
                ("streaming_private_ip", private),
                ("streaming_location", Some(&machine.location)),
                ("streaming_server_type", Some(&machine.server_type)),
            ] {
                if let Some(value) = value {
                    let _ = writeln!(text, "          {key}: {}", quoted(value));
                }
            }
            let _ = writeln!(text, "          streaming_role: {}", role.as_str());
            let _ = writeln!(text, "          streaming_number: {number}");
        }
    }
    text
}

/// A YAML string in double quotes: what the API may send is kept as text, whatever it looks like.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
