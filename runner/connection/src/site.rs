//! One machine as one login user: its route, and the agents that run there, one per user who is needed.

use std::collections::HashMap;
use std::sync::Arc;

use runner_engine::target::{Become, Command, Lost, Output};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Mutex;

use crate::bootstrap::Said;
use crate::channel::{Channel, End};
use crate::dial::{Lease, Route};
use crate::greet::{Greeting, Unstarted};
use crate::image::Images;
use crate::inside;
use crate::link::Link;
use crate::quote::quote;

/// Output of one raw command that is kept; what comes beyond it is read and dropped, and the text says so.
const OUTPUT_MAX: usize = 256 << 20;

/// The place of one user's agent, which may not run yet, or no more.
type Slot = Arc<Mutex<Option<Arc<Link>>>>;

/// A machine as one login user.
#[derive(Debug)]
pub(crate) struct Site {
    pub route: Route,
    images: Images,
    folders: Vec<String>,
    timeout_s: u64,
    shell: String,
    links: Mutex<HashMap<String, Slot>>,
}

impl Site {
    pub(crate) fn new(
        route: Route,
        images: Images,
        folders: Vec<String>,
        timeout_s: u64,
        shell: String,
    ) -> Site {
        Site { route, images, folders, timeout_s, shell, links: Mutex::default() }
    }

    fn greeting<'a>(&'a self, to: Option<&'a Become>) -> Greeting<'a> {
        Greeting {
            route: &self.route,
            r#become: to,
            images: self.images,
            folders: &self.folders,
            timeout_s: self.timeout_s,
        }
    }

    /// The agent that runs as this user; starts it if it does not.
    pub(crate) async fn link(&self, to: Option<&Become>) -> Result<Arc<Link>, Unstarted> {
        let slot = self.links.lock().await.entry(key(to)).or_default().clone();
        let mut slot = slot.lock().await;
        if let Some(link) = slot.as_ref().filter(|link| link.is_alive()) {
            return Ok(link.clone());
        }
        let greeted = match (&self.route, to) {
            // The same modules, in this process.
            (Route::Local, None) => inside::start().map_err(|error| Unstarted::Refused(error.to_string()))?,
            _ => self.greeting(to).greet().await?,
        };
        let link = Arc::new(Link::start(greeted).await?);
        *slot = Some(link.clone());
        Ok(link)
    }

    /// Ends all agents and the connection.
    pub(crate) async fn close(&self) {
        let slots: Vec<_> = self.links.lock().await.drain().map(|(_, slot)| slot).collect();
        self.route.forget().await;
        for slot in slots {
            if let Some(link) = slot.lock().await.take() {
                link.close().await;
            }
        }
    }

    /// Runs a command without the agent: through the open connection if there is one that works.
    pub(crate) async fn exec(&self, command: &Command, to: Option<&Become>) -> Result<Output, Lost> {
        let shared = match &self.route {
            Route::Local => true,
            // Whatever comes next will want the connection too, so it is made to stay.
            Route::Ssh(_) => match self.link(to).await {
                Ok(_) => true,
                Err(Unstarted::Lost(lost)) => return Err(lost),
                Err(Unstarted::Refused(message)) if to.is_some() => return Ok(refused(&message)),
                Err(_) => false,
            },
        };
        self.exec_over(command, to, shared).await
    }

    /// Runs a command over the shared connection, or over one of its own.
    pub(crate) async fn exec_over(
        &self,
        command: &Command,
        to: Option<&Become>,
        shared: bool,
    ) -> Result<Output, Lost> {
        let line = self.line(command);
        if to.is_none() {
            let dialed =
                if shared { self.route.dial(&line, false).await? } else { self.route.dial_alone(&line)? };
            return self.finish(dialed.into_parts(), Vec::new(), command.stdin.as_deref()).await;
        }
        let mark = format!("BECOME-SUCCESS-{:016x}", rand::random::<u64>());
        // The mark stands where an agent would say that it is ready.
        let script = format!("echo {mark} READY 0 -; {line}");
        let greeting = self.greeting(to);
        let talk = match greeting.start(&mark, &script).await {
            Ok(mut talk) => match talk.next(&mark).await {
                Ok(Said::Ready { .. }) => Ok(talk),
                Ok(_) => Err(Unstarted::Refused("the shell said something odd".to_owned())),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        match talk {
            Ok(talk) => {
                let (channel, lease, early) = talk.into_parts();
                self.finish((channel, lease), early, command.stdin.as_deref()).await
            }
            Err(Unstarted::Lost(lost) | Unstarted::Unusable(lost)) => Err(lost),
            Err(Unstarted::Refused(message)) => Ok(refused(&message)),
        }
    }

    /// The command as a line for the login user's shell.
    fn line(&self, command: &Command) -> String {
        let mut line = String::new();
        for (name, value) in &command.environment {
            line += &format!("{name}={} ", quote(value));
        }
        match command.executable.as_deref().unwrap_or(&self.shell) {
            "" => line + &command.line,
            shell => format!("{line}{shell} -c {}", quote(&command.line)),
        }
    }

    async fn finish(
        &self,
        (channel, lease): (Channel, Lease),
        early: Vec<u8>,
        input: Option<&[u8]>,
    ) -> Result<Output, Lost> {
        let alone = matches!(self.route, Route::Ssh(_)) && channel.ending.is_process();
        let Channel { mut stdin, mut stdout, mut stderr, mut ending } = channel;
        let (mut out, mut err) = (early, Vec::new());
        let feed = async {
            if let Some(input) = input {
                // A command that does not read its input is not wrong.
                let _ = stdin.write_all(input).await;
            }
            let _ = stdin.shutdown().await;
            drop(stdin);
        };
        tokio::join!(feed, read_bounded(&mut stdout, &mut out), read_bounded(&mut stderr, &mut err));
        // Only now: ssh drops what is still in its buffers when nobody waits for the rest of a channel.
        let end = ending.wait().await;
        drop(lease);
        match end {
            // As for Ansible, 255 is ssh's own word for a lost connection.
            End::Exited(255) if alone => {
                let said = String::from_utf8_lossy(&err);
                Err(Lost::transient(format!("Failed to connect to the host via ssh: {}", said.trim())))
            }
            End::Exited(status) => Ok(Output { status, stdout: out, stderr: err }),
            End::Vanished => Err(Lost::transient(
                "Failed to connect to the host via ssh: the connection ended under the command",
            )),
        }
    }
}

/// Two ways to become the same user are one if they would run the same command with the same password.
fn key(to: Option<&Become>) -> String {
    to.map_or_else(String::new, |to| {
        let password = to.password.as_ref().map(|password| password.reveal());
        format!("{}\0{}\0{:?}\0{:?}\0{password:?}", to.method, to.user, to.exe, to.flags)
    })
}

fn refused(message: &str) -> Output {
    Output { status: 1, stdout: Vec::new(), stderr: message.as_bytes().to_vec() }
}

async fn read_bounded(from: &mut crate::channel::Output, into: &mut Vec<u8>) {
    let mut buffer = vec![0; 32 << 10];
    let mut dropped = false;
    while let Ok(n) = from.read(&mut buffer).await {
        if n == 0 {
            break;
        }
        let room = OUTPUT_MAX.saturating_sub(into.len()).min(n);
        into.extend_from_slice(&buffer[..room]);
        dropped |= room < n;
    }
    if dropped {
        into.extend_from_slice(b"\n[the rest of the output was dropped]\n");
    }
}
