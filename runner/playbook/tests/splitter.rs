//! `key=value` strings against recorded answers of ansible-core.

use proptest::prelude::*;
use runner_playbook::splitter::{KeyValues, key_values, split};
use serde_json::{Map, Value, json};

fn options(found: KeyValues) -> Value {
    let mut out: Map<String, Value> =
        found.options.into_iter().map(|(key, value)| (key, json!(value))).collect();
    if let Some(raw) = found.raw {
        out.insert("_raw_params".to_owned(), json!(raw));
    }
    Value::Object(out)
}

fn check(row: &[Value]) -> Vec<String> {
    let text = row[0].as_str().expect("the input");
    let ours = [
        split(text).map(|pieces| json!(pieces)),
        key_values(text, false).map(options),
        key_values(text, true).map(options),
    ];
    let answer = |ours: &Result<Value, _>| match ours {
        Ok(value) => value.clone(),
        Err(error) => json!(format!("AnsibleParserError: {error}")),
    };
    let pairs = ours.iter().map(answer).zip(&row[1..]);
    pairs
        .filter(|(ours, theirs)| ours != *theirs)
        .map(|(ours, theirs)| format!("{text:?}\n  {ours}\n  {theirs}"))
        .collect()
}

#[test]
fn strings_are_split_as_the_oracle_splits_them() {
    let rows: Vec<Vec<Value>> = include_str!("cases/splitter/strings.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("recorded JSON"))
        .collect();
    let wrong: Vec<String> = rows.iter().flat_map(|row| check(row).into_iter().take(1)).collect();
    assert!(wrong.is_empty(), "{} wrong in {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

proptest! {
    #[test]
    fn any_text_is_split_or_refused(text in "\\PC{0,80}", free_form: bool) {
        let _ = key_values(&text, free_form);
    }
}
