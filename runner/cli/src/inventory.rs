//! `ansible-inventory`: hosts, groups and variables as JSON, YAML, TOML or a tree.

mod constructed;
mod generator;
mod options;
mod programs;
mod show;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, path::PathBuf, sync::Arc};

use clap::Parser;
use runner_playbook::{
    inventory::{InventoryLoader, InventoryVars, list::View},
    node::Map,
};
use runner_template::{Templar, Vars};

use crate::{
    args::{InventoryArgs, RuntimeArgs, VaultArgs},
    config::Config,
    exit,
    output::{json, screen::Screen},
    reader, secrets,
    setup::{Base, Refusal},
};

/// `ansible-inventory` and `playbook inventory`.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "ansible-inventory",
    about = "Show Ansible inventory information, by default it uses the inventory script JSON format",
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
    /// create inventory graph, if supplying pattern it must be a valid group name
    #[arg(long)]
    pub graph: bool,
    /// Add vars to graph display, ignored unless used with --graph
    #[arg(long)]
    pub vars: bool,
    /// Use YAML format instead of default JSON, ignored for --graph
    #[arg(short = 'y', long)]
    pub yaml: bool,
    /// Use TOML format instead of default JSON, ignored for --graph
    #[arg(long)]
    pub toml: bool,
    /// When doing --list, represent in a way that is optimized for export
    #[arg(long)]
    pub export: bool,
    /// When doing --list, send the inventory to a file instead of to the screen
    #[arg(long = "output", value_name = "OUTPUT_FILE")]
    pub output_file: Option<PathBuf>,
    /// Since this tool does not use playbooks, use this as a substitute playbook directory
    #[arg(long)]
    pub playbook_dir: Option<PathBuf>,
    #[command(flatten)]
    pub inventory: InventoryArgs,
    #[command(flatten)]
    pub runtime: RuntimeArgs,
    #[command(flatten)]
    pub vault: VaultArgs,
}

/// Gives a loader of inventories the programs and plugins of this machine.
pub fn equip(reader: &mut InventoryLoader, templar: &Templar, extra: &Map) {
    reader.scripts = Arc::new(programs::Programs);
    let constructed = constructed::Constructed {
        templar: templar.clone(),
        loader: reader.loader.clone(),
        extra: Vars::from_node_map(extra),
    };
    reader.plugins = vec![Arc::new(constructed), Arc::new(generator::Generator { templar: templar.clone() })];
}

/// Runs the command.
pub fn run(command: InventoryCommand) -> i32 {
    let config = Config::load();
    let screen = Screen::new(reader::coloured(&config));
    match prepared(&command, config) {
        Ok(code) => code,
        Err(refusal) => refusal.print(&screen),
    }
}

fn refuse(message: &str) -> Refusal {
    Refusal { message: message.to_owned(), code: exit::OPTIONS }
}

fn prepared(command: &InventoryCommand, config: Config) -> Result<i32, Refusal> {
    let export = command.export || config.flag("inventory.export") == Some(true);
    match usize::from(command.list) + usize::from(command.host.is_some()) + usize::from(command.graph) {
        0 => {
            return Err(refuse(
                "No action selected, at least one of --host, --graph or --list needs to be specified.",
            ));
        }
        1 => {}
        _ => {
            return Err(refuse(
                "Conflicting options used, only one of --host, --graph or --list can be used at the same time.",
            ));
        }
    }
    let secrets = secrets::secrets(&command.vault, &config, true).map_err(Refusal::new)?;
    let base = Base::new(&command.runtime, secrets, config)?;
    let mut inventory = base.inventory(&command.inventory)?;
    let limit = base.limit(&command.inventory)?;
    let mut only = None;
    if !limit.is_empty() {
        let hosts: HashSet<Arc<str>> = inventory.select(&limit).0.into_iter().collect();
        only = Some(hosts);
    }
    if let Some(host) = &command.host {
        let (hosts, problems) = inventory.select(std::slice::from_ref(host));
        problems.iter().for_each(|problem| base.problem(problem));
        if hosts.len() != 1 {
            return Err(refuse("You must pass a single valid host to --host parameter"));
        }
    }
    let dir = command.playbook_dir.clone().or_else(|| std::env::current_dir().ok());
    let vars = InventoryVars::new(base.loader.clone(), &inventory, dir);
    let view = View { inventory: &inventory, vars: &vars, extra: &base.extra, only: only.as_ref(), export };
    let text = if command.graph {
        show::graph(&view, command.group.as_deref().unwrap_or("all"), command.vars)
            .ok_or_else(|| refuse("Pattern must be valid group name when using --graph"))?
    } else if let Some(host) = &command.host {
        let found = inventory.host(host).map_or_else(|| Arc::from(host.as_str()), |found| found.name.clone());
        show::map(&base.templar, &view.host_vars(&found), command.yaml, command.toml).map_err(Refusal::new)?
    } else if command.yaml || command.toml {
        show::map(&base.templar, &show::tree(&view), command.yaml, command.toml).map_err(Refusal::new)?
    } else {
        json::dumps(&view.list(), Some(4))
    };
    vars.take_problems().iter().for_each(|problem| base.problem(problem));
    match command.output_file.as_ref().filter(|_| command.list) {
        None => base.screen.out(&text, None),
        Some(path) => std::fs::write(path, text).map_err(|error| {
            Refusal::new(format!("Unable to write to destination file ({}): {error}", path.display()))
        })?,
    }
    Ok(exit::OK)
}
