//! Numbers of any size, held exactly as the decimal they are.

use std::{cmp::Ordering, fmt, str::FromStr};

/// The most significant digits a number may have; Terraform itself rounds to about 155.
pub const MAX_DIGITS: usize = 1024;

/// The largest power of ten either way; beyond it lies no quantity, only an attack on memory.
pub const MAX_EXPONENT: i32 = 100_000;

/// Numbers whose plain notation would be longer than this many zeros print as `1e500`.
const MAX_PLAIN_ZEROS: i32 = 400;

/// The most fractional digits an `f64` can have.
const F64_FRACTION_DIGITS_MAX: usize = 1074;

/// An exact decimal number: `±digits × 10^exponent`, without leading or trailing zeros in `digits`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    /// Empty for zero.
    digits: Box<str>,
    exponent: i32,
}

/// Why a text or a float is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not a decimal number.
    #[error("read a decimal number")]
    Syntax,
    /// Infinite or not a number.
    #[error("hold a number that is not finite")]
    NotFinite,
    /// More than [`MAX_DIGITS`] digits or an exponent beyond [`MAX_EXPONENT`].
    #[error("hold a number of more than {MAX_DIGITS} digits or beyond 1e{MAX_EXPONENT}")]
    TooLarge,
}

impl Number {
    /// Whether the number has no fractional part.
    pub fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    /// The number as `i64`, if it is exactly one.
    pub fn as_i64(&self) -> Option<i64> {
        self.integer_text()?.parse().ok()
    }

    /// The number as `u64`, if it is exactly one.
    pub fn as_u64(&self) -> Option<u64> {
        self.integer_text()?.parse().ok()
    }

    /// The nearest `f64`; infinite when the number is out of its range.
    pub fn as_f64(&self) -> f64 {
        self.to_scientific().parse().expect("our own notation is one that f64 reads")
    }

    /// The number as `f64` if that loses nothing at all.
    pub fn as_f64_exactly(&self) -> Option<f64> {
        let nearest = self.as_f64();
        if !nearest.is_finite() {
            return None;
        }
        let expansion = format!("{nearest:.F64_FRACTION_DIGITS_MAX$}");
        (expansion.parse::<Number>().ok()? == *self).then_some(nearest)
    }

    /// The integer in plain notation, if it is one that may fit 64 bits.
    fn integer_text(&self) -> Option<String> {
        /// `u64::MAX` has this many digits.
        const DIGITS_MAX: i32 = 20;
        (self.is_integer() && self.digits.len() as i32 + self.exponent <= DIGITS_MAX)
            .then(|| self.to_string())
    }

    fn to_scientific(&self) -> String {
        if self.digits.is_empty() {
            return "0".into();
        }
        format!("{}{}e{}", if self.negative { "-" } else { "" }, self.digits, self.exponent)
    }

    /// Brings digits and exponent into the one form each number has.
    fn new(negative: bool, digits: &str, exponent: i64) -> Result<Self, NumberError> {
        let digits = digits.trim_start_matches('0');
        let trimmed = digits.trim_end_matches('0');
        if trimmed.is_empty() {
            return Ok(Number { negative: false, digits: "".into(), exponent: 0 });
        }
        let exponent = exponent.saturating_add((digits.len() - trimmed.len()) as i64);
        if trimmed.len() > MAX_DIGITS || exponent.unsigned_abs() > MAX_EXPONENT as u64 {
            return Err(NumberError::TooLarge);
        }
        Ok(Number { negative, digits: trimmed.into(), exponent: exponent as i32 })
    }

    /// Where the first digit stands: 1 for the units, 2 for the tens.
    fn magnitude(&self) -> i32 {
        self.digits.len() as i32 + self.exponent
    }

    fn cmp_absolute(&self, other: &Self) -> Ordering {
        // Without trailing zeros, a prefix is always the smaller number of the same magnitude.
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => {
                self.magnitude().cmp(&other.magnitude()).then_with(|| self.digits.cmp(&other.digits))
            }
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.cmp_absolute(other),
            (true, true) => other.cmp_absolute(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Number {
    type Err = NumberError;

    /// Reads `-12`, `0.25`, `1e-3`; JSON's grammar and, as Go does, a leading `+` or zeros.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
            return Err(NumberError::Syntax);
        }
        Number::new(negative, &[whole, fraction].concat(), exponent - fraction.len() as i64)
    }
}

fn read_exponent(text: &str) -> Result<i64, NumberError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::Syntax);
    }
    // Anything that does not fit 32 bits is far beyond the limit whatever the mantissa is.
    text.parse::<i32>().map(i64::from).map_err(|_| NumberError::TooLarge)
}

