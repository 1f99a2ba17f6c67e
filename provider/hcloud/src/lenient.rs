//! Reading leniently: what the API leaves out, sends as `null` or changes must not fail a whole list.

use jiff::Timestamp;
use serde::Deserialize;

/// Reads `null` as the type's empty value: the API sends `null` where a list or an object is meant to be empty.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + serde::Deserialize<'de>,
{
    Ok(<Option<T> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads an RFC 3339 time; anything else is unknown, because no decision of ours may hang on a time that cannot be read.
pub(crate) fn timestamp<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_str().and_then(|text| text.parse().ok()))
}
