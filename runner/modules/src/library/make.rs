//! `make`: a target of a Makefile, if `make -q` says that it is not up to date.

use crate::{Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call, python};
use std::path::PathBuf;

static SPEC: Spec = Spec::new(
    "community.general.make",
    "Runs targets of a Makefile.",
    "chdir path! # The folder.
target str # The target.
targets list:str # Several targets.
params dict # Variables.
file path # The Makefile.
make path # The program.
jobs int # Jobs at a time.
!exclusive target,targets",
);

/// See the page above.
pub struct Make;

impl Module for Make {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let program = match args.some("make") {
            Some(program) => program.to_owned(),
            None => ["gmake", "make"]
                .into_iter()
                .find_map(|name| system.which(name))
                .map_or("make".into(), |path| path.to_string_lossy().into_owned()),
        };
        let mut argv = vec![program];
        argv.extend(args.some("file").into_iter().flat_map(|file| ["-f".to_owned(), file.to_owned()]));
        argv.extend(args.int("jobs").map(|jobs| format!("-j{jobs}")));
        argv.extend(args.some("target").map(str::to_owned));
        argv.extend(args.list("targets").into_iter().map(str::to_owned));
        argv.extend(args.dict("params").into_iter().flatten().map(|(key, value)| {
            if value.is_null() { key.clone() } else { format!("{key}={}", python::text(value)) }
        }));
        let with = |argv: &[String]| {
            let mut command = Command::new(argv);
            command.cwd = Some(PathBuf::from(args.str("chdir")));
            command
        };
        let mut plan = Plan::new();
        for option in ["chdir", "target", "targets", "params", "file", "jobs"] {
            plan.set(option, args.all().get(option).cloned().unwrap_or_default());
        }
        plan.set("command", argv.join(" "));
        let mut question = argv.clone();
        question.insert(1, "-q".into());
        let output = system.query(&with(&question)).map_err(|error| io_text(&error))?;
        if output.ok() {
            plan.set("stdout", output.out()).set("stderr", output.err());
            return Ok(plan);
        }
        let command = with(&argv);
        plan.change(argv.join(" "), move |system, returns| {
            let output = system.run(&command).map_err(|error| io_text(&error))?;
            if !output.ok() {
                return Err(Failure::new(output.err())
                    .with("rc", output.rc)
                    .with("stdout", output.out())
                    .with("stderr", output.err()));
            }
            returns.insert("stdout".into(), output.out().into());
            returns.insert("stderr".into(), output.err().into());
            Ok(Done::Changed)
        });
        Ok(plan)
    }
}
