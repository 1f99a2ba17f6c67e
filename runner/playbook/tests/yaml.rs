//! YAML against recorded answers of PyYAML and ansible-core.

use proptest::prelude::*;
use runner_playbook::node::{Data, Node};
use runner_playbook::source::Source;
use runner_playbook::yaml::{self, EmitOptions, Event, Style};
use serde_json::{Value, json};

/// Splits a case file into its texts.
fn texts(file: &str) -> Vec<&str> {
    file.split("=====\n").collect()
}

/// A node as `record.py` writes one.
fn dump(node: &Node) -> Value {
    let place = format!("{}:{}", node.span.line(), node.span.column());
    let all = |items: &[Node]| -> Vec<Value> { items.iter().map(dump).collect() };
    let value = match &node.data {
        Data::Null => Value::Null,
        Data::Bool(value) => json!(value),
        Data::Int(value) => json!({"!int": value.to_string()}),
        Data::BigInt(value) => json!({"!int": value.to_string()}),
        Data::Float(_) => json!({"!float": node.scalar_text()}),
        Data::Str(text) if text.trusted => json!(&*text.value),
        Data::Str(text) => json!({"!unsafe": &*text.value}),
        Data::Bytes(bytes) => {
            json!({"!bytes": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()})
        }
        Data::Date(_) => json!({"!date": node.scalar_text()}),
        Data::DateTime(_) => json!({"!datetime": node.scalar_text()}),
        Data::List(items) => json!(all(items)),
        Data::Tuple(items) => json!({"!tuple": all(items)}),
        Data::Set(items) => {
            let mut items = all(items);
            items.sort_by_key(Value::to_string);
            json!({"!set": items})
        }
        Data::Map(map) => {
            let entries: Vec<Value> =
                map.iter().map(|(key, value)| json!([dump(key), dump(value)])).collect();
            json!({"!map": entries})
        }
        Data::Vault(text) => json!({"!vault": &*text.0}),
    };
    json!([place, value])
}

/// Removes our position wherever the oracle has none (booleans, nulls, values read as JSON).
fn forget_places(ours: &mut Value, theirs: &Value) {
    match (ours, theirs) {
        (Value::Array(ours), Value::Array(theirs)) => {
            if theirs.first() == Some(&Value::Null) || theirs.first() == Some(&json!("None:None")) {
                ours[0] = theirs[0].clone();
            }
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| forget_places(ours, theirs));
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.values_mut().zip(theirs.values()).for_each(|(ours, theirs)| forget_places(ours, theirs));
        }
        _ => {}
    }
}

fn check(text: &str, expected: &Value) -> Result<(), String> {
    let (node, problems) = yaml::parse(&Source::new("case.yml", text));
    let error = problems.iter().find(|problem| problem.is_error());
    let ours = match (&node, error) {
        (_, Some(problem)) => json!({
            "error": problem.message,
            "help": problem.help,
            "place": format!("{}:{}", problem.span.line(), problem.span.column()),
        }),
        (Some(node), None) => {
            let mut value = dump(node);
            forget_places(&mut value, &expected["value"]);
            json!({"value": value})
        }
        (None, None) => json!("neither a node nor an error"),
    };
    if ours == *expected {
        Ok(())
    } else {
        Err(format!("{text:?}\n  ours:     {ours}\n  expected: {expected}"))
    }
}

#[test]
fn documents_are_read_as_the_oracle_reads_them() {
    let texts = texts(include_str!("cases/yaml/documents.txt"));
    let answers: Vec<Value> = include_str!("cases/yaml/documents.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("recorded JSON"))
        .collect();
    assert_eq!(texts.len(), answers.len(), "record the answers again");
    let wrong: Vec<String> =
        texts.iter().zip(&answers).filter_map(|(text, answer)| check(text, answer).err()).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), texts.len(), wrong.join("\n"));
}

#[test]
fn plain_scalars_are_what_pyyaml_says() {
    let mut wrong = Vec::new();
    for line in include_str!("cases/yaml/scalars.tsv").lines() {
        let [text, kind, value] = line.splitn(3, '\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let text: String = serde_json::from_str(text).expect("recorded JSON");
        let (ours, ours_value) = match yaml::plain_scalar(&text) {
            None => ("error", String::new()),
            Some(node) => {
                let kind = match node.data {
                    Data::Null => "null",
                    Data::Bool(_) => "bool",
                    Data::Int(_) | Data::BigInt(_) => "int",
                    Data::Float(_) => "float",
                    Data::Date(_) | Data::DateTime(_) => "timestamp",
                    _ => "str",
                };
                let value =
                    if kind == "str" { String::new() } else { node.scalar_text().unwrap_or_default().into() };
                (kind, value)
            }
        };
        let expected = if value == "error" { ("error", "") } else { (kind, value) };
        if (ours, ours_value.as_str()) != expected {
            wrong.push(format!("{text:?}: ours {ours} {ours_value}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let (node, problems) = yaml::parse(&Source::new("bomb.yml", text));
    assert!(node.is_none());
    assert!(problems[0].message.contains("nodes once aliases are expanded"), "{}", problems[0].message);
}

#[test]
fn deep_nesting_is_refused() {
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
        let (node, problems) = yaml::parse(&Source::new("deep.yml", text));
        assert!(node.is_none());
        assert!(!problems.is_empty());
    }
}

#[test]
fn excerpts_look_as_ansible_shows_them() {
    let long = "x".repeat(150);
    let text = format!("- hosts: all\n\n  vars: {{a: '{long}'}}\n  foo: 1  \n");
    let source = Source::new("/tmp/p.yml", text);
    let cut = "x".repeat(120 - 3 - "3   vars: {a: '".len());
    assert_eq!(
        source.at(4, 3).origin().expect("has a source"),
        format!("Origin: /tmp/p.yml:4:3\n\n2\n3   vars: {{a: '{cut}...\n4   foo: 1  \n    ^ column 3\n")
    );
    assert_eq!(source.at(0, 0).origin().expect("has a source"), "Origin: /tmp/p.yml\n");
    assert_eq!(source.at(1, 3).offset(), Some(2));
}

#[test]
fn events_become_text_again() {
    let scalar = |value: &str, style| Event::Scalar {
        anchor: None,
        tag: None,
        value: value.to_owned(),
        plain_implicit: true,
        quoted_implicit: true,
        style,
    };
    let events = [
        Event::DocumentStart { implicit: true },
        Event::MappingStart { anchor: None, tag: None, implicit: true, flow: false },
        scalar("a", Style::Plain),
        Event::SequenceStart { anchor: None, tag: None, implicit: true, flow: false },
        scalar("x: y", Style::Any),
        scalar("two\nlines\n", Style::Literal),
        scalar("é", Style::DoubleQuoted),
        Event::SequenceEnd,
        Event::MappingEnd,
        Event::DocumentEnd { implicit: true },
    ];
    let text = yaml::emit(&events, EmitOptions { unicode: true, ..EmitOptions::default() });
    assert_eq!(text.as_deref(), Ok("a:\n- 'x: y'\n- |\n  two\n  lines\n- \"é\"\n"));
    assert!(yaml::emit(&[Event::MappingEnd], EmitOptions::default()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z0-9\\[\\]{}:,\\-?!&*|>'\"%@`#\n\t ~<=.]{0,80}") {
        let _ = yaml::parse(&Source::new("any", text));
    }

    #[test]
    fn any_characters_are_read_or_refused(text in "\\PC{0,60}") {
        let _ = yaml::parse(&Source::new("any", text));
    }
}
