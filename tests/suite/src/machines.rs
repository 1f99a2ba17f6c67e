//! Boots real Debian machines (systemd-nspawn on an overlay) and removes every trace of them afterwards.
//!
//! ```no_run
//! let machines = tests_suite::machines::Machines::boot(2)?;
//! let inventory = machines.inventory(); // for `-i`; hosts m1 and m2, reached as root with a key of their own
//! # anyhow::Ok(())
//! ```
//!
//! Each machine has systemd, sshd, sudo, doas and Python (for the runner that needs it), an address of its own on a
//! bridge, and the users of [`ACCOUNTS`]. A keeper process outlives us and cleans up however we end; what even the
//! keeper left is removed at the next boot.

mod machine;
mod slot;
mod tree;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};

pub use machine::Machine;
use slot::Slot;

/// Most machines of one set: their addresses end in 11 to 250.
pub const MACHINES_MAX: usize = 240;

/// The users of every machine, all with the same key; the password is for sudo, su and password logins.
pub const ACCOUNTS: &[Account] = &[
    Account { name: "root", password: "root-secret-1", rights: "is root" },
    Account { name: "admin", password: "admin-secret-2", rights: "sudo and doas without a password" },
    Account { name: "deploy", password: "deploy-secret-3", rights: "sudo and doas with the password" },
    Account { name: "plain", password: "plain-secret-4", rights: "neither; can only su" },
];

/// One user of every machine.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// The login name.
    pub name: &'static str,
    /// The password; no secret, since these machines are reachable from this host only.
    pub password: &'static str,
    /// What the user may do, for people.
    pub rights: &'static str,
}

/// What to boot.
#[derive(Debug, Clone)]
pub struct Options {
    /// Host names, one machine each.
    pub names: Vec<String>,
    /// Whether the machines reach the outer network (packages) through this host.
    pub internet: bool,
}

impl Options {
    /// `count` machines called m1, m2, … without the outer network.
    pub fn new(count: usize) -> Options {
        Options { names: (1..=count).map(|n| format!("m{n}")).collect(), internet: false }
    }

    /// Lets the machines reach the outer network, as this host does.
    pub fn with_internet(mut self) -> Options {
        self.internet = true;
        self
    }
}

/// A set of running machines; dropping it removes them.
#[derive(Debug)]
pub struct Machines {
    machines: Vec<Machine>,
    // Last: the machines' own handles go first, then the keeper takes down what they used.
    slot: Slot,
}

/// Why no machine can be booted here, as a sentence; `None` when it can.
pub fn unavailable() -> Option<String> {
    if !cfg!(target_os = "linux") {
        return Some("booting machines needs Linux; run this in a Linux virtual machine".to_owned());
    }
    if fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).ok() != Some(0) {
        return Some(
            "booting machines needs root (mounts, a bridge, containers); run this as root".to_owned(),
        );
    }
    if slot::cgroup_roots().is_empty() {
        return Some("booting machines needs Linux 5.14 or newer with a writable cgroup2 mount".to_owned());
    }
    let tools = ["debootstrap", "systemd-nspawn", "ip", "mount", "ssh", "ssh-keygen", "nsenter"];
    let missing: Vec<_> = tools.iter().filter(|tool| !on_path(tool)).copied().collect();
    (!missing.is_empty()).then(|| {
        format!("booting machines needs {}; on Debian install debootstrap, systemd-container, iproute2 and openssh-client", missing.join(", "))
    })
}

/// True when this host can boot machines; otherwise says why not on standard error.
///
/// With `MACHINES=required` in the environment it panics instead, so that a gate cannot pass by skipping.
#[expect(clippy::print_stderr, reason = "a skipped test must say so, and tests have no other voice")]
pub fn available() -> bool {
    let Some(reason) = unavailable() else { return true };
    assert!(std::env::var_os("MACHINES").is_none_or(|v| v != "required"), "{reason}");
    eprintln!("skipped: {reason}");
    false
}

impl Machines {
    /// Boots `count` machines called m1, m2, … and waits until each answers on its SSH port.
    pub fn boot(count: usize) -> Result<Machines> {
        Machines::boot_with(&Options::new(count))
    }

