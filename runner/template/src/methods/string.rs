//! Methods of `str`.

use std::sync::Arc;

use super::Given;
use super::str_case::{capitalize, casefold, is_space, swapcase, title};
use crate::error::{Error, Result};
use crate::value::{Args, Value};

pub(super) const NAMES: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

/// The widest padding: a terminal is narrower, and memory stays bounded.
const WIDTH_MAX: i64 = 10_000_000;

pub(super) fn call(text: &str, name: &str, given: &Given) -> Result<Value> {
    Ok(match name {
        "upper" => Value::text(text.to_uppercase()),
        "lower" => Value::text(text.to_lowercase()),
        "casefold" => Value::text(casefold(text)),
        "capitalize" => Value::text(capitalize(text)),
        "title" => Value::text(title(text)),
        "swapcase" => Value::text(swapcase(text)),
        "strip" | "lstrip" | "rstrip" => strip(text, name, given)?,
        "split" | "rsplit" => split_method(text, name == "rsplit", given)?,
        "splitlines" => splitlines(text, given.truth(0, "keepends")?),
        "partition" | "rpartition" => partition(text, name == "rpartition", given)?,
        "startswith" | "endswith" => affix(text, name == "startswith", given)?,
        "removeprefix" => {
            let prefix = given.text(0, "prefix")?;
            Value::text(text.strip_prefix(prefix).unwrap_or(text))
        }
        "removesuffix" => {
            let suffix = given.text(0, "suffix")?;
            let cut = if suffix.is_empty() { None } else { text.strip_suffix(suffix) };
            Value::text(cut.unwrap_or(text))
        }
        "replace" => replace(text, given)?,
        "join" => join(text, given)?,
        "find" | "rfind" | "index" | "rindex" | "count" => search(text, name, given)?,
        "center" | "ljust" | "rjust" => pad(text, name, given)?,
        "zfill" => zfill(text, given.int(0, "width")?),
        "expandtabs" => Value::text(expand_tabs(text, given.int_opt(0, "tabsize")?.unwrap_or(8))),
        "encode" => Value::Bytes(Arc::from(text.as_bytes())),
        "format" => Value::text(crate::format::braces(text, given.positional(), given.named())?),
        "format_map" => {
            let Value::Dict(dict) = given.required(0, "mapping")? else {
                return Err(Error::runtime("format_map() argument must be a mapping"));
            };
            let named: Vec<_> = dict
                .pairs()
                .into_iter()
                .filter_map(|(key, value)| Some((Arc::from(key.as_str()?), value)))
                .collect();
            Value::text(crate::format::braces(text, &[], &named)?)
        }
        "maketrans" => make_trans(given)?,
        "translate" => translate(text, given.required(0, "table")?)?,
        other => Value::Bool(super::str_case::is(text, other)),
    })
}

fn strip(text: &str, name: &str, given: &Given) -> Result<Value> {
    let chars = given.text_opt(0, "chars")?;
    let matches = |c: char| chars.map_or_else(|| is_space(c), |chars| chars.contains(c));
    Ok(Value::text(match name {
        "lstrip" => text.trim_start_matches(matches),
        "rstrip" => text.trim_end_matches(matches),
        _ => text.trim_matches(matches),
    }))
}

fn split_method(text: &str, from_right: bool, given: &Given) -> Result<Value> {
    let separator = given.text_opt(0, "sep")?;
    let max = given.int_opt(1, "maxsplit")?.unwrap_or(-1);
    split(text, separator, max, from_right).map(|parts| Value::list(parts.into_iter().map(Value::text)))
}

/// Python's `str.split` and `rsplit`.
pub(crate) fn split<'t>(
    text: &'t str,
    separator: Option<&str>,
    max: i64,
    from_right: bool,
) -> Result<Vec<&'t str>> {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let Some(separator) = separator else { return Ok(split_space(text, max, from_right)) };
    if separator.is_empty() {
        return Err(Error::runtime("empty separator"));
    }
    let pieces = max.saturating_add(1);
    if from_right {
        let mut parts: Vec<&str> = text.rsplitn(pieces, separator).collect();
        parts.reverse();
        return Ok(parts);
    }
    Ok(text.splitn(pieces, separator).collect())
}

