//! Where text came from: a source file and a position in it that every later error can point at.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// How many columns a line of an excerpt has at most, its number included, as Ansible cuts them.
const EXCERPT_COLUMNS_MAX: usize = 120;

/// A named text. Cloning is one atomic increment.
#[derive(Clone)]
pub struct Source(Arc<Inner>);

struct Inner {
    name: String,
    text: String,
}

impl Source {
    /// A text and the name that messages show for it: a path, or a label such as `<command line>`.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self(Arc::new(Inner { name: name.into(), text: text.into() }))
    }

    /// The path or label.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The name as a path; only meaningful when the source is a file.
    pub fn path(&self) -> &Path {
        Path::new(&self.0.name)
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The 1-based line without its line break.
    pub fn line(&self, number: u32) -> Option<&str> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.0.text.lines().nth(index)
    }

    /// The position of the first character.
    pub fn start(&self) -> Span {
        self.at(1, 1)
    }

    /// A position in this source.
    pub fn at(&self, line: u32, column: u32) -> Span {
        Span { source: Some(self.clone()), line, column }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?})", self.0.name)
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.name == other.0.name && self.0.text == other.0.text)
    }
}

impl Eq for Source {}

/// A position: file, 1-based line, 1-based column. Line 0 means "the file as a whole"; no source means "nowhere known".
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Span {
    source: Option<Source>,
    line: u32,
    column: u32,
}

impl Span {
    /// The position of something that no file contains.
    pub fn none() -> Self {
        Self::default()
    }

    /// The file or label this points into.
    pub fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }

    /// The 1-based line, 0 when only the file is known.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The 1-based column in characters, 0 when only the line is known.
    pub fn column(&self) -> u32 {
        self.column
    }

    /// The path of the file, when there is one.
    pub fn path(&self) -> Option<&Path> {
        self.source.as_ref().map(Source::path)
    }

    /// Whether it points anywhere.
    pub fn is_none(&self) -> bool {
        self.source.is_none()
    }

    /// The byte offset of the position in the source text.
    pub fn offset(&self) -> Option<usize> {
        let source = self.source.as_ref()?;
        let line = source.line(self.line)?;
        let start = line.as_ptr() as usize - source.text().as_ptr() as usize;
        let column = usize::try_from(self.column).ok()?.saturating_sub(1);
        let within = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        Some(start + within)
    }

    /// Ansible's block of context: an `Origin:` line, up to two lines before, the line itself, and a caret.
    pub fn origin(&self) -> Option<String> {
        let source = self.source.as_ref()?;
        let mut out = format!("Origin: {self}\n");
        if self.line == 0 {
            return Some(out);
        }
        let first = self.line.saturating_sub(2).max(1);
        let width = self.line.to_string().len();
        let mut shown = String::new();
        for number in first..=self.line {
            let text = source.line(number).unwrap_or("");
            let line = if text.is_empty() {
                format!("{number:>width$}")
            } else {
                format!("{number:>width$} {text}")
            };
            if line.chars().count() > EXCERPT_COLUMNS_MAX {
                shown.extend(line.chars().take(EXCERPT_COLUMNS_MAX - 3).chain("...".chars()));
            } else {
                shown.push_str(&line);
            }
            shown.push('\n');
        }
        out.push('\n');
        out.push_str(&shown);
        if self.column > 0 {
            let indent = width + usize::try_from(self.column).unwrap_or(1);
            out.push_str(&format!("{:indent$}^ column {}\n", "", self.column));
        }
        Some(out)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(source) = &self.source else { return f.write_str("<unknown>") };
        f.write_str(source.name())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
