//! Filters about any value: defaults, booleans, types.

use super::{Call, Filter};
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Ciphertext, Value, numeric, to_str};
use runner_playbook::source::Span;
use std::sync::Arc;

pub(super) const FILTERS: &[Filter] = &[
    Filter::with_markers("default", &["default_value", "boolean"], default),
    Filter::with_markers("d", &["default_value", "boolean"], default),
    Filter::with_markers("mandatory", &["msg"], mandatory),
    Filter::with_markers("ternary", &["true_val!", "false_val!", "none_val"], ternary),
    Filter::with_markers("type_debug", &[], type_debug),
    Filter::new("bool", &[], |call| Ok(Value::Bool(to_bool(call.context, &call.input)))),
    Filter::new("int", &["default", "base"], int),
    Filter::new("float", &["default"], float),
    Filter::new("string", &[], |call| match &call.input {
        text @ Value::Str(_) => Ok(text.clone()),
        other => to_str(other).map(Value::text),
    }),
    Filter::new("list", &[], |call| Ok(Value::list(call.input.iterate()?))),
    Filter::new("length", &[], length),
    Filter::new("count", &[], length),
    Filter::new("safe", &[], |call| Ok(Value::text(to_str(&call.input)?))),
    Filter::new("attr", &["name!"], attr),
    Filter::new("vault", &["secret!", "salt", "vault_id", "wrap_object", "vaultid"], vault),
    Filter::new("unvault", &["secret!", "vault_id", "vaultid"], unvault),
];

fn default(call: &Call<'_>) -> Result<Value> {
    let default = || call.args.get("default_value").cloned().unwrap_or_else(|| Value::text(""));
    match &call.input {
        Value::Undefined(why) if !why.silent => {
            if why.error.kind() == ErrorKind::Undefined {
                Ok(default())
            } else {
                Err(why.error.clone())
            }
        }
        value if call.args.truth("boolean")? && !value.truthy()? => Ok(default()),
        value => Ok(value.clone()),
    }
}

fn mandatory(call: &Call<'_>) -> Result<Value> {
    let Value::Undefined(why) = &call.input else { return Ok(call.input.clone()) };
    if why.error.kind() != ErrorKind::Undefined && !why.silent {
        return Err(why.error.clone());
    }
    if let Some(message) = call.args.some("msg") {
        return Err(Error::runtime(to_str(message)?));
    }
    Err(Error::runtime(match &why.name {
        Some(name) => format!("Mandatory variable '{name}' not defined."),
        None => "Mandatory variable not defined.".to_owned(),
    }))
}

fn ternary(call: &Call<'_>) -> Result<Value> {
    let input = call.input.clone().defined()?;
    let pick = |name: &str| call.args.get(name).cloned().unwrap_or_default();
    Ok(match call.args.some("none_val") {
        Some(none) if input.is_none() => none.clone(),
        _ if input.truthy()? => pick("true_val"),
        _ => pick("false_val"),
    })
}

fn type_debug(call: &Call<'_>) -> Result<Value> {
    Ok(Value::text(match &call.input {
        Value::Undefined(why) if !why.silent => "UndefinedMarker",
        other => other.type_name(),
    }))
}

/// Ansible's idea of a boolean; odd input is false, with a warning.
pub(crate) fn to_bool(context: &crate::eval::Context, value: &Value) -> bool {
    let word = value.as_str().map(str::to_lowercase);
    let known = match (value, word.as_deref()) {
        (Value::Bool(b), _) => Some(*b),
        (_, Some("yes" | "on" | "true" | "1")) | (Value::Int(1), _) => Some(true),
        (_, Some("no" | "off" | "false" | "0")) | (Value::Int(0), _) => Some(false),
        _ => None,
    };
    known.unwrap_or_else(|| {
        let result = matches!(value, Value::Float(f) if *f == 1.0);
        let shown = value.to_repr().unwrap_or_default();
        context.world().deprecate(
            &format!(
                "The `bool` filter coerced invalid value {shown} ({}) to {}.",
                value.type_name(),
                if result { "True" } else { "False" }
            ),
            &value.span(),
        );
        result
    })
}

