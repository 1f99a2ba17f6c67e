//! Everything the outside may know about a run, in one order; terminals, files and Terraform are readers of it.

use std::{collections::BTreeMap, sync::Arc};

use runner_playbook::source::Span;
use serde_json::{Map, Value as Json};

/// One thing that happened. Events of a run form one sequence; a reader that sees all of them knows all there is.
#[derive(Debug, Clone)]
pub enum Event {
    /// A playbook file starts.
    PlaybookStarted {
        /// Its path as it was given.
        path: Arc<str>,
    },
    /// A play starts on one batch of hosts.
    PlayStarted(Arc<PlayInfo>),
    /// The play's pattern matches no host of the inventory (or of the limit).
    NoHostsMatched,
    /// Every host of the batch has failed or is unreachable, or too many have.
    NoHostsRemaining,
    /// A task starts on the first of its hosts.
    TaskStarted(Arc<TaskInfo>),
    /// A task starts on one host.
    HostStarted {
        /// The host.
        host: Arc<str>,
        /// The task.
        task: Arc<TaskInfo>,
    },
    /// One item of a loop has a result.
    ItemFinished(Box<Report>),
    /// A task has its result on a host.
    Finished(Box<Report>),
    /// An attempt failed and another follows.
    Retrying {
        /// The attempt's result.
        report: Box<Report>,
        /// Attempts left after this one.
        left: u64,
    },
    /// A background job was looked at.
    AsyncPolled(Box<Report>),
    /// A background job that was waited for is through.
    AsyncFinished(Box<Report>),
    /// A file of tasks (or a role) was included for these hosts.
    Included {
        /// Absolute path of the file, or the name of the role.
        file: Arc<str>,
        /// Hosts, in play order.
        hosts: Vec<Arc<str>>,
        /// Label of the loop item that included it.
        item: Option<String>,
        /// The including task.
        task: Arc<TaskInfo>,
    },
    /// A changed task asked for a handler.
    Notified {
        /// The handler.
        handler: Arc<str>,
        /// The host it will run on.
        host: Arc<str>,
    },
    /// `meta` did something worth saying (`ending play for h1`).
    Meta {
        /// What it did.
        message: String,
        /// The host it was done for, if for one.
        host: Option<Arc<str>>,
    },
    /// A warning, deprecation or error that belongs to no single result.
    Notice(Notice),
    /// The end of one playbook file.
    Recap(Recap),
}

/// A play, for its readers.
#[derive(Debug, Clone, Default)]
pub struct PlayInfo {
    /// Name, or the host pattern where it has none.
    pub name: String,
    /// Hosts of this batch, in the order they are worked on.
    pub hosts: Vec<Arc<str>>,
    /// The play as a whole is in check mode.
    pub check: bool,
    /// Name of the strategy.
    pub strategy: String,
    /// Where the play begins.
    pub origin: Span,
}

/// A task, for its readers. The same task has the same `id` in all its events.
#[derive(Debug, Clone, Default)]
pub struct TaskInfo {
    /// Unique within the run.
    pub id: u64,
    /// Name with its role (`role : name`), templated with the first host's variables; the action's name if there is none.
    pub name: String,
    /// Full name of the action (`ansible.builtin.copy`).
    pub action: String,
    /// The action as written in the playbook.
    pub action_written: String,
    /// The role it belongs to.
    pub role: Option<String>,
    /// Whether it runs as a handler.
    pub handler: bool,
    /// Runs in check mode.
    pub check: bool,
    /// Shows no arguments and no results.
    pub no_log: bool,
    /// Arguments as written, for readers that show them; empty with `no_log`.
    pub args: Map<String, Json>,
    /// Tags, parents' included.
    pub tags: Vec<String>,
    /// Where the task begins.
    pub origin: Span,
}

