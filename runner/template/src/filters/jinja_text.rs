//! Jinja's filters over text.

use super::{Call, Filter};
use crate::error::{Error, Result};
use crate::methods;
use crate::value::{Value, numeric, repr, to_str};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("upper", &[], |call| Ok(Value::text(to_str(&call.input)?.to_uppercase()))),
    Filter::new("lower", &[], |call| Ok(Value::text(to_str(&call.input)?.to_lowercase()))),
    Filter::new("capitalize", &[], |call| methods::text(&to_str(&call.input)?, "capitalize", Vec::new())),
    Filter::new("title", &[], |call| Ok(Value::text(title(&to_str(&call.input)?)))),
    Filter::new("trim", &["chars"], |call| {
        let chars = call.args.some("chars").cloned().into_iter().collect();
        methods::text(&to_str(&call.input)?, "strip", chars)
    }),
    Filter::new("center", &["width"], |call| {
        let width = call.args.int_or("width", 80)?;
        methods::text(&to_str(&call.input)?, "center", vec![Value::Int(width)])
    }),
    Filter::new("replace", &["old!", "new!", "count"], replace),
    Filter::new("format", &["*", "**"], format),
    Filter::new("indent", &["width", "first", "blank"], indent),
    Filter::new("truncate", &["length", "killwords", "end", "leeway"], truncate),
    Filter::new("wordwrap", &["width", "break_long_words", "wrapstring", "break_on_hyphens"], wordwrap),
    Filter::new("wordcount", &[], |call| {
        let text = to_str(&call.input)?;
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
        Ok(Value::Int(i64::try_from(words.count()).unwrap_or(0)))
    }),
    Filter::new("e", &[], |call| Ok(Value::text(escape(&to_str(&call.input)?)))),
    Filter::new("escape", &[], |call| Ok(Value::text(escape(&to_str(&call.input)?)))),
    Filter::new("forceescape", &[], |call| Ok(Value::text(escape(&to_str(&call.input)?)))),
    Filter::new("striptags", &[], |call| Ok(Value::text(striptags(&to_str(&call.input)?)))),
    Filter::new("xmlattr", &["autospace"], xmlattr),
    Filter::new("urlize", &["trim_url_limit", "nofollow", "target", "rel", "extra_schemes"], urlize),
    Filter::new("filesizeformat", &["binary"], filesizeformat),
    // Inside of Ansible, containers are not the plain dicts and lists that Python would lay out.
    Filter::new("pprint", &[], |call| repr(&call.input).map(Value::text)),
];

/// Jinja's title case: words begin after white space, hyphens and opening brackets.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut start = true;
    for c in text.chars() {
        let breaks = c.is_whitespace() || "-({[<".contains(c);
        if start && !breaks {
            out.extend(c.to_uppercase())
        } else {
            out.extend(c.to_lowercase())
        }
        start = breaks;
    }
    out
}

fn replace(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?;
    let (old, new) = (call.args.text_or("old", "")?, call.args.text_or("new", "")?);
    Ok(Value::text(match call.args.int_opt("count")?.and_then(|n| usize::try_from(n).ok()) {
        Some(count) => text.replacen(&old, &new, count),
        None => text.replace(&old, &new),
    }))
}

fn format(call: &Call<'_>) -> Result<Value> {
    let format = to_str(&call.input)?;
    if !call.args.rest.is_empty() && !call.args.named.is_empty() {
        return Err(Error::runtime("can't handle positional and keyword arguments at the same time"));
    }
    let values = if call.args.named.is_empty() {
        Value::tuple(call.args.rest.clone())
    } else {
        Value::dict(call.args.named.clone())
    };
    crate::format::percent(&format, &values).map(Value::text)
}

fn indent(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?;
    let pad = match call.args.some("width") {
        Some(Value::Str(text)) => text.as_str().to_owned(),
        Some(width) => " ".repeat(usize::try_from(super::whole(width)?.clamp(0, 1_000_000)).unwrap_or(0)),
        None => "    ".to_owned(),
    };
    let (first, blank) = (call.args.truth("first")?, call.args.truth("blank")?);
    let mut out = String::new();
    let text = format!("{text}\n");
    for (i, line) in crate::methods::lines(&text).into_iter().enumerate() {
        if i > 0 {
            out.push('\n');
            if blank || !line.is_empty() {
                out.push_str(&pad);
            }
        } else if first {
            out.push_str(&pad);
        }
        out.push_str(line);
    }
    Ok(Value::text(out))
}

