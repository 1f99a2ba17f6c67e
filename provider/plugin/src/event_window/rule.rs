//! A recurrence rule of RFC 5545, computed in wall-clock time.
//!
//! The `rrule` crate does the calendar. It is given the wall clock as if it were UTC, because its own handling of time
//! zones loses occurrences where midnight does not exist; the zone is ours (`schedule.rs`).

use chrono::{Datelike as _, TimeZone as _, Timelike as _};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use rrule::{Frequency, RRule, RRuleSet, Tz, Unvalidated};

/// Why a rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The text is not a rule.
    #[error("\"{text}\" is no RFC 5545 recurrence rule such as \"FREQ=WEEKLY;BYDAY=TU,TH\": {reason}")]
    Malformed {
        /// What was written.
        text: String,
        /// What the parser says.
        reason: String,
    },
    /// A part that RFC 5545 does not know or allows once.
    #[error("the recurrence rule has {0}")]
    Part(String),
    /// `UNTIL` is no date.
    #[error("UNTIL=\"{0}\" is no date such as 20261231 or time such as 20261231T200000Z")]
    Until(String),
    /// The first occurrence is outside of what calendars cover.
    #[error("the start is out of range")]
    OutOfRange,
}

/// The parts of a rule, as RFC 5545 section 3.3.10 names them.
const PARTS: &[&str] = &[
    "FREQ",
    "UNTIL",
    "COUNT",
    "INTERVAL",
    "BYSECOND",
    "BYMINUTE",
    "BYHOUR",
    "BYDAY",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYMONTH",
    "BYSETPOS",
    "WKST",
];

/// A rule together with the start its missing parts are taken from.
#[derive(Debug, Clone)]
pub struct Rule {
    rule: RRule<Unvalidated>,
    start: DateTime,
    until: Option<DateTime>,
}

impl Rule {
    /// Reads `FREQ=…;…`, with or without the `RRULE:` in front.
    ///
    /// `UNTIL` may be a day (its end), a wall-clock time, or UTC.
    ///
    /// # Errors
    /// The text is no rule, or has no meaning together with this start.
    pub fn parse(text: &str, start: DateTime, zone: &TimeZone) -> Result<Self, RuleError> {
        let body = text.trim();
        let body =
            body.get(..6).filter(|head| head.eq_ignore_ascii_case("RRULE:")).map_or(body, |_| &body[6..]);
        let mut until = None;
        let mut kept = Vec::new();
        let mut seen = Vec::new();
        for part in body.split(';').filter(|part| !part.is_empty()) {
            let name = part.split('=').next().unwrap_or_default().trim().to_ascii_uppercase();
            if !PARTS.contains(&name.as_str()) {
                return Err(RuleError::Part(format!("an unknown part \"{name}\"")));
            }
            if seen.contains(&name) {
                return Err(RuleError::Part(format!("more than one {name}")));
            }
            match part.split_once('=') {
                Some((_, value)) if name == "UNTIL" => until = Some(parse_until(value.trim(), zone)?),
                _ => kept.push(part),
            }
            seen.push(name);
        }
        if seen.iter().any(|name| name == "COUNT") && until.is_some() {
            return Err(RuleError::Part("both COUNT and UNTIL, which RFC 5545 forbids".to_owned()));
        }
        let malformed = |reason: String| RuleError::Malformed { text: text.to_owned(), reason };
        let rule: RRule<Unvalidated> =
            kept.join(";").parse().map_err(|error: rrule::RRuleError| malformed(error.to_string()))?;
        for (part, value) in [("INTERVAL", Some(u32::from(rule.get_interval()))), ("COUNT", rule.get_count())]
        {
            if value == Some(0) {
                return Err(RuleError::Part(format!("{part}=0")));
            }
        }
        rule.clone().validate(to_chrono(start)?).map_err(|error| malformed(error.to_string()))?;
        Ok(Self { rule, start, until })
    }

    /// Occurrences in wall-clock order, the first being the earliest one not before `from`, or somewhat earlier.
    ///
    /// The steps from the start to `from` are not counted one by one unless the rule has a `COUNT`.
    pub fn occurrences(&self, from: DateTime) -> impl Iterator<Item = DateTime> {
        let until = self.until;
        let start = self.nearest_start(from);
        let set = to_chrono(start).ok().and_then(|start| {
            self.rule.clone().validate(start).ok().map(|rule| RRuleSet::new(start).rrule(rule))
        });
        set.into_iter()
            // The library's limit ends the search of a rule that never matches, such as 30 February.
            .flat_map(|set| (&set.limit()).into_iter())
            .filter_map(from_chrono)
            .take_while(move |time| until.is_none_or(|until| *time <= until))
            .skip_while(move |time| *time < from)
    }

    /// A start from which the same rule gives the same occurrences, near `from`.
    fn nearest_start(&self, from: DateTime) -> DateTime {
        let unit_s: i64 = match self.rule.get_freq() {
            Frequency::Weekly => 7 * 86_400,
            Frequency::Daily => 86_400,
            Frequency::Hourly => 3_600,
            Frequency::Minutely => 60,
            Frequency::Secondly => 1,
            // Months and years differ in length, and there are few of them: walk.
            Frequency::Monthly | Frequency::Yearly => return self.start,
        };
        if self.rule.get_count().is_some() {
            return self.start;
        }
        let period_s = unit_s * i64::from(self.rule.get_interval().max(1));
        let elapsed_s = from.duration_since(self.start).as_secs();
        // One period less, so that a set position in a period that began before `from` is seen whole.
        let periods = elapsed_s / period_s - 2;
        if periods <= 0 {
            return self.start;
        }
        self.start.checked_add(SignedDuration::from_secs(periods * period_s)).unwrap_or(self.start)
    }
}

/// `20261231`, `20261231T200000` or `20261231T200000Z`, the dashed and coloned forms too.
fn parse_until(text: &str, zone: &TimeZone) -> Result<DateTime, RuleError> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(Zoned::new(instant, zone.clone()).datetime());
    }
    if text.contains(['T', 't']) {
        return text.parse::<DateTime>().map_err(|_| RuleError::Until(text.to_owned()));
    }
    let day: Date = text.parse().map_err(|_| RuleError::Until(text.to_owned()))?;
    Ok(day.at(23, 59, 59, 0))
}

/// The wall clock as if it were UTC: the library then neither skips nor repeats an hour.
fn to_chrono(time: DateTime) -> Result<chrono::DateTime<Tz>, RuleError> {
    let part = |part: i8| u32::try_from(part).unwrap_or_default();
    Tz::UTC
        .with_ymd_and_hms(
            i32::from(time.year()),
            part(time.month()),
            part(time.day()),
            part(time.hour()),
            part(time.minute()),
            part(time.second()),
        )
        .single()
        .ok_or(RuleError::OutOfRange)
}

/// Back from the library; none where the calendar of `jiff` ends.
fn from_chrono(time: chrono::DateTime<Tz>) -> Option<DateTime> {
    let part = |part: u32| i8::try_from(part).ok();
    DateTime::new(
        i16::try_from(time.year()).ok()?,
        part(time.month())?,
        part(time.day())?,
        part(time.hour())?,
        part(time.minute())?,
        part(time.second())?,
        0,
    )
    .ok()
}
