//! A conversation with one running agent: requests go out as frames, replies are routed back by number.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runner_agent::wire::{CHUNK, Decoder, Hello, Reply, Request, VERSION, encode};
use runner_engine::target::{Contents, Lost, TransferError};
use runner_modules::{Invocation, Outcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::channel::{End, Output};
use crate::greet::Greeted;

/// Frames that wait to be written: enough to keep the line busy, few enough that an upload does not fill the memory.
const OUTGOING_MAX: usize = 4;

/// Replies that wait for one request: a download whose disk is slower than the line holds the line back.
const INCOMING_MAX: usize = 8;

/// Error output of the agent that is kept for error texts.
const NOISE_MAX: usize = 8 << 10;

/// How long a dead connection may take to say why.
const LAST_WORDS_MAX: Duration = Duration::from_secs(2);

/// The agent speaks first; one that runs says so at once.
const HELLO_MAX: Duration = Duration::from_secs(30);

/// How long an agent may take to end after its input has.
const FAREWELL_MAX: Duration = Duration::from_secs(3);

type Incoming = mpsc::Sender<(Reply, Vec<u8>)>;

/// One agent.
#[derive(Debug)]
pub(crate) struct Link {
    outgoing: mpsc::Sender<Vec<u8>>,
    routes: Arc<Routes>,
    next: AtomicU64,
    writer: JoinHandle<()>,
    reader: Mutex<Option<JoinHandle<()>>>,
    /// Folders on the machine that go when the link does.
    scratch: Mutex<Vec<String>>,
}

#[derive(Debug, Default)]
struct Routes {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: HashMap<u64, Incoming>,
    /// Set once the agent is gone: why.
    gone: Option<String>,
}

impl Routes {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// Everybody who waits hears that nothing will come.
    fn close(&self, why: String) {
        let mut state = self.lock();
        state.gone.get_or_insert(why);
        state.waiting.clear();
    }
}

/// A request under way. Dropping it before its last reply cancels it on the machine.
struct Pending<'a> {
    link: &'a Link,
    id: u64,
    replies: mpsc::Receiver<(Reply, Vec<u8>)>,
    done: bool,
}

impl Link {
    /// Exchanges greetings with an agent that was just started.
    pub(crate) async fn start(greeted: Greeted) -> Result<Link, Lost> {
        let Greeted { mut stdin, mut stdout, stderr, mut ending, lease, early } = greeted;
        let mut decoder = Decoder::default();
        decoder.feed(&early);
        let hello = timeout(HELLO_MAX, read_hello(&mut stdout, &mut decoder)).await;
        let hello = hello.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let hello = match hello {
            Ok(hello) => hello,
            Err(error) => {
                drop(stdin);
                let noise = timeout(LAST_WORDS_MAX, tail(stderr)).await.unwrap_or_default();
                return Err(Lost::transient(
                    format!("the agent did not start on the host: {error}. {noise}").trim_end(),
                ));
            }
        };
        if hello.version != VERSION {
            let text =
                format!("the agent on the host speaks version {}, we speak version {VERSION}", hello.version);
            return Err(Lost::permanent(text));
        }
        let ours = encode(&Hello::own(), &[]).expect("a greeting is short");
        let sent = async {
            stdin.write_all(&ours).await?;
            stdin.flush().await
        };
        sent.await.map_err(|e| Lost::transient(format!("the agent on the host went away at once: {e}")))?;

        let routes = Arc::new(Routes::default());
        let (outgoing, mut frames) = mpsc::channel::<Vec<u8>>(OUTGOING_MAX);
        let writer = tokio::spawn(async move {
            while let Some(frame) = frames.recv().await {
                if stdin.write_all(&frame).await.is_err() || stdin.flush().await.is_err() {
                    break;
                }
            }
            // The end of its input is the agent's signal to leave.
            let _ = stdin.shutdown().await;
        });
        let to = routes.clone();
        let noise = tokio::spawn(tail(stderr));
        let reader = tokio::spawn(async move {
            let error = route_replies(&mut stdout, decoder, &to).await;
            let noise = timeout(LAST_WORDS_MAX, noise).await.ok().and_then(Result::ok).unwrap_or_default();
            let end = timeout(LAST_WORDS_MAX, ending.wait()).await.unwrap_or(End::Vanished);
            // Nobody hears that the link is gone before its place is free.
            drop(lease);
            to.close(epitaph(&error, end, &noise));
        });
        Ok(Link {
            outgoing,
            routes,
            next: AtomicU64::new(1),
            writer,
            reader: Mutex::new(Some(reader)),
            scratch: Mutex::default(),
        })
    }

