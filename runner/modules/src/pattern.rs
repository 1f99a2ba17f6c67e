//! Python's regular expressions on the machine: compiled with look-around, replaced with Python's templates.

use fancy_regex::{Captures, Regex, RegexBuilder};

/// How Python compiled it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags {
    /// `^` and `$` match at lines.
    pub multiline: bool,
    /// `.` matches line ends.
    pub dotall: bool,
}

/// A pattern that cannot take longer than this many steps to fail: a bad one must not hang the machine.
const BACKTRACK_MAX: usize = 10_000_000;

/// Compiles a pattern of Python's.
pub fn compile(pattern: &str, flags: Flags) -> Result<Regex, String> {
    let prefix = match (flags.multiline, flags.dotall) {
        (false, false) => "",
        (true, false) => "(?m)",
        (false, true) => "(?s)",
        (true, true) => "(?ms)",
    };
    let text = format!("{prefix}{}", translate(pattern, flags.multiline));
    let built = RegexBuilder::new(&text).backtrack_limit(BACKTRACK_MAX).build();
    built.map_err(|error| format!("{error}"))
}

/// Rewrites what Python writes differently: `\Z`, `$` before a last line end, `\"`-style needless escapes.
fn translate(pattern: &str, multiline: bool) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('Z') if !in_class => out.push_str("\\z"),
                // Python takes these as themselves; the engine has other meanings for them or refuses.
                Some(
                    c @ ('<' | '>' | '\'' | '"' | '`' | ' ' | '%' | '=' | '@' | ':' | ';' | ',' | '!' | '/'
                    | '_'),
                ) => {
                    out.push(c);
                }
                Some(c) => out.extend(['\\', c]),
                None => out.push('\\'),
            },
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    chars.next();
                    out.push('^');
                }
                if chars.peek() == Some(&']') {
                    chars.next();
                    out.push_str("\\]");
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            // Nested classes and set operations exist in the engine only.
            '[' => out.push_str("\\["),
            '&' | '~' if in_class => out.extend(['\\', c]),
            '$' if !in_class && !multiline => out.push_str("(?=\\n?\\z)"),
            c => out.push(c),
        }
    }
    out
}

/// Fills a Python replacement template: `\1`, `\g<1>`, `\g<name>`, `\n`, `\t`, `\\`.
pub fn expand(template: &str, captures: &Captures<'_, str>) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    let group = |index: usize| -> Result<&str, String> {
        if index >= captures.len() {
            return Err(format!("invalid group reference {index}"));
        }
        Ok(captures.get(index).map_or("", |found| found.as_str()))
    };
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('g') if chars.peek() == Some(&'<') => {
                chars.next();
                let name: String = chars.by_ref().take_while(|c| *c != '>').collect();
                match name.parse() {
                    Ok(index) => out.push_str(group(index)?),
                    Err(_) => {
                        out.push_str(captures.name(&name).map_or("", |found| found.as_str()));
                    }
                }
            }
            Some('0') => {
                let digits: String =
                    std::iter::from_fn(|| chars.next_if(|c| ('0'..='7').contains(c))).take(2).collect();
                let code = u32::from_str_radix(&digits, 8).unwrap_or(0);
                out.extend(char::from_u32(code));
            }
            Some(c) if c.is_ascii_digit() => {
                let mut index = c.to_digit(10).unwrap_or(0) as usize;
                if let Some(next) = chars.next_if(char::is_ascii_digit) {
                    index = index * 10 + next.to_digit(10).unwrap_or(0) as usize;
                }
                out.push_str(group(index)?);
            }
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('f') => out.push('\u{c}'),
            Some('v') => out.push('\u{b}'),
            Some('a') => out.push('\u{7}'),
            Some('b') => out.push('\u{8}'),
            Some('\\') => out.push('\\'),
            Some(c) if c.is_ascii_alphabetic() => return Err(format!("bad escape \\{c}")),
            Some(c) => out.extend(['\\', c]),
            None => return Err("bad escape (end of pattern)".into()),
        }
    }
    Ok(out)
}

/// Whether it is found anywhere. A pattern that gives up counts as not found.
pub fn found(regex: &Regex, text: &str) -> bool {
    regex.is_match(text).unwrap_or(false)
}

/// Python's `subn`: the new text and how often it was replaced.
pub fn replace_all(regex: &Regex, text: &str, template: &str) -> Result<(String, usize), String> {
    let (mut out, mut at, mut count) = (String::new(), 0, 0);
    for captures in regex.captures_iter(text) {
        let captures = captures.map_err(|error| error.to_string())?;
        let whole = captures.get(0).ok_or("a match has no extent")?;
        out.push_str(&text[at..whole.start()]);
        out.push_str(&expand(template, &captures)?);
        at = whole.end();
        count += 1;
    }
    out.push_str(&text[at..]);
    Ok((out, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_pythons() {
        let check = |pattern: &str, text: &str, template: &str, want: &str| {
            let regex = compile(pattern, Flags::default()).expect(pattern);
            assert_eq!(replace_all(&regex, text, template).expect(pattern).0, want, "{pattern} on {text}");
        };
        check(r"(a)(?P<x>b)", "ab", r"\2\g<x>\g<1>\n", "bba\n");
        check(r"b$", "ab\n", "c", "ac\n");
        check(r"[[]x", "[x", "y", "y");
        check(r"^(?!#)x=.*", "x=1", "x=2", "x=2");
        check(r"\<a\>", "<a>", "b", "b");
        check(r"x*", "abc", "-", "-a-b-c-");
        assert!(compile("(", Flags::default()).is_err());
    }
}
