//! Filters over dates.

use super::{Call, Filter, whole};
use crate::error::{Error, Result};
use crate::value::{Moment, Value, to_str};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("strftime", &["second", "utc"], strftime),
    Filter::new("to_datetime", &["format"], |call| {
        let format = call.args.text_or("format", "%Y-%m-%d %H:%M:%S")?;
        crate::moment::strptime(&to_str(&call.input)?, &format).map(Value::DateTime)
    }),
    Filter::new("to_milliseconds", &["year", "month"], |call| duration(call, 0.001)),
    Filter::new("to_seconds", &["year", "month"], |call| duration(call, 1.0)),
    Filter::new("to_minutes", &["year", "month"], |call| duration(call, 60.0)),
    Filter::new("to_hours", &["year", "month"], |call| duration(call, 3_600.0)),
    Filter::new("to_days", &["year", "month"], |call| duration(call, 86_400.0)),
    Filter::new("to_weeks", &["year", "month"], |call| duration(call, 604_800.0)),
];

fn strftime(call: &Call<'_>) -> Result<Value> {
    let format = to_str(&call.input)?;
    let utc = call.args.truth("utc")?;
    let now = call.context.world().now();
    let zone = if utc { jiff::tz::TimeZone::UTC } else { now.time_zone().clone() };
    let zoned = match call.args.some("second") {
        None => now.with_time_zone(zone),
        Some(second) => {
            let seconds = match second {
                Value::Float(f) => *f,
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "seconds since the epoch are exact in a float"
                )]
                other => whole(other).map(|n| n as f64).map_err(|_| {
                    Error::runtime(format!(
                        "Invalid value for epoch value ({})",
                        other.to_text().unwrap_or_default()
                    ))
                })?,
            };
            #[expect(clippy::cast_possible_truncation, reason = "checked by jiff below")]
            let nanos = (seconds.fract() * 1e9) as i32;
            #[expect(clippy::cast_possible_truncation, reason = "checked by jiff below")]
            let stamp = jiff::Timestamp::new(seconds as i64, nanos)
                .map_err(|_| Error::runtime(format!("Invalid value for epoch value ({seconds})")))?;
            stamp.to_zoned(zone)
        }
    };
    let offset_s = zoned.offset().seconds();
    let name = if utc { "GMT".to_owned() } else { zoned.strftime("%Z").to_string() };
    let moment = Moment { civil: zoned.datetime(), offset_s: Some(offset_s) };
    Ok(Value::text(crate::moment::strftime(&moment, &format, Some(&name))))
}

/// `1h 30min` in some unit.
fn duration(call: &Call<'_>, unit: f64) -> Result<Value> {
    let text = to_str(&call.input)?;
    let mut seconds = 0.0;
    for word in text.split_whitespace() {
        let split = word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.len());
        let (number, name) = word.split_at(split);
        let number: f64 = number
            .parse()
            .map_err(|_| Error::runtime(format!("can't interpret following string as duration: {text}")))?;
        let factor = match name.trim_end_matches('s') {
            "m" if name == "ms" => 0.001,
            "msec" | "millisecond" => 0.001,
            "" if name == "s" => 1.0,
            "sec" | "second" => 1.0,
            "m" | "min" | "minute" => 60.0,
            "h" | "hour" => 3_600.0,
            "d" | "day" => 86_400.0,
            "w" | "week" => 604_800.0,
            "mo" | "month" => 2_592_000.0,
            "y" | "year" => 31_536_000.0,
            _ => return Err(Error::runtime(format!("can't interpret following string as duration: {text}"))),
        };
        seconds += number * factor;
    }
    Ok(Value::Float(seconds / unit))
}
