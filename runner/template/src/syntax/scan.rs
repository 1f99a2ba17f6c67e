//! Text cut into data, comments and tags, and tags into tokens, by Jinja's lexical rules and with its messages.

use super::Options;
use super::fault::Fault;

/// The longest tag: beyond any real one; keeps hostile input from exhausting memory.
const TOKENS_PER_TAG_MAX: usize = 50_000;

/// Operators in one tag, which may nest as deep: Jinja itself gives up at about 300.
const OPERATORS_PER_TAG_MAX: usize = 2_000;

/// Signs and `not`s in a row.
const PREFIXES_MAX: usize = 100;

/// What a piece of the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// `{{ }}`
    Variable,
    /// `{% %}` or a line statement.
    Block,
    /// `{% raw %}…{% endraw %}`
    Raw,
}

/// One tag of the text.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) kind: PieceKind,
    pub(crate) start: usize,
    /// After the closing delimiter; the end of the text when the tag is not closed.
    pub(crate) end: usize,
    /// Where the closing delimiter starts, its sign included; for raw, that of the opening tag.
    pub(crate) close: usize,
    pub(crate) tokens: Vec<Token>,
}

/// A token's sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Name,
    Str,
    Int,
    Float,
    Op,
    /// White space that is not ASCII.
    Space,
}

/// A token of a tag.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Token {
    pub(crate) fn text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start..self.end]
    }
}

enum Start {
    Variable,
    Block,
    Comment,
    LineStatement(usize),
    LineComment(usize),
}

struct Scanner<'t> {
    text: &'t str,
    options: &'t Options,
    pieces: Vec<Piece>,
}

/// The tags of a text.
pub(crate) fn scan(text: &str, options: &Options) -> Result<Vec<Piece>, Fault> {
    let mut scanner = Scanner { text, options, pieces: Vec::new() };
    let mut at = 0;
    while let Some((start, kind)) = scanner.next_start(at) {
        at = scanner.piece(start, &kind)?;
    }
    Ok(scanner.pieces)
}

