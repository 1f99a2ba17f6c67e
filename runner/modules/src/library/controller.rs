//! Options of the modules that run on the controller only; the engine has their code.

use crate::Spec;

/// `action_core` and others: no half on the machine.
pub static SPECS: &[&Spec] = &[
    &ADD_HOST,
    &ASSERT,
    &DEBUG,
    &FAIL,
    &FETCH,
    &GROUP_BY,
    &IMPORT_PLAYBOOK,
    &IMPORT_ROLE,
    &IMPORT_TASKS,
    &INCLUDE_ROLE,
    &INCLUDE_TASKS,
    &INCLUDE_VARS,
    &META,
    &PAUSE,
    &RAW,
    &REBOOT,
    &SCRIPT,
    &SET_FACT,
    &SET_STATS,
    &TEMPLATE,
    &VALIDATE_ARGUMENT_SPEC,
    &WAIT_FOR_CONNECTION,
    &GATHER_FACTS,
    &SYNCHRONIZE,
];

static ADD_HOST: Spec = Spec::new(
    "ansible.builtin.add_host",
    "Adds a host, and groups for it, to the inventory in memory.",
    "name(host|hostname) str! # The host to add.
groups(group|groupname) list:str # The groups it belongs to.",
)
.open();

static ASSERT: Spec = Spec::new(
    "ansible.builtin.assert",
    "Fails unless expressions are true.",
    "that raw! # Expressions, as in `when`.
fail_msg(msg) raw # What to say when one is false.
success_msg raw # What to say when all are true.
quiet bool =false # Say less.",
);

static DEBUG: Spec = Spec::new(
    "ansible.builtin.debug",
    "Prints a message or a variable.",
    "msg raw =Hello world! # The message.
var raw # The variable to show; not together with msg.
verbosity int =0 # Say it only with as many -v.",
);

static FAIL: Spec = Spec::new(
    "ansible.builtin.fail",
    "Fails with a message.",
    "msg str =Failed as requested from task # The message.",
);

static FETCH: Spec = Spec::new(
    "ansible.builtin.fetch",
    "Copies a file from the machine to the controller.",
    "src str! # The file on the machine.
dest str! # A folder on the controller; the host's name and the path are added.
fail_on_missing bool =true # Whether a missing file is a failure.
validate_checksum bool =true # Compare checksums afterwards.
flat bool =false # Do not add the host's name and the path.",
);

static GROUP_BY: Spec = Spec::new(
    "ansible.builtin.group_by",
    "Puts hosts into groups named by facts.",
    "key str! # The group's name, usually with variables in it.
parents list:str =all # The groups above it.",
);

static IMPORT_PLAYBOOK: Spec = Spec::new(
    "ansible.builtin.import_playbook",
    "Includes another playbook.",
    "file(_raw_params) str # The playbook.",
)
.free_form();

static IMPORT_TASKS: Spec =
    Spec::new("ansible.builtin.import_tasks", "Includes tasks while loading.", "file str # The task file.")
        .free_form();

static INCLUDE_TASKS: Spec = Spec::new(
    "ansible.builtin.include_tasks",
    "Includes tasks while running.",
    "file str # The task file.
apply dict # Keywords for the tasks in it.",
)
.free_form();

const ROLE: &str = "name(role) str! # The role.
apply dict # Keywords for its tasks (include_role only).
tasks_from str =main # A task file other than main.
vars_from str =main # A variable file other than main.
defaults_from str =main # A defaults file other than main.
handlers_from str =main # A handler file other than main.
allow_duplicates bool =true # Run it again if it has run already.
public bool # Whether its variables stay visible afterwards.
rolespec_validate bool =true # Check its argument specification.";

static IMPORT_ROLE: Spec = Spec::new("ansible.builtin.import_role", "Includes a role while loading.", ROLE);

static INCLUDE_ROLE: Spec = Spec::new("ansible.builtin.include_role", "Includes a role while running.", ROLE);

static INCLUDE_VARS: Spec = Spec::new(
    "ansible.builtin.include_vars",
    "Loads variables from files.",
    "file path # The file.
dir path # A folder whose files are all loaded.
name str # The variable that gets them all; otherwise each gets its own.
depth int =0 # How deep to go into the folder; 0 is without limit.
files_matching str # Regular expression for the names of the files.
ignore_files raw # Names to leave out.
extensions list:str =json,yaml,yml # Extensions that count.
ignore_unknown_extensions bool =false # Other extensions are no failure.
hash_behaviour str {replace|merge} # How mappings are joined.",
)
.free_form();

static META: Spec = Spec::new(
    "ansible.builtin.meta",
    "Does something to the run itself.",
    "free_form raw # flush_handlers, end_play …",
)
.free_form();

static PAUSE: Spec = Spec::new(
    "ansible.builtin.pause",
    "Waits, or asks.",
    "minutes raw # How long.
seconds raw # How long.
prompt raw # What to ask.
echo bool =true # Whether what is typed is shown.",
);

