//! What stops a task on a host: a failure with its chain of causes, or a machine that went away.

use runner_playbook::source::Span;
use runner_template::Error;

use crate::{
    event::{Notice, Severity},
    target::{Lost, TransferError},
};

/// Why a task has no ordinary result.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// It failed before or after its action: templating, keywords.
    Failed(Box<Notice>),
    /// The machine cannot be reached.
    Lost(Lost),
    /// It took longer than its `timeout`.
    TimedOut(u64),
}

impl From<Lost> for Trouble {
    fn from(lost: Lost) -> Self {
        Trouble::Lost(lost)
    }
}

impl From<Notice> for Trouble {
    fn from(notice: Notice) -> Self {
        Trouble::Failed(Box::new(notice))
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        notice_of(&error).into()
    }
}

impl From<TransferError> for Trouble {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::Lost(lost) => Trouble::Lost(lost),
            other => Notice::error(other.to_string()).into(),
        }
    }
}

/// A templating error with its causes.
pub(crate) fn notice_of(error: &Error) -> Notice {
    Notice {
        severity: Severity::Error,
        message: error.message().to_owned(),
        origin: error.span().clone(),
        help: error.help().map(str::to_owned),
        cause: error.cause().map(|cause| Box::new(notice_of(cause))),
    }
}

/// Wraps a templating error in a sentence about what was being evaluated there.
pub(crate) fn wrapped(message: impl Into<String>, origin: &Span, error: &Error) -> Notice {
    Notice::error(message).at(origin).because(notice_of(error))
}
