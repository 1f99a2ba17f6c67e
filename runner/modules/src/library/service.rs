//! `service`: a service of whatever init system the machine has: systemd, or scripts in `/etc/init.d`.

use crate::{
    Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, library::systemd, outcome::Call,
};
use std::path::Path;

static SPEC: Spec = Spec::new(
    "ansible.builtin.service",
    "Controls services.",
    "name str! # The service.
state str {reloaded|restarted|started|stopped} # What it should do.
enabled bool # Whether it starts at boot.
sleep int # Seconds between stop and start of a restart, for old scripts.
pattern str # What its process looks like, for old scripts.
runlevel str =default # For OpenRC only.
arguments(args) str ='' # More words for old scripts.
use str =auto # The init system; found out by default.
force bool # For systemd.
masked bool # For systemd.
daemon_reload(daemon-reload) bool =false # For systemd.
daemon_reexec(daemon-reexec) bool =false # For systemd.
scope str =system {system|user|global} # For systemd.
no_block bool =false # For systemd.",
);

/// See the page above.
pub struct Service;

impl Module for Service {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let wanted = call.args.str("use");
        let auto = wanted == "auto" && system.exists(Path::new("/run/systemd/system"));
        if auto || matches!(wanted, "systemd" | "systemd_service" | "ansible.builtin.systemd") {
            let mut plan = systemd::plan(call, system)?;
            for option in ["pattern", "sleep", "arguments", "runlevel"] {
                if call.invocation.args.contains_key(option) {
                    plan.warnings.push(format!("Ignoring \"{option}\" as it is not used in \"systemd\""));
                }
            }
            return Ok(plan);
        }
        scripts(call, system)
    }
}

fn scripts<'a>(call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
    let args = &call.args;
    let name = args.str("name");
    let script = format!("/etc/init.d/{name}");
    if !system.exists(Path::new(&script)) {
        return Err(format!("Could not find the requested service {name}: host").into());
    }
    let mut plan = Plan::new();
    plan.set("name", name);
    if let Some(wanted) = args.opt_bool("enabled") {
        plan.set("enabled", wanted);
        if enabled(system, name) != wanted {
            let word = if wanted { "defaults" } else { "disable" };
            let argv = if wanted {
                vec![vec!["update-rc.d", name, word], vec!["update-rc.d", name, "enable"]]
            } else {
                vec![vec!["update-rc.d", name, word]]
            };
            plan.change(format!("{word} {name}"), move |system, _| {
                argv.iter().try_for_each(|argv| run(system, argv))?;
                Ok(Done::Changed)
            });
        }
    }
    let Some(state) = args.opt("state") else { return Ok(plan) };
    let words: Vec<String> = args.str("arguments").split_whitespace().map(str::to_owned).collect();
    let status = system.query(&Command::new(&["service", name, "status"]).in_english());
    let running = is_running(&status.map_err(|error| io_text(&error))?);
    plan.set("state", if matches!(state, "reloaded" | "restarted") { "started" } else { state });
    let actions: &[&str] = match state {
        "started" if !running => &["start"],
        "stopped" if running => &["stop"],
        "restarted" if args.int("sleep").is_some() => &["stop", "start"],
        "restarted" => &["restart"],
        "reloaded" if running => &["reload"],
        "reloaded" => &["start"],
        _ => &[],
    };
    let pause = std::time::Duration::from_secs(args.int("sleep").unwrap_or(0).try_into().unwrap_or(0));
    for (at, action) in actions.iter().enumerate() {
        let words = words.clone();
        plan.change(format!("{action} {name}"), move |system, _| {
            if at > 0 {
                system.sleep(pause);
            }
            let mut argv = vec!["service", name, action];
            argv.extend(words.iter().map(String::as_str));
            run(system, &argv)?;
            Ok(Done::Changed)
        });
    }
    Ok(plan)
}

fn run(system: &mut dyn System, argv: &[&str]) -> Result<(), Failure> {
    let output = system.run(&Command::new(argv)).map_err(|error| io_text(&error))?;
    if output.ok() { Ok(()) } else { Err((output.out() + &output.err()).into()) }
}

/// What the script says; its exit code decides unless its words do.
fn is_running(output: &crate::Output) -> bool {
    let text = output.out().to_lowercase();
    let stopped = ["not running", "stopped", "is dead", "inactive", "not started"];
    if stopped.iter().any(|word| text.contains(word)) {
        return false;
    }
    output.ok() || text.contains("is running") || text.contains("start/running")
}

fn enabled(system: &dyn System, name: &str) -> bool {
    ["2", "3", "4", "5"].iter().any(|level| {
        let names = system.list(Path::new(&format!("/etc/rc{level}.d"))).unwrap_or_default();
        names.iter().any(|link| {
            let link = link.to_string_lossy();
            link.starts_with('S') && link.get(3..) == Some(name)
        })
    })
}
