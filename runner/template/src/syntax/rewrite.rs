//! The text as minijinja's parser can read it: what Jinja allows and it does not is spelled differently, and every place
//! in the new text leads back to the old one.

use super::Options;
use super::scan::{Piece, PieceKind, Token, TokenKind};

/// The longest integer literal that minijinja's lexer takes: 38 digits always fit 128 bits.
const INTEGER_DIGITS_MAX: usize = 38;

/// A text and the way back.
pub(crate) struct Rewritten {
    pub(crate) text: String,
    /// (offset in the new text, offset in the old text) at the start of every unchanged run.
    runs: Vec<(usize, usize)>,
}

impl Rewritten {
    /// The old offset of a new one.
    pub(crate) fn original(&self, offset: usize) -> usize {
        let run = self.runs.partition_point(|(new, _)| *new <= offset);
        match run.checked_sub(1).map(|i| self.runs[i]) {
            Some((new, old)) => {
                let next = self.runs.get(run).map_or(usize::MAX, |(_, old)| *old);
                (old + (offset - new)).min(next)
            }
            None => offset,
        }
    }
}

struct Edits {
    edits: Vec<(usize, usize, String)>,
}

impl Edits {
    fn replace(&mut self, start: usize, end: usize, with: impl Into<String>) {
        self.edits.push((start, end, with.into()));
    }

    fn apply(mut self, text: &str) -> Rewritten {
        self.edits.sort_by_key(|(start, end, _)| (*start, *end));
        let mut out = String::with_capacity(text.len() + 16);
        let mut runs = vec![(0, 0)];
        let mut at = 0;
        for (start, end, with) in self.edits {
            if start < at {
                continue;
            }
            out.push_str(&text[at..start]);
            out.push_str(&with);
            runs.push((out.len(), end));
            at = end;
        }
        out.push_str(&text[at..]);
        Rewritten { text: out, runs }
    }
}

/// Spells a text so that minijinja's parser reads it as Jinja would.
pub(crate) fn rewrite(text: &str, pieces: &[Piece], options: &Options) -> Rewritten {
    let mut edits = Edits { edits: Vec::new() };
    let mut macros = 0_usize;
    for piece in pieces {
        let tokens: Vec<Token> =
            piece.tokens.iter().copied().filter(|token| token.kind != TokenKind::Space).collect();
        match piece.kind {
            PieceKind::Raw => {
                // Jinja never trims the line break after `{% raw %}`.
                let sign = text[piece.close..].starts_with(['-', '+']);
                if options.trim_blocks && !sign {
                    edits.replace(piece.close, piece.close, "+");
                }
                continue;
            }
            PieceKind::Variable => wrap_tuple(text, &tokens, &mut edits),
            PieceKind::Block => block(text, piece, &tokens, options, &mut macros, &mut edits),
        }
        for token in &piece.tokens {
            spell(text, token, &mut edits);
        }
        unary_plus(text, &tokens, &mut edits);
    }
    edits.apply(text)
}

/// Literals whose exact reading is ours, and white space that minijinja does not know.
fn spell(text: &str, token: &Token, edits: &mut Edits) {
    match token.kind {
        TokenKind::Space => edits.replace(token.start, token.end, " "),
        TokenKind::Str if token.text(text).contains('\\') => {
            let inner: String = token.text(text).chars().skip(1).map(|_| 'x').collect();
            let mut with = format!("'{inner}");
            with.pop();
            with.push('\'');
            edits.replace(token.start, token.end, with);
        }
        TokenKind::Int if token.end - token.start > INTEGER_DIGITS_MAX => {
            edits.replace(token.start, token.end, "0");
        }
        _ => {}
    }
}

/// `+x` is `x` for numbers.
fn unary_plus(text: &str, tokens: &[Token], edits: &mut Edits) {
    for (i, token) in tokens.iter().enumerate() {
        if token.text(text) != "+" || token.kind != TokenKind::Op {
            continue;
        }
        let operand_before = i.checked_sub(1).map(|i| tokens[i]).is_some_and(|before| {
            let spelled = before.text(text);
            match before.kind {
                TokenKind::Op => matches!(spelled, ")" | "]" | "}"),
                TokenKind::Name => !matches!(
                    spelled,
                    "and"
                        | "or"
                        | "not"
                        | "in"
                        | "is"
                        | "if"
                        | "elif"
                        | "else"
                        | "print"
                        | "include"
                        | "extends"
                ),
                _ => true,
            }
        });
        if !operand_before {
            edits.replace(token.start, token.end, " ");
        }
    }
}

/// Parentheses around a tuple that has none.
fn wrap_tuple(text: &str, tokens: &[Token], edits: &mut Edits) {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return };
    let mut depth = 0_i32;
    let bare = tokens.iter().any(|token| {
        match token.text(text) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            "," => return depth == 0 && token.kind == TokenKind::Op,
            _ => {}
        }
        false
    });
    if bare {
        edits.replace(first.start, first.start, "(");
        edits.replace(last.end, last.end, ")");
    }
}

fn block(
    text: &str,
    piece: &Piece,
    tokens: &[Token],
    options: &Options,
    macros: &mut usize,
    edits: &mut Edits,
) {
    let Some(first) = tokens.first() else { return };
    match first.text(text) {
        "macro" | "call" => *macros += 1,
        "endmacro" | "endcall" => *macros = macros.saturating_sub(1),
        // A block inside a macro is drawn in place; minijinja refuses it.
        "block" if *macros > 0 => edits.replace(first.start, piece.close, "with "),
        "endblock" if *macros > 0 => edits.replace(first.start, piece.close, "endwith "),
        "if" | "elif" => wrap_tuple(text, &tokens[1..], edits),
        "for" => {
            let start =
                tokens.iter().position(|token| token.text(text) == "in").map_or(tokens.len(), |i| i + 1);
            let mut depth = 0_i32;
            let len = tokens[start..]
                .iter()
                .take_while(|token| {
                    match token.text(text) {
                        "(" | "[" | "{" => depth += 1,
                        ")" | "]" | "}" => depth -= 1,
                        "if" | "recursive" if depth == 0 => return false,
                        _ => {}
                    }
                    true
                })
                .count();
            wrap_tuple(text, &tokens[start..start + len], edits);
        }
        "print" => {
            edits.replace(piece.start, piece.start + options.block.0.len(), options.variable.0.clone());
            edits.replace(first.start, first.end, "");
            let mut depth = 0_i32;
            for token in &tokens[1..] {
                match token.text(text) {
                    "(" | "[" | "{" => depth += 1,
                    ")" | "]" | "}" => depth -= 1,
                    "," if depth == 0 => {
                        let between = format!("{}{}", options.variable.1, options.variable.0);
                        edits.replace(token.start, token.end, between);
                    }
                    _ => {}
                }
            }
            let sign = usize::from(text[piece.close..].starts_with(['-', '+']));
            let line_break = options.trim_blocks && sign == 0 && text[piece.end..].starts_with('\n');
            edits.replace(
                piece.close + sign,
                piece.end + usize::from(line_break),
                options.variable.1.clone(),
            );
        }
        _ => {}
    }
}
