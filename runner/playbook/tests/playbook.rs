//! Playbooks with mistakes against what ansible-core says, and playbooks without as trees.

use std::path::Path;
use std::sync::Arc;

use runner_playbook::ast::{Item, Playbook, Task, items};
use runner_playbook::files::{Disk, Memory};
use runner_playbook::keyword::{Keyword, Place};
use runner_playbook::load::{ImportNames, Loader, NoTemplates, Settings};
use runner_playbook::names::{ModuleNames, Resolved};
use runner_playbook::node::{Map, Node};
use runner_playbook::problem::Problem;
use runner_playbook::vault::{self, Secret, Secrets};
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

/// The lines of `--list-tasks`, without tags that exclude a task.
fn list_tasks(playbook: &Playbook) -> String {
    let mut out = "\nplaybook: site.yml\n".to_owned();
    for (number, play) in playbook.plays.iter().enumerate() {
        let hosts: Vec<&str> = play.hosts.iter().filter_map(Node::as_str).collect();
        let name = play.name().and_then(Node::as_str).map_or_else(|| hosts.join(","), str::to_owned);
        let mut tags: Vec<String> = Vec::new();
        for value in [play.layer.inherited(Keyword::Tags)].concat() {
            tags.extend(items(value).iter().filter_map(Node::as_str).map(str::to_owned));
        }
        let (number, hosts) = (number + 1, hosts.join(","));
        out.push_str(&format!(
            "\n  play #{number} ({hosts}): {name}\tTAGS: [{}]\n    tasks:\n",
            tags.join(",")
        ));
        let roles: Vec<Item> =
            play.roles.iter().flat_map(|role| role.in_order()).flat_map(|role| role.tasks.clone()).collect();
        for item in play.pre_tasks.iter().chain(&roles).chain(&play.tasks).chain(&play.post_tasks) {
            for task in listed(item) {
                let mut tags = task.tags();
                tags.sort();
                if tags.iter().any(|tag| tag == "never") {
                    continue;
                }
                out.push_str(&format!("      {}\tTAGS: [{}]\n", shown_name(&task), tags.join(", ")));
            }
        }
    }
    out
}

/// The tasks of an item that are listed: not those of `rescue` and `always`.
fn listed(item: &Item) -> Vec<Arc<Task>> {
    match item {
        Item::Task(task) => vec![task.clone()],
        Item::Block(block) => block.block.iter().flat_map(listed).collect(),
    }
}

fn shown_name(task: &Task) -> String {
    match (task.name().and_then(Node::as_str), task.role()) {
        (Some(name), Some(role)) => format!("{} : {name}", role.name),
        (Some(name), None) => name.to_owned(),
        (None, _) => task.action.name.clone(),
    }
}

fn load(folder: &str) -> (Option<Playbook>, Vec<Problem>) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/playbook").join(folder);
    let loader = Loader { files: Arc::new(Disk::new(dir, None)), ..loader(Memory::new()) };
    loader.load_playbook(Path::new("site.yml"))
}

#[test]
fn tasks_are_listed_as_the_oracle_lists_them() {
    for folder in ["blocks", "imports", "roles"] {
        let (playbook, problems) = load(&format!("listed/{folder}"));
        let playbook = playbook.unwrap_or_else(|| panic!("{folder}: {problems:?}"));
        let expected = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/cases/playbook/listed/{folder}/list-tasks.txt"));
        let expected = std::fs::read_to_string(expected).expect("recorded");
        let tidy = |text: &str| text.trim().to_owned();
        assert_eq!(tidy(&list_tasks(&playbook)), tidy(&expected), "{folder}");
    }
}

