//! From an open channel to a running agent: passwords for sudo, the upload, and clear words when it does not work.

use std::time::Duration;

use runner_engine::target::{Become, Lost};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::bootstrap::{Said, parse, script};
use crate::channel::{Channel, End, Ending, Input, Output};
use crate::dial::{Dialed, Lease, Route};
use crate::elevation::{Elevation, Mood, elevate};
use crate::image::Images;
use crate::quote::quote;

/// Beyond ssh's own connection timeout: login shells, slow sudo set-ups.
const START_GRACE: Duration = Duration::from_secs(30);

/// One megabyte over a line so slow that it takes longer than this is hopeless.
const UPLOAD_MAX: Duration = Duration::from_secs(600);

/// Noise of login scripts that is kept for error texts; more is dropped from the front.
const NOISE_MAX: usize = 16 << 10;

/// How long a dead ssh may take to say why.
const LAST_WORDS_MAX: Duration = Duration::from_secs(2);

/// Longest pause between two attempts; Ansible's own bound.
const RETRY_PAUSE_MAX_S: u64 = 30;

/// An agent that runs; none of its frames was read yet.
pub(crate) struct Greeted {
    pub stdin: Input,
    pub stdout: Output,
    pub stderr: Output,
    pub ending: Ending,
    pub lease: Lease,
    /// Bytes that came behind the last line of the script: the beginning of the agent's frames.
    pub early: Vec<u8>,
}

/// Why no agent runs.
#[derive(Debug)]
pub(crate) enum Unstarted {
    /// The machine cannot be reached.
    Lost(Lost),
    /// It can, but there is no shell that works, or no place for the agent; Ansible calls that unreachable too.
    Unusable(Lost),
    /// It can, but the task fails: a wrong become password, no agent for this architecture.
    Refused(String),
}

impl From<Lost> for Unstarted {
    fn from(lost: Lost) -> Self {
        Unstarted::Lost(lost)
    }
}

/// What a conversation with a machine is about.
pub(crate) struct Greeting<'a> {
    pub route: &'a Route,
    pub r#become: Option<&'a Become>,
    pub images: Images,
    /// Folders to try first for the agent.
    pub folders: &'a [String],
    /// Seconds that ssh itself waits for the connection.
    pub timeout_s: u64,
}

impl Greeting<'_> {
    /// Opens a channel and brings up the agent in it; repeats failed connections as often as the user asked for.
    pub(crate) async fn greet(&self) -> Result<Greeted, Unstarted> {
        let mut attempt = 0;
        loop {
            match self.attempt().await {
                Err(Unstarted::Lost(lost)) if lost.transient && attempt < self.route.retries() => {
                    tracing::debug!(%lost, attempt, "trying again");
                }
                done => return done,
            }
            let pause_s = 2_u64.saturating_pow(attempt).saturating_sub(1).min(RETRY_PAUSE_MAX_S);
            sleep(Duration::from_secs(pause_s)).await;
            attempt += 1;
        }
    }

    async fn attempt(&self) -> Result<Greeted, Unstarted> {
        let mark = format!("PLAYBOOK-{:016x}", rand::random::<u64>());
        let script = script(&mark, &self.images, self.folders);
        let mut talk = self.start(&mark, &script).await?;
        let mut reasons = Vec::new();
        loop {
            match talk.next(&mark).await? {
                Said::Ready { uid, path } => {
                    tracing::debug!(%uid, %path, "the agent runs");
                    return Ok(talk.into_greeted());
                }
                Said::Need { gzip, machine } => {
                    let Some(image) = self.images.for_machine(&machine) else {
                        return Err(self.no_image(&machine));
                    };
                    let (bytes, compressed) = image.parcel(gzip);
                    let packing = if compressed { "gzip" } else { "plain" };
                    let mut parcel = format!("SEND {} {packing}\n", bytes.len()).into_bytes();
                    parcel.extend_from_slice(&bytes);
                    talk.send(&parcel).await?;
                }
                Said::Fail(reason) => reasons.push(reason),
                Said::Nowhere => return Err(nowhere(&reasons)),
                Said::Architecture(machine) => return Err(self.no_image(&machine)),
            }
        }
    }

    /// Starts a script, as the other user if there is one, up to the point where it may speak.
    pub(crate) async fn start(&self, mark: &str, script: &str) -> Result<Talk<'_>, Unstarted> {
        let elevation =
            self.r#become.map(|to| elevate(to, script, mark)).transpose().map_err(Unstarted::Refused)?;
        let plain = || format!("/bin/sh -c {}", quote(script));
        let line = elevation.as_ref().map_or_else(plain, |elevation| elevation.line.clone());
        let terminal = elevation.as_ref().is_some_and(|elevation| elevation.needs_terminal);
        let dialed = self.route.dial(&line, terminal).await?;
        let wait = Duration::from_secs(self.timeout_s) + START_GRACE;
        Ok(Talk {
            dialed,
            elevation,
            to: self.r#become,
            by_ssh: matches!(self.route, Route::Ssh(_)),
            unread: Vec::new(),
            noise: String::new(),
            stderr_open: true,
            answered: 0,
            wait,
            deadline: Instant::now() + wait,
        })
    }

    fn no_image(&self, machine: &str) -> Unstarted {
        let ours: Vec<&str> = self.images.all().iter().map(|image| image.architecture()).collect();
        let ours = if ours.is_empty() { "none".to_owned() } else { ours.join(", ") };
        Unstarted::Refused(format!(
            "the machine is '{machine}', and this program carries no agent for it (it carries: {ours}); \
             only raw works there"
        ))
    }
}

