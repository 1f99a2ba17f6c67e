//! On Windows children are given no handles unless asked for, so the streams stay where they are.

use std::io::{self, Write};

/// The streams as the host handed them over.
pub(crate) struct Streams;

impl Streams {
    /// Nothing needs to be moved.
    pub(crate) fn claim() -> io::Result<Self> {
        Ok(Streams)
    }

    /// Writes to the host's stdout.
    pub(crate) fn write_stdout(&mut self, line: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(line.as_bytes())?;
        stdout.flush()
    }
}
