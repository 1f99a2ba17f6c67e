//! Filters with regular expressions.

use super::{Call, Filter};
use crate::error::{Error, Result};
use crate::pattern::{Match, Pattern, Replacement, escape};
use crate::value::{Value, to_str};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new(
        "regex_replace",
        &["pattern", "replacement", "ignorecase", "multiline", "count", "mandatory_count"],
        replace,
    ),
    Filter::new("regex_search", &["regex!", "*", "ignorecase", "multiline"], search),
    Filter::new("regex_findall", &["regex!", "multiline", "ignorecase"], findall),
    Filter::new("regex_escape", &["re_type"], regex_escape),
];

fn pattern(call: &Call<'_>, name: &str) -> Result<Pattern> {
    let text = match call.args.get(name) {
        Some(Value::Str(text)) => text.as_str().to_owned(),
        None => String::new(),
        Some(other) => {
            let what = if other.is_none() { "NoneType" } else { other.type_name() };
            let _ = what;
            return Err(Error::runtime("first argument must be string or compiled pattern"));
        }
    };
    Pattern::new(&text, call.args.truth("ignorecase")?, call.args.truth("multiline")?)
}

fn replace(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?;
    let pattern = pattern(call, "pattern")?;
    let with = call.args.text_or("replacement", "")?;
    let with = Replacement::new(&with, &pattern)?;
    let count = usize::try_from(call.args.int_or("count", 0)?).unwrap_or(0);
    let (out, done) = pattern.replace(&text, &with, count)?;
    let wanted = usize::try_from(call.args.int_or("mandatory_count", 0)?).unwrap_or(0);
    if wanted > 0 && wanted != done {
        return Err(Error::runtime(format!(
            "'{}' should match {wanted} times, but matches {count} times in {}",
            call.args.text_or("pattern", "")?,
            crate::value::quote_repr(&text)
        )));
    }
    Ok(Value::text(out))
}

fn group_text(found: &Match, text: &str, group: usize) -> Value {
    found.text(text, group).map_or(Value::None, Value::text)
}

fn search(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?;
    let pattern = pattern(call, "regex")?;
    let mut groups = Vec::new();
    for wanted in &call.args.rest {
        let wanted = to_str(wanted)?;
        let number = if let Some(name) = wanted.strip_prefix("\\g<").and_then(|rest| rest.strip_suffix('>')) {
            name.parse()
                .ok()
                .or_else(|| pattern.group_number(name))
                .ok_or_else(|| Error::runtime("no such group"))?
        } else if let Some(number) = wanted.strip_prefix('\\').and_then(|rest| rest.parse::<usize>().ok()) {
            number
        } else {
            return Err(Error::runtime("Unknown argument"));
        };
        groups.push(number);
    }
    let Some(found) = pattern.search(&text, 0)? else { return Ok(Value::None) };
    if groups.is_empty() {
        return Ok(group_text(&found, &text, 0));
    }
    if groups.iter().any(|group| *group > pattern.group_count()) {
        return Err(Error::runtime("no such group"));
    }
    Ok(Value::list(groups.into_iter().map(|group| group_text(&found, &text, group))))
}

fn findall(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?;
    let pattern = pattern(call, "regex")?;
    let part = |found: &Match, group| Value::text(found.text(&text, group).unwrap_or(""));
    let groups = pattern.group_count();
    Ok(Value::list(pattern.matches(&text)?.iter().map(|found| match groups {
        0 => part(found, 0),
        1 => part(found, 1),
        _ => Value::tuple((1..=groups).map(|group| part(found, group))),
    })))
}

fn regex_escape(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?;
    match call.args.text_or("re_type", "python")?.as_str() {
        "python" => Ok(Value::text(escape(&text))),
        "posix_basic" => {
            let mut out = String::new();
            for c in text.chars() {
                if "].[^$*\\".contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
            Ok(Value::text(out))
        }
        "posix_extended" => Err(Error::runtime("Regex type (posix_extended) not yet implemented")),
        other => Err(Error::runtime(format!("Invalid regex type ({other})"))),
    }
}
