//! `playbook link`: this program under Ansible's names, so that scripts and habits go on working.

use std::path::PathBuf;

use clap::Parser;

use crate::{
    NAMES, exit,
    output::screen::{Colour, Screen},
};

/// `playbook link DIR`.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "playbook link",
    about = "Make links to this program under Ansible's names",
    disable_version_flag = true
)]
pub struct LinkCommand {
    /// Where to put the links
    pub dir: PathBuf,
    /// Replace files that are no links of this program
    #[arg(long)]
    pub force: bool,
    /// Remove the links
    #[arg(long)]
    pub remove: bool,
}

/// Runs the command.
pub fn run(command: LinkCommand) -> i32 {
    let screen = Screen::new(false);
    match links(&command, &screen) {
        Ok(()) => exit::OK,
        Err(why) => {
            screen.err(&format!("[ERROR]: {why}"), Some(Colour::Error));
            exit::ERROR
        }
    }
}

fn links(command: &LinkCommand, screen: &Screen) -> Result<(), String> {
    let own = std::env::current_exe().map_err(|error| format!("could not find this program: {error}"))?;
    let told = |error: std::io::Error| format!("could not link in {}: {error}", command.dir.display());
    if !command.remove {
        std::fs::create_dir_all(&command.dir).map_err(told)?;
    }
    for (name, _) in NAMES {
        let place = command.dir.join(name);
        let is_ours = std::fs::read_link(&place).is_ok_and(|target| target.file_name() == own.file_name());
        let exists = place.symlink_metadata().is_ok();
        if command.remove {
            if is_ours {
                std::fs::remove_file(&place).map_err(told)?;
                screen.out(&format!("removed {}", place.display()), None);
            }
            continue;
        }
        if exists && !is_ours && !command.force {
            return Err(format!("{} is there already; --force replaces it", place.display()));
        }
        if exists {
            std::fs::remove_file(&place).map_err(told)?;
        }
        std::os::unix::fs::symlink(&own, &place).map_err(told)?;
        screen.out(&format!("{} -> {}", place.display(), own.display()), None);
    }
    Ok(())
}
