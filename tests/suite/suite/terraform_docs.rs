//! The provider's pages, schema and examples are what its code says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use provider_framework::{Server, docs};
use provider_plugin::cli::ADDRESS;
use provider_plugin::provider::Streaming;
use serde_json::Value as Json;
use tests_suite::terraform::{Provider, Workspace, streaming_program};

/// Folders of `docs/` that hold nothing but generated pages.
const GENERATED: &[&str] = &["resources", "data-sources", "functions", "ephemeral-resources"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace root")
}

#[test]
fn pages_are_fresh() {
    let (folder, examples) = (root().join("docs"), root().join("examples"));
    let accept = std::env::var_os("ACCEPT").is_some();
    let pages = docs::pages(&Server::new(Streaming), &|path| fs::read_to_string(examples.join(path)).ok());
    let mut stale = Vec::new();
    for page in &pages {
        let path = folder.join(&page.path);
        if fs::read_to_string(&path).ok().as_ref() == Some(&page.text) {
            continue;
        }
        if accept {
            fs::create_dir_all(path.parent().expect("a page is in a folder")).expect("our own folder");
            fs::write(&path, &page.text).expect("our own folder");
        } else {
            stale.push(page.path.clone());
        }
    }
    let generated: BTreeSet<PathBuf> = pages.iter().map(|page| folder.join(&page.path)).collect();
    for sub in GENERATED {
        for entry in fs::read_dir(folder.join(sub)).into_iter().flatten().flatten() {
            if !generated.contains(&entry.path()) {
                stale.push(format!("{} (nothing has this page any more)", entry.path().display()));
            }
        }
    }
    assert!(stale.is_empty(), "stale pages, `make accept` writes them: {stale:?}");
}

#[test]
fn every_schema_is_sound() {
    assert_eq!(Server::new(Streaming).mistakes(), Vec::<String>::new());
}

fn mirror() -> Provider {
    Provider::Mirror {
        address: "md3/streaming",
        version: env!("CARGO_PKG_VERSION"),
        program: streaming_program().to_owned(),
    }
}

#[test]
fn our_schema_command_prints_what_terraform_prints() {
    let workspace = Workspace::new(&mirror());
    workspace
        .configure(&fs::read_to_string(root().join("examples/provider/provider.tf")).expect("the example"));
    workspace.init();
    let said = workspace.run(&["providers", "schema", "-json"]).succeeded();
    let theirs: Json = serde_json::from_str(&said.out).expect("terraform prints JSON");
    let out = Command::new(streaming_program()).arg("schema").output().expect("it runs");
    let ours: Json = serde_json::from_slice(&out.stdout).expect("it prints JSON");
    assert!(ours["provider_schemas"][ADDRESS].is_object());
    let of = |schemas: &Json| {
        let all = schemas["provider_schemas"].as_object().expect("an object");
        all.values().next().expect("one provider").as_object().expect("an object").clone()
    };
    let (mut ours, theirs) = (of(&ours), of(&theirs));
    // Terraform prints identities from 1.12 on.
    ours.retain(|section, _| section != "resource_identity_schemas" || theirs.contains_key(section));
    assert_eq!(ours.len(), theirs.len(), "other sections than terraform has");
    for (section, members) in &theirs {
        assert_eq!(ours.get(section), Some(members), "{section}");
    }
}

#[test]
fn every_example_is_valid() {
    let examples = root().join("examples");
    let header = fs::read_to_string(examples.join("provider/provider.tf")).expect("the example");
    let workspace = Workspace::new(&mirror());
    workspace.configure(&header);
    workspace.init();
    workspace.run(&["validate", "-no-color"]).succeeded();
    let mut seen = 0;
    for kind in ["resources", "data-sources", "functions", "ephemeral-resources"] {
        for folder in fs::read_dir(examples.join(kind)).into_iter().flatten().flatten() {
            for file in fs::read_dir(folder.path()).expect("a folder").flatten() {
                let path = file.path();
                let is_whole = path.extension().is_some_and(|extension| extension == "tf")
                    && !file.file_name().to_string_lossy().starts_with("import");
                if is_whole {
                    let text = fs::read_to_string(&path).expect("an example is text");
                    workspace.configure(&format!("{header}\n{text}"));
                    let said = workspace.run(&["validate", "-no-color"]);
                    assert!(said.success, "{}:\n{}", path.display(), said.all());
                    seen += 1;
                }
            }
        }
    }
    assert!(seen >= 3, "only {seen} examples were found");
    let formatted = workspace.run(&["fmt", "-check", "-recursive", &examples.display().to_string()]);
    assert!(formatted.success, "terraform fmt would change: {}", formatted.all());
}

#[test]
fn the_program_explains_itself_without_terraform() {
    let run =
        |arguments: &[&str]| Command::new(streaming_program()).args(arguments).output().expect("it runs");
    let version = run(&["--version"]);
    let expected = format!("terraform-provider-streaming {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8_lossy(&version.stdout), expected);
    assert!(String::from_utf8_lossy(&run(&["--help"]).stdout).contains("schema"));
    let alone = run(&[]);
    assert_eq!(alone.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&alone.stderr).contains("This binary is a plugin"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = run(&["docs", &folder.path().display().to_string(), "--examples", "examples"]);
    assert!(out.status.success());
    assert!(folder.path().join("data-sources/event_window.md").is_file());
    assert_eq!(run(&["nonsense"]).status.code(), Some(2));
}
