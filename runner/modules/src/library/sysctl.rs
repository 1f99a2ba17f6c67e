//! `sysctl`: a kernel setting, in its file and in the running kernel.

use crate::{
    Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, library::file::real_path,
    outcome::Call, placing, python,
};

static SPEC: Spec = Spec::new(
    "ansible.posix.sysctl",
    "Manages entries of sysctl.conf.",
    "name(key) str! # The setting, such as net.ipv4.ip_forward.
value(val) str # Its value.
state str =present {absent|present} # Whether it should be in the file.
ignoreerrors bool =false # Unknown settings are no failure.
reload bool =true # Load the file after it has changed.
sysctl_file path =/etc/sysctl.conf # The file.
sysctl_set bool =false # Compare with the running kernel, and set it there.
!if state=present needs value",
);

/// See the page above.
pub struct Sysctl;

impl Module for Sysctl {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let name = args.str("name");
        let value = call.args.value("value").map(python::text).map(|text| truth(text.trim()));
        let path = args.path("sysctl_file");
        if name.is_empty() {
            return Err("name cannot be blank".into());
        }
        let present = args.str("state") == "present";
        if present && value.as_deref().unwrap_or_default().is_empty() {
            return Err("value cannot be blank".into());
        }
        let before = system.read(path).ok();
        let text = String::from_utf8_lossy(before.as_deref().unwrap_or_default()).into_owned();
        let (after, file_differs) = edited(&text, name, value.as_deref().filter(|_| present));
        let live = if args.bool("sysctl_set") { current(system, name) } else { None };
        let set =
            args.bool("sysctl_set") && present && live.as_deref().map(normal) != value.as_deref().map(normal);
        let mut plan = Plan::new();
        if set {
            let wanted = format!("{name}={}", value.clone().unwrap_or_default());
            let ignore = args.bool("ignoreerrors");
            plan.change(format!("sysctl -w {wanted}"), move |system, _| {
                let mut argv = vec!["sysctl"];
                argv.extend(ignore.then_some("-e"));
                argv.extend(["-w", &wanted]);
                let output =
                    system.run(&Command::new(&argv).in_english()).map_err(|error| io_text(&error))?;
                if !output.ok() || (!ignore && has_errors(&output.err())) {
                    return Err(format!("setting {name} failed: {}", output.out() + &output.err()).into());
                }
                Ok(Done::Changed)
            });
        }
        if file_differs {
            let real = real_path(system, path);
            let how = placing::How::default();
            plan.change(format!("write {}", path.display()), move |system, _| {
                placing::place(system, &real, &mut after.as_bytes(), &how)?;
                Ok(Done::Changed)
            });
            if args.bool("reload") {
                plan.step("load the file", move |system, _| {
                    reload(call, system)?;
                    Ok(Done::Unchanged)
                });
            }
        }
        Ok(plan)
    }
}

fn reload(call: &Call<'_>, system: &mut dyn System) -> Result<(), Failure> {
    let mut argv = vec!["sysctl"];
    argv.extend(call.args.bool("ignoreerrors").then_some("-e"));
    argv.extend(["-p", call.args.str("sysctl_file")]);
    let output = system.run(&Command::new(&argv).in_english()).map_err(|error| io_text(&error))?;
    if !output.ok() || has_errors(&output.err()) {
        let (out, err) = (output.out(), output.err());
        return Err(format!("Failed to reload sysctl: {}", out + &err).into());
    }
    Ok(())
}

/// sysctl says in words what its exit code keeps to itself.
fn has_errors(stderr: &str) -> bool {
    stderr.lines().any(|line| {
        line.contains("permission denied on key")
            || line.contains("read-only file system")
            || line.contains("Invalid argument")
    })
}

/// Truth values become 1 and 0, as the kernel has them.
fn truth(text: &str) -> String {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "on" => "1".into(),
        "false" | "no" | "off" => "0".into(),
        _ => text.into(),
    }
}

/// Blanks between numbers do not matter.
fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn current(system: &dyn System, name: &str) -> Option<String> {
    let output = system.query(&Command::new(&["sysctl", "-e", "-n", name]).in_english()).ok()?;
    output.ok().then(|| output.out().trim().to_owned())
}

/// The file with the setting, or without it; comments stay, a second entry of the same name goes.
fn edited(text: &str, name: &str, value: Option<&str>) -> (String, bool) {
    let mut lines: Vec<String> = Vec::new();
    let (mut found, mut differs) = (false, false);
    for line in text.lines() {
        let line = line.trim();
        let setting = line.split_once('=').filter(|_| !line.starts_with(['#', ';']));
        let Some((key, present)) = setting.filter(|(key, _)| key.trim() == name) else {
            // Entries are written as sysctl itself writes them, so that comparing is simple.
            lines.push(match setting {
                Some((key, value)) => format!("{}={}", key.trim(), value.trim()),
                None => line.to_owned(),
            });
            continue;
        };
        match value {
            Some(value) if !found => {
                found = true;
                differs |= normal(present) != normal(value);
                lines.push(format!("{}={value}", key.trim()));
            }
            _ => differs = true,
        }
    }
    if let Some(value) = value.filter(|_| !found) {
        differs = true;
        lines.push(format!("{name}={value}"));
    }
    (lines.join("\n") + "\n", differs)
}