#[test]
fn roles_carry_their_variables_and_parameters() {
    let (playbook, _) = load("listed/roles");
    let play = playbook.expect("loads").plays[0].clone();
    let base = &play.roles[0].role;
    assert_eq!(format!("{:?}", base.defaults), r#"{"d1": "a", "d2": "b"}"#);
    let app = &play.roles[1];
    assert_eq!(format!("{:?}", app.role.vars), r#"{"appvar": 1}"#);
    assert_eq!(format!("{:?}", app.role.entry.params), r#"{"port_param": 5}"#);
    assert_eq!(format!("{:?}", app.layer.vars), r#"{"v": 1}"#);
    assert!(app.role.meta.allow_duplicates);
    let names: Vec<&str> = app.in_order().iter().map(|role| &*role.role.name).collect();
    assert_eq!(names, ["dep", "base", "app"]);
    assert_eq!(play.imported_roles.len(), 2);
    assert_eq!(play.roles[0].handlers.len(), 1);
    let Item::Task(check) = &play.roles[2].tasks[0] else { panic!("the check of the arguments comes first") };
    assert_eq!(
        format!("{:?}", check.action.args.map.get("argument_spec")),
        r#"Some({!unsafe "x": {!unsafe "type": !unsafe "str", !unsafe "default": !unsafe "{{ y }}"}})"#
    );
}

#[test]
fn handlers_are_flat_and_know_their_topics() {
    let (playbook, _) = load("listed/blocks");
    let play = playbook.expect("loads").plays[0].clone();
    let handlers: Vec<(Option<&str>, &[String])> = play
        .handlers
        .iter()
        .map(|handler| (handler.task.name().and_then(Node::as_str), &*handler.listen))
        .collect();
    assert_eq!(handlers, [(Some("h"), &["topic".to_owned()][..]), (Some("imported handler"), &[])]);
}

#[test]
fn conditions_are_inherited_from_the_outside_in() {
    let (playbook, problems) = one(
        "- import_playbook: play.yml\n  when: one\n",
        &[(
            "play.yml",
            "- hosts: all\n  tasks:\n    - when: [two, three]\n      block:\n        - debug:\n          when: four\n",
        )],
    );
    let play = playbook.unwrap_or_else(|| panic!("{problems:?}")).plays[0].clone();
    let task = play.tasks[0].tasks()[0].clone();
    let conditions: Vec<&str> =
        task.effective(Keyword::When).into_iter().flat_map(items).filter_map(Node::as_str).collect();
    assert_eq!(conditions, ["one", "two", "three", "four"]);
}

/// A playbook with other files next to it.
fn one(site: &str, others: &[(&str, &str)]) -> (Option<Playbook>, Vec<Problem>) {
    let mut files = Memory::new();
    files.add("/DIR/site.yml", site);
    others.iter().for_each(|(path, text)| files.add(format!("/DIR/{path}"), *text));
    loader(files).load_playbook(Path::new("/DIR/site.yml"))
}

#[test]
fn all_mistakes_of_a_file_come_at_once_with_suggestions() {
    let site = include_str!("cases/playbook/many-mistakes.yml");
    let (playbook, problems) = one(site, &[]);
    assert!(playbook.is_none());
    let shown: String = problems
        .iter()
        .map(|problem| {
            let help = problem.help.as_deref().map(|help| format!(" | {help}")).unwrap_or_default();
            let message = problem.message.lines().next().unwrap_or_default();
            format!("{}:{}: {message}{help}\n", problem.span.line(), problem.span.column())
        })
        .collect();
    assert_eq!(shown, include_str!("cases/playbook/many-mistakes.txt"));
}

#[test]
fn a_module_that_is_not_ours_is_a_warning() {
    let (playbook, problems) = one("- hosts: all\n  tasks:\n    - yum: name=x\n", &[]);
    assert!(playbook.is_some_and(|playbook| !playbook.plays[0].tasks[0].tasks()[0].action.available));
    assert_eq!(problems.len(), 1);
    assert!(!problems[0].is_error());
}

#[test]
fn files_and_roles_that_import_themselves_are_refused() {
    let (playbook, problems) =
        one("- hosts: all\n  tasks:\n    - import_tasks: a.yml\n", &[("a.yml", "- import_tasks: a.yml\n")]);
    assert!(playbook.is_none());
    assert!(problems.iter().any(|problem| problem.message.contains("imports itself")), "{problems:?}");
    let loops =
        [("roles/a/meta/main.yml", "dependencies: [b]\n"), ("roles/b/meta/main.yml", "dependencies: [a]\n")];
    let (playbook, problems) = one("- hosts: all\n  roles: [a]\n", &loops);
    assert!(playbook.is_none());
    assert!(problems[0].message.starts_with("A recursion loop was detected"), "{problems:?}");
}

#[test]
fn encrypted_files_are_read_with_the_secrets() {
    let secret = Secret::new("default", b"x");
    let mut files = Memory::new();
    let site = vault::encrypt(b"- hosts: all\n  tasks: [{import_tasks: t.yml}]\n", &secret, None, &[1; 32]);
    files.add("/DIR/site.yml", site);
    files.add("/DIR/t.yml", vault::encrypt(b"- debug:\n", &secret, None, &[2; 32]));
    let mut loader = loader(files);
    let (_, problems) = loader.load_playbook(Path::new("/DIR/site.yml"));
    assert_eq!(problems[0].message, "Attempting to decrypt but no vault secrets found.");
    loader.secrets = Arc::new(Secrets { list: vec![secret], match_label: false });
    let (playbook, problems) = loader.load_playbook(Path::new("/DIR/site.yml"));
    assert!(playbook.is_some(), "{problems:?}");
}

#[test]
fn a_name_of_an_import_may_use_play_variables() {
    struct First;
    impl ImportNames for First {
        fn render(&self, _text: &Node, vars: &[&Map]) -> Result<String, String> {
            let found = vars.iter().rev().find_map(|vars| vars.get("file"));
            found.and_then(Node::as_str).map(str::to_owned).ok_or_else(|| "'file' is undefined".to_owned())
        }
    }
    let mut files = Memory::new();
    files.add(
        "/DIR/site.yml",
        "- hosts: all\n  vars: {file: t.yml}\n  tasks: [{import_tasks: '{{ file }}'}]\n",
    );
    files.add("/DIR/bad.yml", "- hosts: all\n  tasks: [{import_tasks: '{{ file }}'}]\n");
    files.add("/DIR/t.yml", "- debug:\n");
    let mut loader = loader(files);
    loader.imports = Arc::new(First);
    assert!(loader.load_playbook(Path::new("/DIR/site.yml")).0.is_some());
    let (_, problems) = loader.load_playbook(Path::new("/DIR/bad.yml"));
    assert_eq!(
        problems[0].message,
        "Error when evaluating variable in import path '{{ file }}': 'file' is undefined"
    );
}

#[test]
fn every_keyword_is_legal_where_the_oracle_says() {
    let rows = include_str!("cases/playbook/keywords.tsv");
    let mut known = 0;
    for row in rows.lines() {
        let (name, places) = row.split_once('\t').expect("two columns");
        let keyword = Keyword::from_name(name).unwrap_or_else(|| panic!("{name} is missing"));
        let all = [
            ("Play", Place::Play),
            ("Role", Place::Role),
            ("Block", Place::Block),
            ("Task", Place::Task),
            ("Handler", Place::Handler),
        ];
        let ours: Vec<&str> =
            all.iter().filter(|(_, place)| keyword.is_legal(*place)).map(|(name, _)| *name).collect();
        assert_eq!(ours.join(","), places, "{name}");
        known += 1;
    }
    assert_eq!(known, 60);
}

#[test]
fn names_of_variables_are_judged_where_ansible_judges_them() {
    let role = [("roles/r/defaults/main.yml", "a-b: 1\n"), ("roles/r/tasks/main.yml", "- debug:\n")];
    let (playbook, problems) = one("- hosts: all\n  roles: [{role: r, c-d: 1}]\n", &role);
    assert!(playbook.is_some(), "{problems:?}");
    let (playbook, problems) = one("- hosts: all\n  vars: {None: 1, for: 2, async: 3}\n", &[]);
    assert!(playbook.is_none());
    let said: Vec<&str> = problems.iter().map(|problem| &*problem.message).collect();
    assert_eq!(said, ["Invalid variable name 'None'.", "Found variable using reserved name 'async'."]);
}
