//! Runs the case files beside the modules: in check mode, for real, and for real again.

use runner_modules::{FakeSystem, Invocation, Kind, Output, Payload, library, run};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Modules that do something each time they are asked to: the second run changes again.
const ALWAYS_CHANGE: &[&str] = &["command", "shell", "tempfile"];

/// Modules that change nothing on the machine, though they are not for reading only.
const NEVER_CHANGE: &[&str] = &["ping", "wait_for"];

/// Modules without cases, each with its reason.
const WITHOUT_CASES: &[(&str, &str)] =
    &[("get_url", "needs a web server: tests/web.rs"), ("uri", "needs a web server: tests/web.rs")];

/// One case: a machine, arguments, and what is expected.
#[derive(Default)]
struct Case {
    name: String,
    text: Value,
}

fn cases(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut all = Vec::new();
    for (at, document) in text.split("\n---\n").enumerate() {
        let comment = document.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or("unnamed");
        let value: Value =
            yaml_serde::from_str(document).unwrap_or_else(|error| panic!("{} {at}: {error}", path.display()));
        if !value.is_null() {
            all.push(Case { name: comment.to_owned(), text: value });
        }
    }
    all
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn mode(value: Option<&Value>, default: u32) -> u32 {
    value.and_then(Value::as_str).and_then(|text| u32::from_str_radix(text, 8).ok()).unwrap_or(default)
}

/// Builds the machine that a case describes.
fn machine(case: &Value) -> FakeSystem {
    let mut system = FakeSystem::default();
    let described = &case["system"];
    for (path, node) in described["files"].as_object().into_iter().flatten() {
        let path = Path::new(path);
        match node {
            Value::String(text) => system.add(path, Kind::File, text.as_bytes(), 0o644),
            Value::Null => system.add(path, Kind::Directory, b"", 0o755),
            Value::Object(map) if map.contains_key("link") => {
                system.add(path, Kind::Link, text(&map["link"]).as_bytes(), 0o777);
            }
            Value::Object(map) if map.contains_key("text") => {
                system.add(path, Kind::File, text(&map["text"]).as_bytes(), mode(map.get("mode"), 0o644));
            }
            Value::Object(map) => system.add(path, Kind::Directory, b"", mode(map.get("mode"), 0o755)),
            other => panic!("{}: {other} is neither text nor a mapping", path.display()),
        }
    }
    for (name, value) in described["env"].as_object().into_iter().flatten() {
        system.env.insert(name.clone(), text(value));
    }
    let mut answers = Vec::new();
    for entry in described["commands"].as_array().into_iter().flatten() {
        let get = |key: &str| entry.get(key).map(text).unwrap_or_default();
        let writes = entry["writes"].as_object().into_iter().flatten();
        let removes = entry["removes"].as_array().into_iter().flatten();
        answers.push(runner_modules::Answer {
            line: get("run"),
            output: Output {
                rc: entry["rc"].as_i64().unwrap_or(0) as i32,
                stdout: get("out").into_bytes(),
                stderr: get("err").into_bytes(),
            },
            writes: writes.map(|(path, text)| (PathBuf::from(path), self::text(text))).collect(),
            removes: removes.map(|path| PathBuf::from(text(path))).collect(),
            times: entry["times"].as_u64().unwrap_or(0) as u32,
            after: entry.get("after").map(text),
        });
    }
    system.set_answers(answers);
    system
}

type Tree = BTreeMap<PathBuf, (String, String, u32, u32, u32)>;

/// Everything in the machine's file system that a module could change.
fn tree(system: &FakeSystem) -> Tree {
    let shown = |node: &runner_modules::Node| {
        let bytes = String::from_utf8_lossy(&node.bytes).into_owned();
        (format!("{:?}", node.kind), bytes, node.mode, node.uid, node.gid)
    };
    system.nodes.iter().map(|(path, node)| (path.clone(), shown(node))).collect()
}

fn invocation(module: &str, case: &Value, check: bool) -> Invocation {
    let args = case["args"].as_object().cloned().unwrap_or_default();
    let mut invocation = Invocation::new(module, args);
    invocation.check = check;
    invocation.diff = true;
    if let Some(bytes) = case.get("payload") {
        invocation.payload = Some(Payload::inline("payload", text(bytes).into_bytes()));
    }
    invocation
}

/// What is expected must be among what came; `null` means that the key must not be there.
fn compare(what: &str, expected: &Map<String, Value>, result: &Map<String, Value>) {
    for (key, value) in expected {
        match (key.as_str(), result.get(key)) {
            ("files" | "ran" | "modes" | "absent" | "check" | "again", _) => {}
            (_, found) if value.is_null() && found.is_none_or(Value::is_null) => {}
            (_, Some(found)) if includes(found, value) => {}
            (_, found) => {
                panic!("{what}: {key} should be {value}, is {found:?}\nwhole result: {}", json!(result))
            }
        }
    }
}

/// Mappings may have more keys than expected; everything else must be equal.
fn includes(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            expected.iter().all(|(key, value)| found.get(key).is_some_and(|found| includes(found, value)))
        }
        _ => found == expected || (found.is_number() && found.as_f64() == expected.as_f64()),
    }
}

