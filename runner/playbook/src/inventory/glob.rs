//! Shell patterns as Python's `fnmatch` reads them: `*`, `?`, `[abc]`, `[!abc]`; a leading dot is nothing special.

/// Whether the whole text matches the pattern, upper and lower case told apart.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, t));
                p += 1;
                continue;
            }
            None if t == text.len() => return true,
            Some(_) if t < text.len() => {
                if let Some(after) = one(&pattern, p, text[t]) {
                    p = after;
                    t += 1;
                    continue;
                }
            }
            _ => {}
        }
        // The last star takes one character more.
        match star {
            Some((after, from)) if from < text.len() => {
                star = Some((after, from + 1));
                (p, t) = (after, from + 1);
            }
            _ => return false,
        }
    }
}

/// Matches one character; the place in the pattern after what matched it.
fn one(pattern: &[char], at: usize, c: char) -> Option<usize> {
    match pattern[at] {
        '?' => Some(at + 1),
        '[' => match set(pattern, at) {
            Some((inside, after, negated)) => (contains(inside, c) != negated).then_some(after),
            None => (c == '[').then_some(at + 1),
        },
        literal => (c == literal).then_some(at + 1),
    }
}

/// The characters of a set, the place after it, and whether it is negated; none when the bracket is never closed.
fn set(pattern: &[char], open: usize) -> Option<(&[char], usize, bool)> {
    let negated = pattern.get(open + 1) == Some(&'!');
    let start = open + 1 + usize::from(negated);
    // A bracket directly after the opening is one of the characters.
    let close = (start + 1..pattern.len()).find(|at| pattern[*at] == ']')?;
    Some((&pattern[start..close], close + 1, negated))
}

fn contains(inside: &[char], c: char) -> bool {
    let mut at = 0;
    while at < inside.len() {
        if inside.get(at + 1) == Some(&'-') && at + 2 < inside.len() {
            if (inside[at]..=inside[at + 2]).contains(&c) {
                return true;
            }
            at += 3;
        } else {
            if inside[at] == c {
                return true;
            }
            at += 1;
        }
    }
    false
}
