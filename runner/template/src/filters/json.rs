//! JSON: Python's `json.dumps` and `json.loads`.

use num_bigint::BigInt;

use super::{Call, Filter};
use crate::error::{Error, Result};
use crate::value::{Dict, JsonStyle, Key, Map, Value, dumps, to_str};

/// How deep a text may nest.
const DEPTH_MAX: usize = 500;

const OPTIONS: &[&str] = &[
    "vault_to_text",
    "preprocess_unsafe",
    "allow_nan",
    "check_circular",
    "ensure_ascii",
    "indent",
    "separators",
    "skipkeys",
    "sort_keys",
];

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("to_json", OPTIONS, |call| to_json(call, None, false)),
    Filter::new(
        "to_nice_json",
        &[
            "indent",
            "sort_keys",
            "vault_to_text",
            "preprocess_unsafe",
            "allow_nan",
            "check_circular",
            "ensure_ascii",
            "separators",
            "skipkeys",
        ],
        |call| to_json(call, Some(4), true),
    ),
    Filter::new("tojson", &["indent"], |call| {
        let indent = call.args.int_opt("indent")?.and_then(|n| usize::try_from(n).ok());
        let style = JsonStyle { indent, sort_keys: true, ascii: true, ..JsonStyle::default() };
        let text = dumps(&call.input, &style)?;
        Ok(Value::text(
            text.replace('<', "\\u003c")
                .replace('>', "\\u003e")
                .replace('&', "\\u0026")
                .replace('\'', "\\u0027"),
        ))
    }),
    Filter::new("from_json", &["**"], |call| match &call.input {
        Value::Str(text) => parse(text.as_str()),
        Value::Bytes(bytes) => parse(&String::from_utf8_lossy(bytes)),
        other => Err(Error::runtime(format!(
            "the JSON object must be str, bytes or bytearray, not {}",
            other.type_name()
        ))),
    }),
];

fn to_json(call: &Call<'_>, indent: Option<usize>, sort_keys: bool) -> Result<Value> {
    let indent = match call.args.get("indent") {
        Some(Value::None) => None,
        Some(value) => Some(usize::try_from(super::whole(value)?.clamp(0, 1_000)).unwrap_or(0)),
        None => indent,
    };
    let mut style = JsonStyle {
        indent,
        sort_keys: call.args.truth_or("sort_keys", sort_keys)?,
        ascii: call.args.truth_or("ensure_ascii", true)?,
        allow_nan: call.args.truth_or("allow_nan", true)?,
        ..JsonStyle::default()
    };
    if let Some(separators) = call.args.some("separators") {
        match separators.iterate()?.as_slice() {
            [item, key] => {
                style.item_separator = Some(to_str(item)?);
                style.key_separator = to_str(key)?;
            }
            _ => return Err(Error::runtime("not enough values to unpack (expected 2, got 1)")),
        }
    }
    dumps(&call.input, &style).map(Value::text)
}

/// Python's `json.loads`, with its complaints.
pub(crate) fn parse(text: &str) -> Result<Value> {
    let mut parser = Parser { text, at: 0 };
    parser.space();
    let value = parser.value(0)?;
    parser.space();
    if parser.at < text.len() {
        return parser.fail("Extra data");
    }
    Ok(value)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, message: &str) -> Result<T> {
        self.fail_at(message, self.at)
    }

    fn fail_at<T>(&self, message: &str, at: usize) -> Result<T> {
        let before = &self.text[..at.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        let index = before.chars().count();
        Err(Error::runtime(format!("{message}: line {line} column {column} (char {index})")))
    }

    fn value(&mut self, depth: usize) -> Result<Value> {
        if depth > DEPTH_MAX {
            return Err(Error::runtime(
                "maximum recursion depth exceeded while decoding a JSON array from a unicode string",
            ));
        }
        for (word, value) in [
            ("null", Value::None),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        match self.peek() {
            Some(b'"') => self.string().map(Value::text),
            Some(b'[') => self.list(depth),
            Some(b'{') => self.dict(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.fail("Expecting value"),
        }
    }

    fn number(&mut self) -> Result<Value> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let start = usize::from(rest.starts_with('-'));
        let whole = if bytes.get(start) == Some(&b'0') { 1 } else { digits(start) };
        if whole == 0 {
            return self.fail("Expecting value");
        }
        let mut len = start + whole;
        let mut float = false;
        if bytes.get(len) == Some(&b'.') && digits(len + 1) > 0 {
            float = true;
            len += 1 + digits(len + 1);
        }
        if matches!(bytes.get(len), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
            let count = bytes.get(len + 1 + sign..).map_or(0, |_| digits(len + 1 + sign));
            if count > 0 {
                float = true;
                len += 1 + sign + count;
            }
        }
        let text = rest[..len].to_owned();
        self.at += len;
        if float {
            return Ok(Value::Float(text.parse().unwrap_or(f64::NAN)));
        }
        Ok(text.parse().map_or_else(
            |_| BigInt::parse_bytes(text.as_bytes(), 10).map_or(Value::None, Value::from),
            Value::Int,
        ))
    }

    fn list(&mut self, depth: usize) -> Result<Value> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::list(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::list(items));
                }
                Some(b',') => {
                    self.at += 1;
                    self.space();
                }
                _ => return self.fail("Expecting ',' delimiter"),
            }
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Value> {
        self.at += 1;
        let mut map = Map::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Dict(Dict::new(map)));
        }
        loop {
            if self.peek() != Some(b'"') {
                return self.fail("Expecting property name enclosed in double quotes");
            }
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return self.fail("Expecting ':' delimiter");
            }
            self.at += 1;
            self.space();
            let value = self.value(depth + 1)?;
            map.insert(Key(Value::text(key)), value);
            self.space();
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Dict(Dict::new(map)));
                }
                Some(b',') => {
                    self.at += 1;
                    self.space();
                }
                _ => return self.fail("Expecting ',' delimiter"),
            }
        }
    }

    fn string(&mut self) -> Result<String> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                return self.fail_at("Unterminated string starting at", start);
            };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(out);
                }
                '\\' => self.escape(start, &mut out)?,
                c if u32::from(c) < 0x20 => return self.fail("Invalid control character at"),
                c => {
                    out.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self, start: usize, out: &mut String) -> Result<()> {
        let at = self.at;
        self.at += 1;
        let Some(c) = self.rest().chars().next() else {
            return self.fail_at("Unterminated string starting at", start);
        };
        self.at += c.len_utf8();
        out.push(match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.hex(at)?;
                let mut code = first;
                if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
                    let mark = self.at;
                    self.at += 2;
                    let second = self.hex(at)?;
                    if (0xdc00..0xe000).contains(&second) {
                        code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                    } else {
                        self.at = mark;
                    }
                }
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return self.fail_at("Invalid \\escape", at),
        });
        Ok(())
    }

    fn hex(&mut self, at: usize) -> Result<u32> {
        let digits = self.rest().get(..4).filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => self.fail_at("Invalid \\uXXXX escape", at + 1),
        }
    }
}
