//! The house rules that a machine can check, as tests.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Longest file allowed. A longer one has a split in it that a reader would be glad of.
const FILE_LINES_MAX: usize = 800;

/// Files that may be longer, each with its reason.
const LONGER: &[(&str, &str)] = &[];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace root")
}

/// Files that git tracks or would track.
fn files() -> Vec<PathBuf> {
    let out = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files of a clone");
    String::from_utf8(out.stdout)
        .expect("plain names")
        .lines()
        .map(|line| root().join(line))
        .filter(|path| path.is_file())
        .collect()
}

fn check_rust(judge: impl Fn(&str, &str) -> Option<String>) {
    let root = root();
    let mut problems = Vec::new();
    let mut seen = 0;
    for path in files().iter().filter(|path| path.extension().is_some_and(|e| e == "rs")) {
        let text = std::fs::read_to_string(path).expect("source is text");
        let name = path.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
        seen += 1;
        problems.extend(judge(&name, &text).map(|problem| format!("{name}: {problem}")));
    }
    assert!(seen > 10, "the walk found only {seen} files: it is broken");
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_file_opens_with_a_sentence() {
    check_rust(|_, text| {
        (!text.starts_with("//! ")).then(|| "opens with a `//!` sentence that says what it is for".to_owned())
    });
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    check_rust(|name, text| {
        let lines = text.lines().count();
        (lines > FILE_LINES_MAX && !LONGER.iter().any(|(n, _)| *n == name))
            .then(|| format!("{lines} lines; split it at {FILE_LINES_MAX}"))
    });
}

#[test]
fn nothing_is_left_for_later_in_the_code() {
    // Spelt in halves so that this file does not find itself.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    check_rust(|_, text| {
        words.iter().find(|word| text.contains(**word)).map(|word| format!("says {word}: do it or delete it"))
    });
}

#[test]
fn names_say_what_a_file_holds() {
    let vague = ["util", "utils", "helpers", "helper", "common", "misc", "imp", "types", "manager"];
    check_rust(|name, _| {
        let stem = Path::new(name).file_stem()?.to_str()?;
        vague.contains(&stem).then(|| "its name says nothing; call it by the noun it defines".to_owned())
    });
}