fn int(call: &Call<'_>) -> Result<Value> {
    let default = || call.args.get("default").cloned().unwrap_or(Value::Int(0));
    let base = u32::try_from(call.args.int_or("base", 10)?).unwrap_or(10);
    Ok(match &call.input {
        Value::Str(text) => parse_int(text.as_str(), base)
            .or_else(|| {
                let float: f64 = python_float(text.as_str())?;
                float.is_finite().then(|| truncated(float))
            })
            .unwrap_or_else(default),
        Value::Bool(b) => Value::Int(i64::from(*b)),
        Value::Float(f) if f.is_finite() => truncated(*f),
        Value::Float(_) => return Err(Error::runtime("cannot convert float infinity to integer")),
        Value::Int(_) | Value::BigInt(_) => call.input.clone(),
        _ => default(),
    })
}

fn truncated(f: f64) -> Value {
    Value::from(crate::value::Numeric::Float(f.trunc()).big().into_owned())
}

/// Python's `int(text, base)`.
fn parse_int(text: &str, base: u32) -> Option<Value> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match (base, lower.get(..2)) {
        (16, Some("0x")) | (8, Some("0o")) | (2, Some("0b")) => (base, &lower[2..]),
        (0, Some("0x")) => (16, &lower[2..]),
        (0, Some("0o")) => (8, &lower[2..]),
        (0, Some("0b")) => (2, &lower[2..]),
        (0, _) => (10, lower.as_str()),
        _ => (base, lower.as_str()),
    };
    let odd = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__") || digits.is_empty();
    if odd || !(2..=36).contains(&base) {
        return None;
    }
    let big = num_bigint::BigInt::parse_bytes(digits.replace('_', "").as_bytes(), base)?;
    if digits.starts_with(['+', '-']) {
        return None;
    }
    Some(Value::from(if negative { -big } else { big }))
}

/// Python's `float(text)`.
pub(crate) fn python_float(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let plain = text.trim_start_matches(['+', '-']);
    if matches!(plain, "inf" | "infinity" | "nan") {
        return text.parse().ok();
    }
    let digits = plain.chars().any(|c| c.is_ascii_digit());
    let known = plain.chars().all(|c| c.is_ascii_digit() || ".e+-_".contains(c));
    if !digits || !known || text.contains("__") || text.ends_with('_') {
        return None;
    }
    text.replace('_', "").parse().ok()
}

fn float(call: &Call<'_>) -> Result<Value> {
    let default = || call.args.get("default").cloned().unwrap_or(Value::Float(0.0));
    Ok(match (&call.input, numeric(&call.input)) {
        (_, Some(number)) => Value::Float(number.float()?),
        (Value::Str(text), None) => python_float(text.as_str()).map_or_else(default, Value::Float),
        _ => default(),
    })
}

fn length(call: &Call<'_>) -> Result<Value> {
    Ok(Value::Int(i64::try_from(call.input.length()?).unwrap_or(i64::MAX)))
}

fn attr(call: &Call<'_>) -> Result<Value> {
    let name = call.args.text_or("name", "")?;
    if matches!(call.input, Value::Dict(_)) && !crate::methods::exists(&call.input, &name) {
        return Ok(crate::eval::missing(&call.input, &Value::text(name)));
    }
    crate::eval::attribute(&call.input, &std::sync::Arc::from(name))
}

fn vault(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?;
    let secret = call.args.text_or("secret", "")?;
    let salt = call.args.text_opt("salt")?;
    let id = call.args.text_or("vault_id", "filter_default")?;
    let wrap = call.args.truth("wrap_object")?;
    call.context
        .world()
        .encrypt(&text, &secret, salt.as_deref(), &id)
        .map(|sealed| {
            if wrap {
                Value::Vault(Arc::new(Ciphertext { text: sealed.into(), span: Span::none() }))
            } else {
                Value::text(sealed)
            }
        })
        .map_err(|message| Error::runtime(format!("Unable to encrypt: {message}")))
}

fn unvault(call: &Call<'_>) -> Result<Value> {
    let secret = call.args.text_or("secret", "")?;
    let text = match &call.input {
        Value::Vault(vault) => vault.text.to_string(),
        other => to_str(other)?,
    };
    if !text.trim_start().starts_with("$ANSIBLE_VAULT") {
        return Ok(Value::text(text));
    }
    call.context
        .world()
        .decrypt_with(&text, &secret)
        .map(Value::text)
        .map_err(|message| Error::runtime(format!("Unable to decrypt: {message}")))
}
