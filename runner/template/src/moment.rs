//! Python's `strftime` and `strptime` in the C locale.

use jiff::civil::{Date, DateTime, Weekday};

use crate::error::{Error, Result};
use crate::value::Moment;

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The weekday, Sunday being 0.
fn sunday_based(date: Date) -> usize {
    match date.weekday() {
        Weekday::Sunday => 0,
        Weekday::Monday => 1,
        Weekday::Tuesday => 2,
        Weekday::Wednesday => 3,
        Weekday::Thursday => 4,
        Weekday::Friday => 5,
        Weekday::Saturday => 6,
    }
}

/// The moment by a format; `zone` is the name that `%Z` shows.
pub(crate) fn strftime(moment: &Moment, format: &str, zone: Option<&str>) -> String {
    let c = moment.civil;
    let date = c.date();
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(ch) = chars.next() {
        if ch != '%' {
            out.push(ch);
            continue;
        }
        let mut flag = None;
        let mut directive = chars.next();
        if let Some(f @ ('-' | '_' | '0' | '^')) = directive {
            flag = Some(f);
            directive = chars.next();
        }
        let Some(directive) = directive else {
            out.push('%');
            break;
        };
        let number = |value: i64, width: usize, fill: char| match flag {
            Some('-') => value.to_string(),
            Some('_') => format!("{value:>width$}"),
            Some('0') => format!("{value:0>width$}"),
            _ if fill == ' ' => format!("{value:>width$}"),
            _ => format!("{value:0>width$}"),
        };
        let hour12 = i64::from((c.hour() + 11) % 12 + 1);
        let week = date.iso_week_date();
        let day_of_year = i64::from(date.day_of_year());
        let weekday = i64::try_from(sunday_based(date)).unwrap_or(0);
        let sub = |format: &str| strftime(moment, format, zone);
        let text = match directive {
            'Y' => i64::from(c.year()).to_string(),
            'C' => number(i64::from(c.year()) / 100, 2, '0'),
            'y' => number(i64::from(c.year()).rem_euclid(100), 2, '0'),
            'm' => number(i64::from(c.month()), 2, '0'),
            'd' => number(i64::from(c.day()), 2, '0'),
            'e' => number(i64::from(c.day()), 2, ' '),
            'H' => number(i64::from(c.hour()), 2, '0'),
            'k' => number(i64::from(c.hour()), 2, ' '),
            'I' => number(hour12, 2, '0'),
            'l' => number(hour12, 2, ' '),
            'M' => number(i64::from(c.minute()), 2, '0'),
            'S' => number(i64::from(c.second()), 2, '0'),
            'f' => format!("{:06}", c.subsec_nanosecond() / 1000),
            'j' => number(day_of_year, 3, '0'),
            'u' => (if weekday == 0 { 7 } else { weekday }).to_string(),
            'w' => weekday.to_string(),
            'U' => number((day_of_year + 6 - weekday) / 7, 2, '0'),
            'W' => number((day_of_year + 6 - (weekday + 6) % 7) / 7, 2, '0'),
            'V' => number(i64::from(week.week()), 2, '0'),
            'G' => week.year().to_string(),
            'g' => number(i64::from(week.year()).rem_euclid(100), 2, '0'),
            'a' => DAYS[sunday_based(date)][..3].to_owned(),
            'A' => DAYS[sunday_based(date)].to_owned(),
            'b' | 'h' => MONTHS[month_index(c)][..3].to_owned(),
            'B' => MONTHS[month_index(c)].to_owned(),
            'p' => if c.hour() < 12 { "AM" } else { "PM" }.to_owned(),
            'P' => if c.hour() < 12 { "am" } else { "pm" }.to_owned(),
            'D' | 'x' => sub("%m/%d/%y"),
            'F' => sub("%Y-%m-%d"),
            'T' | 'X' => sub("%H:%M:%S"),
            'R' => sub("%H:%M"),
            'r' => sub("%I:%M:%S %p"),
            'c' => sub("%a %b %e %H:%M:%S %Y"),
            's' => (moment.micros().div_euclid(1_000_000)).to_string(),
            'z' => moment.offset_s.map(offset_text).unwrap_or_default(),
            'Z' => match (zone, moment.offset_s) {
                (Some(zone), _) => zone.to_owned(),
                (None, Some(0)) => "UTC".to_owned(),
                (None, Some(offset)) => format!("UTC{}", colon(&offset_text(offset))),
                (None, None) => String::new(),
            },
            'n' => "\n".to_owned(),
            't' => "\t".to_owned(),
            '%' => "%".to_owned(),
            other => format!("%{other}"),
        };
        out.push_str(&if flag == Some('^') { text.to_uppercase() } else { text });
    }
    out
}

