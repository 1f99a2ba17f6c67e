//! JSON as Python's `json` reads it, with places: Ansible tries it before YAML, and the two differ in numbers and escapes.

use crate::node::{Ciphertext, Data, Map, Node, Text};
use crate::source::{Source, Span};
use crate::yaml::number;

/// Levels of nesting, as for YAML.
const DEPTH_MAX: usize = 256;

/// The value, when the whole text is JSON.
pub fn parse(source: &Source) -> Option<Node> {
    let text = source.text();
    if !matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'[' | b'"')) {
        return None;
    }
    let mut reader = Reader { source, text, at: 0, line: 1, line_start: 0 };
    reader.blank();
    let node = reader.value(0)?;
    reader.blank();
    (reader.at == text.len()).then_some(node)
}

struct Reader<'s> {
    source: &'s Source,
    text: &'s str,
    at: usize,
    line: u32,
    line_start: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\n' | b'\r')) = self.peek() {
            self.at += 1;
            if byte == b'\n' {
                self.line += 1;
                self.line_start = self.at;
            }
        }
    }

    fn span(&self) -> Span {
        let column = self.text[self.line_start..self.at].chars().count() + 1;
        self.source.at(self.line, u32::try_from(column).unwrap_or(u32::MAX))
    }

    fn eat(&mut self, expected: &str) -> Option<()> {
        self.text[self.at..].starts_with(expected).then(|| self.at += expected.len())
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        if depth > DEPTH_MAX {
            return None;
        }
        let span = self.span();
        let data = match self.peek()? {
            b'{' => self.object(depth)?,
            b'[' => self.array(depth)?,
            b'"' => Data::Str(Text { value: self.string()?.into(), trusted: true }),
            _ => self.word()?,
        };
        Some(Node::new(data, span))
    }

    fn word(&mut self) -> Option<Data> {
        const WORDS: [(&str, Data); 6] = [
            ("null", Data::Null),
            ("true", Data::Bool(true)),
            ("false", Data::Bool(false)),
            ("NaN", Data::Float(f64::NAN)),
            ("Infinity", Data::Float(f64::INFINITY)),
            ("-Infinity", Data::Float(f64::NEG_INFINITY)),
        ];
        for (word, data) in WORDS {
            if self.eat(word).is_some() {
                return Some(data);
            }
        }
        self.number()
    }

    fn number(&mut self) -> Option<Data> {
        let rest = &self.text[self.at..];
        let length =
            rest.bytes().take_while(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')).count();
        let text = &rest[..length];
        let digits = text.strip_prefix('-').unwrap_or(text);
        let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
        if whole == 0 || (whole > 1 && digits.starts_with('0')) {
            return None;
        }
        self.at += length;
        if whole == digits.len() {
            return number::int(text).ok();
        }
        let after = digits[whole..].strip_prefix('.');
        if after.is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_digit())) {
            return None;
        }
        text.parse().ok().map(Data::Float)
    }

    fn array(&mut self, depth: usize) -> Option<Data> {
        self.eat("[")?;
        self.blank();
        let mut items = Vec::new();
        if self.eat("]").is_some() {
            return Some(Data::List(items.into()));
        }
        loop {
            self.blank();
            items.push(self.value(depth + 1)?);
            self.blank();
            if self.eat(",").is_none() {
                break;
            }
        }
        self.eat("]")?;
        Some(Data::List(items.into()))
    }

    fn object(&mut self, depth: usize) -> Option<Data> {
        self.eat("{")?;
        self.blank();
        let mut map = Map::new();
        if self.eat("}").is_some() {
            return Some(Data::Map(map.into()));
        }
        loop {
            self.blank();
            let span = self.span();
            let key = self.string()?;
            self.blank();
            self.eat(":")?;
            self.blank();
            let value = self.value(depth + 1)?;
            // As in Ansible, the keys of JSON are not templates.
            map.insert(Node::new(Data::Str(Text { value: key.into(), trusted: false }), span), value);
            self.blank();
            if self.eat(",").is_none() {
                break;
            }
        }
        self.eat("}")?;
        Some(marked(&map).unwrap_or_else(|| Data::Map(map.into())))
    }

    fn string(&mut self) -> Option<String> {
        self.eat("\"")?;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c: char| matches!(c, '"' | '\\') || (c as u32) < 0x20)?;
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(out);
                }
                b'\\' => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                _ => return None,
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Option<()> {
        let byte = self.peek()?;
        self.at += 1;
        out.push(match byte {
            b'"' | b'\\' | b'/' => byte as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut code = self.hex()?;
                if (0xd800..0xdc00).contains(&code) && self.eat("\\u").is_some() {
                    code = 0x10000 + ((code - 0xd800) << 10) + self.hex()?.checked_sub(0xdc00)?;
                }
                char::from_u32(code).unwrap_or('\u{fffd}')
            }
            _ => return None,
        });
        Some(())
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    }
}

/// The two mappings with which Ansible's own JSON stands for untrusted and encrypted strings.
fn marked(map: &Map) -> Option<Data> {
    if map.len() != 1 {
        return None;
    }
    let text = |key| map.get(key).and_then(Node::as_str);
    if let Some(text) = text("__ansible_unsafe") {
        return Some(Data::Str(Text { value: text.into(), trusted: false }));
    }
    text("__ansible_vault").map(|text| Data::Vault(Ciphertext(text.into()).into()))
}
