//! Python's replacement templates: `\1`, `\g<name>`, and escapes.

use super::{Match, Pattern};
use crate::error::{Error, Result};

/// A parsed replacement.
pub(crate) struct Replacement(Vec<Part>);

enum Part {
    Text(String),
    Group(usize),
}

impl Replacement {
    /// Reads a replacement for a pattern.
    pub(crate) fn new(template: &str, pattern: &Pattern) -> Result<Self> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let chars: Vec<char> = template.chars().collect();
        let mut i = 0;
        while i < chars.len() {
            if chars[i] != '\\' {
                text.push(chars[i]);
                i += 1;
                continue;
            }
            let Some(&c) = chars.get(i + 1) else {
                return Err(Error::runtime(format!("bad escape (end of pattern) at position {i}")));
            };
            let start = i;
            i += 2;
            match c {
                'g' => {
                    let group = named(&chars, &mut i, pattern)?;
                    parts.push(Part::Text(std::mem::take(&mut text)));
                    parts.push(Part::Group(group));
                }
                '0' => {
                    let mut code = 0;
                    for _ in 0..2 {
                        if let Some(digit) = chars.get(i).and_then(|c| c.to_digit(8)) {
                            code = code * 8 + digit;
                            i += 1;
                        }
                    }
                    text.extend(char::from_u32(code));
                }
                '1'..='9' => {
                    let mut digits = String::from(c);
                    let next = chars.get(i).filter(|c| c.is_ascii_digit());
                    if let Some(&next) = next {
                        let third = chars.get(i + 1).filter(|c| c.is_digit(8));
                        if c <= '3' && next.is_digit(8) && third.is_some() {
                            let octal: String = [c, next, chars[i + 1]].iter().collect();
                            text.extend(u32::from_str_radix(&octal, 8).ok().and_then(char::from_u32));
                            i += 2;
                            continue;
                        }
                        digits.push(next);
                        i += 1;
                    }
                    let group: usize = digits.parse().unwrap_or(usize::MAX);
                    if group > pattern.group_count() {
                        return Err(Error::runtime(format!(
                            "invalid group reference {group} at position {}",
                            start + 1
                        )));
                    }
                    parts.push(Part::Text(std::mem::take(&mut text)));
                    parts.push(Part::Group(group));
                }
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                'a' => text.push('\u{7}'),
                'b' => text.push('\u{8}'),
                'f' => text.push('\u{c}'),
                'v' => text.push('\u{b}'),
                '\\' => text.push('\\'),
                c if c.is_ascii_alphabetic() => {
                    return Err(Error::runtime(format!("bad escape \\{c} at position {start}")));
                }
                c => {
                    text.push('\\');
                    text.push(c);
                }
            }
        }
        parts.push(Part::Text(text));
        Ok(Self(parts))
    }

    pub(super) fn expand(&self, one: &Match, text: &str, out: &mut String) {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Group(group) => out.push_str(one.text(text, *group).unwrap_or("")),
            }
        }
    }
}

/// The group of `\g<…>`.
fn named(chars: &[char], i: &mut usize, pattern: &Pattern) -> Result<usize> {
    if chars.get(*i) != Some(&'<') {
        return Err(Error::runtime(format!("missing < at position {i}")));
    }
    let start = *i + 1;
    let Some(len) = chars[start..].iter().position(|c| *c == '>') else {
        return Err(Error::runtime(format!("missing >, unterminated name at position {start}")));
    };
    let name: String = chars[start..start + len].iter().collect();
    *i = start + len + 1;
    if let Ok(number) = name.parse::<usize>() {
        if number > pattern.group_count() {
            return Err(Error::runtime(format!("invalid group reference {number} at position {start}")));
        }
        return Ok(number);
    }
    pattern.group_number(&name).ok_or_else(|| Error::runtime(format!("unknown group name '{name}'")))
}
