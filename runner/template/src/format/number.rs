//! Numbers as text: digits, signs, exponents and padding.

use num_bigint::BigInt;
use num_traits::Signed;

use super::WIDTH_MAX;
use crate::error::{Error, ErrorKind, Result};

/// More places than a float has digits.
const PRECISION_MAX: usize = 5_000;

pub(super) fn checked(width: usize) -> Result<usize> {
    if width > WIDTH_MAX {
        return Err(Error::new(ErrorKind::Limit, "the field is too wide"));
    }
    Ok(width)
}

/// `%.Nf`.
pub(crate) fn fixed(f: f64, precision: usize) -> String {
    if !f.is_finite() {
        return special(f).to_owned();
    }
    format!("{f:.*}", precision.min(PRECISION_MAX))
}

fn special(f: f64) -> &'static str {
    if f.is_nan() {
        "nan"
    } else if f > 0.0 {
        "inf"
    } else {
        "-inf"
    }
}

/// `%.Ne`.
pub(super) fn exponent(f: f64, precision: usize) -> String {
    if !f.is_finite() {
        return special(f).to_owned();
    }
    let text = format!("{f:.*e}", precision.min(PRECISION_MAX));
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// `%.Ng`; `alternate` keeps trailing zeros.
pub(super) fn general(f: f64, precision: usize, alternate: bool) -> String {
    if !f.is_finite() {
        return special(f).to_owned();
    }
    let precision = precision.clamp(1, PRECISION_MAX);
    if f == 0.0 {
        return if f.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let scientific = exponent(f, precision - 1);
    let power: i32 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let trim = |text: String| {
        if alternate || !text.contains('.') {
            text
        } else {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    };
    let limit = i32::try_from(precision).unwrap_or(i32::MAX);
    if (-4..limit).contains(&power) {
        let places = usize::try_from(limit - 1 - power).unwrap_or(0);
        return trim(fixed(f, places));
    }
    match scientific.split_once('e') {
        Some((digits, power)) => format!("{}e{power}", trim(digits.to_owned())),
        None => scientific,
    }
}

/// An integer in some base, without sign; and whether it is negative.
pub(super) fn radix(big: &BigInt, base: u32, upper: bool) -> (String, bool) {
    let digits = big.abs().to_str_radix(base);
    (if upper { digits.to_uppercase() } else { digits }, big.is_negative())
}

/// Groups the digits before the point.
pub(super) fn grouped(digits: &str, separator: char, size: usize) -> String {
    let (whole, rest) = match digits.find(|c: char| !c.is_ascii_alphanumeric()) {
        Some(at) => digits.split_at(at),
        None => (digits, ""),
    };
    let mut out = String::new();
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % size == 0 {
            out.push(separator);
        }
        out.push(c);
    }
    out + rest
}
