//! `command` and `shell`: run a program, or a line of shell, and return what it said.

use crate::{
    Command, Done, Failure, Module, Plan, Returns, Spec, System, attributes::io_text, clock, glob,
    outcome::Call, python, run, words,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

static COMMAND_SPEC: Spec = Spec::new(
    "ansible.builtin.command",
    "Runs a program without a shell.",
    "cmd str # The command line, split into words as a shell would.
argv list:str # The words, as a list.
creates path # If this exists (patterns allowed), nothing is done.
removes path # If this does not exist, nothing is done.
chdir path # The folder to run it in.
executable path # Accepted for shell only.
expand_argument_vars bool =true # Replace $NAME in the words by the environment's values.
stdin str # What it reads.
stdin_add_newline bool =true # Add a line end to stdin.
strip_empty_ends bool =true # Remove line ends at the end of what it writes.",
)
.free_form();

static SHELL_SPEC: Spec = Spec::new(
    "ansible.builtin.shell",
    "Runs a line of shell.",
    "cmd str # The line.
creates path # If this exists (patterns allowed), nothing is done.
removes path # If this does not exist, nothing is done.
chdir path # The folder to run it in.
executable path # The shell; /bin/sh if not given.
stdin str # What it reads.
stdin_add_newline bool =true # Add a line end to stdin.
expand_argument_vars bool =true # Accepted; the shell expands.
argv list:str # Accepted for command only.
strip_empty_ends bool =true # Remove line ends at the end of what it writes.",
)
.free_form();

/// `command`.
pub struct RunCommand;
/// `shell`.
pub struct RunShell;

impl Module for RunCommand {
    fn spec(&self) -> &'static Spec {
        &COMMAND_SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let line = line_of(call)?;
        let words = match &line {
            Some(line) => words::split(line).map_err(|why| Failure::new(why).with("cmd", line.as_str()))?,
            None => args.list("argv").into_iter().map(str::to_owned).collect(),
        };
        let expand = |word: String| {
            let word = run::expand_user(&word, system);
            if args.bool("expand_argument_vars") { run::expand_variables(&word, system) } else { word }
        };
        let shown = json!(words);
        let words: Vec<String> = words.into_iter().map(expand).collect();
        let command = Command { argv: words, ..Command::default() };
        plan(call, system, command, shown, line.as_deref())
    }
}

impl Module for RunShell {
    fn spec(&self) -> &'static Spec {
        &SHELL_SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let line = match line_of(call)? {
            Some(line) => line,
            None => words::join(&call.args.list("argv")),
        };
        let shell = call.args.some("executable").unwrap_or("/bin/sh");
        let command = Command::new(&[shell, "-c", &line]);
        plan(call, system, command, line.as_str().into(), Some(&line))
    }
}

/// The command line, wherever it was given; none if it came as a list.
fn line_of(call: &Call<'_>) -> Result<Option<String>, Failure> {
    let args = &call.args;
    let raw = args.all().get("_raw_params").map(python::text).filter(|line| !line.is_empty());
    let cmd = args.some("cmd").map(str::to_owned);
    let argv = !args.list("argv").is_empty();
    match (raw, cmd, argv) {
        (None, None, false) => Err("one of the following is required: _raw_params, cmd, argv".into()),
        (None, None, true) => Ok(None),
        (Some(line), None, false) | (None, Some(line), false) => Ok(Some(line)),
        _ => Err("parameters are mutually exclusive: _raw_params|cmd|argv".into()),
    }
}