impl Scanner<'_> {
    /// The next place where a tag begins; the longest delimiter wins at one place, as in Jinja.
    fn next_start(&self, from: usize) -> Option<(usize, Start)> {
        let rest = &self.text[from..];
        let o = self.options;
        let mut found: Option<(usize, usize, Start)> = None;
        let mut offer = |at: Option<usize>, len: usize, start: Start| {
            if let Some(at) = at
                && found.as_ref().is_none_or(|(best, size, _)| at < *best || (at == *best && len > *size))
            {
                found = Some((at, len, start));
            }
        };
        offer(rest.find(o.comment.0.as_str()), o.comment.0.len(), Start::Comment);
        offer(rest.find(o.block.0.as_str()), o.block.0.len(), Start::Block);
        offer(rest.find(o.variable.0.as_str()), o.variable.0.len(), Start::Variable);
        if let Some(prefix) = &o.line_statement {
            let at = self.line_start(from, prefix);
            offer(at.map(|at| at - from), prefix.len(), Start::LineStatement(prefix.len()));
        }
        if let Some(prefix) = &o.line_comment {
            offer(rest.find(prefix.as_str()), prefix.len(), Start::LineComment(prefix.len()));
        }
        found.map(|(at, _, start)| (from + at, start))
    }

    /// The next line that begins with a prefix after white space.
    fn line_start(&self, from: usize, prefix: &str) -> Option<usize> {
        let mut at = from;
        while let Some(found) = self.text[at..].find(prefix) {
            let place = at + found;
            let line = self.text[..place].rfind('\n').map_or(0, |n| n + 1);
            if self.text[line..place].chars().all(char::is_whitespace) && line >= from.min(line) {
                return Some(place);
            }
            at = place + prefix.len();
        }
        None
    }

    fn piece(&mut self, start: usize, kind: &Start) -> Result<usize, Fault> {
        let o = self.options;
        match kind {
            Start::Comment => {
                let body = start + o.comment.0.len();
                match self.text[body..].find(o.comment.1.as_str()) {
                    Some(end) => Ok(body + end + o.comment.1.len()),
                    None => Err(Fault::new("Missing end of comment tag", start)),
                }
            }
            Start::LineComment(len) => {
                Ok(self.text[start + len..].find('\n').map_or(self.text.len(), |n| start + len + n))
            }
            Start::Variable => {
                let end = o.variable.1.clone();
                self.tag(start, start + o.variable.0.len(), PieceKind::Variable, Some(&end))
            }
            Start::LineStatement(len) => self.tag(start, start + len, PieceKind::Block, None),
            Start::Block => match self.raw(start)? {
                Some(end) => Ok(end),
                None => {
                    let end = o.block.1.clone();
                    self.tag(start, start + o.block.0.len(), PieceKind::Block, Some(&end))
                }
            },
        }
    }

    fn basic_tag(&self, at: usize, name: &str) -> Option<(usize, usize)> {
        let rest = self.text[at..].strip_prefix(self.options.block.0.as_str())?;
        let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest).trim_start();
        let rest = rest.strip_prefix(name)?.trim_start();
        let close = self.text.len() - rest.len();
        let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest);
        let rest = rest.strip_prefix(self.options.block.1.as_str())?;
        Some((close, self.text.len() - rest.len()))
    }

    fn raw(&mut self, start: usize) -> Result<Option<usize>, Fault> {
        let Some((close, body)) = self.basic_tag(start, "raw") else { return Ok(None) };
        let mut at = body;
        while let Some(found) = self.text[at..].find(self.options.block.0.as_str()) {
            if let Some((_, end)) = self.basic_tag(at + found, "endraw") {
                self.pieces.push(Piece { kind: PieceKind::Raw, start, end, close, tokens: Vec::new() });
                return Ok(Some(end));
            }
            at += found + self.options.block.0.len();
        }
        Err(Fault::new("Missing end of raw directive", start))
    }

    fn tag(&mut self, start: usize, body: usize, kind: PieceKind, end: Option<&str>) -> Result<usize, Fault> {
        let mut tokens = Vec::new();
        let mut open: Vec<char> = Vec::new();
        let mut limits = Limits::default();
        let mut at = body + sign_len(&self.text[body..]);
        loop {
            let rest = &self.text[at..];
            let Some(c) = rest.chars().next() else {
                self.pieces.push(Piece { kind, start, end: at, close: at, tokens });
                return Ok(at);
            };
            if open.is_empty()
                && let Some(len) = closing(rest, end)
            {
                self.pieces.push(Piece { kind, start, end: at + len, close: at, tokens });
                return Ok(at + len);
            }
            if c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c) {
                let len = c.len_utf8();
                if !c.is_ascii_whitespace() {
                    tokens.push(Token { kind: TokenKind::Space, start: at, end: at + len });
                }
                at += len;
                continue;
            }
            let (kind, len) = self.token(at, c)?;
            if kind == TokenKind::Op {
                balance(&mut open, c, at)?;
            }
            limits.count(kind, &rest[..len], at, tokens.len())?;
            tokens.push(Token { kind, start: at, end: at + len });
            at += len;
        }
    }

    fn token(&self, at: usize, c: char) -> Result<(TokenKind, usize), Fault> {
        let rest = &self.text[at..];
        if c.is_ascii_digit() {
            let after_dot = self.text[..at].ends_with('.');
            return Ok(number(rest, after_dot));
        }
        if c == '_' || c.is_alphabetic() {
            let len = rest.find(|c: char| !(c == '_' || c.is_alphanumeric())).unwrap_or(rest.len());
            return Ok((TokenKind::Name, len));
        }
        if c == '\'' || c == '"' {
            return match string_len(rest, c) {
                Some(len) => Ok((TokenKind::Str, len)),
                None => Err(self.unexpected_char(at, c)),
            };
        }
        for op in ["//", "**", "==", "!=", ">=", "<="] {
            if rest.starts_with(op) {
                return Ok((TokenKind::Op, 2));
            }
        }
        if "+-*/%~|.,:;=<>()[]{}".contains(c) {
            return Ok((TokenKind::Op, 1));
        }
        Err(self.unexpected_char(at, c))
    }

    fn unexpected_char(&self, at: usize, c: char) -> Fault {
        let place = self.text[..at].chars().count();
        let shown = crate::value::quote_repr(&c.to_string());
        Fault::new(format!("unexpected char {shown} at {place}"), at)
    }
}