fn truncate(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?;
    let length = call.args.int_or("length", 255)?;
    let end = call.args.text_or("end", "...")?;
    let leeway = call.args.int_or("leeway", 5)?;
    let end_len = i64::try_from(end.chars().count()).unwrap_or(0);
    if length < end_len {
        return Err(Error::runtime(format!("expected length >= {end_len}, got {length}")));
    }
    if leeway < 0 {
        return Err(Error::runtime(format!("expected leeway >= 0, got {leeway}")));
    }
    let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    if count <= length.saturating_add(leeway) {
        return Ok(Value::text(text));
    }
    let cut: String = text.chars().take(usize::try_from(length - end_len).unwrap_or(0)).collect();
    let cut = if call.args.truth("killwords")? {
        cut
    } else {
        cut.rsplit_once(' ').map_or(cut.clone(), |(head, _)| head.to_owned())
    };
    Ok(Value::text(cut + &end))
}

fn wordwrap(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?;
    let width = usize::try_from(call.args.int_or("width", 79)?.max(1)).unwrap_or(79);
    let break_long = call.args.truth_or("break_long_words", true)?;
    let on_hyphens = call.args.truth_or("break_on_hyphens", true)?;
    let separator = call.args.text_or("wrapstring", "\n")?;
    let lines: Vec<String> = crate::methods::lines(&text)
        .into_iter()
        .map(|line| wrap(line, width, break_long, on_hyphens).join(&separator))
        .collect();
    Ok(Value::text(lines.join(&separator)))
}

/// Python's `textwrap.wrap` without expanding or replacing white space.
fn wrap(text: &str, width: usize, break_long: bool, on_hyphens: bool) -> Vec<String> {
    let mut chunks = chunks(text, on_hyphens);
    chunks.reverse();
    let mut lines = Vec::new();
    while let Some(next) = chunks.last() {
        let mut line: Vec<String> = Vec::new();
        let mut len = 0;
        if next.trim().is_empty() && !lines.is_empty() {
            chunks.pop();
        }
        while let Some(chunk) = chunks.last() {
            let size = chunk.chars().count();
            if len + size > width {
                break;
            }
            len += size;
            line.extend(chunks.pop());
        }
        if let Some(chunk) = chunks.last()
            && chunk.chars().count() > width
        {
            let room = if width < 1 { 1 } else { width - len };
            if break_long {
                let head: String = chunk.chars().take(room).collect();
                let tail: String = chunk.chars().skip(room).collect();
                chunks.pop();
                line.push(head);
                chunks.push(tail);
            } else if line.is_empty() {
                line.extend(chunks.pop());
            }
        }
        if line.last().is_some_and(|last| last.trim().is_empty()) {
            line.pop();
        }
        if !line.is_empty() {
            lines.push(line.concat());
        }
    }
    lines
}

fn chunks(text: &str, on_hyphens: bool) -> Vec<String> {
    let mut chunks: Vec<String> = Vec::new();
    let mut current = String::new();
    let chars: Vec<char> = text.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let space = c.is_whitespace();
        let was_space = current.chars().last().is_some_and(char::is_whitespace);
        if !current.is_empty() && space != was_space {
            chunks.push(std::mem::take(&mut current));
        }
        current.push(*c);
        let hyphen = *c == '-'
            && on_hyphens
            && i >= 2
            && chars[i - 1].is_alphabetic()
            && chars[i - 2].is_alphabetic()
            && chars.get(i + 1).is_some_and(|c| c.is_alphabetic());
        if hyphen {
            chunks.push(std::mem::take(&mut current));
        }
    }
    if !current.is_empty() {
        chunks.push(current);
    }
    chunks
}

/// HTML's five special characters.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}

fn striptags(text: &str) -> String {
    let mut out = text.to_owned();
    for (open, close) in [("<!--", "-->"), ("<", ">")] {
        let mut kept = String::new();
        let mut rest = out.as_str();
        while let Some(at) = rest.find(open) {
            match rest[at..].find(close) {
                Some(end) => {
                    kept.push_str(&rest[..at]);
                    rest = &rest[at + end + close.len()..];
                }
                None => break,
            }
        }
        kept.push_str(rest);
        out = kept;
    }
    let plain = out.split_whitespace().collect::<Vec<_>>().join(" ");
    plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
}

