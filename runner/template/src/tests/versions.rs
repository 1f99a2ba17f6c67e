//! The `version` test: Python's loose and strict versions, semantic versions, and PEP 440.

use std::cmp::Ordering;

use super::{Call, Test};
use crate::error::{Error, Result};
use crate::value::to_str;

pub(super) const TESTS: &[Test] = &[
    Test::new("version", &["version!", "operator", "strict", "version_type"], version),
    Test::new("version_compare", &["version!", "operator", "strict", "version_type"], version),
];

fn version(call: &Call<'_>) -> Result<bool> {
    let (ours, theirs) = (to_str(call.input)?, to_str(call.args.required("version")?)?);
    let operator = call.args.text_or("operator", "eq")?;
    let kind = call.args.text_opt("version_type")?;
    if call.args.some("strict").is_some() && kind.is_some() {
        return Err(Error::runtime("Cannot specify both 'strict' and 'version_type'"));
    }
    if ours.is_empty() {
        return Err(Error::runtime("Input version value cannot be empty"));
    }
    if theirs.is_empty() {
        return Err(Error::runtime("Version parameter to compare against cannot be empty"));
    }
    let kind = kind.unwrap_or_else(|| "loose".to_owned());
    let strict = call.args.truth("strict")?;
    let order = match kind.as_str() {
        _ if strict => strict_order(&ours, &theirs),
        "loose" => loose_order(&ours, &theirs),
        "strict" => strict_order(&ours, &theirs),
        "semver" | "semantic" => semantic_order(&ours, &theirs),
        "pep440" => pep440_order(&ours, &theirs),
        other => {
            return Err(Error::runtime(format!(
                "Invalid version type ({other}). Must be one of 'loose', 'strict', 'semver', 'semantic', 'pep440'"
            )));
        }
    };
    let order = order.map_err(|error| Error::runtime(format!("Version comparison failed: {error}")))?;
    Ok(match operator.as_str() {
        "eq" | "==" | "=" => order == Ordering::Equal,
        "ne" | "!=" | "<>" => order != Ordering::Equal,
        "lt" | "<" => order == Ordering::Less,
        "le" | "<=" => order != Ordering::Greater,
        "gt" | ">" => order == Ordering::Greater,
        "ge" | ">=" => order != Ordering::Less,
        other => {
            return Err(Error::runtime(format!(
                "Invalid operator type ({other}). Must be one of '==', '=', 'eq', '<', 'lt', '<=', 'le', '>', 'gt', \
                 '>=', 'ge', '!=', '<>', 'ne'"
            )));
        }
    })
}

#[derive(PartialEq)]
enum Part {
    Number(u64),
    Word(String),
}

fn loose_parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut current = String::new();
    let flush = |current: &mut String, parts: &mut Vec<Part>| {
        if current.is_empty() {
            return;
        }
        let text = std::mem::take(current);
        parts.push(match text.parse() {
            Ok(number) => Part::Number(number),
            Err(_) => Part::Word(text),
        });
    };
    let class = |c: char| -> u8 {
        match c {
            '0'..='9' => 1,
            'a'..='z' => 2,
            '.' => 0,
            _ => 3,
        }
    };
    let mut last = 0;
    for c in text.chars() {
        let this = class(c);
        if this != last {
            flush(&mut current, &mut parts);
        }
        if this != 0 {
            current.push(c);
        }
        last = this;
    }
    flush(&mut current, &mut parts);
    parts
}

/// The order of Python's `LooseVersion`: numbers and words cannot be compared with each other.
pub(crate) fn loose_order(a: &str, b: &str) -> Result<Ordering> {
    let (a, b) = (loose_parts(a), loose_parts(b));
    for (x, y) in a.iter().zip(&b) {
        let order = match (x, y) {
            (Part::Number(x), Part::Number(y)) => x.cmp(y),
            (Part::Word(x), Part::Word(y)) => x.cmp(y),
            (Part::Number(_), Part::Word(_)) => {
                return Err(Error::runtime("'<' not supported between instances of 'int' and 'str'"));
            }
            (Part::Word(_), Part::Number(_)) => {
                return Err(Error::runtime("'<' not supported between instances of 'str' and 'int'"));
            }
        };
        if order != Ordering::Equal {
            return Ok(order);
        }
    }
    Ok(a.len().cmp(&b.len()))
}

/// Three numbers, and the letter and number of a pre-release.
type Strict = ([u64; 3], Option<(char, u64)>);