    /// Whether requests can still be sent.
    pub(crate) fn is_alive(&self) -> bool {
        self.routes.lock().gone.is_none() && !self.writer.is_finished()
    }

    fn lost(&self) -> Lost {
        let why = self.routes.lock().gone.clone();
        Lost::transient(why.unwrap_or_else(|| "the connection to the agent ended".to_owned()))
    }

    /// Why it ended; waits until that is known.
    async fn loss(&self, pending: &mut Pending<'_>) -> Lost {
        // The reader closes all routes when it knows why.
        while pending.replies.recv().await.is_some() {}
        pending.done = true;
        self.lost()
    }

    fn expect_replies(&self) -> Result<Pending<'_>, Lost> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, replies) = mpsc::channel(INCOMING_MAX);
        let mut state = self.routes.lock();
        if let Some(why) = &state.gone {
            return Err(Lost::transient(why.clone()));
        }
        state.waiting.insert(id, sender);
        Ok(Pending { link: self, id, replies, done: false })
    }

    async fn send(
        &self,
        pending: &mut Pending<'_>,
        request: &Request,
        body: &[u8],
    ) -> Result<(), TransferError> {
        let frame = encode(request, body).map_err(|e| {
            pending.done = true;
            TransferError::Refused { message: e.to_string() }
        })?;
        match self.outgoing.send(frame).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.loss(pending).await.into()),
        }
    }

    /// Runs a module; the body, if any, is the payload's bytes.
    pub(crate) async fn invoke(&self, invocation: Invocation, body: Option<&[u8]>) -> Result<Outcome, Lost> {
        let mut pending = self.expect_replies()?;
        let invocation = Box::new(invocation);
        let request = Request::Invoke { id: pending.id, invocation, inline: body.is_some() };
        match self.send(&mut pending, &request, body.unwrap_or_default()).await {
            Ok(()) => {}
            Err(TransferError::Lost(lost)) => return Err(lost),
            Err(other) => return Ok(Outcome::failure(other.to_string())),
        }
        match pending.next().await? {
            (Reply::Outcome { outcome, .. }, _) => Ok(pending.finish(outcome)),
            (Reply::Failed { message, .. }, _) => Ok(pending.finish(Outcome::failure(message))),
            _ => Err(Lost::transient("the agent answered something else than was asked")),
        }
    }

    /// Writes a file on the machine, or a new temporary one; answers where it is.
    pub(crate) async fn upload(
        &self,
        contents: Contents<'_>,
        dest: Option<&Path>,
        mode: u32,
    ) -> Result<String, TransferError> {
        let mut pending = self.expect_replies()?;
        let id = pending.id;
        let start = Request::Upload { id, path: dest.map(Path::to_owned), mode };
        match contents {
            Contents::Bytes(bytes) => {
                self.send(&mut pending, &start, &[]).await?;
                let mut pieces = bytes.chunks(CHUNK).peekable();
                loop {
                    let piece = pieces.next().unwrap_or_default();
                    let last = pieces.peek().is_none();
                    self.send(&mut pending, &Request::Chunk { id, last }, piece).await?;
                    if last {
                        break;
                    }
                    if let Some(failure) = pending.early_failure(dest) {
                        return Err(failure);
                    }
                }
            }
            Contents::File(path) => {
                let file = tokio::fs::File::open(path).await.inspect_err(|_| pending.done = true);
                let mut file = file.map_err(|error| local_error(path, &error))?;
                self.send(&mut pending, &start, &[]).await?;
                let mut piece = vec![0; CHUNK];
                loop {
                    let filled =
                        fill(&mut file, &mut piece).await.map_err(|error| local_error(path, &error))?;
                    let last = filled < piece.len();
                    self.send(&mut pending, &Request::Chunk { id, last }, &piece[..filled]).await?;
                    if last {
                        break;
                    }
                    if let Some(failure) = pending.early_failure(dest) {
                        return Err(failure);
                    }
                }
            }
        }
        match pending.next().await? {
            (Reply::Stored { path, .. }, _) => Ok(pending.finish(path.to_string_lossy().into_owned())),
            (Reply::Failed { errno, message, .. }, _) => Err(pending.finish(remote_error(
                &dest.unwrap_or(Path::new("")).to_string_lossy(),
                errno,
                message,
            ))),
            _ => Err(Lost::transient("the agent answered something else than was asked").into()),
        }
    }

    /// Reads a file of the machine into `dest`, whole or not at all.
    pub(crate) async fn download(&self, source: &str, dest: &Path) -> Result<(), TransferError> {
        let folder = dest.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let partial = tempfile::Builder::new().prefix(".fetch-").tempfile_in(folder);
        let partial = partial.map_err(|error| local_error(dest, &error))?;
        let file = partial.reopen().map_err(|error| local_error(dest, &error))?;
        let mut file = tokio::fs::File::from_std(file);
        let mut pending = self.expect_replies()?;
        let request = Request::Download { id: pending.id, path: source.into() };
        self.send(&mut pending, &request, &[]).await?;
        loop {
            match pending.next().await? {
                (Reply::Chunk { last, .. }, body) => {
                    pending.done = last;
                    file.write_all(&body).await.map_err(|error| local_error(dest, &error))?;
                    if last {
                        break;
                    }
                }
                (Reply::Failed { errno, message, .. }, _) => {
                    return Err(pending.finish(remote_error(source, errno, message)));
                }
                _ => return Err(Lost::transient("the agent answered something else than was asked").into()),
            }
        }
        file.flush().await.map_err(|error| local_error(dest, &error))?;
        partial.persist(dest).map_err(|error| local_error(dest, &error.error))?;
        Ok(())
    }

    /// Removes a folder of the machine when the link is closed.
    pub(crate) fn remove_at_close(&self, folder: String) {
        self.scratch.lock().unwrap_or_else(|broken| broken.into_inner()).push(folder);
    }

    async fn remove_scratch(&self) {
        let folders = std::mem::take(&mut *self.scratch.lock().unwrap_or_else(|broken| broken.into_inner()));
        if folders.is_empty() || !self.is_alive() {
            return;
        }
        let argv: Vec<String> = ["rm", "-rf", "--"].map(str::to_owned).into_iter().chain(folders).collect();
        let args = serde_json::Map::from_iter([("argv".to_owned(), argv.into())]);
        // A machine that does not answer now keeps its rubbish.
        let _ = timeout(FAREWELL_MAX, self.invoke(Invocation::new("command", args), None)).await;
    }

    /// Ends the agent and waits until it is gone.
    pub(crate) async fn close(&self) {
        self.remove_scratch().await;
        self.routes.close("the connection was closed".to_owned());
        // The writer ends with the channel; it cannot be closed from here, so it is ended.
        self.writer.abort();
        let reader = self.reader.lock().unwrap_or_else(|broken| broken.into_inner()).take();
        if let Some(mut reader) = reader
            && timeout(FAREWELL_MAX, &mut reader).await.is_err()
        {
            reader.abort();
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.writer.abort();
        if let Some(reader) = self.reader.lock().unwrap_or_else(|broken| broken.into_inner()).take() {
            reader.abort();
        }
    }
}

