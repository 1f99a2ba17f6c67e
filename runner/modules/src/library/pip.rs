//! `pip`: Python packages, in a virtual environment or beside the system's.
//!
//! Returns `cmd`, `name`, `version`, `state`, `virtualenv`, and what pip said.

use crate::{Command, Done, Failure, Module, Output, Plan, Spec, System, attributes::io_text, outcome::Call};
use serde_json::Value;
use std::path::{Path, PathBuf};

static SPEC: Spec = Spec::new(
    "ansible.builtin.pip",
    "Manages Python packages.",
    "name list:str # Packages, with versions if wanted.
version str # Version of the one package.
requirements str # A file with packages.
virtualenv path # The virtual environment; made if it is not there.
virtualenv_site_packages bool =false # The environment sees the system's packages.
virtualenv_command path =virtualenv # What makes the environment.
virtualenv_python str # The Python for it.
state str =present {absent|forcereinstall|latest|present} # What the packages should be.
extra_args str # More words for pip.
editable bool =false # Install in place.
chdir path # The folder to run in.
executable path # The pip to use.
umask str # Mask for new files.
break_system_packages bool =false # Install beside the system's packages although they are managed.
!one_of name,requirements
!exclusive name,requirements
!exclusive executable,virtualenv",
);

/// See the page above.
pub struct Pip;

impl Module for Pip {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let names: Vec<String> = args
            .list("name")
            .into_iter()
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        if args.opt("version").is_some() && names.len() != 1 {
            return Err("'version' argument is ambiguous when installing multiple package distributions. Please specify version restrictions next to each package in 'name' argument.".into());
        }
        let environment = args.some("virtualenv").map(PathBuf::from);
        let missing = environment.as_ref().filter(|path| !system.exists(&path.join("bin/activate"))).cloned();
        let mut plan = Plan::new();
        for option in ["version", "requirements", "virtualenv", "state"] {
            plan.set(option, args.all().get(option).cloned().unwrap_or(Value::Null));
        }
        plan.set("name", args.value("name").cloned().unwrap_or(Value::Null));
        let pip = pip(call, system, missing.is_some())?;
        if let Some(path) = &missing {
            let argv = environment_command(call, system, path);
            plan.change(argv.join(" "), move |system, _| {
                let output = system.run(&Command::new(&argv)).map_err(|error| io_text(&error))?;
                if output.ok() { Ok(Done::Changed) } else { Err(failed(&argv, &output)) }
            });
        }
        let wanted: Vec<String> = match args.opt("version") {
            Some(version) => vec![format!("{}=={version}", names[0])],
            None => names,
        };
        let state = args.str("state");
        let installed = if missing.is_some() { Vec::new() } else { freeze(call, system, &pip)? };
        let here = |spec: &String| is_installed(spec, &installed);
        let needed = match state {
            "present" if args.opt("requirements").is_none() => !wanted.iter().all(here),
            "absent" if args.opt("requirements").is_none() => {
                wanted.iter().any(|spec| is_installed(&distribution(spec), &installed))
            }
            _ => true,
        };
        let mut argv = pip;
        argv.push(if state == "absent" { "uninstall" } else { "install" }.into());
        argv.extend((state == "absent").then(|| "-y".to_owned()));
        argv.extend((state == "latest").then(|| "-U".to_owned()));
        argv.extend((state == "forcereinstall").then(|| "--force-reinstall".to_owned()));
        argv.extend(args.bool("break_system_packages").then(|| "--break-system-packages".to_owned()));
        argv.extend(args.str("extra_args").split_whitespace().map(str::to_owned));
        argv.extend(args.bool("editable").then(|| "-e".to_owned()));
        argv.extend(
            args.some("requirements").into_iter().flat_map(|file| ["-r".to_owned(), file.to_owned()]),
        );
        argv.extend(wanted);
        plan.set("cmd", argv.clone());
        if !needed {
            return Ok(plan);
        }
        let before = installed;
        plan.change(argv.join(" "), move |system, returns| {
            let output = system.run(&command(call, &argv)).map_err(|error| io_text(&error))?;
            // What is not there need not be removed.
            let gone = call.args.str("state") == "absent" && output.err().contains("not installed");
            if !output.ok() && !gone {
                return Err(failed(&argv, &output));
            }
            returns.insert("stdout".into(), output.out().into());
            returns.insert("stderr".into(), output.err().into());
            let program: Vec<String> = argv
                .iter()
                .take_while(|word| !matches!(word.as_str(), "install" | "uninstall"))
                .cloned()
                .collect();
            let changed =
                freeze(call, system, &program)? != before || output.out().contains("Successfully installed");
            Ok(if changed { Done::Changed } else { Done::Unchanged })
        });
        Ok(plan)
    }
}

