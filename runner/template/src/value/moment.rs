//! Python's `datetime` and `timedelta`.

use std::fmt;

use jiff::civil::DateTime;

/// Microseconds in one second.
pub(crate) const MICROS_PER_SECOND: i64 = 1_000_000;

/// A date and time, naive or with a fixed offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// The reading of the clock.
    pub civil: DateTime,
    /// Seconds east of UTC; none when naive.
    pub offset_s: Option<i32>,
}

/// Python's text of a duration.
pub(crate) struct TimeDelta(pub(crate) i64);

impl Moment {
    /// A naive moment.
    pub fn naive(civil: DateTime) -> Self {
        Self { civil, offset_s: None }
    }

    /// Microseconds since the epoch, taking a naive moment as UTC.
    pub(crate) fn micros(&self) -> i64 {
        let stamp = self.civil.to_zoned(jiff::tz::TimeZone::UTC).map(|z| z.timestamp().as_microsecond());
        stamp.unwrap_or(0) - i64::from(self.offset_s.unwrap_or(0)) * MICROS_PER_SECOND
    }

    /// The moment some microseconds later.
    pub(crate) fn plus(&self, micros: i64) -> Option<Self> {
        let civil = self.civil.checked_add(jiff::SignedDuration::from_micros(micros)).ok()?;
        Some(Self { civil, offset_s: self.offset_s })
    }

    /// ISO 8601 with the given separator.
    pub(crate) fn iso(&self, separator: char) -> String {
        let c = self.civil;
        let mut text = format!("{}{separator}{:02}:{:02}:{:02}", c.date(), c.hour(), c.minute(), c.second());
        let micros = c.subsec_nanosecond() / 1000;
        if micros != 0 {
            text.push_str(&format!(".{micros:06}"));
        }
        if let Some(offset_s) = self.offset_s {
            let sign = if offset_s < 0 { '-' } else { '+' };
            let minutes = offset_s.abs() / 60;
            text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        }
        text
    }

    /// Python's `repr`.
    pub(crate) fn repr(&self) -> String {
        let c = self.civil;
        let mut text = format!(
            "datetime.datetime({}, {}, {}, {}, {}",
            c.year(),
            c.month(),
            c.day(),
            c.hour(),
            c.minute()
        );
        let micros = c.subsec_nanosecond() / 1000;
        if c.second() != 0 || micros != 0 {
            text.push_str(&format!(", {}", c.second()));
        }
        if micros != 0 {
            text.push_str(&format!(", {micros}"));
        }
        if self.offset_s == Some(0) {
            text.push_str(", tzinfo=datetime.timezone.utc");
        }
        text.push(')');
        text
    }
}

impl fmt::Display for TimeDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = 86_400 * MICROS_PER_SECOND;
        let days = self.0.div_euclid(day);
        let rest = self.0.rem_euclid(day);
        let seconds = rest / MICROS_PER_SECOND;
        if days != 0 {
            let plural = if days.abs() == 1 { "" } else { "s" };
            write!(f, "{days} day{plural}, ")?;
        }
        write!(f, "{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        let micros = rest % MICROS_PER_SECOND;
        if micros != 0 {
            write!(f, ".{micros:06}")?;
        }
        Ok(())
    }
}
