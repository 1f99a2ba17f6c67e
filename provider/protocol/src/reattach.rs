//! A provider that Terraform attaches to instead of launching it: for tests and for debuggers.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::{
    Plugin, ProviderServer, ServeError,
    handshake::{Launch, PROTOCOL_VERSION},
    lifetime::{GOODBYE_GRACE, Lifetime},
    listener::{Address, Listener},
    serve::serve_listener,
};

/// A provider served inside this process, without TLS; dropping it stops it.
pub struct Attached {
    reattach_providers: String,
    socket: Option<PathBuf>,
    lifetime: Lifetime,
    serving: tokio::task::JoinHandle<Result<(), ServeError>>,
}

/// Serves a provider on the current tokio runtime, for Terraform to attach to. Any number of Terraforms may come and go.
pub async fn attach(provider: impl ProviderServer, plugin: &Plugin) -> Result<Attached, ServeError> {
    let listener = Listener::bind(&Launch::default()).map_err(ServeError::Listen)?;
    let address = listener.address();
    let lifetime = Lifetime::new();
    let (network, string) = match &address {
        Address::Unix(path) => ("unix", path.display().to_string()),
        Address::Tcp(address) => ("tcp", address.to_string()),
    };
    let reattach = json!({
        plugin.address: {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL_VERSION,
            "Pid": std::process::id(),
            "Test": true,
            "Addr": { "Network": network, "String": string },
        }
    });
    let serving = tokio::spawn(serve_listener(provider, *plugin, listener, None, lifetime.clone()));
    let socket = match address {
        Address::Unix(path) => Some(path),
        Address::Tcp(_) => None,
    };
    Ok(Attached { reattach_providers: reattach.to_string(), socket, lifetime, serving })
}

impl Attached {
    /// The value for the environment variable `TF_REATTACH_PROVIDERS`.
    pub fn reattach_providers(&self) -> &str {
        &self.reattach_providers
    }

    /// The unix socket; none on Windows.
    pub fn socket(&self) -> Option<&Path> {
        self.socket.as_deref()
    }

    /// Resolves when the provider is served no more: stopped, or told to shut down by its host.
    pub async fn stopped(&mut self) -> Result<(), ServeError> {
        (&mut self.serving).await.unwrap_or_else(|lost| Err(ServeError::Transport(Box::new(lost))))
    }

    /// Cancels work in flight and waits until it has ended, for a little more than a second at most.
    pub async fn stop(mut self) -> Result<(), ServeError> {
        self.lifetime.exit(GOODBYE_GRACE);
        self.stopped().await
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.lifetime.exit(GOODBYE_GRACE);
    }
}
