//! Tests with regular expressions, and of URLs.

use super::{Call, Test};
use crate::error::{Error, Result};
use crate::pattern::Pattern;
use crate::value::{Value, to_str};

pub(super) const TESTS: &[Test] = &[
    Test::new("match", &["pattern", "ignorecase", "multiline"], |call| regex(call, "match")),
    Test::new("search", &["pattern", "ignorecase", "multiline"], |call| regex(call, "search")),
    Test::new("regex", &["pattern", "ignorecase", "multiline", "match_type"], |call| {
        regex(call, &call.args.text_or("match_type", "search")?)
    }),
    Test::new("uri", &["schemes"], |call| uri(call, false)),
    Test::new("url", &["schemes"], |call| uri(call, true)),
    Test::new("urn", &[], |call| {
        let text = to_str(call.input)?;
        Ok(text.to_lowercase().starts_with("urn:") && text.len() > 4 && !text.contains("//"))
    }),
];

fn regex(call: &Call<'_>, how: &str) -> Result<bool> {
    let text = to_str(call.input)?;
    let pattern = match call.args.get("pattern") {
        None => String::new(),
        Some(Value::Str(text)) => text.as_str().to_owned(),
        Some(_) => return Err(Error::runtime("first argument must be string or compiled pattern")),
    };
    let (ignore, multi) = (call.args.truth("ignorecase")?, call.args.truth("multiline")?);
    // What is wrong with a pattern is said of the pattern as it was written.
    let plain = Pattern::new(&pattern, ignore, multi)?;
    match how {
        "match" => Ok(Pattern::new(&anchored(&pattern), ignore, multi)?.search(&text, 0)?.is_some()),
        "fullmatch" => Ok(Pattern::new(&format!("{}\\Z", anchored(&pattern)), ignore, multi)?
            .search(&text, 0)?
            .is_some()),
        "search" => Ok(plain.search(&text, 0)?.is_some()),
        other => Err(Error::runtime(format!("module 're' has no attribute '{other}'"))),
    }
}

/// The pattern bound to the start of the text; flags stay in front.
fn anchored(pattern: &str) -> String {
    let flags = match pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')')) {
        Some((flags, _)) if flags.chars().all(|c| "aiLmsux".contains(c)) && !flags.is_empty() => {
            flags.len() + 3
        }
        _ => 0,
    };
    format!("{}\\A(?:{})", &pattern[..flags], &pattern[flags..])
}

fn uri(call: &Call<'_>, url: bool) -> Result<bool> {
    let text = to_str(call.input)?;
    let (scheme, rest) = match text.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) =>
        {
            (scheme.to_lowercase(), rest)
        }
        _ => return Ok(false),
    };
    let netloc =
        rest.strip_prefix("//").map_or("", |after| after.split(['/', '?', '#']).next().unwrap_or(""));
    let path = rest.strip_prefix("//").map_or(rest, |after| &after[netloc.len()..]);
    let known = match call.args.some("schemes") {
        Some(schemes) => {
            let schemes: Result<Vec<String>> = schemes.iterate()?.iter().map(to_str).collect();
            schemes?.contains(&scheme)
        }
        None => true,
    };
    let shaped = if url { !netloc.is_empty() } else { !netloc.is_empty() || !path.is_empty() };
    Ok(known && shaped)
}
