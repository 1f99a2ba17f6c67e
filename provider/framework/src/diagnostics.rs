//! What the user is told, collected so that one run shows every mistake.

use provider_protocol::cty::Path;

pub use provider_protocol::diagnostics::{Diagnostic, Severity};

/// Errors and warnings in the order they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one; the same twice is said once.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.0.contains(&diagnostic) {
            self.0.push(diagnostic);
        }
    }

    /// Adds an error about the whole. `summary` has no full stop, `detail` is whole sentences: why, and what to do.
    pub fn error(&mut self, summary: impl Into<String>, detail: impl Into<String>) {
        self.push(Diagnostic::error(summary, detail));
    }

    /// Adds an error about an attribute.
    pub fn error_at(&mut self, path: Path, summary: impl Into<String>, detail: impl Into<String>) {
        self.push(Diagnostic::error(summary, detail).at(path));
    }

    /// Adds a warning about the whole.
    pub fn warning(&mut self, summary: impl Into<String>, detail: impl Into<String>) {
        self.push(Diagnostic::warning(summary, detail));
    }

    /// Adds a warning about an attribute.
    pub fn warning_at(&mut self, path: Path, summary: impl Into<String>, detail: impl Into<String>) {
        self.push(Diagnostic::warning(summary, detail).at(path));
    }

    /// Adds all of the other's.
    pub fn append(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        other.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Whether one of them is an error.
    #[must_use]
    pub fn has_error(&self) -> bool {
        self.0.iter().any(Diagnostic::is_error)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Looks at them in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Keeps the value if there was no error, and keeps every message in `into` either way.
    pub fn collect<T>(result: Result<T, Self>, into: &mut Self) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(diagnostics) => {
                into.append(diagnostics);
                None
            }
        }
    }

    /// For the wire: Terraform before 1.15 shows only the first step of a path into nested attributes, so the detail
    /// names the whole path.
    #[must_use]
    pub fn into_wire(self) -> Vec<Diagnostic> {
        self.0.into_iter().map(name_the_path).collect()
    }
}

fn name_the_path(mut diagnostic: Diagnostic) -> Diagnostic {
    if let Some(path) = diagnostic.path.as_ref().filter(|path| path.steps().len() > 1) {
        let path = path.to_string();
        if !diagnostic.detail.contains(&path) {
            let gap = if diagnostic.detail.is_empty() { "" } else { "\n\n" };
            diagnostic.detail.push_str(&format!("{gap}The attribute is {path}."));
        }
    }
    diagnostic
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl From<Vec<Diagnostic>> for Diagnostics {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        let mut all = Self::new();
        all.append(diagnostics);
        all
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The error with its causes, outermost first: `create the server: reach the API: connection refused`.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_21_the_detail_repeats_a_path_that_old_terraform_cannot_show() {
        let path = Path::root().attribute("nodes").key("a").attribute("cpu");
        let mut all = Diagnostics::new();
        all.error_at(path.clone(), "Wrong size", "Too small.");
        all.error_at(path, "Wrong size", "nodes[\"a\"].cpu is too small.");
        all.error_at(Path::root().attribute("name"), "Wrong name", "Too long.");
        let details: Vec<String> = all.into_wire().into_iter().map(|diagnostic| diagnostic.detail).collect();
        assert_eq!(
            details,
            [
                "Too small.\n\nThe attribute is nodes[\"a\"].cpu.",
                "nodes[\"a\"].cpu is too small.",
                "Too long."
            ]
        );
    }

    #[test]
    fn the_same_is_said_once() {
        let mut all = Diagnostics::new();
        all.warning("Old", "Soon gone.");
        all.warning("Old", "Soon gone.");
        assert_eq!(all.iter().count(), 1);
        assert!(!all.has_error());
    }
}
