//! `apt`: packages of Debian and Ubuntu, by apt-get and dpkg.
//!
//! Returns `cache_updated`, `cache_update_time`, and apt-get's own `stdout` and `stderr` when it was run.

use crate::{
    Command, Done, Failure, Module, Output, Plan, Returns, Spec, System, attributes::io_text, outcome::Call,
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

mod deb_file;
pub mod known;
mod packages;
pub mod version;

static SPEC: Spec = Spec::new(
    "ansible.builtin.apt",
    "Manages packages of Debian and Ubuntu.",
    "name(package|pkg) list:str # Packages: name, name=version, name>=version, patterns; or the path of a .deb file.
state str =present {absent|build-dep|latest|present|fixed} # What they should be.
update_cache(update-cache) bool # Run apt-get update first.
update_cache_retries int =5 # How often to try that.
update_cache_retry_max_delay int =12 # Seconds between tries, at most.
cache_valid_time int =0 # Seconds that lists are good for.
purge bool =false # Remove configuration files too.
default_release(default-release) str # The release to install from.
install_recommends(install-recommends) bool # Install what packages recommend.
force bool =false # Accept what is not authenticated, and downgrades.
clean bool =false # Remove downloaded package files.
allow_unauthenticated(allow-unauthenticated) bool =false # Accept what is not authenticated.
allow_downgrade(allow-downgrade|allow_downgrades|allow-downgrades) bool =false # Accept older versions.
allow_change_held_packages bool =false # Change packages that are on hold.
upgrade str =no {dist|full|no|safe|yes} # Upgrade all packages.
dpkg_options str =force-confdef,force-confold # Options for dpkg.
deb path # A .deb file: a path on the machine, or a URL.
autoremove bool =false # Remove packages that nothing needs any more.
autoclean bool =false # Remove package files that cannot be downloaded any more.
policy_rc_d int # What /usr/sbin/policy-rc.d answers meanwhile: 101 keeps services from starting.
only_upgrade bool =false # Upgrade packages that are there; install none.
fail_on_autoremove bool =false # Fail if something would be removed.
force_apt_get bool =false # Use apt-get even if aptitude is there.
lock_timeout int =60 # Seconds to wait for other package tools.
auto_install_module_deps bool =true # Accepted; nothing is needed.
!exclusive deb,package,upgrade",
)
.with_diff();

/// See the page above.
pub struct Apt;

const APT_GET: &str = "/usr/bin/apt-get";

impl Module for Apt {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        if system.which("apt-get").is_none() {
            return Err("apt-get is not on this machine".into());
        }
        let mut plan = Plan::new();
        let upgrade = args.str("upgrade") != "no";
        let names: Vec<&str> =
            args.list("name").into_iter().map(str::trim).filter(|name| !name.is_empty()).collect();
        let only_cleaning = names.is_empty() && !upgrade && args.some("deb").is_none();
        let update = plan_update(call, system, &mut plan, only_cleaning)?;
        if let Some(deb) = args.some("deb") {
            if !matches!(args.str("state"), "present" | "latest") {
                return Err("deb only supports state=present".into());
            }
            // What can be installed is known only with fresh lists.
            after_update(&mut plan, call, system, update, move |plan, system| {
                deb_file::plan(plan, call, system, deb)
            })?;
        } else if upgrade {
            plan_upgrade(&mut plan, call, system);
        } else if !names.is_empty() {
            let files: Vec<String> =
                names.iter().filter(|name| name.ends_with(".deb")).map(|n| (*n).to_owned()).collect();
            if !files.is_empty() && files.len() == names.len() {
                for file in files {
                    deb_file::plan(&mut plan, call, system, &file)?;
                }
                return Ok(plan);
            }
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            after_update(&mut plan, call, system, update, move |plan, system| {
                packages::plan(plan, call, system, &names)
            })?;
        }
        if args.bool("clean") {
            plan_tidy(&mut plan, call, system, "clean");
        }
        if args.bool("autoclean") {
            plan_tidy(&mut plan, call, system, "autoclean");
        }
        let removes_already =
            !names_empty(call) && (args.str("state") == "absent" || args.str("state") == "latest");
        if args.bool("autoremove") && !removes_already && !upgrade {
            plan_tidy(&mut plan, call, system, "autoremove");
        }
        Ok(plan)
    }
}