fn split_space(text: &str, max: usize, from_right: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    if from_right {
        rest = rest.trim_end_matches(is_space);
        while !rest.is_empty() {
            match rest.rfind(is_space) {
                Some(at) if parts.len() < max => {
                    let width = rest[at..].chars().next().map_or(1, char::len_utf8);
                    parts.push(&rest[at + width..]);
                    rest = rest[..at].trim_end_matches(is_space);
                }
                _ => {
                    parts.push(rest.trim_start_matches(|c| parts.len() < max && is_space(c)));
                    break;
                }
            }
        }
        if let Some(last) = parts.last_mut() {
            *last = last.trim_start_matches(is_space);
        }
        parts.retain(|part| !part.is_empty());
        parts.reverse();
        return parts;
    }
    loop {
        rest = rest.trim_start_matches(is_space);
        if rest.is_empty() {
            return parts;
        }
        match rest.find(is_space) {
            Some(at) if parts.len() < max => {
                parts.push(&rest[..at]);
                rest = &rest[at..];
            }
            Some(_) => {
                parts.push(rest);
                return parts;
            }
            None => {
                parts.push(rest);
                return parts;
            }
        }
    }
}

fn splitlines(text: &str, keep_ends: bool) -> Value {
    Value::list(lines(text, keep_ends).into_iter().map(Value::text))
}

/// Python's `str.splitlines`.
pub(crate) fn lines(text: &str, keep_ends: bool) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        let breaks = matches!(
            c,
            '\n' | '\r'
                | '\u{b}'
                | '\u{c}'
                | '\u{1c}'
                | '\u{1d}'
                | '\u{1e}'
                | '\u{85}'
                | '\u{2028}'
                | '\u{2029}'
        );
        if !breaks {
            continue;
        }
        let mut end = i + c.len_utf8();
        if c == '\r' && chars.peek().is_some_and(|(_, c)| *c == '\n') {
            chars.next();
            end += 1;
        }
        lines.push(&text[start..if keep_ends { end } else { i }]);
        start = end;
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

fn partition(text: &str, from_right: bool, given: &Given) -> Result<Value> {
    let separator = given.text(0, "sep")?;
    if separator.is_empty() {
        return Err(Error::runtime("empty separator"));
    }
    let found = if from_right { text.rsplit_once(separator) } else { text.split_once(separator) };
    let parts = match (found, from_right) {
        (Some((before, after)), _) => [before, separator, after],
        (None, false) => [text, "", ""],
        (None, true) => ["", "", text],
    };
    Ok(Value::tuple(parts.map(Value::text)))
}

fn affix(text: &str, start: bool, given: &Given) -> Result<Value> {
    let name = if start { "startswith" } else { "endswith" };
    let (text, _) = window(text, given)?;
    let check = |candidate: &Value| match candidate.as_str() {
        Some(affix) => Ok(if start { text.starts_with(affix) } else { text.ends_with(affix) }),
        None => Err(Error::runtime(format!(
            "{name} first arg must be str or a tuple of str, not {}",
            candidate.type_name()
        ))),
    };
    let first = given.required(0, "prefix")?;
    Ok(Value::Bool(match first {
        Value::Tuple(candidates) => {
            let mut found = false;
            for candidate in candidates.iter() {
                found |= check(candidate)?;
            }
            found
        }
        other => check(other)?,
    }))
}

/// The part of a text between the second and third argument, and how many characters lie before it.
fn window<'t>(text: &'t str, given: &Given) -> Result<(&'t str, usize)> {
    let (start, end) = (given.int_opt(1, "start")?, given.int_opt(2, "end")?);
    if start.is_none() && end.is_none() {
        return Ok((text, 0));
    }
    let len = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let clamp = |i: i64| usize::try_from(if i < 0 { i + len } else { i }.clamp(0, len)).unwrap_or(0);
    let (start, end) = (clamp(start.unwrap_or(0)), clamp(end.unwrap_or(len)));
    let byte = |chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(i, _)| i);
    if start >= end {
        return Ok(("", start));
    }
    Ok((&text[byte(start)..byte(end)], start))
}

fn replace(text: &str, given: &Given) -> Result<Value> {
    let (old, new) = (given.text(0, "old")?, given.text(1, "new")?);
    let count = given.int_opt(2, "count")?.unwrap_or(-1);
    Ok(Value::text(match usize::try_from(count) {
        Ok(count) => text.replacen(old, new, count),
        Err(_) => text.replace(old, new),
    }))
}

fn join(text: &str, given: &Given) -> Result<Value> {
    let mut out = String::new();
    for (i, item) in given.required(0, "iterable")?.iterate()?.into_iter().enumerate() {
        if i > 0 {
            out.push_str(text);
        }
        match item {
            Value::Str(part) => out.push_str(part.as_str()),
            Value::Undefined(why) => return Err(why.error.clone()),
            other => {
                return Err(Error::runtime(format!(
                    "sequence item {i}: expected str instance, {} found",
                    other.type_name()
                )));
            }
        }
    }
    Ok(Value::text(out))
}

