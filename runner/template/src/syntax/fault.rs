//! What is wrong with a template's text, in Jinja's words.

use super::rewrite::Rewritten;
use super::scan::{Piece, PieceKind, Token, TokenKind};

/// A mistake and the byte offset where it was noticed.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) offset: usize,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>, offset: usize) -> Self {
        Self { message: message.into(), offset }
    }

    pub(crate) fn shifted(mut self, by: usize) -> Self {
        self.offset += by;
        self
    }
}

/// minijinja's refusal in Jinja's words: both name the token that surprised them, so the token is looked up here.
pub(crate) fn explain(
    error: &minijinja::Error,
    text: &str,
    pieces: &[Piece],
    rewritten: &Rewritten,
) -> Fault {
    let detail = error.detail().unwrap_or("invalid syntax").to_owned();
    let offset = error.range().map_or(0, |range| rewritten.original(range.start));
    let piece = pieces.iter().find(|piece| piece.start <= offset && offset < piece.end.max(piece.start + 1));
    let Some(piece) = piece.or_else(|| pieces.last()) else { return Fault::new(detail, offset) };
    let end = match piece.kind {
        PieceKind::Variable => "end of print statement",
        _ => "end of statement block",
    };
    let closed = piece.close < piece.end;
    let ended = if closed { end } else { "end of template" };
    let tokens: Vec<&Token> = piece.tokens.iter().filter(|token| token.kind != TokenKind::Space).collect();
    let token = if is_end(error) { None } else { tokens.iter().find(|token| token.start >= offset) };
    let got = token.map_or_else(|| ended.to_owned(), |token| describe(token, text));
    let message = if let Some((_, expected)) = detail.split_once(", expected ") {
        let expected = expected.trim_matches('`');
        match expected {
            "end of variable block" | "end of block" => format!("expected token '{end}', got '{got}'"),
            "expression" => format!("unexpected '{got}'"),
            "identifier" => format!("expected token 'name', got '{got}'"),
            "identifier or integer" => "expected name or number".to_owned(),
            "assignment operator" => format!("expected token '=', got '{got}'"),
            "comma" => format!("expected token ',', got '{got}'"),
            other => format!("expected token '{other}', got '{got}'"),
        }
    } else if detail.starts_with("non-keyword arg") {
        "invalid syntax for function call expression".to_owned()
    } else if detail.starts_with("expected call expression") {
        "expected call".to_owned()
    } else if detail.starts_with("unexpected ") {
        format!("unexpected '{got}'")
    } else {
        detail
    };
    let before = tokens.iter().rev().find(|before| token.is_none_or(|token| before.start < token.start));
    let first = tokens.first().map_or("", |token| token.text(text));
    let opens = match before {
        None => true,
        Some(before) if piece.kind == PieceKind::Block => match before.text(text) {
            "if" | "elif" | "print" => tokens.first().is_some_and(|first| first.start == before.start),
            "in" => first == "for",
            "=" => first == "set",
            _ => false,
        },
        Some(_) => false,
    };
    let message = if token.is_none() && opens && message == format!("unexpected '{end}'") {
        format!("Expected an expression, got '{end}'")
    } else {
        message
    };
    Fault::new(message, token.map_or(piece.close, |token| token.start).max(offset.min(text.len())))
}

/// Whether the text ended too early.
pub(crate) fn is_end(error: &minijinja::Error) -> bool {
    error.detail().is_some_and(|detail| detail.starts_with("unexpected end of input"))
}

fn describe(token: &Token, text: &str) -> String {
    match token.kind {
        TokenKind::Int => "integer".to_owned(),
        TokenKind::Float => "float".to_owned(),
        TokenKind::Str => "string".to_owned(),
        _ => token.text(text).to_owned(),
    }
}
