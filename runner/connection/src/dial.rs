//! Opening channels to one host: the first is an ssh of our own that listens on a control socket, later ones go
//! through that socket; on this machine every channel is a process.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use runner_engine::target::{Endpoint, Lost, Secret};
use tokio::process::Command;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::arguments::SshCommand;
use crate::channel::{Channel, Control, spawn};
use crate::room::{Answers, Room};

/// Channels of one ssh: sshd allows ten unless told otherwise, and the user may share the connection.
const CHANNELS_MAX: usize = 8;

/// Where channels lead.
#[derive(Debug)]
pub(crate) enum Route {
    /// Through ssh.
    Ssh(Box<Host>),
    /// To this machine, by starting programs.
    Local,
}

/// One host as one login user.
#[derive(Debug)]
pub(crate) struct Host {
    command: SshCommand,
    password: Option<Secret>,
    room: Arc<Room>,
    master: Arc<Mutex<Option<Master>>>,
}

/// A running ssh that others can open channels through.
#[derive(Debug, Clone)]
struct Master {
    control: Control,
    alive: Arc<AtomicBool>,
    channels: Arc<Semaphore>,
}

/// A channel whose other end has not said anything yet.
pub(crate) struct Dialed {
    pub channel: Channel,
    pub lease: Lease,
    /// Set for the first channel to a host: others wait until it is known to work.
    founding: Option<(OwnedMutexGuard<Option<Master>>, Master)>,
}

/// What a channel holds for as long as it is open.
#[derive(Debug)]
pub(crate) struct Lease {
    _permit: Option<OwnedSemaphorePermit>,
    _answers: Option<Answers>,
    founder: Option<Arc<AtomicBool>>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The first channel is the connection: when it ends, nobody may start anything through it.
        if let Some(alive) = &self.founder {
            alive.store(false, Ordering::Release);
        }
    }
}

impl Dialed {
    /// The other end spoke: the login worked, and others may share the connection.
    pub(crate) fn established(&mut self) {
        if let Some((mut guard, master)) = self.founding.take() {
            *guard = Some(master);
        }
    }

    /// Hands over the channel without waiting for a word from it; such a channel is nobody's foundation.
    pub(crate) fn into_parts(self) -> (Channel, Lease) {
        (self.channel, self.lease)
    }
}

impl Route {
    pub(crate) fn ssh(endpoint: &Endpoint, command: SshCommand, room: Arc<Room>) -> Route {
        Route::Ssh(Box::new(Host {
            command,
            password: endpoint.password.clone(),
            room,
            master: Arc::default(),
        }))
    }

    /// Starts a command line. With `terminal` it has one on the other side.
    pub(crate) async fn dial(&self, line: &str, terminal: bool) -> Result<Dialed, Lost> {
        match self {
            Route::Ssh(host) => host.dial(line, terminal).await,
            Route::Local => spawn_shell(line),
        }
    }

    /// Starts a command line over a connection of its own.
    pub(crate) fn dial_alone(&self, line: &str) -> Result<Dialed, Lost> {
        match self {
            Route::Ssh(host) => host.dial_alone(line, false),
            Route::Local => spawn_shell(line),
        }
    }

    /// Lets the next channel make a new connection.
    pub(crate) async fn forget(&self) {
        if let Route::Ssh(host) = self {
            host.master.lock().await.take();
        }
    }

    /// Further attempts after a failed connection.
    pub(crate) fn retries(&self) -> u32 {
        match self {
            Route::Ssh(host) => host.command.retries,
            Route::Local => 0,
        }
    }
}

fn spawn_shell(line: &str) -> Result<Dialed, Lost> {
    let channel = spawn(Command::new("/bin/sh").args(["-c", line]));
    let channel = channel.map_err(|e| Lost::transient(format!("failed to start /bin/sh: {e}")))?;
    Ok(Dialed { channel, lease: Lease::of_nothing(), founding: None })
}

