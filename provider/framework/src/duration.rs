//! Durations as Terraform users write them: Go's grammar, `1h30m`, `300ms`, `1.5h`.

use std::time::Duration;

/// A duration and its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    negative: bool,
    magnitude: Duration,
}

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Nothing there, or no number where one belongs.
    #[error("a number is missing")]
    Number,
    /// A number without unit.
    #[error("the unit is missing after {0}")]
    NoUnit(String),
    /// A unit Go does not have.
    #[error("\"{0}\" is no unit; use h, m, s, ms, us or ns")]
    Unit(String),
    /// More than about 292 years.
    #[error("it is too long")]
    TooLong,
}

/// The longest duration Go can say, in nanoseconds.
const NANOSECONDS_MAX: u128 = i64::MAX as u128;

impl Signed {
    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.negative && !self.magnitude.is_zero()
    }

    /// Its length; none when negative.
    #[must_use]
    pub const fn positive(self) -> Option<Duration> {
        if self.is_negative() { None } else { Some(self.magnitude) }
    }
}

/// Reads a duration.
///
/// # Errors
/// The text is not in Go's grammar, or too long.
pub fn parse(text: &str) -> Result<Signed, DurationError> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(Signed { negative: false, magnitude: Duration::ZERO });
    }
    if rest.is_empty() {
        return Err(DurationError::Number);
    }
    let mut nanoseconds: u128 = 0;
    while !rest.is_empty() {
        let (part, after) = parse_part(rest)?;
        nanoseconds = nanoseconds.saturating_add(part);
        rest = after;
    }
    if nanoseconds > NANOSECONDS_MAX {
        return Err(DurationError::TooLong);
    }
    let nanoseconds = u64::try_from(nanoseconds).map_err(|_| DurationError::TooLong)?;
    Ok(Signed { negative, magnitude: Duration::from_nanos(nanoseconds) })
}

/// One `<number><unit>` in nanoseconds, and what follows.
fn parse_part(text: &str) -> Result<(u128, &str), DurationError> {
    let number_ends =
        text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(number_ends);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return Err(DurationError::Number);
    }
    let unit_ends = rest.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(rest.len());
    let (unit, after) = rest.split_at(unit_ends);
    let unit_ns: u128 = match unit {
        "" => return Err(DurationError::NoUnit(number.to_owned())),
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        other => return Err(DurationError::Unit(other.to_owned())),
    };
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| DurationError::TooLong)? };
    let mut total = whole.checked_mul(unit_ns).ok_or(DurationError::TooLong)?;
    let mut scale = unit_ns;
    for digit in fraction.bytes() {
        scale /= 10;
        total = total.checked_add(u128::from(digit - b'0') * scale).ok_or(DurationError::TooLong)?;
    }
    Ok((total, after))
}

/// Whether two texts are the same duration: `60s` and `1m`.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    matches!((parse(a), parse(b)), (Ok(a), Ok(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected_ms: i64) {
        let duration = parse(text).expect(text);
        let ms = i64::try_from(duration.magnitude.as_millis()).expect("short");
        assert_eq!(if duration.negative { -ms } else { ms }, expected_ms, "{text}");
    }

    #[test]
    fn durations_are_gos() {
        for (text, ms) in [
            ("0", 0),
            ("90s", 90_000),
            ("1h30m", 5_400_000),
            ("1.5h", 5_400_000),
            ("-2m", -120_000),
            ("+1s", 1_000),
            ("300ms", 300),
            ("2000us", 2),
            (".5s", 500),
            ("1.s", 1_000),
            ("1h1m1s1ms", 3_661_001),
        ] {
            check(text, ms);
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        use DurationError::{NoUnit, Number, TooLong, Unit};
        for (text, error) in [
            ("", Number),
            ("-", Number),
            ("5", NoUnit("5".into())),
            ("h", Number),
            ("1.2.3s", Number),
            (".s", Number),
            ("1d", Unit("d".into())),
            ("1 h", Unit(" h".into())),
            ("1h 30m", Unit("h ".into())),
            ("9999999999h", TooLong),
            ("99999999999999999999999999999999999999999999s", TooLong),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn the_same_duration_may_be_written_differently() {
        assert!(same("60s", "1m"));
        assert!(!same("60s", "2m"));
        assert!(!same("soon", "soon"));
    }
}
