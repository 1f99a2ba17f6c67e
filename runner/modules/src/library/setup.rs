//! `setup`: facts about the machine, with Ansible's names and shapes, read from the kernel's and the system's files.
//!
//! Returns `ansible_facts`. Almost nothing is executed, so it takes milliseconds.

use crate::{Failure, Module, Plan, Returns, Spec, System, glob, outcome::Call};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

mod devices;
mod hardware;
mod identity;
mod local;
mod network;
pub mod platform;
mod virtualization;

static SPEC: Spec = Spec::new(
    "ansible.builtin.setup",
    "Gathers facts about the machine.",
    "gather_subset list:str =all # Which facts: all, min, hardware, network, virtual, single names; ! excludes.
gather_timeout int =10 # Accepted; reading takes milliseconds.
filter list:str =[] # Shell patterns for the names of facts.
fact_path path =/etc/ansible/facts.d # Where the machine's own facts are.",
)
.read_only();

/// See the page above.
pub struct Setup;

/// Facts without their prefix.
pub type Facts = Map<String, Value>;

/// One source of facts: its name as a subset, whether it belongs to `min`, and the names of those it includes.
struct Collector {
    name: &'static str,
    min: bool,
    also: &'static [&'static str],
    gather: fn(&dyn System, &Call<'_>, &mut Facts),
}

const fn min(name: &'static str, gather: fn(&dyn System, &Call<'_>, &mut Facts)) -> Collector {
    Collector { name, min: true, also: &[], gather }
}

/// All sources, in the order they run.
static COLLECTORS: &[Collector] = &[
    min("platform", |system, _, facts| platform::platform(system, facts)),
    min("distribution", |system, _, facts| platform::distribution(system, facts)),
    min("lsb", |system, _, facts| platform::lsb(system, facts)),
    min("python", |system, _, facts| platform::python(system, facts)),
    min("service_mgr", |system, _, facts| platform::service_manager(system, facts)),
    min("pkg_mgr", |system, _, facts| platform::package_manager(system, facts)),
    min("user", |system, _, facts| identity::user(system, facts)),
    min("env", |system, _, facts| identity::environment(system, facts)),
    min("date_time", |system, _, facts| identity::date_time(system, facts)),
    min("ssh_pub_keys", |system, _, facts| identity::ssh_keys(system, facts)),
    min("caps", |system, _, facts| identity::capabilities(system, facts)),
    min("apparmor", |system, _, facts| identity::security(system, facts)),
    min("selinux", |_, _, facts| identity::selinux(facts)),
    min("fips", |system, _, facts| identity::fips(system, facts)),
    min("cmdline", |system, _, facts| identity::command_line(system, facts)),
    min("dns", |system, _, facts| network::dns(system, facts)),
    min("local", |system, call, facts| local::gather(system, call.args.str("fact_path"), facts)),
    Collector {
        name: "hardware",
        min: false,
        also: &["platform", "processor", "memory", "devices", "mounts", "dmi", "uptime", "cpu"],
        gather: |system, _, facts| hardware::gather(system, facts),
    },
    Collector {
        name: "network",
        min: false,
        also: &[
            "platform",
            "distribution",
            "interfaces",
            "default_ipv4",
            "default_ipv6",
            "all_ipv4_addresses",
            "all_ipv6_addresses",
        ],
        gather: |system, _, facts| network::gather(system, facts),
    },
    Collector {
        name: "virtual",
        min: false,
        also: &[
            "virtualization_type",
            "virtualization_role",
            "virtualization_tech_guest",
            "virtualization_tech_host",
        ],
        gather: |system, _, facts| virtualization::gather(system, facts),
    },
    Collector {
        name: "chroot",
        min: false,
        also: &["is_chroot"],
        gather: |system, _, facts| identity::chroot(system, facts),
    },
    Collector {
        name: "loadavg",
        min: false,
        also: &[],
        gather: |system, _, facts| identity::load(system, facts),
    },
    Collector {
        name: "fibre_channel_wwn",
        min: false,
        also: &[],
        gather: |_, _, facts| set(facts, "fibre_channel_wwn", Vec::<Value>::new()),
    },
    Collector {
        name: "iscsi",
        min: false,
        also: &["iscsi_iqn"],
        gather: |_, _, facts| set(facts, "iscsi_iqn", ""),
    },
    Collector {
        name: "nvme",
        min: false,
        also: &["hostnqn"],
        gather: |_, _, facts| set(facts, "hostnqn", ""),
    },
];

