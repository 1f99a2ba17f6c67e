//! Actions: what runs, until when, and what happens when it ends.
use crate::clock::{Ms, rfc3339};
use crate::kind::Kind;
use crate::resource::{
    certificate, firewall, floating_ip, load_balancer, network, primary_ip, server, volume, zone,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A reference to an object, as actions list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Resource {
    /// What it is.
    pub kind: Kind,
    /// Which one.
    pub id: u64,
}

/// A shorthand for [`Resource`].
pub fn at(kind: Kind, id: u64) -> Resource {
    Resource { kind, id }
}

/// Why an action failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Machine-readable code.
    pub code: String,
    /// Text for people.
    pub message: String,
}

/// How far an action is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Waits for another action to end first; shown as running.
    Queued,
    /// Runs.
    Running,
    /// Its time is over, but the machine behind it is not done; shown as running.
    Waiting,
    /// Ended well.
    Success,
    /// Ended in an error.
    Error(Failure),
}

/// What an action does to the project when it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    None,
    Server(u64, server::Change),
    Network(u64, network::Change),
    Firewall(u64, firewall::Change),
    LoadBalancer(u64, load_balancer::Change),
    PrimaryIp(u64, primary_ip::Change),
    FloatingIp(u64, floating_ip::Change),
    Volume(u64, volume::Change),
    Certificate(u64, certificate::Change),
    Zone(u64, zone::Change),
    ImageProtection(u64, bool),
}

/// One action.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Action {
    /// Id, unique over all projects.
    pub id: u64,
    /// The API's word for it.
    pub command: String,
    /// How far it is.
    pub progress: Progress,
    /// When it was asked for.
    pub started: Ms,
    /// When it ends if nothing holds it up.
    pub due: Ms,
    /// When it ended.
    pub finished: Option<Ms>,
    /// What it is about.
    pub resources: Vec<Resource>,
    /// What nobody else may change meanwhile.
    pub locks: Vec<Resource>,
    /// What it will do.
    pub effect: Effect,
    /// How it will fail, when a fault says so.
    pub fails: Option<Failure>,
    /// Actions that begin when this one ends well.
    pub next: Vec<u64>,
    /// Whether a machine is still working on it.
    pub machine_busy: bool,
}

impl Action {
    /// Whether it has not ended.
    pub fn is_running(&self) -> bool {
        self.finished.is_none()
    }

    /// The API's word for how far it is.
    pub fn status(&self) -> &'static str {
        match self.progress {
            Progress::Queued | Progress::Running | Progress::Waiting => "running",
            Progress::Success => "success",
            Progress::Error(_) => "error",
        }
    }

    fn percent(&self, now: Ms) -> i64 {
        if !self.is_running() {
            return 100;
        }
        if self.progress == Progress::Queued || self.due <= self.started {
            return 0;
        }
        let passed = now.saturating_sub(self.started).saturating_mul(100) / (self.due - self.started);
        passed.clamp(0, 99)
    }

    /// The JSON of the API.
    pub fn view(&self, now: Ms) -> Value {
        let resources: Vec<Value> =
            self.resources.iter().map(|r| json!({"id": r.id, "type": r.kind.singular()})).collect();
        let error = match &self.progress {
            Progress::Error(failure) => json!({"code": failure.code, "message": failure.message}),
            _ => Value::Null,
        };
        json!({
            "id": self.id, "command": self.command, "status": self.status(), "progress": self.percent(now),
            "started": rfc3339(self.started), "finished": self.finished.map(rfc3339),
            "resources": resources, "error": error,
        })
    }
}

/// How long a command takes when the settings do not say, in milliseconds: rounded from what users report.
pub fn duration_ms(command: &str) -> Ms {
    match command {
        "create_server" => 12_000,
        "start_server" => 5_000,
        "rebuild_server" => 15_000,
        "change_server_type" => 20_000,
        "create_image" => 60_000,
        "reboot_server" | "reset_server" => 4_000,
        "stop_server" => 3_000,
        "delete_server" => 2_000,
        "create_load_balancer" => 6_000,
        "create_volume" => 3_000,
        "issue_certificate" | "retry_certificate" => 20_000,
        _ => 1_000,
    }
}
