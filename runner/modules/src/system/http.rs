//! HTTP/1.1, as much as `get_url` and `uri` need: plain or TLS, proxies, redirects by Ansible's rules.

use std::path::PathBuf;

/// How to speak TLS.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Check the server's certificate.
    pub verify: bool,
    /// Certificate authorities other than the machine's.
    pub ca_path: Option<PathBuf>,
    /// Certificate to show.
    pub client_cert: Option<PathBuf>,
    /// Its private key, if not in the same file.
    pub client_key: Option<PathBuf>,
}
