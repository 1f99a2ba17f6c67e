//! Keyword values after templating, with the types the keyword table asks for.

use runner_playbook::keyword::Keyword;
use runner_template::{Scope, Value};

use crate::{context::Shared, event::Notice, trouble::wrapped, unit::Unit};

/// The templated value of a keyword that applies to a unit; `None` when it is not set or omitted.
pub(crate) fn value(
    shared: &Shared,
    unit: &Unit,
    keyword: Keyword,
    scope: &Scope,
) -> Result<Option<Value>, Notice> {
    let Some(written) = unit.prepared().one(keyword) else { return Ok(None) };
    let rendered = render(shared, keyword, written, scope)?;
    Ok((!rendered.is_omit() && !rendered.is_none()).then_some(rendered))
}

/// A keyword's value with its templates evaluated.
pub(crate) fn render(
    shared: &Shared,
    keyword: Keyword,
    written: &Value,
    scope: &Scope,
) -> Result<Value, Notice> {
    shared.templar.render(written, scope).map_err(|error| {
        let span = written.span();
        wrapped(format!("Error processing keyword {:?}.", keyword.name()).replace('"', "'"), &span, &error)
    })
}

/// A boolean keyword.
pub(crate) fn flag(
    shared: &Shared,
    unit: &Unit,
    keyword: Keyword,
    scope: &Scope,
) -> Result<Option<bool>, Notice> {
    let Some(value) = value(shared, unit, keyword, scope)? else { return Ok(None) };
    boolean(&value).map(Some).ok_or_else(|| {
        Notice::error(format!(
            "The value {} could not be converted to 'bool'.",
            value.to_repr().unwrap_or_default()
        ))
        .at(&unit.task.span)
    })
}

/// A text keyword.
pub(crate) fn text(
    shared: &Shared,
    unit: &Unit,
    keyword: Keyword,
    scope: &Scope,
) -> Result<Option<String>, Notice> {
    Ok(value(shared, unit, keyword, scope)?.and_then(|value| value.to_text().ok()))
}

/// A keyword that is a number.
pub(crate) fn number(
    shared: &Shared,
    unit: &Unit,
    keyword: Keyword,
    scope: &Scope,
) -> Result<Option<f64>, Notice> {
    let Some(value) = value(shared, unit, keyword, scope)? else { return Ok(None) };
    let number = match &value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        other => other.as_str().and_then(|text| text.trim().parse().ok()),
    };
    number.map(Some).ok_or_else(|| {
        Notice::error(format!(
            "The value {} could not be converted to 'int'.",
            value.to_repr().unwrap_or_default()
        ))
        .at(&unit.task.span)
    })
}

/// Ansible's booleans: real ones, 0 and 1, and its words in any case.
pub(crate) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        Value::Float(number) if *number == 0.0 => Some(false),
        Value::Float(number) if *number == 1.0 => Some(true),
        Value::Str(text) => match text.as_str().trim().to_ascii_lowercase().as_str() {
            "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Some(true),
            "n" | "no" | "off" | "0" | "false" | "f" | "0.0" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}
