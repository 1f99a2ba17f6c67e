//! Numbers as Python writes and reads them.

use num_bigint::{BigInt, Sign};

use crate::node::Data;

/// `repr(float)`: the shortest digits that read back the same, with an exponent outside 1e-4..1e16.
pub fn python_float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let shortest = format!("{value:e}");
    let (digits, exponent) = shortest.split_once('e').expect("the format has an exponent");
    let exponent: i32 = exponent.parse().expect("the exponent is a number");
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// The decimal digits Python converts before it refuses.
const DECIMAL_DIGITS_MAX: usize = 4300;

/// An integer as PyYAML constructs it: underscores, `0b`, `0x`, leading zero for octal, sexagesimal.
///
/// # Errors
/// Python's words, for a text that has the tag but not the form.
pub fn int(text: &str) -> Result<Data, String> {
    let value = text.replace('_', "");
    let (negative, digits) = match value.as_bytes().first() {
        Some(b'-') => (true, &value[1..]),
        Some(b'+') => (false, &value[1..]),
        _ => (false, &value[..]),
    };
    let magnitude = if digits == "0" {
        BigInt::from(0)
    } else if let Some(digits) = digits.strip_prefix("0b") {
        radix(digits, 2)?
    } else if let Some(digits) = digits.strip_prefix("0x") {
        radix(digits, 16)?
    } else if digits.starts_with('0') {
        radix(digits.strip_prefix("0o").or_else(|| digits.strip_prefix("0O")).unwrap_or(digits), 8)?
    } else if digits.contains(':') {
        let mut total = BigInt::from(0);
        for part in digits.split(':') {
            total = total * 60 + radix(part, 10)?;
        }
        total
    } else {
        radix(digits, 10)?
    };
    Ok(small(if negative { -magnitude } else { magnitude }))
}

/// The smaller of the two integer forms.
pub fn small(value: BigInt) -> Data {
    match i64::try_from(&value) {
        Ok(value) => Data::Int(value),
        Err(_) => Data::BigInt(value.into()),
    }
}

fn radix(digits: &str, radix: u32) -> Result<BigInt, String> {
    let trimmed = digits.trim();
    if radix == 10 && trimmed.len() > DECIMAL_DIGITS_MAX {
        return Err(format!(
            "Exceeds the limit ({DECIMAL_DIGITS_MAX} digits) for integer string conversion: value has {} digits; use sys.set_int_max_str_digits() to increase the limit",
            trimmed.len()
        ));
    }
    let plain = !trimmed.is_empty() && trimmed.bytes().all(|byte| (byte as char).is_digit(radix));
    if plain {
        if let Ok(value) = u64::from_str_radix(trimmed, radix) {
            return Ok(BigInt::from(value));
        }
        if let Some(value) = BigInt::parse_bytes(trimmed.as_bytes(), radix) {
            return Ok(if value.sign() == Sign::Minus { -value } else { value });
        }
    }
    Err(format!("invalid literal for int() with base {radix}: '{digits}'"))
}

/// A float as PyYAML constructs it: underscores, `.inf`, `.nan`, sexagesimal.
///
/// # Errors
/// Python's words, for a text that has the tag but not the form.
pub fn float(text: &str) -> Result<f64, String> {
    let value = text.replace('_', "").to_lowercase();
    let (sign, digits) = match value.as_bytes().first() {
        Some(b'-') => (-1.0, &value[1..]),
        Some(b'+') => (1.0, &value[1..]),
        _ => (1.0, &value[..]),
    };
    let magnitude = match digits {
        ".inf" => f64::INFINITY,
        ".nan" => return Ok(f64::NAN),
        _ if digits.contains(':') => {
            let mut total = 0.0;
            let mut base = 1.0;
            for part in digits.rsplit(':') {
                total += plain_float(part)? * base;
                base *= 60.0;
            }
            total
        }
        _ => plain_float(digits)?,
    };
    Ok(sign * magnitude)
}

fn plain_float(digits: &str) -> Result<f64, String> {
    digits.trim().parse().map_err(|_| format!("could not convert string to float: '{digits}'"))
}
