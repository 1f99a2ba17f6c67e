//! What is wrong with a text, where, and what to do about it.

use std::fmt;

use miette::{LabeledSpan, SourceCode};

use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Will stop working in a later release of Ansible.
    Deprecation,
    /// Suspicious; the run goes on.
    Warning,
    /// The file cannot be used.
    Error,
}

/// What it is about; callers branch on this, never on the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The text is not YAML, or not YAML that can be constructed.
    Yaml,
    /// A mapping key occurs twice.
    DuplicateKey,
    /// A keyword is unknown or illegal here, or its value has the wrong type.
    Keyword,
    /// A task's action or its arguments.
    Action,
    /// A module that Ansible has and this runner does not: fails only where a host reaches it.
    ForeignModule,
    /// A role is missing or malformed.
    Role,
    /// A file cannot be found or read.
    File,
    /// Encrypted content that cannot be decrypted.
    Vault,
    /// An inventory source.
    Inventory,
    /// A host pattern.
    Pattern,
    /// A variable's name.
    Variable,
    /// A template: its syntax, or the name of a filter, test or lookup.
    Template,
}

/// One mistake or warning, with its place and advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub kind: Kind,
    /// The sentence; Ansible's own words where it has them.
    pub message: String,
    /// Where it is.
    pub span: Span,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// An error at a place.
    pub fn error(kind: Kind, message: impl Into<String>, span: &Span) -> Self {
        Self { severity: Severity::Error, kind, message: message.into(), span: span.clone(), help: None }
    }

    /// A warning at a place.
    pub fn warning(kind: Kind, message: impl Into<String>, span: &Span) -> Self {
        Self { severity: Severity::Warning, ..Self::error(kind, message, span) }
    }

    /// A deprecation notice at a place.
    pub fn deprecation(kind: Kind, message: impl Into<String>, span: &Span) -> Self {
        Self { severity: Severity::Deprecation, ..Self::error(kind, message, span) }
    }

    /// The same problem with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether the file cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Whether any of them is an error.
pub fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(Problem::is_error)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl miette::Diagnostic for Problem {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Deprecation => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.span.source().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let offset = self.span.offset()?;
        let label = LabeledSpan::at_offset(offset, "here");
        Some(Box::new(std::iter::once(label)))
    }
}

impl SourceCode for crate::source::Source {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        let found = self.text().read_span(span, context_lines_before, context_lines_after)?;
        Ok(Box::new(miette::MietteSpanContents::new_named(
            self.name().to_owned(),
            found.data(),
            *found.span(),
            found.line(),
            found.column(),
            found.line_count(),
        )))
    }
}
