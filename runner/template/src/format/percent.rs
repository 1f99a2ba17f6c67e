//! Python's `format % values`.

use super::number::{checked, exponent, fixed, general, radix};
use crate::error::{Error, Result};
use crate::value::{Key, Numeric, Value, numeric, repr, to_str};

struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

struct Values<'v> {
    all: &'v Value,
    tuple: Vec<Value>,
    next: usize,
    used_mapping: bool,
}

impl Values<'_> {
    fn next(&mut self) -> Result<Value> {
        let value = self.tuple.get(self.next).cloned();
        self.next += 1;
        value.ok_or_else(|| Error::runtime("not enough arguments for format string"))?.defined()
    }

    fn star(&mut self) -> Result<i64> {
        self.next()?.as_int().ok_or_else(|| Error::runtime("* wants int"))
    }
}

/// `format % values`.
pub(crate) fn percent(format: &str, values: &Value) -> Result<String> {
    let tuple = match values {
        Value::Tuple(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    let mut values = Values { all: values, tuple, next: 0, used_mapping: false };
    let mut out = String::new();
    let mut chars = format.char_indices().peekable();
    while let Some((_, c)) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut key = None;
        if chars.peek().is_some_and(|(_, c)| *c == '(') {
            chars.next();
            let mut depth = 1;
            let mut name = String::new();
            for (_, c) in chars.by_ref() {
                match c {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                name.push(c);
            }
            if depth != 0 {
                return Err(Error::runtime("incomplete format key"));
            }
            key = Some(name);
        }
        let mut spec = Spec {
            left: false,
            plus: false,
            space: false,
            zero: false,
            alternate: false,
            width: 0,
            precision: None,
        };
        while let Some((_, c)) = chars.peek() {
            match c {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                '0' => spec.zero = true,
                '#' => spec.alternate = true,
                _ => break,
            }
            chars.next();
        }
        let digits = |values: &mut Values<'_>, chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>| {
            if chars.peek().is_some_and(|(_, c)| *c == '*') {
                chars.next();
                return values.star();
            }
            let mut number: i64 = 0;
            while let Some(digit) = chars.peek().and_then(|(_, c)| c.to_digit(10)) {
                number = number.saturating_mul(10).saturating_add(i64::from(digit));
                chars.next();
            }
            Ok(number)
        };
        let width = digits(&mut values, &mut chars)?;
        spec.left |= width < 0;
        spec.width = checked(usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX))?;
        if chars.peek().is_some_and(|(_, c)| *c == '.') {
            chars.next();
            let precision = digits(&mut values, &mut chars)?;
            spec.precision = Some(checked(usize::try_from(precision).unwrap_or(0))?);
        }
        while chars.peek().is_some_and(|(_, c)| matches!(c, 'h' | 'l' | 'L')) {
            chars.next();
        }
        let Some((at, conversion)) = chars.next() else {
            return Err(Error::runtime("incomplete format"));
        };
        if conversion == '%' {
            out.push('%');
            continue;
        }
        let value = match key {
            Some(name) => {
                values.used_mapping = true;
                let Value::Dict(dict) = values.all else {
                    return Err(Error::runtime("format requires a mapping"));
                };
                let found = dict.get(&Key(Value::text(name.as_str())));
                found.ok_or_else(|| Error::runtime(crate::value::quote_repr(&name)))?.defined()?
            }
            None => values.next()?,
        };
        let text = convert(&value, conversion, &spec).map_err(|error| match error {
            Some(error) => error,
            None => Error::runtime(format!(
                "unsupported format character '{conversion}' (0x{:x}) at index {}",
                u32::from(conversion),
                format[..at].chars().count()
            )),
        })?;
        out.push_str(&text);
    }
    let mapping = matches!(values.all, Value::Dict(_) | Value::List(_));
    if values.next < values.tuple.len() && !values.used_mapping && !mapping {
        return Err(Error::runtime("not all arguments converted during string formatting"));
    }
    Ok(out)
}

fn convert(value: &Value, conversion: char, spec: &Spec) -> Result<String, Option<Error>> {
    let body = match conversion {
        's' => truncated(to_str(value).map_err(Some)?, spec),
        'r' | 'a' => truncated(repr(value).map_err(Some)?, spec),
        'c' => match value {
            Value::Str(text) if text.as_str().chars().count() == 1 => text.as_str().to_owned(),
            other => match other.as_int().and_then(|i| u32::try_from(i).ok()).and_then(char::from_u32) {
                Some(c) => c.to_string(),
                None => return Err(Some(Error::runtime("%c requires int or char"))),
            },
        },
        'd' | 'i' | 'u' | 'x' | 'X' | 'o' => return integer(value, conversion, spec).map_err(Some),
        'f' | 'F' | 'e' | 'E' | 'g' | 'G' => return float(value, conversion, spec).map_err(Some),
        _ => return Err(None),
    };
    Ok(padded("", &body, spec, false))
}

fn truncated(text: String, spec: &Spec) -> String {
    match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text,
    }
}

fn padded(sign: &str, body: &str, spec: &Spec, numeric: bool) -> String {
    let missing = spec.width.saturating_sub(sign.chars().count() + body.chars().count());
    if spec.left {
        return format!("{sign}{body}{}", " ".repeat(missing));
    }
    if spec.zero && numeric {
        return format!("{sign}{}{body}", "0".repeat(missing));
    }
    format!("{}{sign}{body}", " ".repeat(missing))
}

fn sign(negative: bool, spec: &Spec) -> &'static str {
    match negative {
        true => "-",
        false if spec.plus => "+",
        false if spec.space => " ",
        false => "",
    }
}

fn integer(value: &Value, conversion: char, spec: &Spec) -> Result<String> {
    let number = match numeric(value) {
        Some(Numeric::Float(f)) if matches!(conversion, 'd' | 'i' | 'u') && f.is_finite() => {
            Numeric::Big(Numeric::Float(f.trunc()).big().into_owned())
        }
        Some(Numeric::Float(_)) | None => {
            let wanted = if matches!(conversion, 'd' | 'i' | 'u') { "a real number" } else { "an integer" };
            return Err(Error::runtime(format!(
                "%{conversion} format: {wanted} is required, not {}",
                value.type_name()
            )));
        }
        Some(number) => number,
    };
    let (base, prefix) = match conversion {
        'x' => (16, "0x"),
        'X' => (16, "0X"),
        'o' => (8, "0o"),
        _ => (10, ""),
    };
    let (mut digits, negative) = radix(&number.big(), base, conversion == 'X');
    if let Some(precision) = spec.precision {
        digits = format!("{}{digits}", "0".repeat(precision.saturating_sub(digits.len())));
    }
    let prefix = if spec.alternate { prefix } else { "" };
    Ok(padded(&format!("{}{prefix}", sign(negative, spec)), &digits, spec, true))
}

fn float(value: &Value, conversion: char, spec: &Spec) -> Result<String> {
    let Some(number) = numeric(value) else {
        return Err(Error::runtime(format!("must be real number, not {}", value.type_name())));
    };
    let f = number.float()?;
    let precision = spec.precision.unwrap_or(6);
    let text = match conversion.to_ascii_lowercase() {
        'f' => fixed(f.abs(), precision),
        'e' => exponent(f.abs(), precision),
        _ => general(f.abs(), precision, spec.alternate),
    };
    let text = if conversion.is_ascii_uppercase() { text.to_uppercase() } else { text };
    Ok(padded(sign(f.is_sign_negative() && !f.is_nan(), spec), &text, spec, f.is_finite()))
}
