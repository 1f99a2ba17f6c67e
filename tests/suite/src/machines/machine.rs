//! One machine: an overlay over the Debian tree, booted by systemd-nspawn in cgroups of its own.

use std::fs;
use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::slot::{Slot, cgroup_roots};
use super::{path_str, run};

/// How long a boot may take; alone it is one second, thirty at once on two cores are twenty.
const BOOT_MAX: Duration = Duration::from_secs(90);

/// Pause between two looks at something that has no event to wait for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long killed processes may take to disappear.
const DEATH_MAX: Duration = Duration::from_secs(10);

/// One Debian machine.
#[derive(Debug, Clone)]
pub struct Machine {
    name: String,
    address: String,
    host_key: String,
    /// nspawn's name for it, also the name of its cgroups.
    unit: String,
    bridge: String,
    folder: PathBuf,
}

impl Machine {
    /// Lays out the machine's file system; it does not run yet.
    pub(super) fn create(slot: &Slot, tree: &Path, index: usize, name: &str) -> Result<Machine> {
        let folder = slot.folder().join(format!("machine-{}", index + 1));
        let mut machine = Machine {
            name: name.to_owned(),
            address: slot.address(index),
            host_key: String::new(),
            unit: format!("{}-{}", slot.name(), index + 1),
            bridge: slot.name().to_owned(),
            folder,
        };
        for part in ["upper", "work", "root"] {
            fs::create_dir_all(machine.folder.join(part))?;
        }
        let layers = format!(
            "lowerdir={},upperdir={},workdir={},volatile",
            path_str(tree)?,
            path_str(&machine.folder.join("upper"))?,
            path_str(&machine.folder.join("work"))?
        );
        run("mount", &["-t", "overlay", "overlay", "-o", &layers, path_str(machine.root().as_path())?])?;
        machine.furnish(slot).with_context(|| format!("furnish machine {name}"))?;
        Ok(machine)
    }

    /// Puts the address, the keys and the names into the machine's own layer.
    fn furnish(&mut self, slot: &Slot) -> Result<()> {
        let root = self.root();
        let network = format!(
            "[Match]\nName=host0\n[Network]\nAddress={}/24\nGateway={}\n[Link]\nRequiredForOnline=no\n",
            self.address,
            slot.gateway()
        );
        fs::write(root.join("etc/systemd/network/10-host0.network"), network)?;
        fs::write(root.join("etc/hostname"), format!("{}\n", self.name))?;
        fs::write(root.join("etc/hosts"), format!("127.0.0.1 localhost\n127.0.1.1 {}\n", self.name))?;
        let resolver = fs::read("/run/systemd/resolve/resolv.conf").or_else(|_| fs::read("/etc/resolv.conf"));
        fs::write(root.join("etc/resolv.conf"), resolver.unwrap_or_default())?;
        let key = root.join("etc/ssh/ssh_host_ed25519_key");
        run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", &self.name, "-f", path_str(&key)?])?;
        self.host_key = fs::read_to_string(key.with_extension("pub"))?.trim().to_owned();
        let public = fs::read(slot.key().with_extension("pub"))?;
        fs::create_dir_all(root.join("etc/ssh/authorized_keys"))?;
        for account in super::ACCOUNTS {
            let path = root.join("etc/ssh/authorized_keys").join(account.name);
            fs::write(&path, &public)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
        }
        Ok(())
    }

    /// The host name, also its name in the inventory.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The IPv4 address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The public host key, `ssh-ed25519 AAAA… NAME`.
    pub fn host_key(&self) -> &str {
        &self.host_key
    }