/// A result of a task, or of one loop item of it, on one host.
#[derive(Debug, Clone)]
pub struct Report {
    /// The host it is a result of.
    pub host: Arc<str>,
    /// The task.
    pub task: Arc<TaskInfo>,
    /// Good or bad.
    pub verdict: Verdict,
    /// Where it ran instead, for delegated tasks.
    pub delegate: Option<Delegate>,
    /// Label of the loop item.
    pub item: Option<String>,
    /// The result as Ansible would register it (secrets and `no_log` already hidden).
    pub result: Map<String, Json>,
    /// Differences to show.
    pub diff: Vec<Json>,
    /// The result is a summary of loop items that were reported one by one.
    pub looped: bool,
    /// Shown in full whatever the verbosity (`debug`, `assert`).
    pub verbose_always: bool,
    /// Never shown in full (a `setup` result).
    pub verbose_never: bool,
    /// The failure's chain of causes.
    pub error: Option<Notice>,
    /// Warnings and deprecations that came with the result.
    pub notices: Vec<Notice>,
}

/// How a task went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Done, nothing had to change.
    Ok,
    /// Done, something changed.
    Changed,
    /// Its conditions said no.
    Skipped,
    /// Failed.
    Failed {
        /// The play goes on as if it had not.
        ignored: bool,
    },
    /// The machine could not be reached.
    Unreachable {
        /// The play goes on as if it had been.
        ignored: bool,
    },
}

impl Verdict {
    /// Failed or unreachable, ignored or not.
    pub fn is_bad(self) -> bool {
        matches!(self, Verdict::Failed { .. } | Verdict::Unreachable { .. })
    }
}

/// The machine a task was delegated to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegate {
    /// Its name.
    pub name: String,
    /// Its address, where that is not its name.
    pub address: Option<String>,
}

/// How bad a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Something failed.
    Error,
    /// Something looks wrong.
    Warning,
    /// Something will stop working.
    Deprecation,
    /// Detail for those who ask for it, with the `-v` count that shows it.
    Verbose(u8),
}

/// A sentence for a person, where it points, and what caused it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How bad.
    pub severity: Severity,
    /// The sentence.
    pub message: String,
    /// Where it points.
    pub origin: Span,
    /// What to do about it.
    pub help: Option<String>,
    /// The cause, if it has one of its own.
    pub cause: Option<Box<Notice>>,
}

impl Notice {
    /// A notice without place, help or cause.
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Notice { severity, message: message.into(), origin: Span::none(), help: None, cause: None }
    }

    /// A warning without place.
    pub fn warning(message: impl Into<String>) -> Self {
        Notice::new(Severity::Warning, message)
    }

    /// An error without place.
    pub fn error(message: impl Into<String>) -> Self {
        Notice::new(Severity::Error, message)
    }

    /// Points it at a place.
    #[must_use]
    pub fn at(mut self, origin: &Span) -> Self {
        self.origin = origin.clone();
        self
    }

    /// Gives it a cause.
    #[must_use]
    pub fn because(mut self, cause: Notice) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// The message and its causes' messages on one line, as results show them.
    pub fn sentence(&self) -> String {
        let mut text = self.message.clone();
        let mut next = &self.cause;
        while let Some(cause) = next {
            if !text.contains(cause.message.as_str()) {
                if text.ends_with('.') {
                    text.pop();
                }
                text.push_str(": ");
                text.push_str(&cause.message);
            }
            next = &cause.cause;
        }
        text
    }
}

/// What one host went through in one playbook.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tasks that went well (changed ones and ignored failures included).
    pub ok: u64,
    /// Tasks that changed something.
    pub changed: u64,
    /// Tasks that could not reach the machine.
    pub unreachable: u64,
    /// Tasks that failed and were not rescued.
    pub failed: u64,
    /// Tasks that were skipped.
    pub skipped: u64,
    /// Failures that a block rescued.
    pub rescued: u64,
    /// Failures that were ignored.
    pub ignored: u64,
}

/// The end of a playbook: every host's tally, sorted by name, and what `set_stats` left.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recap {
    /// Tally by host.
    pub hosts: BTreeMap<String, Tally>,
    /// Custom statistics of the run.
    pub custom: Map<String, Json>,
    /// Custom statistics by host.
    pub custom_by_host: BTreeMap<String, Map<String, Json>>,
}