impl Lease {
    pub(crate) fn of_nothing() -> Lease {
        Lease { _permit: None, _answers: None, founder: None }
    }
}

impl Host {
    async fn dial(&self, line: &str, terminal: bool) -> Result<Dialed, Lost> {
        if terminal || self.command.users_own_control {
            return self.dial_alone(line, terminal);
        }
        let mut guard = self.master.clone().lock_owned().await;
        if let Some(master) = self.live_master(&guard) {
            drop(guard);
            let Ok(permit) = master.channels.clone().try_acquire_owned() else {
                return self.dial_alone(line, false);
            };
            match master.control.open(line).await {
                Ok(channel) => {
                    let lease = Lease { _permit: Some(permit), _answers: None, founder: None };
                    return Ok(Dialed { channel, lease, founding: None });
                }
                // The server allows fewer channels than most; a connection of its own always works.
                Err(openssh::Error::SshMux(_)) if master.control.is_alive().await => {
                    return self.dial_alone(line, false);
                }
                Err(error) => tracing::debug!(%error, "the shared connection is gone"),
            }
            guard = self.master.clone().lock_owned().await;
            // Somebody else may have made a new one meanwhile.
            if let Some(newer) = self.live_master(&guard)
                && Arc::ptr_eq(&newer.alive, &master.alive)
            {
                guard.take();
            }
        }
        self.dial_first(line, guard)
    }

    fn live_master(&self, master: &Option<Master>) -> Option<Master> {
        master.as_ref().filter(|master| master.alive.load(Ordering::Acquire)).cloned()
    }

    /// The ssh whose own channel this is also listens for others.
    fn dial_first(&self, line: &str, guard: OwnedMutexGuard<Option<Master>>) -> Result<Dialed, Lost> {
        let path = self.room.control_path();
        let (channel, answers) = self.start(&self.command.as_master(&path, line))?;
        let alive = Arc::new(AtomicBool::new(true));
        let channels = Arc::new(Semaphore::new(CHANNELS_MAX - 1));
        let master = Master { control: Control::at(&path), alive: alive.clone(), channels };
        let lease = Lease { _permit: None, _answers: answers, founder: Some(alive) };
        Ok(Dialed { channel, lease, founding: Some((guard, master)) })
    }

    /// A connection for this channel only.
    fn dial_alone(&self, line: &str, terminal: bool) -> Result<Dialed, Lost> {
        let (channel, answers) = self.start(&self.command.alone(terminal, line))?;
        let lease = Lease { _permit: None, _answers: answers, founder: None };
        Ok(Dialed { channel, lease, founding: None })
    }

    fn start(&self, args: &[String]) -> Result<(Channel, Option<Answers>), Lost> {
        let mut command = Command::new(&self.command.program);
        command.args(args);
        let answers = self.password.as_ref().map(|password| self.room.answers(password)).transpose();
        let answers =
            answers.map_err(|e| Lost::permanent(format!("failed to prepare the password for ssh: {e}")))?;
        if let Some(answers) = &answers {
            command.env("SSH_ASKPASS", &answers.askpass).env("SSH_ASKPASS_REQUIRE", "force");
            command.env("PLAYBOOK_ANSWERS", &answers.pipe);
            // ssh before 8.4 asks a program only where it sees a display.
            if std::env::var_os("DISPLAY").is_none() {
                command.env("DISPLAY", ":");
            }
        }
        // SAFETY: signal is async-signal-safe. Ctrl-C is for us; we end ssh when the machine's work is wound up.
        unsafe {
            command.pre_exec(|| match libc::signal(libc::SIGINT, libc::SIG_IGN) {
                libc::SIG_ERR => Err(io::Error::last_os_error()),
                _ => Ok(()),
            });
        }
        let channel = spawn(&mut command).map_err(|error| {
            Lost::permanent(format!(
                "Failed to connect to the host via ssh: cannot start {}: {error}",
                self.command.program
            ))
        })?;
        Ok((channel, answers))
    }
}
