//! `validate_argument_spec`: the parameters of a role against what its argument spec asks for.

use runner_template::Value;

use super::Call;
use crate::{result::Answer, trouble::Trouble};

pub(super) fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    let Some(spec) = call.arg("argument_spec") else {
        return Ok(Answer::failure("\"argument_spec\" arg is required in args: "));
    };
    let mut provided: Vec<(String, Value)> = Vec::new();
    if let Some(dict) = call.arg("provided_arguments").and_then(Value::as_dict) {
        for (name, value) in dict.pairs() {
            provided.push((name.to_text()?, value));
        }
    }
    let Some(options) = spec.as_dict() else {
        return Ok(Answer::failure("Incorrect type for argument_spec, expected dict and got list"));
    };
    let mut errors = Vec::new();
    for (name, rules) in options.pairs() {
        let name = name.to_text()?;
        let given = match provided.iter().find(|(given, _)| *given == name) {
            Some((_, value)) => Some(value.clone()),
            None => match call.scope.get(&name) {
                Some(written) => Some(call.job.shared.templar.render(&written, call.scope)?),
                None => None,
            },
        };
        check(&name, &rules, given.filter(|value| !value.is_none()), &mut errors)?;
    }
    let missing: Vec<String> = errors
        .iter()
        .filter_map(|error| error.strip_prefix("missing required arguments: ").map(str::to_owned))
        .collect();
    if !missing.is_empty() {
        errors.retain(|error| !error.starts_with("missing required arguments: "));
        errors.insert(0, format!("missing required arguments: {}", missing.join(", ")));
    }
    let context = call.arg("validate_args_context").cloned().unwrap_or_else(|| Value::dict::<&str>([]));
    if errors.is_empty() {
        let mut answer = Answer::unchanged().set("msg", "The arg spec validation passed");
        answer.fields.insert("validate_args_context".to_owned(), context);
        return Ok(answer);
    }
    let mut answer = Answer::failure(format!("Validation of arguments failed:\n{}", errors.join("\n")));
    answer.fields.insert(
        "argument_errors".to_owned(),
        Value::list(errors.iter().map(|error| Value::text(error.as_str()))),
    );
    answer.fields.insert("argument_spec_data".to_owned(), spec.clone());
    answer.fields.insert("validate_args_context".to_owned(), context);
    Ok(answer)
}

/// One option of a spec: required, type, choices; nested options by recursion.
fn check(name: &str, rules: &Value, given: Option<Value>, errors: &mut Vec<String>) -> Result<(), Trouble> {
    let rule = |key: &str| rules.get(key);
    let Some(value) = given else {
        if rule("required").is_some_and(|required| required.truthy().unwrap_or(false)) {
            errors.push(format!("missing required arguments: {name}"));
        }
        return Ok(());
    };
    let kind = rule("type").and_then(|kind| kind.to_text().ok()).unwrap_or_else(|| "str".to_owned());
    if !fits(&value, &kind) {
        errors.push(format!(
            "argument '{name}' is of type {} and we were unable to convert to {kind}: {}",
            value.type_name(),
            refusal(&value, &kind)
        ));
        return Ok(());
    }
    if let Some(choices) = rule("choices").and_then(|choices| choices.items()) {
        let shown: Vec<String> = choices.iter().map(Value::to_text).collect::<Result<_, _>>()?;
        let values = value.items().unwrap_or_else(|| vec![value.clone()]);
        for one in values {
            let text = one.to_text()?;
            if !shown.contains(&text) {
                let how = if value.items().is_some() { "one or more of" } else { "one of" };
                errors.push(format!("value of {name} must be {how}: {}, got: {text}", shown.join(", ")));
            }
        }
    }
    if let Some(nested) = rule("options")
        && let Some(options) = nested.as_dict()
    {
        let values = value.items().unwrap_or_else(|| vec![value.clone()]);
        for one in &values {
            for (inner, rules) in options.pairs() {
                let inner = inner.to_text()?;
                let mut found = Vec::new();
                check(&inner, &rules, one.get(&inner).filter(|value| !value.is_none()), &mut found)?;
                errors.extend(found.into_iter().map(|error| format!("{error} found in {name}")));
            }
        }
    }
    Ok(())
}

fn fits(value: &Value, kind: &str) -> bool {
    match kind {
        "int" => {
            value.as_int().is_some() || value.as_str().is_some_and(|text| text.trim().parse::<i64>().is_ok())
        }
        "float" => {
            matches!(value, Value::Int(_) | Value::Float(_))
                || value.as_str().is_some_and(|text| text.trim().parse::<f64>().is_ok())
        }
        "bool" => crate::keywords::boolean(value).is_some(),
        "dict" => {
            value.as_dict().is_some()
                || value.as_str().is_some_and(|text| text.starts_with('{') || text.contains('='))
        }
        "list" => value.as_dict().is_none(),
        _ => true,
    }
}

fn refusal(value: &Value, kind: &str) -> String {
    let shown = value.to_repr().unwrap_or_default();
    match kind {
        "int" => format!("{shown} cannot be converted to an int"),
        "float" => format!("{shown} cannot be converted to a float"),
        "bool" => format!("The value {shown} is not a valid boolean."),
        "list" => format!("{shown} cannot be converted to a list"),
        _ => format!("{shown} cannot be converted to a dict"),
    }
}
