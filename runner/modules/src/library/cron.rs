//! `cron`: a job or a variable of a user's crontab, or of a file in `/etc/cron.d`.
//!
//! Each job has a marker line `#Ansible: <name>` above it. Returns `jobs` and `envs`, all names that are there.

use crate::{
    Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call, placing,
};
use serde_json::json;
use std::path::Path;

static SPEC: Spec = Spec::new(
    "ansible.builtin.cron",
    "Manages crontab entries.",
    "name str! # Name of the job, or of the variable.
user str # Whose crontab; root, or this user, if not given.
job(value) str # The command, or the variable's value.
state str =present {absent|present} # Whether it should be there.
cron_file path # A file in /etc/cron.d instead of a user's crontab.
backup bool =false # Keep the old crontab.
minute str =* # Minute.
hour str =* # Hour.
day(dom) str =* # Day of the month.
month str =* # Month.
weekday(dow) str =* # Day of the week.
special_time str {annually|daily|hourly|monthly|reboot|weekly|yearly} # A name instead of the times.
disabled bool =false # Comment the job out.
env bool =false # It is a variable, not a job.
insertafter str # After this variable.
insertbefore str # Before this variable.
!exclusive insertafter,insertbefore",
)
.with_diff();

/// See the page above.
pub struct Cron;

const MARK: &str = "#Ansible: ";

impl Module for Cron {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let name = args.str("name");
        let (env, present) = (args.bool("env"), args.str("state") == "present");
        let file = args.some("cron_file").map(|file| Path::new("/etc/cron.d").join(file));
        check(call, file.is_some())?;
        let before = read(call, system, file.as_deref())?;
        let mut lines: Vec<String> = before.lines().map(str::to_owned).collect();
        match (env, present) {
            (true, true) => set_variable(call, &mut lines)?,
            (true, false) => lines.retain(|line| variable(line) != Some(name)),
            (false, true) => set_job(&mut lines, name, &job_line(call, file.is_some())),
            (false, false) => drop(take_job(&mut lines, name)),
        }
        let mut after: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let gone = !present && file.is_some() && after.trim().is_empty();
        if before.is_empty() && after.trim().is_empty() {
            after.clear();
        }
        let mut plan = Plan::new();
        let jobs: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix(MARK)).collect();
        let envs: Vec<&str> = lines.iter().filter_map(|line| variable(line)).collect();
        plan.set("jobs", jobs).set("envs", envs);
        if let Some(file) = args.some("cron_file") {
            plan.set("cron_file", file);
        }
        if after == before && !(gone && file.as_ref().is_some_and(|file| system.exists(file))) {
            return Ok(plan);
        }
        let header = match (&file, args.opt("user")) {
            (Some(file), _) => file.to_string_lossy().into_owned(),
            (None, user) => {
                user.map_or_else(|| "crontab".into(), |user| format!("crontab for user \"{user}\""))
            }
        };
        plan.diff = Some(
            json!({ "before": before, "after": after, "before_header": header, "after_header": if gone { "/dev/null".into() } else { header.clone() } }),
        );
        let backup = args.bool("backup");
        plan.change("write the crontab", move |system, returns| {
            if backup && !before.is_empty() {
                let base = system.env("TMPDIR").unwrap_or_else(|| "/tmp".into());
                let path = placing::beside(&Path::new(&base).join("crontab"), system);
                system.create(&path, 0o600, &mut before.as_bytes()).map_err(|error| io_text(&error))?;
                returns.insert("backup_file".into(), path.to_string_lossy().into());
            }
            write(call, system, file.as_deref(), &after, gone)?;
            Ok(Done::Changed)
        });
        Ok(plan)
    }
}

fn check(call: &Call<'_>, in_file: bool) -> Result<(), Failure> {
    let args = &call.args;
    let present = args.str("state") == "present";
    if in_file && args.some("user").is_none() && present && !args.bool("env") {
        return Err("To use cron_file=... parameter you must specify user=... as well".into());
    }
    let times = ["minute", "hour", "day", "month", "weekday"];
    if args.opt("special_time").is_some() && times.iter().any(|time| args.str(time) != "*") {
        return Err("You must specify time and date fields or special time.".into());
    }
    if args.bool("disabled") && args.bool("env") {
        return Err("You cannot use disabled and env together.".into());
    }
    if present && args.opt("job").is_none() {
        return Err("You must specify 'job' to install a new cron job or variable".into());
    }
    let placed = args.opt("insertafter").is_some() || args.opt("insertbefore").is_some();
    if placed && !(args.bool("env") && present) {
        return Err("Insertafter and insertbefore parameters are valid only with env=yes".into());
    }
    Ok(())
}