/// Names that are valid subsets too: they mean the source that has them.
const NAMED: &[(&str, &str)] = &[
    ("os_family", "distribution"),
    ("distribution_version", "distribution"),
    ("distribution_release", "distribution"),
    ("distribution_major_version", "distribution"),
    ("system", "platform"),
    ("kernel", "platform"),
    ("kernel_version", "platform"),
    ("machine", "platform"),
    ("python_version", "platform"),
    ("architecture", "platform"),
    ("machine_id", "platform"),
    ("user_id", "user"),
    ("user_uid", "user"),
    ("user_gid", "user"),
    ("user_gecos", "user"),
    ("user_dir", "user"),
    ("user_shell", "user"),
    ("real_user_id", "user"),
    ("effective_user_id", "user"),
    ("effective_group_ids", "user"),
    ("processor_cores", "hardware"),
    ("processor_count", "hardware"),
    ("ssh_host_pub_keys", "ssh_pub_keys"),
    ("ssh_host_key_dsa_public", "ssh_pub_keys"),
    ("ssh_host_key_rsa_public", "ssh_pub_keys"),
    ("ssh_host_key_ecdsa_public", "ssh_pub_keys"),
    ("ssh_host_key_ed25519_public", "ssh_pub_keys"),
    ("system_capabilities", "caps"),
    ("system_capabilities_enforced", "caps"),
    ("facter", ""),
    ("ohai", ""),
    ("systemd", ""),
];

/// Sets one fact.
pub fn set(facts: &mut Facts, name: &str, value: impl Into<Value>) {
    facts.insert(name.into(), value.into());
}

impl Module for Setup {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let subsets = call.args.list("gather_subset");
        let wanted = chosen(&subsets)?;
        let mut facts = Facts::new();
        for collector in COLLECTORS.iter().filter(|collector| wanted.contains(collector.name)) {
            (collector.gather)(system, call, &mut facts);
        }
        let patterns: Vec<&str> =
            call.args.list("filter").into_iter().filter(|pattern| !pattern.is_empty()).collect();
        let fits = |name: &str| {
            patterns.is_empty()
                || patterns.iter().any(|pattern| {
                    glob::matches(pattern, name) || glob::matches(pattern, &format!("ansible_{name}"))
                })
        };
        let mut named: Returns = facts
            .into_iter()
            .filter(|(name, _)| fits(name))
            .map(|(name, value)| (format!("ansible_{name}"), value))
            .collect();
        if patterns.is_empty() {
            named.insert("gather_subset".into(), subsets.into());
            named.insert("module_setup".into(), true.into());
        }
        let mut plan = Plan::new();
        plan.set("ansible_facts", named);
        Ok(plan)
    }
}

/// The sources that a name stands for; none if nobody knows the name.
fn meaning(name: &str) -> Option<Vec<&'static str>> {
    match name {
        "all" => return Some(COLLECTORS.iter().map(|collector| collector.name).collect()),
        "min" => {
            return Some(
                COLLECTORS.iter().filter(|collector| collector.min).map(|collector| collector.name).collect(),
            );
        }
        _ => {}
    }
    if let Some((_, source)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some(vec![*source]);
    }
    let collector = COLLECTORS.iter().find(|collector| {
        collector.name == name
            || collector.also.contains(&name) && name != "platform" && name != "distribution"
    })?;
    let mut all = vec![collector.name];
    // Hardware and network facts bring along what they are computed from.
    all.extend(collector.also.iter().filter(|also| ["platform", "distribution"].contains(also)));
    Some(all)
}

fn chosen(subsets: &[&str]) -> Result<BTreeSet<&'static str>, Failure> {
    let minimal = || meaning("min").unwrap_or_default();
    let (mut include, mut exclude) = (BTreeSet::new(), BTreeSet::new());
    let mut explicit: BTreeSet<&'static str> = BTreeSet::new();
    let (mut not_all, mut not_min, mut positive) = (false, false, false);
    for subset in subsets.iter().map(|subset| subset.trim()).filter(|subset| !subset.is_empty()) {
        match subset.strip_prefix('!') {
            Some("all") => not_all = true,
            Some("min") => not_min = true,
            Some(name) => exclude.extend(meaning(name).ok_or_else(|| unknown(name))?.first().copied()),
            None => {
                positive = true;
                let names = meaning(subset).ok_or_else(|| unknown(subset))?;
                if subset != "all" && subset != "min" {
                    explicit.extend(names.iter().copied());
                }
                include.extend(names);
            }
        }
    }
    if !positive && !not_all {
        include.extend(meaning("all").unwrap_or_default());
    }
    if !not_min {
        include.extend(minimal());
    } else {
        exclude.extend(minimal());
    }
    Ok(include.into_iter().filter(|name| !exclude.contains(name) || explicit.contains(name)).collect())
}

fn unknown(name: &str) -> Failure {
    let mut known: Vec<&str> = ["all", "min"].into();
    known.extend(
        COLLECTORS
            .iter()
            .flat_map(|collector| [collector.name].into_iter().chain(collector.also.iter().copied())),
    );
    known.extend(NAMED.iter().map(|(name, _)| *name));
    known.sort_unstable();
    known.dedup();
    format!(
        "Task failed: Module failed: Bad subset '{name}' given to Ansible. gather_subset options allowed: {}",
        known.join(", ")
    )
    .into()
}
