//! `modprobe`: a kernel module is loaded, or is not; now, and after the next boot.

use crate::{
    Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call, placing,
};
use std::path::{Path, PathBuf};

static SPEC: Spec = Spec::new(
    "community.general.modprobe",
    "Loads and unloads kernel modules.",
    "name str! # The module.
state str =present {absent|present} # Whether it should be loaded.
params str ='' # Its parameters.
persistent str =disabled {disabled|absent|present} # Whether it is loaded at boot.",
);

/// See the page above.
pub struct Modprobe;

impl Module for Modprobe {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let (name, params) = (args.str("name"), args.str("params"));
        let mut plan = Plan::new();
        plan.set("name", name).set("params", params).set("state", args.str("state"));
        let present = args.str("state") == "present";
        let loaded = is_loaded(system, name);
        if present != loaded {
            let mut argv = vec!["modprobe".to_owned()];
            argv.extend((!present).then(|| "-r".to_owned()));
            argv.push(name.into());
            argv.extend(params.split_whitespace().filter(|_| present).map(str::to_owned));
            plan.change(argv.join(" "), move |system, _| {
                let output =
                    system.run(&Command::new(&argv).in_english()).map_err(|error| io_text(&error))?;
                if output.ok() {
                    return Ok(Done::Changed);
                }
                Err(Failure::new(output.err())
                    .with("rc", output.rc)
                    .with("stdout", output.out())
                    .with("stderr", output.err()))
            });
        }
        match args.str("persistent") {
            "present" => {
                plan_file(&mut plan, system, format!("/etc/modules-load.d/{name}.conf"), format!("{name}\n"));
                if !params.is_empty() {
                    plan_file(
                        &mut plan,
                        system,
                        format!("/etc/modprobe.d/{name}.conf"),
                        format!("options {name} {params}\n"),
                    );
                }
            }
            "absent" => plan_forget(&mut plan, system, name),
            _ => {}
        }
        Ok(plan)
    }
}

/// Hyphens and underscores are the same to the kernel.
fn is_loaded(system: &dyn System, name: &str) -> bool {
    let name = name.replace('-', "_");
    let modules = system.text("/proc/modules");
    if modules.lines().any(|line| line.split(' ').next() == Some(&name)) {
        return true;
    }
    let built_in = system.text(&format!("/lib/modules/{}/modules.builtin", system.uname().release));
    built_in.lines().any(|line| {
        let file = line.rsplit('/').next().unwrap_or_default();
        file.split(".ko").next().is_some_and(|module| module.replace('-', "_") == name)
    })
}

fn plan_file(plan: &mut Plan<'_>, system: &dyn System, path: String, text: String) {
    let wanted: Vec<String> = text.lines().map(str::to_owned).collect();
    let present = system.text(&path);
    if wanted.iter().all(|line| present.lines().any(|there| there.trim() == line)) {
        return;
    }
    plan.change(format!("write {path}"), move |system, _| {
        let path = Path::new(&path);
        placing::make_dirs(system, path.parent().unwrap_or(Path::new("/")))?;
        placing::place(system, path, &mut text.as_bytes(), &placing::How::default())?;
        Ok(Done::Changed)
    });
}

/// Whether a line is about the module.
type Fits<'a> = &'a dyn Fn(&str) -> bool;

/// Comments the module out wherever it is loaded at boot.
fn plan_forget(plan: &mut Plan<'_>, system: &dyn System, name: &str) {
    let loads = |line: &str| line.trim() == name;
    let options = |line: &str| line.split_whitespace().take(2).collect::<Vec<_>>() == ["options", name];
    let folders: [(&str, Fits<'_>); 2] = [("/etc/modules-load.d", &loads), ("/etc/modprobe.d", &options)];
    for (folder, fits) in folders {
        let mut names = system.list(Path::new(folder)).unwrap_or_default();
        names.sort();
        for file in names {
            let path: PathBuf = Path::new(folder).join(file);
            let before = system.text(&path.to_string_lossy());
            if !before.lines().any(fits) {
                continue;
            }
            let line = |line: &str| if fits(line) { format!("#{line}\n") } else { format!("{line}\n") };
            let after: String = before.lines().map(line).collect();
            plan.change(format!("write {}", path.display()), move |system, _| {
                placing::place(system, &path, &mut after.as_bytes(), &placing::How::default())?;
                Ok(Done::Changed)
            });
        }
    }
}