/// Plain decimal notation where that is reasonable, otherwise `1e500`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.digits.is_empty() {
            return f.write_str("0");
        }
        if self.exponent.abs() > MAX_PLAIN_ZEROS + self.digits.len() as i32 {
            return f.write_str(&self.to_scientific());
        }
        if self.negative {
            f.write_str("-")?;
        }
        let zeros = |f: &mut fmt::Formatter<'_>, count: i32| (0..count).try_for_each(|_| f.write_str("0"));
        match self.magnitude() {
            _ if self.exponent >= 0 => {
                f.write_str(&self.digits)?;
                zeros(f, self.exponent)
            }
            magnitude if magnitude > 0 => {
                let (whole, fraction) = self.digits.split_at(magnitude as usize);
                write!(f, "{whole}.{fraction}")
            }
            magnitude => {
                f.write_str("0.")?;
                zeros(f, -magnitude)?;
                f.write_str(&self.digits)
            }
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => { $(
        impl From<$integer> for Number {
            fn from(value: $integer) -> Self {
                value.to_string().parse().expect("an integer prints as a number well within the limits")
            }
        }
    )* };
}
from_integer!(i8, i16, i32, i64, i128, u8, u16, u32, u64, u128, isize, usize);

impl TryFrom<f64> for Number {
    type Error = NumberError;

    /// The shortest decimal that reads back as this `f64`: what Terraform compares numbers by.
    fn try_from(value: f64) -> Result<Self, NumberError> {
        if !value.is_finite() {
            return Err(NumberError::NotFinite);
        }
        format!("{value:e}").parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, shown: &str) {
        assert_eq!(text.parse::<Number>().map(|number| number.to_string()).as_deref(), Ok(shown), "{text}");
    }

    #[test]
    fn numbers_have_one_form_each() {
        for (text, shown) in [
            ("0", "0"),
            ("-0.00", "0"),
            ("+007", "7"),
            ("1e3", "1000"),
            ("1.50", "1.5"),
            ("-0.0625", "-0.0625"),
            ("12345678901234567890123456789", "12345678901234567890123456789"),
            ("1.25e-2", "0.0125"),
            ("1e99999", "1e99999"),
            (".5", "0.5"),
        ] {
            check(text, shown);
        }
    }

    #[test]
    fn wrong_numbers_are_refused() {
        for text in ["", "-", ".", "e5", "1e", "0x10", "1_000", "NaN", "Inf", "1 ", "--1", "1e+-2"] {
            assert_eq!(text.parse::<Number>(), Err(NumberError::Syntax), "{text:?}");
        }
        for text in ["1e100001", "1e99999999999", "1e-99999999999", &"1".repeat(MAX_DIGITS + 1)] {
            assert_eq!(text.parse::<Number>(), Err(NumberError::TooLarge), "{text:?}");
        }
        assert_eq!(Number::try_from(f64::NAN), Err(NumberError::NotFinite));
        assert_eq!(Number::try_from(f64::INFINITY), Err(NumberError::NotFinite));
    }

    #[test]
    fn numbers_are_ordered_by_value() {
        let sorted =
            ["-1e50", "-2", "-1.5", "-1", "-0.1", "0", "0.09", "0.1", "0.11", "1", "9", "10", "1e50"];
        for pair in sorted.windows(2) {
            let (small, large): (Number, Number) = (pair[0].parse().unwrap(), pair[1].parse().unwrap());
            assert!(small < large, "{small} < {large}");
        }
    }

    #[test]
    fn conversions_are_exact_or_refused() {
        let number = |text: &str| text.parse::<Number>().unwrap();
        assert_eq!(number("9223372036854775807").as_i64(), Some(i64::MAX));
        assert_eq!(number("9223372036854775808").as_i64(), None);
        assert_eq!(number("18446744073709551615").as_u64(), Some(u64::MAX));
        assert_eq!(number("1.5").as_i64(), None);
        assert_eq!(number("1e99999").as_i64(), None);
        assert_eq!(number("0.5").as_f64_exactly(), Some(0.5));
        assert_eq!(number("0.1").as_f64_exactly(), None);
        assert_eq!(number("1e400").as_f64_exactly(), None);
        assert_eq!(Number::try_from(0.1), Ok(number("0.1")));
    }
}