fn check_machine(what: &str, expected: &Map<String, Value>, system: &FakeSystem) {
    for (path, wanted) in expected.get("files").and_then(Value::as_object).into_iter().flatten() {
        let node = system.nodes.get(Path::new(path)).unwrap_or_else(|| panic!("{what}: {path} is missing"));
        assert_eq!(String::from_utf8_lossy(&node.bytes), text(wanted), "{what}: {path}");
    }
    for (path, wanted) in expected.get("modes").and_then(Value::as_object).into_iter().flatten() {
        let node = system.nodes.get(Path::new(path)).unwrap_or_else(|| panic!("{what}: {path} is missing"));
        assert_eq!(format!("{:04o}", node.mode), text(wanted), "{what}: mode of {path}");
    }
    for path in expected.get("absent").and_then(Value::as_array).into_iter().flatten() {
        assert!(!system.nodes.contains_key(Path::new(&text(path))), "{what}: {path} should be gone");
    }
    if let Some(ran) = expected.get("ran").and_then(Value::as_array) {
        let ran: Vec<String> = ran.iter().map(text).collect();
        assert_eq!(system.ran, ran, "{what}: programs that were run");
    }
}

fn check(module: &str, case: &Case) {
    let expected = case.text["expect"].as_object().cloned().unwrap_or_default();
    let what = format!("{module}: {}", case.name);
    // In check mode: the same answer, and an untouched machine.
    let mut system = machine(&case.text);
    let before = tree(&system);
    let predicted = run(&invocation(module, &case.text, true), &mut system);
    assert_eq!(tree(&system), before, "{what}: check mode touched the machine");
    assert!(system.ran.is_empty(), "{what}: check mode ran {:?}", system.ran);
    let mut in_check = expected.get("check").and_then(Value::as_object).cloned().unwrap_or_default();
    if !in_check.contains_key("skipped") {
        for key in ["changed", "failed"] {
            if let Some(value) = expected.get(key) {
                in_check.entry(key).or_insert_with(|| value.clone());
            }
        }
    }
    compare(&format!("{what} (check mode)"), &in_check, &predicted.result);
    // For real.
    let mut system = machine(&case.text);
    let outcome = run(&invocation(module, &case.text, false), &mut system);
    compare(&what, &expected, &outcome.result);
    check_machine(&what, &expected, &system);
    if !expected.contains_key("failed") {
        assert!(!outcome.failed(), "{what}: {}", json!(outcome.result));
    }
    // And again: nothing is left to do.
    if outcome.failed() || ALWAYS_CHANGE.contains(&module) {
        return;
    }
    let after = tree(&system);
    let again = run(&invocation(module, &case.text, false), &mut system);
    let changes_again = expected.get("again").and_then(Value::as_bool).unwrap_or(false);
    assert_eq!(again.changed(), changes_again, "{what}: the second run says {}", json!(again.result));
    if !changes_again {
        assert_eq!(tree(&system), after, "{what}: the second run touched the machine");
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/library")
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

#[test]
fn all_cases_hold() {
    let mut problems = Vec::new();
    for entry in library().iter().filter(|entry| entry.module.is_some()) {
        let name = short(entry.spec.name);
        let path = folder().join(format!("{name}.yml"));
        if !path.exists() {
            continue;
        }
        for case in cases(&path) {
            let name = name.to_owned();
            if let Err(panic) = std::panic::catch_unwind(|| check(&name, &case)) {
                let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                problems.push(text);
            }
        }
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n\n"));
}

#[test]
fn every_module_has_cases() {
    let mut problems = Vec::new();
    for entry in library().iter().filter(|entry| entry.module.is_some()) {
        let name = short(entry.spec.name);
        if WITHOUT_CASES.iter().any(|(module, _)| *module == name) {
            continue;
        }
        let path = folder().join(format!("{name}.yml"));
        if !path.exists() {
            problems.push(format!("{name}: no case file"));
            continue;
        }
        let all = cases(&path);
        let any = |wanted: &dyn Fn(&Value) -> bool| all.iter().any(|case| wanted(&case.text["expect"]));
        if !any(&|expect| expect["failed"] == true) {
            problems.push(format!("{name}: no case that fails"));
        }
        if entry.spec.check != runner_modules::Support::ReadOnly
            && !NEVER_CHANGE.contains(&name)
            && !any(&|expect| expect["changed"] == true)
        {
            problems.push(format!("{name}: no case that changes"));
        }
        if !ALWAYS_CHANGE.contains(&name)
            && !any(&|expect| expect["changed"] == false && expect["failed"] != true)
        {
            problems.push(format!("{name}: no case without a change"));
        }
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_case_file_belongs_to_a_module() {
    for file in std::fs::read_dir(folder()).expect("the library is there") {
        let path = file.expect("the library can be read").path();
        if path.extension().is_some_and(|end| end == "yml") {
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            assert!(library().iter().any(|entry| short(entry.spec.name) == name), "{name}.yml has no module");
        }
    }
}