fn strict_order(a: &str, b: &str) -> Result<Ordering> {
    let parse = |text: &str| -> Result<Strict> {
        let bad = || Error::runtime(format!("invalid version number '{text}'"));
        let split = text.find(['a', 'b']).unwrap_or(text.len());
        let (numbers, tail) = text.split_at(split);
        let mut parsed = [0; 3];
        let parts: Vec<&str> = numbers.split('.').collect();
        if !(2..=3).contains(&parts.len()) {
            return Err(bad());
        }
        for (slot, part) in parsed.iter_mut().zip(parts) {
            *slot = part.parse().map_err(|_| bad())?;
        }
        let mut chars = tail.chars();
        let pre = match chars.next() {
            Some(kind) => Some((kind, chars.as_str().parse().map_err(|_| bad())?)),
            None => None,
        };
        Ok((parsed, pre))
    };
    let ((a, a_pre), (b, b_pre)) = (parse(a)?, parse(b)?);
    Ok(a.cmp(&b).then_with(|| match (a_pre, b_pre) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(x), Some(y)) => x.cmp(&y),
    }))
}

/// One dotted identifier of a pre-release: numbers before words.
fn identifiers(a: &str, b: &str) -> Ordering {
    let mut left = a.split('.');
    let mut right = b.split('.');
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => match (x.parse::<u64>(), y.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => x.cmp(y),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn semantic_order(a: &str, b: &str) -> Result<Ordering> {
    fn parse(text: &str) -> Result<([u64; 3], &str)> {
        let bad = || Error::runtime(format!("invalid semantic version '{text}'"));
        let core = text.split('+').next().unwrap_or(text);
        let (numbers, pre) = core.split_once('-').unwrap_or((core, ""));
        let mut parsed = [0; 3];
        let parts: Vec<&str> = numbers.split('.').collect();
        if parts.len() != 3 {
            return Err(bad());
        }
        for (slot, part) in parsed.iter_mut().zip(parts) {
            if part.len() > 1 && part.starts_with('0') {
                return Err(bad());
            }
            *slot = part.parse().map_err(|_| bad())?;
        }
        Ok((parsed, pre))
    }
    let ((a, a_pre), (b, b_pre)) = (parse(a)?, parse(b)?);
    Ok(a.cmp(&b).then_with(|| match (a_pre.is_empty(), b_pre.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => identifiers(a_pre, b_pre),
    }))
}

/// PEP 440: epoch, release, pre-, post- and development releases, local part.
fn pep440_order(a: &str, b: &str) -> Result<Ordering> {
    let (a, b) = (pep440(a)?, pep440(b)?);
    Ok(a.cmp(&b))
}

/// Sorts as PEP 440 says: (epoch, release, pre, post, dev, local).
type Pep440 = (u64, Vec<u64>, (i8, u64), (i8, u64), (i8, u64), Vec<(i8, u64, String)>);

fn pep440(text: &str) -> Result<Pep440> {
    let bad = || Error::runtime(format!("Invalid version: '{text}'"));
    let lower = text.trim().to_lowercase();
    let lower = lower.strip_prefix('v').unwrap_or(&lower);
    let (public, local) = lower.split_once('+').unwrap_or((lower, ""));
    let (epoch, rest) = match public.split_once('!') {
        Some((epoch, rest)) => (epoch.parse().map_err(|_| bad())?, rest),
        None => (0, public),
    };
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
    let (release, mut tail) = rest.split_at(end);
    let mut numbers = Vec::new();
    for part in release.trim_end_matches('.').split('.') {
        numbers.push(part.parse().map_err(|_| bad())?);
    }
    while numbers.len() > 1 && numbers.last() == Some(&0) {
        numbers.pop();
    }
    let (mut pre, mut post, mut dev) = (None, None, None);
    while !tail.is_empty() {
        tail = tail.trim_start_matches(['.', '-', '_']);
        let words = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (word, after) = tail.split_at(words);
        let after = after.trim_start_matches(['.', '-', '_']);
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let number = after[..digits].parse().unwrap_or(0);
        tail = &after[digits..];
        match word {
            "a" | "alpha" => pre = Some((0, number)),
            "b" | "beta" => pre = Some((1, number)),
            "c" | "rc" | "pre" | "preview" => pre = Some((2, number)),
            "post" | "rev" | "r" => post = Some((0, number)),
            "" if digits > 0 => post = Some((0, number)),
            "dev" => dev = Some((0, number)),
            _ => return Err(bad()),
        }
    }
    let pre = match (pre, &post, &dev) {
        (Some(pre), _, _) => pre,
        (None, None, Some(_)) => (-1, 0),
        _ => (3, 0),
    };
    let local = if local.is_empty() {
        Vec::new()
    } else {
        local
            .split(['.', '-', '_'])
            .map(|part| part.parse().map_or_else(|_| (0, 0, part.to_owned()), |n| (1, n, String::new())))
            .collect()
    };
    Ok((epoch, numbers, pre, post.unwrap_or((-1, 0)), dev.unwrap_or((1, 0)), local))
}
