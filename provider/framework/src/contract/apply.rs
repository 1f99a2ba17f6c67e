//! Terraform's rules for the state after apply.

use provider_protocol::cty::{Path, Refinements, Step, Value};

use super::{Violation, check_type, check_write_only};
use crate::schema::Schema;

/// Checks the state after a create or update against what was planned: everything known came true, and everything unknown
/// was decided within its promises.
#[must_use]
pub fn check_apply(schema: &Schema, planned: &Value, new: &Value) -> Vec<Violation> {
    let mut found = check_type(schema, new);
    if !found.is_empty() {
        return found;
    }
    compare(planned, new, &mut Path::root(), &mut found);
    let (_, unknown) = crate::values::without_unknown(new);
    found.extend(unknown.iter().map(|path| Violation::new(path, "it is still unknown after apply")));
    found.extend(check_write_only(schema, new));
    found
}

fn compare(planned: &Value, new: &Value, path: &mut Path, found: &mut Vec<Violation>) {
    let mut say = |path: &Path, what: &str| found.push(Violation::new(path, what));
    match (planned, new) {
        (Value::Unknown(promises), new) => {
            if let Some(broken) = broken_promise(promises, new) {
                say(path, &broken);
            }
        }
        (Value::Null, Value::Null) => {}
        (Value::Null, _) => say(path, "it was planned to be absent, but now is present"),
        (_, Value::Null) => say(path, "it was planned to be present, but now is absent"),
        (Value::List(planned), Value::List(new)) | (Value::Tuple(planned), Value::Tuple(new)) => {
            if planned.len() != new.len() {
                return say(
                    path,
                    &format!("{} elements were planned, but now there are {}", planned.len(), new.len()),
                );
            }
            for (index, (planned, new)) in planned.iter().zip(new).enumerate() {
                inside(Step::Index(index as i64), planned, new, path, found);
            }
        }
        (Value::Map(planned), Value::Map(new)) => {
            if !planned.keys().eq(new.keys()) {
                return say(path, "the keys differ from the planned ones");
            }
            for (key, planned) in planned {
                inside(Step::Key(key.clone()), planned, &new[key], path, found);
            }
        }
        (Value::Object(planned), Value::Object(new)) => {
            for (name, planned) in planned {
                if let Some(new) = new.get(name) {
                    inside(Step::Attribute(name.clone()), planned, new, path, found);
                }
            }
        }
        (Value::Set(planned), Value::Set(new)) => {
            if new.len() > planned.len() {
                say(
                    path,
                    &format!("{} elements were planned, but now there are {}", planned.len(), new.len()),
                );
            }
            let correlates = |planned: &Value, new: &Value| {
                let mut differences = Vec::new();
                compare(planned, new, &mut Path::root(), &mut differences);
                differences.is_empty()
            };
            if !new.iter().all(|new| planned.iter().any(|planned| correlates(planned, new))) {
                say(path, "an element was not planned");
            }
            if !planned.iter().all(|planned| new.iter().any(|new| correlates(planned, new))) {
                say(path, "a planned element is missing");
            }
        }
        (Value::Dynamic(planned), Value::Dynamic(new)) => compare(&planned.value, &new.value, path, found),
        (planned, new) if planned == new => {}
        _ => say(path, "the value differs from the planned one"),
    }
}

fn inside(step: Step, planned: &Value, new: &Value, path: &mut Path, found: &mut Vec<Violation>) {
    path.push(step);
    compare(planned, new, path, found);
    path.pop();
}

/// What was promised about an unknown value and did not come true.
fn broken_promise(promises: &Refinements, new: &Value) -> Option<String> {
    if promises.not_null && new.is_null() {
        return Some("it was promised not to be null".to_owned());
    }
    if let (Some(prefix), Some(text)) = (&promises.prefix, new.as_str())
        && !text.starts_with(prefix.as_str())
    {
        return Some(format!("it was promised to begin with \"{prefix}\""));
    }
    if let Some(number) = new.as_number() {
        let below = promises
            .min
            .as_ref()
            .is_some_and(|bound| *number < bound.value || (!bound.inclusive && *number == bound.value));
        let above = promises
            .max
            .as_ref()
            .is_some_and(|bound| *number > bound.value || (!bound.inclusive && *number == bound.value));
        if below || above {
            return Some("it is outside of the promised range".to_owned());
        }
    }
    let length = match new.inner() {
        Value::List(elements) => Some(elements.len() as u64),
        Value::Set(elements) => Some(elements.len() as u64),
        Value::Map(elements) => Some(elements.len() as u64),
        _ => None,
    }?;
    let short = promises.length_min.is_some_and(|least| length < least);
    let long = promises.length_max.is_some_and(|most| length > most);
    (short || long).then(|| "it has another number of elements than promised".to_owned())
}
