//! What a controller asks of a machine: one module, its arguments, and the circumstances.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// One call of one module. Arguments are templated; their types are checked by [`crate::run`].
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Invocation {
    /// Full or short name, as the task wrote it: `ansible.builtin.copy` or `copy`.
    pub module: String,
    /// The task's arguments. Free form is under `_raw_params`.
    pub args: Map<String, Value>,
    /// Predict only.
    pub check: bool,
    /// Return `diff`.
    pub diff: bool,
    /// Hide the values of secrets: `no_log` of the task (the whole result is hidden by the controller).
    pub no_log: bool,
    /// The number of `-v`.
    pub verbosity: u8,
    /// The task's `environment`, for the commands that the module runs.
    pub environment: Map<String, Value>,
    /// Bytes for modules that place a file of the controller: copy, template, script, unarchive, assemble.
    pub payload: Option<Payload>,
    /// Where temporary files go, if not into the system's temporary folder.
    pub remote_tmp: Option<String>,
    /// Seconds that the job may take: set, it runs detached and its result goes to a job file.
    pub async_s: Option<u64>,
    /// The identifier of the job, if `async_s` is set: `j<digits>.<digits>`.
    pub job: Option<String>,
    /// Where job files are; `~/.ansible_async` if not set.
    pub async_dir: Option<String>,
}

/// A file of the controller, for the machine. Send it without bytes first: if the machine needs them it says so
/// ([`crate::Outcome::wants_payload`]); small ones can come along at once.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Payload {
    /// The name it has on the controller, without folders.
    pub name: String,
    /// Lower-case hexadecimal SHA-1 of the bytes.
    pub sha1: String,
    /// Length in bytes.
    pub size: u64,
    /// Permission bits on the controller, for `mode: preserve`.
    pub mode: Option<u32>,
    /// The bytes themselves; they travel behind the JSON header, not in it.
    #[serde(skip)]
    pub bytes: Option<Vec<u8>>,
    /// Where an upload has put the bytes on the machine. The module may move this file away.
    pub uploaded: Option<PathBuf>,
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The bytes may be a secret, so they are never shown.
        f.debug_struct("Payload").field("name", &self.name).field("size", &self.size).finish_non_exhaustive()
    }
}

impl Payload {
    /// Whether the bytes are here, inline or uploaded.
    pub fn is_here(&self) -> bool {
        self.bytes.is_some() || self.uploaded.is_some()
    }

    /// A payload that carries its bytes.
    pub fn inline(name: &str, bytes: Vec<u8>) -> Self {
        Payload {
            name: name.into(),
            sha1: crate::digest::sha1_hex(&bytes),
            size: bytes.len() as u64,
            bytes: Some(bytes),
            ..Payload::default()
        }
    }
}

impl std::fmt::Debug for Invocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Arguments and environment may hold secrets, so only their names are shown.
        f.debug_struct("Invocation")
            .field("module", &self.module)
            .field("args", &self.args.keys().collect::<Vec<_>>())
            .field("check", &self.check)
            .field("payload", &self.payload)
            .finish_non_exhaustive()
    }
}

impl Invocation {
    /// A call with nothing but a name and arguments.
    pub fn new(module: &str, args: Map<String, Value>) -> Self {
        Invocation { module: module.into(), args, ..Invocation::default() }
    }
}
