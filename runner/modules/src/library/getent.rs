//! `getent`: entries of the machine's databases (passwd, group, hosts …) as facts.

use crate::{Command, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call};
use serde_json::{Map, Value, json};

static SPEC: Spec = Spec::new(
    "ansible.builtin.getent",
    "Asks the machine's databases.",
    "database str! # The database: passwd, group, hosts, services …
key str # The entry; all entries if not given.
service str # The name service to ask.
split str # What separates fields; : or blanks if not given.
fail_key bool =true # Whether a missing key is a failure.",
)
.read_only();

/// See the page above.
pub struct Getent;

impl Module for Getent {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let database = args.str("database");
        let mut argv = vec!["getent", database];
        argv.extend(args.opt("key"));
        if let Some(service) = args.opt("service") {
            argv.extend(["-s", service]);
        }
        let output = system.query(&Command::new(&argv)).map_err(|error| io_text(&error))?;
        let colon = ["passwd", "shadow", "group", "gshadow"].contains(&database);
        let split = args.opt("split").or(colon.then_some(":"));
        let mut entries = Map::new();
        match output.rc {
            0 => {
                let mut seen = std::collections::BTreeMap::<String, usize>::new();
                for line in output.out().lines() {
                    let mut fields: Vec<Value> = match split {
                        Some(split) => line.split(split).map(Value::from).collect(),
                        None => line.split_whitespace().map(Value::from).collect(),
                    };
                    if fields.is_empty() {
                        continue;
                    }
                    let Value::String(key) = fields.remove(0) else { continue };
                    let count = seen.entry(key.clone()).or_default();
                    *count += 1;
                    // Entries of the same name become a list of lists.
                    match (*count, entries.get_mut(&key)) {
                        (2, Some(Value::Array(first))) => *first = vec![json!(first.clone()), json!(fields)],
                        (3.., Some(Value::Array(all))) => all.push(json!(fields)),
                        _ => drop(entries.insert(key, fields.into())),
                    }
                }
            }
            1 => return Err("Missing arguments, or database unknown.".into()),
            2 if !args.bool("fail_key") => {
                entries.insert(args.str("key").into(), Value::Null);
            }
            2 => return Err("One or more supplied key could not be found in the database.".into()),
            3 => return Err("Enumeration not supported on this database.".into()),
            _ => return Err("Unexpected failure!".into()),
        }
        let mut plan = Plan::new();
        if output.rc == 2 {
            plan.set("msg", "One or more supplied key could not be found in the database.");
        }
        plan.set("ansible_facts", json!({ format!("getent_{database}"): entries }));
        Ok(plan)
    }
}
