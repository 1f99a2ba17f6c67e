//! The request log for assertions, and the trace for people. Neither ever holds a token or a body.
use crate::clock::{Ms, rfc3339};
use serde::Serialize;
use std::collections::VecDeque;
use std::fmt;
use std::io::Write;

/// Requests kept; a load test may make more, and only the newest matter then.
const ENTRIES_MAX: usize = 100_000;

/// One request that was answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Number, from 1.
    pub number: u64,
    /// When, in the mock's time, milliseconds since the epoch.
    pub at_ms: Ms,
    /// The method.
    pub method: String,
    /// The path, with `/v1`, without the query.
    pub path: String,
    /// The query string as sent.
    pub query: String,
    /// HTTP status; 0 when the connection was dropped instead.
    pub status: u16,
    /// The error code, when it was an error.
    pub code: Option<String>,
    /// Requests being answered at that moment, this one included.
    pub in_flight: usize,
}

/// Log and trace.
#[derive(Default)]
pub struct Journal {
    entries: VecDeque<Entry>,
    count: u64,
    trace: Option<Box<dyn Write + Send>>,
    secrets: Vec<String>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("count", &self.count).finish_non_exhaustive()
    }
}

impl Journal {
    /// A log that replaces these secrets wherever they turn up, and writes a line per request to `trace`.
    pub fn new(trace: Option<Box<dyn Write + Send>>, secrets: Vec<String>) -> Journal {
        Journal { entries: VecDeque::new(), count: 0, trace, secrets }
    }

    /// Notes a request; `note` is only for the trace.
    pub fn note(&mut self, mut entry: Entry, note: &str) {
        self.count += 1;
        entry.number = self.count;
        entry.path = self.clean(entry.path);
        entry.query = self.clean(entry.query);
        if let Some(trace) = &mut self.trace {
            let query = if entry.query.is_empty() { String::new() } else { format!("?{}", entry.query) };
            let status = if entry.status == 0 { "---".to_owned() } else { entry.status.to_string() };
            let code = entry.code.as_ref().map(|c| format!(" {c}")).unwrap_or_default();
            let at = rfc3339(entry.at_ms);
            let line = format!("{at} {status} {} {}{query}{code}{note}", entry.method, entry.path);
            // A trace nobody can read any more must not fail the request.
            let _ = writeln!(trace, "{line}");
        }
        if self.entries.len() >= ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    fn clean(&self, text: String) -> String {
        self.secrets.iter().filter(|s| !s.is_empty()).fold(text, |t, s| t.replace(s.as_str(), "***"))
    }

    /// The requests so far, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}
