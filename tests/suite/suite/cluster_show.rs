//! A cluster under the real terraform, with a mock of Hetzner Cloud behind it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tests_hcloud_mock::{Mock, Options};
use tests_suite::terraform::{Provider, Workspace, streaming_program};

/// The resource of all these tests.
pub const CLUSTER: &str = "streaming_cluster.trivia";

/// What belongs to somebody in a project.
pub const KINDS: [&str; 6] =
    ["servers", "firewalls", "networks", "placement_groups", "ssh_keys", "primary_ips"];

/// A public key.
pub const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@home";

/// Longest wait for processes to end that were told to, or whose parent died.
const EXIT_MAX: Duration = Duration::from_secs(20);

/// What every configuration begins with: quick polls, because the mock's clock moves with them.
pub const HEAD: &str = r#"
terraform {
  required_providers {
    streaming = { source = "md3/streaming" }
  }
}
provider "streaming" {
  poll_interval = "2ms"
}
"#;

/// A configuration of two origins and so many edges; `more` goes into the resource.
pub fn config(edges: u32, more: &str) -> String {
    format!(
        r#"{HEAD}
resource "streaming_cluster" "trivia" {{
  name   = "trivia"
  origin = {{ count = 2, server_types = ["cpx22", "cpx32"], locations = ["fsn1", "nbg1"] }}
  edge   = {{ count = {edges}, server_types = ["cpx22", "cpx32"], locations = ["fsn1", "nbg1"] }}
  ssh    = {{ keys = ["{KEY}"] }}
  access = {{ ssh_from = ["203.0.113.0/24"], ingest_from = ["198.51.100.7/32"] }}
  labels = {{ show = "quiz" }}
{more}
}}
"#
    )
}

type Hook = Box<dyn FnOnce() + Send>;

/// Does something at the k-th request from now on, before it is answered.
#[derive(Clone, Default)]
pub struct Tripwire {
    left: Arc<AtomicUsize>,
    hook: Arc<Mutex<Option<Hook>>>,
}

impl Tripwire {
    /// Arms it.
    pub fn arm(&self, k: usize, hook: impl FnOnce() + Send + 'static) {
        *self.hook.lock().expect("no test panics with it") = Some(Box::new(hook));
        self.left.store(k, Ordering::SeqCst);
    }

    /// Disarms it; whether it had gone off.
    pub fn disarm(&self) -> bool {
        self.left.store(0, Ordering::SeqCst);
        self.hook.lock().expect("no test panics with it").take().is_none()
    }

    fn step(&self) {
        if self.left.load(Ordering::SeqCst) > 0 && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let hook = self.hook.lock().expect("no test panics with it").take();
            hook.into_iter().for_each(|hook| hook());
        }
    }
}

/// What was written, for a test to read.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// All of it.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no test panics with it")).into_owned()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A mock and a folder with a configuration.
pub struct Show {
    pub mock: Arc<Mock>,
    pub wire: Tripwire,
    pub trace: Lines,
    pub terraform: Workspace,
}

impl Show {
    /// An empty project, and a folder that was initialised with this configuration.
    pub fn new(hcl: &str) -> Self {
        let (wire, trace) = (Tripwire::default(), Lines::default());
        let steps = wire.clone();
        let options = Options {
            observer: Some(Box::new(move |_| steps.step())),
            trace: Some(Box::new(trace.clone())),
            ..Options::default()
        };
        let mock = Arc::new(Mock::with(options).expect("a loopback port"));
        let terraform = workspace(&mock, hcl);
        Self { mock, wire, trace, terraform }
    }

    /// Another folder, and state, at the same project.
    pub fn elsewhere(&self, hcl: &str) -> Self {
        let (mock, wire, trace) = (self.mock.clone(), self.wire.clone(), self.trace.clone());
        Self { terraform: workspace(&self.mock, hcl), mock, wire, trace }
    }

    /// Applies a configuration.
    #[track_caller]
    pub fn apply(&self, hcl: &str) {
        self.terraform.configure(hcl);
        self.terraform.apply().succeeded();
    }

    /// All objects of a kind.
    pub fn all(&self, kind: &str) -> Vec<Json> {
        let answer = self.mock.call("GET", &format!("/{kind}?per_page=50"), &Json::Null);
        answer.json[kind].as_array().cloned().unwrap_or_default()
    }