impl Pending<'_> {
    async fn next(&mut self) -> Result<(Reply, Vec<u8>), Lost> {
        match self.replies.recv().await {
            Some(reply) => Ok(reply),
            None => {
                self.done = true;
                Err(self.link.lost())
            }
        }
    }

    /// A refusal that came before everything was sent.
    fn early_failure(&mut self, dest: Option<&Path>) -> Option<TransferError> {
        match self.replies.try_recv() {
            Ok((Reply::Failed { errno, message, .. }, _)) => {
                self.done = true;
                Some(remote_error(&dest.unwrap_or(Path::new("")).to_string_lossy(), errno, message))
            }
            _ => None,
        }
    }

    fn finish<T>(&mut self, value: T) -> T {
        self.done = true;
        value
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.link.routes.lock().waiting.remove(&self.id);
        if self.done {
            return;
        }
        let Ok(frame) = encode(&Request::Cancel { id: self.id }, &[]) else { return };
        if let Err(mpsc::error::TrySendError::Full(frame)) = self.link.outgoing.try_send(frame)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let outgoing = self.link.outgoing.clone();
            // If the link ends first, the agent cancels everything by itself.
            runtime.spawn(async move { outgoing.send(frame).await });
        }
    }
}

async fn read_hello(stdout: &mut Output, decoder: &mut Decoder) -> io::Result<Hello> {
    let mut buffer = [0; 4096];
    loop {
        if let Some(frame) = decoder.next_frame()? {
            return frame.decode();
        }
        match stdout.read(&mut buffer).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => decoder.feed(&buffer[..n]),
        }
    }
}

