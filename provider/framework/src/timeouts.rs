//! How long an operation may take: the nested attribute `timeouts = { create = "60m" }`.

use std::time::Duration;

use provider_protocol::cty::Value;

use crate::schema::{Attribute, validate};
use crate::{Attr, duration, model};

model! {
    /// What the user wrote in `timeouts`; the framework reads it, a resource only has it in its model.
    pub struct TimeoutsModel {
        pub create: Attr<String>,
        pub read: Attr<String>,
        pub update: Attr<String>,
        pub delete: Attr<String>,
    }
}

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Making it.
    Create,
    /// Looking at it.
    Read,
    /// Changing it.
    Update,
    /// Deleting it.
    Delete,
}

impl Operation {
    /// The name of its timeout.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// How long operations may take when the user does not say; none is for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Making it.
    pub create: Option<Duration>,
    /// Looking at it.
    pub read: Option<Duration>,
    /// Changing it.
    pub update: Option<Duration>,
    /// Deleting it.
    pub delete: Option<Duration>,
}

impl Timeouts {
    /// Minutes for making, changing and deleting.
    #[must_use]
    pub const fn minutes(create: u64, update: u64, delete: u64) -> Self {
        Self {
            create: Some(Duration::from_secs(60 * create)),
            read: None,
            update: Some(Duration::from_secs(60 * update)),
            delete: Some(Duration::from_secs(60 * delete)),
        }
    }

    fn of(&self, operation: Operation) -> Option<Duration> {
        match operation {
            Operation::Create => self.create,
            Operation::Read => self.read,
            Operation::Update => self.update,
            Operation::Delete => self.delete,
        }
    }

    /// The attribute for a schema.
    #[must_use]
    pub fn attribute(&self) -> Attribute {
        let one = |operation: Operation, what: &str| {
            let default = self.of(operation).map(|default| format!(" Default: `{}`.", show(default)));
            Attribute::string(operation.name())
                .optional()
                .validate(validate::positive_duration())
                .same_when(|a, b| {
                    duration::same(a.as_str().unwrap_or_default(), b.as_str().unwrap_or_default())
                })
                .describe(format!("How long {what} may take.{}", default.unwrap_or_default()))
        };
        Attribute::object(
            "timeouts",
            [
                one(Operation::Create, "creating it"),
                one(Operation::Read, "refreshing it"),
                one(Operation::Update, "updating it"),
                one(Operation::Delete, "deleting it"),
            ],
        )
        .optional()
        .describe("How long operations may take.")
    }

    /// What holds for an operation: the `timeouts` of the state or planned state, else ours.
    pub(crate) fn resolve(&self, operation: Operation, state: &Value) -> Option<Duration> {
        state
            .get("timeouts")
            .and_then(|timeouts| timeouts.get(operation.name()))
            .and_then(Value::as_str)
            .and_then(|text| duration::parse(text).ok())
            .and_then(duration::Signed::positive)
            .or_else(|| self.of(operation))
    }
}

fn show(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds.is_multiple_of(60) { format!("{}m", seconds / 60) } else { format!("{seconds}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_timeout_beats_the_default() {
        let defaults = Timeouts::minutes(20, 10, 5);
        let state = Value::object([(
            "timeouts",
            Value::object([("create", Value::from("1h30m")), ("delete", Value::Null)]),
        )]);
        assert_eq!(defaults.resolve(Operation::Create, &state), Some(Duration::from_secs(5_400)));
        assert_eq!(defaults.resolve(Operation::Delete, &state), Some(Duration::from_secs(300)));
        assert_eq!(defaults.resolve(Operation::Read, &Value::Null), None);
    }
}