fn month_index(c: DateTime) -> usize {
    usize::try_from(c.month() - 1).unwrap_or(0).min(11)
}

fn offset_text(offset_s: i32) -> String {
    let sign = if offset_s < 0 { '-' } else { '+' };
    let minutes = offset_s.abs() / 60;
    format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
}

fn colon(offset: &str) -> String {
    let (hours, minutes) = offset.split_at(3.min(offset.len()));
    format!("{hours}:{minutes}")
}

#[derive(Default)]
struct Parts {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    hour: i8,
    minute: i8,
    second: i8,
    nanos: i32,
    afternoon: Option<bool>,
    offset_s: Option<i32>,
    day_of_year: Option<i16>,
    epoch: Option<i64>,
}

/// Reads a text by a format.
pub(crate) fn strptime(text: &str, format: &str) -> Result<Moment> {
    let mismatch = || {
        Error::runtime(format!(
            "time data {} does not match format {}",
            crate::value::quote_repr(text),
            crate::value::quote_repr(format)
        ))
    };
    let mut parts = Parts::default();
    let rest = read(text, format, &mut parts).ok_or_else(mismatch)?;
    if !rest.is_empty() {
        return Err(Error::runtime(format!("unconverted data remains: {rest}")));
    }
    if let Some(hour) = parts.afternoon.map(|pm| parts.hour % 12 + if pm { 12 } else { 0 }) {
        parts.hour = hour;
    }
    if let Some(seconds) = parts.epoch {
        let stamp = jiff::Timestamp::from_second(seconds).map_err(|_| mismatch())?;
        return Ok(Moment::naive(stamp.to_zoned(jiff::tz::TimeZone::UTC).datetime()));
    }
    let year = parts.year.unwrap_or(1900);
    let out_of_range = || Error::runtime("day is out of range for month");
    let date = match parts.day_of_year {
        Some(day) if parts.month.is_none() => Date::new(year, 1, 1)
            .and_then(|first| first.checked_add(jiff::Span::new().days(i64::from(day) - 1)))
            .map_err(|_| out_of_range())?,
        _ => Date::new(year, parts.month.unwrap_or(1), parts.day.unwrap_or(1)).map_err(|_| out_of_range())?,
    };
    if parts.second > 59 {
        parts.second = 59;
    }
    let civil = date.at(parts.hour, parts.minute, parts.second, parts.nanos);
    Ok(Moment { civil, offset_s: parts.offset_s })
}

