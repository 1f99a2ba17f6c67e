//! Running a program: its output is collected until it ends, even if it leaves somebody behind who holds the pipe.

use super::{Command, Output, real::Cancel};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    io::{self, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::{CommandExt, ExitStatusExt},
    },
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

/// How long to wait for more output of a program that has ended, when something it started still holds the pipe.
const AFTER_END: Duration = Duration::from_millis(100);
/// How often to look whether a silent program has ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Bytes read at a time.
const BLOCK: usize = 64 * 1024;

/// Runs it. `env` is added to the environment of this process, `command.env` to that.
pub fn run(
    command: &Command,
    env: &[(String, String)],
    program: &Path,
    cancel: &Cancel,
) -> io::Result<Output> {
    let mut process = std::process::Command::new(program);
    let Some((name, arguments)) = command.argv.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no program to run"));
    };
    process.arg0(name).args(arguments).envs(env.iter().cloned()).envs(command.env.iter().cloned());
    process.stdin(if command.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    process.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    if let Some(cwd) = &command.cwd {
        process.current_dir(cwd);
    }
    if let Some(umask) = command.umask {
        // SAFETY: umask is safe between fork and exec.
        unsafe {
            process.pre_exec(move || {
                libc::umask(umask as libc::mode_t);
                Ok(())
            });
        }
    }
    let mut child = process.spawn()?;
    let group = child.id();
    cancel.watch(group, || collect(&mut child, command))
}

fn nonblocking(fd: &OwnedFd) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(fd)?;
    rustix::fs::fcntl_setfl(fd, flags | rustix::fs::OFlags::NONBLOCK)?;
    Ok(())
}

struct Pipe {
    fd: Option<std::fs::File>,
    bytes: Vec<u8>,
}

impl Pipe {
    fn new(fd: OwnedFd) -> io::Result<Self> {
        nonblocking(&fd)?;
        Ok(Pipe { fd: Some(fd.into()), bytes: Vec::new() })
    }

    /// Reads what is there; closes at the end. Says whether something came.
    fn pump(&mut self, block: &mut [u8]) -> bool {
        let Some(fd) = &mut self.fd else { return false };
        match fd.read(block) {
            Ok(0) => self.fd = None,
            Ok(n) => self.bytes.extend_from_slice(&block[..n]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                return false;
            }
            Err(_) => self.fd = None,
        }
        true
    }
}

fn collect(child: &mut Child, command: &Command) -> io::Result<Output> {
    let mut out = Pipe::new(child.stdout.take().expect("stdout is piped").into())?;
    let mut err = Pipe::new(child.stderr.take().expect("stderr is piped").into())?;
    let mut stdin: Option<std::fs::File> = match child.stdin.take() {
        Some(pipe) => {
            let fd = OwnedFd::from(pipe);
            nonblocking(&fd)?;
            Some(fd.into())
        }
        None => None,
    };
    let mut input = command.stdin.as_deref().unwrap_or_default();
    let deadline = command.timeout_s.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut block = vec![0; BLOCK];
    let mut status = None;
    let mut quiet_since = Instant::now();
    while out.fd.is_some() || err.fd.is_some() {
        if input.is_empty() {
            stdin = None;
        }
        wait(&[(&out.fd, PollFlags::IN), (&err.fd, PollFlags::IN), (&stdin, PollFlags::OUT)]);
        let came = out.pump(&mut block) | err.pump(&mut block);
        if came {
            quiet_since = Instant::now();
        }
        if let Some(pipe) = &mut stdin {
            match pipe.write(input) {
                Ok(n) => input = &input[n..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // The program does not want to read; that is its business.
                Err(_) => input = &[],
            }
        }
        if status.is_none() && !came {
            status = child.try_wait()?;
        }
        if status.is_some() && !came && quiet_since.elapsed() >= AFTER_END {
            break;
        }
        if deadline.is_some_and(|deadline| Instant::now() > deadline) {
            super::real::kill(child.id());
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the program took too long"));
        }
    }
    drop(stdin);
    let status = match (status, deadline) {
        (Some(status), _) => status,
        (None, None) => child.wait()?,
        (None, Some(deadline)) => wait_until(child, deadline)?,
    };
    let rc = status.code().unwrap_or_else(|| -status.signal().unwrap_or(1));
    Ok(Output { rc, stdout: out.bytes, stderr: err.bytes })
}

#[expect(clippy::disallowed_methods, reason = "a process that ends tells nobody but who asks")]
fn wait_until(child: &mut Child, deadline: Instant) -> io::Result<std::process::ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() > deadline {
            super::real::kill(child.id());
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the program took too long"));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Waits until one of the pipes is ready, or a moment has passed.
fn wait(pipes: &[(&Option<std::fs::File>, PollFlags)]) {
    let open = pipes
        .iter()
        .filter_map(|(fd, flags)| fd.as_ref().map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), *flags)));
    let mut fds: Vec<_> = open.collect();
    let time = Timespec { tv_sec: 0, tv_nsec: LOOK_EVERY.as_nanos() as i64 };
    // An interrupted wait is only a shorter one.
    let _ = poll(&mut fds, Some(&time));
}
