//! `alternatives`: which program a name stands for.

use crate::{Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call, python};
use serde_json::{Value, json};

static SPEC: Spec = Spec::new(
    "community.general.alternatives",
    "Manages alternatives.",
    "name str! # The name.
path path # The program.
family str # A family of programs; not used on Debian.
link path # The link that stands for it.
priority int # How much it is preferred.
state str =selected {present|selected|auto|absent} # What should be.
subcommands(slaves) list:dict # Links that follow: name, path, link.",
)
.with_diff();

/// See the page above.
pub struct Alternatives;

/// What update-alternatives says of a name.
#[derive(Default)]
struct Known {
    mode: String,
    link: String,
    value: String,
    choices: Vec<(String, i64)>,
}

impl Module for Alternatives {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let (name, state) = (args.str("name"), args.str("state"));
        let Some(path) = args.some("path").or_else(|| args.some("family")) else {
            return Err("one of the following is required: path, family".into());
        };
        let known = look(system, name)?;
        let choice = known.choices.iter().find(|(choice, _)| choice == path);
        let mut plan = Plan::new();
        if state == "absent" {
            if choice.is_some() {
                plan_tool(&mut plan, vec!["--remove".into(), name.into(), path.into()]);
            }
            return Ok(plan);
        }
        let priority = args.int("priority").or(choice.map(|(_, priority)| *priority)).unwrap_or(50);
        let link = args
            .some("link")
            .map(str::to_owned)
            .or_else(|| Some(known.link.clone()).filter(|link| !link.is_empty()));
        let differs = choice.is_none_or(|(_, present)| *present != priority)
            || args.some("link").is_some_and(|link| link != known.link);
        if differs {
            if !system.exists(std::path::Path::new(path)) {
                return Err(format!("Specified path {path} does not exist").into());
            }
            let Some(link) = link else {
                return Err(
                    "Needed to install the alternative, but unable to do so as we are missing the link"
                        .into(),
                );
            };
            let mut words =
                vec!["--install".to_owned(), link, name.into(), path.into(), priority.to_string()];
            for slave in args.value("subcommands").and_then(Value::as_array).into_iter().flatten() {
                let field = |key: &str| slave.get(key).map(python::text).unwrap_or_default();
                words.extend(["--slave".to_owned(), field("link"), field("name"), field("path")]);
            }
            plan_tool(&mut plan, words);
        }
        match state {
            "selected" if known.value != path || known.mode != "manual" && differs => {
                plan_tool(&mut plan, vec!["--set".into(), name.into(), path.into()]);
            }
            "auto" if known.mode != "auto" && !known.mode.is_empty() => {
                plan_tool(&mut plan, vec!["--auto".into(), name.into()]);
            }
            _ => {}
        }
        if plan.is_change() {
            plan.diff = Some(json!({
                "before": { "state": known.mode, "path": known.value, "link": known.link },
                "after": { "state": state, "path": path, "priority": priority },
            }));
        }
        Ok(plan)
    }
}

fn look(system: &dyn System, name: &str) -> Result<Known, Failure> {
    let output = system
        .query(&Command::new(&["update-alternatives", "--query", name]).in_english())
        .map_err(|error| io_text(&error))?;
    let mut known = Known::default();
    if !output.ok() {
        return Ok(known);
    }
    for line in output.out().lines() {
        let Some((key, value)) = line.split_once(": ") else { continue };
        match key {
            "Link" => known.link = value.into(),
            "Status" => known.mode = value.into(),
            "Value" => known.value = value.into(),
            "Alternative" => known.choices.push((value.into(), 0)),
            "Priority" => {
                if let Some(last) = known.choices.last_mut() {
                    last.1 = value.parse().unwrap_or(0);
                }
            }
            _ => {}
        }
    }
    Ok(known)
}

fn plan_tool(plan: &mut Plan<'_>, words: Vec<String>) {
    let argv = [vec!["update-alternatives".to_owned()], words].concat();
    plan.change(argv.join(" "), move |system, _| {
        let output = system.run(&Command::new(&argv).in_english()).map_err(|error| io_text(&error))?;
        if output.ok() { Ok(Done::Changed) } else { Err(Failure::new(output.err()).with("rc", output.rc)) }
    });
}