#[derive(Default)]
struct Limits {
    operators: usize,
    prefixes: usize,
}

impl Limits {
    fn count(&mut self, kind: TokenKind, text: &str, at: usize, tokens: usize) -> Result<(), Fault> {
        let prefix = matches!(text, "not" | "-" | "+");
        self.prefixes = if prefix { self.prefixes + 1 } else { 0 };
        let nests = match kind {
            TokenKind::Op => !matches!(text, "," | ":"),
            TokenKind::Name => matches!(text, "not" | "and" | "or" | "is" | "if" | "in"),
            _ => false,
        };
        self.operators += usize::from(nests);
        if tokens >= TOKENS_PER_TAG_MAX
            || self.operators > OPERATORS_PER_TAG_MAX
            || self.prefixes > PREFIXES_MAX
        {
            return Err(Fault::new("the expression is too long", at));
        }
        Ok(())
    }
}

fn sign_len(rest: &str) -> usize {
    usize::from(rest.starts_with(['-', '+']))
}

/// The length of the closing delimiter with its sign, when it stands here.
fn closing(rest: &str, end: Option<&str>) -> Option<usize> {
    match end {
        Some(end) => {
            let sign = sign_len(rest);
            if rest.starts_with(end) {
                return Some(end.len());
            }
            rest[sign..].starts_with(end).then_some(sign + end.len())
        }
        None => rest.starts_with('\n').then_some(1),
    }
}

fn balance(open: &mut Vec<char>, c: char, at: usize) -> Result<(), Fault> {
    match c {
        '(' => open.push(')'),
        '[' => open.push(']'),
        '{' => open.push('}'),
        ')' | ']' | '}' => match open.pop() {
            None => return Err(Fault::new(format!("unexpected '{c}'"), at)),
            Some(expected) if expected != c => {
                return Err(Fault::new(format!("unexpected '{c}', expected '{expected}'"), at));
            }
            Some(_) => {}
        },
        _ => {}
    }
    Ok(())
}

/// The length of a quoted string, quotes included.
pub(crate) fn string_len(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (i, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(i + 1),
            _ => {}
        }
    }
    None
}

/// The kind and length of a number.
fn number(rest: &str, after_dot: bool) -> (TokenKind, usize) {
    let bytes = rest.as_bytes();
    let radix = match bytes.get(1) {
        Some(b'x' | b'X') if bytes[0] == b'0' => Some(16),
        Some(b'o' | b'O') if bytes[0] == b'0' => Some(8),
        Some(b'b' | b'B') if bytes[0] == b'0' => Some(2),
        _ => None,
    };
    if let Some(radix) = radix {
        let len = rest[2..].find(|c: char| !(c.is_digit(radix) || c == '_')).unwrap_or(rest.len() - 2);
        if len > 0 {
            return (TokenKind::Int, 2 + len);
        }
    }
    let digits = |from: usize| {
        rest[from..].find(|c: char| !(c.is_ascii_digit() || c == '_')).unwrap_or(rest.len() - from)
    };
    let mut len = digits(0);
    if after_dot {
        return (TokenKind::Int, len);
    }
    let mut kind = TokenKind::Int;
    if bytes.get(len) == Some(&b'.') && bytes.get(len + 1).is_some_and(u8::is_ascii_digit) {
        kind = TokenKind::Float;
        len += 1 + digits(len + 1);
    }
    if matches!(bytes.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
        if bytes.get(len + 1 + sign).is_some_and(u8::is_ascii_digit) {
            kind = TokenKind::Float;
            len += 1 + sign + digits(len + 1 + sign);
        }
    }
    (kind, len)
}