    /// Boots the machines that `options` asks for and waits until each answers on its SSH port.
    pub fn boot_with(options: &Options) -> Result<Machines> {
        if let Some(reason) = unavailable() {
            bail!(reason);
        }
        if options.names.len() > MACHINES_MAX {
            bail!("{} machines are more than the {MACHINES_MAX} of one set", options.names.len());
        }
        let tree = tree::cached()?;
        let slot = Slot::take(options.internet)?;
        run(
            "ssh-keygen",
            &["-q", "-t", "ed25519", "-N", "", "-C", slot.name(), "-f", path_str(&slot.key())?],
        )?;
        let mut set = Machines { machines: Vec::new(), slot };
        for (index, name) in options.names.iter().enumerate() {
            set.machines.push(Machine::create(&set.slot, &tree, index, name)?);
        }
        for machine in &set.machines {
            machine.power_on()?;
        }
        set.write_files()?;
        for machine in &set.machines {
            machine.wait_for_ssh()?;
        }
        Ok(set)
    }

    fn write_files(&self) -> Result<()> {
        let known: String =
            self.machines.iter().map(|m| format!("{} {}\n", m.address(), m.host_key())).collect();
        fs::write(self.known_hosts(), known)?;
        fs::write(self.inventory(), self.inventory_text())?;
        let mut config = format!(
            "User root\nIdentityFile {}\nIdentitiesOnly yes\nUserKnownHostsFile {}\nStrictHostKeyChecking yes\n",
            self.key().display(),
            self.known_hosts().display()
        );
        for machine in &self.machines {
            config += &format!("Host {}\n  HostName {}\n", machine.name(), machine.address());
        }
        fs::write(self.ssh_config(), config)?;
        // ssh refuses configuration and keys that others could write.
        fs::set_permissions(self.ssh_config(), fs::Permissions::from_mode(0o600))?;
        Ok(())
    }

    fn inventory_text(&self) -> String {
        let mut text = String::from("[machines]\n");
        for machine in &self.machines {
            text += &format!("{} ansible_host={}\n", machine.name(), machine.address());
        }
        text += "\n[machines:vars]\nansible_user=root\n";
        text += &format!("ansible_ssh_private_key_file={}\n", self.key().display());
        text += &format!(
            "ansible_ssh_common_args=-o UserKnownHostsFile={} -o IdentitiesOnly=yes\n",
            self.known_hosts().display()
        );
        text += "ansible_python_interpreter=/usr/bin/python3\n";
        text
    }

    /// The machines, in the order of their names in the options.
    pub fn all(&self) -> &[Machine] {
        &self.machines
    }

    /// The folder of this set on this host; it disappears with the machines.
    pub fn folder(&self) -> &Path {
        self.slot.folder()
    }

    /// An INI inventory of the machines, in a group `machines`.
    pub fn inventory(&self) -> PathBuf {
        self.slot.folder().join("inventory.ini")
    }

    /// The private key every account of every machine accepts.
    pub fn key(&self) -> PathBuf {
        self.slot.key()
    }

    /// The machines' host keys, for `UserKnownHostsFile`.
    pub fn known_hosts(&self) -> PathBuf {
        self.slot.folder().join("known_hosts")
    }

    /// A configuration for `ssh -F`, under which `ssh -F … m1` just works.
    pub fn ssh_config(&self) -> PathBuf {
        self.slot.folder().join("ssh_config")
    }
}

impl std::ops::Index<usize> for Machines {
    type Output = Machine;

    fn index(&self, index: usize) -> &Machine {
        &self.machines[index]
    }
}

/// Ends the sets that `machines up` left running, and removes what crashed ones left behind.
pub fn remove_leftovers() -> Result<()> {
    slot::reap()
}

/// Remembers that the process `pid` holds the set in `folder` open, so that [`end_held`] finds it.
pub fn mark_held(folder: &Path, pid: u32) -> Result<()> {
    Ok(fs::write(folder.join(slot::HOLDER_FILE), pid.to_string())?)
}

/// Ends every set that a holder keeps open (see [`mark_held`]) and waits until it is gone; says how many.
pub fn end_held() -> Result<usize> {
    slot::end_held()
}

fn on_path(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).any(|folder| folder.join(tool).is_file())
}

fn path_str(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not valid UTF-8", path.display()))
}

/// Runs a program and fails with what it said when it fails.
fn run(program: &str, args: &[&str]) -> Result<Output> {
    let out = Command::new(program).args(args).output().with_context(|| format!("start {program}"))?;
    if !out.status.success() {
        bail!(
            "{program} {}: {}\n{}{}",
            args.join(" "),
            out.status,
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
    }
    Ok(out)
}
