//! Who is measured, how each is installed (into `target/bench`) and how each is told what to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Scenario;
use super::measure::{self, Sample};
use crate::machines::Machines;

/// The ansible-core that is compared with; the same series as the one whose behaviour is followed.
const ANSIBLE: &str = "ansible-core==2.19.*";

/// One way to get the work done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contender {
    /// This repository's.
    Ours,
    /// One ssh that runs the same as one shell script: nothing can be faster.
    Ssh,
    /// ansible-core as its friends tune it: pipelining, 20 forks, ControlPersist.
    Ansible,
    /// ansible-core with mitogen's strategy.
    Mitogen,
    /// pyinfra.
    Pyinfra,
}

impl Contender {
    /// Everybody, ours first.
    pub const ALL: [Contender; 5] =
        [Contender::Ours, Contender::Ssh, Contender::Ansible, Contender::Mitogen, Contender::Pyinfra];

    /// The name in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Contender::Ours => "ours",
            Contender::Ssh => "ssh",
            Contender::Ansible => "ansible",
            Contender::Mitogen => "mitogen",
            Contender::Pyinfra => "pyinfra",
        }
    }

    /// Only the cheap tasks are written as a script.
    pub(super) fn does(self, scenario: &Scenario) -> bool {
        self != Contender::Ssh || scenario.name == "cheap"
    }

    /// Installs it where it is not installed.
    pub(super) fn prepare(self) -> Result<()> {
        let packages: &[&str] = match self {
            Contender::Ours | Contender::Ssh => return Ok(()),
            Contender::Ansible => &[ANSIBLE],
            Contender::Mitogen => &[ANSIBLE, "mitogen"],
            Contender::Pyinfra => &["pyinfra"],
        };
        let venv = self.venv();
        if venv.join("ready").exists() {
            return Ok(());
        }
        check(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        check(Command::new(venv.join("bin/pip")).args(["install", "--quiet"]).args(packages))?;
        Ok(fs::write(venv.join("ready"), "")?)
    }

    fn venv(self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench").join(self.name())
    }

    /// Its program, and the arguments that come before those of a scenario.
    pub(super) fn program(self, playbook: &Path) -> (Command, Option<PathBuf>) {
        match self {
            Contender::Ours => (Command::new(playbook), None),
            Contender::Ssh => (Command::new("ssh"), None),
            Contender::Ansible | Contender::Mitogen => {
                let strategy =
                    fs::read_dir(self.venv().join("lib")).ok().and_then(|mut entries| entries.next());
                let strategy = strategy
                    .and_then(Result::ok)
                    .map(|entry| entry.path().join("site-packages/ansible_mitogen/plugins/strategy"));
                let strategy = strategy.filter(|_| self == Contender::Mitogen);
                (Command::new(self.venv().join("bin/ansible-playbook")), strategy)
            }
            Contender::Pyinfra => (Command::new(self.venv().join("bin/pyinfra")), None),
        }
    }
}

fn check(command: &mut Command) -> Result<()> {
    let out = command.output().with_context(|| format!("start {:?}", command.get_program()))?;
    if !out.status.success() {
        bail!("{command:?}: {}\n{}", out.status, String::from_utf8_lossy(&out.stderr));
    }
    Ok(())
}

/// The inventories of one number of hosts.
pub(super) struct Bench<'a> {
    machines: &'a Machines,
    hosts: usize,
    playbook: &'a Path,
    folder: tempfile::TempDir,
}

impl<'a> Bench<'a> {
    pub(super) fn new(machines: &'a Machines, hosts: usize, playbook: &'a Path) -> Result<Bench<'a>> {
        let folder = tempfile::Builder::new().prefix("bench").tempdir()?;
        let names: Vec<&str> = machines.all().iter().take(hosts).map(|machine| machine.name()).collect();
        let all = fs::read_to_string(machines.inventory())?;
        let ini: Vec<&str> = all
            .lines()
            .filter(|line| {
                !line.contains(" ansible_host=") || names.iter().any(|n| line.starts_with(&format!("{n} ")))
            })
            .collect();
        fs::write(folder.path().join("inventory.ini"), ini.join("\n") + "\n")?;
        let mut python = String::from("hosts = [\n");
        for machine in machines.all().iter().take(hosts) {
            python += &format!(
                "    ({:?}, {{'ssh_hostname': {:?}, 'ssh_user': 'root', 'ssh_key': {:?}, 'ssh_known_hosts_file': {:?}}}),\n",
                machine.name(),
                machine.address(),
                machines.key(),
                machines.known_hosts(),
            );
        }
        fs::write(folder.path().join("inventory.py"), python + "]\n")?;
        Ok(Bench { machines, hosts, playbook, folder })
    }

    /// Runs a scenario once.
    pub(super) fn run(&self, contender: Contender, scenario: &Scenario, with_memory: bool) -> Result<Sample> {
        if scenario.cold {
            measure::end_leftovers()?;
        }
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench");
        let file = |extension: &str| files.join(scenario.name).with_extension(extension);
        let inventory = |extension: &str| self.folder.path().join("inventory").with_extension(extension);
        let (mut program, strategy) = contender.program(self.playbook);
        match contender {
            Contender::Ssh => {
                let script = format!(
                    "for m in {}; do ssh -F '{}' $m sh -s <'{}' & done; wait",
                    self.machines
                        .all()
                        .iter()
                        .take(self.hosts)
                        .map(|m| m.name())
                        .collect::<Vec<_>>()
                        .join(" "),
                    self.machines.ssh_config().display(),
                    file("sh").display()
                );
                program = Command::new("sh");
                program.args(["-c", &script]);
            }
            Contender::Ours => {
                program.arg("run").arg("-i").arg(inventory("ini")).args(["-f", "20"]).arg(file("yml"));
            }
            Contender::Ansible | Contender::Mitogen => {
                program.arg("-i").arg(inventory("ini")).args(["-f", "20"]).arg(file("yml"));
                program.env("ANSIBLE_PIPELINING", "True");
                program.env("ANSIBLE_SSH_ARGS", "-C -o ControlMaster=auto -o ControlPersist=60s");
                program.env("ANSIBLE_SSH_CONTROL_PATH_DIR", self.folder.path().join("cp"));
            }
            Contender::Pyinfra => {
                program.args(["--yes", "--limit", "all"]).arg(inventory("py")).arg(file("py"));
            }
        }
        if let Some(strategy) = strategy {
            program.env("ANSIBLE_STRATEGY", "mitogen_linear").env("ANSIBLE_STRATEGY_PLUGINS", strategy);
        }
        program.env_remove("ANSIBLE_CONFIG");
        measure::run(&mut program, &files, with_memory)
    }
}
