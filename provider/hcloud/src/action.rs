//! Actions: what the API does after it has answered.

use jiff::Timestamp;
use serde::Deserialize;

use crate::Id;
use crate::error::{ApiError, Error, ErrorCode, Kind};
use crate::lenient::{null_as_default, timestamp};
use crate::open_enum::open_enum;

open_enum! {
    /// How far an Action is.
    ActionStatus { Running = "running", Success = "success", Error = "error" }
}

/// What an Action works on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ResourceReference {
    /// The object's ID.
    pub id: Id,
    /// The object's kind, e.g. `server`.
    #[serde(default, rename = "type")]
    pub kind: String,
}

/// Why an Action failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ActionError {
    /// Hetzner's code, e.g. `action_failed`.
    #[serde(default)]
    pub code: ErrorCode,
    /// Hetzner's sentence.
    #[serde(default, deserialize_with = "null_as_default")]
    pub message: String,
}

/// An asynchronous piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Action {
    /// Its ID.
    pub id: Id,
    /// What it does, e.g. `create_server`; open.
    #[serde(default, deserialize_with = "null_as_default")]
    pub command: String,
    /// How far it is.
    #[serde(default)]
    pub status: ActionStatus,
    /// 0 to 100.
    #[serde(default, deserialize_with = "null_as_default")]
    pub progress: u32,
    /// When it began.
    #[serde(default, deserialize_with = "timestamp")]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[serde(default, deserialize_with = "timestamp")]
    pub finished: Option<Timestamp>,
    /// What it works on.
    #[serde(default, deserialize_with = "null_as_default")]
    pub resources: Vec<ResourceReference>,
    /// Why it failed; only meaningful when `status` is [`ActionStatus::Error`].
    #[serde(default)]
    pub error: Option<ActionError>,
}

impl Action {
    /// Whether it has ended well.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status == ActionStatus::Success
    }

    /// The end of a finished Action; `None` while it runs. An unknown status counts as running.
    pub(crate) fn outcome(&self) -> Option<Result<(), Error>> {
        match &self.status {
            ActionStatus::Success => Some(Ok(())),
            ActionStatus::Error => {
                let error = self.error.clone().unwrap_or_default();
                let on: Vec<String> = self.resources.iter().map(|r| format!("{} {}", r.kind, r.id)).collect();
                let operation = format!("{} on {}", self.command.replace('_', " "), on.join(", "));
                let error = ApiError {
                    status: 0,
                    code: error.code,
                    message: error.message,
                    fields: Vec::new(),
                    limits: Vec::new(),
                    announcement: None,
                    correlation_id: None,
                };
                let kind = Kind::Action { id: self.id, command: self.command.clone(), error };
                Some(Err(Error::new(operation, kind)))
            }
            ActionStatus::Running | ActionStatus::Other(_) => None,
        }
    }
}
