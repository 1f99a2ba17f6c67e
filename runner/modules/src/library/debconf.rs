//! `debconf`: answers to the questions that packages ask.
//!
//! Returns `current`, `previous`, and a diff.

use crate::{Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call, python};
use serde_json::{Map, Value, json};

static SPEC: Spec = Spec::new(
    "ansible.builtin.debconf",
    "Sets answers to packages' questions.",
    "name(pkg) str! # The package.
question(selection|setting) str # The question.
vtype str {boolean|error|multiselect|note|password|seen|select|string|text|title} # Kind of the answer.
value(answer) raw # The answer.
unseen bool =false # Ask it again.
!together question,vtype,value",
)
.with_diff();

/// See the page above.
pub struct Debconf;

impl Module for Debconf {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let package = args.str("name");
        let output =
            system.query(&Command::new(&["debconf-show", package])).map_err(|error| io_text(&error))?;
        if !output.ok() {
            return Err(output.err().into());
        }
        let mut previous = Map::new();
        for line in output.out().lines() {
            if let Some((key, value)) = line.split_once(':') {
                previous.insert(key.trim_start_matches('*').trim().into(), value.trim().into());
            }
        }
        let mut plan = Plan::new();
        let Some(question) = args.some("question") else {
            plan.set("msg", "").set("current", previous);
            return Ok(plan);
        };
        let Some(kind) = args.some("vtype") else {
            return Err("when supplying a question you must supply a valid vtype".into());
        };
        let value = match args.value("value") {
            Some(Value::Array(items)) => items.iter().map(python::text).collect::<Vec<_>>().join(", "),
            Some(value) => python::text(value),
            None => String::new(),
        };
        let value = if kind == "boolean" { value.to_lowercase() } else { value };
        let known = previous.get(question).and_then(Value::as_str).map(str::to_owned);
        let same = match kind {
            "password" => password(system, package, question).as_deref() == Some(&value),
            "multiselect" => {
                let set = |text: &str| {
                    let mut items: Vec<String> = text
                        .split(',')
                        .map(|item| item.trim().to_owned())
                        .filter(|i| !i.is_empty())
                        .collect();
                    items.sort();
                    items
                };
                known.as_deref().is_some_and(|known| set(known) == set(&value))
            }
            "boolean" => known.as_deref().map(str::to_lowercase).as_deref() == Some(&value),
            _ => known.as_deref() == Some(&value),
        };
        plan.set("msg", "").set("current", json!({ question: value })).set("previous", previous.clone());
        if same && previous.contains_key(question) {
            plan.set("current", previous);
            plan.returns.remove("previous");
            return Ok(plan);
        }
        let old =
            known.map_or_else(Map::new, |known| Map::from_iter([(question.to_owned(), Value::from(known))]));
        plan.set("previous", old.clone());
        plan.diff = Some(json!({ "before": old, "after": { question: value } }));
        let unseen = args.bool("unseen");
        plan.change("debconf-set-selections", move |system, _| {
            let mut argv = vec!["debconf-set-selections"];
            argv.extend(unseen.then_some("-u"));
            let line = format!("{package} {question} {kind} {value}\n");
            let output = system.run(&Command::new(&argv).stdin(line)).map_err(|error| io_text(&error))?;
            if !output.ok() {
                return Err(output.err().into());
            }
            Ok(Done::Changed)
        });
        Ok(plan)
    }
}

/// Passwords are not shown, but can be asked for.
fn password(system: &dyn System, package: &str, question: &str) -> Option<String> {
    let command = Command::new(&["debconf-communicate", package]).stdin(format!("GET {question}\n"));
    let output = system.query(&command).ok()?;
    output.out().trim_end().strip_prefix("0 ").map(str::to_owned)
}
