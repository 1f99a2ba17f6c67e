//! The `sequence` lookup: numbers by `start=1 end=9 stride=2 format=%02d` or `1-9/2:%02d`.

use super::{Call, Lookup, key_values};
use crate::error::{Error, Result};
use crate::value::Value;

/// The longest sequence.
const LENGTH_MAX: i64 = 1_000_000;

pub(super) const LOOKUPS: &[(&str, Lookup)] = &[("sequence", sequence)];

#[derive(Default)]
struct Plan {
    start: Option<i64>,
    end: Option<i64>,
    count: Option<i64>,
    stride: Option<i64>,
    format: Option<String>,
}

fn number(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let value: i64 = digits.parse().ok()?;
    Some(if negative { -value } else { value })
}

impl Plan {
    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        if key == "format" {
            self.format = Some(value.to_owned());
            return Ok(());
        }
        let parsed =
            number(value).ok_or_else(|| {
                Error::runtime(format!(
                    "Config '{key}' for 'sequence' lookup plugin from 'Direct' has an invalid value: Invalid value \
                     provided for 'integer': {}",
                    crate::value::quote_repr(value)
                ))
            })?;
        match key {
            "start" => self.start = Some(parsed),
            "end" => self.end = Some(parsed),
            "count" => self.count = Some(parsed),
            "stride" => self.stride = Some(parsed),
            _ => return Err(Error::runtime(format!("unrecognized arguments to with_sequence: ['{key}']"))),
        }
        Ok(())
    }

    /// `[start-]end[/stride][:format]`.
    fn short(&mut self, text: &str) -> Option<Result<()>> {
        let (rest, format) = text.split_once(':').map_or((text, None), |(rest, format)| (rest, Some(format)));
        let (range, stride) =
            rest.split_once('/').map_or((rest, None), |(range, stride)| (range, Some(stride)));
        let (start, end) = range.split_once('-').map_or((None, range), |(start, end)| (Some(start), end));
        let hex = |text: &str| {
            let digits = text.strip_prefix("0x").unwrap_or(text);
            !digits.is_empty() && digits.chars().all(|c| c.is_ascii_hexdigit())
        };
        if !hex(end)
            || start.is_some_and(|start| !hex(start))
            || stride.is_some_and(|s| s.parse::<u32>().is_err())
        {
            return None;
        }
        let parts = [("end", Some(end)), ("start", start), ("stride", stride), ("format", format)];
        let mut given = parts.into_iter().filter_map(|(key, part)| part.map(|part| (key, part)));
        Some(given.try_for_each(|(key, part)| self.set(key, part)))
    }
}

fn sequence(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    let mut terms = call.texts()?;
    if terms.is_empty() {
        terms.push(String::new());
    }
    for term in terms {
        let mut plan = Plan::default();
        for (key, value) in call.options.pairs() {
            if let Some(key @ ("start" | "end" | "count" | "stride" | "format")) = key.as_str() {
                plan.set(key, &value.to_text()?)?;
            }
        }
        if let Some(done) = plan.short(&term) {
            done?;
        } else {
            let (free, pairs) = key_values(&term);
            if !free.is_empty() {
                return Err(Error::runtime(format!("unknown error parsing with_sequence arguments: {term}")));
            }
            for (key, value) in pairs {
                plan.set(&key, &value)?;
            }
        }
        numbers(&plan, &mut out)?;
    }
    Ok(out)
}

fn numbers(plan: &Plan, out: &mut Vec<Value>) -> Result<()> {
    let start = plan.start.unwrap_or(1);
    let mut stride = plan.stride.unwrap_or(1);
    let end = match (plan.count, plan.end) {
        (None, None) => return Err(Error::runtime("must specify count or end in with_sequence")),
        (Some(_), Some(_)) => {
            return Err(Error::runtime("can't specify both count and end in with_sequence"));
        }
        (Some(0), None) => return Ok(()),
        (Some(count), None) => {
            start.saturating_add(count.saturating_mul(stride)).saturating_sub(stride.signum())
        }
        (None, Some(end)) => end,
    };
    if stride > 0 && end < start {
        return Err(Error::runtime("to count backwards make stride negative"));
    }
    if stride < 0 && end > start {
        return Err(Error::runtime("to count forward don't make stride negative"));
    }
    if stride == 0 {
        if plan.stride.is_some() {
            return Ok(());
        }
        stride = 1;
    }
    let format = plan.format.as_deref().unwrap_or("%d");
    if format.matches('%').count() != 1 {
        return Err(Error::runtime(format!("bad formatting string: {format}")));
    }
    let stop = end + stride.signum();
    let len = crate::value::range_len(start, stop, stride);
    if len > LENGTH_MAX {
        return Err(Error::new(crate::error::ErrorKind::Limit, "the sequence is too long"));
    }
    for i in 0..len {
        let number = Value::Int(start + i * stride);
        let text = crate::format::percent(format, &number).map_err(|_| {
            Error::runtime(format!("problem formatting {} with {format:?}", start + i * stride))
        })?;
        out.push(Value::text(text));
    }
    Ok(())
}
