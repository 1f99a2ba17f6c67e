//! Shell patterns: one name against a pattern (Python's `fnmatch`), and paths that fit one (Python's `glob`).

use crate::System;
use std::path::{Path, PathBuf};

/// Whether the whole name fits the pattern: `*`, `?`, `[abc]`, `[!a-z]`.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, n));
                p += 1;
                continue;
            }
            None if n == name.len() => return true,
            None => None,
            Some('?') if n < name.len() => Some(p + 1),
            Some('[') if n < name.len() => match class(&pattern[p + 1..], name[n]) {
                Some((true, length)) => Some(p + 1 + length),
                Some((false, _)) => None,
                None => (name[n] == '[').then_some(p + 1),
            },
            Some(c) if name.get(n) == Some(c) => Some(p + 1),
            Some(_) => None,
        };
        match (step, star) {
            (Some(next), _) => (p, n) = (next, n + 1),
            // The last star takes one more character, and the rest is tried again.
            (None, Some((after, taken))) if taken < name.len() => {
                star = Some((after, taken + 1));
                (p, n) = (after, taken + 1);
            }
            (None, _) => return false,
        }
    }
}

/// Whether `c` is in the class that starts after its bracket, and how long the class is; none if it is not closed.
fn class(rest: &[char], c: char) -> Option<(bool, usize)> {
    let negated = rest.first() == Some(&'!');
    let start = usize::from(negated);
    let end = start + 1 + rest.get(start + 1..)?.iter().position(|c| *c == ']')?;
    let (mut at, mut found) = (start, false);
    while at < end {
        if rest.get(at + 1) == Some(&'-') && at + 2 < end {
            found |= rest[at] <= c && c <= rest[at + 2];
            at += 3;
        } else {
            found |= rest[at] == c;
            at += 1;
        }
    }
    Some((found != negated, end + 1))
}

/// Whether the text has characters that mean something in a pattern.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The paths that fit; names that start with a dot fit only a pattern that does.
pub fn paths(system: &dyn System, pattern: &str) -> Vec<PathBuf> {
    let absolute = pattern.starts_with('/');
    let mut found = vec![PathBuf::from(if absolute { "/" } else { "" })];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for folder in &found {
            if !is_pattern(part) {
                next.push(folder.join(part));
                continue;
            }
            let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let mut names: Vec<_> = system.list(listed).unwrap_or_default();
            names.sort();
            let fits = |name: &str| matches(part, name) && (part.starts_with('.') || !name.starts_with('.'));
            next.extend(
                names.iter().filter(|name| fits(&name.to_string_lossy())).map(|name| folder.join(name)),
            );
        }
        found = next;
    }
    found.retain(|path| matches!(system.stat(path, false), Ok(Some(_))));
    found
}

#[cfg(test)]
mod tests {
    #[test]
    fn fits_as_fnmatch_does() {
        let check = |pattern: &str, name: &str, want: bool| {
            assert_eq!(super::matches(pattern, name), want, "{pattern} against {name}");
        };
        check("*.log", "a.log", true);
        check("*.log", "a.log.1", false);
        check("a?c", "abc", true);
        check("[!a-c]x", "dx", true);
        check("[!a-c]x", "bx", false);
        check("[]]x", "]x", true);
        check("*a*b*", "xxaxxbxx", true);
        check("", "", true);
        check("[", "[", true);
    }
}
