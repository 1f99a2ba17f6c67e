//! Host patterns: which hosts `hosts:` and `--limit` mean.

use std::collections::HashSet;
use std::sync::Arc;

use crate::inventory::address::{is_address, split_port};
use crate::inventory::glob;
use crate::inventory::model::{ALL, Inventory, LOCALHOST};
use crate::problem::{Kind, Problem};
use crate::source::Span;

/// Splits `a:b,c` into its parts: at commas if there are any, else at colons that are not part of an address or range.
pub fn split(pattern: &str) -> Vec<String> {
    if pattern.contains(',') {
        return pattern
            .split(',')
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect();
    }
    let (base, port) = split_port(pattern, true);
    if port.is_none() && base == pattern && is_address(pattern, true) {
        return vec![pattern.to_owned()];
    }
    if port.is_some() && base.parse::<std::net::Ipv6Addr>().is_ok() {
        return vec![base.to_owned()];
    }
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut depth = 0_usize;
    for c in pattern.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            c if c.is_whitespace() && depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part);
    parts.retain(|part| !part.is_empty());
    parts
}

/// Splits the patterns of a list, one after the other.
pub fn split_all<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Vec<String> {
    patterns.into_iter().flat_map(split).collect()
}

/// The patterns of a `--limit @file`: one a line; comments and blank lines are skipped.
pub fn limit_file(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.flat_map(split).collect()
}

impl Inventory {
    /// The hosts that patterns mean, in the order of first appearance. `localhost` comes into being when it is asked for.
    ///
    /// Regular patterns are united first, then `&` ones intersected, then `!` ones taken away.
    pub fn select(&mut self, patterns: &[String]) -> (Vec<Arc<str>>, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut found: Vec<Arc<str>> = Vec::new();
        let mut seen: HashSet<Arc<str>> = HashSet::new();
        let (exclude, rest): (Vec<&str>, Vec<&str>) = patterns
            .iter()
            .map(|pattern| pattern.trim())
            .filter(|pattern| !pattern.is_empty())
            .partition(|pattern| pattern.starts_with('!'));
        let (intersect, mut unite): (Vec<&str>, Vec<&str>) =
            rest.into_iter().partition(|pattern| pattern.starts_with('&'));
        if unite.is_empty() && !(intersect.is_empty() && exclude.is_empty()) {
            unite.push(ALL);
        }
        for pattern in unite {
            for host in self.one(pattern, &mut problems) {
                if seen.insert(host.clone()) {
                    found.push(host);
                }
            }
        }
        for pattern in intersect {
            let other: HashSet<Arc<str>> = self.one(&pattern[1..], &mut problems).into_iter().collect();
            found.retain(|host| other.contains(host));
        }
        for pattern in exclude {
            let other: HashSet<Arc<str>> = self.one(&pattern[1..], &mut problems).into_iter().collect();
            found.retain(|host| !other.contains(host));
        }
        (found, problems)
    }

    /// The hosts one pattern means, without `!` or `&`.
    fn one(&mut self, pattern: &str, problems: &mut Vec<Problem>) -> Vec<Arc<str>> {
        if pattern == ALL {
            return self.hosts_in(ALL).into_iter().cloned().collect();
        }
        if let Some(host) = self.host(pattern).filter(|host| !host.implicit) {
            return vec![host.name.clone()];
        }
        let (name, slice) = if pattern.starts_with('~') { (pattern, None) } else { subscript(pattern) };
        let hosts = self.enumerate(name, problems);
        match slice {
            Some(slice) => slice.of(hosts, pattern, problems),
            None => hosts,
        }
    }