fn names_empty(call: &Call<'_>) -> bool {
    call.args.list("name").is_empty()
}

/// Plans now; or, if lists are about to change, when they have.
fn after_update<'a>(
    plan: &mut Plan<'a>,
    call: &Call<'_>,
    system: &dyn System,
    update: bool,
    work: impl FnOnce(&mut Plan<'a>, &dyn System) -> Result<(), Failure> + 'a,
) -> Result<(), Failure> {
    if !update || call.check() {
        return work(plan, system);
    }
    plan.step("look at the new lists", move |system, returns| {
        let mut later = Plan::new();
        work(&mut later, system)?;
        let mut done = Done::Unchanged;
        returns.extend(std::mem::take(&mut later.returns));
        if let Some(diff) = later.diff.take() {
            returns.insert("diff".into(), diff);
        }
        for change in later.changes {
            if change.apply(system, returns)? == Done::Changed {
                done = Done::Changed;
            }
        }
        Ok(done)
    });
    Ok(())
}

/// Where apt writes down that its lists are fresh.
const STAMP: &str = "/var/lib/apt/periodic/update-success-stamp";
const LISTS: &str = "/var/lib/apt/lists";

/// When the lists were fetched, seconds since 1970; 0 if never.
pub fn lists_time(system: &dyn System) -> i64 {
    let time = |path: &str| system.stat(Path::new(path), true).ok().flatten().map(|stat| stat.mtime as i64);
    time(STAMP).or_else(|| time(LISTS)).unwrap_or(0)
}

/// Plans `apt-get update`, if it is asked for and the lists are old. Says whether.
fn plan_update<'a>(
    call: &'a Call<'a>,
    system: &dyn System,
    plan: &mut Plan<'a>,
    alone: bool,
) -> Result<bool, Failure> {
    let args = &call.args;
    let valid = args.int("cache_valid_time").unwrap_or(0);
    let time = lists_time(system);
    let old = system.epoch() as i64 > time + valid;
    let wanted = (args.opt_bool("update_cache") == Some(true) || valid > 0) && old;
    plan.set("cache_update_time", time).set("cache_updated", wanted);
    if !wanted {
        return Ok(false);
    }
    let (tries, delay) = (
        args.int("update_cache_retries").unwrap_or(5),
        args.int("update_cache_retry_max_delay").unwrap_or(12),
    );
    let lock = lock_option(call);
    let act = move |system: &mut dyn System, returns: &mut Returns| {
        update_lists(system, tries, delay, &lock)?;
        returns.insert("cache_update_time".into(), lists_time(system).into());
        Ok(if alone { Done::Changed } else { Done::Unchanged })
    };
    if alone {
        plan.change("apt-get update", act);
    } else {
        plan.step("apt-get update", act);
    }
    Ok(true)
}

/// Runs `apt-get update`, again if it fails, with longer and longer pauses.
pub fn update_lists(
    system: &mut dyn System,
    tries: i64,
    delay_max_s: i64,
    lock: &str,
) -> Result<(), Failure> {
    let mut last = String::new();
    for attempt in 0..tries.max(1) {
        let command = environment(Command::new(&[APT_GET, "-o", lock, "update", "-q"]));
        let output = system.run(&command).map_err(|error| io_text(&error))?;
        // apt-get is content with old lists if new ones cannot be had; a task that asked for new ones is not.
        let said = output.err();
        let bad = said.lines().find(|line| line.starts_with("E:") || line.contains("Failed to fetch"));
        match bad {
            None if output.ok() => {
                touch_stamp(system);
                return Ok(());
            }
            bad => last = bad.map_or(said.clone(), str::to_owned),
        }
        let pause = (1i64 << attempt.min(20)).min(delay_max_s).max(0) as u64;
        if attempt + 1 < tries {
            system.sleep(Duration::from_secs(pause));
        }
    }
    Err(format!("Failed to update apt cache after {tries} retries: {}", last.trim()).into())
}

