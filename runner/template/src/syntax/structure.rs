//! Whether every statement is known and every block is closed, with Jinja's words.

use super::fault::Fault;
use super::scan::{Piece, PieceKind, Token, TokenKind};

/// Blocks inside blocks: far more than any real template; keeps the parser's stack bounded.
const NESTING_MAX: usize = 100;

/// `elif`s of one `if`, which nest in the tree.
const ELIF_MAX: usize = 400;

struct Open {
    name: &'static str,
    looking: &'static [&'static str],
    elifs: usize,
}

/// Checks the statements of a text.
pub(crate) fn check(text: &str, pieces: &[Piece]) -> Result<(), Fault> {
    let mut open: Vec<Open> = Vec::new();
    for piece in pieces.iter().filter(|piece| piece.kind == PieceKind::Block) {
        let mut tokens = piece.tokens.iter().filter(|token| token.kind != TokenKind::Space);
        let Some(first) = tokens.next() else { continue };
        if first.kind != TokenKind::Name {
            return Err(Fault::new("tag name expected", first.start));
        }
        statement(text, first, &piece.tokens, &mut open)?;
    }
    match open.last() {
        Some(_) => Err(Fault::new(message("Unexpected end of template.", None, &open), text.len())),
        None => Ok(()),
    }
}

fn statement(text: &str, first: &Token, tokens: &[Token], open: &mut Vec<Open>) -> Result<(), Fault> {
    let name = first.text(text);
    if let Some(innermost) = open.last_mut()
        && innermost.looking.contains(&name)
    {
        match (innermost.name, name) {
            ("if", "elif") => {
                innermost.elifs += 1;
                if innermost.elifs > ELIF_MAX {
                    return Err(Fault::new("too many branches in one if", first.start));
                }
            }
            ("if", "else") => innermost.looking = &["endif"],
            ("for", "else") => innermost.looking = &["endfor"],
            _ => {
                open.pop();
            }
        }
        return Ok(());
    }
    let known: Option<(&'static str, &'static [&'static str])> = match name {
        "for" => Some(("for", &["endfor", "else"])),
        "if" => Some(("if", &["elif", "else", "endif"])),
        "with" => Some(("with", &["endwith"])),
        "autoescape" => Some(("autoescape", &["endautoescape"])),
        "filter" => Some(("filter", &["endfilter"])),
        "block" => Some(("block", &["endblock"])),
        "macro" => Some(("macro", &["endmacro"])),
        "call" => Some(("call", &["endcall"])),
        "set" if !assigns(text, tokens) => Some(("set", &["endset"])),
        "set" | "extends" | "include" | "import" | "from" | "print" => None,
        _ => {
            let start = format!("Encountered unknown tag '{name}'.");
            return Err(Fault::new(message(&start, Some(name), open), first.start));
        }
    };
    if let Some((name, looking)) = known {
        if open.len() >= NESTING_MAX {
            return Err(Fault::new("blocks are nested too deeply", first.start));
        }
        open.push(Open { name, looking, elifs: 0 });
    }
    Ok(())
}

/// Whether a `set` has its value on the same line.
fn assigns(text: &str, tokens: &[Token]) -> bool {
    let mut depth = 0;
    tokens.iter().any(|token| {
        match token.text(text) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            "|" if depth == 0 => depth = i32::MIN / 2,
            "=" if depth == 0 => return true,
            _ => {}
        }
        false
    })
}

fn message(start: &str, name: Option<&str>, open: &[Open]) -> String {
    let mut text = start.to_owned();
    let Some(innermost) = open.last() else { return text };
    let looking: Vec<String> = innermost.looking.iter().map(|tag| format!("'{tag}'")).collect();
    let looking = looking.join(" or ");
    if name.is_some_and(|name| open.iter().any(|block| block.looking.contains(&name))) {
        text.push_str(&format!(
            " You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for {looking}."
        ));
    } else {
        text.push_str(&format!(" Jinja was looking for the following tags: {looking}."));
    }
    text.push_str(&format!(" The innermost block that needs to be closed is '{}'.", innermost.name));
    text
}