fn search(text: &str, name: &str, given: &Given) -> Result<Value> {
    let needle = given.text(0, "sub")?;
    let (within, before) = window(text, given)?;
    if name == "count" {
        let count =
            if needle.is_empty() { within.chars().count() + 1 } else { within.matches(needle).count() };
        return Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)));
    }
    let found = if name.starts_with('r') { within.rfind(needle) } else { within.find(needle) };
    match found {
        Some(at) => {
            let place = before + within[..at].chars().count();
            Ok(Value::Int(i64::try_from(place).unwrap_or(i64::MAX)))
        }
        None if name.ends_with("index") => Err(Error::runtime("substring not found")),
        None => Ok(Value::Int(-1)),
    }
}

fn pad(text: &str, name: &str, given: &Given) -> Result<Value> {
    let width = given.int(0, "width")?.min(WIDTH_MAX);
    let fill = given.text_opt(1, "fillchar")?.unwrap_or(" ");
    let mut chars = fill.chars();
    let (Some(fill), None) = (chars.next(), chars.next()) else {
        return Err(Error::runtime("The fill character must be exactly one character long"));
    };
    let len = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let missing = usize::try_from(width - len).unwrap_or(0);
    let left = match name {
        "ljust" => 0,
        "rjust" => missing,
        _ => {
            let odd_width = usize::try_from(width.max(0)).unwrap_or(0) & 1;
            missing / 2 + (missing & odd_width & 1)
        }
    };
    let mut out: String = std::iter::repeat_n(fill, left).collect();
    out.push_str(text);
    out.extend(std::iter::repeat_n(fill, missing - left));
    Ok(Value::text(out))
}

fn zfill(text: &str, width: i64) -> Value {
    let len = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let missing = usize::try_from(width.min(WIDTH_MAX) - len).unwrap_or(0);
    let (sign, rest) = match text.strip_prefix(['+', '-']) {
        Some(rest) => text.split_at(text.len() - rest.len()),
        None => ("", text),
    };
    Value::text(format!("{sign}{}{rest}", "0".repeat(missing)))
}

fn expand_tabs(text: &str, size: i64) -> String {
    let size = usize::try_from(size.min(WIDTH_MAX)).unwrap_or(0);
    let mut out = String::new();
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' if size > 0 => {
                let spaces = size - column % size;
                out.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
            }
            '\t' => {}
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            c => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}

fn make_trans(given: &Given) -> Result<Value> {
    use crate::value::{Dict, Key, Map};
    let mut map = Map::new();
    let code = |c: char| Key(Value::Int(i64::from(u32::from(c))));
    if given.len() == 1 {
        let Value::Dict(dict) = given.required(0, "x")? else {
            return Err(Error::runtime("if you give only one argument to maketrans it must be a dict"));
        };
        for (key, value) in dict.pairs() {
            match key.as_str().and_then(|text| text.chars().next()) {
                Some(c) => map.insert(code(c), value),
                None => map.insert(Key::new(key)?, value),
            };
        }
        return Ok(Value::Dict(Dict::new(map)));
    }
    let (from, to) = (given.text(0, "x")?, given.text(1, "y")?);
    if from.chars().count() != to.chars().count() {
        return Err(Error::runtime("the first two maketrans arguments must have equal length"));
    }
    for (a, b) in from.chars().zip(to.chars()) {
        map.insert(code(a), Value::Int(i64::from(u32::from(b))));
    }
    for c in given.text_opt(2, "z")?.unwrap_or("").chars() {
        map.insert(code(c), Value::None);
    }
    Ok(Value::Dict(Dict::new(map)))
}

fn translate(text: &str, table: &Value) -> Result<Value> {
    let Value::Dict(table) = table else {
        return Err(Error::runtime(format!("'{}' object is not subscriptable", table.type_name())));
    };
    let mut out = String::new();
    for c in text.chars() {
        let key = crate::value::Key(Value::Int(i64::from(u32::from(c))));
        match table.get(&key) {
            None => out.push(c),
            Some(Value::None) => {}
            Some(Value::Str(with)) => out.push_str(with.as_str()),
            Some(other) => {
                let code = other.as_int().and_then(|i| u32::try_from(i).ok()).and_then(char::from_u32);
                out.push(code.ok_or_else(|| Error::runtime("character mapping must be in range(0x110000)"))?);
            }
        }
    }
    Ok(Value::text(out))
}

/// A method call from Rust, for filters that share a method's rules.
pub(crate) fn method(text: &str, name: &str, positional: Vec<Value>) -> Result<Value> {
    call(text, name, &Given { name: Arc::from(name), args: Args::of(positional) })
}
