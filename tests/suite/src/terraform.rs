//! Drives the real `terraform` (or `tofu`): a folder, a mirror or an attached provider, and nothing of the machine's own
//! configuration.

pub mod case;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value as Json;

/// Hosts that a short source address may mean: terraform's and tofu's.
const REGISTRY_HOSTS: &[&str] = &["registry.terraform.io", "registry.opentofu.org"];

/// Variables of ours that must not leak into a test.
const FOREIGN_VARIABLES: &[&str] = &["TF_", "HCLOUD_", "TOFU_", "PROBE_", "XDG_", "CHECKPOINT_"];

/// The program that is driven: `TERRAFORM_PROGRAM`, else `terraform`, else `tofu`.
///
/// # Panics
/// None is there: these tests are about the real thing, so they fail and say so.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    PROGRAM
        .get_or_init(|| {
            let named = std::env::var_os("TERRAFORM_PROGRAM").map(PathBuf::from);
            named.or_else(|| on_path("terraform")).or_else(|| on_path("tofu"))
        })
        .as_deref()
        .expect("neither terraform nor tofu is on PATH: install one, or name it in TERRAFORM_PROGRAM")
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|found| found.is_file())
}

/// The provider's program, built by the cargo that builds the tests, in the same folder and profile.
pub fn streaming_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM
        .get_or_init(|| built("provider-plugin", "terraform-provider-streaming", cfg!(not(debug_assertions))))
}

/// Builds a program of the workspace and says where it is.
pub fn built(package: &str, program: &str, release: bool) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", package, "--bin", program, "--message-format=json"]);
    if release {
        cargo.arg("--release");
    }
    let out = cargo.stderr(Stdio::inherit()).output().expect("cargo runs: it built this test");
    assert!(out.status.success(), "cargo does not build {program}");
    let executable = String::from_utf8_lossy(&out.stdout).lines().find_map(|line| {
        let message: Json = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == program)
            .then(|| message["executable"].as_str().map(PathBuf::from))
            .flatten()
    });
    executable.unwrap_or_else(|| panic!("cargo says nothing about {program}"))
}

/// How Terraform finds the provider.
#[derive(Debug, Clone)]
pub enum Provider {
    /// As a program in a filesystem mirror; Terraform starts it, with mutual TLS.
    Mirror {
        /// `namespace/name`.
        address: &'static str,
        /// The version in the mirror.
        version: &'static str,
        /// The program.
        program: PathBuf,
    },
    /// Already running: the value of `TF_REATTACH_PROVIDERS`.
    Attached(String),
    /// None: only what Terraform has built in.
    None,
}

/// A folder with a configuration, and the state that grows there.
pub struct Workspace {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

/// What a command said.
#[derive(Debug, Clone)]
pub struct Said {
    /// Whether it succeeded.
    pub success: bool,
    /// Its exit code.
    pub code: Option<i32>,
    /// Standard output, without colours.
    pub out: String,
    /// Standard error, without colours and frames, on one line per paragraph.
    pub err: String,
}

impl Said {
    /// Both streams.
    pub fn all(&self) -> String {
        format!("{}\n{}", self.out, self.err)
    }

    /// Asserts that the command succeeded.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert!(self.success, "terraform failed:\n{}", self.all());
        self
    }

    /// Asserts that the command failed and said all of this, whatever its line breaks.
    #[track_caller]
    pub fn failed_saying(self, parts: &[&str]) -> Self {
        assert!(!self.success, "terraform should have failed:\n{}", self.all());
        let flat = flat(&self.err);
        for part in parts {
            assert!(flat.contains(part), "terraform does not say {part:?}:\n{}", self.all());
        }
        self
    }
}

/// The text without Terraform's frames and line breaks.
pub fn flat(text: &str) -> String {
    text.lines()
        .map(|line| line.trim_start_matches(['│', '╷', '╵', '|']).trim())
        .collect::<Vec<_>>()
        .join(" ")
}

