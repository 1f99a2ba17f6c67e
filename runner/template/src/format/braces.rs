//! Python's `str.format`.

use std::sync::Arc;

use super::number::{checked, exponent, fixed, general, grouped, radix};
use crate::error::{Error, ErrorKind, Result};
use crate::eval;
use crate::value::{Numeric, Value, float_repr, numeric, repr, to_str};

/// Fields inside of format specifications may nest once, as in Python.
const NESTING_MAX: usize = 2;

struct Arguments<'a> {
    positional: &'a [Value],
    named: &'a [(Arc<str>, Value)],
    automatic: usize,
}

/// `format.format(*positional, **named)`.
pub(crate) fn braces(format: &str, positional: &[Value], named: &[(Arc<str>, Value)]) -> Result<String> {
    let mut arguments = Arguments { positional, named, automatic: 0 };
    render(format, &mut arguments, NESTING_MAX)
}

fn render(format: &str, arguments: &mut Arguments<'_>, nesting: usize) -> Result<String> {
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            out.push_str(brace);
            rest = after;
            continue;
        }
        if brace == "}" {
            return Err(Error::runtime("Single '}' encountered in format string"));
        }
        let Some(end) = closing(rest) else {
            let message = if rest.is_empty() {
                "Single '{' encountered in format string"
            } else {
                "expected '}' before end of string"
            };
            return Err(Error::runtime(message));
        };
        out.push_str(&field(&rest[..end], arguments, nesting)?);
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (i, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(i),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn field(text: &str, arguments: &mut Arguments<'_>, nesting: usize) -> Result<String> {
    if nesting == 0 {
        return Err(Error::runtime("Max string recursion exceeded"));
    }
    let brackets_end = text.rfind(']').map_or(0, |i| if text[..i].contains('[') { i } else { 0 });
    let split = text[brackets_end..].find([':', '!']).map_or(text.len(), |i| i + brackets_end);
    let (name, mut rest) = text.split_at(split);
    let mut conversion = None;
    if let Some(after) = rest.strip_prefix('!') {
        let mut chars = after.chars();
        conversion = chars.next();
        rest = chars.as_str();
        if conversion.is_none() || !(rest.is_empty() || rest.starts_with(':')) {
            return Err(Error::runtime("expected ':' after conversion specifier"));
        }
    }
    let spec = rest.strip_prefix(':').unwrap_or("");
    let value = lookup(name, arguments)?;
    let spec =
        if spec.contains(['{', '}']) { render(spec, arguments, nesting - 1)? } else { spec.to_owned() };
    let value = match conversion {
        None => value,
        Some('s') => Value::text(to_str(&value)?),
        Some('r' | 'a') => Value::text(repr(&value)?),
        Some(other) => return Err(Error::runtime(format!("Unknown conversion specifier {other}"))),
    };
    format_value(&value, &spec)
}

fn lookup(name: &str, arguments: &mut Arguments<'_>) -> Result<Value> {
    let split = name.find(['.', '[']).unwrap_or(name.len());
    let (first, mut rest) = name.split_at(split);
    let positional = |index: usize| {
        arguments.positional.get(index).cloned().ok_or_else(|| {
            Error::runtime(format!("Replacement index {index} out of range for positional args tuple"))
        })
    };
    let mut value = if first.is_empty() {
        let index = arguments.automatic;
        let value = positional(index)?;
        arguments.automatic += 1;
        value
    } else if let Ok(index) = first.parse::<usize>() {
        positional(index)?
    } else {
        let found = arguments.named.iter().find(|(key, _)| &**key == first);
        found
            .map(|(_, value)| value.clone())
            .ok_or_else(|| Error::runtime(crate::value::quote_repr(first)))?
    };
    while !rest.is_empty() {
        value = value.defined()?;
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            value = eval::attribute(&value, &Arc::from(&after[..end]))?;
            rest = &after[end..];
        } else {
            let inner = rest.strip_prefix('[').unwrap_or(rest);
            let end = inner.find(']').ok_or_else(|| Error::runtime("Missing ']' in format string"))?;
            let key = inner[..end].parse().map_or_else(|_| Value::text(&inner[..end]), Value::Int);
            value = eval::item(&value, &key)?;
            rest = &inner[end + 1..];
        }
    }
    value.defined()
}