    /// Names of all objects of a kind, sorted.
    pub fn names(&self, kind: &str) -> Vec<String> {
        let name = |object: &Json| object["name"].as_str().unwrap_or_default().to_owned();
        let mut names: Vec<String> = self.all(kind).iter().map(name).collect();
        names.sort();
        names
    }

    /// Asserts that the project is empty.
    #[track_caller]
    pub fn assert_empty(&self) {
        for kind in KINDS {
            assert_eq!(self.all(kind), Vec::<Json>::new(), "{kind} are left");
        }
    }

    /// The ID of an object by name.
    #[track_caller]
    pub fn id(&self, kind: &str, name: &str) -> u64 {
        let all = self.all(kind);
        let found = all.iter().find(|object| object["name"] == name);
        found.and_then(|object| object["id"].as_u64()).unwrap_or_else(|| panic!("no {kind} {name}: {all:?}"))
    }

    /// A call to the API as somebody else's, and the time it takes.
    #[track_caller]
    pub fn call(&self, method: &str, path: &str, body: Json) {
        let called = self.mock.call(method, path, &body);
        assert!(called.status < 300, "{method} {path}: {called:?}");
        self.mock.advance(Duration::from_secs(120));
    }

    /// An action on a server, as somebody else's.
    #[track_caller]
    pub fn act(&self, server: &str, action: &str, body: Json) {
        let path = format!("/servers/{}/actions/{action}", self.id("servers", server));
        self.call("POST", &path, body);
    }

    /// Objects that are not ours, of every kind.
    pub fn strangers(&self) {
        self.call("POST", "/firewalls", json!({"name": "theirs", "rules": []}));
        self.call("POST", "/networks", json!({"name": "theirs", "ip_range": "10.0.0.0/16"}));
        let server =
            json!({"name": "theirs", "server_type": "cpx22", "image": "debian-12", "location": "fsn1"});
        self.call("POST", "/servers", server);
    }

    /// The cluster's attributes in the state.
    #[track_caller]
    pub fn values(&self) -> Json {
        self.terraform.state(CLUSTER).expect("the cluster is in the state")["values"].clone()
    }

    /// Whether the cluster is tainted.
    #[track_caller]
    pub fn is_tainted(&self) -> bool {
        self.terraform.state(CLUSTER).expect("the cluster is in the state")["tainted"] == true
    }

    /// Where the processes of this folder are started from.
    pub fn folder(&self) -> PathBuf {
        self.terraform.path("")
    }

    /// Waits until no provider of this folder runs any more.
    #[track_caller]
    pub fn wait_for_providers(&self) {
        let begun = Instant::now();
        while !providers(&self.folder()).is_empty() {
            assert!(begun.elapsed() < EXIT_MAX, "a provider outlives its terraform");
            pause();
        }
    }
}

/// A moment between two looks at other processes; every loop around it has a deadline.
#[expect(clippy::disallowed_methods, reason = "other processes tell nobody when they are done")]
pub fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

fn workspace(mock: &Mock, hcl: &str) -> Workspace {
    let program = streaming_program().to_owned();
    let provider = Provider::Mirror { address: "md3/streaming", version: "0.1.0", program };
    let mut workspace = Workspace::new(&provider);
    workspace.variable("HCLOUD_TOKEN", mock.token()).variable("HCLOUD_ENDPOINT", &mock.endpoint());
    workspace.configure(hcl);
    workspace.init();
    workspace
}

/// Process IDs of the providers that were started from a folder.
pub fn providers(folder: &std::path::Path) -> Vec<u32> {
    let Ok(folder) = folder.canonicalize() else { return Vec::new() };
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| {
            let id = process.file_name().to_str()?.parse().ok()?;
            let program = std::fs::read_link(process.path().join("exe")).ok()?;
            let is_provider = program.file_name()?.to_str()?.starts_with("terraform-provider-");
            (is_provider && program.starts_with(&folder)).then_some(id)
        })
        .collect()
}

/// Sends a signal to processes.
pub fn signal(name: &str, processes: &[u32]) {
    for process in processes {
        let _ = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).output();
    }
}