/// Routes until the stream ends; answers why it did.
async fn route_replies(stdout: &mut Output, mut decoder: Decoder, routes: &Routes) -> io::Error {
    let mut buffer = vec![0; 64 << 10];
    loop {
        loop {
            let frame = match decoder.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(error) => return error,
            };
            let reply: Reply = match frame.decode() {
                Ok(reply) => reply,
                Err(error) => return error,
            };
            let to = routes.lock().waiting.get(&reply_id(&reply)).cloned();
            if let Some(to) = to {
                // Who no longer listens has cancelled.
                let _ = to.send((reply, frame.body)).await;
            }
        }
        match stdout.read(&mut buffer).await {
            Ok(0) => return io::ErrorKind::UnexpectedEof.into(),
            Ok(n) => decoder.feed(&buffer[..n]),
            Err(error) => return error,
        }
    }
}

fn reply_id(reply: &Reply) -> u64 {
    match reply {
        Reply::Outcome { id, .. }
        | Reply::Stored { id, .. }
        | Reply::Chunk { id, .. }
        | Reply::Failed { id, .. } => *id,
    }
}

/// Reads error output to its end, so that nobody is held up by it, and keeps the last of it.
async fn tail(mut stderr: Output) -> String {
    let mut said = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(n) = stderr.read(&mut buffer).await {
        if n == 0 {
            break;
        }
        said.extend_from_slice(&buffer[..n]);
        let excess = said.len().saturating_sub(NOISE_MAX);
        said.drain(..excess);
    }
    String::from_utf8_lossy(&said).trim().replace('\r', "")
}

/// What to say about a connection that ended under a task, in Ansible's manner.
fn epitaph(error: &io::Error, end: End, noise: &str) -> String {
    if error.kind() == io::ErrorKind::InvalidData {
        return format!("the agent on the host said something that is no reply: {error}");
    }
    let why = match (noise, end) {
        ("", End::Exited(255) | End::Vanished) => "the connection ended or the agent was killed".to_owned(),
        ("", End::Exited(status)) => format!("the agent ended with status {status}"),
        (noise, _) => noise.to_owned(),
    };
    format!("Failed to connect to the host via ssh: {why}")
}

