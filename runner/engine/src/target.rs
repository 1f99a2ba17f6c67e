//! A machine that can be reached: what the engine asks of a connection, and nothing about how it is made.

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use runner_modules::{Invocation, Outcome};

/// Makes targets. One connector serves a whole run; it keeps connections alive and shares them between tasks.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Returns a way to run modules as the endpoint's user (or the user it becomes).
    ///
    /// May return at once and connect on the first call: a target that cannot be reached says [`Lost`] then.
    async fn connect(&self, endpoint: &Endpoint) -> Result<Arc<dyn Target>, Lost>;

    /// Ends every connection that is still open. Called once, after the last play.
    async fn close(&self) {}
}

/// One machine, as one user. Several calls may be in flight at a time.
///
/// Dropping the future of a call abandons it: the target must leave no half-written file behind.
#[async_trait]
pub trait Target: Send + Sync {
    /// Runs a module and returns its result; a failed module is `Ok`, a machine that went away is [`Lost`].
    async fn invoke(&self, invocation: Invocation) -> Result<Outcome, Lost>;

    /// Runs a shell command without any help on the other side (`raw`, `script`, the probes of `reboot`).
    async fn exec(&self, command: &Command) -> Result<Output, Lost>;

    /// Writes a file with these permission bits, whole or not at all.
    async fn put(&self, contents: Contents<'_>, dest: &str, mode: u32) -> Result<(), TransferError>;

    /// Reads a file whole into `dest` on this machine (written beside it and renamed).
    async fn fetch(&self, source: &str, dest: &Path) -> Result<(), TransferError>;

    /// Makes a temporary directory that only the user of this target can read; ends with the connection.
    async fn scratch(&self) -> Result<String, TransferError>;

    /// Closes the connection, so that the next call makes a new one (`meta: reset_connection`, `reboot`).
    async fn reset(&self) -> Result<(), Lost>;

    /// Name of the transport as Ansible calls it (`ssh`, `local`).
    fn transport(&self) -> &str;

    /// Whether the target is the machine that the engine runs on.
    fn is_local(&self) -> bool {
        self.transport() == "local"
    }
}

/// What is written by [`Target::put`].
#[derive(Debug, Clone, Copy)]
pub enum Contents<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// This file of the controller, streamed.
    File(&'a Path),
}

/// A shell command for [`Target::exec`].
#[derive(Debug, Clone, Default)]
pub struct Command {
    /// Text given to the user's shell.
    pub line: String,
    /// Shell that reads the line instead of the user's own.
    pub executable: Option<String>,
    /// Bytes written to its standard input.
    pub stdin: Option<Vec<u8>>,
    /// Variables set for it.
    pub environment: BTreeMap<String, String>,
}

/// What a command of [`Target::exec`] left behind.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// Exit status; 128 + n for signal n.
    pub status: i32,
    /// Standard output as it came.
    pub stdout: Vec<u8>,
    /// Standard error as it came.
    pub stderr: Vec<u8>,
}

/// Where a host is and as whom to work there, after all `ansible_*` variables and keywords have had their say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Name in the inventory.
    pub name: String,
    /// `ssh`, `local`, `smart` or what `ansible_connection` says.
    pub transport: String,
    /// Address or name to connect to (`ansible_host`, else the name).
    pub address: String,
    /// Port, if one was given.
    pub port: Option<u16>,
    /// User to log in as, if one was given.
    pub user: Option<String>,
    /// Password to log in with.
    pub password: Option<Secret>,
    /// Private key file.
    pub private_key_file: Option<String>,
    /// Seconds to wait for the connection.
    pub timeout_s: u64,
    /// Whom to become after logging in.
    pub r#become: Option<Become>,
    /// Directory for temporary files on the other side (`ansible_remote_tmp`).
    pub remote_tmp: Option<String>,
    /// Shell on the other side (`ansible_shell_executable`).
    pub shell_executable: Option<String>,
    /// Every other connection setting as Ansible names its variable (`ansible_ssh_common_args`, …), templated.
    pub settings: BTreeMap<String, String>,
}

impl Endpoint {
    /// The machine the engine runs on, under a name.
    pub fn local(name: &str) -> Self {
        Endpoint {
            name: name.to_owned(),
            transport: "local".to_owned(),
            address: name.to_owned(),
            port: None,
            user: None,
            password: None,
            private_key_file: None,
            timeout_s: 10,
            r#become: None,
            remote_tmp: None,
            shell_executable: None,
            settings: BTreeMap::new(),
        }
    }

    /// A setting that has no field of its own.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }
}

/// Privilege escalation: which program turns whom into whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Become {
    /// `sudo`, `su`, `doas`, …
    pub method: String,
    /// The user to become.
    pub user: String,
    /// Password for the program.
    pub password: Option<Secret>,
    /// The program's path, where it is not the method's name.
    pub exe: Option<String>,
    /// Flags instead of the method's own.
    pub flags: Option<String>,
}

/// Text that must not be shown: its `Debug` and `Display` print `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a password or token.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text itself; every call is a place to check for leaks.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The machine could not be reached, or went away: Ansible's UNREACHABLE.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Lost {
    /// What Ansible would say (`Failed to connect to the host via ssh: …`).
    pub message: String,
    /// Worth trying again (a reset connection), unlike a wrong password.
    pub transient: bool,
}

impl Lost {
    /// A loss that another attempt may not see.
    pub fn transient(message: impl Into<String>) -> Self {
        Lost { message: message.into(), transient: true }
    }

    /// A loss that will happen again.
    pub fn permanent(message: impl Into<String>) -> Self {
        Lost { message: message.into(), transient: false }
    }
}

/// A file could not be moved: the machine went away, or refused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransferError {
    /// The connection ended.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// There is no such file on the side it should come from.
    #[error("{path} does not exist")]
    Missing {
        /// The path asked for.
        path: String,
    },
    /// Anything else the file system said.
    #[error("{message}")]
    Refused {
        /// Its words.
        message: String,
    },
}

/// How long a call may take before the engine abandons it; `None` is for ever.
pub type Deadline = Option<Duration>;
