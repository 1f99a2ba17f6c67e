//! Cases as text: a folder with `1.tf`, `2.tf`, … whose leading comments say what is done with each and what must follow.
//!
//! | comment | meaning |
//! | --- | --- |
//! | `# do: apply` | also `validate`, `plan`, `destroy`, `import ADDRESS ID`, `taint ADDRESS`, `console EXPRESSION`; apply unless said |
//! | `# world: NAME = JSON` | puts a thing into the world first; `null` removes it |
//! | `# state-file: FILE` | begins with this state, which lies next to the step |
//! | `# expect: ADDRESS ACTION` | what the plan does; all of it, once one is named |
//! | `# error: TEXT`, `# warning: TEXT` | what is said; with an error the command fails |
//! | `# state: ADDRESS PATH = JSON` | an attribute afterwards, `a.b.0.c` |
//! | `# output: NAME = JSON` | an output afterwards |
//! | `# absent: ADDRESS` | not in the state afterwards |
//! | `# never: TEXT` | neither printed nor in the state file |
//! | `# happened: WORD…` | the last lines of the world's log |
//! | `# after: a difference` | a further plan is not empty (it must be, unless said) |

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use super::{Said, Workspace, flat};
use crate::probe::World;

/// What every step begins with, unless it has a `provider` block of its own.
const HEADER: &str =
    "terraform {\n  required_providers {\n    probe = {\n      source = \"tests/probe\"\n    }\n  }\n}\n";
const PROVIDER: &str = "provider \"probe\" {\n  world = abspath(\"${path.root}/world\")\n}\n";

/// Runs the steps of a case in order.
///
/// # Panics
/// Something is not as the case says.
pub fn check(case: &Path, workspace: &Workspace, needs_init: bool) {
    let world = World::new(workspace.path("world"));
    for number in 1.. {
        let path = case.join(format!("{number}.tf"));
        let Ok(text) = fs::read_to_string(&path) else {
            assert!(number > 1, "{} has no step", case.display());
            return;
        };
        let step = Step { name: path.display().to_string(), text, workspace, world: &world };
        step.prepare(case);
        if needs_init && number == 1 {
            workspace.init();
        }
        step.run();
    }
}

struct Step<'a> {
    name: String,
    text: String,
    workspace: &'a Workspace,
    world: &'a World,
}

impl Step<'_> {
    fn all(&self, key: &str) -> Vec<&str> {
        let prefix = format!("# {key}: ");
        self.text.lines().filter_map(|line| line.strip_prefix(&prefix)).map(str::trim).collect()
    }

    fn prepare(&self, case: &Path) {
        for line in self.all("world") {
            let (name, thing) = line.split_once(" = ").expect("NAME = JSON");
            match parse(thing) {
                Json::Null => self.world.remove(name),
                thing => self.world.put(name, &thing),
            }
            .expect("our own folder");
        }
        for file in self.all("state-file") {
            fs::copy(case.join(file), self.workspace.path("terraform.tfstate"))
                .expect("the case has its state file");
        }
        let provider = if self.text.contains("\nprovider \"probe\"") { "" } else { PROVIDER };
        self.workspace.configure(&format!("{HEADER}{provider}{}", self.text));
    }

    fn run(&self) {
        let action = self.all("do").first().copied().unwrap_or("apply").to_owned();
        let words: Vec<&str> = action.split(' ').collect();
        if matches!(words[0], "apply" | "plan" | "destroy") {
            self.check_plan(words[0] == "destroy");
        }
        let errors = self.all("error");
        let no_color = "-no-color";
        let said = match words[..] {
            ["apply"] => self.workspace.apply(),
            ["validate"] => self.workspace.run(&["validate", no_color]),
            ["plan"] => self.workspace.run(&["plan", no_color]),
            ["destroy"] => self.workspace.run(&["destroy", "-auto-approve", no_color]),
            ["taint", address] => self.workspace.run(&["taint", no_color, address]),
            ["import", address, id] => self.workspace.run(&["import", no_color, address, id]),
            ["console", ..] => {
                self.workspace.run_with_input(&["console"], action.trim_start_matches("console "))
            }
            _ => panic!("{}: there is no \"do: {action}\"", self.name),
        };
        self.check_said(&said, &errors);
        self.check_afterwards();
        let settled = errors.is_empty() && matches!(words[0], "apply" | "destroy");
        if settled && self.all("after").is_empty() && words[0] == "apply" {
            self.workspace.expect_empty_plan();
        }
        if !self.all("after").is_empty() {
            assert_ne!(self.workspace.plan_actions(&[]), BTreeMap::new(), "{}: the plan is empty", self.name);
        }
    }

    fn check_plan(&self, destroys: bool) {
        let expected: BTreeMap<String, String> = self
            .all("expect")
            .into_iter()
            .map(|line| line.split_once(' ').expect("ADDRESS ACTION"))
            .map(|(address, action)| (address.to_owned(), action.to_owned()))
            .collect();
        if !expected.is_empty() {
            let more: &[&str] = if destroys { &["-destroy"] } else { &[] };
            let mut found = self.workspace.plan_actions(more);
            found.retain(|address, _| !address.starts_with("output."));
            assert_eq!(found, expected, "{}", self.name);
        }
    }

    fn check_said(&self, said: &Said, errors: &[&str]) {
        assert_eq!(said.success, errors.is_empty(), "{}:\n{}", self.name, said.all());
        let everything = flat(&said.all());
        for text in errors.iter().copied().chain(self.all("warning")) {
            assert!(everything.contains(text), "{}: not said: {text}\n{}", self.name, said.all());
        }
        for text in self.all("said") {
            assert!(everything.contains(text), "{}: not said: {text}\n{}", self.name, said.all());
        }
        let state = self.workspace.state_file();
        for text in self.all("never") {
            assert!(!said.all().contains(text), "{}: printed {text}\n{}", self.name, said.all());
            assert!(!state.contains(text), "{}: {text} is in the state", self.name);
        }
        for text in self.all("never-printed") {
            assert!(!said.all().contains(text), "{}: printed {text}\n{}", self.name, said.all());
        }
    }

    fn check_afterwards(&self) {
        for line in self.all("state") {
            let (place, expected) = line.split_once(" = ").expect("ADDRESS PATH = JSON");
            let (address, path) = place.split_once(' ').expect("ADDRESS PATH");
            let resource =
                self.workspace.state(address).unwrap_or_else(|| panic!("{}: no {address}", self.name));
            let values = if path == "tainted" { &resource } else { &resource["values"] };
            assert_eq!(at(values, path), parse(expected), "{}: {place}", self.name);
        }
        for line in self.all("output") {
            let (name, expected) = line.split_once(" = ").expect("NAME = JSON");
            assert_eq!(self.workspace.output(name), parse(expected), "{}: {name}", self.name);
        }
        for address in self.all("absent") {
            assert_eq!(self.workspace.state(address), None, "{}: {address}", self.name);
        }
        for line in self.all("happened") {
            let expected: Vec<&str> = line.split(", ").collect();
            let happened: Vec<String> =
                self.world.happened().into_iter().filter(|line| line != "configure").collect();
            let tail = &happened[happened.len().saturating_sub(expected.len())..];
            assert_eq!(tail, expected, "{}", self.name);
        }
    }
}

fn parse(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text} is no JSON: {error}"))
}

fn at(value: &Json, path: &str) -> Json {
    path.split('.')
        .try_fold(value, |value, step| match step.parse::<usize>() {
            Ok(index) if value.is_array() => value.get(index),
            _ => value.get(step),
        })
        .cloned()
        .unwrap_or(Json::Null)
}
