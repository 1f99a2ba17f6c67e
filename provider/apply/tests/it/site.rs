//! A project at the mock, a wish, and one call for each of look, apply and destroy.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use provider_apply::{Applied, Claim, World, apply, catalogue, destroy, observe};
use provider_cluster::*;
use provider_hcloud::{Client, Timing};
use serde_json::{Value, json};
use tests_hcloud_mock::{Mock, Options};
use tokio_util::sync::CancellationToken;

/// The cluster of most tests.
pub const NAME: &str = "trivia";

/// Kinds whose objects belong to somebody.
pub const KINDS: [&str; 6] =
    ["servers", "firewalls", "networks", "placement_groups", "ssh_keys", "primary_ips"];

/// A public key, and its fingerprint as Hetzner shows it.
const KEY: (&str, &str) = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@home",
    "65:96:2d:fc:e8:d5:a9:11:64:0c:0f:ea:00:6e:5b:bd",
);

/// Pauses cut to nothing: the mock's clock moves with every request.
pub fn fast() -> Timing {
    Timing {
        request_timeout: Duration::from_secs(20),
        poll_interval: Duration::from_millis(4),
        poll_interval_max: Duration::from_millis(40),
        backoff: Duration::from_millis(1),
        backoff_max: Duration::from_millis(4),
        attempts_max: 4,
        busy_wait_max: Duration::from_millis(300),
        rate_limit_wait_max: Duration::from_millis(300),
    }
}

/// A project with a client.
pub struct Site {
    pub mock: Mock,
    pub client: Client,
    pub catalogue: Catalogue,
    pub claim: Claim,
    pub cancelled: CancellationToken,
}

impl Site {
    /// A fresh project.
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// A project at a mock with options.
    pub async fn with(options: Options) -> Self {
        let mock = Mock::with(options).expect("a loopback port");
        let client = client(&mock);
        let catalogue = catalogue(&client).await.expect("the mock has a catalogue");
        mock.clear_requests();
        let claim = Claim::new("us".to_owned(), false);
        Self { mock, client, catalogue, claim, cancelled: CancellationToken::new() }
    }

    /// The same project seen from another state.
    pub fn claimed_by(mut self, owner: &str, has_state: bool) -> Self {
        self.claim = Claim::new(owner.to_owned(), has_state);
        self
    }

