//! `dpkg_divert`: a package's file goes elsewhere, so that another can take its place.

use crate::{Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call};
use std::path::Path;

static SPEC: Spec = Spec::new(
    "community.general.dpkg_divert",
    "Manages diversions of dpkg.",
    "path(name) path! # The file.
state str =present {absent|present} # Whether it is diverted.
holder str # The package whose file stays; LOCAL for none.
divert path # Where it goes.
rename bool =false # Move the file too.
force bool =false # Change a diversion that is different.",
)
.with_diff();

/// See the page above.
pub struct DpkgDivert;

impl Module for DpkgDivert {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let path = args.str("path");
        let ask = |verb: &str| -> Result<Option<String>, Failure> {
            let output = system
                .query(&Command::new(&["dpkg-divert", verb, path]).in_english())
                .map_err(|error| io_text(&error))?;
            Ok(Some(output.out().trim().to_owned()).filter(|text| output.ok() && !text.is_empty()))
        };
        let owner = ask("--listpackage")?;
        let place = if owner.is_some() { ask("--truename")? } else { None };
        let holder = args.some("holder").unwrap_or("LOCAL");
        let divert = args.some("divert").map_or_else(|| format!("{path}.distrib"), str::to_owned);
        let present = args.str("state") == "present";
        let same = owner.as_deref() == Some(holder)
            && (place.as_deref() == Some(&divert) || args.some("divert").is_none() && place.is_some());
        let mut plan = Plan::new();
        plan.set("commands", Vec::<String>::new()).set("messages", Vec::<String>::new());
        let mut commands: Vec<Vec<String>> = Vec::new();
        let base = |words: &[&str]| {
            let mut argv = vec![
                "dpkg-divert".to_owned(),
                if args.bool("rename") { "--rename" } else { "--no-rename" }.into(),
            ];
            argv.extend(words.iter().map(|word| (*word).to_owned()));
            argv
        };
        let differs = if present { !same } else { owner.is_some() };
        if differs && owner.is_some() {
            if present && !args.bool("force") {
                return Err("Set \"force\" param to True to force renaming of files.".into());
            }
            commands.push(base(&["--remove", path]));
        }
        if differs && present {
            if args.bool("rename")
                && system.exists(Path::new(&divert))
                && system.exists(Path::new(path))
                && !args.bool("force")
            {
                return Err("Set \"force\" param to True to force renaming of files.".into());
            }
            let who = if holder == "LOCAL" { vec!["--local"] } else { vec!["--package", holder] };
            commands.push(base(&[who, vec!["--divert", &divert, "--add", path]].concat()));
        }
        plan.set("commands", commands.iter().map(|argv| argv.join(" ")).collect::<Vec<_>>());
        for argv in commands {
            plan.change(argv.join(" "), move |system, _| {
                let output =
                    system.run(&Command::new(&argv).in_english()).map_err(|error| io_text(&error))?;
                if output.ok() {
                    Ok(Done::Changed)
                } else {
                    Err(Failure::new(output.err()).with("rc", output.rc))
                }
            });
        }
        Ok(plan)
    }
}