fn xmlattr(call: &Call<'_>) -> Result<Value> {
    let Value::Dict(dict) = &call.input else {
        return Err(Error::runtime(format!("'{}' object has no attribute 'items'", call.input.type_name())));
    };
    let mut parts = Vec::new();
    for (key, value) in dict.pairs() {
        if value.is_none() || value.is_undefined() {
            continue;
        }
        let key = to_str(&key)?;
        if key.contains([' ', '\t', '\n', '\r', '\u{c}', '/', '>', '=']) {
            return Err(Error::runtime(format!(
                "Invalid character in attribute name: {}",
                crate::value::quote_repr(&key)
            )));
        }
        parts.push(format!("{}=\"{}\"", escape(&key), escape(&to_str(&value)?)));
    }
    let text = parts.join(" ");
    let space = !text.is_empty() && call.args.truth_or("autospace", true)?;
    Ok(Value::text(if space { format!(" {text}") } else { text }))
}

fn urlize(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?;
    let limit = call.args.int_opt("trim_url_limit")?.and_then(|n| usize::try_from(n).ok());
    let mut rel: Vec<String> = call.args.text_or("rel", "")?.split_whitespace().map(str::to_owned).collect();
    if call.args.truth("nofollow")? {
        rel.push("nofollow".to_owned());
    }
    rel.push("noopener".to_owned());
    rel.sort();
    rel.dedup();
    let mut attributes = format!(" rel=\"{}\"", rel.join(" "));
    if let Some(target) = call.args.text_opt("target")? {
        attributes.push_str(&format!(" target=\"{}\"", escape(&target)));
    }
    let mut out = String::new();
    for piece in split_keeping_space(&text) {
        let head = piece.len() - piece.trim_start_matches(['(', '<']).len();
        let (open, middle) = piece.split_at(head);
        let core = middle.trim_end_matches(['.', ',', ')', '>', '\n']);
        let tail = &middle[core.len()..];
        let shown = match limit {
            Some(limit) if core.chars().count() > limit => {
                core.chars().take(limit).collect::<String>() + "..."
            }
            _ => core.to_owned(),
        };
        let host = core.split("://").last().unwrap_or("").split(['/', ':', '?']).next().unwrap_or("");
        let known = is_host(host);
        let href = if !known {
            None
        } else if core.starts_with("http://") || core.starts_with("https://") {
            Some(core.to_owned())
        } else if core.starts_with("www.") {
            Some(format!("https://{core}"))
        } else {
            None
        };
        match href {
            Some(href) => out.push_str(&format!(
                "{}<a href=\"{}\"{attributes}>{}</a>{}",
                escape(open),
                escape(&href),
                escape(&shown),
                escape(tail)
            )),
            None => out.push_str(&escape(piece)),
        }
    }
    Ok(Value::text(out))
}

/// Jinja only links hosts that look like ones.
fn is_host(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or("");
    let named = (2..=63).contains(&last.len()) && last.chars().all(|c| c.is_ascii_lowercase());
    let numeric = host.split('.').count() == 4 && host.split('.').all(|part| part.parse::<u8>().is_ok());
    named || numeric
}

fn split_keeping_space(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut space = None;
    for (i, c) in text.char_indices() {
        let is_space = c.is_whitespace();
        if space.is_some_and(|was| was != is_space) {
            pieces.push(&text[start..i]);
            start = i;
        }
        space = Some(is_space);
    }
    pieces.push(&text[start..]);
    pieces
}

fn filesizeformat(call: &Call<'_>) -> Result<Value> {
    let bytes = match (numeric(&call.input), &call.input) {
        (Some(number), _) => number.float()?,
        (None, Value::Str(text)) => super::values::python_float(text.as_str()).ok_or_else(|| {
            Error::runtime(format!(
                "could not convert string to float: {}",
                crate::value::quote_repr(text.as_str())
            ))
        })?,
        _ => return Err(Error::runtime("float() argument must be a string or a real number")),
    };
    let binary = call.args.truth("binary")?;
    let base = if binary { 1024.0 } else { 1000.0 };
    let units: [&str; 8] = if binary {
        ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
    } else {
        ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"]
    };
    if bytes == 1.0 {
        return Ok(Value::text("1 Byte"));
    }
    if bytes < base {
        #[expect(clippy::cast_possible_truncation, reason = "below the base of the units")]
        return Ok(Value::text(format!("{} Bytes", bytes as i64)));
    }
    let mut unit = base;
    for (i, name) in units.iter().enumerate() {
        unit *= base;
        if bytes < unit || i == units.len() - 1 {
            return Ok(Value::text(format!("{} {name}", crate::format::fixed(base * bytes / unit, 1))));
        }
    }
    Ok(Value::text(String::new()))
}
