//! Serving a provider: to the Terraform that launched this process, or to one that is told where to attach.

use std::io;

use crate::ProviderServer;

/// What the provider is, as far as serving it needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Plugin {
    /// The provider's short name, `streaming`: names its log variable `TF_LOG_PROVIDER_STREAMING`.
    pub name: &'static str,
    /// Its version, for logs and crash reports.
    pub version: &'static str,
    /// Its source address without host, `namespace/streaming`.
    pub address: &'static str,
}

/// Why a provider could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Nobody who speaks the plugin protocol launched us. The text is the one users know from other providers.
    #[error(
        "This binary is a plugin. These are not meant to be executed directly.\n\
         Please execute the program that consumes these plugins, which will\n\
         load any plugins automatically"
    )]
    NotAPlugin,
    /// The certificate in `PLUGIN_CLIENT_CERT` cannot be used.
    #[error("read Terraform's certificate")]
    ClientCertificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Our own certificate could not be made.
    #[error("make a certificate")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no socket to listen on.
    #[error("listen for Terraform")]
    Listen(#[source] io::Error),
    /// The asynchronous runtime, the signals or the standard streams could not be set up.
    #[error("set up the process")]
    Process(#[source] io::Error),
    /// The connection broke down.
    #[error("serve Terraform")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Whether Terraform (or another go-plugin host) launched this process: the magic cookie is in the environment.
pub fn launched_by_terraform() -> bool {
    std::process::abort()
}

/// Serves the Terraform that launched this process until it says goodbye. Blocks; runs its own one-thread runtime.
///
/// Without the magic cookie the answer is [`ServeError::NotAPlugin`]; print it and exit with 1.
pub fn serve(provider: impl ProviderServer, plugin: &Plugin) -> Result<(), ServeError> {
    let _ = (provider, plugin);
    std::process::abort()
}

/// Serves any Terraform that is told where to attach (`TF_REATTACH_PROVIDERS`, printed on stdout) until SIGINT.
pub fn serve_debug(provider: impl ProviderServer, plugin: &Plugin) -> Result<(), ServeError> {
    let _ = (provider, plugin);
    std::process::abort()
}

/// A provider served inside this process, for tests and `--debug`; dropping it stops it.
pub struct Attached;

impl Attached {
    /// The value for `TF_REATTACH_PROVIDERS`.
    pub fn reattach_providers(&self) -> &str {
        std::process::abort()
    }
}

/// Serves a provider on the current tokio runtime, without TLS, for Terraform to attach to.
pub async fn attach(provider: impl ProviderServer, plugin: &Plugin) -> Result<Attached, ServeError> {
    let _ = (provider, plugin);
    std::process::abort()
}
