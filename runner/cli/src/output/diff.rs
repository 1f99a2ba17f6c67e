//! Differences as `diff -u`: the same grouping as Python's difflib, which ansible-core uses.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    json,
    screen::{Colour, Screen},
};

/// A list with more lines than this treats lines that fill more than a hundredth of it as noise.
const POPULAR_FROM: usize = 200;

/// The text of the differences of one result, coloured.
pub fn text(diffs: &[Value], screen: &Screen, context: usize) -> String {
    let mut out = String::new();
    for diff in diffs {
        one(diff, screen, context, &mut out);
    }
    out
}

fn one(diff: &Value, screen: &Screen, context: usize, out: &mut String) {
    let size = |key: &str| diff.get(key).filter(|value| !value.is_null() && value.as_i64() != Some(0));
    if size("dst_binary").is_some() {
        out.push_str("diff skipped: destination file appears to be binary\n");
    }
    if size("src_binary").is_some() {
        out.push_str("diff skipped: source file appears to be binary\n");
    }
    if let Some(size) = size("dst_larger") {
        out.push_str(&format!("diff skipped: destination file size is greater than {size}\n"));
    }
    if let Some(size) = size("src_larger") {
        out.push_str(&format!("diff skipped: source file size is greater than {size}\n"));
    }
    if let (Some(before), Some(after)) = (diff.get("before"), diff.get("after")) {
        let header = |key: &str, name: &str| match diff.get(key).and_then(Value::as_str) {
            Some(header) if !header.is_empty() => format!("{name}: {header}"),
            _ => name.to_owned(),
        };
        let from = header("before_header", "before");
        let to = header("after_header", "after");
        unified(&side(before), &side(after), &from, &to, screen, context, out);
    }
    if let Some(prepared) = diff.get("prepared").and_then(Value::as_str) {
        out.push_str(prepared);
    }
}

/// One side as text: mappings as JSON.
fn side(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => format!("{}\n", json::dumps(other, Some(4))),
    }
}

fn unified(
    before: &str,
    after: &str,
    from: &str,
    to: &str,
    screen: &Screen,
    context: usize,
    out: &mut String,
) {
    let a = lines(before);
    let b = lines(after);
    let groups = grouped(&opcodes(&a, &b), context);
    if groups.is_empty() {
        return;
    }
    let mut shown =
        vec![(format!("--- {from}\n"), Some(Colour::Removed)), (format!("+++ {to}\n"), Some(Colour::Added))];
    for group in &groups {
        let (first, last) = (&group[0], &group[group.len() - 1]);
        let head = format!("@@ -{} +{} @@\n", range(first.a, last.a_end), range(first.b, last.b_end));
        shown.push((head, Some(Colour::Skip)));
        for op in group {
            if op.equal {
                shown.extend(a[op.a..op.a_end].iter().map(|line| (format!(" {line}"), None)));
                continue;
            }
            shown.extend(a[op.a..op.a_end].iter().map(|line| (format!("-{line}"), Some(Colour::Removed))));
            shown.extend(b[op.b..op.b_end].iter().map(|line| (format!("+{line}"), Some(Colour::Added))));
        }
    }
    for (line, colour) in shown {
        let bare = line.strip_suffix('\n').unwrap_or(&line);
        out.push_str(&screen.paint(bare, colour));
        out.push('\n');
        if !line.ends_with('\n') {
            out.push_str("\\ No newline at end of file\n");
        }
    }
    out.push('\n');
}

fn range(start: usize, end: usize) -> String {
    let length = end - start;
    match length {
        1 => format!("{}", start + 1),
        0 => format!("{start},0"),
        _ => format!("{},{length}", start + 1),
    }
}

/// Lines with their ends.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// A stretch of both sides that is equal or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Op {
    equal: bool,
    a: usize,
    a_end: usize,
    b: usize,
    b_end: usize,
}

