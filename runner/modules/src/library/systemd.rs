//! `systemd_service`: a unit's state, whether it starts at boot, and systemd's own reload.
//!
//! Returns `name`, `state`, `enabled` and `status`, all properties of the unit.

use crate::{Command, Done, Failure, Module, Output, Plan, Spec, System, attributes::io_text, outcome::Call};
use serde_json::{Map, Value};
use std::path::Path;

static SPEC: Spec = Spec::new(
    "ansible.builtin.systemd_service",
    "Controls systemd units.",
    "name(service|unit) str # The unit; .service may be left out.
state str {reloaded|restarted|started|stopped} # What it should do.
enabled bool # Whether it starts at boot.
force bool # Replace links that are in the way.
masked bool # Whether it cannot be started at all.
daemon_reload(daemon-reload) bool =false # Read unit files again first.
daemon_reexec(daemon-reexec) bool =false # Start systemd itself again first.
scope str =system {system|user|global} # Whose systemd.
no_block bool =false # Do not wait.
!one_of state,enabled,masked,daemon_reload,daemon_reexec
!by state needs name
!by enabled needs name
!by masked needs name",
);

/// See the page above.
pub struct Systemd;

impl Module for Systemd {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        plan(call, system)
    }
}

/// What the unit is now.
struct Unit {
    status: Map<String, Value>,
    found: bool,
    masked: bool,
    sysv: bool,
}

/// The words of every call of systemctl.
fn base(call: &Call<'_>, system: &dyn System) -> Command {
    let args = &call.args;
    let mut argv = vec!["systemctl"];
    match args.str("scope") {
        "user" => argv.push("--user"),
        "global" => argv.push("--global"),
        _ => {}
    }
    argv.extend(args.bool("no_block").then_some("--no-block"));
    argv.extend(args.bool("force").then_some("--force"));
    let mut command = Command::new(&argv).in_english();
    if args.str("scope") != "system" && system.env("XDG_RUNTIME_DIR").is_none() {
        command = command.env("XDG_RUNTIME_DIR", &format!("/run/user/{}", system.identity().euid));
    }
    command
}

fn with(base: &Command, words: &[&str]) -> Command {
    let mut command = base.clone();
    command.argv.extend(words.iter().map(|word| (*word).to_owned()));
    command
}

fn ask(system: &dyn System, base: &Command, words: &[&str]) -> Result<Output, Failure> {
    system.query(&with(base, words)).map_err(|error| {
        let text = "failed to find required executable \"systemctl\" in paths";
        if error.kind() == std::io::ErrorKind::NotFound { text.into() } else { io_text(&error).into() }
    })
}

/// Plans what the arguments ask for; `service` comes here too.
pub fn plan<'a>(call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
    let args = &call.args;
    let base = base(call, system);
    let mut plan = Plan::new();
    plan.set("name", args.value("name").cloned().unwrap_or(Value::Null));
    plan.set("status", Map::new());
    for (option, word) in [("daemon_reload", "daemon-reload"), ("daemon_reexec", "daemon-reexec")] {
        if args.bool(option) {
            let command = with(&base, &[word]);
            plan.step(word, move |system, _| {
                let output = system.run(&command).map_err(|error| io_text(&error))?;
                if output.ok() || is_offline(system) {
                    return Ok(Done::Unchanged);
                }
                Err(format!("failure {} during {word}: {}", output.rc, output.err()).into())
            });
        }
    }
    let Some(name) = args.some("name") else { return Ok(plan) };
    if let Some(wild) = name.chars().find(|c| "*?[".contains(*c)) {
        let text = "This module does not currently support using glob patterns, found";
        return Err(format!("{text} '{wild}' in service name: {name}").into());
    }
    // Units that come with a reload are known only after it, so the rest is decided then.
    let reload = args.bool("daemon_reload") && !call.check();
    let unit = look(system, &base, name)?;
    let unknown = !unit.found && reload;
    plan.set("status", unit.status.clone());
    if unknown {
        plan.step("look again after the reload", move |system, returns| {
            let unit = look(system, &base, name)?;
            returns.insert("status".into(), unit.status.clone().into());
            let mut later = Plan::new();
            unit_changes(call, system, &base, name, &unit, &mut later)?;
            returns.extend(std::mem::take(&mut later.returns));
            let mut done = Done::Unchanged;
            for change in later.changes {
                if change.apply(system, returns)? == Done::Changed {
                    done = Done::Changed;
                }
            }
            Ok(done)
        });
        return Ok(plan);
    }
    unit_changes(call, system, &base, name, &unit, &mut plan)?;
    Ok(plan)
}

fn is_offline(system: &dyn System) -> bool {
    let offline = system.env("SYSTEMD_OFFLINE").is_some_and(|value| value == "1" || value == "true");
    offline || !system.exists(Path::new("/run/systemd/system"))
}

