//! `ansible-config`: which settings are read, what they are set to, and by what.

use clap::{Parser, Subcommand};
use serde_json::{Map, json};

use crate::{
    config::{Config, SETTINGS},
    exit,
    output::{
        json,
        screen::{Colour, Screen},
    },
};

/// `ansible-config` and `playbook config`.
#[derive(Debug, Clone, Parser)]
#[command(name = "ansible-config", about = "View ansible configuration.", disable_version_flag = true)]
pub struct ConfigCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Clone, Subcommand)]
enum Action {
    /// Print all config options
    List(Format),
    /// Dump configuration
    Dump {
        #[command(flatten)]
        format: Format,
        /// Only show configurations that have changed from the default
        #[arg(long, visible_alias = "changed-only")]
        only_changed: bool,
    },
    /// View configuration file
    View {
        /// path to configuration file, defaults to first file found in precedence
        #[arg(short = 'c', long)]
        config: Option<std::path::PathBuf>,
    },
    /// Create initial configuration
    Init {
        /// Prefixes all entries with a comment character to disable them
        #[arg(long)]
        disabled: bool,
    },
}

#[derive(Debug, Clone, clap::Args)]
struct Format {
    /// Output format
    #[arg(short = 'f', long, default_value = "display", value_parser = ["display", "json"])]
    format: String,
    /// path to configuration file, defaults to first file found in precedence
    #[arg(short = 'c', long)]
    config: Option<std::path::PathBuf>,
}

/// Runs the command.
pub fn run(command: ConfigCommand) -> i32 {
    let screen = Screen::new(false);
    let load =
        |path: &Option<std::path::PathBuf>| path.as_ref().map_or_else(Config::load, |path| Config::of(path));
    match command.action {
        Action::List(format) => list(&format, &screen),
        Action::Dump { format, only_changed } => dump(&load(&format.config), &format, only_changed, &screen),
        Action::View { config } => return view(&load(&config), &screen),
        Action::Init { disabled } => init(disabled, &screen),
    }
    exit::OK
}

fn list(format: &Format, screen: &Screen) {
    if format.format == "json" {
        let all: Map<String, serde_json::Value> =
            SETTINGS.iter().map(|(key, names)| ((*key).to_owned(), json!({"env": names}))).collect();
        screen.out(&json::dumps_map(&all, Some(4)), None);
        return;
    }
    for (key, names) in SETTINGS {
        let (section, name) = key.split_once('.').unwrap_or(("defaults", key));
        screen.out(&format!("[{section}] {name}  env: {}", names.join(", ")), None);
    }
}

fn dump(config: &Config, format: &Format, only_changed: bool, screen: &Screen) {
    let mut all = Vec::new();
    let file = config.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    for (key, names) in SETTINGS {
        let variable = names.iter().find(|name| std::env::var_os(name).is_some());
        let value = config.get(key);
        let origin = match (&value, variable) {
            (None, _) => "default".to_owned(),
            (Some(_), Some(name)) => format!("env: {name}"),
            (Some(_), None) => file.clone(),
        };
        if value.is_some() || !only_changed {
            all.push((*key, value, origin));
        }
    }
    if format.format == "json" {
        let list: Vec<_> = all
            .iter()
            .map(|(key, value, origin)| json!({"name": key, "value": value, "origin": origin}))
            .collect();
        screen.out(&json::dumps(&json!(list), Some(4)), None);
        return;
    }
    for (key, value, origin) in all {
        let colour = if origin == "default" { Colour::Ok } else { Colour::Changed };
        screen
            .out(&format!("{key}({origin}) = {}", value.unwrap_or_else(|| "None".to_owned())), Some(colour));
    }
}

fn view(config: &Config, screen: &Screen) -> i32 {
    let Some(path) = &config.path else {
        screen.err("[ERROR]: Invalid or no config file was supplied", Some(Colour::Error));
        return exit::OPTIONS;
    };
    match std::fs::read_to_string(path) {
        Ok(text) => {
            screen.out(text.strip_suffix('\n').unwrap_or(&text), None);
            exit::OK
        }
        Err(error) => {
            screen.err(&format!("[ERROR]: could not read {}: {error}", path.display()), Some(Colour::Error));
            exit::ERROR
        }
    }
}

fn init(disabled: bool, screen: &Screen) {
    let mut last = "";
    for (key, names) in SETTINGS {
        let (section, name) = key.split_once('.').unwrap_or(("defaults", key));
        if section != last {
            screen.out(&format!("[{section}]"), None);
            last = section;
        }
        let mark = if disabled { ";" } else { "# " };
        screen.out(&format!("# env: {}\n{mark}{name}=\n", names.join(", ")), None);
    }
}
