//! Ansible's filters over text: comments, quoting, splitting.

use super::{Call, Filter};
use crate::error::{Error, Result};
use crate::methods;
use crate::value::{Value, to_str};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new(
        "comment",
        &[
            "style",
            "decoration",
            "newline",
            "beginning",
            "end",
            "prefix",
            "prefix_count",
            "postfix",
            "postfix_count",
        ],
        comment,
    ),
    Filter::new("quote", &[], |call| {
        let text = if call.input.is_none() { String::new() } else { to_str(&call.input)? };
        Ok(Value::text(shell_quote(&text)))
    }),
    Filter::new("split", &["sep", "maxsplit"], |call| {
        let Value::Str(text) = &call.input else {
            return Err(Error::runtime(format!(
                "descriptor 'split' for 'str' objects doesn't apply to a '{}' object",
                call.input.type_name()
            )));
        };
        let mut args = vec![call.args.get("sep").cloned().unwrap_or_default()];
        args.extend(call.args.get("maxsplit").cloned());
        methods::text(text.as_str(), "split", args)
    }),
];

/// Python's `shlex.quote`.
pub(super) fn shell_quote(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(safe) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

fn comment(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?;
    let style = call.args.text_or("style", "plain")?;
    let (decoration, beginning, end) = match style.as_str() {
        "plain" => ("# ", "", ""),
        "erlang" => ("% ", "", ""),
        "c" => ("// ", "", ""),
        "cblock" => (" * ", "/*", " */"),
        "xml" => (" - ", "<!--", "-->"),
        other => {
            return Err(Error::runtime(format!("Invalid style {}.", crate::value::quote_repr(other))));
        }
    };
    let decoration = call.args.text_or("decoration", decoration)?;
    let newline = call.args.text_or("newline", "\n")?;
    let trimmed = decoration.trim_end().to_owned();
    let prefix = call.args.text_or("prefix", &trimmed)?;
    let postfix = call.args.text_or("postfix", &trimmed)?;
    let times = |name: &str| -> Result<usize> {
        Ok(usize::try_from(call.args.int_or(name, 1)?.clamp(0, 1_000)).unwrap_or(0))
    };
    let line = |text: String| if text.is_empty() { String::new() } else { text + &newline };
    let beginning = line(call.args.text_or("beginning", beginning)?);
    let end = call.args.text_or("end", end)?;
    let prefix = if prefix.is_empty() {
        String::new()
    } else {
        format!("{prefix}{newline}").repeat(times("prefix_count")?)
    };
    let body = format!("{decoration}{}", text.replace(newline.as_str(), &format!("{newline}{decoration}")));
    let body = body.replace(&format!("{decoration}{newline}"), &format!("{trimmed}{newline}"));
    let postfix =
        std::iter::repeat_n(format!("{newline}{postfix}"), times("postfix_count")?).collect::<String>();
    let end = if end.is_empty() { String::new() } else { format!("{newline}{end}") };
    Ok(Value::text(format!("{beginning}{prefix}{body}{postfix}{end}")))
}

/// The characters that a password may have: names of classes, or the characters themselves.
pub(crate) fn password_chars(names: &[String]) -> Vec<char> {
    let mut out = Vec::new();
    for name in names {
        let class: String = match name.as_str() {
            "ascii_letters" => ('a'..='z').chain('A'..='Z').collect(),
            "ascii_lowercase" => ('a'..='z').collect(),
            "ascii_uppercase" => ('A'..='Z').collect(),
            "digits" => ('0'..='9').collect(),
            "hexdigits" => "0123456789abcdefABCDEF".to_owned(),
            "octdigits" => ('0'..='7').collect(),
            "punctuation" => "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".to_owned(),
            "whitespace" => " \t\n\r\u{b}\u{c}".to_owned(),
            other => other.replace(['"', '\''], ""),
        };
        out.extend(class.chars());
    }
    out
}
