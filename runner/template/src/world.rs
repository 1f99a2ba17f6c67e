//! What lookups, path filters and path tests may see of the controller: handed in, so that templating itself does no I/O.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use runner_playbook::source::Span;

use crate::value::Value;

/// What a command gave.
#[derive(Debug, Clone, Default)]
pub struct CommandOutput {
    /// The exit code; negative for a signal.
    pub code: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

/// A request of the `url` lookup.
#[derive(Debug, Clone, Default)]
pub struct HttpRequest {
    /// Where to.
    pub url: String,
    /// Header names and values.
    pub headers: BTreeMap<String, String>,
    /// Basic authentication.
    pub username: Option<String>,
    /// Basic authentication.
    pub password: Option<String>,
    /// Whether to send the credentials with the first request.
    pub force_basic_auth: bool,
    /// Whether to check certificates.
    pub validate_certs: bool,
    /// How long to wait for the answer.
    pub timeout_s: f64,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PathInfo {
    /// Something is there, links followed.
    pub exists: bool,
    /// Something is there, links not followed.
    pub link_exists: bool,
    /// A directory, links followed.
    pub is_dir: bool,
    /// A regular file, links followed.
    pub is_file: bool,
    /// A symbolic link.
    pub is_link: bool,
    /// A mount point.
    pub is_mount: bool,
}

/// The controller as templates may see it. Failures are sentences that fit after "failed to".
pub trait World: Send + Sync {
    /// The content of a file.
    fn read_file(&self, path: &Path) -> Result<Vec<u8>, String>;
    /// Writes a file readable by its owner only, creating directories (the `password` lookup).
    fn write_private_file(&self, path: &Path, content: &[u8]) -> Result<(), String>;
    /// The names in a directory.
    fn list_dir(&self, path: &Path) -> Result<Vec<String>, String>;
    /// What is at a path.
    fn path_info(&self, path: &Path) -> PathInfo;
    /// The path with links resolved.
    fn real_path(&self, path: &Path) -> PathBuf;
    /// The first existing file for `name` in the search path of the running task, `subdir` first (`files`, `templates`, `vars`).
    fn find_file(&self, subdir: &str, name: &str) -> Option<PathBuf>;
    /// The directories that `find_file` would search, for messages and globs.
    fn search_dirs(&self, subdir: &str) -> Vec<PathBuf>;
    /// The directory that relative paths start from.
    fn current_dir(&self) -> PathBuf;
    /// Runs a shell command in the play's directory.
    fn run_command(&self, command: &str) -> Result<CommandOutput, String>;
    /// An environment variable.
    fn env(&self, name: &str) -> Option<String>;
    /// Fetches a URL.
    fn http_get(&self, request: &HttpRequest) -> Result<Vec<u8>, String>;
    /// The time, with the time zone of the controller.
    fn now(&self) -> jiff::Zoned;
    /// Random bits for `random`, `shuffle`, passwords and salts.
    fn random_u64(&self) -> u64;
    /// The names of the inventory's hosts that match a pattern.
    fn inventory_hostnames(&self, pattern: &str) -> Result<Vec<String>, String>;
    /// The value of a setting of `ansible.cfg`, by its name there or in Ansible's list of settings.
    fn setting(&self, name: &str) -> Option<Value>;
    /// Decrypts the text of a vaulted value or file.
    fn decrypt(&self, ciphertext: &str) -> Result<String, String>;
    /// Encrypts a text with the given secret (the `vault` filter).
    fn encrypt(
        &self,
        plaintext: &str,
        secret: &str,
        salt: Option<&str>,
        vault_id: &str,
    ) -> Result<String, String>;
    /// Decrypts a text with the given secret (the `unvault` filter).
    fn decrypt_with(&self, ciphertext: &str, secret: &str) -> Result<String, String>;
    /// Hears a warning, such as that of `bool` about odd input.
    fn warn(&self, _message: &str, _span: &Span) {}
    /// Hears a deprecation.
    fn deprecate(&self, _message: &str, _span: &Span) {}
}

/// A controller that refuses everything: for conditions and keywords that need none, and for tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoWorld;

const REFUSED: &str = "nothing outside of the template is available here";

impl World for NoWorld {
    fn read_file(&self, _path: &Path) -> Result<Vec<u8>, String> {
        Err(REFUSED.to_owned())
    }
    fn write_private_file(&self, _path: &Path, _content: &[u8]) -> Result<(), String> {
        Err(REFUSED.to_owned())
    }
    fn list_dir(&self, _path: &Path) -> Result<Vec<String>, String> {
        Err(REFUSED.to_owned())
    }
    fn path_info(&self, _path: &Path) -> PathInfo {
        PathInfo::default()
    }
    fn real_path(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }
    fn find_file(&self, _subdir: &str, _name: &str) -> Option<PathBuf> {
        None
    }
    fn search_dirs(&self, _subdir: &str) -> Vec<PathBuf> {
        Vec::new()
    }
    fn current_dir(&self) -> PathBuf {
        PathBuf::from("/")
    }
    fn run_command(&self, _command: &str) -> Result<CommandOutput, String> {
        Err(REFUSED.to_owned())
    }
    fn env(&self, _name: &str) -> Option<String> {
        None
    }
    fn http_get(&self, _request: &HttpRequest) -> Result<Vec<u8>, String> {
        Err(REFUSED.to_owned())
    }
    fn now(&self) -> jiff::Zoned {
        jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC)
    }
    fn random_u64(&self) -> u64 {
        0x2545_f491_4f6c_dd1d
    }
    fn inventory_hostnames(&self, _pattern: &str) -> Result<Vec<String>, String> {
        Err(REFUSED.to_owned())
    }
    fn setting(&self, _name: &str) -> Option<Value> {
        None
    }
    fn decrypt(&self, _ciphertext: &str) -> Result<String, String> {
        Err("Attempting to decrypt but no vault secrets found.".to_owned())
    }
    fn encrypt(&self, _text: &str, _secret: &str, _salt: Option<&str>, _id: &str) -> Result<String, String> {
        Err(REFUSED.to_owned())
    }
    fn decrypt_with(&self, _ciphertext: &str, _secret: &str) -> Result<String, String> {
        Err(REFUSED.to_owned())
    }
}
