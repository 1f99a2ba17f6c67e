//! The agent for the other architecture: built with Debian's cross tools where they are, and run under qemu.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use runner_agent::wire::{Hello, Reply, Request, VERSION, receive, send};
use runner_modules::Invocation;

const TARGET: &str = "aarch64-unknown-linux-gnu";

/// What the build of a release needs; `None` where a machine lacks it.
fn tools() -> Option<()> {
    let has = |path: &str| Path::new(path).exists();
    let all = has("/usr/lib/rustlib/aarch64-unknown-linux-gnu")
        && has("/usr/bin/rustc")
        && has("/usr/bin/aarch64-linux-gnu-gcc")
        && has("/usr/bin/qemu-aarch64-static");
    all.then_some(())
}

fn build() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // The folder in which the build script of the connection crate keeps its agents, so that nothing is built twice.
    let folder = Path::new(env!("CARGO_BIN_EXE_machines")).parent().expect("in a folder").join("agent");
    let done = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["build", "--package", "runner-agent", "--bin", "runner-agent", "--locked", "--quiet"])
        .args(["--profile", "agent-dev", "--target", TARGET, "--target-dir"])
        .arg(&folder)
        .env("RUSTC", "/usr/bin/rustc")
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc")
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .status()
        .expect("cargo runs");
    assert!(done.success(), "the agent builds for {TARGET}");
    folder.join(TARGET).join("agent-dev/runner-agent")
}

#[ignore = "builds a second agent with Debian's cross tools, minutes on two cores: run it with --ignored before a release"]
#[test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so, and tests have no other voice")]
fn the_agent_for_arm_answers() {
    if tools().is_none() {
        eprintln!(
            "skipped: needs Debian's rustc-web, libstd-rust-web-dev:arm64, gcc-aarch64-linux-gnu and qemu-user-static"
        );
        return;
    }
    let mut agent = Command::new("qemu-aarch64-static")
        .arg(build())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("qemu starts");
    let mut stdin = agent.stdin.take().expect("piped");
    let mut stdout = agent.stdout.take().expect("piped");
    let hello: Hello =
        receive(&mut stdout).expect("a frame").expect("not the end").decode().expect("a greeting");
    assert_eq!(hello.version, VERSION);
    send(&mut stdin, &Hello::own(), &[]).expect("it listens");
    let invocation = Box::new(Invocation::new("ping", serde_json::Map::new()));
    send(&mut stdin, &Request::Invoke { id: 7, invocation, inline: false }, &[]).expect("it listens");
    let reply: Reply =
        receive(&mut stdout).expect("a frame").expect("not the end").decode().expect("a reply");
    let Reply::Outcome { id: 7, outcome } = reply else { panic!("{reply:?}") };
    assert_eq!(outcome.result["ping"], "pong");
    drop(stdin);
    assert!(agent.wait().expect("it ends").success());
}
