//! String and number literals as Python reads them.

use num_bigint::BigInt;

use super::fault::Fault;
use super::scan::string_len;
use crate::value::Value;

/// The text of one or several adjacent string literals.
pub(crate) fn strings(source: &str, raw: bool, at: usize) -> Result<String, Fault> {
    let mut out = String::new();
    let mut rest = source.trim_start();
    while let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        let Some(len) = string_len(rest, quote) else { break };
        let inner = &rest[1..len - 1];
        if raw || !inner.contains('\\') {
            out.push_str(inner);
        } else {
            unescape(inner, &mut out).map_err(|message| Fault::new(message, at))?;
        }
        rest = rest[len..].trim_start();
    }
    Ok(out)
}

/// Python's escapes; a backslash before anything else stays.
fn unescape(text: &str, out: &mut String) -> Result<(), String> {
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some((_, c)) = chars.next() else {
            out.push('\\');
            break;
        };
        match c {
            '\n' => {}
            '\\' | '\'' | '"' => out.push(c),
            'a' => out.push('\u{7}'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\u{b}'),
            'x' | 'u' | 'U' => {
                let (digits, name) = match c {
                    'x' => (2, "\\xXX"),
                    'u' => (4, "\\uXXXX"),
                    _ => (8, "\\UXXXXXXXX"),
                };
                let truncated = || format!("truncated {name} escape at position {i}");
                let hex: String = chars.by_ref().take(digits).map(|(_, c)| c).collect();
                if hex.len() < digits {
                    return Err(truncated());
                }
                let code = u32::from_str_radix(&hex, 16).map_err(|_| truncated())?;
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            '0'..='7' => {
                let mut code = c.to_digit(8).unwrap_or(0);
                let ahead = chars.as_str();
                for digit in ahead.chars().take(2).map_while(|c| c.to_digit(8)) {
                    code = code * 8 + digit;
                    chars.next();
                }
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            other => {
                out.push('\\');
                out.push(other);
            }
        }
    }
    Ok(())
}

/// The value of an integer or float literal.
pub(crate) fn number(source: &str) -> Option<Value> {
    let text = source.trim().replace('_', "");
    let radix = match text.get(..2) {
        Some("0x" | "0X") => 16,
        Some("0o" | "0O") => 8,
        Some("0b" | "0B") => 2,
        _ => 10,
    };
    if radix != 10 {
        return BigInt::parse_bytes(&text.as_bytes()[2..], radix).map(Value::from);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return BigInt::parse_bytes(text.as_bytes(), 10).map(Value::from);
    }
    text.parse().ok().map(Value::Float)
}
