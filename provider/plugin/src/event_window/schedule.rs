//! The windows of an event around one reading of the clock.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::rule::Rule;
use super::wall_clock::Exception;

/// Windows looked at for one answer; a rule that fires each second of a long event stays below this.
const WINDOWS_MAX: usize = 200_000;

/// Longest window, from opening to closing: beyond a year an "event" is a mistake in a unit.
const WINDOW_MAX: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Wall clocks and the time line disagree by at most a day (a zone that moved across the date line).
const WALL_CLOCK_SLACK: SignedDuration = SignedDuration::from_hours(25);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// A window longer than a year.
    #[error("lead, duration and linger together exceed 366 days")]
    TooLong,
    /// Too many windows at once.
    #[error("more than {WINDOWS_MAX} windows overlap")]
    TooMany,
    /// The reading of the clock is outside of the calendar.
    #[error("the time is out of range")]
    OutOfRange,
}

/// An event and what is to be up around it.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The first start, on the wall clock of `zone`.
    pub start: DateTime,
    /// Whose wall clock.
    pub zone: TimeZone,
    /// How it recurs; none is one occurrence.
    pub rule: Option<Rule>,
    /// How long the event is.
    pub duration: SignedDuration,
    /// How long before it the window opens.
    pub lead: SignedDuration,
    /// How long after it the window closes.
    pub linger: SignedDuration,
    /// Occurrences left out.
    pub except: Vec<Exception>,
    /// Further starts.
    pub extra: Vec<DateTime>,
}

/// One occurrence with its margins, on the time line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// The event starts.
    pub starts_at: Timestamp,
    /// The event ends.
    pub ends_at: Timestamp,
    /// Servers come up: `lead` before the start.
    pub opens_at: Timestamp,
    /// Servers go: `linger` after the end.
    pub closes_at: Timestamp,
}

impl Window {
    fn is_open(&self, now: Timestamp) -> bool {
        self.opens_at <= now && now < self.closes_at
    }

    fn is_running(&self, now: Timestamp) -> bool {
        self.starts_at <= now && now < self.ends_at
    }
}

/// What holds at one reading of the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The window that is open: the running event's, else the one of the event about to start, else the latest.
    pub current: Option<Window>,
    /// The next window to open.
    pub next: Option<Window>,
}

impl Answer {
    /// Whether a window is open.
    #[must_use]
    pub fn active(&self) -> bool {
        self.current.is_some()
    }
}

impl Schedule {
    /// What holds at `now`.
    ///
    /// # Errors
    /// The windows are too long or too many to answer.
    pub fn at(&self, now: Timestamp) -> Result<Answer, ScheduleError> {
        let windows = self.windows_around(now)?;
        let open = || windows.iter().filter(|window| window.is_open(now));
        let current = open()
            .rfind(|window| window.is_running(now))
            .or_else(|| open().find(|window| now < window.starts_at))
            .or_else(|| open().next_back());
        Ok(Answer {
            current: current.copied(),
            next: windows.iter().find(|window| window.opens_at > now).copied(),
        })
    }

    /// Whether the first start is an occurrence of the rule; if not, the event does not begin when it seems to.
    #[must_use]
    pub fn start_is_an_occurrence(&self) -> bool {
        self.rule.as_ref().is_none_or(|rule| rule.occurrences(self.start).next() == Some(self.start))
    }

    /// Every window that is open at `now`, and at least the next that opens, in order.
    fn windows_around(&self, now: Timestamp) -> Result<Vec<Window>, ScheduleError> {
        let length = self.lead.checked_add(self.duration).and_then(|sum| sum.checked_add(self.linger));
        if length.is_none_or(|length| length > WINDOW_MAX) {
            return Err(ScheduleError::TooLong);
        }
        let clock = self.zone.to_datetime(now);
        let shifted = |by: SignedDuration| clock.checked_add(by).map_err(|_| ScheduleError::OutOfRange);
        let from = shifted(-(self.duration + self.linger + WALL_CLOCK_SLACK))?;
        let sure_to_open_later = shifted(self.lead + WALL_CLOCK_SLACK)?;

        let mut starts = Vec::new();
        for start in self.rule_starts(from) {
            starts.push(start);
            if start > sure_to_open_later {
                break;
            }
            if starts.len() > WINDOWS_MAX {
                return Err(ScheduleError::TooMany);
            }
        }
        starts.extend(self.extra.iter().copied().filter(|start| *start >= from));
        let mut windows: Vec<Window> = starts.into_iter().filter_map(|start| self.window(start)).collect();
        windows.sort_unstable();
        windows.dedup();
        Ok(windows)
    }

    fn rule_starts(&self, from: DateTime) -> Box<dyn Iterator<Item = DateTime> + '_> {
        let starts: Box<dyn Iterator<Item = DateTime>> = match &self.rule {
            Some(rule) => Box::new(rule.occurrences(from)),
            None => Box::new(Some(self.start).into_iter().filter(move |start| *start >= from)),
        };
        Box::new(starts.filter(|start| !self.except.iter().any(|exception| exception.covers(*start))))
    }

    /// Places a start on the time line; none at the end of the calendar.
    fn window(&self, start: DateTime) -> Option<Window> {
        let starts_at = self.zone.to_ambiguous_zoned(start).compatible().ok()?.timestamp();
        let ends_at = starts_at.checked_add(self.duration).ok()?;
        Some(Window {
            starts_at,
            ends_at,
            opens_at: starts_at.checked_sub(self.lead).ok()?,
            closes_at: ends_at.checked_add(self.linger).ok()?,
        })
    }
}
