//! Ansible's advice about broken YAML: what the line at fault most probably has wrong.

/// A better message for a broken line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The sentence that replaces libyaml's.
    pub message: &'static str,
    /// An example of wrong and right.
    pub help: Option<String>,
    /// The column it points at, from 1.
    pub column: u32,
}

/// Looks at the line libyaml complained about.
pub fn advise(line: &str) -> Option<Advice> {
    if let Some(at) = line.chars().position(|c| c == '\t') {
        return Some(Advice { message: "Tabs are usually invalid in YAML.", help: None, column: column(at) });
    }
    let chars: Vec<char> = line.chars().collect();
    let start = value_start(&chars);
    let value = &chars[start..];
    if value.starts_with(&['{', '{']) {
        return Some(Advice {
            message: "This may be an issue with missing quotes around a template block.",
            help: Some(example("{{ some_var }}", "\"{{ some_var }}\"")),
            column: column(start),
        });
    }
    let colon =
        (0..value.len()).find(|at| value[*at] == ':' && value.get(at + 1).is_none_or(|c| c.is_whitespace()));
    if let Some(at) = colon {
        return Some(Advice {
            message: "Colons in unquoted values must be followed by a non-space character.",
            help: Some(example("echo 'name: ansible'", "\"echo 'name: ansible'\"")),
            column: column(start + at),
        });
    }
    let (Some(first @ ('"' | '\'')), Some(last)) = (value.first(), value.last()) else { return None };
    if first != last || value.len() == 1 {
        return Some(Advice {
            message: "Values starting with a quote must end with the same quote.",
            help: Some(example("\"foo\" in bar", "'\"foo\" in bar'")),
            column: column(start),
        });
    }
    let inside = &value[1..value.len() - 1];
    inside.contains(first).then(|| Advice {
        message: "Values starting with a quote must end with the same quote, and not contain that quote.",
        help: Some(example("\"foo\" in \"bar\"", "'\"foo\" in \"bar\"'")),
        column: column(start),
    })
}

fn example(wrong: &str, right: &str) -> String {
    format!("\nFor example:\n\n    raw: {wrong}\n\nShould be:\n\n    raw: {right}\n")
}

fn column(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// Where the value begins: after indentation, dashes, and a key of words.
fn value_start(chars: &[char]) -> usize {
    let mut at = skip(chars, 0, |c| c.is_whitespace());
    while chars.get(at) == Some(&'-') && chars.get(at + 1).is_some_and(|c| c.is_whitespace()) {
        at = skip(chars, at + 1, |c| c.is_whitespace());
    }
    let key = if matches!(chars.get(at), Some('{' | '[')) { at + 1 } else { at };
    let end = skip(chars, key, |c| c.is_alphanumeric() || c == '_' || c.is_whitespace());
    let is_key =
        end > key && chars.get(end) == Some(&':') && chars.get(end + 1).is_some_and(|c| c.is_whitespace());
    if is_key { skip(chars, end + 1, |c| c.is_whitespace()) } else { at }
}

fn skip(chars: &[char], from: usize, test: impl Fn(char) -> bool) -> usize {
    from + chars[from..].iter().take_while(|c| test(**c)).count()
}

/// libyaml's context and problem as a sentence.
pub fn sentence(context: Option<&str>, problem: &str) -> String {
    let text = match context {
        Some(context) => format!("{context} {problem}"),
        None => problem.to_owned(),
    };
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let text = format!("{first}{}", chars.as_str());
    if text.ends_with('.') { text } else { format!("{text}.") }
}
