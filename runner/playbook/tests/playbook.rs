//! Playbooks with mistakes against what ansible-core says, and playbooks without as trees.

use std::path::Path;
use std::sync::Arc;

use runner_playbook::files::Memory;
use runner_playbook::load::{Loader, NoTemplates, Settings};
use runner_playbook::names::{ModuleNames, Resolved};
use runner_playbook::vault::Secrets;
use serde_json::Value;

/// A handful of modules, enough for the cases.
struct Few;

impl ModuleNames for Few {
    fn resolve(&self, name: &str, _collections: &[String]) -> Resolved {
        const KNOWN: [&str; 24] = [
            "add_host",
            "assert",
            "command",
            "copy",
            "debug",
            "fail",
            "file",
            "group_by",
            "import_role",
            "import_tasks",
            "include_role",
            "include_tasks",
            "include_vars",
            "meta",
            "ping",
            "raw",
            "script",
            "service",
            "set_fact",
            "setup",
            "shell",
            "template",
            "uri",
            "validate_argument_spec",
        ];
        let bare = name.strip_prefix("ansible.builtin.").unwrap_or(name);
        if KNOWN.contains(&bare) {
            Resolved::Known(format!("ansible.builtin.{bare}"))
        } else if bare == "yum" {
            Resolved::Foreign("ansible.builtin.dnf".to_owned())
        } else {
            Resolved::Unknown((bare == "debgu").then(|| "debug".to_owned()))
        }
    }
}

/// A loader over files in memory; roles are in `/roles` only.
pub fn loader(files: Memory) -> Loader {
    let roles_path = ["/home/user/.ansible/roles", "/usr/share/ansible/roles", "/etc/ansible/roles"];
    Loader {
        files: Arc::new(files),
        secrets: Arc::new(Secrets::default()),
        names: Arc::new(Few),
        imports: Arc::new(NoTemplates),
        settings: Arc::new(Settings {
            roles_path: roles_path.iter().map(Into::into).collect(),
            ..Settings::default()
        }),
    }
}

fn check_mistake(text: &str, expected: &Value) -> Result<(), String> {
    let mut files = Memory::new();
    files.add("/DIR/site.yml", text);
    let (_, problems) = loader(files).load_playbook(Path::new("/DIR/site.yml"));
    let first = problems.iter().find(|problem| problem.is_error());
    let ours = first.map(|problem| {
        let place = Some(format!("{}:{}", problem.span.line(), problem.span.column()));
        (problem.message.replace("/DIR", "$DIR"), place)
    });
    let theirs = (!expected.is_null()).then(|| {
        let text = |key: &str| expected[key].as_str().map(str::to_owned);
        (text("message").unwrap_or_default(), text("place"))
    });
    let same = match (&ours, &theirs) {
        (None, None) => true,
        // Ansible gives some of its errors no place; ours have one.
        (Some(ours), Some(theirs)) => ours.0 == theirs.0 && (theirs.1.is_none() || ours.1 == theirs.1),
        _ => false,
    };
    if same { Ok(()) } else { Err(format!("{text}\n  ours:     {ours:?}\n  expected: {theirs:?}")) }
}

#[test]
fn mistakes_are_told_in_ansibles_words_and_place() {
    let texts: Vec<&str> = include_str!("cases/playbook/mistakes.txt").split("=====\n").collect();
    let answers: Vec<Value> = include_str!("cases/playbook/mistakes.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("recorded JSON"))
        .collect();
    assert_eq!(texts.len(), answers.len(), "record the answers again");
    let wrong: Vec<String> =
        texts.iter().zip(&answers).filter_map(|(text, answer)| check_mistake(text, answer).err()).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), texts.len(), wrong.join("\n"));
}
