//! What a value must be: checks that run before anything else, with a sentence each.
//!
//! Null and unknown values are never checked; a value that becomes known later is checked again before the plan.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use provider_protocol::cty::{Number, Path, Step, Value};

use crate::{Diagnostics, duration};

/// A requirement on a value.
#[derive(Clone)]
pub struct Validator {
    requirement: String,
    target: Target,
}

type Check = Arc<dyn Fn(&Value) -> Result<(), String> + Send + Sync>;

#[derive(Clone)]
enum Target {
    /// The value itself; the error may say more than the requirement.
    Value(Check),
    /// Each element.
    Each(Box<Validator>),
    /// Each key of a map.
    Keys(Box<Validator>),
}

impl Validator {
    /// The requirement in words: "must be from 1 to 10".
    #[must_use]
    pub fn requirement(&self) -> String {
        match &self.target {
            Target::Value(_) => self.requirement.clone(),
            Target::Each(inner) => format!("each element {}", inner.requirement()),
            Target::Keys(inner) => format!("each key {}", inner.requirement()),
        }
    }

    /// Checks a value; secrets are not repeated in the message.
    pub(crate) fn check(&self, value: &Value, path: &Path, secret: bool, diagnostics: &mut Diagnostics) {
        if value.is_null() || value.is_unknown() {
            return;
        }
        match &self.target {
            Target::Value(check) => {
                if let Err(reason) = check(value.inner()) {
                    diagnostics.error_at(
                        path.clone(),
                        "Invalid value",
                        self.detail(value, path, secret, &reason),
                    );
                }
            }
            Target::Each(inner) => {
                for (step, element) in elements(value) {
                    inner.check(element, &path.clone().join(step), secret, diagnostics);
                }
            }
            Target::Keys(inner) => {
                for (step, _) in elements(value) {
                    if let Step::Key(key) = &step {
                        inner.check(
                            &Value::string(key),
                            &path.clone().join(step.clone()),
                            secret,
                            diagnostics,
                        );
                    }
                }
            }
        }
    }

    fn detail(&self, value: &Value, path: &Path, secret: bool, reason: &str) -> String {
        /// Longer values are not repeated: the user sees them in the file.
        const SHOWN_BYTES_MAX: usize = 120;
        let shown = super::attribute::hcl(value);
        let found = if secret || shown.len() > SHOWN_BYTES_MAX || !value.is_wholly_known() {
            String::new()
        } else {
            format!(", not {shown}")
        };
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        format!("{path} {}{found}{reason}.", self.requirement)
    }
}

fn elements(value: &Value) -> Vec<(Step, &Value)> {
    match value.inner() {
        Value::List(elements) | Value::Tuple(elements) => {
            elements.iter().enumerate().map(|(index, element)| (Step::Index(index as i64), element)).collect()
        }
        Value::Set(elements) => {
            elements.iter().map(|element| (Step::Element(Box::new(element.clone())), element)).collect()
        }
        Value::Map(elements) => {
            elements.iter().map(|(key, element)| (Step::Key(key.clone()), element)).collect()
        }
        _ => Vec::new(),
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.requirement())
    }
}

/// A requirement of one's own: `requirement` starts with "must"; an error may add a reason without full stop.
pub fn that(
    requirement: impl Into<String>,
    check: impl Fn(&Value) -> Result<(), String> + Send + Sync + 'static,
) -> Validator {
    Validator { requirement: requirement.into(), target: Target::Value(Arc::new(check)) }
}

/// A requirement on strings.
pub fn text(
    requirement: impl Into<String>,
    check: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
) -> Validator {
    that(requirement, move |value| value.as_str().map_or(Ok(()), &check))
}

/// Each element of a list, set or map.
#[must_use]
pub fn each(validator: Validator) -> Validator {
    Validator { requirement: String::new(), target: Target::Each(Box::new(validator)) }
}

/// Each key of a map.
#[must_use]
pub fn keys(validator: Validator) -> Validator {
    Validator { requirement: String::new(), target: Target::Keys(Box::new(validator)) }
}

/// One of these strings.
#[must_use]
pub fn one_of(choices: &[&str]) -> Validator {
    let choices: Vec<String> = choices.iter().map(|choice| (*choice).to_owned()).collect();
    let listed = choices.iter().map(|choice| format!("{choice:?}")).collect::<Vec<_>>().join(", ");
    text(format!("must be one of {listed}"), move |found| holds(choices.iter().any(|choice| choice == found)))
}

/// A string of that many characters.
#[must_use]
pub fn length(range: RangeInclusive<usize>) -> Validator {
    let requirement = match (range.start(), range.end()) {
        (least, &usize::MAX) => format!("must have at least {least} characters"),
        (least, most) if least == most => format!("must have {least} characters"),
        (least, most) => format!("must have {least} to {most} characters"),
    };
    text(requirement, move |found| holds(range.contains(&found.chars().count())))
}

/// A string with something in it.
#[must_use]
pub fn not_empty() -> Validator {
    text("must not be empty", |found| holds(!found.trim().is_empty()))
}

/// A list, set or map of that many elements.
#[must_use]
pub fn items(range: RangeInclusive<usize>) -> Validator {
    let requirement = match (range.start(), range.end()) {
        (least, &usize::MAX) => format!("must have at least {least} elements"),
        (least, most) if least == most => format!("must have {least} elements"),
        (least, most) => format!("must have {least} to {most} elements"),
    };
    that(requirement, move |value| holds(range.contains(&elements(value).len())))
}

