//! Python's regular expressions on top of fancy-regex: compiled once, searched with Python's rules for empty matches.

mod replacement;
mod translate;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use fancy_regex::Regex;

use crate::error::{Error, Result};

pub(crate) use replacement::Replacement;

/// How many compiled patterns are kept.
const CACHE_MAX: usize = 2_000;

/// How many steps a match may backtrack: a second or so.
const BACKTRACK_MAX: usize = 2_000_000;

type Cache = Mutex<HashMap<(String, bool, bool), Pattern>>;

/// A compiled pattern.
#[derive(Clone)]
pub(crate) struct Pattern(Arc<Regex>);

/// One match: the places of the whole and of each group.
pub(crate) struct Match {
    /// `groups[0]` is the whole match.
    pub(crate) groups: Vec<Option<(usize, usize)>>,
}

impl Match {
    pub(crate) fn start(&self) -> usize {
        self.groups[0].map_or(0, |(start, _)| start)
    }

    pub(crate) fn end(&self) -> usize {
        self.groups[0].map_or(0, |(_, end)| end)
    }

    /// The text of a group.
    pub(crate) fn text<'t>(&self, text: &'t str, group: usize) -> Option<&'t str> {
        let (start, end) = self.groups.get(group).copied().flatten()?;
        text.get(start..end)
    }
}

impl Pattern {
    /// Compiles a pattern.
    pub(crate) fn new(pattern: &str, ignore_case: bool, multi_line: bool) -> Result<Self> {
        static CACHE: OnceLock<Cache> = OnceLock::new();
        let cache = CACHE.get_or_init(Mutex::default);
        let key = (pattern.to_owned(), ignore_case, multi_line);
        if let Some(found) = cache.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(found.clone());
        }
        let translated = translate::translate(pattern, ignore_case, multi_line)?;
        let regex = fancy_regex::RegexBuilder::new(&translated)
            .backtrack_limit(BACKTRACK_MAX)
            .build()
            .map_err(|error| Error::runtime(format!("invalid regular expression {pattern:?}: {error}")))?;
        let compiled = Self(Arc::new(regex));
        let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHE_MAX {
            cache.clear();
        }
        cache.insert(key, compiled.clone());
        Ok(compiled)
    }

    /// How many groups there are, without the whole match.
    pub(crate) fn group_count(&self) -> usize {
        self.0.captures_len().saturating_sub(1)
    }

    /// The number of a named group.
    pub(crate) fn group_number(&self, name: &str) -> Option<usize> {
        self.0.capture_names().position(|other| other == Some(name))
    }

    /// The first match at or after a byte offset.
    pub(crate) fn search(&self, text: &str, from: usize) -> Result<Option<Match>> {
        if from > text.len() {
            return Ok(None);
        }
        let found = self
            .0
            .captures_from_pos(text, from)
            .map_err(|error| Error::runtime(format!("the regular expression is too costly: {error}")))?;
        Ok(found.map(|captures| Match {
            groups: (0..captures.len()).map(|i| captures.get(i).map(|m| (m.start(), m.end()))).collect(),
        }))
    }

    /// Every match, empty ones included, as Python finds them.
    pub(crate) fn matches(&self, text: &str) -> Result<Vec<Match>> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(one) = self.search(text, at)? {
            let (start, end) = (one.start(), one.end());
            at = if end > start {
                end
            } else {
                match text[end..].chars().next() {
                    Some(c) => end + c.len_utf8(),
                    None => text.len() + 1,
                }
            };
            found.push(one);
        }
        Ok(found)
    }

    /// The text with matches replaced, and how many there were; `count` 0 means all.
    pub(crate) fn replace(&self, text: &str, with: &Replacement, count: usize) -> Result<(String, usize)> {
        let mut out = String::with_capacity(text.len());
        let (mut at, mut done) = (0, 0);
        for one in self.matches(text)? {
            if count > 0 && done >= count {
                break;
            }
            out.push_str(&text[at..one.start()]);
            with.expand(&one, text, &mut out);
            at = one.end();
            done += 1;
        }
        out.push_str(&text[at..]);
        Ok((out, done))
    }
}

/// Python's `re.escape`.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
