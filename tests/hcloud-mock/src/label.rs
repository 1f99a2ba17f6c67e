//! Labels and label selectors: their grammar, and whether a selector matches a set of labels.
use std::collections::BTreeMap;

/// A set of labels.
pub type Labels = BTreeMap<String, String>;

/// Longest name or value of a label.
const NAME_MAX: usize = 63;
/// Longest prefix of a key (a DNS name).
const PREFIX_MAX: usize = 253;
/// Longest selector the API takes.
const SELECTOR_MAX: usize = 1000;

/// Why a key is not a label key; `None` when it is.
pub fn key_problem(key: &str) -> Option<&'static str> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if name.is_empty() || !is_word(name) {
        return Some("label key is invalid");
    }
    match prefix {
        Some("hetzner.cloud") => Some("label key prefix 'hetzner.cloud/' is reserved"),
        Some(p) if p.is_empty() || p.len() > PREFIX_MAX || !has_word_shape(p) => Some("label key is invalid"),
        _ => None,
    }
}

/// Why a value is not a label value; `None` when it is.
pub fn value_problem(value: &str) -> Option<&'static str> {
    (!value.is_empty() && !is_word(value)).then_some("label value is invalid")
}

fn is_word(text: &str) -> bool {
    text.len() <= NAME_MAX && has_word_shape(text)
}

fn has_word_shape(text: &str) -> bool {
    let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    ends(bytes.first()) && ends(bytes.last()) && bytes.iter().copied().all(inside)
}

/// A parsed selector: all terms must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector(Vec<Term>);

#[derive(Clone, Debug, PartialEq)]
enum Term {
    Has(String),
    HasNot(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
}

impl Selector {
    /// Reads a selector; `None` when it is malformed.
    pub fn parse(text: &str) -> Option<Selector> {
        if text.trim().is_empty() || text.len() > SELECTOR_MAX {
            return None;
        }
        split_terms(text)?.into_iter().map(parse_term).collect::<Option<Vec<Term>>>().map(Selector)
    }

    /// Whether the labels satisfy every term. A missing key satisfies `!=` and `notin`.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|term| match term {
            Term::Has(key) => labels.contains_key(key),
            Term::HasNot(key) => !labels.contains_key(key),
            Term::In(key, values) => labels.get(key).is_some_and(|v| values.contains(v)),
            Term::NotIn(key, values) => labels.get(key).is_none_or(|v| !values.contains(v)),
        })
    }
}

fn split_terms(text: &str) -> Option<Vec<&str>> {
    let (mut terms, mut depth, mut start) = (Vec::new(), 0usize, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => {
                terms.push(text.get(start..at)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    terms.push(text.get(start..)?);
    (depth == 0).then_some(terms)
}

fn parse_term(term: &str) -> Option<Term> {
    let term = term.trim();
    if let Some((key, values)) = term.strip_suffix(')').and_then(|t| t.split_once('(')) {
        let values: Vec<String> = values.split(',').map(|v| v.trim().to_owned()).collect();
        let values_ok = values.iter().all(|v| value_problem(v).is_none());
        let (key, operator) = key.trim_end().rsplit_once(char::is_whitespace)?;
        let key = valid_key(key)?;
        return match operator {
            "in" if values_ok => Some(Term::In(key, values)),
            "notin" if values_ok => Some(Term::NotIn(key, values)),
            _ => None,
        };
    }
    if let Some((key, value)) = term.split_once("!=") {
        return Some(Term::NotIn(valid_key(key)?, vec![valid_value(value)?]));
    }
    if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return Some(Term::In(valid_key(key)?, vec![valid_value(value)?]));
    }
    match term.strip_prefix('!') {
        Some(key) => Some(Term::HasNot(valid_key(key)?)),
        None => Some(Term::Has(valid_key(term)?)),
    }
}

fn valid_key(key: &str) -> Option<String> {
    let key = key.trim();
    let reserved = key.starts_with("hetzner.cloud/");
    (reserved || key_problem(key).is_none()).then(|| key.to_owned())
}

fn valid_value(value: &str) -> Option<String> {
    let value = value.trim();
    value_problem(value).is_none().then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Labels, Selector, key_problem, value_problem};

    fn check(selector: &str, labels: &str) -> Option<bool> {
        let labels: Labels = labels
            .split_whitespace()
            .map(|l| l.split_once('=').unwrap_or((l, "")))
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect();
        Selector::parse(selector).map(|s| s.matches(&labels))
    }

    #[test]
    fn every_form_of_the_grammar() {
        let cases = [
            ("env", "env=prod", true),
            ("env", "tier=1", false),
            ("!env", "tier=1", true),
            ("!env", "env=prod", false),
            ("env=prod", "env=prod", true),
            ("env==prod", "env=dev", false),
            ("env!=prod", "env=dev", true),
            ("env!=prod", "tier=1", true),
            ("env in (prod,dev)", "env=dev", true),
            ("env in (prod, dev)", "env=test", false),
            ("env notin (prod,dev)", "env=test", true),
            ("env notin (prod,dev)", "tier=1", true),
            ("env notin (prod)", "env=prod", false),
            ("env=prod,tier!=2,!old", "env=prod tier=1", true),
            ("env=prod,tier!=2,!old", "env=prod tier=1 old", false),
            ("example.com/a=", "example.com/a", true),
            (" env = prod , tier ", "env=prod tier=1", true),
        ];
        for (selector, labels, expected) in cases {
            assert_eq!(check(selector, labels), Some(expected), "{selector} on {labels}");
        }
    }

    #[test]
    fn malformed_selectors_are_refused() {
        for bad in
            ["", " ", "a,,b", ",", "a=b=c", "a in b", "a in (b", "a b", "(", ")", "=a", "!", "a in ()x", "-a"]
        {
            assert_eq!(check(bad, ""), None, "{bad}");
        }
    }

    #[test]
    fn keys_and_values() {
        for good in ["a", "a.b-c_d", "example.com/a", &"a".repeat(63)] {
            assert_eq!(key_problem(good), None, "{good}");
        }
        for bad in ["", "-a", "a-", "a b", "/a", "a/", "a/b/c", "hetzner.cloud/x", &"a".repeat(64), "ü"] {
            assert!(key_problem(bad).is_some(), "{bad}");
        }
        assert_eq!(value_problem(""), None);
        assert!(value_problem("a b").is_some() && value_problem(&"a".repeat(64)).is_some());
    }
}
