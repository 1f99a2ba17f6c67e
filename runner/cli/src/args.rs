//! The command line: ansible-playbook's options under its own names.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser};

/// `ansible-playbook` and `playbook run`.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "ansible-playbook",
    about = "Runs Ansible playbooks, executing the defined tasks on the targeted hosts.",
    disable_version_flag = true
)]
pub struct PlaybookArgs {
    /// Playbook(s)
    #[arg(required = true, value_name = "playbook")]
    pub playbooks: Vec<PathBuf>,
    #[command(flatten)]
    pub inventory: InventoryArgs,
    #[command(flatten)]
    pub runtime: RuntimeArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub elevation: BecomeArgs,
    #[command(flatten)]
    pub vault: VaultArgs,
    /// perform a syntax check on the playbook, but do not execute it
    #[arg(long)]
    pub syntax_check: bool,
    /// list all tasks that would be executed
    #[arg(long)]
    pub list_tasks: bool,
    /// list all available tags
    #[arg(long)]
    pub list_tags: bool,
    /// outputs a list of matching hosts; does not execute anything else
    #[arg(long)]
    pub list_hosts: bool,
    /// one-step-at-a-time: confirm each task before running
    #[arg(long)]
    pub step: bool,
    /// start the playbook at the task matching this name
    #[arg(long, value_name = "START_AT_TASK")]
    pub start_at_task: Option<String>,
    /// run handlers even if a task fails
    #[arg(long)]
    pub force_handlers: bool,
    /// clear the fact cache for every host in inventory
    #[arg(long)]
    pub flush_cache: bool,
    /// only run plays and tasks tagged with these values
    #[arg(short = 't', long, action = ArgAction::Append)]
    pub tags: Vec<String>,
    /// only run plays and tasks whose tags do not match these values
    #[arg(long, action = ArgAction::Append)]
    pub skip_tags: Vec<String>,
}

/// Where hosts come from.
#[derive(Debug, Clone, Args)]
pub struct InventoryArgs {
    /// specify inventory host path or comma separated host list
    #[arg(short = 'i', long = "inventory", visible_alias = "inventory-file", action = ArgAction::Append)]
    pub inventory: Vec<String>,
    /// further limit selected hosts to an additional pattern
    #[arg(short = 'l', long = "limit", value_name = "SUBSET", allow_hyphen_values = true)]
    pub limit: Option<String>,
}

/// How to run.
#[derive(Debug, Clone, Args)]
pub struct RuntimeArgs {
    /// specify number of parallel processes to use (default=5)
    #[arg(short = 'f', long)]
    pub forks: Option<usize>,
    /// set additional variables as key=value or YAML/JSON, if filename prepend with @
    #[arg(short = 'e', long = "extra-vars", action = ArgAction::Append)]
    pub extra_vars: Vec<String>,
    /// don't make any changes; instead, try to predict some of the changes that may occur
    #[arg(short = 'C', long)]
    pub check: bool,
    /// when changing (small) files and templates, show the differences in those files
    #[arg(short = 'D', long)]
    pub diff: bool,
    /// print more debug messages (-vvv for more)
    #[arg(short = 'v', long, action = ArgAction::Count)]
    pub verbose: u8,
    /// prepend colon-separated path(s) to module library (accepted and not used: modules are native)
    #[arg(short = 'M', long, action = ArgAction::Append)]
    pub module_path: Vec<String>,
}