fn failed(argv: &[String], output: &Output) -> Failure {
    let text = format!("stdout: {}\n\n:stderr: {}", output.out(), output.err());
    let text = if output.out().is_empty() { format!("\n:stderr: {}", output.err()) } else { text };
    Failure::new(text).with("cmd", argv.to_vec()).with("rc", output.rc)
}

fn command(call: &Call<'_>, argv: &[String]) -> Command {
    let mut command = Command::new(argv).in_english();
    command.cwd = call.args.some("chdir").map(PathBuf::from);
    command.umask = call.args.some("umask").and_then(|mask| u32::from_str_radix(mask, 8).ok());
    command
}

/// The words that start pip.
fn pip(call: &Call<'_>, system: &dyn System, later: bool) -> Result<Vec<String>, Failure> {
    if let Some(folder) = call.args.some("virtualenv") {
        return Ok(vec![format!("{folder}/bin/pip")]);
    }
    if let Some(program) = call.args.some("executable") {
        return Ok(vec![program.into()]);
    }
    let found = ["pip3", "pip"].into_iter().find_map(|name| system.which(name));
    match found {
        Some(path) => Ok(vec![path.to_string_lossy().into_owned()]),
        None if later => Ok(vec!["pip3".into()]),
        None => Err("Unable to find any of pip3 to use.  pip needs to be installed.".into()),
    }
}

fn environment_command(call: &Call<'_>, system: &dyn System, path: &Path) -> Vec<String> {
    let args = &call.args;
    let given = args.str("virtualenv_command");
    // Without the old tool, Python's own does the same.
    let default = given == "virtualenv" && system.which("virtualenv").is_none();
    let line = if default { "python3 -m venv" } else { given };
    let mut argv: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    argv.extend(args.bool("virtualenv_site_packages").then(|| "--system-site-packages".to_owned()));
    if let Some(python) = args.some("virtualenv_python").filter(|_| !default) {
        argv.push(format!("-p{python}"));
    }
    argv.push(path.to_string_lossy().into_owned());
    argv
}

/// What is installed, as `name==version` in lower case.
fn freeze(call: &Call<'_>, system: &dyn System, pip: &[String]) -> Result<Vec<String>, Failure> {
    let argv = [pip.to_vec(), vec!["list".into(), "--format=freeze".into()]].concat();
    let output = system.query(&command(call, &argv)).map_err(|error| io_text(&error))?;
    Ok(output.out().lines().map(|line| line.trim().to_lowercase().replace('_', "-")).collect())
}

/// The name of a package, without version and extras.
fn distribution(spec: &str) -> String {
    let end = spec.find(['=', '<', '>', '!', '~', '[', ';', ' ']).unwrap_or(spec.len());
    spec[..end].to_lowercase().replace('_', "-")
}

fn is_installed(spec: &str, installed: &[String]) -> bool {
    let name = distribution(spec);
    let version = installed
        .iter()
        .find_map(|line| line.split_once("==").filter(|(known, _)| *known == name).map(|(_, v)| v));
    let Some(version) = version else { return false };
    let start = spec.find(['=', '<', '>', '!', '~']).unwrap_or(spec.len());
    spec[start..].split(',').filter(|rule| !rule.trim().is_empty()).all(|rule| {
        let rule = rule.trim();
        let at = rule.find(|c: char| !"=<>!~".contains(c)).unwrap_or(rule.len());
        let order = compare(version, rule[at..].trim());
        match &rule[..at] {
            "==" => {
                order.is_eq() || rule.ends_with(".*") && version.starts_with(rule[at..].trim_end_matches('*'))
            }
            "!=" => order.is_ne(),
            ">=" => order.is_ge(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            "<" => order.is_lt(),
            // Compatible: not older, and the same but for the last part.
            _ => {
                order.is_ge() && version.starts_with(rule[at..].rsplit_once('.').map_or("", |(base, _)| base))
            }
        }
    })
}

/// Numbers by value, the rest by text; missing parts are zero.
fn compare(a: &str, b: &str) -> std::cmp::Ordering {
    let parts = |text: &str| -> Vec<(u64, String)> {
        let part = |part: &str| {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            (part[..end].parse().unwrap_or(0), part[end..].to_owned())
        };
        let mut all: Vec<_> = text.split('.').map(part).collect();
        while all.last().is_some_and(|(number, rest)| *number == 0 && rest.is_empty()) {
            all.pop();
        }
        all
    };
    parts(a).cmp(&parts(b))
}
