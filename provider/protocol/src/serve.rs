//! Serving a provider: to the Terraform that launched this process, or to one that is told where to attach.

use std::{
    future::Future,
    io::{self, Write},
    sync::Arc,
};

use tonic::transport::Server as GrpcServer;

use crate::{
    ProviderServer,
    handshake::Launch,
    lifetime::{GOODBYE_GRACE, Lifetime},
    listener::{self, Listener},
    logging, panic_report,
    reattach::attach,
    server::Server,
    side_services::SideServices,
    stdio::Streams,
    tls,
    wire::{
        goplugin::{
            grpc_broker_server::GrpcBrokerServer, grpc_controller_server::GrpcControllerServer,
            grpc_stdio_server::GrpcStdioServer,
        },
        health::health_server::HealthServer,
        provider_server::ProviderServer as ProviderService,
    },
};

/// The largest gRPC message in bytes, both ways: what the Go SDK allows.
pub(crate) const MESSAGE_BYTES_MAX: usize = 256 << 20;

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
    Launch::from_env(environment).is_some()
}

/// Serves the Terraform that launched this process until it says goodbye or is gone. Blocks; runs its own one-thread
/// runtime, so that a process costs little: Terraform starts several per command.
///
/// Without the magic cookie the answer is [`ServeError::NotAPlugin`]; print it and exit with 1.
pub fn serve(provider: impl ProviderServer, plugin: &Plugin) -> Result<(), ServeError> {
    let launch = Launch::from_env(environment).ok_or(ServeError::NotAPlugin)?;
    // Asked before the handshake: once that is read, the parent may be gone at any time.
    #[cfg(unix)]
    let parent = std::os::unix::process::parent_id();
    let mut streams = Streams::claim().map_err(ServeError::Process)?;
    logging::install(plugin, environment);
    panic_report::install_hook(plugin);
    let tls = launch.client_certificate.as_deref().map(tls::server).transpose()?;
    block_on(async {
        let lifetime = Lifetime::new();
        heed_signals(&lifetime).map_err(ServeError::Process)?;
        #[cfg(unix)]
        tokio::spawn(lifetime.clone().watch_parent(parent));
        let listener = Listener::bind(&launch).map_err(ServeError::Listen)?;
        let line = launch.line(&listener.address(), tls.as_ref().map(|tls| tls.certificate.as_ref()));
        streams.write_stdout(&line).map_err(ServeError::Process)?;
        serve_listener(provider, *plugin, listener, tls.map(|tls| tls.config), lifetime).await
    })
}

/// Serves any Terraform that is told where to attach, until SIGINT. What to tell it is printed on stdout.
pub fn serve_debug(provider: impl ProviderServer, plugin: &Plugin) -> Result<(), ServeError> {
    logging::install(plugin, environment);
    block_on(async {
        let mut interrupt = interrupts().map_err(ServeError::Process)?;
        let mut attached = attach(provider, plugin).await?;
        let text = format!(
            "Provider started. To attach Terraform CLI, set the TF_REATTACH_PROVIDERS environment variable with the \
             following:\n\n\tTF_REATTACH_PROVIDERS='{}'\n",
            attached.reattach_providers()
        );
        io::stdout().lock().write_all(text.as_bytes()).map_err(ServeError::Process)?;
        tokio::select! {
            stopped = attached.stopped() => return stopped,
            _ = interrupt.recv() => {}
        }
        attached.stop().await
    })
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn block_on(work: impl Future<Output = Result<(), ServeError>>) -> Result<(), ServeError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ServeError::Process)?;
    let result = runtime.block_on(work);
    // A blocking task that will not end must not keep the process.
    runtime.shutdown_background();
    result
}

/// Ctrl-C, from now on.
#[cfg(unix)]
fn interrupts() -> io::Result<tokio::signal::unix::Signal> {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
}

/// Ctrl-C, from now on.
#[cfg(windows)]
fn interrupts() -> io::Result<tokio::signal::windows::CtrlC> {
    tokio::signal::windows::ctrl_c()
}

/// Ctrl-C reaches the whole process group, but it is for Terraform to answer: it will ask us to stop. SIGTERM is for us.
fn heed_signals(lifetime: &Lifetime) -> io::Result<()> {
    let mut interrupt = interrupts()?;
    tokio::spawn(async move { while interrupt.recv().await.is_some() {} });
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let lifetime = lifetime.clone();
        tokio::spawn(async move {
            terminate.recv().await;
            lifetime.exit(GOODBYE_GRACE);
        });
    }
    #[cfg(windows)]
    let _ = lifetime;
    Ok(())
}

/// Serves what comes in until the lifetime says it is over.
pub(crate) async fn serve_listener(
    provider: impl ProviderServer,
    plugin: Plugin,
    listener: Listener,
    tls: Option<Arc<rustls::ServerConfig>>,
    lifetime: Lifetime,
) -> Result<(), ServeError> {
    let provider = ProviderService::new(Server::new(provider, plugin, lifetime.clone()))
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    let side = SideServices { lifetime: lifetime.clone() };
    let serving = GrpcServer::builder()
        .add_service(provider)
        .add_service(GrpcControllerServer::new(side.clone()))
        .add_service(GrpcStdioServer::new(side.clone()))
        .add_service(GrpcBrokerServer::new(side.clone()))
        .add_service(HealthServer::new(side))
        .serve_with_incoming_shutdown(
            listener::connections(listener, tls),
            lifetime.exit_token().clone().cancelled_owned(),
        );
    tokio::select! {
        // Ends after the last answer is sent and the connection closed. Work that outlives its connection is waited for.
        served = serving => {
            lifetime.exit(GOODBYE_GRACE);
            lifetime.finished().await;
            served.map_err(|cause| ServeError::Transport(Box::new(cause)))
        }
        () = lifetime.finished_and_silent() => Ok(()),
    }
}
