//! Methods and attributes of `date`, `datetime` and `timedelta`.

use jiff::civil::{Date, DateTime, Weekday};

use super::Given;
use crate::error::{Error, Result};
use crate::value::{Moment, Value};

pub(super) const NAMES: &[&str] = &[
    "strftime",
    "isoformat",
    "timestamp",
    "weekday",
    "isoweekday",
    "isocalendar",
    "date",
    "time",
    "replace",
    "timetuple",
    "toordinal",
    "ctime",
    "astimezone",
    "utcoffset",
    "tzname",
];

pub(super) const DELTA_NAMES: &[&str] = &["total_seconds"];

fn int(n: impl Into<i64>) -> Value {
    Value::Int(n.into())
}

fn moment(value: &Value) -> Moment {
    match value {
        Value::DateTime(moment) => *moment,
        Value::Date(date) => Moment::naive(date.at(0, 0, 0, 0)),
        _ => Moment::naive(DateTime::ZERO),
    }
}

pub(super) fn attribute(value: &Value, name: &str) -> Option<Value> {
    if let Value::TimeDelta(micros) = value {
        let day = 86_400_000_000;
        return Some(match name {
            "days" => int(micros.div_euclid(day)),
            "seconds" => int(micros.rem_euclid(day) / 1_000_000),
            "microseconds" => int(micros.rem_euclid(1_000_000)),
            _ => return None,
        });
    }
    let c = moment(value).civil;
    let date_only = matches!(value, Value::Date(_));
    Some(match name {
        "year" => int(c.year()),
        "month" => int(c.month()),
        "day" => int(c.day()),
        "hour" if !date_only => int(c.hour()),
        "minute" if !date_only => int(c.minute()),
        "second" if !date_only => int(c.second()),
        "microsecond" if !date_only => int(c.subsec_nanosecond() / 1000),
        "tzinfo" if !date_only => Value::None,
        _ => return None,
    })
}

pub(super) fn call(value: &Value, name: &str, given: &Given) -> Result<Value> {
    if let Value::TimeDelta(micros) = value {
        #[expect(clippy::cast_precision_loss, reason = "Python returns a float too")]
        return Ok(Value::Float(*micros as f64 / 1e6));
    }
    let m = moment(value);
    let date = m.civil.date();
    Ok(match name {
        "strftime" => Value::text(crate::moment::strftime(&m, given.text(0, "format")?, None)),
        "isoformat" => {
            if let Value::Date(date) = value {
                return Ok(Value::text(date.to_string()));
            }
            let separator = given.text_opt(0, "sep")?.and_then(|s| s.chars().next()).unwrap_or('T');
            Value::text(m.iso(separator))
        }
        #[expect(clippy::cast_precision_loss, reason = "Python returns a float too")]
        "timestamp" => Value::Float(m.micros() as f64 / 1e6),
        "weekday" => int(weekday(date) - 1),
        "isoweekday" => int(weekday(date)),
        "isocalendar" => {
            let week = date.iso_week_date();
            Value::tuple([int(week.year()), int(week.week()), int(weekday(date))])
        }
        "date" => Value::Date(date),
        "toordinal" => int(ordinal(date)),
        "ctime" => Value::text(crate::moment::strftime(&m, "%a %b %e %H:%M:%S %Y", None)),
        "replace" => replace(value, &m, given)?,
        "utcoffset" => m.offset_s.map_or(Value::None, |s| Value::TimeDelta(i64::from(s) * 1_000_000)),
        "tzname" => m.offset_s.map_or(Value::None, |_| Value::text("UTC")),
        "time" => {
            let full = m.iso('T');
            Value::text(full.split_once('T').map_or("", |(_, time)| time))
        }
        _ => return Err(Error::runtime(format!("{name}() is not supported"))),
    })
}

fn weekday(date: Date) -> i64 {
    match date.weekday() {
        Weekday::Monday => 1,
        Weekday::Tuesday => 2,
        Weekday::Wednesday => 3,
        Weekday::Thursday => 4,
        Weekday::Friday => 5,
        Weekday::Saturday => 6,
        Weekday::Sunday => 7,
    }
}

fn ordinal(date: Date) -> i64 {
    let first = Date::constant(1, 1, 1);
    date.duration_since(first).as_hours() / 24 + 1
}

fn replace(value: &Value, m: &Moment, given: &Given) -> Result<Value> {
    let c = m.civil;
    let mut parts = [
        i64::from(c.year()),
        i64::from(c.month()),
        i64::from(c.day()),
        i64::from(c.hour()),
        i64::from(c.minute()),
        i64::from(c.second()),
        i64::from(c.subsec_nanosecond() / 1000),
    ];
    let names = ["year", "month", "day", "hour", "minute", "second", "microsecond"];
    for (i, name) in names.iter().enumerate() {
        if let Some(given) = given.int_opt(i, name)? {
            parts[i] = given;
        }
    }
    let bad = || Error::runtime("value is out of range for a date");
    let small = |i: usize| i8::try_from(parts[i]).map_err(|_| bad());
    let year = i16::try_from(parts[0]).map_err(|_| bad())?;
    let nanos = i32::try_from(parts[6] * 1000).map_err(|_| bad())?;
    let civil = DateTime::new(year, small(1)?, small(2)?, small(3)?, small(4)?, small(5)?, nanos)
        .map_err(|_| bad())?;
    Ok(match value {
        Value::Date(_) => Value::Date(civil.date()),
        _ => Value::DateTime(Moment { civil, offset_s: m.offset_s }),
    })
}