async fn fill(file: &mut tokio::fs::File, piece: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < piece.len() {
        match file.read(&mut piece[filled..]).await? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

/// A file of this machine could not be used.
pub(crate) fn local_error(path: &Path, error: &io::Error) -> TransferError {
    let path = path.display().to_string();
    match error.kind() {
        io::ErrorKind::NotFound => TransferError::Missing { path },
        _ => TransferError::Refused { message: format!("{path}: {error}") },
    }
}

fn remote_error(path: &str, errno: Option<i32>, message: String) -> TransferError {
    match errno {
        Some(libc::ENOENT) => TransferError::Missing { path: path.to_owned() },
        _ if path.is_empty() => TransferError::Refused { message },
        _ => TransferError::Refused { message: format!("{path}: {message}") },
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};

    use super::*;
    use crate::channel::Ending;
    use crate::dial::Lease;

    /// A link whose agent is played by the test.
    fn greeted(early: &[u8]) -> (Greeted, DuplexStream, DuplexStream) {
        let (stdin, requests) = duplex(1 << 20);
        let (replies, stdout) = duplex(1 << 20);
        let greeted = Greeted {
            stdin: Box::new(stdin),
            stdout: Box::new(stdout),
            stderr: Box::new(&b"last words"[..]),
            ending: Ending::Past,
            lease: Lease::of_nothing(),
            early: early.to_vec(),
        };
        (greeted, requests, replies)
    }

    fn hello(version: u32) -> Vec<u8> {
        encode(&Hello { version, pid: 1, uid: 0 }, &[]).expect("short")
    }

    fn ping() -> Invocation {
        Invocation::new("ping", serde_json::Map::new())
    }

    #[tokio::test]
    async fn an_agent_that_does_not_say_hello_is_lost() {
        let (link, _requests, replies) = greeted(b"");
        drop(replies);
        let lost = Link::start(link).await.expect_err("it said nothing");
        assert!(lost.message.contains("did not start") && lost.message.contains("last words"), "{lost}");
        let (link, ..) = greeted(b"Segmentation fault (core dumped)\n");
        let lost = Link::start(link).await.expect_err("that is no frame");
        assert!(lost.message.contains("not a frame"), "{lost}");
        let (link, ..) = greeted(&hello(VERSION + 1));
        let lost = Link::start(link).await.expect_err("another version");
        assert!(lost.message.contains("speaks version") && !lost.transient, "{lost}");
    }

    #[tokio::test]
    async fn whatever_the_agent_says_afterwards_is_a_result_or_a_loss() {
        let strange = encode(&Reply::Stored { id: 1, path: "/x".into(), size: 0 }, &[]).expect("short");
        let unknown = encode(&Reply::Outcome { id: 99, outcome: Outcome::failure("x") }, &[]).expect("short");
        let cases: [(&[u8], &str); 5] = [
            (b"\0\0\0\x02\0\0\0\0{]", "no reply"),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff", "no reply"),
            (b"\0\0\0\x50\0\0\0\0{", "last words"),
            (&strange, "something else"),
            (&unknown, "last words"),
        ];
        for (said, wanted) in cases {
            let (link, _requests, mut replies) = greeted(&hello(VERSION));
            let link = Link::start(link).await.expect("it said hello");
            replies.write_all(said).await.expect("the pipe has room");
            // What comes before a request is asked for nothing; the loss must be heard by whoever asks next.
            let asking = link.invoke(ping(), None);
            let ending = async {
                tokio::task::yield_now().await;
                drop(replies);
            };
            let (result, ()) = tokio::join!(asking, ending);
            let lost = result.expect_err("no outcome was sent");
            assert!(lost.message.contains(wanted), "{said:?}: {lost}");
        }
    }

    #[tokio::test]
    async fn a_dropped_request_is_cancelled() {
        let (link, mut requests, _replies) = greeted(&hello(VERSION));
        let link = Link::start(link).await.expect("it said hello");
        let soon = Duration::from_millis(20);
        assert!(timeout(soon, link.invoke(ping(), None)).await.is_err());
        let mut decoder = Decoder::default();
        let mut kinds = Vec::new();
        while kinds.len() < 3 {
            let mut buffer = [0; 4096];
            let n = requests.read(&mut buffer).await.expect("the pipe is open");
            decoder.feed(&buffer[..n]);
            while let Some(frame) = decoder.next_frame().expect("we write frames") {
                let header: serde_json::Value = frame.decode().expect("with JSON headers");
                kinds.push(header["request"].as_str().unwrap_or("hello").to_owned());
            }
        }
        assert_eq!(kinds, ["hello", "invoke", "cancel"]);
    }
}
