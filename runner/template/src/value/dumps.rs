//! Python's `json.dumps`, byte for byte.

use super::{Value, float_repr};
use crate::error::{Error, ErrorKind, Result};

/// How deep containers may nest before dumping gives up.
const DEPTH_MAX: usize = 200;

/// The options of `json.dumps`.
pub(crate) struct JsonStyle {
    pub(crate) indent: Option<usize>,
    pub(crate) sort_keys: bool,
    pub(crate) ascii: bool,
    pub(crate) item_separator: Option<String>,
    pub(crate) key_separator: String,
    /// Whether `NaN` and infinities may be written.
    pub(crate) allow_nan: bool,
}

impl Default for JsonStyle {
    fn default() -> Self {
        Self {
            indent: None,
            sort_keys: false,
            ascii: false,
            item_separator: None,
            key_separator: ": ".to_owned(),
            allow_nan: true,
        }
    }
}

/// The value as JSON text.
pub(crate) fn dumps(value: &Value, style: &JsonStyle) -> Result<String> {
    let mut out = String::new();
    write(value, style, 0, &mut out)?;
    Ok(out)
}

fn write(value: &Value, style: &JsonStyle, depth: usize, out: &mut String) -> Result<()> {
    if depth > DEPTH_MAX {
        return Err(Error::new(
            ErrorKind::Limit,
            "maximum recursion depth exceeded while encoding a JSON object",
        ));
    }
    match value {
        Value::None => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::BigInt(i) => out.push_str(&i.to_string()),
        Value::Float(f) => write_float(*f, style, out)?,
        Value::Str(text) => write_string(text.as_str(), style.ascii, out),
        Value::Bytes(bytes) => write_string(&String::from_utf8_lossy(bytes), style.ascii, out),
        Value::List(list) => write_list(&list.snapshot(), style, depth, out)?,
        Value::Tuple(items) => write_list(items, style, depth, out)?,
        Value::Set(dict) => write_list(&dict.keys(), style, depth, out)?,
        Value::Range(..) => write_list(&value.iterate()?, style, depth, out)?,
        Value::Dict(dict) => write_dict(dict.pairs(), style, depth, out)?,
        Value::Date(date) => write_string(&date.to_string(), style.ascii, out),
        Value::DateTime(moment) => write_string(&moment.iso('T'), style.ascii, out),
        Value::Undefined(why) => return Err(why.error.clone()),
        Value::Object(object) if !object.is_mapping() && object.keys().is_some() => {
            write_list(&value.iterate()?, style, depth, out)?;
        }
        Value::Object(object) if object.is_mapping() => {
            let mut pairs = Vec::new();
            for key in object.keys().unwrap_or_default() {
                let value = object.item(&key)?.unwrap_or_default();
                pairs.push((key, value));
            }
            write_dict(pairs, style, depth, out)?;
        }
        Value::Lazy(lazy) => write(&lazy.force(), style, depth, out)?,
        other => {
            return Err(Error::runtime(format!(
                "Object of type '{}' is not JSON serializable by the 'tagless' profile.",
                other.type_name()
            )));
        }
    }
    Ok(())
}

fn write_float(f: f64, style: &JsonStyle, out: &mut String) -> Result<()> {
    if !f.is_finite() && !style.allow_nan {
        return Err(Error::runtime(format!(
            "Out of range float values are not JSON compliant: {}",
            float_repr(f)
        )));
    }
    match f {
        f if f.is_nan() => out.push_str("NaN"),
        f if f.is_infinite() => out.push_str(if f > 0.0 { "Infinity" } else { "-Infinity" }),
        f => out.push_str(&float_repr(f)),
    }
    Ok(())
}

fn new_line(style: &JsonStyle, depth: usize, out: &mut String) {
    if let Some(indent) = style.indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent * depth));
    }
}

fn separate(style: &JsonStyle, depth: usize, out: &mut String) {
    match &style.item_separator {
        Some(separator) => out.push_str(separator),
        None => out.push_str(if style.indent.is_some() { "," } else { ", " }),
    }
    new_line(style, depth, out);
}

fn write_list(items: &[Value], style: &JsonStyle, depth: usize, out: &mut String) -> Result<()> {
    if items.is_empty() {
        out.push_str("[]");
        return Ok(());
    }
    out.push('[');
    new_line(style, depth + 1, out);
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            separate(style, depth + 1, out);
        }
        write(item, style, depth + 1, out)?;
    }
    new_line(style, depth, out);
    out.push(']');
    Ok(())
}

fn write_dict(
    mut pairs: Vec<(Value, Value)>,
    style: &JsonStyle,
    depth: usize,
    out: &mut String,
) -> Result<()> {
    if pairs.is_empty() {
        out.push_str("{}");
        return Ok(());
    }
    if style.sort_keys {
        let mut failure = None;
        pairs.sort_by(|(a, _), (b, _)| match super::compare(a, b, "<") {
            Ok(order) => order.unwrap_or(std::cmp::Ordering::Equal),
            Err(error) => {
                failure.get_or_insert(error);
                std::cmp::Ordering::Equal
            }
        });
        if let Some(error) = failure {
            return Err(error);
        }
    }
    out.push('{');
    new_line(style, depth + 1, out);
    for (i, (key, value)) in pairs.iter().enumerate() {
        if i > 0 {
            separate(style, depth + 1, out);
        }
        write_string(&key_text(key)?, style.ascii, out);
        out.push_str(&style.key_separator);
        write(value, style, depth + 1, out)?;
    }
    new_line(style, depth, out);
    out.push('}');
    Ok(())
}

fn key_text(key: &Value) -> Result<String> {
    Ok(match key {
        Value::Str(text) => text.as_str().to_owned(),
        Value::None => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) => super::to_str(key)?,
        other => {
            return Err(Error::runtime(format!(
                "keys must be str, int, float, bool or None, not {}",
                other.type_name()
            )));
        }
    })
}

fn write_string(text: &str, ascii: bool, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if ascii && !c.is_ascii() => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            '\u{7f}' if ascii => out.push('\u{7f}'),
            c => out.push(c),
        }
    }
    out.push('"');
}
