//! Python's `str()` and `repr()` of every value.

use super::{TimeDelta, Value, float_repr};
use crate::error::{Error, ErrorKind, Result};

/// How deep containers may nest before printing gives up: far beyond any data, well within the stack.
const DEPTH_MAX: usize = 200;

/// Python's `str()`.
pub(crate) fn to_str(value: &Value) -> Result<String> {
    match value {
        Value::Str(text) => Ok(text.as_str().to_owned()),
        Value::Date(date) => Ok(date.to_string()),
        Value::DateTime(moment) => Ok(moment.iso(' ')),
        Value::TimeDelta(micros) => Ok(TimeDelta(*micros).to_string()),
        Value::Undefined(why) if why.silent => Ok(String::new()),
        other => repr(other),
    }
}

/// Python's `repr()`.
pub(crate) fn repr(value: &Value) -> Result<String> {
    let mut out = String::new();
    write_repr(value, &mut out, 0)?;
    Ok(out)
}

fn write_repr(value: &Value, out: &mut String, depth: usize) -> Result<()> {
    if depth > DEPTH_MAX {
        return Err(Error::new(ErrorKind::Limit, "maximum recursion depth exceeded while getting the repr"));
    }
    match value {
        Value::None => out.push_str("None"),
        Value::Bool(b) => out.push_str(if *b { "True" } else { "False" }),
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::BigInt(i) => out.push_str(&i.to_string()),
        Value::Float(f) => out.push_str(&float_repr(*f)),
        Value::Str(text) => out.push_str(&quote_repr(text.as_str())),
        Value::Bytes(bytes) => out.push_str(&bytes_repr(bytes)),
        Value::List(list) => write_items(&list.snapshot(), "[", "]", out, depth)?,
        Value::Tuple(items) => {
            write_items(items, "(", if items.len() == 1 { ",)" } else { ")" }, out, depth)?;
        }
        Value::Set(dict) if dict.is_empty() => out.push_str("set()"),
        Value::Set(dict) => write_items(&dict.keys(), "{", "}", out, depth)?,
        Value::Dict(dict) => {
            out.push('{');
            for (i, (key, value)) in dict.snapshot().iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_repr(&key.0, out, depth + 1)?;
                out.push_str(": ");
                write_repr(value, out, depth + 1)?;
            }
            out.push('}');
        }
        Value::Range(start, stop, 1) => out.push_str(&format!("range({start}, {stop})")),
        Value::Range(start, stop, step) => out.push_str(&format!("range({start}, {stop}, {step})")),
        Value::Date(date) => {
            out.push_str(&format!("datetime.date({}, {}, {})", date.year(), date.month(), date.day()));
        }
        Value::DateTime(moment) => out.push_str(&moment.repr()),
        Value::TimeDelta(micros) => out.push_str(&timedelta_repr(*micros)),
        Value::Undefined(why) if why.silent => out.push_str("Undefined"),
        Value::Undefined(why) => return Err(why.error.clone()),
        Value::Omit => out.push_str("<<Omit>>"),
        Value::Vault(_) => out.push_str("'<encrypted>'"),
        Value::Object(object) => match object.text() {
            Some(text) => out.push_str(&text),
            None if object.is_mapping() => write_mapping(object.as_ref(), out, depth)?,
            None => out.push_str(&format!("<{}>", object.type_name())),
        },
        Value::Lazy(lazy) => write_repr(&lazy.force(), out, depth)?,
    }
    Ok(())
}

fn write_mapping(object: &dyn super::Object, out: &mut String, depth: usize) -> Result<()> {
    out.push('{');
    for (i, key) in object.keys().unwrap_or_default().into_iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write_repr(&key, out, depth + 1)?;
        out.push_str(": ");
        write_repr(&object.item(&key)?.unwrap_or_default(), out, depth + 1)?;
    }
    out.push('}');
    Ok(())
}

fn write_items(items: &[Value], open: &str, close: &str, out: &mut String, depth: usize) -> Result<()> {
    out.push_str(open);
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write_repr(item, out, depth + 1)?;
    }
    out.push_str(close);
    Ok(())
}

/// Python's quoting of a string: single quotes unless only those occur inside.
pub(crate) fn quote_repr(text: &str) -> String {
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
            c if is_printable(c) => out.push(c),
            c => match u32::from(c) {
                code @ 0..=0xff => out.push_str(&format!("\\x{code:02x}")),
                code @ 0x100..=0xffff => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
        }
    }
    out.push(quote);
    out
}

/// Python's `str.isprintable` for one character: no controls, formats, private use or separators but the space.
pub(crate) fn is_printable(c: char) -> bool {
    !(c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(u32::from(c),
            0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x8e2 | 0x180e | 0x200b..=0x200f
            | 0x202a..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb | 0xfffe..=0xffff
            | 0xe000..=0xf8ff | 0x110bd | 0x110cd | 0x13430..=0x1343f | 0x1bca0..=0x1bca3
            | 0x1d173..=0x1d17a | 0xe0001..=0xe007f | 0xf_0000..))
}

fn bytes_repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for &b in bytes {
        match b {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b if char::from(b) == quote => {
                out.push('\\');
                out.push(quote);
            }
            0x20..=0x7e => out.push(char::from(b)),
            b => out.push_str(&format!("\\x{b:02x}")),
        }
    }
    out.push(quote);
    out
}

fn timedelta_repr(micros: i64) -> String {
    let day = 86_400_000_000;
    let (days, rest) = (micros.div_euclid(day), micros.rem_euclid(day));
    let parts: Vec<String> =
        [("days", days), ("seconds", rest / 1_000_000), ("microseconds", rest % 1_000_000)]
            .iter()
            .filter(|(_, n)| *n != 0)
            .map(|(name, n)| format!("{name}={n}"))
            .collect();
    let inner = if parts.is_empty() { "0".to_owned() } else { parts.join(", ") };
    format!("datetime.timedelta({inner})")
}
