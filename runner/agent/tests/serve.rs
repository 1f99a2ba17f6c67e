//! A controller in miniature talks to `serve` over pipes: every request, and what goes wrong with each.

use runner_agent::{
    serve,
    wire::{self, Decoder, Frame, Hello, Reply, Request, VERSION},
};
use runner_modules::{Invocation, Payload, RealSystem};
use serde_json::json;
use std::{
    io::{self, PipeReader, PipeWriter, Write},
    path::{Path, PathBuf},
    thread::JoinHandle,
};

/// One agent in a thread of this process, and the two ends that a controller has.
struct Agent {
    to: Option<PipeWriter>,
    from: PipeReader,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Agent {
    fn start() -> Agent {
        let (input, to) = io::pipe().expect("a pipe");
        let (from, output) = io::pipe().expect("a pipe");
        let thread = std::thread::spawn(move || serve(input, output, RealSystem::new));
        let mut agent = Agent { to: Some(to), from, thread: Some(thread) };
        let hello: Hello = agent.frame().decode().expect("a hello comes first");
        assert_eq!(hello.version, VERSION);
        agent
    }

    fn greeted() -> Agent {
        let mut agent = Agent::start();
        agent.send(&Hello::own(), b"");
        agent
    }

    fn send<T: serde::Serialize>(&mut self, header: &T, body: &[u8]) {
        wire::send(self.to.as_mut().expect("still open"), header, body).expect("the agent reads");
    }

    fn frame(&mut self) -> Frame {
        wire::receive(&mut self.from).expect("the agent answers").expect("the agent is there")
    }

    fn reply(&mut self) -> (Reply, Vec<u8>) {
        let frame = self.frame();
        (frame.decode().expect("a reply"), frame.body)
    }

    fn invoke(&mut self, id: u64, module: &str, args: serde_json::Value) {
        let invocation = Invocation::new(module, args.as_object().cloned().unwrap_or_default());
        self.send(&Request::Invoke { id, invocation: Box::new(invocation), inline: false }, b"");
    }

    fn end(mut self) -> io::Result<()> {
        drop(self.to.take());
        self.thread.take().expect("it was started").join().expect("the agent does not panic")
    }
}

fn outcome(reply: Reply) -> (u64, runner_modules::Outcome) {
    match reply {
        Reply::Outcome { id, outcome } => (id, outcome),
        other => panic!("expected an outcome, got {other:?}"),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let names =
        std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").file_name());
    names.map(|name| name.to_string_lossy().into_owned()).collect()
}

#[test]
fn modules_run_and_answer_by_id() {
    let mut agent = Agent::greeted();
    agent.invoke(7, "ping", json!({}));
    let (id, answer) = outcome(agent.reply().0);
    assert_eq!((id, answer.result["ping"].as_str()), (7, Some("pong")));
    agent.end().expect("the end of the input is the end");
}

#[test]
fn a_slow_request_does_not_hold_up_a_quick_one() {
    let mut agent = Agent::greeted();
    agent.invoke(1, "command", json!({ "cmd": "sleep 600" }));
    agent.invoke(2, "ping", json!({}));
    assert_eq!(outcome(agent.reply().0).0, 2);
    agent.send(&Request::Cancel { id: 1 }, b"");
    let (id, answer) = outcome(agent.reply().0);
    assert_eq!((id, answer.failed()), (1, true), "a cancelled request still gets its answer");
    agent.end().expect("a clean end");
}

#[test]
fn what_runs_is_killed_when_the_controller_goes() {
    let mut agent = Agent::greeted();
    agent.invoke(1, "command", json!({ "cmd": "sleep 600" }));
    agent.invoke(2, "ping", json!({}));
    agent.reply();
    agent.end().expect("the agent does not wait for the sleep");
}

#[test]
fn a_payload_is_asked_for_and_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let dest = folder.path().join("file");
    let mut invocation =
        Invocation::new("copy", json!({ "dest": dest }).as_object().cloned().unwrap_or_default());
    let mut payload = Payload::inline("file", b"hello".to_vec());
    let bytes = payload.bytes.take().expect("it was just made");
    invocation.payload = Some(payload);
    let mut agent = Agent::greeted();
    let request = |inline| Request::Invoke { id: 1, invocation: Box::new(invocation.clone()), inline };
    agent.send(&request(false), b"");
    assert!(outcome(agent.reply().0).1.wants_payload);
    assert!(!dest.exists());
    agent.send(&request(true), &bytes);
    assert!(outcome(agent.reply().0).1.changed());
    assert_eq!(std::fs::read(&dest).expect("it is there"), b"hello");
    // The same again needs no bytes.
    agent.send(&request(false), b"");
    let (_, answer) = outcome(agent.reply().0);
    assert!(!answer.wants_payload && !answer.changed());
    agent.end().expect("a clean end");
}

fn upload(agent: &mut Agent, id: u64, path: Option<PathBuf>, pieces: &[&[u8]], finish: bool) {
    agent.send(&Request::Upload { id, path, mode: 0o600 }, b"");
    for (at, piece) in pieces.iter().enumerate() {
        agent.send(&Request::Chunk { id, last: finish && at + 1 == pieces.len() }, piece);
    }
}

#[test]
fn an_upload_appears_all_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    let mut agent = Agent::greeted();
    upload(&mut agent, 3, Some(path.clone()), &[b"one ", b"two"], true);
    match agent.reply().0 {
        Reply::Stored { id: 3, path: stored, size: 7 } => assert_eq!(stored, path),
        other => panic!("{other:?}"),
    }
    assert_eq!(std::fs::read(&path).expect("it is there"), b"one two");
    agent.end().expect("a clean end");
}

