//! Where Terraform connects: a unix socket nobody else can reach, or a TCP port of this machine on Windows.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::mpsc,
};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::Listener;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::Listener;

/// How long a TLS handshake may take; between processes of one machine it takes milliseconds.
const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How many accepted connections may wait to be served; Terraform opens one.
const ACCEPTED_MAX: usize = 16;

/// How long to wait after a failed accept, such as "too many open files", before trying again.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Where a listener listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// The path of a unix socket.
    #[cfg_attr(windows, expect(dead_code, reason = "there is no unix socket on Windows"))]
    Unix(PathBuf),
    /// A port on the loopback interface.
    #[cfg_attr(
        all(unix, not(test)),
        expect(dead_code, reason = "a unix socket serves everywhere but on Windows")
    )]
    Tcp(SocketAddr),
}

/// Anything that carries bytes both ways.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// One connection, encrypted or not.
pub(crate) struct Connection(Box<dyn Duplex>);

/// The connections of the listener, each ready to be spoken to. Every TLS handshake runs in its own task, so that a peer
/// that stalls keeps nobody else waiting.
pub(crate) fn connections(
    listener: Listener,
    tls: Option<Arc<rustls::ServerConfig>>,
) -> ReceiverStream<io::Result<Connection>> {
    let (sender, receiver) = mpsc::channel(ACCEPTED_MAX);
    let acceptor = tls.map(TlsAcceptor::from);
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = sender.closed() => return,
            };
            match accepted {
                Ok(stream) => drop(tokio::spawn(admit(Box::new(stream), acceptor.clone(), sender.clone()))),
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            }
        }
    });
    ReceiverStream::new(receiver)
}

async fn admit(
    stream: Box<dyn Duplex>,
    acceptor: Option<TlsAcceptor>,
    sender: mpsc::Sender<io::Result<Connection>>,
) {
    let Some(acceptor) = acceptor else {
        // The receiver is gone only when the process ends.
        return drop(sender.send(Ok(Connection(stream))).await);
    };
    match tokio::time::timeout(TLS_HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => drop(sender.send(Ok(Connection(Box::new(stream)))).await),
        Ok(Err(error)) => tracing::warn!(%error, "refused a connection"),
        Err(_) => tracing::warn!("refused a connection: its TLS handshake took too long"),
    }
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}