fn read<'t>(text: &'t str, format: &str, parts: &mut Parts) -> Option<&'t str> {
    let mut rest = text;
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            rest = rest.trim_start();
            continue;
        }
        if c != '%' {
            rest = rest.strip_prefix(c)?;
            continue;
        }
        let directive = chars.next()?;
        rest = match directive {
            'Y' => number(rest, 4, &mut |n| parts.year = i16::try_from(n).ok())?,
            'y' => number(rest, 2, &mut |n| {
                parts.year = i16::try_from(if n < 69 { 2000 + n } else { 1900 + n }).ok();
            })?,
            'm' => {
                number(rest, 2, &mut |n| parts.month = i8::try_from(n).ok().filter(|m| (1..=12).contains(m)))
                    .filter(|_| parts.month.is_some())?
            }
            'd' | 'e' => number(rest.trim_start(), 2, &mut |n| {
                parts.day = i8::try_from(n).ok().filter(|d| (1..=31).contains(d));
            })
            .filter(|_| parts.day.is_some())?,
            'H' => bounded(rest, 23, &mut parts.hour)?,
            'I' => bounded(rest, 12, &mut parts.hour)?,
            'M' => bounded(rest, 59, &mut parts.minute)?,
            'S' => bounded(rest, 61, &mut parts.second)?,
            'f' => {
                let len = rest.bytes().take(6).take_while(u8::is_ascii_digit).count();
                let digits = format!("{:0<6}", rest.get(..len).filter(|d| !d.is_empty())?);
                parts.nanos = digits.parse::<i32>().ok()? * 1000;
                &rest[len..]
            }
            'j' => number(rest, 3, &mut |n| parts.day_of_year = i16::try_from(n).ok())?,
            's' => number(rest, 12, &mut |n| parts.epoch = Some(n))?,
            'p' => {
                let (word, after) = rest.split_at_checked(2)?;
                parts.afternoon = Some(match word.to_ascii_uppercase().as_str() {
                    "AM" => false,
                    "PM" => true,
                    _ => return None,
                });
                after
            }
            'b' | 'h' | 'B' => {
                let (index, len) = word(rest, &MONTHS, directive == 'B')?;
                parts.month = i8::try_from(index + 1).ok();
                &rest[len..]
            }
            'a' | 'A' => {
                let (_, len) = word(rest, &DAYS, directive == 'A')?;
                &rest[len..]
            }
            'z' => zone(rest, parts)?,
            'Z' => {
                let len = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
                &rest[len..]
            }
            'T' | 'X' => read(rest, "%H:%M:%S", parts)?,
            'D' | 'x' => read(rest, "%m/%d/%y", parts)?,
            'F' => read(rest, "%Y-%m-%d", parts)?,
            'R' => read(rest, "%H:%M", parts)?,
            'c' => read(rest, "%a %b %d %H:%M:%S %Y", parts)?,
            '%' => rest.strip_prefix('%')?,
            _ => return None,
        };
    }
    Some(rest)
}

fn number<'t>(text: &'t str, width: usize, store: &mut dyn FnMut(i64)) -> Option<&'t str> {
    let len = text.bytes().take(width).take_while(u8::is_ascii_digit).count();
    store(text.get(..len)?.parse().ok()?);
    Some(&text[len..])
}

fn bounded<'t>(text: &'t str, max: i64, slot: &mut i8) -> Option<&'t str> {
    let mut value = None;
    let rest = number(text, 2, &mut |n| value = Some(n))?;
    *slot = i8::try_from(value.filter(|n| *n <= max)?).ok()?;
    Some(rest)
}

fn word(text: &str, names: &[&str], full: bool) -> Option<(usize, usize)> {
    names.iter().enumerate().find_map(|(i, name)| {
        let name = if full { name } else { &name[..3] };
        let start = text.get(..name.len())?;
        start.eq_ignore_ascii_case(name).then_some((i, name.len()))
    })
}

fn zone<'t>(text: &'t str, parts: &mut Parts) -> Option<&'t str> {
    if let Some(rest) = text.strip_prefix('Z') {
        parts.offset_s = Some(0);
        return Some(rest);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let rest = text.strip_prefix(['+', '-'])?;
    let hours: i32 = rest.get(..2)?.parse().ok()?;
    let rest = rest[2..].strip_prefix(':').unwrap_or(&rest[2..]);
    let minutes: i32 = rest.get(..2)?.parse().ok()?;
    parts.offset_s = Some(sign * (hours * 3600 + minutes * 60));
    Some(&rest[2..])
}