fn read(call: &Call<'_>, system: &dyn System, file: Option<&Path>) -> Result<String, Failure> {
    if let Some(file) = file {
        return match system.read(file) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(io_text(&error).into()),
        };
    }
    let output = system.query(&crontab(call, &["-l"])).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "Failed to find required executable \"crontab\" in paths".to_owned(),
        _ => io_text(&error),
    })?;
    match output.rc {
        0 => Ok(output.out()),
        // The user has none yet.
        1 => Ok(String::new()),
        _ => Err("Unable to read crontab".into()),
    }
}

fn crontab(call: &Call<'_>, words: &[&str]) -> Command {
    let mut argv = vec!["crontab"];
    if let Some(user) = call.args.some("user") {
        argv.extend(["-u", user]);
    }
    argv.extend(words);
    Command::new(&argv).in_english()
}

fn write(
    call: &Call<'_>,
    system: &mut dyn System,
    file: Option<&Path>,
    text: &str,
    gone: bool,
) -> Result<(), Failure> {
    match file {
        Some(file) if gone => system.remove(file).map_err(|error| io_text(&error).into()),
        Some(file) => {
            let is_new = !system.exists(file);
            placing::place(system, file, &mut text.as_bytes(), &placing::How::default())?;
            if is_new {
                system.chmod(file, 0o644).map_err(|error| io_text(&error))?;
            }
            Ok(())
        }
        None => {
            let output = system.run(&crontab(call, &["-"]).stdin(text)).map_err(|error| io_text(&error))?;
            if output.ok() { Ok(()) } else { Err(Failure::new(output.err()).with("rc", output.rc)) }
        }
    }
}

/// The name, if the line sets a variable.
fn variable(line: &str) -> Option<&str> {
    let (name, _) = line.split_once('=')?;
    let name = name.trim().trim_matches(['"', '\'']);
    let valid = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    valid.then_some(name)
}

fn set_variable(call: &Call<'_>, lines: &mut Vec<String>) -> Result<(), Failure> {
    let args = &call.args;
    let name = args.str("name");
    if name.contains(' ') {
        return Err("Invalid name for environment variable".into());
    }
    let line = format!("{name}=\"{}\"", args.str("job").trim_matches('"'));
    if let Some(at) = lines.iter().position(|line| variable(line) == Some(name)) {
        lines[at] = line;
        return Ok(());
    }
    let place = |wanted: &str, offset: usize| {
        let at = lines.iter().position(|line| variable(line) == Some(wanted));
        at.map(|at| at + offset).ok_or_else(|| Failure::new(format!("Variable named '{wanted}' not found.")))
    };
    let at = match (args.opt("insertafter"), args.opt("insertbefore")) {
        (Some(other), _) => place(other, 1)?,
        (None, Some(other)) => place(other, 0)?,
        (None, None) => 0,
    };
    lines.insert(at, line);
    Ok(())
}

fn job_line(call: &Call<'_>, in_file: bool) -> String {
    let args = &call.args;
    let job = args.str("job").trim_matches(['\r', '\n']);
    let user = if in_file { format!("{} ", args.str("user")) } else { String::new() };
    let disabled = if args.bool("disabled") { "#" } else { "" };
    match args.opt("special_time") {
        Some(special) => format!("{disabled}@{special} {user}{job}"),
        None => {
            let times = ["minute", "hour", "day", "month", "weekday"].map(|time| args.str(time));
            format!("{disabled}{} {user}{job}", times.join(" "))
        }
    }
}

/// Takes the job and its marker out; says where they were.
fn take_job(lines: &mut Vec<String>, name: &str) -> Option<usize> {
    let at = lines.iter().position(|line| line.strip_prefix(MARK) == Some(name))?;
    lines.remove(at);
    if at < lines.len() && !lines[at].starts_with(MARK) {
        lines.remove(at);
    }
    Some(at)
}

fn set_job(lines: &mut Vec<String>, name: &str, job: &str) {
    // A job that was written by hand is taken over.
    if let Some(at) = lines.iter().position(|line| line == job)
        && (at == 0 || !lines[at - 1].starts_with(MARK))
    {
        lines.insert(at, format!("{MARK}{name}"));
        return;
    }
    let at = take_job(lines, name).unwrap_or(lines.len());
    lines.insert(at, job.to_owned());
    lines.insert(at, format!("{MARK}{name}"));
}
