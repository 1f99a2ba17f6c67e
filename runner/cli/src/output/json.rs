//! JSON as Python's `json.dumps` writes it: sorted keys, `, ` and `: `, characters as they are.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// JSON text; `indent` columns a level, or one line.
pub fn dumps(value: &Value, indent: Option<usize>) -> String {
    let mut out = String::new();
    write(value, indent, 0, &mut out);
    out
}

/// The same for an object.
pub fn dumps_map(map: &Map<String, Value>, indent: Option<usize>) -> String {
    let mut out = String::new();
    write_map(map, indent, 0, &mut out);
    out
}

fn write(value: &Value, indent: Option<usize>, level: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            if let Some(float) = number.as_f64().filter(|_| !number.is_i64() && !number.is_u64()) {
                out.push_str(&float_text(float));
            } else {
                let _ = write!(out, "{number}");
            }
        }
        Value::String(text) => quote(text, out),
        Value::Array(items) => {
            if items.is_empty() {
                out.push_str("[]");
                return;
            }
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(at, indent, level + 1, out);
                write(item, indent, level + 1, out);
            }
            close(indent, level, out);
            out.push(']');
        }
        Value::Object(map) => write_map(map, indent, level, out),
    }
}

fn write_map(map: &Map<String, Value>, indent: Option<usize>, level: usize, out: &mut String) {
    if map.is_empty() {
        out.push_str("{}");
        return;
    }
    out.push('{');
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_by(|a, b| a.0.cmp(b.0));
    for (at, (key, value)) in entries.into_iter().enumerate() {
        separate(at, indent, level + 1, out);
        quote(key, out);
        out.push_str(": ");
        write(value, indent, level + 1, out);
    }
    close(indent, level, out);
    out.push('}');
}

fn separate(at: usize, indent: Option<usize>, level: usize, out: &mut String) {
    match indent {
        Some(columns) => {
            if at > 0 {
                out.push(',');
            }
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', columns * level));
        }
        None if at > 0 => out.push_str(", "),
        None => {}
    }
}

fn close(indent: Option<usize>, level: usize, out: &mut String) {
    if let Some(columns) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', columns * level));
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            control if (control as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Python's shortest text of a float: an exponent from 1e16 on and below 1e-4.
fn float_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let value: i32 = exponent.parse().unwrap_or(0);
        let sign = if value < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", value.abs());
    }
    let text = format!("{number}");
    if text.contains('.') { text } else { format!("{text}.0") }
}

#[cfg(test)]
mod tests {
    use super::dumps;
    use serde_json::json;

    #[test]
    fn json_is_what_python_writes() {
        let value = json!({"b": [1, 2.0, 1e20, 1e-7], "a": {"é\n": "\u{1}\""}, "c": [], "d": {}});
        let want =
            "{\"a\": {\"é\\n\": \"\\u0001\\\"\"}, \"b\": [1, 2.0, 1e+20, 1e-07], \"c\": [], \"d\": {}}";
        assert_eq!(dumps(&value, None), want);
        assert_eq!(dumps(&json!({"a": [1]}), Some(4)), "{\n    \"a\": [\n        1\n    ]\n}");
    }
}
