//! Standard output and standard error: colours, banners, widths.

use std::io::{IsTerminal as _, Write as _};

use unicode_width::UnicodeWidthStr as _;

/// Columns of a banner where there is no terminal.
const COLUMNS_DEFAULT: usize = 79;

/// Stars of a banner at least.
const STARS_MIN: usize = 3;

/// Ansible's colours, as SGR codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Done, nothing changed.
    Ok,
    /// Changed.
    Changed,
    /// Skipped, included, ignored.
    Skip,
    /// Failed.
    Error,
    /// Unreachable.
    Unreachable,
    /// Warnings.
    Warn,
    /// Deprecations.
    Deprecate,
    /// Retries and background jobs.
    Debug,
    /// `-v`.
    Verbose,
    /// Lines added by a diff.
    Added,
    /// Lines removed by a diff.
    Removed,
}

impl Colour {
    fn code(self) -> &'static str {
        match self {
            Colour::Ok | Colour::Added => "0;32",
            Colour::Changed => "0;33",
            Colour::Skip => "0;36",
            Colour::Error | Colour::Removed => "0;31",
            Colour::Unreachable => "1;31",
            Colour::Warn => "1;35",
            Colour::Deprecate => "0;35",
            Colour::Debug => "1;30",
            Colour::Verbose => "0;34",
        }
    }
}

/// Where text goes.
#[derive(Debug, Clone)]
pub struct Screen {
    /// Whether to colour.
    pub colour: bool,
    columns: usize,
}

impl Screen {
    /// The terminal, or whatever standard output is.
    pub fn new(colour: bool) -> Self {
        let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse::<usize>().ok());
        let columns = match (std::io::stdout().is_terminal(), terminal_columns()) {
            (true, Some(found)) => found.saturating_sub(1),
            (true, None) => columns.unwrap_or(0).saturating_sub(1),
            _ => 0,
        };
        Screen { colour, columns: columns.max(COLUMNS_DEFAULT) }
    }

    /// Text with each of its lines coloured.
    pub fn paint(&self, text: &str, colour: Option<Colour>) -> String {
        match colour {
            Some(colour) if self.colour => {
                let lines: Vec<String> =
                    text.split('\n').map(|line| format!("\x1b[{}m{line}\x1b[0m", colour.code())).collect();
                lines.join("\n")
            }
            _ => text.to_owned(),
        }
    }

    /// A line on standard output.
    pub fn out(&self, text: &str, colour: Option<Colour>) {
        let mut stdout = std::io::stdout().lock();
        // A closed pipe is the reader's wish; there is nobody left to tell.
        let _ = writeln!(stdout, "{}", self.paint(text, colour));
    }

    /// A line on standard error.
    pub fn err(&self, text: &str, colour: Option<Colour>) {
        let mut stderr = std::io::stderr().lock();
        let _ = writeln!(stderr, "{}", self.paint(text, colour));
    }

    /// A line with stars behind it and an empty line before it.
    pub fn banner(&self, text: &str) {
        self.out(&self.banner_text(text), None);
    }

    fn banner_text(&self, text: &str) -> String {
        let text = text.trim();
        let stars = self.columns.saturating_sub(text.width()).max(STARS_MIN);
        format!("\n{text} {}", "*".repeat(stars))
    }
}

/// The width of the terminal, asked of the system.
fn terminal_columns() -> Option<usize> {
    let size = rustix_size()?;
    (size > 0).then_some(size)
}

fn rustix_size() -> Option<usize> {
    let output =
        std::process::Command::new("stty").arg("size").stdin(std::process::Stdio::inherit()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Colour, Screen};

    #[test]
    fn banners_fill_the_line() {
        let screen = Screen { colour: false, columns: 79 };
        assert_eq!(screen.banner_text("PLAY RECAP").len(), 1 + 80);
        assert!(screen.banner_text(&"x".repeat(100)).ends_with("x ***"));
        assert_eq!(screen.paint("a\nb", Some(Colour::Ok)), "a\nb");
        let screen = Screen { colour: true, columns: 79 };
        assert_eq!(screen.paint("a\nb", Some(Colour::Ok)), "\x1b[0;32ma\x1b[0m\n\x1b[0;32mb\x1b[0m");
    }
}