/// How to reach machines.
#[derive(Debug, Clone, Args)]
pub struct ConnectionArgs {
    /// connect as this user (default=None)
    #[arg(short = 'u', long = "user", value_name = "REMOTE_USER")]
    pub user: Option<String>,
    /// connection type to use (default=ssh)
    #[arg(short = 'c', long)]
    pub connection: Option<String>,
    /// override the connection timeout in seconds
    #[arg(short = 'T', long)]
    pub timeout: Option<u64>,
    /// use this file to authenticate the connection
    #[arg(long = "private-key", visible_alias = "key-file")]
    pub private_key: Option<String>,
    /// specify common arguments to pass to sftp/scp/ssh
    #[arg(long, allow_hyphen_values = true)]
    pub ssh_common_args: Option<String>,
    /// specify extra arguments to pass to ssh only
    #[arg(long, allow_hyphen_values = true)]
    pub ssh_extra_args: Option<String>,
    /// specify extra arguments to pass to sftp only
    #[arg(long, allow_hyphen_values = true)]
    pub sftp_extra_args: Option<String>,
    /// specify extra arguments to pass to scp only
    #[arg(long, allow_hyphen_values = true)]
    pub scp_extra_args: Option<String>,
    /// ask for connection password
    #[arg(short = 'k', long)]
    pub ask_pass: bool,
    /// Connection password file
    #[arg(long, visible_alias = "conn-pass-file", conflicts_with = "ask_pass")]
    pub connection_password_file: Option<PathBuf>,
}

/// Whom to become.
#[derive(Debug, Clone, Args)]
pub struct BecomeArgs {
    /// run operations with become (does not imply password prompting)
    #[arg(short = 'b', long = "become")]
    pub r#become: bool,
    /// privilege escalation method to use (default=sudo)
    #[arg(long)]
    pub become_method: Option<String>,
    /// run operations as this user (default=root)
    #[arg(long)]
    pub become_user: Option<String>,
    /// ask for privilege escalation password
    #[arg(short = 'K', long)]
    pub ask_become_pass: bool,
    /// Become password file
    #[arg(long, visible_alias = "become-pass-file", conflicts_with = "ask_become_pass")]
    pub become_password_file: Option<PathBuf>,
}

/// Vault secrets.
#[derive(Debug, Clone, Default, Args)]
pub struct VaultArgs {
    /// the vault identity to use
    #[arg(long, action = ArgAction::Append)]
    pub vault_id: Vec<String>,
    /// vault password file
    #[arg(long, visible_alias = "vault-pass-file", action = ArgAction::Append)]
    pub vault_password_file: Vec<PathBuf>,
    /// ask for vault password
    #[arg(short = 'J', long, visible_alias = "ask-vault-password")]
    pub ask_vault_pass: bool,
}

/// `ansible` and `playbook exec`: one task on a pattern of hosts.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "ansible",
    about = "Define and run a single task 'playbook' against a set of hosts",
    disable_version_flag = true
)]
pub struct ExecArgs {
    /// host pattern
    pub pattern: String,
    /// Name of the action to execute (default=command)
    #[arg(short = 'm', long, default_value = "command")]
    pub module_name: String,
    /// The action's options in space separated k=v format: -a 'opt1=val1 opt2=val2' or a json string
    #[arg(short = 'a', long = "args", default_value = "", allow_hyphen_values = true)]
    pub module_args: String,
    /// condense output
    #[arg(short = 'o', long)]
    pub one_line: bool,
    /// set task timeout limit in seconds, must be positive integer
    #[arg(long)]
    pub task_timeout: Option<u64>,
    /// log output to this directory
    #[arg(short = 't', long)]
    pub tree: Option<PathBuf>,
    /// run asynchronously, failing after X seconds (default=N/A)
    #[arg(short = 'B', long, value_name = "SECONDS")]
    pub background: Option<u64>,
    /// set the poll interval if using -B (default=15)
    #[arg(short = 'P', long)]
    pub poll: Option<u64>,
    /// clear the fact cache for every host in inventory
    #[arg(long)]
    pub flush_cache: bool,
    /// Since this tool does not use playbooks, use this as a substitute playbook directory
    #[arg(long)]
    pub playbook_dir: Option<PathBuf>,
    /// outputs a list of matching hosts; does not execute anything else
    #[arg(long)]
    pub list_hosts: bool,
    #[command(flatten)]
    pub inventory: InventoryArgs,
    #[command(flatten)]
    pub runtime: RuntimeArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub elevation: BecomeArgs,
    #[command(flatten)]
    pub vault: VaultArgs,
}