    fn enumerate(&mut self, pattern: &str, problems: &mut Vec<Problem>) -> Vec<Arc<str>> {
        let matcher = match Matcher::new(pattern) {
            Ok(matcher) => matcher,
            Err(()) => {
                let text = format!("Invalid host list pattern: {}", &pattern[1..]);
                problems.push(Problem::error(Kind::Pattern, text, &Span::none()));
                return Vec::new();
            }
        };
        let mut found: Vec<Arc<str>> = Vec::new();
        let groups: Vec<Arc<str>> = self
            .groups()
            .filter(|group| matcher.matches(&group.name))
            .map(|group| group.name.clone())
            .collect();
        for group in &groups {
            found.extend(self.hosts_in(group).into_iter().cloned());
        }
        let looks_at_hosts =
            groups.is_empty() || pattern.starts_with('~') || pattern.contains(['.', '?', '*', '[']);
        if looks_at_hosts {
            found.extend(
                self.hosts().filter(|host| matcher.matches(&host.name)).map(|host| host.name.clone()),
            );
        }
        if found.is_empty() && LOCALHOST.contains(&pattern) {
            found.push(self.ensure_localhost(pattern).name.clone());
        }
        if found.is_empty() && groups.is_empty() {
            let text = format!("Could not match supplied host pattern, ignoring: {pattern}");
            problems.push(Problem::warning(Kind::Pattern, text, &Span::none()));
        }
        let mut seen = HashSet::new();
        found.retain(|host| seen.insert(host.clone()));
        found
    }
}

/// How names are compared with a pattern.
enum Matcher<'p> {
    Glob(&'p str),
    Regex(Box<fancy_regex::Regex>),
}

impl<'p> Matcher<'p> {
    fn new(pattern: &'p str) -> Result<Self, ()> {
        match pattern.strip_prefix('~') {
            Some(regex) => {
                let anchored = format!("^(?:{regex})");
                fancy_regex::Regex::new(&anchored).map(|regex| Self::Regex(Box::new(regex))).map_err(|_| ())
            }
            None => Ok(Self::Glob(pattern)),
        }
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Glob(pattern) => glob::matches(pattern, name),
            Self::Regex(regex) => regex.is_match(name).unwrap_or(false),
        }
    }
}

/// `[1]`, `[-1]`, `[1:3]`, `[2:]` after a pattern.
#[derive(Clone, Copy)]
enum Slice {
    At(i64),
    /// Both ends belong to it; no end means to the last.
    Range(usize, Option<usize>),
}

fn subscript(pattern: &str) -> (&str, Option<Slice>) {
    let parse = || {
        let inside = pattern.strip_suffix(']')?;
        let open = inside.rfind('[')?;
        let (name, inside) = (&inside[..open], &inside[open + 1..]);
        if name.is_empty() {
            return None;
        }
        if let Ok(index) = inside.parse::<i64>()
            && !inside.starts_with('+')
        {
            return Some((name, Slice::At(index)));
        }
        let (first, last) = inside.split_once(':').or_else(|| inside.split_once('-'))?;
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if first.is_empty() || !digits(first) || !digits(last) {
            return None;
        }
        let last = if last.is_empty() { None } else { Some(last.parse().ok()?) };
        Some((name, Slice::Range(first.parse().ok()?, last)))
    };
    match parse() {
        Some((name, slice)) => (name, Some(slice)),
        None => (pattern, None),
    }
}

impl Slice {
    fn of(self, hosts: Vec<Arc<str>>, pattern: &str, problems: &mut Vec<Problem>) -> Vec<Arc<str>> {
        if hosts.is_empty() {
            return hosts;
        }
        match self {
            Self::At(index) => {
                let length = i64::try_from(hosts.len()).unwrap_or(i64::MAX);
                let at = if index < 0 { index + length } else { index };
                let found = usize::try_from(at).ok().and_then(|at| hosts.get(at));
                if found.is_none() {
                    let text = format!("No hosts matched the subscripted pattern '{pattern}'");
                    problems.push(Problem::error(Kind::Pattern, text, &Span::none()));
                }
                found.cloned().into_iter().collect()
            }
            Self::Range(first, last) => {
                let end = last.map_or(hosts.len(), |last| last.saturating_add(1).min(hosts.len()));
                hosts.get(first..end).unwrap_or_default().to_vec()
            }
        }
    }
}
