//! What the tests of connections share: machines, endpoints, and short ways to ask something of a machine.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use runner_connection::{Connections, Defaults};
use runner_engine::target::{Become, Command, Connector, Endpoint, Lost, Output, Secret, Target};
use runner_modules::{Invocation, Outcome};
use serde_json::{Value, json};
use tests_suite::machines::{ACCOUNTS, Machine, Machines, available};

/// A test that takes longer has met a hang.
pub const TEST_MAX: Duration = Duration::from_secs(120);

/// Machines for the tests of this theme, booted once; `None` where machines cannot be booted.
fn machines() -> Option<&'static Machines> {
    static SHARED: OnceLock<Option<Machines>> = OnceLock::new();
    SHARED.get_or_init(|| available().then(|| Machines::boot(7).expect("seven machines boot"))).as_ref()
}

/// One machine and a fresh set of connections.
pub struct World {
    pub machine: &'static Machine,
    pub connections: Arc<Connections>,
    set: &'static Machines,
}

/// Runs a test on the machine with this index; tests that disturb a machine have one of their own.
pub fn on_machine<F: Future<Output = ()>>(index: usize, test: impl FnOnce(World) -> F) {
    let Some(set) = machines() else { return };
    let connections = Arc::new(Connections::new(Defaults::default()).expect("a temporary folder"));
    let world = World { machine: &set[index], connections: connections.clone(), set };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        tokio::time::timeout(TEST_MAX, test(world)).await.expect("the test does not hang");
        connections.close().await;
    });
}

impl World {
    /// The machine, logged in as this user with the key.
    pub fn endpoint(&self, user: &str) -> Endpoint {
        let args =
            format!("-o UserKnownHostsFile={} -o IdentitiesOnly=yes", self.set.known_hosts().display());
        Endpoint {
            transport: "ssh".into(),
            address: self.machine.address().into(),
            user: Some(user.into()),
            private_key_file: Some(self.set.key().display().to_string()),
            settings: [("ansible_ssh_common_args".to_owned(), args)].into(),
            ..Endpoint::local(self.machine.name())
        }
    }

    /// The same, with a password instead of the key.
    pub fn endpoint_with_password(&self, user: &str, password: &str) -> Endpoint {
        let mut endpoint = self.endpoint(user);
        endpoint.private_key_file = None;
        endpoint.password = Some(Secret::new(password));
        add_args(&mut endpoint, "-o PubkeyAuthentication=no");
        endpoint
    }

    pub async fn target(&self, endpoint: &Endpoint) -> Arc<dyn Target> {
        self.connections.connect(endpoint).await.expect("connecting is lazy")
    }

    /// The root user's target.
    pub async fn root(&self) -> Arc<dyn Target> {
        self.target(&self.endpoint("root")).await
    }

    /// Runs a script on the machine without our connection.
    pub fn check(&self, script: &str) -> String {
        self.machine.check(script).expect("the script succeeds")
    }

    /// Another machine's name and the configuration that leads there.
    pub fn ssh_config(&self) -> String {
        self.set.ssh_config().display().to_string()
    }
}

/// Adds to the common arguments.
pub fn add_args(endpoint: &mut Endpoint, more: &str) {
    let args = endpoint.settings.entry("ansible_ssh_common_args".to_owned()).or_default();
    args.push(' ');
    args.push_str(more);
}

/// Whom to become, and how.
pub fn becoming(method: &str, user: &str, password: Option<&str>) -> Option<Become> {
    let password = password.map(Secret::new);
    Some(Become { method: method.into(), user: user.into(), password, exe: None, flags: None })
}

/// The password of an account.
pub fn password(user: &str) -> &'static str {
    ACCOUNTS.iter().find(|account| account.name == user).expect("a known account").password
}

/// A module call.
pub fn call(module: &str, args: Value) -> Invocation {
    Invocation::new(module, args.as_object().cloned().expect("arguments are an object"))
}

/// Runs a program through the `command` module.
pub async fn command(target: &dyn Target, argv: &[&str]) -> Result<Outcome, Lost> {
    target.invoke(call("command", json!({ "argv": argv }))).await
}

/// The standard output of a program that must succeed.
pub async fn stdout(target: &dyn Target, argv: &[&str]) -> String {
    let outcome = command(target, argv).await.expect("the machine is there");
    assert!(!outcome.failed(), "{argv:?}: {:?}", outcome.result);
    text(&outcome, "stdout")
}

/// A text of a result.
pub fn text(outcome: &Outcome, key: &str) -> String {
    outcome.result.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Runs a raw command.
pub async fn raw(target: &dyn Target, line: &str) -> Result<Output, Lost> {
    target.exec(&Command { line: line.into(), ..Command::default() }).await
}
