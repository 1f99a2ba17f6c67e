//! One numbered set of names, addresses and folders; a lock says who has it, a keeper process cleans it up.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::{path_str, run};

/// Where all sets live; on disk, so that a hundred machines do not eat the memory.
const BASE: &str = "/var/tmp/streaming-machines";

/// Sets at the same time on one host: each takes one /24 of 172.29.0.0/16.
const SLOTS_MAX: u8 = 200;

/// Holds the process id of `machines up`'s holder.
pub(super) const HOLDER_FILE: &str = "holder.pid";

const KEEPER: &str = include_str!("keeper.sh");

/// A taken slot. Dropping it ends the machines and waits until every trace is gone.
#[derive(Debug)]
pub(super) struct Slot {
    number: u8,
    name: String,
    folder: PathBuf,
    keeper: Child,
}

impl Slot {
    /// Takes the first free slot, after removing what dead processes left, and builds its bridge.
    pub(super) fn take(internet: bool) -> Result<Slot> {
        reap()?;
        for number in 0..SLOTS_MAX {
            let Some(lock) = lock(number)? else { continue };
            let folder = folder(number);
            fs::DirBuilder::new().mode(0o755).create(&folder).context("create the folder of the machines")?;
            let keeper = keeper(number, Stdio::piped(), lock)?;
            let slot = Slot { number, name: name(number), folder, keeper };
            slot.build_bridge().context("build the bridge of the machines")?;
            if internet {
                slot.open_to_the_outside().context("connect the machines to the outer network")?;
            }
            return Ok(slot);
        }
        bail!("all {SLOTS_MAX} sets of machines are in use")
    }

    /// Prefix of everything of this slot; also the name of its bridge.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn key(&self) -> PathBuf {
        self.folder.join("id_ed25519")
    }

    /// The address of this host on the bridge.
    pub(super) fn gateway(&self) -> String {
        format!("172.29.{}.1", self.number)
    }

    /// The address of the machine with this index.
    pub(super) fn address(&self, index: usize) -> String {
        format!("172.29.{}.{}", self.number, index + 11)
    }

    fn build_bridge(&self) -> Result<()> {
        run("ip", &["link", "add", &self.name, "type", "bridge"])?;
        run("ip", &["address", "add", &format!("{}/24", self.gateway()), "dev", &self.name])?;
        run("ip", &["link", "set", &self.name, "up"])?;
        Ok(())
    }

    fn open_to_the_outside(&self) -> Result<()> {
        // Only these two devices forward. The outer one keeps the switch afterwards: other sets may need it.
        let routes = run("ip", &["-4", "route", "show", "default"])?;
        let routes = String::from_utf8_lossy(&routes.stdout).into_owned();
        let outer = routes.split_whitespace().skip_while(|word| *word != "dev").nth(1);
        for device in [self.name.as_str(), outer.context("this host has no default route")?] {
            fs::write(format!("/proc/sys/net/ipv4/conf/{device}/forwarding"), "1")?;
        }
        let subnet = subnet(self.number);
        let rules: [&[&str]; 3] = [
            &["-t", "nat", "-A", "POSTROUTING", "-s", &subnet, "!", "-o", &self.name, "-j", "MASQUERADE"],
            // A host that drops forwarded packets by default (Docker does) needs these two.
            &["-I", "FORWARD", "-i", &self.name, "-j", "ACCEPT"],
            &["-I", "FORWARD", "-o", &self.name, "-j", "ACCEPT"],
        ];
        for rule in rules {
            run("iptables", &[&["-w"], rule].concat())?;
        }
        Ok(())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // The end of its stdin is the keeper's signal.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Removes the slots whose owner and keeper are both gone.
pub(super) fn reap() -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o755).create(BASE)?;
    for number in taken()? {
        if let Some(lock) = lock(number)? {
            keeper(number, Stdio::null(), lock)?.wait()?;
        }
    }
    Ok(())
}

/// Ends the holders of `machines up` and waits for their keepers.
pub(super) fn end_held() -> Result<usize> {
    let mut ended = 0;
    for number in taken().unwrap_or_default() {
        let Ok(pid) = fs::read_to_string(folder(number).join(HOLDER_FILE)) else { continue };
        let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        // A recycled process id must not cost a stranger's life.
        if command.split('\0').any(|word| word == "hold") {
            run("kill", &[pid.trim()])?;
            ended += 1;
        }
        File::open(lock_path(number))?.lock().context("wait for the keeper")?;
    }
    reap()?;
    Ok(ended)
}

/// The cgroup hierarchies a machine gets groups in: cgroup2, and systemd's own where the two are mixed.
pub(super) fn cgroup_roots() -> Vec<PathBuf> {
    let v2 = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
        .into_iter()
        .find(|root| Path::new(root).join("cgroup.controllers").exists());
    let Some(v2) = v2 else { return Vec::new() };
    let mut roots = vec![PathBuf::from(v2)];
    roots.extend(
        Some(PathBuf::from("/sys/fs/cgroup/systemd")).filter(|root| root.join("cgroup.procs").exists()),
    );
    roots
}

fn taken() -> Result<Vec<u8>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(BASE)? {
        // Locks and notes have names that are no numbers.
        numbers.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u8>().ok()));
    }
    Ok(numbers)
}

fn name(number: u8) -> String {
    format!("sm{number}")
}

fn folder(number: u8) -> PathBuf {
    Path::new(BASE).join(number.to_string())
}

fn subnet(number: u8) -> String {
    format!("172.29.{number}.0/24")
}

fn lock_path(number: u8) -> PathBuf {
    Path::new(BASE).join(format!("{number}.lock"))
}

/// The slot's lock, unless somebody has it.
fn lock(number: u8) -> Result<Option<File>> {
    let file = File::options()
        .create(true)
        .append(true)
        .open(lock_path(number))
        .context("open a lock of the machines")?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(e)) => Err(e).context("lock a set of machines"),
    }
}

fn keeper(number: u8, stdin: Stdio, lock: File) -> Result<Child> {
    let script = Path::new(BASE).join(format!("{number}.keeper.sh"));
    let mut file = File::create(&script)?;
    file.set_permissions(fs::Permissions::from_mode(0o700))?;
    file.write_all(KEEPER.as_bytes())?;
    let log = File::create(Path::new(BASE).join(format!("{number}.keeper.log")))?;
    Command::new("sh")
        .args([path_str(&script)?, &name(number), path_str(&folder(number))?, &subnet(number)])
        .stdin(stdin)
        .stdout(lock)
        .stderr(log)
        // Out of our process group, so that Ctrl-C reaches us and not the one who cleans up after us.
        .process_group(0)
        .spawn()
        .context("start the keeper of the machines")
}
