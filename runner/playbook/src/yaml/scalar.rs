//! The characters of a scalar to its value: implicit types, the standard tags, and Ansible's `!vault`.

use std::sync::Arc;

use crate::node::{Ciphertext, Data, DateTime};
use crate::yaml::construct::STANDARD;
use crate::yaml::number;
use crate::yaml::resolve::{Implicit, implicit, timestamp};

/// A day has fewer seconds than any offset from UTC may have.
const DAY_S: i32 = 24 * 60 * 60;

/// A scalar whose characters decide its type; none when it is a string.
///
/// # Errors
/// The sentence for the user.
pub fn plain(text: &str) -> Result<Option<Data>, String> {
    match implicit(text) {
        Implicit::Null => Ok(Some(Data::Null)),
        Implicit::Bool(value) => Ok(Some(Data::Bool(value))),
        Implicit::Int => number::int(text).map(Some),
        Implicit::Float => number::float(text).map(Data::Float).map(Some),
        Implicit::Timestamp => time(text).map(Some),
        Implicit::Merge => Err(format!("Could not determine a constructor for the tag '{STANDARD}merge'.")),
        Implicit::Value => Err(format!("Could not determine a constructor for the tag '{STANDARD}value'.")),
        Implicit::Str => Ok(None),
    }
}

/// A scalar with one of the tags that YAML defines; `kind` is the tag without its prefix.
///
/// # Errors
/// The sentence for the user.
pub fn tagged(kind: &str, text: &str, tag: &str) -> Result<Data, String> {
    match kind {
        "null" => Ok(Data::Null),
        "int" => number::int(text),
        "float" => number::float(text).map(Data::Float),
        "bool" => match text.to_lowercase().as_str() {
            "yes" | "true" | "on" => Ok(Data::Bool(true)),
            "no" | "false" | "off" => Ok(Data::Bool(false)),
            _ => {
                Err(format!("The '!!bool' tag requires one of yes, no, true, false, on, off, not '{text}'."))
            }
        },
        "timestamp" => time(text),
        "binary" => base64(text).map(|bytes| Data::Bytes(bytes.into())),
        _ => Err(format!("Could not determine a constructor for the tag '{tag}'.")),
    }
}

/// The still encrypted value of a `!vault` scalar.
pub fn vault(text: &str) -> Data {
    Data::Vault(Arc::new(Ciphertext(text.into())))
}

fn time(text: &str) -> Result<Data, String> {
    let form = timestamp(text)
        .ok_or_else(|| format!("The '!!timestamp' tag requires a date or time, not '{text}'."))?;
    let (year, month, day) = form.date;
    if year == 0 {
        return Err("year 0 is out of range".to_owned());
    }
    if !(1..=12).contains(&month) {
        return Err("month must be in 1..12".to_owned());
    }
    let (month, day) = (month.cast_signed(), day.cast_signed());
    let date =
        jiff::civil::Date::new(year, month, day).map_err(|_| "day is out of range for month".to_owned())?;
    let Some((hour, minute, second, micros)) = form.time else { return Ok(Data::Date(date)) };
    for (name, value, most) in [("hour", hour, 23), ("minute", minute, 59), ("second", second, 59)] {
        if value > most {
            return Err(format!("{name} must be in 0..{most}"));
        }
    }
    if form.offset_s.is_some_and(|offset_s| offset_s.abs() >= DAY_S) {
        return Err("offset must be strictly between -24 and 24 hours".to_owned());
    }
    let [hour, minute, second] = [hour, minute, second].map(u8::cast_signed);
    let nanos = i32::try_from(micros * 1000).expect("microseconds of a second fit");
    Ok(Data::DateTime(DateTime { civil: date.at(hour, minute, second, nanos), offset_s: form.offset_s }))
}

/// Base64 as Python's lenient decoder reads it: characters outside the alphabet are skipped.
fn base64(text: &str) -> Result<Vec<u8>, String> {
    if let Some((at, found)) = text.chars().enumerate().find(|(_, c)| !c.is_ascii()) {
        let code = u32::from(found);
        return Err(format!(
            "Failed to convert base64 data into ascii: 'ascii' codec can't encode character '\\x{code:02x}' in position {at}: ordinal not in range(128)."
        ));
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count, mut pads) = (0_u32, 0_usize, 0_usize);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                pads += 1;
                if count % 4 >= 2 && (count % 4) + pads >= 4 {
                    return Ok(out);
                }
                continue;
            }
            _ => continue,
        };
        pads = 0;
        bits = (bits << 6 | u32::from(value)) & 0xff_ffff;
        count += 1;
        match count % 4 {
            2 => out.push((bits >> 4 & 0xff) as u8),
            3 => out.push((bits >> 2 & 0xff) as u8),
            0 => out.push((bits & 0xff) as u8),
            _ => {}
        }
    }
    match count % 4 {
        0 => Ok(out),
        1 => Err(format!(
            "Failed to decode base64 data: Invalid base64-encoded string: number of data characters ({count}) cannot be 1 more than a multiple of 4."
        )),
        _ => Err("Failed to decode base64 data: Incorrect padding.".to_owned()),
    }
}
