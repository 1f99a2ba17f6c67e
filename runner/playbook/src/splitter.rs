//! `key=value` arguments: the string form of a task's arguments, split as Ansible splits it.

use crate::node::has_template;

/// The options that free-form actions take out of their string; everything else stays in it.
pub const FREE_FORM_OPTIONS: [&str; 8] =
    ["creates", "removes", "chdir", "executable", "warn", "stdin", "stdin_add_newline", "strip_empty_ends"];

/// The arguments of a string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyValues {
    /// The options, the last of each name.
    pub options: Vec<(String, String)>,
    /// What is not an option, joined again.
    pub raw: Option<String>,
}

/// A string whose quotes or templates do not end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed at splitting arguments, either an unbalanced jinja2 block or quotes: {0}")]
pub struct Unbalanced(String);

/// Splits a string at spaces and line ends that are neither in quotes nor in a template.
///
/// Quotes stay; a piece that ends a line keeps the line end, so that joining gives the text back.
///
/// # Errors
/// When a quote or a template does not end.
pub fn split(text: &str) -> Result<Vec<String>, Unbalanced> {
    let mut pieces: Vec<String> = Vec::new();
    let mut state = State::default();
    let lines: Vec<&str> = text.split('\n').collect();
    for (number, line) in lines.iter().enumerate() {
        let words: Vec<&str> = line.split(' ').collect();
        let mut continued = false;
        for (position, word) in words.iter().enumerate() {
            if *word == "\\" && state.quote.is_none() {
                continued = true;
                continue;
            }
            let was_open = state.is_open();
            state.read(word);
            match pieces.last_mut() {
                Some(piece) if was_open => {
                    if position > 0 {
                        piece.push(' ');
                    }
                    piece.push_str(word);
                }
                // Every space beyond the first stays with the piece before it.
                Some(piece) if word.is_empty() && position > 0 => piece.push(' '),
                None if word.is_empty() && position > 0 => pieces.push(" ".to_owned()),
                _ if word.is_empty() => {}
                _ => pieces.push((*word).to_owned()),
            }
        }
        if number + 1 < lines.len() && !continued {
            match pieces.last_mut() {
                Some(piece) => piece.push('\n'),
                None => pieces.push("\n".to_owned()),
            }
        }
    }
    if state.is_open() { Err(Unbalanced(text.trim_end().to_owned())) } else { Ok(pieces) }
}

/// What is open at a place in the text.
#[derive(Default)]
struct State {
    quote: Option<char>,
    /// `{{`, `{%` and `{#` that are open.
    depths: [usize; 3],
}

impl State {
    fn is_open(&self) -> bool {
        self.quote.is_some() || self.depths.iter().any(|depth| *depth > 0)
    }

    fn read(&mut self, word: &str) {
        let mut before = None;
        for c in word.chars() {
            if matches!(c, '"' | '\'') && before != Some('\\') {
                match self.quote {
                    None => self.quote = Some(c),
                    Some(open) if open == c => self.quote = None,
                    Some(_) => {}
                }
            }
            before = Some(c);
        }
        const MARKS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];
        for (depth, (open, close)) in self.depths.iter_mut().zip(MARKS) {
            let (opened, closed) = (word.matches(open).count(), word.matches(close).count());
            if opened != closed {
                *depth = (*depth + opened).saturating_sub(closed);
            }
        }
    }
}

/// Joins pieces with spaces; a piece that ends a line is followed by none.
pub fn join(pieces: &[String]) -> String {
    let mut out = String::new();
    for piece in pieces {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push(' ');
        }
        out.push_str(piece);
    }
    out
}

/// Reads `key=value` pairs; with `free_form`, only the [`FREE_FORM_OPTIONS`] are taken for options.
///
/// # Errors
/// When a quote or a template does not end.
pub fn key_values(text: &str, free_form: bool) -> Result<KeyValues, Unbalanced> {
    let mut found = KeyValues::default();
    let mut raw: Vec<String> = Vec::new();
    for piece in split(text)? {
        let decoded = decode(&piece);
        let Some(at) = assignment(&decoded) else {
            raw.push(if decoded.contains('=') { decoded.replace("\\=", "=") } else { piece });
            continue;
        };
        let (key, value) = (&decoded[..at], &decoded[at + 1..]);
        if free_form && !FREE_FORM_OPTIONS.contains(&key) {
            raw.push(piece);
            continue;
        }
        let (key, value) = (key.trim(), unquote(value.trim()));
        match found.options.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value.to_owned(),
            None => found.options.push((key.to_owned(), value.to_owned())),
        }
    }
    found.raw = (!raw.is_empty()).then(|| join(&raw));
    Ok(found)
}

/// The first `=` that is neither the first character nor escaped.
fn assignment(piece: &str) -> Option<usize> {
    let bytes = piece.as_bytes();
    (1..bytes.len()).find(|at| bytes[*at] == b'=' && bytes[at - 1] != b'\\')
}

/// Without the quotes around it, if it has the same at both ends.
pub fn unquote(text: &str) -> &str {
    let bytes = text.as_bytes();
    match bytes {
        [first @ (b'"' | b'\''), .., before, last] if first == last && *before != b'\\' => {
            &text[1..text.len() - 1]
        }
        [first @ (b'"' | b'\''), last] if first == last => "",
        _ => text,
    }
}

/// Evaluates the escapes of Python's strings.
fn decode(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match escape(rest) {
            Some((c, length)) => {
                out.push(c);
                rest = &rest[length..];
            }
            None => {
                out.push('\\');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The character an escape stands for, and the bytes it takes.
fn escape(text: &str) -> Option<(char, usize)> {
    let kind = *text.as_bytes().get(1)?;
    let simple = match kind {
        b'\\' | b'\'' | b'"' => kind as char,
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'v' => '\u{b}',
        b'x' | b'u' | b'U' => {
            let digits = match kind {
                b'x' => 2,
                b'u' => 4,
                _ => 8,
            };
            let hex = text.get(2..2 + digits).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
            let c = char::from_u32(u32::from_str_radix(hex, 16).ok()?)?;
            return Some((c, 2 + digits));
        }
        _ => return None,
    };
    Some((simple, 2))
}

/// Whether a whole string is one template, which may yield any value.
pub fn is_one_template(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("{{") && text.ends_with("}}") && has_template(text)
}