fn nowhere(reasons: &[String]) -> Unstarted {
    // The first sentences are Ansible's for the same situation.
    Unstarted::Unusable(Lost::permanent(format!(
        "Failed to create temporary directory. In some cases, you may have been able to authenticate and did not have \
         permissions on the target directory. Consider changing the remote tmp path in ansible.cfg to a path rooted in \
         \"/tmp\". Tried: {}",
        reasons.join("; ")
    )))
}

/// A script that runs on the other side, and what it has said.
pub(crate) struct Talk<'a> {
    dialed: Dialed,
    elevation: Option<Elevation>,
    to: Option<&'a Become>,
    by_ssh: bool,
    unread: Vec<u8>,
    noise: String,
    stderr_open: bool,
    answered: usize,
    wait: Duration,
    deadline: Instant,
}

impl Talk<'_> {
    /// The script's next line that carries the mark.
    pub(crate) async fn next(&mut self, mark: &str) -> Result<Said, Unstarted> {
        loop {
            if let Some(line) = self.line(mark).await? {
                if let Some(said) = parse(mark, &line) {
                    return Ok(said);
                }
                self.add_noise(&line);
            }
        }
    }

    /// The next whole line; everything else that happens meanwhile is dealt with.
    async fn line(&mut self, mark: &str) -> Result<Option<Vec<u8>>, Unstarted> {
        if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let rest = self.unread.split_off(end + 1);
            let line = std::mem::replace(&mut self.unread, rest);
            if line.windows(mark.len()).any(|window| window == mark.as_bytes()) {
                self.dialed.established();
            }
            return Ok(Some(line));
        }
        let (mut out, mut err) = ([0; 8192], [0; 4096]);
        let channel = &mut self.dialed.channel;
        tokio::select! {
            read = channel.stdout.read(&mut out) => match read {
                Ok(n) if n > 0 => self.unread.extend_from_slice(&out[..n]),
                _ => return Err(self.ended().await),
            },
            read = channel.stderr.read(&mut err), if self.stderr_open => match read {
                Ok(n) if n > 0 => self.add_noise(&err[..n]),
                _ => self.stderr_open = false,
            },
            () = sleep_until(self.deadline) => return Err(self.overdue()),
        }
        if self.unread.len() > NOISE_MAX && !self.unread.contains(&b'\n') {
            let unread = std::mem::take(&mut self.unread);
            self.add_noise(&unread);
        }
        self.mind_elevation().await?;
        Ok(None)
    }

    fn add_noise(&mut self, bytes: &[u8]) {
        self.noise.push_str(&String::from_utf8_lossy(bytes));
        if self.noise.len() > NOISE_MAX {
            let cut = self.noise.len() - NOISE_MAX;
            let cut = (cut..self.noise.len()).find(|at| self.noise.is_char_boundary(*at)).unwrap_or(0);
            self.noise.drain(..cut);
        }
    }

    /// Answers the question for a password, once.
    async fn mind_elevation(&mut self) -> Result<(), Unstarted> {
        let Some(elevation) = &self.elevation else { return Ok(()) };
        let mut said = self.noise.clone();
        if elevation.needs_terminal {
            said.push_str(&String::from_utf8_lossy(&self.unread));
        }
        match elevation.judge(&said, self.answered) {
            Mood::Quiet => Ok(()),
            Mood::Refuses => Err(Unstarted::Refused(elevation.refusal(&said))),
            Mood::Asks => {
                let password = self.to.and_then(|to| to.password.as_ref());
                let Some(password) = password.filter(|_| self.answered == 0) else {
                    return Err(Unstarted::Refused(elevation.missing()));
                };
                let answer = format!("{}\n", password.reveal());
                self.answered += 1;
                self.send(answer.as_bytes()).await
            }
        }
    }

    /// Writes to the script's input.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), Unstarted> {
        let stdin = &mut self.dialed.channel.stdin;
        let written = timeout(UPLOAD_MAX, async {
            stdin.write_all(bytes).await?;
            stdin.flush().await
        });
        match written.await {
            Ok(Ok(())) => {
                self.deadline = Instant::now() + self.wait;
                Ok(())
            }
            Ok(Err(_)) => Err(self.ended().await),
            Err(_) => Err(Lost::transient("the upload of the agent took too long").into()),
        }
    }

    /// The output is at its end and nothing of use was said: finds out why.
    async fn ended(&mut self) -> Unstarted {
        let mut last = Vec::new();
        let stderr = &mut self.dialed.channel.stderr;
        // Whoever holds the pipe open longer has nothing to say about it.
        let _ = timeout(LAST_WORDS_MAX, stderr.read_to_end(&mut last)).await;
        let unread = std::mem::take(&mut self.unread);
        self.add_noise(&unread);
        self.add_noise(&last);
        let end = timeout(LAST_WORDS_MAX, self.dialed.channel.ending.wait()).await.unwrap_or(End::Vanished);
        let said = self.noise.trim().replace('\r', "");
        if let Some(elevation) = &self.elevation
            && (elevation.judge(&said, self.answered) == Mood::Refuses
                || end != End::Exited(255) && end != End::Vanished)
        {
            return Unstarted::Refused(elevation.refusal(&said));
        }
        self.lost(&said, end)
    }
}