fn plan<'a>(
    call: &'a Call<'a>,
    system: &dyn System,
    mut command: Command,
    shown: Value,
    line: Option<&str>,
) -> Result<Plan<'a>, Failure> {
    let args = &call.args;
    let mut plan = Plan::new();
    for key in ["start", "end", "delta"] {
        plan.set(key, Value::Null);
    }
    plan.set("cmd", shown.clone()).set("stdout", "").set("stderr", "").set("rc", Value::Null).set("msg", "");
    if let Some(chdir) = args.some("chdir") {
        let chdir = PathBuf::from(chdir);
        if !system.is_dir(&chdir) {
            let failure = Failure::new("Unable to change directory before execution.");
            return Err(with_all(failure, plan.returns));
        }
        command.cwd = Some(chdir);
    }
    if let Some(skipped) = skipped(call, system, &command) {
        let (said, msg) = skipped;
        plan.set("stdout", said).set("msg", msg).set("rc", 0);
        plan.force_changed = Some(false);
        return Ok(plan);
    }
    if call.check() {
        plan.set("msg", "Command would have run if not in check mode").set("rc", 0);
        if args.some("creates").is_none() && args.some("removes").is_none() {
            plan.set("skipped", true);
            plan.force_changed = Some(false);
        } else {
            plan.force_changed = Some(true);
        }
        return Ok(plan);
    }
    if let Some(text) = args.opt("stdin") {
        let end = if args.bool("stdin_add_newline") { "\n" } else { "" };
        command.stdin = Some(format!("{text}{end}").into_bytes());
    }
    let strip = args.bool("strip_empty_ends");
    let not_found = line.map_or_else(|| shown.clone(), Value::from);
    plan.change("run the command", move |system, returns| {
        execute(system, &command, &not_found, strip, returns)
    });
    Ok(plan)
}

fn with_all(failure: Failure, returns: Returns) -> Failure {
    let msg = failure.msg.clone();
    let mut failure = failure;
    failure.returns.extend(returns);
    failure.returns.insert("msg".into(), msg.into());
    failure.returns.insert("changed".into(), false.into());
    failure
}

/// If `creates` or `removes` say that there is nothing to do: what to say.
fn skipped(call: &Call<'_>, system: &dyn System, command: &Command) -> Option<(String, String)> {
    let there = |pattern: &str| {
        let full = match &command.cwd {
            Some(folder) if !pattern.starts_with('/') => folder.join(pattern).to_string_lossy().into_owned(),
            _ => pattern.to_owned(),
        };
        if glob::is_pattern(&full) {
            !glob::paths(system, &full).is_empty()
        } else {
            system.exists(Path::new(&full))
        }
    };
    let would = if call.check() { "Would not run command since" } else { "Did not run command since" };
    if let Some(creates) = call.args.some("creates").filter(|creates| there(creates)) {
        return Some((format!("skipped, since {creates} exists"), format!("{would} '{creates}' exists")));
    }
    let removes = call.args.some("removes").filter(|removes| !there(removes))?;
    Some((format!("skipped, since {removes} does not exist"), format!("{would} '{removes}' does not exist")))
}

fn execute(
    system: &mut dyn System,
    command: &Command,
    not_found: &Value,
    strip: bool,
    returns: &mut Returns,
) -> Result<Done, Failure> {
    let start = system.epoch();
    let output = match system.run(command) {
        Ok(output) => output,
        Err(error) => {
            let mut failure =
                Failure::new("Error executing command.").with("rc", 2).with("cmd", not_found.clone());
            failure = failure.with("stdout", "").with("stderr", "").with("changed", false);
            return Err(failure.with("exception", format!("{}: {not_found}", io_text(&error))));
        }
    };
    let end = system.epoch();
    let text = |bytes: String| if strip { bytes.trim_end_matches(['\r', '\n']).to_owned() } else { bytes };
    let moment = |epoch: f64| clock::local(epoch).format("%Y-%m-%d %H:%M:%S.%f");
    returns.insert("start".into(), moment(start).into());
    returns.insert("end".into(), moment(end).into());
    returns.insert("delta".into(), delta(end - start).into());
    returns.insert("stdout".into(), text(output.out()).into());
    returns.insert("stderr".into(), text(output.err()).into());
    returns.insert("rc".into(), output.rc.into());
    if !output.ok() {
        returns.insert("msg".into(), "non-zero return code".into());
        returns.insert("failed".into(), true.into());
    }
    Ok(Done::Changed)
}

/// Python's way to write a length of time: `0:00:01.500000`, `1 day, 2:00:00`.
pub fn delta(seconds: f64) -> String {
    let micros = (seconds.max(0.0) * 1e6).round() as u64;
    let (whole, micros) = (micros / 1_000_000, micros % 1_000_000);
    let (days, rest) = (whole / 86_400, whole % 86_400);
    let days = match days {
        0 => String::new(),
        1 => "1 day, ".into(),
        days => format!("{days} days, "),
    };
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    format!("{days}{}:{:02}:{:02}{fraction}", rest / 3600, rest % 3600 / 60, rest % 60)
}
