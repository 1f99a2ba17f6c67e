//! Every case file: a template, and what ansible-core says it gives (its `repr`, so that types count) or how it fails.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use runner_playbook::source::Span;
use runner_template::{Level, Scope, Settings, Templar, Value, Vars};

use crate::world::Fixtures;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// JSON whose strings are templates of the user.
fn trusted(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::String(text) => Value::template(text.as_str(), &Span::none()),
        serde_json::Value::Array(items) => Value::list(items.iter().map(trusted)),
        serde_json::Value::Object(map) => {
            Value::dict(map.iter().map(|(key, item)| (key.as_str(), trusted(item))))
        }
        other => Value::from_json(other),
    }
}

fn scope(cases: &Path) -> Scope {
    let own = cases.with_extension("context.json");
    let path = if own.exists() { own } else { cases.with_file_name("context.json") };
    let text = std::fs::read_to_string(&path).expect("the variables of the cases");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let vars = Vars::from_value(&trusted(&json));
    Scope::new(Arc::new(Fixtures::new())).with(Level::PlayVars, vars)
}

fn answer(templar: &Templar, template: &str, scope: &Scope) -> Result<String, String> {
    let result = match template.strip_prefix("when: ") {
        Some(condition) => {
            templar.condition(&Value::template(condition, &Span::none()), scope).map(Value::Bool)
        }
        None => templar.render(&Value::template(template, &Span::none()), scope),
    };
    match result {
        Ok(Value::Omit) => Err("A template was resolved to an Omit scalar.".to_owned()),
        Ok(value) => value.to_repr().map_err(|error| error.to_string()),
        Err(error) => Err(error
            .to_string()
            .replace(env!("CARGO_MANIFEST_DIR"), "")
            .replace("/tests/fixtures", "FIXTURES")),
    }
}

/// Runs a case file and lists every disagreement.
fn check(name: &str) {
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path).expect("a case file");
    let scope = scope(&path);
    let templar = Templar::new(Settings::default());
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in text.lines() {
        let case: Vec<Option<String>> = serde_json::from_str(line).expect("a case");
        let template = case[0].clone().expect("a template");
        let wanted = match (&case[1], case.get(2)) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(Some(error))) => Err(error.clone()),
            _ => panic!("a case without an answer: {line}"),
        };
        let got = answer(&templar, &template, &scope);
        count += 1;
        if got != wanted {
            wrong.push(format!("{template}\n    wanted {wanted:?}\n    got    {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases disagree:\n{}\n", wrong.len(), wrong.join("\n"));
}

macro_rules! case_files {
    ($($function:ident => $file:literal),* $(,)?) => {
        $(#[test]
        fn $function() {
            check($file);
        })*

        #[test]
        fn every_case_file_is_run() {
            let listed = [$($file),*];
            let entries = std::fs::read_dir(folder()).expect("the folder of cases");
            for entry in entries.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                assert!(!name.ends_with(".jsonl") || listed.contains(&name.as_str()), "{name} is not run");
            }
        }
    };
}

case_files! {
    ansible => "ansible.jsonl",
    checks => "checks.jsonl",
    documents => "documents.jsonl",
    lists => "lists.jsonl",
    operators => "operators.jsonl",
    probes => "probes.jsonl",
    statements => "statements.jsonl",
    syntax => "syntax.jsonl",
    text => "text.jsonl",
    undefined => "undefined.jsonl",
}
