//! Inventories against `ansible-inventory --list`, host patterns, and texts that are no inventories.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use proptest::prelude::*;
use runner_playbook::files::{Disk, Memory};
use runner_playbook::inventory::{
    Inventory, InventoryLoader, InventoryVars, Output, RunScript, list, pattern,
};
use runner_playbook::load::Loader;
use serde_json::Value;

/// Runs the inventory programs among the cases.
struct Run;

impl RunScript for Run {
    fn run(&self, program: &Path, args: &[&str]) -> Result<Output, String> {
        let output = Command::new(program).args(args).output().map_err(|error| error.to_string())?;
        Ok(Output { status: output.status.code().unwrap_or(1), stdout: output.stdout, stderr: output.stderr })
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/inventory")
}

fn check(line: &str, expected: &Value) -> Result<(), String> {
    let loader =
        Loader { files: Arc::new(Disk::new(folder(), None)), ..crate::playbook::loader(Memory::new()) };
    let mut inventories = InventoryLoader::new(loader.clone());
    inventories.scripts = Arc::new(Run);
    let sources: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let (inventory, problems) = inventories.load(&sources);
    let first = line.split('/').next().filter(|_| line.contains('/'));
    let play_dir = folder().join(first.unwrap_or("."));
    let vars = InventoryVars::new(loader, &inventory, Some(play_dir));
    let ours = list::list(&inventory, &vars);
    if ours != expected["list"] {
        return Err(format!("{line}\n  ours:     {ours}\n  expected: {}", expected["list"]));
    }
    let said: Vec<String> = problems
        .iter()
        .map(|problem| problem.message.replace(&*folder().to_string_lossy(), "$DIR"))
        .collect();
    let theirs: Vec<&str> = expected["said"]
        .as_str()
        .expect("text")
        .lines()
        .filter_map(|line| line.strip_prefix("[WARNING]: "))
        .filter(|line| !line.contains("reserved name") && !line.contains("Error loading plugin"))
        .collect();
    let (mut sorted, mut wanted) = (said.clone(), theirs.clone());
    sorted.sort();
    wanted.sort_unstable();
    if sorted == wanted {
        Ok(())
    } else {
        Err(format!("{line}\n  ours:     {said:#?}\n  expected: {theirs:#?}"))
    }
}

#[test]
fn inventories_are_listed_as_the_oracle_lists_them() {
    let lines: Vec<&str> = include_str!("cases/inventory/list.txt").lines().collect();
    let answers: Vec<Value> = include_str!("cases/inventory/list.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("recorded JSON"))
        .collect();
    assert_eq!(lines.len(), answers.len(), "record the answers again");
    let wrong: Vec<String> =
        lines.iter().zip(&answers).filter_map(|(line, answer)| check(line, answer).err()).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), lines.len(), wrong.join("\n"));
}

fn read(text: &str) -> Inventory {
    let mut files = Memory::new();
    files.add("/inv/hosts", text);
    InventoryLoader::new(crate::playbook::loader(files)).load(&["/inv/hosts".to_owned()]).0
}

#[test]
fn patterns_select_what_the_oracle_selects() {
    let text = include_str!("cases/inventory/patterns/hosts");
    let mut wrong = Vec::new();
    for line in include_str!("cases/inventory/patterns/answers.jsonl").lines() {
        let row: (String, Vec<String>) = serde_json::from_str(line).expect("recorded JSON");
        let (found, _) = read(text).select(&pattern::split(&row.0));
        let found: Vec<String> = found.iter().map(|name| name.to_string()).collect();
        if found != row.1 {
            wrong.push(format!("{}: ours {found:?}, expected {:?}", row.0, row.1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_huge_range_is_refused() {
    for range in ["a[1:99999999]", "a[0:999][0:999][0:999]", "a[1:18446744073709551615]"] {
        assert_eq!(read(&format!("{range}\n")).hosts().len(), 0, "{range}");
    }
}

#[test]
fn localhost_is_implicit_until_a_source_names_it() {
    let mut inventory = read("a\n");
    let (found, _) = inventory.select(&["localhost".to_owned()]);
    assert_eq!(found.len(), 1);
    assert!(inventory.host("localhost").is_some_and(|host| host.implicit));
    assert!(!inventory.hosts_in("all").iter().any(|name| ***name == *"localhost"));
    let mut named = read("localhost x=1\n");
    named.select(&["localhost".to_owned()]);
    assert!(named.host("localhost").is_some_and(|host| !host.implicit));
}

proptest! {
    #[test]
    fn any_text_is_an_inventory_or_not(text in "[a-z0-9\\[\\]:=#;'\"{}(), \n\t.*~!&@-]{0,80}") {
        let mut inventory = read(&text);
        let _ = inventory.select(&pattern::split(&text));
    }

    #[test]
    fn any_characters_are_an_inventory_or_not(text in "\\PC{0,60}") {
        let mut inventory = read(&text);
        let _ = inventory.select(&pattern::split(&text));
    }
}
