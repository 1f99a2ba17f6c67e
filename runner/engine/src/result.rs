//! The result of a task while it is being made: Ansible's keys, and what the run must remember.

use std::sync::Arc;

use indexmap::IndexMap;
use runner_template::{Value, Vars};
use serde_json::{Map, Value as Json};

use crate::{
    event::{Delegate, Notice},
    unit::Unit,
};

/// Keys of a result, in the order in which they were set.
pub(crate) type Fields = IndexMap<String, Value>;

/// Something a task leaves behind besides its result.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// Facts of a host.
    Facts { host: Arc<str>, facts: Vars },
    /// `set_fact`.
    SetFact { host: Arc<str>, vars: Vars, cacheable: bool },
    /// `include_vars`.
    IncludeVars { host: Arc<str>, vars: Vars },
    /// `add_host`.
    AddHost { name: String, groups: Vec<String>, vars: Vars },
    /// `group_by`.
    GroupBy { host: Arc<str>, group: String, parents: Vec<String> },
    /// `set_stats`.
    Stats { data: Map<String, Json>, per_host: bool, aggregate: bool },
}

/// An include that a host asks for.
#[derive(Debug, Clone)]
pub(crate) struct IncludeRequest {
    /// The including task.
    pub unit: Arc<Unit>,
    /// Where its tasks are.
    pub wanted: Wanted,
    /// Variables for them: the loop item.
    pub injected: Vars,
    /// Label of the loop item.
    pub label: Option<String>,
}

/// What is included; equal requests of several hosts become one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wanted {
    /// A file of tasks.
    Tasks {
        /// As written, templates evaluated.
        file: String,
    },
    /// A role.
    Role {
        /// Its name.
        name: String,
        /// `tasks_from` and its kin, by keyword.
        from: Vec<(&'static str, String)>,
        /// `public`.
        public: bool,
        /// `allow_duplicates`.
        allow_duplicates: bool,
        /// `rolespec_validate`.
        validate: bool,
    },
}

/// The result of one attempt, or of one loop item.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub fields: Fields,
    pub effects: Vec<Effect>,
    pub include: Option<IncludeRequest>,
    pub error: Option<Notice>,
    pub delegate: Option<Delegate>,
    pub label: Option<String>,
    pub notices: Vec<Notice>,
    /// Shown in full whatever the verbosity.
    pub verbose_always: bool,
    /// Comes from a controller half, which changes the words of its error block.
    pub from_action: bool,
    pub no_log: bool,
    pub ignore_errors: bool,
    pub ignore_unreachable: bool,
}

impl Answer {
    /// An answer with nothing but `changed: false`.
    pub(crate) fn unchanged() -> Self {
        Answer::default().set("changed", false)
    }

    /// A failure with a message, as a controller half gives it.
    pub(crate) fn failure(message: impl Into<String>) -> Self {
        let mut answer =
            Answer::default().set("failed", true).set("msg", message.into()).set("changed", false);
        answer.from_action = true;
        answer
    }

    /// The same with one more key.
    #[must_use]
    pub(crate) fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| value.truthy().unwrap_or(false))
    }

    pub(crate) fn failed(&self) -> bool {
        self.is("failed")
    }

    pub(crate) fn changed(&self) -> bool {
        self.is("changed")
    }

    pub(crate) fn skipped(&self) -> bool {
        self.is("skipped")
    }

    pub(crate) fn unreachable(&self) -> bool {
        self.is("unreachable")
    }

    /// The result as `register` stores it.
    pub(crate) fn registered(&self) -> Value {
        let shown =
            self.fields.iter().filter(|(name, _)| !name.starts_with("_ansible_") && *name != "invocation");
        Value::dict::<Arc<str>>(shown.map(|(name, value)| (Arc::from(name.as_str()), value.clone())))
    }

    /// The result for readers of events.
    pub(crate) fn json(&self) -> Map<String, Json> {
        self.fields
            .iter()
            .filter(|(name, _)| !name.starts_with("_ansible_"))
            .map(|(name, value)| (name.clone(), value.to_json().unwrap_or(Json::Null)))
            .collect()
    }
}

/// Fields of a module's JSON; its strings are data, never templates.
pub(crate) fn fields_of(map: &Map<String, Json>) -> Fields {
    map.iter().map(|(name, value)| (name.clone(), Value::from_json(value))).collect()
}
