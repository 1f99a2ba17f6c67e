//! Python's pattern syntax into fancy-regex's, refusing what Python refuses.

use crate::error::{Error, Result};

/// Python's extra white space.
const SPACE: &str = r"\s\x1c-\x1f";

struct Translator {
    chars: Vec<char>,
    at: usize,
    out: String,
    multi_line: bool,
    verbose: bool,
    /// Where each open group started.
    open: Vec<usize>,
    /// Whether there is something to repeat.
    repeatable: bool,
}

/// The pattern in fancy-regex's syntax.
pub(super) fn translate(pattern: &str, ignore_case: bool, multi_line: bool) -> Result<String> {
    let mut translator = Translator {
        chars: pattern.chars().collect(),
        at: 0,
        out: String::with_capacity(pattern.len() + 16),
        multi_line,
        verbose: false,
        open: Vec::new(),
        repeatable: false,
    };
    if ignore_case {
        translator.out.push_str("(?i)");
    }
    if multi_line {
        translator.out.push_str("(?m)");
    }
    translator.run()?;
    Ok(translator.out)
}

fn fail<T>(message: impl AsRef<str>, at: usize) -> Result<T> {
    Err(Error::runtime(format!("{} at position {at}", message.as_ref())))
}

impl Translator {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn run(&mut self) -> Result<()> {
        while let Some(c) = self.peek(0) {
            let before = self.at;
            match c {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '(' => self.group()?,
                ')' => {
                    if self.open.pop().is_none() {
                        return fail("unbalanced parenthesis", self.at);
                    }
                    self.literal(")", 1);
                }
                '$' => {
                    let end = if self.multi_line { "$" } else { r"(?=\n?\z)" };
                    self.literal(end, 1);
                }
                '*' | '+' | '?' => self.repeat(c)?,
                '{' => self.braces()?,
                '}' | ']' => self.literal(&format!("\\{c}"), 1),
                '|' => {
                    self.literal("|", 1);
                    self.repeatable = false;
                    continue;
                }
                '#' if self.verbose => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                    continue;
                }
                '#' | '&' | '~' => self.literal(&format!("\\{c}"), 1),
                c if self.verbose && c.is_whitespace() => {
                    self.at += 1;
                    continue;
                }
                c => self.literal(&c.to_string(), 1),
            }
            if !matches!(c, '*' | '+' | '?' | '{' | '(') && self.at > before {
                self.repeatable = true;
            }
        }
        match self.open.last() {
            Some(at) => fail("missing ), unterminated subpattern", *at),
            None => Ok(()),
        }
    }

    fn literal(&mut self, text: &str, consumed: usize) {
        self.out.push_str(text);
        self.at += consumed;
    }

    fn repeat(&mut self, c: char) -> Result<()> {
        if !self.repeatable {
            return fail("nothing to repeat", self.at);
        }
        self.literal(&c.to_string(), 1);
        if let Some(suffix @ ('?' | '+')) = self.peek(0) {
            self.literal(&suffix.to_string(), 1);
        }
        if matches!(self.peek(0), Some('*' | '+' | '?')) {
            return fail("multiple repeat", self.at);
        }
        Ok(())
    }

    /// A repetition in braces, or literal braces.
    fn braces(&mut self) -> Result<()> {
        let rest = &self.chars[self.at + 1..];
        let Some(len) = rest.iter().position(|c| *c == '}') else {
            self.literal("\\{", 1);
            self.repeatable = true;
            return Ok(());
        };
        let body: String = rest[..len].iter().collect();
        let (low, high) = body.split_once(',').unwrap_or((&body, &body));
        let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        let valid =
            !body.is_empty() && digits(low) && digits(high) && (body.contains(',') || !low.is_empty());
        if !valid {
            self.literal("\\{", 1);
            self.repeatable = true;
            return Ok(());
        }
        if !self.repeatable {
            return fail("nothing to repeat", self.at);
        }
        let low = if low.is_empty() { "0" } else { low };
        let text = if body.contains(',') { format!("{{{low},{high}}}") } else { format!("{{{low}}}") };
        self.literal(&text, len + 2);
        if let Some(suffix @ ('?' | '+')) = self.peek(0) {
            self.literal(&suffix.to_string(), 1);
        }
        Ok(())
    }

    fn group(&mut self) -> Result<()> {
        let start = self.at;
        self.repeatable = false;
        if self.peek(1) != Some('?') {
            self.open.push(start);
            self.literal("(", 1);
            return Ok(());
        }
        match (self.peek(2), self.peek(3)) {
            (Some('P'), Some('<')) => {
                self.open.push(start);
                self.literal("(?P<", 4);
                while let Some(c) = self.peek(0).filter(|c| *c != '>') {
                    self.literal(&c.to_string(), 1);
                }
                self.literal(">", 1);
            }
            (Some('P'), Some('=')) => {
                let name: String = self.chars[start + 4..].iter().take_while(|c| **c != ')').collect();
                let len = name.chars().count();
                self.literal(&format!("(?P={name})"), len + 5);
                self.repeatable = true;
            }
            (Some('#'), _) => {
                let len = self.chars[start..].iter().position(|c| *c == ')');
                let Some(len) = len else { return fail("missing ), unterminated comment", start) };
                self.at += len + 1;
            }
            (Some(':' | '=' | '!' | '>'), _) => {
                self.open.push(start);
                let kind = self.chars[start + 2];
                self.literal(&format!("(?{kind}"), 3);
            }
            (Some('<'), Some('=' | '!')) => {
                self.open.push(start);
                let kind = self.chars[start + 3];
                self.literal(&format!("(?<{kind}"), 4);
            }
            (Some('('), _) => {
                self.open.push(start);
                self.literal("(?(", 3);
                while let Some(c) = self.peek(0).filter(|c| *c != ')') {
                    self.literal(&c.to_string(), 1);
                }
                self.literal(")", 1);
            }
            (Some('<'), other) => {
                return fail(format!("unknown extension ?<{}", other.unwrap_or(' ')), start + 1);
            }
            _ => self.flags(start)?,
        }
        Ok(())
    }

    /// `(?ims)` at the start, `(?i:…)` anywhere.
    fn flags(&mut self, start: usize) -> Result<()> {
        let rest = &self.chars[start + 2..];
        let len = rest.iter().take_while(|c| c.is_ascii_alphabetic() || **c == '-').count();
        let flags: String = rest[..len].iter().collect();
        let known = flags.chars().all(|c| "aiLmsux-".contains(c));
        if flags.is_empty() || !known {
            return fail(format!("unknown extension ?{}", rest.first().unwrap_or(&' ')), start + 1);
        }
        let kept: String = flags.chars().filter(|c| !matches!(c, 'a' | 'L' | 'u' | 'x')).collect();
        match rest.get(len) {
            Some(')') => {
                if start != 0 {
                    return fail("global flags not at the start of the expression", start);
                }
                self.multi_line |= flags.contains('m');
                self.verbose |= flags.contains('x');
                let text = if kept.is_empty() { String::new() } else { format!("(?{kept})") };
                self.literal(&text, len + 3);
            }
            Some(':') => {
                self.open.push(start);
                let text = if kept.is_empty() { "(?:".to_owned() } else { format!("(?{kept}:") };
                self.literal(&text, len + 3);
            }
            _ => return fail("missing -, : or )", start + 2 + len),
        }
        Ok(())
    }

    fn class(&mut self) -> Result<()> {
        let start = self.at;
        self.literal("[", 1);
        if self.peek(0) == Some('^') {
            self.literal("^", 1);
        }
        let mut first = true;
        loop {
            let Some(c) = self.peek(0) else { return fail("unterminated character set", start) };
            match c {
                ']' if !first => {
                    self.literal("]", 1);
                    return Ok(());
                }
                '\\' => self.escape(true)?,
                '[' | ']' | '&' | '~' | '^' | '#' => self.literal(&format!("\\{c}"), 1),
                '-' => {
                    // A hyphen is a range only between two characters.
                    let range =
                        !first && !matches!(self.peek(1), Some(']') | None) && !self.out.ends_with('-');
                    self.literal(if range { "-" } else { "\\-" }, 1);
                }
                c if c.is_whitespace() => self.literal(&format!("\\x{{{:x}}}", u32::from(c)), 1),
                c => self.literal(&c.to_string(), 1),
            }
            first = false;
        }
    }

    fn escape(&mut self, in_class: bool) -> Result<()> {
        let start = self.at;
        let Some(c) = self.peek(1) else { return fail("bad escape (end of pattern)", start) };
        match c {
            'd' | 'D' | 'w' | 'W' => self.literal(&format!("\\{c}"), 2),
            's' if in_class => self.literal(SPACE, 2),
            's' => self.literal(&format!("[{SPACE}]"), 2),
            'S' if in_class => self.literal("\\S", 2),
            'S' => self.literal(&format!("[^{SPACE}]"), 2),
            'b' if in_class => self.literal("\\x08", 2),
            'A' | 'b' | 'B' if !in_class => self.literal(&format!("\\{c}"), 2),
            'Z' if !in_class => self.literal("\\z", 2),
            'n' | 't' | 'r' | 'f' | 'v' => self.literal(&format!("\\{c}"), 2),
            'a' => self.literal("\\x07", 2),
            'x' | 'u' | 'U' => {
                let len = match c {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let hex: String = self.chars[start + 2..].iter().take(len).collect();
                let valid = hex.len() == len
                    && u32::from_str_radix(&hex, 16).is_ok_and(|n| char::from_u32(n).is_some());
                if !valid {
                    return fail(format!("incomplete escape \\{c}{hex}"), start);
                }
                self.literal(&format!("\\x{{{hex}}}"), 2 + len);
            }
            '0'..='9' => self.digits(start, in_class)?,
            c if c.is_ascii_alphabetic() => return fail(format!("bad escape \\{c}"), start),
            c if "\\.+*?()|[]{}^$#&-~/".contains(c) && c != '/' => self.literal(&format!("\\{c}"), 2),
            c => self.literal(&c.to_string(), 2),
        }
        Ok(())
    }

    /// An octal character or a reference to a group.
    fn digits(&mut self, start: usize, in_class: bool) -> Result<()> {
        let digits: String =
            self.chars[start + 1..].iter().take(3).take_while(|c| c.is_ascii_digit()).collect();
        let octal_len = digits.chars().take_while(|c| c.is_digit(8)).count();
        if in_class || digits.starts_with('0') || octal_len == 3 {
            let text = &digits[..octal_len];
            let Ok(code) = u32::from_str_radix(text, 8) else {
                return fail(format!("bad escape \\{digits}"), start);
            };
            self.literal(&format!("\\x{{{code:x}}}"), 1 + octal_len);
            return Ok(());
        }
        let len = digits.len().min(2);
        let group: usize = digits[..len].parse().unwrap_or(0);
        let groups = self.out.matches('(').count();
        if group > groups {
            return fail(format!("invalid group reference {group}"), start + 1);
        }
        self.literal(&format!("(?:\\{group})"), 1 + len);
        Ok(())
    }
}