impl Workspace {
    /// An empty folder in which Terraform finds the provider.
    pub fn new(provider: &Provider) -> Self {
        let folder = tempfile::Builder::new().prefix("tf").tempdir().expect("a temporary folder");
        let mut workspace = Self { folder, variables: BTreeMap::new() };
        let mirror = workspace.path("mirror");
        fs::create_dir_all(&mirror).expect("our own folder");
        if let Provider::Mirror { address, version, program } = provider {
            put_into_mirror(&mirror, address, version, program);
        }
        let config = format!(
            "disable_checkpoint = true\nprovider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n  }}\n}}\n",
            mirror.display().to_string()
        );
        fs::write(workspace.path("terraformrc"), config).expect("our own folder");
        fs::create_dir_all(workspace.path("home")).expect("our own folder");
        fs::create_dir_all(workspace.path("world")).expect("our own folder");
        let (rc, home) = (workspace.shown("terraformrc"), workspace.shown("home"));
        workspace.variable("TF_CLI_CONFIG_FILE", &rc).variable("HOME", &home);
        workspace
            .variable("CHECKPOINT_DISABLE", "1")
            .variable("TF_IN_AUTOMATION", "1")
            .variable("TF_INPUT", "0");
        if let Provider::Attached(reattach) = provider {
            workspace.variable("TF_REATTACH_PROVIDERS", reattach);
        }
        workspace
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Sets a variable for the commands.
    pub fn variable(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Replaces the configuration.
    pub fn configure(&self, hcl: &str) {
        fs::write(self.path("main.tf"), hcl).expect("our own folder");
    }

    /// A command with these arguments, to be started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.current_dir(self.folder.path()).args(arguments);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if FOREIGN_VARIABLES.iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command.envs(&self.variables).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        said(&mut self.command(arguments))
    }

    /// Runs a command with a text as its input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Said {
        let path = self.path("input.txt");
        fs::write(&path, input).expect("our own folder");
        said(self.command(arguments).stdin(fs::File::open(path).expect("just written")))
    }

    /// `init`.
    #[track_caller]
    pub fn init(&self) -> Said {
        self.run(&["init", "-no-color"]).succeeded()
    }

    /// `apply`.
    pub fn apply(&self) -> Said {
        self.run(&["apply", "-auto-approve", "-no-color"])
    }

    /// `plan`, as the JSON that `show` makes of it.
    #[track_caller]
    pub fn plan_json(&self, more: &[&str]) -> Json {
        let mut arguments = vec!["plan", "-no-color", "-out=plan.bin"];
        arguments.extend(more);
        self.run(&arguments).succeeded();
        let shown = self.run(&["show", "-json", "plan.bin"]).succeeded();
        serde_json::from_str(&shown.out).expect("terraform prints JSON")
    }

    /// What the plan does to each resource that it changes: `probe_thing.a` to `create`.
    #[track_caller]
    pub fn plan_actions(&self, more: &[&str]) -> BTreeMap<String, String> {
        let plan = self.plan_json(more);
        let mut actions = BTreeMap::new();
        for change in plan["resource_changes"].as_array().into_iter().flatten() {
            let words: Vec<&str> = change["change"]["actions"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Json::as_str)
                .collect();
            if !matches!(words[..], ["no-op"] | ["read"]) {
                actions.insert(change["address"].as_str().unwrap_or_default().to_owned(), words.join(","));
            }
        }
        for (name, change) in plan["output_changes"].as_object().into_iter().flatten() {
            if change["actions"] != serde_json::json!(["no-op"]) {
                actions.insert(format!("output.{name}"), change["actions"].to_string());
            }
        }
        actions
    }

    /// Asserts that a plan changes nothing, without and with a refresh.
    #[track_caller]
    pub fn expect_empty_plan(&self) {
        assert_eq!(self.plan_actions(&["-refresh=false"]), BTreeMap::new(), "without refresh");
        assert_eq!(self.plan_actions(&[]), BTreeMap::new(), "with refresh");
    }

    /// The attributes of a resource in the state, and whether it is tainted.
    #[track_caller]
    pub fn state(&self, address: &str) -> Option<Json> {
        let shown = self.run(&["show", "-json"]).succeeded();
        let state: Json = serde_json::from_str(&shown.out).expect("terraform prints JSON");
        let resources = state["values"]["root_module"]["resources"].as_array()?;
        resources.iter().find(|resource| resource["address"] == address).cloned()
    }

    /// The state file as it stands.
    pub fn state_file(&self) -> String {
        fs::read_to_string(self.path("terraform.tfstate")).unwrap_or_default()
    }

    /// An output.
    #[track_caller]
    pub fn output(&self, name: &str) -> Json {
        let shown = self.run(&["output", "-json", name]).succeeded();
        serde_json::from_str(&shown.out).expect("terraform prints JSON")
    }
}

fn said(command: &mut Command) -> Said {
    let out = command.output().expect("terraform runs");
    Said {
        success: out.status.success(),
        code: out.status.code(),
        out: String::from_utf8_lossy(&out.stdout).into_owned(),
        err: String::from_utf8_lossy(&out.stderr).into_owned(),
    }
}

fn put_into_mirror(mirror: &Path, address: &str, version: &str, program: &Path) {
    let name = address.rsplit('/').next().expect("an address has parts");
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let platform = format!("{}_{architecture}", std::env::consts::OS.replace("macos", "darwin"));
    for host in REGISTRY_HOSTS {
        let folder = mirror.join(host).join(address).join(version).join(&platform);
        fs::create_dir_all(&folder).expect("our own folder");
        // A hard link costs nothing; across file systems it takes a copy.
        let target = folder.join(format!("terraform-provider-{name}_v{version}"));
        if fs::hard_link(program, &target).is_err() {
            fs::copy(program, &target).expect("the program was just built");
        }
    }
}