impl Talk<'_> {
    fn lost(&self, said: &str, end: End) -> Unstarted {
        if !self.by_ssh {
            return Unstarted::Refused(format!("failed to start the agent on this machine: {said}"));
        }
        // The login worked and its shell did not: another attempt will not change that.
        if let End::Exited(status) = end
            && status != 255
        {
            let text = format!(
                "Failed to connect to the host via ssh: {said} (the login shell ended with status {status})"
            );
            return Unstarted::Unusable(Lost::permanent(text));
        }
        let hopeless = [
            "Permission denied",
            "Host key verification failed",
            "Could not resolve hostname",
            "Too many authentication",
        ]
        .iter()
        .any(|words| said.contains(words));
        Lost { message: format!("Failed to connect to the host via ssh: {said}"), transient: !hopeless }
            .into()
    }

    fn overdue(&self) -> Unstarted {
        let (noise, wait_s) = (self.noise.trim(), self.wait.as_secs());
        if self.elevation.is_some() {
            return Unstarted::Refused(format!(
                "Timeout ({wait_s}s) waiting for privilege escalation prompt: {noise}"
            ));
        }
        let text =
            format!("Failed to connect to the host via ssh: no shell answered within {wait_s} s. {noise}");
        Lost::transient(text.trim_end()).into()
    }

    fn into_greeted(self) -> Greeted {
        let Dialed { channel: Channel { stdin, stdout, stderr, ending }, lease, .. } = self.dialed;
        Greeted { stdin, stdout, stderr, ending, lease, early: self.unread }
    }

    /// Hands over the streams, with what was read too far, for a script that goes on as something else.
    pub(crate) fn into_parts(self) -> (Channel, Lease, Vec<u8>) {
        (self.dialed.channel, self.dialed.lease, self.unread)
    }
}
