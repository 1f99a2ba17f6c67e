//! How Python shows a value in a message: `repr` of nodes.

use crate::node::{Data, Node};

/// `repr()` of a value as Python would show it.
pub fn repr(node: &Node) -> String {
    match &node.data {
        Data::Str(text) => repr_str(&text.value),
        Data::Vault(_) => "EncryptedString(…)".to_owned(),
        Data::Bytes(bytes) => format!("b'{}'", bytes.escape_ascii()),
        Data::List(items) => format!("[{}]", all(items)),
        Data::Tuple(items) if items.len() == 1 => format!("({},)", all(items)),
        Data::Tuple(items) => format!("({})", all(items)),
        Data::Set(items) if items.is_empty() => "set()".to_owned(),
        Data::Set(items) => format!("{{{}}}", all(items)),
        Data::Map(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {}", repr(key), repr(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        _ => node.scalar_text().unwrap_or_default().into_owned(),
    }
}

fn all(items: &[Node]) -> String {
    items.iter().map(repr).collect::<Vec<_>>().join(", ")
}

/// `repr()` of a string: single quotes unless it contains only those.
pub fn repr_str(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 || (0x7f..0xa1).contains(&(c as u32)) || c as u32 == 0xad => {
                out.push_str(&format!("\\x{:02x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}