    fn world<'a>(&'a self, known: &'a Observed, keys: &'a [KeyReference]) -> World<'a> {
        World {
            client: &self.client,
            catalogue: &self.catalogue,
            known,
            keys,
            user_data: &|_, _| Some("#cloud-config".to_owned()),
            claim: &self.claim,
            memory: &[],
            events: &|_| {},
            cancelled: &self.cancelled,
            deadline: Duration::from_secs(300),
        }
    }

    /// One apply.
    pub async fn apply(&self, desired: &Desired, known: &Observed) -> Applied {
        apply(desired, &self.world(known, &desired.keys)).await
    }

    /// One apply that must succeed; what is there then.
    #[track_caller]
    pub fn applied(&self, desired: &Desired, known: &Observed) -> impl Future<Output = Observed> {
        let place = std::panic::Location::caller();
        async move {
            let applied = self.apply(desired, known).await;
            assert!(applied.is_complete(), "{place}: {:#?} {:#?}", applied.failures, applied.problems);
            applied.observed.expect("a complete apply has seen the cluster")
        }
    }

    /// One destroy.
    pub async fn destroy(&self, known: &Observed) -> Applied {
        destroy(NAME, &self.world(known, &[])).await
    }

    /// One look.
    pub async fn look(&self, desired: &Desired, known: &Observed) -> Observed {
        observe(&self.client, NAME, Some(&desired.image), known).await.expect("the mock answers")
    }

    /// What a look would plan to do, one line each.
    pub async fn todo(&self, desired: &Desired, known: &Observed) -> Vec<String> {
        let observed = self.look(desired, known).await;
        let (plan, _) = plan(desired, &observed, &self.catalogue);
        plan.steps().map(step_line).collect()
    }

    /// All objects of a kind.
    pub fn all(&self, kind: &str) -> Vec<Value> {
        let mut all = Vec::new();
        for page in 1..100 {
            let answer = self.mock.call("GET", &format!("/{kind}?per_page=50&page={page}"), &Value::Null);
            let objects = answer.json[kind].as_array().cloned().unwrap_or_default();
            if objects.is_empty() {
                break;
            }
            all.extend(objects);
        }
        all
    }

    /// Names of all objects of a kind; panics when one is there twice.
    pub fn names(&self, kind: &str) -> BTreeSet<String> {
        let all = self.all(kind);
        let names: BTreeSet<String> =
            all.iter().map(|object| object["name"].as_str().unwrap_or_default().to_owned()).collect();
        assert_eq!(names.len(), all.len(), "two {kind} of one name: {names:?}");
        names
    }

    /// All names by kind, the addresses' aside: those are the API's choice.
    pub fn everything(&self) -> BTreeMap<&'static str, BTreeSet<String>> {
        KINDS[..5].iter().map(|kind| (*kind, self.names(kind))).collect()
    }

    /// Asserts that the project is empty.
    #[track_caller]
    pub fn assert_empty(&self) {
        for kind in KINDS {
            assert_eq!(self.all(kind), Vec::<Value>::new(), "{kind} are left");
        }
    }

    /// A call to the API as somebody else's.
    #[track_caller]
    pub fn call(&self, method: &str, path: &str, body: Value) -> Value {
        let called = self.mock.call(method, path, &body);
        assert!(called.status < 300, "{method} {path}: {called:?}");
        self.mock.advance(Duration::from_secs(120));
        called.json
    }

    /// The ID of an object by name.
    #[track_caller]
    pub fn id(&self, kind: &str, name: &str) -> u64 {
        let all = self.all(kind);
        let found = all.iter().find(|object| object["name"] == name);
        found.and_then(|object| object["id"].as_u64()).unwrap_or_else(|| panic!("no {kind} {name}: {all:?}"))
    }

    /// Objects that are not the cluster's, of every kind.
    pub fn strangers(&self) {
        self.call("POST", "/firewalls", json!({"name": "theirs", "rules": []}));
        self.call("POST", "/networks", json!({"name": "theirs", "ip_range": "10.0.0.0/16"}));
        self.call("POST", "/placement_groups", json!({"name": "theirs", "type": "spread"}));
        let server = json!({"name": "theirs", "server_type": "cpx22", "image": "debian-12", "location": "fsn1",
            "labels": {"cluster": "trivial", "managed-by": "streaming-cluster"}});
        self.call("POST", "/servers", server);
    }
}

/// A client of the mock.
pub fn client(mock: &Mock) -> Client {
    Client::builder(mock.token()).endpoint(mock.endpoint()).timing(fast()).build().expect("a client")
}

/// Machines of a role at the usual places.
pub fn group(count: u32) -> Group {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Group { count, server_types: owned(&["cpx22", "cpx32"]), locations: owned(&["fsn1", "nbg1"]) }
}

/// Origins and edges, with everything around them.
pub fn desired(origins: u32, edges: u32) -> Desired {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    Desired {
        name: NAME.to_owned(),
        live: true,
        groups: BTreeMap::from([(Role::Origin, group(origins)), (Role::Edge, group(edges))]),
        image: ImageReference::Name("debian-12".to_owned()),
        keys: vec![KeyReference::Public { line: KEY.0.to_owned(), fingerprint: KEY.1.to_owned() }],
        access: Access {
            ssh_from: owned(&["203.0.113.0/24"]),
            ingest_from: owned(&["198.51.100.7/32"]),
            pull_from: Vec::new(),
            viewers_from: owned(&["0.0.0.0/0", "::/0"]),
            ingest_ports: owned(&["tcp/1935"]),
            pull_ports: owned(&["tcp/8081"]),
            viewer_ports: owned(&["tcp/80", "tcp/443"]),
        },
        network: Some(NetworkWish { base: (10, 64) }),
        spread: true,
        labels: Labels::from([("show".to_owned(), "quiz".to_owned())]),
        protected: false,
        user_data_digest: "d1".to_owned(),
        rollout: Rollout::default(),
    }
}
