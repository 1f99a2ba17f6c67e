//! What a plain scalar is by its characters alone: YAML 1.1's implicit types, with PyYAML's patterns.

/// The type of a plain scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implicit {
    /// `~`, `null`, nothing.
    Null,
    /// `yes`, `off`, `True`, …
    Bool(bool),
    /// A whole number.
    Int,
    /// A number with a dot.
    Float,
    /// A date, or a date and time.
    Timestamp,
    /// `<<`.
    Merge,
    /// `=`.
    Value,
    /// Everything else.
    Str,
}

/// The implicit type of a plain scalar.
pub fn implicit(text: &str) -> Implicit {
    let Some(first) = text.bytes().next() else { return Implicit::Null };
    match first {
        b'~' | b'n' | b'N' if matches!(text, "~" | "null" | "Null" | "NULL") => Implicit::Null,
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => {
            boolean(text).map_or(Implicit::Str, Implicit::Bool)
        }
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text, first),
        b'<' if text == "<<" => Implicit::Merge,
        b'=' if text == "=" => Implicit::Value,
        _ => Implicit::Str,
    }
}

/// A boolean word of YAML 1.1 in lower, title or upper case.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn number(text: &str, first: u8) -> Implicit {
    let bytes = text.as_bytes();
    if is_float(bytes) {
        Implicit::Float
    } else if is_int(bytes) {
        Implicit::Int
    } else if first.is_ascii_digit() && timestamp(text).is_some() {
        Implicit::Timestamp
    } else {
        Implicit::Str
    }
}

fn unsigned(bytes: &[u8]) -> &[u8] {
    match bytes {
        [b'+' | b'-', rest @ ..] => rest,
        _ => bytes,
    }
}

fn is_digit_or_underscore(byte: &u8) -> bool {
    byte.is_ascii_digit() || *byte == b'_'
}

fn is_int(bytes: &[u8]) -> bool {
    match unsigned(bytes) {
        [b'0'] => true,
        [b'0', b'b', rest @ ..] if !rest.is_empty() => rest.iter().all(|b| matches!(b, b'0' | b'1' | b'_')),
        [b'0', b'x', rest @ ..] if !rest.is_empty() => {
            rest.iter().all(|b| b.is_ascii_hexdigit() || *b == b'_')
        }
        [b'0', rest @ ..] => !rest.is_empty() && rest.iter().all(|b| matches!(b, b'0'..=b'7' | b'_')),
        [b'1'..=b'9', rest @ ..] => {
            let digits = rest.iter().take_while(|b| is_digit_or_underscore(b)).count();
            rest.len() == digits || is_sexagesimal_tail(&rest[digits..])
        }
        _ => false,
    }
}

/// One or more of `:` with a number below sixty.
fn is_sexagesimal_tail(mut bytes: &[u8]) -> bool {
    if bytes.is_empty() {
        return false;
    }
    while let [b':', rest @ ..] = bytes {
        bytes = match rest {
            [b'0'..=b'5', b'0'..=b'9', rest @ ..] | [b'0'..=b'9', rest @ ..] => rest,
            _ => return false,
        };
    }
    bytes.is_empty()
}

fn is_float(bytes: &[u8]) -> bool {
    let rest = unsigned(bytes);
    if matches!(rest, b".inf" | b".Inf" | b".INF") || matches!(bytes, b".nan" | b".NaN" | b".NAN") {
        return true;
    }
    match rest {
        // A leading dot takes no sign.
        [b'.', digits @ ..] if rest.len() == bytes.len() => {
            digits.first().is_some_and(u8::is_ascii_digit) && is_fraction_and_exponent(digits)
        }
        [b'0'..=b'9', ..] => {
            let whole = rest.iter().take_while(|b| is_digit_or_underscore(b)).count();
            match &rest[whole..] {
                [b'.', after @ ..] => is_fraction_and_exponent(after),
                [b':', ..] => is_sexagesimal_float(&rest[whole..]),
                _ => false,
            }
        }
        _ => false,
    }
}