    /// The machine's file system as this host sees it; readable while the machine runs.
    pub fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    /// Everything the machine wrote to its console.
    pub fn console(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("console.log")).unwrap_or_default()).into_owned()
    }

    /// Boots the machine; returns before it is up, see [`Machine::wait_for_ssh`].
    pub fn power_on(&self) -> Result<()> {
        let groups: Vec<PathBuf> = cgroup_roots().iter().map(|root| root.join(&self.unit)).collect();
        let mut joins = String::new();
        for group in &groups {
            fs::create_dir_all(group).with_context(|| format!("create {}", group.display()))?;
            joins += &format!("echo $$ > {}/cgroup.procs && ", group.display());
        }
        // Without groups of their own, two machines would take each other's services for their own.
        let script = format!("{joins} exec systemd-nspawn \"$@\"");
        let console = fs::File::options().create(true).append(true).open(self.folder.join("console.log"))?;
        Command::new("sh")
            .args(["-c", &script, "sh", "--quiet", "-D", path_str(&self.root())?, "-M", &self.unit])
            .args(["--register=no", "--keep-unit", "--console=pipe", "-b", "--hostname", &self.name])
            .args([
                "--resolv-conf=off",
                "--timezone=off",
                "--link-journal=no",
                "--network-bridge",
                &self.bridge,
            ])
            // Roles tune net.*; what is below it belongs to the machine's own network namespace.
            .env("SYSTEMD_NSPAWN_API_VFS_WRITABLE", "network")
            .stdin(Stdio::null())
            .stdout(console.try_clone()?)
            .stderr(console)
            .process_group(0)
            .spawn()
            .context("start systemd-nspawn")?;
        Ok(())
    }

    /// Cuts the power: every process of the machine is gone when this returns, its disk stays.
    pub fn power_off(&self) -> Result<()> {
        fs::write(self.group().join("cgroup.kill"), "1").context("kill the machine")?;
        let deadline = Instant::now() + DEATH_MAX;
        while fs::read_to_string(self.group().join("cgroup.events"))?.contains("populated 1") {
            if Instant::now() > deadline {
                bail!("machine {} did not die within {DEATH_MAX:?}", self.name);
            }
            pause();
        }
        Ok(())
    }

    /// Stops the machine in its tracks: it keeps its connections and answers nothing.
    pub fn freeze(&self) -> Result<()> {
        Ok(fs::write(self.group().join("cgroup.freeze"), "1")?)
    }

    /// Lets a frozen machine go on.
    pub fn thaw(&self) -> Result<()> {
        Ok(fs::write(self.group().join("cgroup.freeze"), "0")?)
    }

    /// Pulls the network cable (`false`) or plugs it in again (`true`).
    pub fn plug(&self, plugged: bool) -> Result<()> {
        let state = if plugged { "up" } else { "down" };
        run("ip", &["link", "set", &format!("vb-{}", self.unit), state])?;
        Ok(())
    }

    /// Runs a shell script inside the machine as root, without SSH.
    pub fn run(&self, script: &str) -> Result<Output> {
        let scope = self.group().join("payload/init.scope/cgroup.procs");
        let pids = fs::read_to_string(scope).with_context(|| format!("machine {} is not up", self.name))?;
        let init = pids.lines().next().context("the machine has no init")?;
        Command::new("nsenter")
            .args([
                "-t", init, "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wdns=/", "sh", "-c",
                script,
            ])
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", "/root")
            .output()
            .context("enter the machine")
    }

    /// Like [`Machine::run`], but fails when the script does, and answers with its output.
    pub fn check(&self, script: &str) -> Result<String> {
        let out = self.run(script)?;
        if !out.status.success() {
            bail!("{script}: {}\n{}", out.status, String::from_utf8_lossy(&out.stderr));
        }
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    }

    /// Waits until the machine says its SSH banner.
    pub fn wait_for_ssh(&self) -> Result<()> {
        let address: SocketAddr = format!("{}:22", self.address).parse()?;
        let deadline = Instant::now() + BOOT_MAX;
        while !says_banner(&address) {
            if Instant::now() > deadline {
                bail!(
                    "machine {} did not offer SSH within {BOOT_MAX:?}; its console:\n{}",
                    self.name,
                    self.console()
                );
            }
            pause();
        }
        Ok(())
    }

    fn group(&self) -> PathBuf {
        cgroup_roots().first().map(|root| root.join(&self.unit)).unwrap_or_default()
    }
}

fn says_banner(address: &SocketAddr) -> bool {
    let limit = Duration::from_millis(500);
    let Ok(mut stream) = TcpStream::connect_timeout(address, limit) else { return false };
    let mut start = [0; 4];
    stream.set_read_timeout(Some(limit)).is_ok() && stream.read_exact(&mut start).is_ok() && &start == b"SSH-"
}

#[expect(clippy::disallowed_methods, reason = "another machine's boot and death have no event to wait for")]
fn pause() {
    std::thread::sleep(LOOK_EVERY);
}
