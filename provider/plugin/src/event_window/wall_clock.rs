//! Times as people write them: on the wall clock of a time zone, or with an offset.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Why a text is no time or no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WallClockError {
    /// The zone is not in the IANA database.
    #[error("\"{0}\" is no IANA time zone such as \"Europe/Berlin\" or \"UTC\"")]
    UnknownZone(String),
    /// Not a local time and not a time with an offset.
    #[error(
        "\"{0}\" is no time such as \"2026-12-01T20:00:00\" (in the time zone of the event) or \"2026-12-01T20:00:00+03:00\""
    )]
    BadTime(String),
    /// Not a day, a local time or a time with an offset.
    #[error("\"{0}\" is neither a day such as \"2026-12-24\" nor a time such as \"2026-12-24T20:00:00\"")]
    BadException(String),
    /// An instant needs an offset.
    #[error("\"{0}\" is no time with an offset such as \"2026-12-01T17:00:00Z\" (RFC 3339)")]
    BadInstant(String),
}

/// An occurrence that is left out: one start, or every start on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exception {
    /// The occurrence that starts then.
    At(DateTime),
    /// All occurrences that start on this day.
    Day(Date),
}

impl Exception {
    /// Whether an occurrence that starts at `start` is left out.
    #[must_use]
    pub fn covers(&self, start: DateTime) -> bool {
        match self {
            Self::At(time) => *time == start,
            Self::Day(day) => *day == start.date(),
        }
    }
}

/// Looks a zone up in the IANA database.
///
/// # Errors
/// The name is unknown.
pub fn time_zone(name: &str) -> Result<TimeZone, WallClockError> {
    // POSIX rules and offsets would be accepted by the database too, but mean something else to the reader.
    jiff::tz::db().get(name).map_err(|_| WallClockError::UnknownZone(name.to_owned()))
}

/// Reads a wall-clock time; one with an offset is moved to the clock of `zone`.
///
/// # Errors
/// The text is no time.
pub fn parse_wall_clock(text: &str, zone: &TimeZone) -> Result<DateTime, WallClockError> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(Zoned::new(instant, zone.clone()).datetime());
    }
    let names_a_time = text.contains(['T', 't', ' ']);
    match text.parse::<DateTime>() {
        Ok(time) if names_a_time => Ok(time),
        _ => Err(WallClockError::BadTime(text.to_owned())),
    }
}

/// Reads a day or a time to leave out.
///
/// # Errors
/// The text is neither.
pub fn parse_exception(text: &str, zone: &TimeZone) -> Result<Exception, WallClockError> {
    let bad = |_| WallClockError::BadException(text.to_owned());
    if text.contains(['T', 't', ' ']) {
        return parse_wall_clock(text, zone).map(Exception::At).map_err(bad);
    }
    text.parse::<Date>().map(Exception::Day).map_err(|_| WallClockError::BadException(text.to_owned()))
}

/// Reads a point on the time line (RFC 3339).
///
/// # Errors
/// The text has no offset or is no time.
pub fn parse_instant(text: &str) -> Result<Timestamp, WallClockError> {
    text.parse().map_err(|_| WallClockError::BadInstant(text.to_owned()))
}