static RAW: Spec = Spec::new(
    "ansible.builtin.raw",
    "Runs a command through the connection's shell, without the agent.",
    "free_form raw # The command.
executable str # The shell.",
)
.free_form();

static REBOOT: Spec = Spec::new(
    "ansible.builtin.reboot",
    "Restarts the machine and waits until it is back.",
    "pre_reboot_delay(pre_reboot_delay_sec) int =0 # Seconds to wait before.
post_reboot_delay(post_reboot_delay_sec) int =0 # Seconds to wait after.
reboot_timeout(reboot_timeout_sec) int =600 # Seconds it may take.
connect_timeout(connect_timeout_sec) int # Seconds for one attempt to connect.
test_command str =whoami # What must succeed for it to be back.
msg str =Reboot initiated by Ansible # What users are told.
search_paths list:str =/sbin,/bin,/usr/sbin,/usr/bin,/usr/local/sbin # Where shutdown is looked for.
boot_time_command str =cat /proc/sys/kernel/random/boot_id # What tells one boot from the next.
reboot_command str # The command to use instead of shutdown.",
);

static SCRIPT: Spec = Spec::new(
    "ansible.builtin.script",
    "Runs a script of the controller on the machine.",
    "free_form raw # Path and arguments.
cmd str # The same.
creates str # If this exists, nothing is done.
removes str # If this does not exist, nothing is done.
chdir str # The folder to run it in.
executable str # The interpreter.
decrypt bool =true # Decrypt vaulted files.",
)
.free_form();

static SET_FACT: Spec = Spec::new(
    "ansible.builtin.set_fact",
    "Sets variables of the host.",
    "cacheable bool =false # Whether the fact cache keeps them.",
)
.open();

static SET_STATS: Spec = Spec::new(
    "ansible.builtin.set_stats",
    "Sets statistics of the run.",
    "data dict! # The values.
per_host bool =false # Keep them per host.
aggregate bool =true # Add to earlier values.",
);

static TEMPLATE: Spec = Spec::new(
    "ansible.builtin.template",
    "Renders a template to a file on the machine.",
    "src path! # The template on the controller.
dest path! # The file.
newline_sequence str =\\n {\\n|\\r|\\r\\n} # Line ends.
block_start_string str ={% # Start of a block.
block_end_string str =%} # End of a block.
variable_start_string str ={{ # Start of an expression.
variable_end_string str =}} # End of an expression.
comment_start_string str # Start of a comment.
comment_end_string str # End of a comment.
trim_blocks bool =true # Remove the line end after a block.
lstrip_blocks bool =false # Remove blanks before a block.
force bool =true # Replace a file that differs.
follow bool =false # Follow a link at the destination.
output_encoding str =utf-8 # Encoding of the file.
@backup
@validate
@files",
)
.with_diff();

static VALIDATE_ARGUMENT_SPEC: Spec = Spec::new(
    "ansible.builtin.validate_argument_spec",
    "Checks a role's arguments.",
    "argument_spec dict! # The specification.
provided_arguments dict # The arguments.
validate_args_context dict # What they belong to, for messages.",
);

static WAIT_FOR_CONNECTION: Spec = Spec::new(
    "ansible.builtin.wait_for_connection",
    "Waits until the machine can be reached.",
    "connect_timeout int =5 # Seconds for one attempt.
delay int =0 # Seconds before the first attempt.
sleep int =1 # Seconds between attempts.
timeout int =600 # Seconds altogether.",
);

static GATHER_FACTS: Spec = Spec::new(
    "ansible.builtin.gather_facts",
    "Runs the fact modules of the configuration.",
    "parallel bool # Accepted; they run one after the other.",
)
.open();

static SYNCHRONIZE: Spec = Spec::new(
    "ansible.posix.synchronize",
    "Runs rsync between controller and machine.",
    "src path! # From here.
dest path! # To here.
dest_port int # SSH port of the machine.
mode str =push {pull|push} # Direction.
archive bool =true # Mirror recursively with all attributes.
checksum bool =false # Compare checksums instead of times.
compress bool =true # Compress on the way.
existing_only bool =false # Skip what is not there yet.
delete bool =false # Remove what is not in src.
dirs bool =false # Folders without what is in them.
recursive bool # Go into folders.
links bool # Copy links as links.
copy_links bool =false # Copy what links point to.
perms bool # Keep permissions.
times bool # Keep times.
owner bool # Keep owners.
group bool # Keep groups.
rsync_path str # rsync on the machine.
rsync_timeout int =0 # Seconds without progress.
set_remote_user bool =true # Put user@ before the path.
ssh_connection_multiplexing bool =false # Use the connection there is.
rsync_opts list:str =[] # More options.
partial bool =false # Keep partial files.
verify_host bool =false # Check host keys.
private_key path # SSH key.
link_dest list:path # Hard-link to files here.
delay_updates bool =true # Put all files in place at the end.
use_ssh_args bool =false # Use the configured ssh arguments.",
)
.with_diff();
