//! Moves the standard streams by duplicating descriptors.

use std::{
    fs::File,
    io::{self, PipeReader, Read, Write},
    sync::{Mutex, PoisonError},
    thread,
};

use rustix::{io::fcntl_dupfd_cloexec, stdio};

use super::LOG;

/// The lowest descriptor to move a stream to: past the three standard ones.
const FIRST_FREE: i32 = 3;

/// The longest piece of a stray line that becomes one log line.
const STRAY_LINE_BYTES_MAX: usize = 8 << 10;

/// The streams as the host handed them over. Dropping it puts stderr back, for what `main` may have to say.
pub(crate) struct Streams {
    stdout: File,
}

impl Streams {
    /// Takes the streams away from everybody else.
    pub(crate) fn claim() -> io::Result<Self> {
        let stdout = fcntl_dupfd_cloexec(stdio::stdout(), FIRST_FREE)?;
        let stderr = fcntl_dupfd_cloexec(stdio::stderr(), FIRST_FREE)?;
        let nothing = File::options().read(true).write(true).open("/dev/null")?;
        stdio::dup2_stdin(&nothing)?;
        stdio::dup2_stdout(&nothing)?;
        let (reader, writer) = io::pipe()?;
        thread::Builder::new().name("stray stderr".into()).spawn(move || forward(reader))?;
        stdio::dup2_stderr(&writer)?;
        if let Err(second) = LOG.set(Mutex::new(File::from(stderr))) {
            // A second claim in one process, as in tests, keeps the first log.
            drop(second);
        }
        Ok(Streams { stdout: File::from(stdout) })
    }

    /// Writes to the host's stdout.
    pub(crate) fn write_stdout(&mut self, line: &str) -> io::Result<()> {
        self.stdout.write_all(line.as_bytes())?;
        self.stdout.flush()
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        if let Some(log) = LOG.get() {
            // Where even this fails there is nobody left to tell.
            let _ = stdio::dup2_stderr(&*log.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// Turns what others write to stderr into log lines, at the level Terraform gives to lines it does not understand.
fn forward(mut reader: PipeReader) {
    let mut pending = Vec::new();
    let mut buffer = [0; STRAY_LINE_BYTES_MAX];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => pending.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        }
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            log(&pending[..end]);
            pending.drain(..=end);
        }
        if pending.len() >= STRAY_LINE_BYTES_MAX {
            log(&std::mem::take(&mut pending));
        }
    }
    log(&pending);
}

fn log(line: &[u8]) {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    if !text.is_empty() {
        tracing::debug!(target: "stderr", "{text}");
    }
}