#[test]
fn a_cancelled_or_lost_upload_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    let mut agent = Agent::greeted();
    upload(&mut agent, 3, Some(path.clone()), &[b"half"], false);
    agent.send(&Request::Cancel { id: 3 }, b"");
    assert!(matches!(agent.reply().0, Reply::Failed { id: 3, .. }));
    assert!(names(folder.path()).is_empty(), "a cancelled upload leaves {:?}", names(folder.path()));
    upload(&mut agent, 4, Some(path), &[b"half"], false);
    agent.invoke(5, "ping", json!({}));
    agent.reply();
    agent.end().expect("a clean end");
    assert!(names(folder.path()).is_empty(), "a lost upload leaves {:?}", names(folder.path()));
}

#[test]
fn an_upload_to_nowhere_is_refused() {
    let mut agent = Agent::greeted();
    upload(&mut agent, 3, Some("/nosuch/folder/file".into()), &[b"x"], true);
    match agent.reply().0 {
        Reply::Failed { id: 3, errno: Some(2), .. } => {}
        other => panic!("{other:?}"),
    }
    agent.end().expect("a clean end");
}

#[test]
fn a_download_comes_in_pieces() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    let bytes: Vec<u8> = (0..wire::CHUNK + 10).map(|at| at as u8).collect();
    std::fs::write(&path, &bytes).expect("it can be written");
    let mut agent = Agent::greeted();
    agent.send(&Request::Download { id: 9, path }, b"");
    let mut got = Vec::new();
    loop {
        let (reply, body) = agent.reply();
        got.extend(body);
        match reply {
            Reply::Chunk { id: 9, last: true } => break,
            Reply::Chunk { id: 9, last: false } => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(got, bytes);
    agent.send(&Request::Download { id: 10, path: "/nosuch".into() }, b"");
    assert!(matches!(agent.reply().0, Reply::Failed { id: 10, errno: Some(2), .. }));
    agent.end().expect("a clean end");
}

#[test]
fn another_version_is_a_clear_error() {
    let mut agent = Agent::start();
    agent.send(&Hello { version: VERSION + 1, ..Hello::own() }, b"");
    match agent.reply().0 {
        Reply::Failed { id: 0, message, .. } => assert!(message.contains("version"), "{message}"),
        other => panic!("{other:?}"),
    }
    agent.end().expect("a clean end");
}

#[test]
fn nonsense_in_a_frame_is_answered_and_nonsense_for_a_frame_ends_it() {
    let mut agent = Agent::greeted();
    agent.send(&json!({ "request": "dance" }), b"");
    assert!(matches!(agent.reply().0, Reply::Failed { id: 0, .. }));
    agent.to.as_mut().expect("open").write_all(&[0xff; 16]).expect("the agent reads");
    assert_eq!(agent.end().expect_err("not a frame").kind(), io::ErrorKind::InvalidData);
}

#[test]
fn a_frame_that_ends_early_is_an_error() {
    let mut agent = Agent::greeted();
    let frame = wire::encode(&json!({ "request": "cancel", "id": 1 }), b"").expect("short enough");
    agent.to.as_mut().expect("open").write_all(&frame[..frame.len() - 1]).expect("the agent reads");
    assert_eq!(agent.end().expect_err("half a frame").kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn the_decoder_takes_bytes_as_they_come() {
    let frames = [
        wire::encode(&Hello::own(), b"").expect("short enough"),
        wire::encode(&Request::Cancel { id: 1 }, b"body").expect("short enough"),
    ];
    let mut decoder = Decoder::default();
    let mut got = Vec::new();
    for byte in frames.concat() {
        decoder.feed(&[byte]);
        got.extend(decoder.next_frame().expect("frames"));
    }
    assert_eq!(got.len(), 2);
    assert_eq!(got[1].body, b"body");
    assert!(decoder.rest().is_empty());
    // A shell's complaint in place of a frame is told apart from one.
    decoder.feed(b"sh: 1: not found");
    assert!(decoder.next_frame().is_err());
}