/// The stamp is written by a hook that not all machines have; without it, fresh lists look old.
fn touch_stamp(system: &mut dyn System) {
    let now = system.epoch();
    for path in [STAMP, LISTS] {
        if system.exists(Path::new(path)) {
            // Only a hint for the next run; failing to leave it is no failure of this one.
            let _ = system.set_times(Path::new(path), None, Some(now), true);
        }
    }
}

pub(crate) fn lock_option(call: &Call<'_>) -> String {
    let seconds = call.args.all().get("lock_timeout").and_then(Value::as_i64).unwrap_or(60);
    format!("DPkg::Lock::Timeout={seconds}")
}

/// apt-get asks nobody anything.
fn environment(command: Command) -> Command {
    command.in_english().env("DEBIAN_FRONTEND", "noninteractive").env("DEBIAN_PRIORITY", "critical")
}

/// The options that every apt-get of a task has.
fn options(call: &Call<'_>) -> Vec<String> {
    let args = &call.args;
    let mut argv = vec!["-y".to_owned()];
    for option in args.str("dpkg_options").split(',').filter(|option| !option.is_empty()) {
        argv.extend(["-o".to_owned(), format!("Dpkg::Options::=--{option}")]);
    }
    for (option, flag) in [
        ("only_upgrade", "--only-upgrade"),
        ("fail_on_autoremove", "--no-remove"),
        ("allow_unauthenticated", "--allow-unauthenticated"),
        ("allow_downgrade", "--allow-downgrades"),
        ("allow_change_held_packages", "--allow-change-held-packages"),
    ] {
        argv.extend(args.bool(option).then(|| flag.to_owned()));
    }
    if args.bool("force") {
        argv.push("--force-yes".into());
    }
    argv
}

/// What `default_release` and recommends add to an install.
fn install_options(call: &Call<'_>) -> Vec<String> {
    let args = &call.args;
    let mut argv = Vec::new();
    if let Some(release) = args.some("default_release") {
        argv.extend(["-t".to_owned(), release.to_owned()]);
    }
    match args.opt_bool("install_recommends") {
        Some(false) => argv.extend(["-o".to_owned(), "APT::Install-Recommends=no".to_owned()]),
        Some(true) => argv.extend(["-o".to_owned(), "APT::Install-Recommends=yes".to_owned()]),
        None => {}
    }
    argv
}

/// The part of apt-get's words that says what will happen.
fn prepared(text: &str) -> Value {
    let lines: Vec<&str> = text.lines().collect();
    let starts = ["Resolving dependencies...", "Reading state information..."];
    let start = lines.iter().position(|line| starts.contains(line)).map_or(0, |at| at + 1);
    let summary =
        |line: &&str| line.contains(" upgraded, ") && line.starts_with(|c: char| c.is_ascii_digit());
    let end = lines.iter().position(summary).map_or(lines.len(), |at| at + 1);
    json!({ "prepared": lines.get(start..end).unwrap_or_default().join("\n") })
}

/// Whether apt-get says that it has nothing to do.
fn is_nothing(text: &str) -> bool {
    text.contains("0 upgraded, 0 newly installed, 0 to remove")
}

