//! The agent's own program: it serves its standard input and output, and runs jobs that outlive it.

use runner_agent::wire::{self, Hello, Reply, Request};
use runner_modules::Invocation;
use serde_json::{Value, json};
use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// A loaded machine may be slow, but not this slow.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_job_outlives_the_agent_and_leaves_its_result() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut agent = Command::new(env!("CARGO_BIN_EXE_runner-agent"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the agent starts");
    let (mut to, mut from) = (agent.stdin.take().expect("piped"), agent.stdout.take().expect("piped"));
    wire::receive(&mut from).expect("a frame").expect("a hello");
    wire::send(&mut to, &Hello::own(), b"").expect("the agent reads");
    let args = json!({ "cmd": "echo done" }).as_object().cloned().unwrap_or_default();
    let mut invocation = Invocation::new("command", args);
    invocation.async_s = Some(50);
    invocation.job = Some("j1".into());
    invocation.async_dir = Some(folder.path().to_string_lossy().into_owned());
    let request = Request::Invoke { id: 1, invocation: Box::new(invocation), inline: false };
    wire::send(&mut to, &request, b"").expect("the agent reads");
    let reply: Reply =
        wire::receive(&mut from).expect("a frame").expect("a reply").decode().expect("an outcome");
    let Reply::Outcome { outcome, .. } = reply else { panic!("{reply:?}") };
    assert_eq!(outcome.result["started"], true, "{}", json!(outcome.result));
    drop(to);
    assert!(agent.wait().expect("it ends").success());
    let file = outcome.result["results_file"].as_str().expect("a file").to_owned();
    let start = Instant::now();
    loop {
        let job: Value = serde_json::from_slice(&std::fs::read(&file).expect("the job file")).expect("JSON");
        if job["finished"] == true {
            assert_eq!((&job["stdout"], &job["changed"]), (&json!("done"), &json!(true)), "{job}");
            return;
        }
        assert!(start.elapsed() < PATIENCE, "the job does not end: {job}");
        std::thread::yield_now();
    }
}
