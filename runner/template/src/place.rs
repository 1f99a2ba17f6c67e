//! Where in the user's file a template went wrong: from an offset in the template's text to a line and column.

use std::sync::Arc;

use runner_playbook::source::Span;

/// How many source lines after the start of a scalar are searched for the failing line.
const LINES_SEARCHED_MAX: u32 = 2_000;

/// A position in a template's text, kept until somebody asks for the line.
#[derive(Clone)]
pub(crate) struct Place {
    /// The start of the scalar or file that holds the text.
    pub(crate) origin: Span,
    pub(crate) text: Arc<str>,
    pub(crate) offset: usize,
}

impl Place {
    /// The place in the file; the start of the scalar when the text cannot be found there (folded or escaped text).
    pub(crate) fn span(&self) -> Span {
        self.find().unwrap_or_else(|| self.origin.clone())
    }

    fn find(&self) -> Option<Span> {
        let source = self.origin.source()?;
        let start = self.origin.offset()?;
        let before = self.text.get(..self.offset.min(self.text.len()))?;
        let rest = source.text().get(start..)?;
        let quoted = usize::from(rest.starts_with(['"', '\'']));
        if rest.get(quoted..).is_some_and(|rest| rest.starts_with(before)) {
            return Some(self.plain(before, quoted));
        }
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        let line_number = u32::try_from(before.matches('\n').count()).ok()?;
        let line = self.text.get(line_start..)?.lines().next()?;
        let column = before.get(line_start..)?.chars().count();
        let lead = line.chars().take_while(|c| c.is_whitespace()).count();
        let wanted = line.trim();
        let first = self.origin.line() + 1 + line_number;
        for number in first..first + LINES_SEARCHED_MAX {
            let candidate = source.line(number)?;
            if candidate.trim() == wanted {
                let indent = candidate.chars().take_while(|c| c.is_whitespace()).count();
                let column = u32::try_from(indent + column.saturating_sub(lead) + 1).ok()?;
                return Some(source.at(number, column));
            }
        }
        None
    }

    fn plain(&self, before: &str, quoted: usize) -> Span {
        let source = self.origin.source();
        let lines = u32::try_from(before.matches('\n').count()).unwrap_or(0);
        let tail = before.rsplit('\n').next().unwrap_or(before).chars().count();
        let tail = u32::try_from(tail).unwrap_or(0);
        let column = if lines == 0 {
            self.origin.column() + u32::try_from(quoted).unwrap_or(0) + tail
        } else {
            tail + 1
        };
        source.map_or_else(Span::none, |source| source.at(self.origin.line() + lines, column))
    }
}