/// A number in a range.
#[must_use]
pub fn between(range: RangeInclusive<i64>) -> Validator {
    let (least, most) = (Number::from(*range.start()), Number::from(*range.end()));
    that(format!("must be from {least} to {most}"), move |value| {
        holds(value.as_number().is_none_or(|number| *number >= least && *number <= most))
    })
}

/// A number not below.
#[must_use]
pub fn at_least(least: i64) -> Validator {
    let least = Number::from(least);
    that(format!("must be at least {least}"), move |value| {
        holds(value.as_number().is_none_or(|number| *number >= least))
    })
}

/// A number without fraction.
#[must_use]
pub fn whole() -> Validator {
    that("must be a whole number", |value| holds(value.as_number().is_none_or(Number::is_integer)))
}

/// A fraction from 0 to 1.
#[must_use]
pub fn share() -> Validator {
    that("must be from 0 to 1", |value| {
        holds(value.as_number().is_none_or(|number| *number >= Number::from(0) && *number <= Number::from(1)))
    })
}

/// A duration in Go's notation.
#[must_use]
pub fn duration() -> Validator {
    text("must be a duration such as \"90s\", \"45m\" or \"1h30m\"", |found| {
        duration::parse(found).map(drop).map_err(|error| error.to_string())
    })
}

/// A duration in Go's notation that is not negative.
#[must_use]
pub fn positive_duration() -> Validator {
    text("must be a duration such as \"90s\", \"45m\" or \"1h30m\" that is not negative", |found| {
        let duration = duration::parse(found).map_err(|error| error.to_string())?;
        holds(!duration.is_negative())
    })
}

/// An `http` or `https` URL with a host.
#[must_use]
pub fn http_url() -> Validator {
    text("must be a URL such as \"https://api.example.com/v1\"", |found| {
        let rest = found.strip_prefix("https://").or_else(|| found.strip_prefix("http://"));
        let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        holds(host.is_some_and(|host| !host.is_empty()) && !found.contains(char::is_whitespace))
    })
}

/// The requirement said it all.
fn holds(condition: bool) -> Result<(), String> {
    if condition { Ok(()) } else { Err(String::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(validator: &Validator, value: &Value, expected: &[&str]) {
        let mut diagnostics = Diagnostics::new();
        validator.check(value, &Path::root().attribute("x"), false, &mut diagnostics);
        let details: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.detail.as_str()).collect();
        assert_eq!(details, expected, "{validator:?}");
    }

    #[test]
    fn validators_say_what_a_value_must_be() {
        let text = Value::string;
        check(&one_of(&["a", "b"]), &text("a"), &[]);
        check(&one_of(&["a", "b"]), &text("c"), &["x must be one of \"a\", \"b\", not \"c\"."]);
        check(&length(1..=3), &text("äöüß"), &["x must have 1 to 3 characters, not \"äöüß\"."]);
        check(&length(1..=usize::MAX), &text(""), &["x must have at least 1 characters, not \"\"."]);
        check(&between(1..=10), &Value::from(11), &["x must be from 1 to 10, not 11."]);
        check(&at_least(1), &Value::from(0), &["x must be at least 1, not 0."]);
        check(
            &whole(),
            &Value::number("1.5".parse::<Number>().expect("a number")),
            &["x must be a whole number, not 1.5."],
        );
        check(&items(1..=2), &Value::list([]), &["x must have 1 to 2 elements, not []."]);
        check(&http_url(), &text("https://a/v1"), &[]);
        check(
            &http_url(),
            &text("ftp://a"),
            &["x must be a URL such as \"https://api.example.com/v1\", not \"ftp://a\"."],
        );
        check(&positive_duration(), &text("1h30m"), &[]);
        let said =
            "x must be a duration such as \"90s\", \"45m\" or \"1h30m\" that is not negative, not \"-1s\".";
        check(&positive_duration(), &text("-1s"), &[said]);
    }

    #[test]
    fn rule_14_null_and_unknown_values_are_not_validated() {
        check(&one_of(&["a"]), &Value::Null, &[]);
        check(&one_of(&["a"]), &Value::unknown(), &[]);
        check(
            &each(one_of(&["a"])),
            &Value::list([Value::unknown(), Value::string("b")]),
            &["x[1] must be one of \"a\", not \"b\"."],
        );
    }

    #[test]
    fn elements_and_keys_have_their_own_paths() {
        let map = Value::map([("Bad", Value::from(0)), ("good", Value::from(5))]);
        check(&each(at_least(1)), &map, &["x[\"Bad\"] must be at least 1, not 0."]);
        let lower = super::text("must be lower case", |key| holds(key.chars().all(char::is_lowercase)));
        check(&keys(lower), &map, &["x[\"Bad\"] must be lower case, not \"Bad\"."]);
        assert_eq!(each(at_least(1)).requirement(), "each element must be at least 1");
    }

    #[test]
    fn a_secret_is_not_repeated() {
        let mut diagnostics = Diagnostics::new();
        length(64..=64).check(
            &Value::string("hunter2"),
            &Path::root().attribute("token"),
            true,
            &mut diagnostics,
        );
        assert_eq!(diagnostics.iter().next().expect("one").detail, "token must have 64 characters.");
    }
}