/// The command as Ansible would have written it, for its messages.
fn shown(argv: &[String]) -> String {
    let quoted = |word: &String| match word {
        word if word.starts_with("Dpkg::Options") => format!("\"{word}\""),
        word if word.contains('=') && !word.starts_with("APT::") && !word.starts_with('-') => {
            format!("'{word}'")
        }
        word => word.clone(),
    };
    argv.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

fn failed(argv: &[String], output: &Output) -> Failure {
    let msg = format!("'{}' failed: {}", shown(argv), output.err());
    Failure::new(msg).with("stdout", output.out()).with("stderr", output.err()).with("rc", output.rc)
}

/// Asks apt-get what it would do.
fn simulate(call: &Call<'_>, system: &dyn System, words: &[String]) -> Result<Output, Failure> {
    let argv =
        [vec![APT_GET.to_owned()], options(call), vec!["--simulate".to_owned()], words.to_vec()].concat();
    let output = system.query(&environment(Command::new(&argv))).map_err(|error| io_text(&error))?;
    if output.ok() { Ok(output) } else { Err(failed(&argv, &output)) }
}

/// Plans a call of apt-get. In check mode it is simulated, and its words are returned too.
fn plan_apt_get<'a>(
    plan: &mut Plan<'a>,
    call: &'a Call<'a>,
    system: &dyn System,
    words: Vec<String>,
    changes: impl Fn(&str) -> bool + 'a,
) -> Result<(), Failure> {
    if call.check() {
        let output = simulate(call, system, &words)?;
        plan.set("stdout", output.out()).set("stderr", output.err());
        plan.diff = Some(prepared(&output.out()));
        if changes(&output.out()) {
            plan.change(shown(&words), |_, _| Ok(Done::Unchanged));
        }
        return Ok(());
    }
    plan.change(shown(&words), move |system, returns| {
        let _policy = Policy::new(call, system)?;
        let mut argv = [vec![APT_GET.to_owned()], options(call), words].concat();
        let visible = argv.clone();
        argv.splice(1..1, ["-o".to_owned(), lock_option(call)]);
        let output = system.run(&environment(Command::new(&argv)));
        _policy.end(system)?;
        let output = output.map_err(|error| io_text(&error))?;
        if !output.ok() {
            return Err(failed(&visible, &output));
        }
        returns.insert("stdout".into(), output.out().into());
        returns.insert("stderr".into(), output.err().into());
        returns.insert("diff".into(), prepared(&output.out()));
        Ok(if changes(&output.out()) { Done::Changed } else { Done::Unchanged })
    });
    Ok(())
}

fn plan_upgrade<'a>(plan: &mut Plan<'a>, call: &'a Call<'a>, system: &dyn System) {
    let args = &call.args;
    let mode = args.str("upgrade");
    let aptitude = system.which("aptitude").is_some()
        && !args.bool("force_apt_get")
        && matches!(mode, "full" | "safe" | "yes");
    if !aptitude && matches!(mode, "full" | "safe" | "yes") && !args.bool("force_apt_get") {
        plan.warnings.push("Could not find aptitude. Using apt-get instead".into());
    }
    let mut words: Vec<String> = install_options(call);
    match (mode, aptitude) {
        ("dist", _) | ("full", false) => words.push("dist-upgrade".into()),
        (_, false) => words.extend(["upgrade".to_owned(), "--with-new-pkgs".to_owned()]),
        ("full", true) => words.push("full-upgrade".into()),
        (_, true) => words.push("safe-upgrade".into()),
    }
    words.extend(args.bool("autoremove").then(|| "--auto-remove".to_owned()));
    let program = if aptitude { "aptitude" } else { APT_GET };
    let check = call.check();
    let act =
        move |system: &mut dyn System, returns: &mut Returns| upgrade(call, system, program, &words, returns);
    if check {
        // A simulation only reads, and only it knows whether there is something to do.
        let mut argv = vec![program.to_owned()];
        argv.extend(options(call));
        argv.push("--simulate".into());
        argv.extend(match mode {
            "dist" => vec!["dist-upgrade".to_owned()],
            "full" if !aptitude => vec!["dist-upgrade".to_owned()],
            _ => vec!["upgrade".to_owned(), "--with-new-pkgs".to_owned()],
        });
        if let Ok(output) = system.query(&environment(Command::new(&argv))) {
            let text = output.out();
            plan.set("msg", text.as_str()).set("stdout", text.as_str()).set("stderr", output.err());
            plan.diff = Some(prepared(&text));
            if !is_nothing(&text) {
                plan.change("upgrade", |_, _| Ok(Done::Unchanged));
            }
        }
        return;
    }
    plan.change("upgrade", act);
}