fn look(system: &dyn System, base: &Command, name: &str) -> Result<Unit, Failure> {
    let output = ask(system, base, &["show", name])?;
    let status = if output.ok() { properties(&output.out()) } else { Map::new() };
    let load = status.get("LoadState").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut found = !load.is_empty() && load != "not-found";
    let masked = load == "masked";
    if found
        && !masked
        && let Some(error) = status.get("LoadError").and_then(Value::as_str).filter(|error| !error.is_empty())
    {
        return Err(format!("Error loading unit file '{name}': {error}").into());
    }
    if !found && !output.ok() {
        // Without a running systemd, unit files are all there is to see.
        let listed = ask(system, base, &["list-unit-files", name])?;
        let full = if name.contains('.') { name.to_owned() } else { format!("{name}.service") };
        found = listed.ok() && listed.out().lines().any(|line| line.split_whitespace().next() == Some(&full));
        if !found {
            let known = ask(system, base, &["is-enabled", name])?;
            found = known.ok() && !known.out().contains("not-found");
        }
    }
    let sysv = system.exists(Path::new(&format!("/etc/init.d/{}", name.trim_end_matches(".service"))));
    Ok(Unit { found: found || sysv, status, masked, sysv })
}

/// `systemctl show` as a mapping; some values go over several lines, in braces.
fn properties(text: &str) -> Map<String, Value> {
    let mut all = Map::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        if let Some((key, mut value)) = open.take() {
            value.push('\n');
            value.push_str(line);
            if line.trim_end().ends_with('}') {
                all.insert(key, value.into());
            } else {
                open = Some((key, value));
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        if key.starts_with("Exec") && value.starts_with('{') && !value.trim_end().ends_with('}') {
            open = Some((key.into(), value.into()));
        } else {
            all.insert(key.into(), value.trim().into());
        }
    }
    all
}

fn missing(unit: &Unit, name: &str) -> Result<(), Failure> {
    if unit.found {
        return Ok(());
    }
    Err(format!("Could not find the requested service {name}: host").into())
}

fn unit_changes<'a>(
    call: &'a Call<'a>,
    system: &dyn System,
    base: &Command,
    name: &'a str,
    unit: &Unit,
    plan: &mut Plan<'a>,
) -> Result<(), Failure> {
    let args = &call.args;
    if let Some(wanted) = args.opt_bool("masked") {
        // What is not there can be masked, but there is nothing to unmask.
        if !wanted && !unit.found && !unit.masked {
            missing(unit, name)?;
        }
        if unit.masked != wanted {
            act(plan, base, if wanted { "mask" } else { "unmask" }, name, true);
        }
    }
    if let Some(wanted) = args.opt_bool("enabled") {
        missing(unit, name)?;
        let enabled = is_enabled(system, base, name, unit)?;
        plan.set("enabled", wanted);
        if enabled != wanted {
            act(plan, base, if wanted { "enable" } else { "disable" }, name, true);
        }
    }
    let Some(state) = args.opt("state") else { return Ok(()) };
    missing(unit, name)?;
    plan.set("state", if matches!(state, "reloaded" | "restarted") { "started" } else { state });
    let Some(active) = unit.status.get("ActiveState").and_then(Value::as_str) else {
        if is_offline(system) {
            let text = "Target is a chroot or systemd is offline. This can lead to false positives or prevent the init \
                        system tools from working.";
            plan.warnings.push(text.into());
            return Ok(());
        }
        return Err(Failure::new("Service is in unknown state").with("status", unit.status.clone()));
    };
    let running = matches!(active, "active" | "activating");
    let action = match state {
        "started" if !running => "start",
        "stopped" if running || active == "deactivating" => "stop",
        "restarted" | "reloaded" if !running => "start",
        "restarted" => "restart",
        "reloaded" => "reload",
        _ => return Ok(()),
    };
    act(plan, base, action, name, false);
    Ok(())
}

fn act<'a>(plan: &mut Plan<'a>, base: &Command, action: &'static str, name: &'a str, both: bool) {
    let command = with(base, &[action, name]);
    plan.change(format!("{action} {name}"), move |system, _| {
        let output = system.run(&command).map_err(|error| io_text(&error))?;
        if output.ok() {
            return Ok(Done::Changed);
        }
        let said = if both { output.out() + &output.err() } else { output.err() };
        Err(format!("Unable to {action} service {name}: {said}").into())
    });
}

fn is_enabled(system: &dyn System, base: &Command, name: &str, unit: &Unit) -> Result<bool, Failure> {
    let output = ask(system, base, &["is-enabled", name, "-l"])?;
    let text = output.out();
    let word = text.trim();
    if output.ok() {
        // Enabled until the next boot, or through another unit, is not enabled.
        return Ok(!matches!(word, "enabled-runtime" | "indirect" | "alias"));
    }
    let old_style = unit.sysv && word.is_empty()
        || word == "disabled" && unit.sysv && !unit.status.contains_key("FragmentPath");
    let script = name.trim_end_matches(".service");
    Ok(old_style
        && ["2", "3", "4", "5"].iter().any(|level| {
            let folder = format!("/etc/rc{level}.d");
            let names = system.list(Path::new(&folder)).unwrap_or_default();
            names.iter().any(|link| {
                let link = link.to_string_lossy();
                link.starts_with('S') && link.get(3..) == Some(script)
            })
        }))
}
