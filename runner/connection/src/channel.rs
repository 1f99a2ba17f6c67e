//! A command that runs somewhere, with its three streams: a process of ours, or a channel of a running ssh.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::process::{Child, Command};

pub(crate) type Input = Box<dyn AsyncWrite + Send + Unpin>;
pub(crate) type Output = Box<dyn AsyncRead + Send + Unpin>;

/// A running command.
pub(crate) struct Channel {
    pub stdin: Input,
    pub stdout: Output,
    pub stderr: Output,
    pub ending: Ending,
}

/// The end of a command, still to come.
pub(crate) enum Ending {
    /// A process; dropping this kills it.
    Process(Box<Child>),
    /// A channel of a running ssh; dropping this closes it.
    Mux(Box<openssh::Child<Arc<openssh::Session>>>),
    /// Waited for already.
    Past,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With this status; 128 + n for signal n.
    Exited(i32),
    /// Killed, or the connection ended: ssh does not say which.
    Vanished,
}

impl Ending {
    /// Whether it is a process of ours.
    pub(crate) fn is_process(&self) -> bool {
        matches!(self, Ending::Process(_))
    }

    /// Waits for the end; whoever asks a second time, or gives up waiting, hears [`End::Vanished`] from then on.
    pub(crate) async fn wait(&mut self) -> End {
        match std::mem::replace(self, Ending::Past) {
            Ending::Past => End::Vanished,
            Ending::Process(mut child) => match child.wait().await {
                Ok(status) => End::Exited(exit_code(status)),
                Err(_) => End::Vanished,
            },
            Ending::Mux(child) => match child.wait().await {
                Ok(status) => End::Exited(exit_code(status)),
                // The crate turns this status into an error of its own.
                Err(openssh::Error::Remote(e)) if e.kind() == io::ErrorKind::NotFound => End::Exited(127),
                Err(_) => End::Vanished,
            },
        }
    }
}

fn exit_code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().or_else(|| status.signal().map(|n| 128 + n)).unwrap_or(255)
}

/// Starts a process with pipes; it dies with its [`Ending`].
pub(crate) fn spawn(command: &mut Command) -> io::Result<Channel> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    Ok(Channel {
        stdin: Box::new(stdin.expect("was piped")),
        stdout: Box::new(stdout.expect("was piped")),
        stderr: Box::new(stderr.expect("was piped")),
        ending: Ending::Process(Box::new(child)),
    })
}

/// The control socket of a running ssh.
#[derive(Debug, Clone)]
pub(crate) struct Control(Arc<openssh::Session>);

impl Control {
    pub(crate) fn at(path: &Path) -> Control {
        Control(Arc::new(openssh::Session::resume_mux(path.into(), None)))
    }

    /// Whether ssh still listens on the socket.
    pub(crate) async fn is_alive(&self) -> bool {
        self.0.check().await.is_ok()
    }

    /// Opens a channel with a command line; fails when ssh is gone or the server allows no more channels.
    pub(crate) async fn open(&self, line: &str) -> Result<Channel, openssh::Error> {
        let mut child = self
            .0
            .clone()
            .arc_raw_command(line)
            .stdin(openssh::Stdio::piped())
            .stdout(openssh::Stdio::piped())
            .stderr(openssh::Stdio::piped())
            .spawn()
            .await?;
        let (stdin, stdout, stderr) = (child.stdin().take(), child.stdout().take(), child.stderr().take());
        Ok(Channel {
            stdin: Box::new(stdin.expect("was piped")),
            stdout: Box::new(stdout.expect("was piped")),
            stderr: Box::new(stderr.expect("was piped")),
            ending: Ending::Mux(Box::new(child)),
        })
    }
}
