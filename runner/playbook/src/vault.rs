//! Ansible Vault, envelopes 1.1 and 1.2: decrypting and encrypting with secrets that are handed in.

use std::fmt;
use std::sync::Arc;

/// The label of secrets that were given without one.
pub const DEFAULT_LABEL: &str = "default";

/// A vault password with its label. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// The vault id.
    pub label: String,
    password: Arc<[u8]>,
}

impl Secret {
    /// A password under a label.
    pub fn new(label: impl Into<String>, password: impl AsRef<[u8]>) -> Self {
        Self { label: label.into(), password: password.as_ref().into() }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}, ***)", self.label)
    }
}

/// The secrets of a run, in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// The passwords.
    pub list: Vec<Secret>,
    /// `vault_id_match`: only secrets with the envelope's label are tried.
    pub match_label: bool,
}
