//! The attributes that describe an event, shared by the data source and the function, and how they become a schedule.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use provider_framework::cty::Path;
use provider_framework::{Diagnostics, duration};

use crate::event_window::{Rule, Schedule, parse_exception, parse_wall_clock, time_zone};

/// What a user says about an event.
#[derive(Debug, Clone, Default)]
pub struct Event {
    /// The first start.
    pub start: String,
    /// The IANA time zone.
    pub timezone: String,
    /// The recurrence rule.
    pub rrule: Option<String>,
    /// How long it is.
    pub duration: String,
    /// How long before it servers are up.
    pub lead: String,
    /// How long after it servers stay.
    pub linger: String,
    /// Days or starts that are left out.
    pub except: Vec<String>,
    /// Further starts.
    pub extra: Vec<String>,
}

impl Event {
    /// The schedule, or an error for each attribute that is wrong.
    pub fn schedule(&self, diagnostics: &mut Diagnostics) -> Option<Schedule> {
        let zone = attempt(time_zone(&self.timezone), &at("timezone"), diagnostics);
        // Further mistakes are worth telling even when the zone is wrong.
        let clock = zone.clone().unwrap_or(TimeZone::UTC);
        let start = attempt(parse_wall_clock(&self.start, &clock), &at("start"), diagnostics);
        let rule = match (&self.rrule, start) {
            (Some(rule), Some(start)) => {
                attempt(Rule::parse(rule, start, &clock), &at("rrule"), diagnostics).map(Some)
            }
            (Some(_), None) => None,
            (None, _) => Some(None),
        };
        let length = |name: &str, text: &str, diagnostics: &mut Diagnostics| {
            attempt(duration::parse(text), &at(name), diagnostics)
                .and_then(duration::Signed::positive)
                .and_then(|found| SignedDuration::try_from(found).ok())
        };
        let event_length = length("duration", &self.duration, diagnostics);
        let lead = length("lead", &self.lead, diagnostics);
        let linger = length("linger", &self.linger, diagnostics);
        let except = each(&self.except, "except", diagnostics, |text| parse_exception(text, &clock));
        let extra = each(&self.extra, "extra", diagnostics, |text| parse_wall_clock(text, &clock));
        Some(Schedule {
            start: start?,
            zone: zone?,
            rule: rule?,
            duration: event_length?,
            lead: lead?,
            linger: linger?,
            except: except?,
            extra: extra?,
        })
    }
}

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

fn attempt<T, E: std::error::Error>(
    result: Result<T, E>,
    path: &Path,
    diagnostics: &mut Diagnostics,
) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            diagnostics.error_at(path.clone(), "Invalid value", format!("{path}: {error}."));
            None
        }
    }
}

fn each<T, E: std::error::Error>(
    texts: &[String],
    name: &str,
    diagnostics: &mut Diagnostics,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<Vec<T>> {
    let parsed: Vec<Option<T>> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| attempt(parse(text), &at(name).index(index), diagnostics))
        .collect();
    parsed.into_iter().collect()
}
