//! Python literals: what `key=value` in an INI inventory means when the value looks like Python.

use num_bigint::BigInt;

use crate::node::{Data, Map, Node, Text};
use crate::source::Span;
use crate::yaml::number;

/// Levels of brackets: deeper text is taken for a plain string.
const DEPTH_MAX: usize = 64;

/// The value of a text: the literal it is, or the text itself. Tuples and sets become lists.
pub fn value(text: &str, span: &Span) -> Node {
    match literal(text, span) {
        Some(node) => node,
        None => Node::string(text, span.clone()),
    }
}

/// The literal a whole text is.
fn literal(text: &str, span: &Span) -> Option<Node> {
    // Most values are plain words; only what can begin a literal is looked at.
    let first = text.trim_start_matches([' ', '\t']).as_bytes().first()?;
    if !matches!(
        first,
        b'0'..=b'9'
            | b'+'
            | b'-'
            | b'.'
            | b'\''
            | b'"'
            | b'['
            | b'{'
            | b'('
            | b'T'
            | b'F'
            | b'N'
            | b'r'
            | b'R'
            | b'u'
            | b'U'
            | b's'
    ) {
        return None;
    }
    let mut reader = Reader { text, at: 0, span, depth: 0 };
    reader.blank(false);
    let first = reader.value()?;
    reader.blank(false);
    // A comma at the top makes a tuple without brackets.
    let node = if reader.eat(",") {
        let mut items = vec![first];
        loop {
            reader.blank(false);
            if reader.rest().is_empty() {
                break;
            }
            items.push(reader.value()?);
            reader.blank(false);
            if !reader.eat(",") {
                break;
            }
        }
        Node::list(items, span.clone())
    } else {
        first
    };
    reader.blank(false);
    reader.rest().is_empty().then_some(node)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    span: &'t Span,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    /// Skips blanks and, as Python does, a comment; within brackets also line ends.
    fn blank(&mut self, within: bool) {
        let skip = self.rest().len()
            - self.rest().trim_start_matches(|c| matches!(c, ' ' | '\t') || (within && c == '\n')).len();
        self.at += skip;
        if self.rest().starts_with('#') {
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn node(&self, data: Data) -> Node {
        Node::new(data, self.span.clone())
    }

    fn value(&mut self) -> Option<Node> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let found = match self.rest().as_bytes().first()? {
            b'[' => self.list("[", "]"),
            b'(' => self.tuple(),
            b'{' => self.braces(),
            b'\'' | b'"' | b'r' | b'R' | b'u' | b'U' => self.strings(),
            b's' if self.eat("set()") => Some(Node::list(Vec::new(), self.span.clone())),
            b'0'..=b'9' | b'.' | b'+' | b'-' => self.number(),
            _ => self.word(),
        };
        self.depth -= 1;
        found
    }

    fn word(&mut self) -> Option<Node> {
        let length =
            self.rest().find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest().len());
        let data = match &self.rest()[..length] {
            "True" => Data::Bool(true),
            "False" => Data::Bool(false),
            "None" => Data::Null,
            _ => return None,
        };
        self.at += length;
        Some(self.node(data))
    }

    fn items(&mut self, close: &str) -> Option<(Vec<Node>, bool)> {
        let mut items = Vec::new();
        let mut comma = false;
        loop {
            self.blank(true);
            if self.eat(close) {
                return Some((items, comma));
            }
            items.push(self.value()?);
            self.blank(true);
            comma = self.eat(",");
            if !comma {
                self.blank(true);
                return self.eat(close).then_some((items, false));
            }
        }
    }

    fn list(&mut self, open: &str, close: &str) -> Option<Node> {
        self.eat(open);
        let (items, _) = self.items(close)?;
        Some(Node::list(items, self.span.clone()))
    }

    /// `(a)` is `a`; `(a,)` and `(a, b)` are tuples.
    fn tuple(&mut self) -> Option<Node> {
        self.eat("(");
        let (mut items, comma) = self.items(")")?;
        if items.len() == 1 && !comma {
            return items.pop();
        }
        Some(Node::list(items, self.span.clone()))
    }

    /// A dict, or a set.
    fn braces(&mut self) -> Option<Node> {
        self.eat("{");
        self.blank(true);
        if self.eat("}") {
            return Some(Node::map(Map::new(), self.span.clone()));
        }
        let before = self.at;
        let first = self.value()?;
        self.blank(true);
        if !self.eat(":") {
            self.at = before;
            return self.items("}").map(|(items, _)| Node::list(items, self.span.clone()));
        }
        let mut map = Map::new();
        let mut key = first;
        loop {
            if matches!(key.data, Data::List(_) | Data::Map(_)) {
                return None;
            }
            self.blank(true);
            let value = self.value()?;
            map.insert(key, value);
            self.blank(true);
            let comma = self.eat(",");
            self.blank(true);
            if self.eat("}") {
                return Some(Node::map(map, self.span.clone()));
            }
            if !comma {
                return None;
            }
            key = self.value()?;
            self.blank(true);
            if !self.eat(":") {
                return None;
            }
        }
    }

    fn number(&mut self) -> Option<Node> {
        let sign = match self.rest().as_bytes().first() {
            Some(b'-') => "-",
            Some(b'+') => "+",
            _ => "",
        };
        self.at += sign.len();
        self.blank(false);
        let rest = self.rest();
        let mut length = 0;
        let bytes = rest.as_bytes();
        while let Some(byte) = bytes.get(length) {
            let exponent_sign = matches!(byte, b'+' | b'-')
                && matches!(bytes.get(length.wrapping_sub(1)), Some(b'e' | b'E'))
                && !rest.starts_with("0x")
                && !rest.starts_with("0X");
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || exponent_sign) {
                break;
            }
            length += 1;
        }
        let digits = &rest[..length];
        let data = number_data(digits, sign == "-")?;
        self.at += length;
        Some(self.node(data))
    }

    /// One or more strings next to each other, which Python joins.
    fn strings(&mut self) -> Option<Node> {
        let mut out = String::new();
        let mut found = false;
        loop {
            let prefix = self.rest().bytes().take_while(u8::is_ascii_alphabetic).count();
            let raw = match self.rest()[..prefix].to_ascii_lowercase().as_str() {
                "" | "u" => false,
                "r" => true,
                _ => return None,
            };
            let quote = match self.rest().as_bytes().get(prefix) {
                Some(b'\'') => "'",
                Some(b'"') => "\"",
                _ => break,
            };
            self.at += prefix;
            let triple = quote.repeat(3);
            let end = if self.rest().starts_with(&triple) { triple } else { quote.to_owned() };
            self.at += end.len();
            self.string(&end, raw, &mut out)?;
            found = true;
            self.blank(self.depth > 1);
        }
        let text = Text { value: out.into(), trusted: true };
        found.then(|| self.node(Data::Str(text)))
    }

    fn string(&mut self, end: &str, raw: bool, out: &mut String) -> Option<()> {
        loop {
            if self.eat(end) {
                return Some(());
            }
            let c = self.rest().chars().next()?;
            self.at += c.len_utf8();
            match c {
                '\\' if raw => {
                    let next = self.rest().chars().next()?;
                    self.at += next.len_utf8();
                    out.extend(['\\', next]);
                }
                '\\' => self.escape(out)?,
                '\n' if end.len() == 1 => return None,
                c => out.push(c),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Option<()> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        let simple = match c {
            '\n' => return Some(()),
            '\\' | '\'' | '"' => c,
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'x' | 'u' | 'U' => {
                let digits = match c {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let hex =
                    self.rest().get(..digits).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
                self.at += digits;
                char::from_u32(u32::from_str_radix(hex, 16).ok()?)?
            }
            '0'..='7' => {
                let digits = self.rest().bytes().take(2).take_while(|b| matches!(b, b'0'..=b'7')).count();
                let octal = format!("{c}{}", &self.rest()[..digits]);
                self.at += digits;
                char::from_u32(u32::from_str_radix(&octal, 8).ok()?)?
            }
            c => {
                out.push('\\');
                c
            }
        };
        out.push(simple);
        Some(())
    }
}

/// A number in one of Python's forms; underscores only between digits.
fn number_data(text: &str, negative: bool) -> Option<Data> {
    let lower = text.to_ascii_lowercase();
    let bytes = lower.as_bytes();
    let underscores_fit =
        !bytes.is_empty() && bytes[0] != b'_' && bytes[bytes.len() - 1] != b'_' && !lower.contains("__");
    if !underscores_fit {
        return None;
    }
    let plain = lower.replace('_', "");
    let radix = [("0x", 16), ("0o", 8), ("0b", 2)].iter().find(|(prefix, _)| plain.starts_with(prefix));
    if let Some((prefix, radix)) = radix {
        let digits = &plain[prefix.len()..];
        let fits = !digits.is_empty() && digits.chars().all(|c| c.is_digit(*radix));
        let value = BigInt::parse_bytes(digits.as_bytes(), *radix).filter(|_| fits)?;
        return Some(number::small(if negative { -value } else { value }));
    }
    if plain.bytes().all(|b| b.is_ascii_digit()) {
        let zeros = plain.bytes().all(|b| b == b'0');
        if plain.starts_with('0') && !zeros {
            return None;
        }
        let signed = if negative { format!("-{plain}") } else { plain };
        let value = if zeros { Data::Int(0) } else { number::int(&signed).ok()? };
        return Some(value);
    }
    let shape = plain.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'+' | b'-'));
    let starts = plain.starts_with(|c: char| c.is_ascii_digit())
        || (plain.starts_with('.') && plain[1..].starts_with(|c: char| c.is_ascii_digit()));
    if !(shape && starts) {
        return None;
    }
    let value: f64 = plain.parse().ok()?;
    Some(Data::Float(if negative { -value } else { value }))
}