/// Matching stretches: the longest first, then what is left and right of it, as Ratcliff and Obershelp do.
fn opcodes(a: &[&str], b: &[&str]) -> Vec<Op> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, line) in b.iter().enumerate() {
        places.entry(line).or_default().push(at);
    }
    if b.len() >= POPULAR_FROM {
        let most = b.len() / 100 + 1;
        places.retain(|_, found| found.len() <= most);
    }
    let mut blocks: Vec<(usize, usize, usize)> = Vec::new();
    let mut todo = vec![(0, a.len(), 0, b.len())];
    while let Some((a_from, a_to, b_from, b_to)) = todo.pop() {
        let (i, j, size) = longest(a, b, &places, (a_from, a_to), (b_from, b_to));
        if size == 0 {
            continue;
        }
        blocks.push((i, j, size));
        todo.push((a_from, i, b_from, j));
        todo.push((i + size, a_to, j + size, b_to));
    }
    blocks.sort_unstable();
    blocks.push((a.len(), b.len(), 0));
    let mut ops: Vec<Op> = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (a_at, b_at, size) in blocks {
        if i < a_at || j < b_at {
            ops.push(Op { equal: false, a: i, a_end: a_at, b: j, b_end: b_at });
        }
        if size > 0 {
            match ops.last_mut() {
                Some(last) if last.equal && last.a_end == a_at && last.b_end == b_at => {
                    last.a_end += size;
                    last.b_end += size;
                }
                _ => ops.push(Op { equal: true, a: a_at, a_end: a_at + size, b: b_at, b_end: b_at + size }),
            }
        }
        (i, j) = (a_at + size, b_at + size);
    }
    ops
}

fn longest(
    a: &[&str],
    b: &[&str],
    places: &HashMap<&str, Vec<usize>>,
    (a_from, a_to): (usize, usize),
    (b_from, b_to): (usize, usize),
) -> (usize, usize, usize) {
    let mut best = (a_from, b_from, 0);
    let mut lengths: HashMap<usize, usize> = HashMap::new();
    for (i, line) in a.iter().enumerate().take(a_to).skip(a_from) {
        let mut next: HashMap<usize, usize> = HashMap::new();
        for &j in places.get(line).map_or(&[][..], Vec::as_slice) {
            if j < b_from {
                continue;
            }
            if j >= b_to {
                break;
            }
            let length = j.checked_sub(1).and_then(|before| lengths.get(&before)).copied().unwrap_or(0) + 1;
            next.insert(j, length);
            if length > best.2 {
                best = (i + 1 - length, j + 1 - length, length);
            }
        }
        lengths = next;
    }
    let (mut i, mut j, mut size) = best;
    while i > a_from && j > b_from && a[i - 1] == b[j - 1] {
        (i, j, size) = (i - 1, j - 1, size + 1);
    }
    while i + size < a_to && j + size < b_to && a[i + size] == b[j + size] {
        size += 1;
    }
    (i, j, size)
}

/// Changes with some equal lines around them; stretches far apart make groups of their own.
fn grouped(ops: &[Op], context: usize) -> Vec<Vec<Op>> {
    let mut ops = ops.to_vec();
    if let Some(first) = ops.first_mut().filter(|op| op.equal) {
        first.a = first.a.max(first.a_end.saturating_sub(context));
        first.b = first.b.max(first.b_end.saturating_sub(context));
    }
    if let Some(last) = ops.last_mut().filter(|op| op.equal) {
        last.a_end = last.a_end.min(last.a + context);
        last.b_end = last.b_end.min(last.b + context);
    }
    let mut groups: Vec<Vec<Op>> = Vec::new();
    let mut group: Vec<Op> = Vec::new();
    for mut op in ops {
        if op.equal && op.a_end - op.a > 2 * context {
            group.push(Op { a_end: op.a_end.min(op.a + context), b_end: op.b_end.min(op.b + context), ..op });
            groups.push(std::mem::take(&mut group));
            op.a = op.a.max(op.a_end.saturating_sub(context));
            op.b = op.b.max(op.b_end.saturating_sub(context));
        }
        group.push(op);
    }
    if !(group.is_empty() || group.len() == 1 && group[0].equal) {
        groups.push(group);
    }
    groups.retain(|group| group.iter().any(|op| !op.equal));
    groups
}

#[cfg(test)]
mod tests {
    use super::{Screen, text};
    use serde_json::json;

    fn check(before: &str, after: &str, want: &str) {
        let screen = Screen::new(false);
        let got = text(&[json!({"before": before, "after": after})], &screen, 3);
        assert_eq!(got, want, "{before:?} {after:?}");
    }

    #[test]
    fn differences_are_shown_as_difflib_shows_them() {
        check("a\nb\n", "a\nc\n", "--- before\n+++ after\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\n");
        check("", "a\n", "--- before\n+++ after\n@@ -0,0 +1 @@\n+a\n\n");
        check("a", "a\n", "--- before\n+++ after\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n\n");
        check("same\n", "same\n", "");
        let before: String = (1..=20).map(|n| format!("{n}\n")).collect();
        let after = before.replace("2\n3\n", "2\nx\n3\n");
        check(&before, &after, "--- before\n+++ after\n@@ -1,5 +1,6 @@\n 1\n 2\n+x\n 3\n 4\n 5\n\n");
    }
}
