//! Shell completion and the man page, both made from the options themselves.

use clap::{Command, CommandFactory as _, Parser};
use clap_complete::Shell;

use crate::{
    args::{ExecArgs, PlaybookArgs},
    doc::DocCommand,
    exit,
    inventory::InventoryCommand,
    link::LinkCommand,
    output::screen::Screen,
    vault::VaultCommand,
    view::ConfigCommand,
};

/// `playbook completion SHELL`.
#[derive(Debug, Clone, Parser)]
#[command(name = "playbook completion", about = "Print completion for a shell", disable_version_flag = true)]
pub struct CompletionCommand {
    /// The shell
    pub shell: Shell,
    /// Complete this of Ansible's names instead of `playbook`
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

/// `playbook man`.
#[derive(Debug, Clone, Parser)]
#[command(name = "playbook man", about = "Print the man page", disable_version_flag = true)]
pub struct ManCommand {
    /// Print the page of one command
    pub command: Option<String>,
}

/// Every command under its own name.
fn commands() -> Vec<Command> {
    vec![
        PlaybookArgs::command().name("run"),
        ExecArgs::command().name("exec"),
        InventoryCommand::command().name("inventory"),
        VaultCommand::command().name("vault"),
        DocCommand::command().name("doc"),
        ConfigCommand::command().name("config"),
        LinkCommand::command().name("link"),
        CompletionCommand::command().name("completion"),
        ManCommand::command().name("man"),
    ]
}

/// The whole command line as one tree.
pub fn whole() -> Command {
    Command::new("playbook")
        .about("Runs Ansible's playbooks over SSH, without Python on either side")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .subcommands(commands())
}

/// Prints completion.
pub fn complete(command: CompletionCommand) -> i32 {
    let (mut tree, name) = match &command.name {
        None => (whole(), "playbook".to_owned()),
        Some(name) => {
            let wanted = crate::NAMES.iter().find(|(known, _)| known == name);
            let found =
                wanted.and_then(|(_, own)| commands().into_iter().find(|tree| tree.get_name() == *own));
            let Some(found) = found else {
                Screen::new(false).err(&format!("[ERROR]: there is no command '{name}'"), None);
                return exit::FAILED;
            };
            (found, name.clone())
        }
    };
    let mut text = Vec::new();
    clap_complete::generate(command.shell, &mut tree, name, &mut text);
    Screen::new(false).out(String::from_utf8_lossy(&text).trim_end(), None);
    exit::OK
}

/// Prints the man page.
pub fn man(command: ManCommand) -> i32 {
    let screen = Screen::new(false);
    let tree = match &command.command {
        None => whole(),
        Some(name) => match commands().into_iter().find(|tree| tree.get_name() == name) {
            Some(tree) => tree,
            None => {
                screen.err(&format!("[ERROR]: there is no command '{name}'"), None);
                return exit::FAILED;
            }
        },
    };
    let mut text = Vec::new();
    if clap_mangen::Man::new(tree).render(&mut text).is_err() {
        return exit::ERROR;
    }
    screen.out(String::from_utf8_lossy(&text).trim_end(), None);
    exit::OK
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        super::whole().debug_assert();
    }
}
