//! The dependency rules of ARCHITECTURE.md, as a test.

use std::{collections::BTreeSet, path::Path, process::Command};

/// Who may depend on whom (normal dependencies). A crate that is absent here fails the test.
const ALLOWED: &[(&str, &[&str])] = &[
    ("provider-protocol", &[]),
    ("provider-framework", &["provider-protocol"]),
    ("provider-hcloud", &[]),
    ("provider-capacity", &[]),
    ("provider-cluster", &["provider-capacity"]),
    (
        "provider-apply",
        &["provider-cluster", "provider-hcloud", "runner-connection", "runner-engine", "runner-playbook"],
    ),
    (
        "provider-plugin",
        &["provider-apply", "provider-capacity", "provider-cluster", "provider-framework", "provider-hcloud"],
    ),
    ("runner-playbook", &[]),
    ("runner-template", &["runner-playbook"]),
    ("runner-modules", &[]),
    ("runner-agent", &["runner-modules"]),
    ("runner-engine", &["runner-modules", "runner-playbook", "runner-template"]),
    ("runner-connection", &["runner-agent", "runner-engine", "runner-modules"]),
    (
        "runner-cli",
        &["runner-connection", "runner-engine", "runner-modules", "runner-playbook", "runner-template"],
    ),
    ("tests-hcloud-mock", &[]),
    ("tests-nimble-standin", &[]),
];

/// Outside crates that only one of ours may name.
const QUARANTINE: &[(&str, &str)] = &[
    ("tonic", "provider-protocol"),
    ("prost", "provider-protocol"),
    ("rmp", "provider-protocol"),
    ("reqwest", "provider-hcloud"),
    ("minijinja", "runner-template"),
    ("openssh", "runner-connection"),
    ("libyaml-rs", "runner-playbook"),
];

/// Crates that decide and never wait: no async runtime in their manifests.
const SYNCHRONOUS: &[&str] = &[
    "provider-capacity",
    "provider-cluster",
    "runner-playbook",
    "runner-template",
    "runner-modules",
    "runner-agent",
];

fn metadata() -> serde_json::Value {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1"])
        .output()
        .expect("cargo runs: it built this test");
    serde_json::from_slice(&out.stdout).expect("cargo metadata prints JSON")
}

#[test]
fn dependencies_point_the_way_the_map_says() {
    let metadata = metadata();
    let root = metadata["workspace_root"].as_str().expect("a path");
    let mut problems = Vec::new();
    for package in metadata["packages"].as_array().expect("a list") {
        let name = package["name"].as_str().expect("a name");
        let manifest = package["manifest_path"].as_str().expect("a path");
        let folder =
            manifest.trim_start_matches(root).trim_start_matches('/').trim_end_matches("/Cargo.toml");
        if folder.replace('/', "-") != name {
            problems.push(format!("{folder}: a crate is named after its path, this one is called {name}"));
        }
        // The suite is above everything, so it may name everything.
        if name == "tests-suite" {
            continue;
        }
        let normal: BTreeSet<&str> = package["dependencies"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|d| d["kind"].is_null())
            .map(|d| d["name"].as_str().expect("a name"))
            .collect();
        let Some((_, allowed)) = ALLOWED.iter().find(|(n, _)| *n == name) else {
            problems.push(format!("{name}: not on the map"));
            continue;
        };
        for dep in &normal {
            let ours = ["provider-", "runner-", "tests-"].iter().any(|p| dep.starts_with(p));
            if ours && !allowed.contains(dep) {
                problems.push(format!("{name} -> {dep}: forbidden"));
            }
            if let Some((_, owner)) = QUARANTINE.iter().find(|(q, _)| q == dep)
                && *owner != name
            {
                problems.push(format!("{name} -> {dep}: only {owner} may name {dep}"));
            }
            if *dep == "tokio" && SYNCHRONOUS.contains(&name) {
                problems.push(format!("{name} -> tokio: this crate is synchronous"));
            }
        }
        if package["metadata"].is_null() && !inherits_lints(Path::new(manifest)) {
            problems.push(format!("{name}: its manifest lacks `[lints] workspace = true`"));
        }
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

fn inherits_lints(manifest: &Path) -> bool {
    let text = std::fs::read_to_string(manifest).expect("cargo just read it");
    text.split("\n[").any(|table| {
        table.trim_start_matches('[').starts_with("lints]") && table.contains("workspace = true")
    })
}

#[test]
fn every_file_of_the_suite_is_listed_in_main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite");
    let main = std::fs::read_to_string(folder.join("main.rs")).expect("main.rs is there");
    for entry in std::fs::read_dir(&folder).expect("the folder is there") {
        let name = entry.expect("readable").file_name().into_string().expect("plain names");
        if let Some(module) = name.strip_suffix(".rs")
            && module != "main"
        {
            assert!(main.contains(&format!("mod {module};")), "suite/{name} is not listed in suite/main.rs");
        }
    }
}
