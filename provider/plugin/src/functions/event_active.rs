//! `provider::streaming::event_active(event, at)`: whether an event is on at a time.
//!
//! The time is an argument because Terraform calls functions whenever it likes and compares the answers;
//! `plantimestamp()` is the one that does not change between plan and apply.

use std::collections::BTreeMap;

use provider_framework::cty::{Path, Type, Value};
use provider_framework::{
    Arguments, Attr, Diagnostics, FromValue, Function, FunctionError, Parameter, Signature, wrong_argument,
};

use crate::event_attributes::Event;
use crate::event_window::parse_instant;

/// The function.
pub struct EventActive;

/// The attributes of an event, as in the data source.
const KNOWN: &[&str] = &["start", "timezone", "rrule", "duration", "lead", "linger", "except", "extra"];

impl Function for EventActive {
    fn name(&self) -> &'static str {
        "event_active"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Says whether an event is on at a time".to_owned(),
            description: "Says whether a window of the event is open at a time: from `lead` before a start to `linger` \
                          after its end. The event is described by the same attributes as in the data source \
                          `streaming_event_window`."
                .to_owned(),
            parameters: vec![
                Parameter::new(
                    "event",
                    Type::Dynamic,
                    "An object with `start` and `duration`, and as needed `timezone`, `rrule`, `lead`, `linger`, \
                     `except` and `extra`.",
                ),
                Parameter::new(
                    "at",
                    Type::String,
                    "The time, with an offset (RFC 3339). Use `plantimestamp()` for now: it is the same in plan and apply.",
                ),
            ],
            variadic: None,
            returns: Type::Bool,
            deprecated: String::new(),
        }
    }

    fn call(&self, arguments: &Arguments) -> Result<Value, FunctionError> {
        let event = event(&arguments.get(0)?)?;
        let at = parse_instant(&arguments.get::<String>(1)?)
            .map_err(|error| wrong_argument(1, error.to_string()))?;
        let mut diagnostics = Diagnostics::new();
        let schedule = event.schedule(&mut diagnostics).ok_or_else(|| {
            let details: Vec<&str> =
                diagnostics.iter().map(|diagnostic| diagnostic.detail.as_str()).collect();
            wrong_argument(0, details.join(" "))
        })?;
        let answer = schedule.at(at).map_err(|error| wrong_argument(0, error.to_string()))?;
        Ok(Value::Bool(answer.active()))
    }
}

/// Reads the object; every mistake in it is named.
fn event(value: &Value) -> Result<Event, FunctionError> {
    let mut attributes: BTreeMap<String, Value> =
        BTreeMap::from_value(value, &mut Path::root()).map_err(|_| {
            wrong_argument(0, "event must be an object such as { start = \"…\", duration = \"45m\" }")
        })?;
    if let Some(unknown) = attributes.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(wrong_argument(
            0,
            format!("event has no attribute {unknown}; it has {}", KNOWN.join(", ")),
        ));
    }
    let mut text = |name: &str| -> Result<Option<String>, FunctionError> {
        read(name, &attributes.remove(name).unwrap_or(Value::Null))
    };
    let required = |name: &str, found: Option<String>| {
        found.ok_or_else(|| wrong_argument(0, format!("event must have the attribute {name}")))
    };
    let zero = || "0s".to_owned();
    let (start, duration) = (text("start")?, text("duration")?);
    let (timezone, rrule, lead, linger) = (text("timezone")?, text("rrule")?, text("lead")?, text("linger")?);
    let mut list = |name: &str| -> Result<Vec<String>, FunctionError> {
        Ok(read(name, &attributes.remove(name).unwrap_or(Value::Null))?.unwrap_or_default())
    };
    Ok(Event {
        start: required("start", start)?,
        timezone: timezone.unwrap_or_else(|| "UTC".to_owned()),
        rrule,
        duration: required("duration", duration)?,
        lead: lead.unwrap_or_else(zero),
        linger: linger.unwrap_or_else(zero),
        except: list("except")?,
        extra: list("extra")?,
    })
}

fn read<T: FromValue>(name: &str, value: &Value) -> Result<Option<T>, FunctionError> {
    let mut path = Path::root().attribute(name);
    Attr::from_value(value, &mut path)
        .map(Attr::into_known)
        .map_err(|misfit| wrong_argument(0, format!("{}: {}", misfit.path, misfit.diagnostic().detail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(event: Value, at: &str) -> Result<Value, FunctionError> {
        EventActive.call(&Arguments(vec![event, Value::from(at)]))
    }

    fn show() -> Vec<(&'static str, Value)> {
        vec![
            ("start", Value::from("2026-12-01T20:00:00")),
            ("duration", Value::from("45m")),
            ("lead", Value::from("15m")),
        ]
    }

    #[test]
    fn it_answers_for_the_time_it_is_given() {
        let ask = |at: &str| call(Value::object(show()), at).expect("a good event");
        assert_eq!(ask("2026-12-01T19:44:59Z"), Value::Bool(false));
        assert_eq!(ask("2026-12-01T19:45:00Z"), Value::Bool(true));
        assert_eq!(ask("2026-12-01T20:45:00Z"), Value::Bool(false));
    }

    #[track_caller]
    fn check_error(change: (&'static str, Value), at: &str, argument: usize, expected: &str) {
        let mut attributes = show();
        attributes.retain(|(name, _)| *name != change.0);
        attributes.push(change);
        let error = call(Value::object(attributes), at).expect_err(expected);
        assert_eq!(error.argument, Some(argument));
        assert!(error.text.contains(expected), "{}", error.text);
    }

    #[test]
    fn each_mistake_is_named() {
        let at = "2026-12-01T20:00:00Z";
        check_error(("start", Value::from("soon")), at, 0, "start: \"soon\" is no time");
        check_error(("start", Value::Null), at, 0, "must have the attribute start");
        check_error(("timezone", Value::from("Mars")), at, 0, "timezone: \"Mars\" is no IANA time zone");
        check_error(("duration", Value::from("45")), at, 0, "duration: the unit is missing after 45");
        check_error(("lenght", Value::from("45m")), at, 0, "event has no attribute lenght");
        check_error(("except", Value::list([Value::from("x")])), at, 0, "except[0]: \"x\" is neither a day");
        check_error(("rrule", Value::from(5)), at, 0, "rrule: Expected a string, not a number");
        check_error(("lead", Value::from("0s")), "noon", 1, "\"noon\" is no time with an offset");
        let error = call(Value::from("x"), at).expect_err("no object");
        assert!(error.text.contains("event must be an object"), "{}", error.text);
    }
}
