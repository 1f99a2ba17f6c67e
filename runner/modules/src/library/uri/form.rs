//! The bodies of requests: JSON, forms, forms with files.

use crate::{Failure, System, attributes::io_text, python};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use std::path::Path;

/// The body's bytes, and the content type that goes with them.
pub fn encode(format: &str, body: &Value, system: &dyn System) -> Result<(Vec<u8>, Option<String>), Failure> {
    match format {
        "json" => {
            let text = match body {
                Value::String(text) => text.clone(),
                other => spaced_json(other),
            };
            Ok((text.into_bytes(), Some("application/json".into())))
        }
        "form-urlencoded" => {
            let text = match body {
                Value::String(text) => text.clone(),
                Value::Object(map) => pairs(map.iter().map(|(key, value)| (key.as_str(), value))),
                Value::Array(items) => {
                    let pair = |item: &Value| -> Option<(String, Value)> {
                        let item = item.as_array()?;
                        Some((python::text(item.first()?), item.get(1)?.clone()))
                    };
                    let all: Option<Vec<_>> = items.iter().map(pair).collect();
                    let all = all.ok_or("failed to parse body as form_urlencoded: not a valid non-string sequence or mapping object")?;
                    pairs(all.iter().map(|(key, value)| (key.as_str(), value)))
                }
                _ => return Err("failed to parse body as form_urlencoded: not a valid non-string sequence or mapping object".into()),
            };
            Ok((text.into_bytes(), Some("application/x-www-form-urlencoded".into())))
        }
        "form-multipart" => multipart(body, system),
        _ => match body {
            Value::String(text) => Ok((text.clone().into_bytes(), None)),
            other => Ok((spaced_json(other).into_bytes(), None)),
        },
    }
}

/// JSON as Python writes it, with blanks after commas and colons.
fn spaced_json(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(spaced_json).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let items = map
                .iter()
                .map(|(key, value)| format!("{}: {}", ascii(&Value::from(key.as_str())), spaced_json(value)));
            format!("{{{}}}", items.collect::<Vec<_>>().join(", "))
        }
        other => ascii(other),
    }
}

fn ascii(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}

fn pairs<'a>(items: impl Iterator<Item = (&'a str, &'a Value)>) -> String {
    let mut out = Vec::new();
    for (key, value) in items {
        match value {
            Value::Array(values) => {
                out.extend(
                    values.iter().map(|value| format!("{}={}", quoted(key), quoted(&python::text(value)))),
                );
            }
            value => out.push(format!("{}={}", quoted(key), quoted(&python::text(value)))),
        }
    }
    out.join("&")
}

/// Python's `quote_plus`.
fn quoted(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte);
    text.bytes()
        .map(|byte| match byte {
            b' ' => "+".into(),
            byte if keep(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

fn multipart(body: &Value, system: &dyn System) -> Result<(Vec<u8>, Option<String>), Failure> {
    let Value::Object(fields) = body else {
        return Err(format!(
            "failed to parse body as form-multipart: Mapping is required, cannot be type {}",
            python::type_name(body)
        )
        .into());
    };
    let seed = crate::digest::sha1_hex(format!("{}{body}", system.epoch()).as_bytes());
    let boundary = format!("==============={}==", &seed[..19]);
    let mut out = Vec::new();
    for (name, field) in fields {
        let mut disposition = format!("form-data; name=\"{name}\"");
        let (bytes, kind, encode) = match field {
            Value::Object(map) => {
                let text = |key: &str| map.get(key).map(python::text);
                let file = text("filename");
                let bytes = match (text("content"), &file) {
                    (Some(content), _) => content.into_bytes(),
                    (None, Some(file)) => system
                        .read(Path::new(file))
                        .map_err(|error| format!("failed to parse body as form-multipart: {}", io_text(&error)))?,
                    (None, None) => return Err("failed to parse body as form-multipart: at least one of filename or content must be provided".into()),
                };
                if let Some(file) = &file {
                    let short = file.rsplit('/').next().unwrap_or(file);
                    disposition.push_str(&format!("; filename=\"{short}\""));
                }
                let kind = text("mime_type").unwrap_or_else(|| "application/octet-stream".into());
                let encode = map.get("multipart_encoding").and_then(Value::as_str) != Some("7or8bit")
                    && !map.contains_key("content");
                (bytes, kind, encode)
            }
            other => (python::text(other).into_bytes(), "text/plain".into(), false),
        };
        out.extend(
            format!("--{boundary}\r\nContent-Type: {kind}\r\nContent-Disposition: {disposition}\r\n").bytes(),
        );
        if encode {
            out.extend(b"Content-Transfer-Encoding: base64\r\n\r\n");
            for line in STANDARD.encode(bytes).as_bytes().chunks(76) {
                out.extend(line);
                out.extend(b"\r\n");
            }
        } else {
            out.extend(b"\r\n");
            out.extend(bytes);
            out.extend(b"\r\n");
        }
    }
    out.extend(format!("--{boundary}--\r\n").bytes());
    Ok((out, Some(format!("multipart/form-data; boundary=\"{boundary}\""))))
}
