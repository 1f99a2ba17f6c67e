//! Lookups: data from outside of the variables, through the world that was handed in.

mod files;
mod lists;
mod password;
mod sequence;
mod tables;
mod variables;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use runner_playbook::source::Span;

use crate::error::{Error, ErrorKind, Result};
use crate::eval::Context;
use crate::filters::wrapped;
use crate::templar::LookupStyle;
use crate::value::{Dict, Value, to_str};

/// One use of a lookup.
pub(crate) struct Call<'c> {
    pub(crate) context: &'c Context,
    pub(crate) terms: Vec<Value>,
    pub(crate) options: Dict,
}

impl Call<'_> {
    fn texts(&self) -> Result<Vec<String>> {
        self.terms.iter().map(to_str).collect()
    }

    fn option(&self, name: &str) -> Option<Value> {
        self.options.get_str(name)
    }

    fn text(&self, name: &str, default: &str) -> Result<String> {
        self.option(name).map_or_else(|| Ok(default.to_owned()), |value| to_str(&value))
    }

    fn truth(&self, name: &str, default: bool) -> Result<bool> {
        match self.option(name) {
            None => Ok(default),
            Some(Value::Str(text)) => {
                Ok(matches!(text.as_str().to_lowercase().as_str(), "yes" | "on" | "true" | "1" | "y" | "t"))
            }
            Some(value) => value.truthy(),
        }
    }
}

type Lookup = fn(&Call<'_>) -> Result<Vec<Value>>;

const TABLES: &[&[(&str, Lookup)]] = &[
    files::LOOKUPS,
    lists::LOOKUPS,
    password::LOOKUPS,
    sequence::LOOKUPS,
    tables::LOOKUPS,
    variables::LOOKUPS,
];

const COLLECTIONS: &[&str] = &["ansible.builtin.", "ansible.legacy.", "community.general.", "ansible.utils."];

fn table() -> &'static HashMap<&'static str, Lookup> {
    static TABLE: OnceLock<HashMap<&'static str, Lookup>> = OnceLock::new();
    TABLE.get_or_init(|| TABLES.iter().flat_map(|table| table.iter().copied()).collect())
}

fn find(name: &str) -> Option<Lookup> {
    let short = COLLECTIONS.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    table().get(short).copied()
}

/// Whether there is a lookup of that name.
pub(crate) fn exists(name: &str) -> bool {
    find(name).is_some()
}

/// Every name.
pub(crate) fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = table().keys().copied().collect();
    names.sort_unstable();
    names
}

/// Runs a lookup and hands its result back as `lookup()` or `query()` do.
pub(crate) fn run(
    context: &Context,
    name: &str,
    terms: Vec<Value>,
    options: &Dict,
    style: LookupStyle,
) -> Result<Value> {
    let Some(lookup) = find(name) else {
        let mut error =
            Error::new(ErrorKind::NoSuchPlugin, format!("The lookup plugin '{name}' was not found."));
        if let Some(help) = crate::check::suggestion("lookup", name) {
            error = error.with_help(help);
        }
        return Err(error);
    };
    let list = style == LookupStyle::List || options.get_str("wantlist").map_or(Ok(false), |v| v.truthy())?;
    let errors = options.get_str("errors").map_or_else(|| Ok("strict".to_owned()), |v| to_str(&v))?;
    let call = Call { context, terms, options: options.clone() };
    let found = lookup(&call).map_err(|error| wrapped("lookup", name, error));
    let items = match found {
        Ok(items) => items,
        Err(error) if errors == "strict" || error.is_undefined() => {
            return if error.is_undefined() { Ok(Value::undefined(error)) } else { Err(error) };
        }
        Err(error) => {
            if errors == "warn" {
                let cause = error.cause().map_or(error.message(), Error::message);
                let message = format!("An error occurred while running the lookup plugin '{name}': {cause}");
                context.world().warn(&message, &Span::none());
            }
            return Ok(if list { Value::list([]) } else { Value::None });
        }
    };
    if list {
        return Ok(Value::list(items));
    }
    Ok(match items.as_slice() {
        [one] => one.clone(),
        many if many.len() > 1 && many.iter().all(|item| matches!(item, Value::Str(_))) => {
            let texts: Vec<&str> = many.iter().filter_map(Value::as_str).collect();
            Value::text(texts.join(","))
        }
        _ => Value::list(items),
    })
}

/// The files that match a pattern in its last component, sorted.
pub(crate) fn glob(context: &Context, pattern: &Path) -> Vec<PathBuf> {
    let world = context.world();
    let base = if pattern.is_absolute() { pattern.to_owned() } else { world.current_dir().join(pattern) };
    let mut found = vec![PathBuf::from("/")];
    for part in base.components() {
        let std::path::Component::Normal(part) = part else { continue };
        let part = part.to_string_lossy();
        found = if part.contains(['*', '?', '[']) {
            found
                .iter()
                .flat_map(|dir| {
                    let mut names = world.list_dir(dir).unwrap_or_default();
                    names.sort();
                    names
                        .into_iter()
                        .filter(|name| {
                            (!name.starts_with('.') || part.starts_with('.')) && fnmatch(name, &part)
                        })
                        .map(|name| dir.join(name))
                        .collect::<Vec<_>>()
                })
                .collect()
        } else {
            found
                .into_iter()
                .map(|dir| dir.join(&*part))
                .filter(|path| world.path_info(path).link_exists)
                .collect()
        };
    }
    found.retain(|path| world.path_info(path).is_file);
    found
}

/// Shell patterns: `*`, `?`, `[…]`.
fn fnmatch(name: &str, pattern: &str) -> bool {
    let mut regex = String::from("(?s)\\A");
    let chars: Vec<char> = pattern.chars().collect();
    let mut i = 0;
    while i < chars.len() {
        match chars[i] {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => match chars[i + 2..].iter().position(|c| *c == ']').filter(|_| i + 2 < chars.len()) {
                Some(len) => {
                    let body: String = chars[i + 1..i + 2 + len].iter().collect();
                    let body = body.strip_prefix('!').map_or_else(|| body.clone(), |rest| format!("^{rest}"));
                    regex.push_str(&format!("[{}]", body.replace('\\', "\\\\")));
                    i += 2 + len;
                }
                None => regex.push_str("\\["),
            },
            c => regex.push_str(&crate::pattern::escape(&c.to_string())),
        }
        i += 1;
    }
    regex.push_str("\\Z");
    crate::pattern::Pattern::new(&regex, false, false)
        .and_then(|pattern| pattern.search(name, 0))
        .is_ok_and(|found| found.is_some())
}

/// `key=value` words with quotes, as lookups read their terms: the text before, and the pairs.
fn key_values(term: &str) -> (String, Vec<(String, String)>) {
    let mut words: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut quote = None;
    for c in term.chars() {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            (c, None) if c.is_whitespace() => {
                if !current.is_empty() {
                    words.push(std::mem::take(&mut current));
                }
            }
            (c, _) => current.push(c),
        }
    }
    if !current.is_empty() {
        words.push(current);
    }
    let mut free = Vec::new();
    let mut pairs = Vec::new();
    for word in words {
        match word.split_once('=') {
            Some((key, value)) if !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                pairs.push((key.to_owned(), value.to_owned()));
            }
            _ => free.push(word),
        }
    }
    (free.join(" "), pairs)
}