/// `[0-9_]*` and perhaps an exponent with its sign.
fn is_fraction_and_exponent(bytes: &[u8]) -> bool {
    let digits = bytes.iter().take_while(|b| is_digit_or_underscore(b)).count();
    match &bytes[digits..] {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] => {
            !exponent.is_empty() && exponent.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// `:59:59.` and perhaps a fraction.
fn is_sexagesimal_float(bytes: &[u8]) -> bool {
    let Some(dot) = bytes.iter().position(|b| *b == b'.') else { return false };
    is_sexagesimal_tail(&bytes[..dot]) && bytes[dot + 1..].iter().all(is_digit_or_underscore)
}

/// The parts of a timestamp, not yet checked against the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Year, month, day.
    pub date: (i16, u8, u8),
    /// Hour, minute, second, microsecond; none for a date.
    pub time: Option<(u8, u8, u8, u32)>,
    /// Seconds east of UTC.
    pub offset_s: Option<i32>,
}

/// Reads the form of a timestamp.
pub fn timestamp(text: &str) -> Option<Timestamp> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4, 4)?;
    literal(&mut rest, b'-')?;
    let month_start = rest;
    let month = digits(&mut rest, 1, 2)?;
    literal(&mut rest, b'-')?;
    let day_start = rest;
    let day = digits(&mut rest, 1, 2)?;
    let date = (i16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    if rest.is_empty() {
        // A date alone needs two digits for month and day.
        let full = month_start.get(2) == Some(&b'-') && day_start.len() == 2;
        return full.then_some(Timestamp { date, time: None, offset_s: None });
    }
    if literal(&mut rest, b'T').or_else(|| literal(&mut rest, b't')).is_none() && blanks(&mut rest) == 0 {
        return None;
    }
    let hour = digits(&mut rest, 1, 2)?;
    literal(&mut rest, b':')?;
    let minute = digits(&mut rest, 2, 2)?;
    literal(&mut rest, b':')?;
    let second = digits(&mut rest, 2, 2)?;
    let micros = if literal(&mut rest, b'.').is_some() { fraction(&mut rest) } else { 0 };
    let time = (u8::try_from(hour).ok()?, u8::try_from(minute).ok()?, u8::try_from(second).ok()?, micros);
    let before_zone = rest;
    blanks(&mut rest);
    let offset_s = match rest {
        [] if before_zone.is_empty() => None,
        [b'Z'] => Some(0),
        [sign @ (b'+' | b'-'), after @ ..] => {
            rest = after;
            let hours = digits(&mut rest, 1, 2)?;
            let minutes = if literal(&mut rest, b':').is_some() { digits(&mut rest, 2, 2)? } else { 0 };
            if !rest.is_empty() {
                return None;
            }
            let offset_s = i32::try_from(hours * 3600 + minutes * 60).ok()?;
            Some(if *sign == b'-' { -offset_s } else { offset_s })
        }
        _ => return None,
    };
    Some(Timestamp { date, time: Some(time), offset_s })
}

fn digits(rest: &mut &[u8], least: usize, most: usize) -> Option<u32> {
    let count = rest.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
    if count < least {
        return None;
    }
    let (number, after) = rest.split_at(count);
    *rest = after;
    Some(number.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
}

fn literal(rest: &mut &[u8], byte: u8) -> Option<()> {
    let after = rest.strip_prefix(&[byte])?;
    *rest = after;
    Some(())
}

fn blanks(rest: &mut &[u8]) -> usize {
    let count = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    *rest = &rest[count..];
    count
}

/// Microseconds from a fraction of any length.
fn fraction(rest: &mut &[u8]) -> u32 {
    let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, after) = rest.split_at(count);
    *rest = after;
    (0..6).fold(0, |value, at| value * 10 + number.get(at).map_or(0, |digit| u32::from(digit - b'0')))
}
