//! `group`: a group of the machine, by groupadd, groupmod and groupdel.

use crate::{
    Command, Done, Failure, Module, Plan, Returns, Spec, System, accounts, attributes::io_text, outcome::Call,
};

static SPEC: Spec = Spec::new(
    "ansible.builtin.group",
    "Ensures that a group exists, or does not.",
    "name str! # The group.
gid int # Its number.
state str =present {absent|present} # Whether it should exist.
force bool =false # Remove it even if it is somebody's main group.
system bool =false # It is a system group.
local bool =false # Use the tools that change the machine's own files only.
non_unique bool =false # Its number may be in use.
gid_min int # Lowest number to choose.
gid_max int # Highest number to choose.
!if non_unique=True needs gid",
);

/// See the page above.
pub struct GroupModule;

impl Module for GroupModule {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let name = args.str("name");
        let local = args.bool("local");
        let found = match local {
            true => accounts::local_groups(system).into_iter().find(|group| group.name == name),
            false => accounts::group_by_name(system, name),
        };
        let tool = |tool: &str| if local { format!("l{tool}") } else { tool.to_owned() };
        let mut plan = Plan::new();
        let present = args.str("state") == "present";
        plan.set("name", name).set("state", args.str("state"));
        let gid = args.int("gid").map(|gid| gid.to_string());
        let argv = match (&found, present) {
            (Some(_), false) => {
                let force: &[&str] = if args.bool("force") && !local { &["-f"] } else { &[] };
                Some([vec![tool("groupdel")], strings(force), vec![name.into()]].concat())
            }
            (None, true) => {
                let mut argv = vec![tool("groupadd")];
                if let Some(gid) = &gid {
                    argv.extend(["-g".to_owned(), gid.clone()]);
                    argv.extend(args.bool("non_unique").then(|| "-o".to_owned()));
                }
                argv.extend(args.bool("system").then(|| "-r".to_owned()));
                for (option, key) in [("gid_min", "GID_MIN"), ("gid_max", "GID_MAX")] {
                    if let Some(limit) = args.int(option) {
                        argv.extend(["-K".to_owned(), format!("{key}={limit}")]);
                    }
                }
                argv.push(name.into());
                Some(argv)
            }
            (Some(group), true) if gid.as_ref().is_some_and(|gid| *gid != group.gid.to_string()) => {
                let mut argv = vec![tool("groupmod"), "-g".to_owned(), gid.clone().unwrap_or_default()];
                argv.extend(args.bool("non_unique").then(|| "-o".to_owned()));
                argv.push(name.into());
                Some(argv)
            }
            _ => None,
        };
        if present {
            plan.set("system", args.bool("system"));
            if let Some(group) = &found {
                plan.set("gid", group.gid);
            }
        }
        if let Some(argv) = argv {
            plan.change(argv.join(" "), move |system, returns| {
                run(system, &argv, name, returns)?;
                if let Some(group) = accounts::group_by_name(system, name) {
                    returns.insert("gid".into(), group.gid.into());
                }
                Ok(Done::Changed)
            });
        }
        Ok(plan)
    }
}

/// Owned copies.
pub fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Runs an account tool; its words go to the result, its failure is the task's.
pub fn run(
    system: &mut dyn System,
    argv: &[String],
    name: &str,
    returns: &mut Returns,
) -> Result<(), Failure> {
    let output =
        system.run(&Command::new(argv)).map_err(|error| format!("{}: {}", argv[0], io_text(&error)))?;
    if !output.ok() {
        let failure = Failure::new(output.err()).with("name", name);
        return Err(if argv[0].contains("user") { failure.with("rc", output.rc) } else { failure });
    }
    for (key, text) in [("stdout", output.out()), ("stderr", output.err())] {
        if !text.is_empty() {
            returns.insert(key.into(), text.into());
        }
    }
    Ok(())
}
