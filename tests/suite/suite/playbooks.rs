//! Playbooks beside what ansible-core printed for them: stdout, stderr and exit code, times and paths masked.
//!
//! A case is a folder with `site.yml`, `inventory`, perhaps `args` and `env`, and `ansible.out` as the real
//! ansible-playbook wrote it. `ORACLE=folder-with-ansible-playbook` records anew instead of comparing (`make oracle`).

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use fancy_regex::Regex;

/// Cases run beside each other; they mostly wait for programs.
const THREADS: usize = 4;

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../cases/playbooks")
        .canonicalize()
        .expect("the cases are there")
}

fn folders() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for keyword in fs::read_dir(cases()).expect("readable").flatten().filter(|entry| entry.path().is_dir()) {
        let names = fs::read_dir(keyword.path()).expect("readable").flatten();
        found.extend(names.map(|entry| entry.path()).filter(|path| path.join("site.yml").exists()));
    }
    found.sort();
    found
}

fn words(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// Runs a case with a program; what it printed, masked.
fn run(case: &Path, program: &Path) -> String {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(program);
    command.arg0("ansible-playbook");
    command.current_dir(case).args(["-i", "inventory", "site.yml"]).args(words(&case.join("args")));
    let inherited = std::env::vars().filter(|(name, _)| name.starts_with("ANSIBLE_"));
    inherited.for_each(|(name, _)| {
        command.env_remove(name);
    });
    // One host at a time, so that the order of lines is the order of hosts.
    command.env("ANSIBLE_FORKS", "1").env("LC_ALL", "C.UTF-8");
    command.env("ANSIBLE_PYTHON_INTERPRETER", "/usr/bin/python3");
    command.env("CASE_TMP", scratch.path());
    for word in words(&case.join("env")) {
        if let Some((name, value)) = word.split_once('=') {
            command.env(name, value);
        }
    }
    let output = command.output().expect("the program starts");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !stderr.trim().is_empty() {
        let _ = write!(text, "--- stderr\n{stderr}");
    }
    let _ = writeln!(text, "--- exit {}", output.status.code().unwrap_or(-1));
    mask(&text, case, scratch.path())
}

/// Times, numbers of processes and paths are not part of what is compared.
fn mask(text: &str, case: &Path, scratch: &Path) -> String {
    const RULES: &[(&str, &str)] = &[
        (r#""(delta|start|end|stop)": "[^"]*""#, r#""$1": "TIME""#),
        (r"j\d{6,}(\.\d+)+", "JOB"),
        (r"(?m)^(\+\+\+ after: )\S+/([^/\s]+\.j2)$", "$1$2"),
        (r"Paused for [\d.]+ ", "Paused for N "),
        (r"\.ansible/tmp/[^/\s]+", ".ansible/tmp/X"),
        (r"ansible-tmp-[\d.-]+", "ansible-tmp-X"),
        (r"/tmp/ansible-[^/\s]+", "/tmp/X"),
    ];
    let mut text =
        text.replace(&scratch.display().to_string(), "TMP").replace(&case.display().to_string(), "CASE");
    for (pattern, with) in RULES {
        let pattern = Regex::new(pattern).expect("our own pattern");
        text = pattern.replace_all(&text, *with).into_owned();
    }
    text
}

/// Cases that differ for a reason, `folder: reason` a line.
fn known_differences() -> BTreeMap<String, String> {
    let text = fs::read_to_string(cases().join("known-differences.txt")).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(": "))
        .map(|(case, why)| (case.to_owned(), why.to_owned()))
        .collect()
}

fn first_difference(want: &str, got: &str) -> String {
    let (want, got): (Vec<&str>, Vec<&str>) = (want.lines().collect(), got.lines().collect());
    let at = want.iter().zip(&got).position(|(a, b)| a != b).unwrap_or(want.len().min(got.len()));
    let show = |lines: &[&str]| lines.get(at).map_or_else(|| "<end>".to_owned(), |line| (*line).to_owned());
    format!("  line {}\n  want {}\n  got  {}", at + 1, show(&want), show(&got))
}

#[test]
fn playbooks_print_what_ansible_prints() {
    let oracle = std::env::var_os("ORACLE").map(|dir| PathBuf::from(dir).join("ansible-playbook"));
    let ours = PathBuf::from(env!("CARGO_BIN_EXE_playbook-under-test"));
    let only = std::env::var("CASE").ok();
    let known = known_differences();
    let folders: Vec<PathBuf> = folders()
        .into_iter()
        .filter(|path| only.as_ref().is_none_or(|only| path.display().to_string().contains(only.as_str())))
        .collect();
    assert!(only.is_some() || folders.len() >= 60, "{} cases are too few", folders.len());
    let wrong = std::sync::Mutex::new(BTreeMap::new());
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(case) = folders.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    let name = case.strip_prefix(cases()).unwrap_or(case).display().to_string();
                    let recorded = case.join("ansible.out");
                    if let Some(oracle) = &oracle {
                        fs::write(&recorded, run(case, oracle)).expect("the recording is written");
                        continue;
                    }
                    let want = fs::read_to_string(&recorded).unwrap_or_default();
                    let got = run(case, &ours);
                    if std::env::var_os("KEEP").is_some() {
                        fs::write(format!("/tmp/case-{}", name.replace('/', "-")), &got).expect("kept");
                    }
                    let same = want == got;
                    if same == known.contains_key(&name) {
                        let why = if same {
                            "  is listed as different but agrees".to_owned()
                        } else {
                            first_difference(&want, &got)
                        };
                        wrong.lock().expect("no thread panics").insert(name, why);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no thread panics");
    let mut text = String::new();
    for (name, why) in &wrong {
        let _ = writeln!(text, "{name}\n{why}");
    }
    assert!(wrong.is_empty(), "{} of {} cases differ\n{text}", wrong.len(), folders.len());
}
