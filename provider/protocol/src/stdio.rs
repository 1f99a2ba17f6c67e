//! The three standard streams of a plugin, kept away from everybody but this crate.
//!
//! stdout may carry the handshake line and nothing else, and a line on stderr that is not quite hclog's JSON can crash
//! Terraform. A child process, too, that inherited them would keep Terraform waiting for as long as it lives. So both are
//! moved to descriptors that no child gets: stdin and stdout become `/dev/null`, and whatever is written to the old
//! stderr becomes a log line.

use std::{
    fs::File,
    io::Write,
    sync::{Mutex, OnceLock, PoisonError},
};

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::Streams;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::Streams;

/// Where log lines go once the streams are claimed; until then to stderr.
static LOG: OnceLock<Mutex<File>> = OnceLock::new();

/// Writes whole lines to the log in one piece. There is nowhere to report a failure to.
pub(crate) fn write_log(lines: &[u8]) {
    let _ = match LOG.get() {
        Some(log) => log.lock().unwrap_or_else(PoisonError::into_inner).write_all(lines),
        None => std::io::stderr().lock().write_all(lines),
    };
}
