//! What comes back, what is planned, and the contract that every module fulfils.

use crate::{Args, Spec, System};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The keys that `register` stores.
pub type Returns = Map<String, Value>;

/// A module's answer: the JSON object that Ansible's module would have printed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// `changed`, `failed`, `msg`, `diff`, `warnings` and the module's own keys.
    pub result: Returns,
    /// The module needs the payload's bytes and got only their hash: send the invocation again with them.
    #[serde(default)]
    pub wants_payload: bool,
}

impl Outcome {
    /// An outcome that is nothing but a failure.
    pub fn failure(msg: impl Into<String>) -> Self {
        Outcome::from(Failure::new(msg))
    }

    /// Whether the task failed.
    pub fn failed(&self) -> bool {
        self.result.get("failed").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether something was (or, in check mode, would be) changed.
    pub fn changed(&self) -> bool {
        self.result.get("changed").and_then(Value::as_bool).unwrap_or(false)
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        let mut result = Returns::new();
        result.insert("failed".into(), true.into());
        result.insert("msg".into(), failure.msg.into());
        result.insert("changed".into(), false.into());
        result.extend(failure.returns);
        Outcome { result, wants_payload: false }
    }
}

/// Why a module gives up: a sentence, and other keys of the result.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// Becomes `msg`.
    pub msg: String,
    /// Other keys: `rc`, `stderr`, `changed` …
    pub returns: Returns,
}

impl Failure {
    /// A failure with a message only.
    pub fn new(msg: impl Into<String>) -> Self {
        Failure { msg: msg.into(), returns: Returns::new() }
    }

    /// The same with one more key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.returns.insert(key.into(), value.into());
        self
    }
}

impl From<String> for Failure {
    fn from(msg: String) -> Self {
        Failure::new(msg)
    }
}

impl From<&str> for Failure {
    fn from(msg: &str) -> Self {
        Failure::new(msg)
    }
}

/// Whether a change turned out to be one. Some (a git fetch, a download) learn it only while doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// The machine differs from before.
    Changed,
    /// Nothing was different after all.
    Unchanged,
}

type Act<'a> = Box<dyn FnOnce(&mut dyn System, &mut Returns) -> Result<Done, Failure> + 'a>;

/// One difference between what is and what should be, and how to close it.
pub struct Change<'a> {
    /// What will be done, for logs and tests.
    pub what: String,
    /// Whether check mode reports it as a change. Steps whose effect is unknown before say no.
    pub counts: bool,
    act: Act<'a>,
}

impl Change<'_> {
    /// Does it.
    pub fn apply(self, system: &mut dyn System, returns: &mut Returns) -> Result<Done, Failure> {
        (self.act)(system, returns)
    }
}

/// What a module wants to do, decided while looking; applied only outside of check mode.
#[derive(Default)]
pub struct Plan<'a> {
    /// The changes, in order.
    pub changes: Vec<Change<'a>>,
    /// What there is to return before anything is done.
    pub returns: Returns,
    /// `diff` of the result: an object or a list of objects. Returned if the caller asked for diffs.
    pub diff: Option<Value>,
    /// `warnings` of the result.
    pub warnings: Vec<String>,
    /// The outcome asks for the payload's bytes instead of doing anything.
    pub wants_payload: bool,
    /// `changed` although no change is listed (a command that has been skipped keeps it false).
    pub force_changed: Option<bool>,
}

impl<'a> Plan<'a> {
    /// A plan that changes nothing and returns nothing yet.
    pub fn new() -> Self {
        Plan::default()
    }

    /// Adds a return value.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        self.returns.insert(key.into(), value.into());
        self
    }

    /// Adds a change.
    pub fn change(
        &mut self,
        what: impl Into<String>,
        act: impl FnOnce(&mut dyn System, &mut Returns) -> Result<Done, Failure> + 'a,
    ) {
        self.changes.push(Change { what: what.into(), counts: true, act: Box::new(act) });
    }

    /// Adds a step that does not count as a change by being planned, only by what it reports.
    pub fn step(
        &mut self,
        what: impl Into<String>,
        act: impl FnOnce(&mut dyn System, &mut Returns) -> Result<Done, Failure> + 'a,
    ) {
        self.changes.push(Change { what: what.into(), counts: false, act: Box::new(act) });
    }

    /// Whether something counts as a change already.
    pub fn is_change(&self) -> bool {
        self.force_changed.unwrap_or_else(|| self.changes.iter().any(|change| change.counts))
    }

    /// A textual `diff`.
    pub fn diff_text(&mut self, path: &str, before: &str, after: &str) {
        self.diff = Some(json!({
            "before": before, "after": after,
            "before_header": format!("{path} (content)"), "after_header": format!("{path} (content)"),
        }));
    }
}

/// One Ansible module.
pub trait Module: Sync {
    /// Its options, as text; see `spec.rs` for the form.
    fn spec(&self) -> &'static Spec;

    /// The call that does the work, for modules that are another one in disguise (`package`).
    fn instead(&self, _: &crate::Invocation) -> Option<crate::Invocation> {
        None
    }

    /// Looks and decides. It cannot touch: `system` is not `mut`.
    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure>;
}

/// One call as a module sees it: validated arguments and the circumstances.
pub struct Call<'a> {
    /// The arguments: names, types and defaults are right.
    pub args: Args,
    /// The invocation they came from.
    pub invocation: &'a crate::Invocation,
}

impl Call<'_> {
    /// Whether this is check mode: for the few modules whose prediction differs from the first half of the work.
    pub fn check(&self) -> bool {
        self.invocation.check
    }
}
