//! What a host does next: a task of the playbook at one place of one play, handlers and implicit tasks included.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use crate::prepared::Prepared;
use runner_playbook::{
    ast::{Action, Args, Layer, LoopControl, Task},
    keyword::{Keyword, Keywords},
    node::{Map, Node},
    source::Span,
};
use runner_template::Vars;

/// A task at its place in a play. The same task included twice is two units.
#[derive(Debug)]
pub struct Unit {
    /// Unique within the run.
    pub id: u64,
    /// What it does.
    pub task: Arc<Task>,
    /// Why it is here.
    pub kind: Kind,
    /// The occurrence of the role it belongs to.
    pub role: Option<u64>,
    /// Tags, those of everything around it included.
    pub tags: Vec<String>,
    /// Variables of the include that brought it: loop items.
    pub injected: Vars,
    prepared: OnceLock<Prepared>,
}

/// Why a unit is in a play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The playbook says so.
    Task,
    /// It was notified; the number is its place in the play's list of handlers.
    Handler(usize),
    /// It came from a file that a handler includes.
    IncludedHandler,
    /// Facts are gathered before the first task.
    GatherFacts,
    /// Handlers are run at the end of a section.
    Flush,
    /// A role has come to its end.
    RoleDone,
}

impl Kind {
    /// Not written in the playbook and never listed.
    pub fn is_silent(self) -> bool {
        matches!(self, Kind::Flush | Kind::RoleDone)
    }
}

/// Hands out ids that are unique within a run.
#[derive(Debug, Default)]
pub struct Ids(AtomicU64);

impl Ids {
    /// An id that nothing has yet.
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// A task that no file contains.
pub fn implicit_task(name: &str, action: &str, args: Map, tags: &[&str], layer: &Arc<Layer>) -> Arc<Task> {
    let span = Span::none();
    let mut keywords = Keywords::new();
    if !name.is_empty() {
        keywords.set(Keyword::Name, Node::string(name, span.clone()));
    }
    if !tags.is_empty() {
        let tags = tags.iter().map(|tag| Node::string(*tag, span.clone())).collect();
        keywords.set(Keyword::Tags, Node::list(tags, span.clone()));
    }
    Arc::new(Task {
        span: layer.span.clone(),
        action: Action {
            name: action.to_owned(),
            resolved: format!("ansible.builtin.{action}"),
            available: true,
            span,
            args: Args { map: args, template: None },
        },
        keywords,
        vars: Arc::default(),
        loop_source: None,
        loop_control: LoopControl::default(),
        include: None,
        layer: layer.clone(),
    })
}

impl Unit {
    /// A unit of a task.
    pub fn new(id: u64, task: Arc<Task>, kind: Kind, role: Option<u64>, tags: Vec<String>) -> Self {
        Unit { id, task, kind, role, tags, injected: Vars::default(), prepared: OnceLock::new() }
    }

    /// The same with the variables of an include.
    #[must_use]
    pub fn with(mut self, injected: Vars) -> Self {
        self.injected = injected;
        self
    }

    pub(crate) fn prepared(&self) -> &Prepared {
        self.prepared.get_or_init(|| Prepared::new(&self.task))
    }

    /// The action without its collection when it is Ansible's own, the full name otherwise.
    pub fn action(&self) -> &str {
        let full = self.task.action.resolved.as_str();
        full.strip_prefix("ansible.builtin.").or_else(|| full.strip_prefix("ansible.legacy.")).unwrap_or(full)
    }

    /// The kind of `meta` it asks for, if it is one.
    pub fn meta(&self) -> Option<&str> {
        if self.action() != "meta" {
            return None;
        }
        self.task.action.args.map.get("_raw_params").and_then(Node::as_str)
    }
}
