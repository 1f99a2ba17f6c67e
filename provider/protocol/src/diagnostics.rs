//! What a provider tells the user: errors and warnings, each with the place it is about.

use crate::{cty::Path, wire};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The operation did not succeed.
    Error,
    /// The operation succeeded, but the user should know.
    Warning,
}

/// One message to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What happened, in a few words without a full stop.
    pub summary: String,
    /// Why, and what to do about it, in whole sentences.
    pub detail: String,
    /// The attribute it is about; none when it is about the whole.
    pub path: Option<Path>,
}

impl Diagnostic {
    /// An error about the whole.
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Error, summary: summary.into(), detail: detail.into(), path: None }
    }

    /// A warning about the whole.
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, summary: summary.into(), detail: detail.into(), path: None }
    }

    /// An error that only a mistake in the provider can cause; asks the user to report it.
    pub fn bug(summary: impl Into<String>, what: &dyn std::fmt::Display) -> Self {
        let detail =
            format!("{what}\n\nThis is a bug in the provider. Please report it to the provider developers.");
        Diagnostic::error(summary, detail)
    }

    /// The same message, about the attribute at `path`.
    #[must_use]
    pub fn at(mut self, path: Path) -> Self {
        self.path = Some(path);
        self
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    pub(crate) fn to_wire(&self) -> wire::Diagnostic {
        let severity = match self.severity {
            Severity::Error => wire::diagnostic::Severity::Error,
            Severity::Warning => wire::diagnostic::Severity::Warning,
        };
        wire::Diagnostic {
            severity: severity.into(),
            summary: self.summary.clone(),
            detail: self.detail.clone(),
            attribute: self.path.as_ref().and_then(path_to_wire),
        }
    }
}

pub(crate) fn to_wire(diagnostics: &[Diagnostic]) -> Vec<wire::Diagnostic> {
    diagnostics.iter().map(Diagnostic::to_wire).collect()
}

/// A path as far as the wire can say it: it ends at the first set. The root is no path at all.
pub(crate) fn path_to_wire(path: &Path) -> Option<wire::AttributePath> {
    use crate::cty::Step;
    use wire::attribute_path::step::Selector;

    let steps: Vec<_> = path
        .steps()
        .iter()
        .map_while(|step| match step {
            Step::Attribute(name) => Some(Selector::AttributeName(name.clone())),
            Step::Key(key) => Some(Selector::ElementKeyString(key.clone())),
            Step::Index(index) => Some(Selector::ElementKeyInt(*index)),
            Step::Element(_) => None,
        })
        .map(|selector| wire::attribute_path::Step { selector: Some(selector) })
        .collect();
    (!steps.is_empty()).then_some(wire::AttributePath { steps })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cty::Value;

    #[test]
    fn rule_21_diagnostics_carry_the_full_attribute_path() {
        use wire::attribute_path::step::Selector;
        let path = Path::root().attribute("nodes").key("a").attribute("disks").index(2).attribute("size");
        let sent = Diagnostic::error("Wrong size", "Too small.").at(path).to_wire();
        let steps: Vec<_> =
            sent.attribute.expect("a path").steps.into_iter().filter_map(|s| s.selector).collect();
        assert_eq!(
            steps,
            [
                Selector::AttributeName("nodes".into()),
                Selector::ElementKeyString("a".into()),
                Selector::AttributeName("disks".into()),
                Selector::ElementKeyInt(2),
                Selector::AttributeName("size".into()),
            ]
        );
    }

    #[test]
    fn a_path_ends_at_a_set_and_the_root_is_none() {
        let path = Path::root().attribute("tags").element(Value::string("x")).attribute("name");
        assert_eq!(path_to_wire(&path).expect("a path").steps.len(), 1);
        assert_eq!(path_to_wire(&Path::root()), None);
    }
}
