//! The playbook command.
//!
//! For: turning a command line, `ansible.cfg` and the environment into a run of the engine, and its events into
//! what Ansible prints. Never: rules of Ansible's semantics; those are in the crates below.
//! Start reading at `main` here (which name was it called under), then `setup.rs` and `run.rs`.

mod args;
mod config;
mod doc;
mod exec;
pub mod exit;
mod facts;
mod inventory;
mod link;
mod listing;
mod manual;
mod names;
mod operator;
pub mod output;
mod reader;
mod run;
mod secrets;
mod setup;
mod vault;
mod version;
mod view;

use std::{ffi::OsString, path::Path};

use clap::Parser as _;

/// The version of ansible-core whose behaviour this is.
pub const ANSIBLE_VERSION: &str = "2.19.14";

/// Names under which this program is Ansible's of the same name, and the subcommand each stands for.
const NAMES: &[(&str, &str)] = &[
    ("ansible-playbook", "run"),
    ("ansible", "exec"),
    ("ansible-inventory", "inventory"),
    ("ansible-vault", "vault"),
    ("ansible-doc", "doc"),
    ("ansible-config", "config"),
];

/// What the subcommands do, for the help of `playbook` alone.
const HELP: &str = "Usage: playbook COMMAND [OPTIONS]

Commands:
  run        run playbooks (ansible-playbook)
  exec       run one task on some hosts (ansible)
  inventory  show the inventory (ansible-inventory)
  vault      encrypt and decrypt files (ansible-vault)
  doc        show a module's options (ansible-doc)
  config     show settings (ansible-config)
  link       make links to this program under Ansible's names
  completion print completion for a shell
  man        print the man page

Every command has --help.";

/// Runs the program; returns its exit code.
pub fn main(mut args: Vec<OsString>) -> i32 {
    let program = args.first().cloned().unwrap_or_default();
    let name =
        Path::new(&program).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let known = NAMES.iter().find(|(known, _)| *known == name);
    let command = match known {
        Some((_, command)) => {
            args.remove(0);
            (*command).to_owned()
        }
        None => {
            let Some(command) = args.get(1).map(|word| word.to_string_lossy().into_owned()) else {
                output::screen::Screen::new(false).out(HELP, None);
                return exit::ERROR;
            };
            args.drain(..2);
            command
        }
    };
    let called = known.map_or_else(|| format!("playbook {command}"), |(name, _)| (*name).to_owned());
    if args.iter().any(|arg| arg == "--version") {
        version::print(&called);
        return exit::OK;
    }
    args.insert(0, OsString::from(&called));
    dispatch(&command, args)
}

fn dispatch(command: &str, args: Vec<OsString>) -> i32 {
    let screen = output::screen::Screen::new(false);
    match command {
        "run" => parsed(args::PlaybookArgs::try_parse_from(args), run::run),
        "exec" => parsed(args::ExecArgs::try_parse_from(args), exec::run),
        "inventory" => parsed(inventory::InventoryCommand::try_parse_from(args), inventory::run),
        "vault" => parsed(vault::VaultCommand::try_parse_from(args), vault::run),
        "doc" => parsed(doc::DocCommand::try_parse_from(args), doc::run),
        "config" => parsed(view::ConfigCommand::try_parse_from(args), view::run),
        "link" => parsed(link::LinkCommand::try_parse_from(args), link::run),
        "completion" => parsed(manual::CompletionCommand::try_parse_from(args), manual::complete),
        "man" => parsed(manual::ManCommand::try_parse_from(args), manual::man),
        "--help" | "-h" | "help" => {
            screen.out(HELP, None);
            exit::OK
        }
        other => {
            screen.err(&format!("[ERROR]: there is no command '{other}'\n\n{HELP}"), None);
            exit::FAILED
        }
    }
}

fn parsed<T>(args: Result<T, clap::Error>, run: fn(T) -> i32) -> i32 {
    match args {
        Ok(args) => run(args),
        Err(error) => {
            let shown = error.render().to_string();
            let screen = output::screen::Screen::new(false);
            if error.use_stderr() {
                screen.err(shown.trim_end(), None);
                exit::FAILED
            } else {
                screen.out(shown.trim_end(), None);
                exit::OK
            }
        }
    }
}
