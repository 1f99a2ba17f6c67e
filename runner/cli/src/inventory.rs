//! `ansible-inventory`, and the programs that inventories may be.

use std::{path::Path, process::Command};

use clap::Parser;
use runner_playbook::inventory::{Output, RunScript};

use crate::{
    args::{InventoryArgs, RuntimeArgs, VaultArgs},
    exit,
};

/// Runs inventory programs of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Programs;

impl RunScript for Programs {
    fn run(&self, program: &Path, args: &[&str]) -> Result<Output, String> {
        let output = Command::new(program).args(args).output().map_err(|error| error.to_string())?;
        Ok(Output {
            status: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }
}

/// `ansible-inventory` and `playbook inventory`.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "ansible-inventory",
    about = "Show Ansible inventory information",
    disable_version_flag = true
)]
pub struct InventoryCommand {
    /// The name of a group in the inventory, relevant when using --graph
    pub group: Option<String>,
    /// Output all hosts info, works as inventory script
    #[arg(long)]
    pub list: bool,
    /// Output specific host info, works as inventory script
    #[arg(long)]
    pub host: Option<String>,
    /// create inventory graph
    #[arg(long)]
    pub graph: bool,
    /// Add vars to graph display, ignored unless used with --graph
    #[arg(long)]
    pub vars: bool,
    /// Use YAML format instead of default JSON
    #[arg(short = 'y', long)]
    pub yaml: bool,
    /// When doing --list, represent in a way that is optimized for export
    #[arg(long)]
    pub export: bool,
    /// base directory of the playbook
    #[arg(long)]
    pub playbook_dir: Option<std::path::PathBuf>,
    #[command(flatten)]
    pub inventory: InventoryArgs,
    #[command(flatten)]
    pub runtime: RuntimeArgs,
    #[command(flatten)]
    pub vault: VaultArgs,
}

/// Runs the command.
pub fn run(_command: InventoryCommand) -> i32 {
    exit::ERROR
}
