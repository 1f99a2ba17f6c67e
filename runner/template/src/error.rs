//! What goes wrong while templating: a kind to branch on, Ansible's words, a place in the user's file, and the cause.

use std::fmt;
use std::sync::{Arc, OnceLock};

use runner_playbook::source::Span;

use crate::place::Place;

/// The result of anything that evaluates a template.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure an [`Error`] is; for branching, never for display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A variable, attribute or element that does not exist was used.
    Undefined,
    /// The text is not a template.
    Syntax,
    /// A filter, test or lookup of that name does not exist.
    NoSuchPlugin,
    /// A filter, test or lookup refused its input.
    Plugin,
    /// An expression failed as it would in Python.
    Runtime,
    /// A variable refers to itself.
    Recursion,
    /// A conditional did not give a boolean.
    Conditional,
    /// A template gave `omit` where a value was needed.
    Omitted,
    /// A named limit of the evaluator was reached.
    Limit,
    /// A value that cannot leave a template, such as a function.
    Storage,
    /// Encrypted text could not be decrypted.
    Vault,
}

/// A failure to evaluate a template.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    place: Option<Place>,
    span: OnceLock<Span>,
    help: Option<String>,
    cause: Option<Error>,
}

impl Error {
    /// A failure in Ansible's words, without a place yet.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            place: None,
            span: OnceLock::new(),
            help: None,
            cause: None,
        }))
    }

    /// A failure that Python would raise inside an expression.
    pub(crate) fn runtime(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Runtime, message)
    }

    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The sentence, without place and causes.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The place in the user's file, inside a multi-line string if need be; `Span::none()` when it is unknown.
    pub fn span(&self) -> &Span {
        self.0.span.get_or_init(|| self.0.place.as_ref().map_or_else(Span::none, Place::span))
    }

    /// The start of the scalar or file that holds the failing template: what Ansible shows as its origin.
    pub fn origin(&self) -> Span {
        self.0.place.as_ref().map_or_else(Span::none, |place| place.origin.clone())
    }

    /// What the user may do about it.
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The failure that this one wraps.
    pub fn cause(&self) -> Option<&Error> {
        self.0.cause.as_ref()
    }

    /// Whether the failure is the use of something undefined.
    pub fn is_undefined(&self) -> bool {
        self.0.kind == ErrorKind::Undefined
    }

    /// The same failure with a place, unless it already has one.
    #[must_use]
    pub fn at(self, span: &Span) -> Self {
        if span.is_none() {
            return self;
        }
        self.within(|| Place { origin: span.clone(), text: Arc::from(""), offset: 0 })
    }

    /// The same failure with a place inside a template, unless it already has one.
    #[must_use]
    pub(crate) fn within(mut self, place: impl FnOnce() -> Place) -> Self {
        if self.0.place.is_none() {
            self.0.place = Some(place());
        }
        self
    }

    /// The same failure with a hint.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// The same failure with its cause.
    #[must_use]
    pub fn caused_by(mut self, cause: Error) -> Self {
        if self.0.place.is_none() {
            self.0.place = cause.0.place.clone();
        }
        self.0.cause = Some(cause);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {} ({})", self.0.kind, self.0.message, self.span())?;
        if let Some(cause) = &self.0.cause {
            write!(f, " <- {cause:?}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

impl miette::Diagnostic for Error {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0.help.as_deref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.span().source().map(|source| source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        let offset = self.span().offset()?;
        Some(Box::new(std::iter::once(miette::LabeledSpan::at_offset(offset, "here"))))
    }
}