fn upgrade(
    call: &Call<'_>,
    system: &mut dyn System,
    program: &str,
    words: &[String],
    returns: &mut Returns,
) -> Result<Done, Failure> {
    let policy = Policy::new(call, system)?;
    let mut argv = vec![program.to_owned()];
    argv.extend(options(call));
    argv.extend(words.iter().cloned());
    let visible = argv.clone();
    argv.splice(1..1, ["-o".to_owned(), lock_option(call)]);
    let output = system.run(&environment(Command::new(&argv)));
    policy.end(system)?;
    let output = output.map_err(|error| io_text(&error))?;
    if !output.ok() {
        return Err(failed(&visible, &output));
    }
    let text = output.out();
    returns.insert("msg".into(), text.clone().into());
    returns.insert("stdout".into(), text.clone().into());
    returns.insert("stderr".into(), output.err().into());
    returns.insert("diff".into(), prepared(&text));
    Ok(if is_nothing(&text) { Done::Unchanged } else { Done::Changed })
}

/// Plans clean, autoclean or autoremove.
fn plan_tidy<'a>(plan: &mut Plan<'a>, call: &'a Call<'a>, system: &dyn System, word: &'static str) {
    let mark = match word {
        "autoremove" => "The following packages will be REMOVED",
        "autoclean" => "Del ",
        _ => "",
    };
    let mut words = vec![word.to_owned()];
    words.extend((word == "autoremove" && call.args.bool("purge")).then(|| "--purge".to_owned()));
    if call.check() {
        let output = simulate(call, system, &words).ok();
        let text = output.map(|output| output.out()).unwrap_or_default();
        plan.set("stdout", text.as_str()).set("stderr", "");
        plan.diff = Some(prepared(&text));
        if text.contains(mark) {
            plan.change(word, |_, _| Ok(Done::Unchanged));
        }
        return;
    }
    plan.step(word, move |system, returns| {
        let argv = [vec![APT_GET.to_owned()], options(call), words].concat();
        let output = system.run(&environment(Command::new(&argv))).map_err(|error| io_text(&error))?;
        if !output.ok() {
            let text = format!("'apt-get {word}' failed: {}", output.err());
            return Err(Failure::new(text)
                .with("stdout", output.out())
                .with("stderr", output.err())
                .with("rc", output.rc));
        }
        returns.entry("stdout").or_insert_with(|| output.out().into());
        returns.entry("stderr").or_insert_with(|| output.err().into());
        returns.entry("diff").or_insert_with(|| prepared(&output.out()));
        Ok(if output.out().contains(mark) { Done::Changed } else { Done::Unchanged })
    });
}

/// `/usr/sbin/policy-rc.d` for the time of one apt-get.
struct Policy {
    made: bool,
    saved: Option<PathBuf>,
}

const POLICY: &str = "/usr/sbin/policy-rc.d";

impl Policy {
    fn new(call: &Call<'_>, system: &mut dyn System) -> Result<Self, Failure> {
        let Some(code) = call.args.int("policy_rc_d") else { return Ok(Policy { made: false, saved: None }) };
        let path = Path::new(POLICY);
        let failed =
            |error: std::io::Error| Failure::new(format!("Failed to create {POLICY}: {}", io_text(&error)));
        let mut saved = None;
        if system.exists(path) {
            let beside = crate::placing::beside(path, system);
            system.rename(path, &beside).map_err(failed)?;
            saved = Some(beside);
        }
        let text = format!("#!/bin/sh\nexit {code}\n");
        system.create(path, 0o755, &mut text.as_bytes()).map_err(failed)?;
        system.chmod(path, 0o755).map_err(failed)?;
        Ok(Policy { made: true, saved })
    }

    fn end(self, system: &mut dyn System) -> Result<(), Failure> {
        if !self.made {
            return Ok(());
        }
        let failed =
            |error: std::io::Error| Failure::new(format!("Fail to restore {POLICY}: {}", io_text(&error)));
        match self.saved {
            Some(saved) => system.rename(&saved, Path::new(POLICY)).map_err(failed),
            None => system.remove(Path::new(POLICY)).map_err(failed),
        }
    }
}