struct Spec {
    fill: char,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    zero: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

fn parse_spec(text: &str) -> Result<Spec> {
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    let mut spec = Spec {
        fill: ' ',
        align: None,
        sign: None,
        alternate: false,
        zero: false,
        width: 0,
        grouping: None,
        precision: None,
        kind: None,
    };
    let is_align = |c: Option<&char>| c.is_some_and(|c| "<>=^".contains(*c));
    if is_align(chars.get(1)) {
        (spec.fill, spec.align, at) = (chars[0], Some(chars[1]), 2);
    } else if is_align(chars.first()) {
        (spec.align, at) = (Some(chars[0]), 1);
    }
    if chars.get(at).is_some_and(|c| "+- ".contains(*c)) {
        spec.sign = Some(chars[at]);
        at += 1;
    }
    if chars.get(at) == Some(&'#') {
        spec.alternate = true;
        at += 1;
    }
    if chars.get(at) == Some(&'0') {
        spec.zero = true;
        at += 1;
    }
    let digits = |at: &mut usize| {
        let start = *at;
        let mut number = 0_usize;
        while let Some(digit) = chars.get(*at).and_then(|c| c.to_digit(10)) {
            number = number.saturating_mul(10).saturating_add(digit as usize);
            *at += 1;
        }
        (*at > start).then_some(number)
    };
    spec.width = checked(digits(&mut at).unwrap_or(0))?;
    if chars.get(at).is_some_and(|c| ",_".contains(*c)) {
        spec.grouping = Some(chars[at]);
        at += 1;
    }
    if chars.get(at) == Some(&'.') {
        at += 1;
        let precision =
            digits(&mut at).ok_or_else(|| Error::runtime("Format specifier missing precision"))?;
        spec.precision = Some(checked(precision)?);
    }
    if at < chars.len() {
        spec.kind = Some(chars[at]);
        at += 1;
    }
    if at < chars.len() {
        return Err(Error::runtime(format!("Invalid format specifier '{text}'")));
    }
    Ok(spec)
}

fn format_value(value: &Value, text: &str) -> Result<String> {
    if let Value::Undefined(why) = value {
        return Err(why.error.clone());
    }
    if text.is_empty() {
        return to_str(value);
    }
    if let Value::DateTime(moment) = value {
        return Ok(crate::moment::strftime(moment, text, None));
    }
    let spec = parse_spec(text)?;
    match (value, numeric(value)) {
        (Value::Str(text), _) => text_field(text.as_str(), &spec),
        (Value::Bool(b), _) if spec.kind.is_none() || spec.kind == Some('s') => {
            text_field(if *b { "True" } else { "False" }, &spec)
        }
        (_, Some(number)) => number_field(&number, &spec),
        _ => Err(Error::new(
            ErrorKind::Runtime,
            format!("unsupported format string passed to {}.__format__", value.type_name()),
        )),
    }
}

fn unknown(kind: char, type_name: &str) -> Error {
    Error::runtime(format!("Unknown format code '{kind}' for object of type '{type_name}'"))
}

fn text_field(text: &str, spec: &Spec) -> Result<String> {
    if let Some(kind) = spec.kind.filter(|kind| *kind != 's') {
        return Err(unknown(kind, "str"));
    }
    let body: String = match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    Ok(aligned("", &body, spec, '<'))
}

fn aligned(sign: &str, body: &str, spec: &Spec, default: char) -> String {
    let missing = spec.width.saturating_sub(sign.chars().count() + body.chars().count());
    let align = spec.align.unwrap_or(if spec.zero && default == '>' { '=' } else { default });
    let fill = if spec.zero && spec.align.is_none() { '0' } else { spec.fill };
    let pad = |n: usize| std::iter::repeat_n(fill, n).collect::<String>();
    match align {
        '<' => format!("{sign}{body}{}", pad(missing)),
        '^' => format!("{}{sign}{body}{}", pad(missing / 2), pad(missing - missing / 2)),
        '=' => format!("{sign}{}{body}", pad(missing)),
        _ => format!("{}{sign}{body}", pad(missing)),
    }
}

fn number_field(number: &Numeric, spec: &Spec) -> Result<String> {
    let is_float = matches!(number, Numeric::Float(_));
    let kind = spec.kind.unwrap_or(if is_float { '\0' } else { 'd' });
    let (digits, negative) = match (kind, number) {
        ('d' | 'n', Numeric::Int(_) | Numeric::Big(_)) => radix(&number.big(), 10, false),
        ('b' | 'o' | 'x' | 'X', Numeric::Int(_) | Numeric::Big(_)) => {
            let (base, prefix) = match kind {
                'b' => (2, "0b"),
                'o' => (8, "0o"),
                'x' => (16, "0x"),
                _ => (16, "0X"),
            };
            let (digits, negative) = radix(&number.big(), base, kind == 'X');
            (if spec.alternate { format!("{prefix}{digits}") } else { digits }, negative)
        }
        ('c', Numeric::Int(code)) => {
            let c = u32::try_from(*code).ok().and_then(char::from_u32);
            let c = c.ok_or_else(|| Error::runtime("%c arg not in range(0x110000)"))?;
            return Ok(aligned("", &c.to_string(), spec, '<'));
        }
        ('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%' | 'n' | '\0', _) => {
            let f = number.float()?;
            let abs = f.abs();
            let precision = spec.precision.unwrap_or(6);
            let text = match kind {
                'e' | 'E' => exponent(abs, precision),
                'f' | 'F' => fixed(abs, precision),
                '%' => fixed(abs * 100.0, precision) + "%",
                '\0' if spec.precision.is_none() => float_repr(abs),
                '\0' => {
                    let text = general(abs, precision.max(1), false);
                    if text.contains(['.', 'e', 'n']) { text } else { text + ".0" }
                }
                _ => general(abs, precision, spec.alternate),
            };
            let text = if kind.is_ascii_uppercase() { text.to_uppercase() } else { text };
            (text, f.is_sign_negative() && !f.is_nan())
        }
        _ => return Err(unknown(kind, if is_float { "float" } else { "int" })),
    };
    let digits = match spec.grouping {
        Some(separator) => {
            let size = if matches!(kind, 'b' | 'o' | 'x' | 'X') { 4 } else { 3 };
            grouped(&digits, separator, size)
        }
        None => digits,
    };
    let sign = match (negative, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    };
    Ok(aligned(sign, &digits, spec, '>'))
}
