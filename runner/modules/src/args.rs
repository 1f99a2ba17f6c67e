//! A module's arguments: checked against its [`Spec`] and converted, with Ansible's rules and Ansible's messages.

use crate::{
    python,
    spec::{Opt, Rule, Spec, Type},
};
use serde_json::{Map, Value};
use std::path::Path;

/// Why arguments are refused, in Ansible's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ArgError(pub String);

fn fail<T>(text: String) -> Result<T, ArgError> {
    Err(ArgError(text))
}

/// Validated arguments: every option of the spec has an entry, null if it was not given.
#[derive(Clone, Debug, Default)]
pub struct Args {
    values: Map<String, Value>,
    /// What the user should know about the arguments.
    pub warnings: Vec<String>,
    /// Values that must never be shown.
    pub secrets: Vec<String>,
}

impl Args {
    /// The value of an option as it is; none if it is null.
    pub fn value(&self, name: &str) -> Option<&Value> {
        let value = self.values.get(name);
        debug_assert!(value.is_some(), "option {name} is not in the spec");
        value.filter(|value| !value.is_null())
    }

    /// Text, if given.
    pub fn opt(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(Value::as_str)
    }

    /// Text, if given and not empty.
    pub fn some(&self, name: &str) -> Option<&str> {
        self.opt(name).filter(|text| !text.is_empty())
    }

    /// Text; empty if not given.
    pub fn str(&self, name: &str) -> &str {
        self.opt(name).unwrap_or_default()
    }

    /// A path; empty if not given.
    pub fn path(&self, name: &str) -> &Path {
        Path::new(self.str(name))
    }

    /// Whether it is given and true.
    pub fn bool(&self, name: &str) -> bool {
        self.opt_bool(name).unwrap_or(false)
    }

    /// A truth value, if given.
    pub fn opt_bool(&self, name: &str) -> Option<bool> {
        self.value(name).and_then(Value::as_bool)
    }

    /// A whole number, if given.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.value(name) {
            Some(Value::Bool(value)) => Some(i64::from(*value)),
            value => value.and_then(Value::as_i64),
        }
    }

    /// A number, if given.
    pub fn float(&self, name: &str) -> Option<f64> {
        self.value(name).and_then(Value::as_f64)
    }

    /// A list of texts; empty if not given.
    pub fn list(&self, name: &str) -> Vec<&str> {
        let items = self.value(name).and_then(Value::as_array);
        items.map(|items| items.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
    }

    /// A mapping, if given.
    pub fn dict(&self, name: &str) -> Option<&Map<String, Value>> {
        self.value(name).and_then(Value::as_object)
    }

    /// All of them, for `invocation.module_args` and for modules that hand their arguments on.
    pub fn all(&self) -> &Map<String, Value> {
        &self.values
    }

    /// Replaces a value.
    pub fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.into(), value.into());
    }
}

/// Keys that the controller adds and every module tolerates.
fn is_internal(key: &str) -> bool {
    key.starts_with("_ansible_")
}

/// Checks and converts. `called` is the name that the task used; `expand` resolves `~` and `$VAR` in paths.
pub fn validate(
    spec: &Spec,
    called: &str,
    given: &Map<String, Value>,
    expand: &dyn Fn(&str) -> String,
) -> Result<Args, ArgError> {
    let mut args = Args::default();
    let mut unsupported = Vec::new();
    for (key, value) in given {
        match spec.option(key) {
            Some(option) if option.name == key => drop(args.values.insert(key.clone(), value.clone())),
            Some(_) => {}
            None if is_internal(key) => {}
            None if spec.open || (key == "_raw_params" && spec.free_form) => {
                args.values.insert(key.clone(), value.clone());
            }
            None => unsupported.push(key.as_str()),
        }
    }
    for option in spec.options() {
        for alias in &option.aliases {
            let Some(value) = given.get(*alias) else { continue };
            if given.contains_key(option.name) {
                args.warnings.push(format!("Both option {} and its alias {alias} are set.", option.name));
            }
            args.values.insert(option.name.into(), value.clone());
        }
    }
    let mut exclusive = spec.rules().iter().filter(|rule| matches!(rule, Rule::Exclusive(_)));
    exclusive.try_for_each(|rule| check_rule(rule, &args))?;
    let missing =
        spec.options().iter().filter(|option| option.required && !args.values.contains_key(option.name));
    let missing: Vec<_> = missing.map(|option| option.name).collect();
    if !missing.is_empty() {
        return fail(format!("missing required arguments: {}", missing.join(", ")));
    }
    for option in spec.options() {
        let value = match args.values.get(option.name) {
            Some(Value::Null) => continue,
            Some(value) => value.clone(),
            None => match option.default {
                Some(default) => default_value(option, default),
                None => {
                    args.values.insert(option.name.into(), Value::Null);
                    continue;
                }
            },
        };
        let value = convert_option(option, &value, expand)?;
        if option.no_log {
            collect_secrets(&value, &mut args.secrets);
        }
        args.values.insert(option.name.into(), value);
    }
    for option in spec.options() {
        check_choices(option, &mut args)?;
    }
    let mut others = spec.rules().iter().filter(|rule| !matches!(rule, Rule::Exclusive(_)));
    others.try_for_each(|rule| check_rule(rule, &args))?;
    unsupported_error(spec, called, &unsupported)?;
    Ok(args)
}

/// Checks names only: what can be said at load time, before values are known.
pub fn check_names<'a>(
    spec: &Spec,
    called: &str,
    keys: impl IntoIterator<Item = &'a str>,
) -> Result<(), ArgError> {
    let known = |key: &str| {
        spec.open
            || is_internal(key)
            || spec.option(key).is_some()
            || (key == "_raw_params" && spec.free_form)
    };
    let unsupported: Vec<_> = keys.into_iter().filter(|key| !known(key)).collect();
    unsupported_error(spec, called, &unsupported)
}

fn unsupported_error(spec: &Spec, called: &str, unsupported: &[&str]) -> Result<(), ArgError> {
    if unsupported.is_empty() {
        return Ok(());
    }
    let mut wrong = unsupported.to_vec();
    wrong.sort_unstable();
    let mut names: Vec<_> = spec.options().iter().map(|option| option.name).collect();
    names.sort_unstable();
    let mut aliases: Vec<_> = spec.options().iter().flat_map(|option| option.aliases.clone()).collect();
    aliases.sort_unstable();
    let aliases = if aliases.is_empty() { String::new() } else { format!(" ({})", aliases.join(", ")) };
    fail(format!(
        "Unsupported parameters for ({called}) module: {}. Supported parameters include: {}{aliases}.",
        wrong.join(", "),
        names.join(", ")
    ))
}

fn default_value(option: &Opt, text: &str) -> Value {
    match (option.kind, text) {
        (_, "[]") => Value::Array(Vec::new()),
        (_, "{}") => Value::Object(Map::new()),
        (_, "''") => "".into(),
        _ => text.into(),
    }
}

fn collect_secrets(value: &Value, secrets: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_secrets(item, secrets)),
        Value::Object(map) => map.values().for_each(|item| collect_secrets(item, secrets)),
        Value::Null | Value::Bool(_) => {}
        other => secrets.push(python::text(other)),
    }
    secrets.retain(|secret| !secret.is_empty());
}

fn convert_option(opt: &Opt, value: &Value, expand: &dyn Fn(&str) -> String) -> Result<Value, ArgError> {
    let converted = convert(opt.kind, value, expand).map_err(|why| {
        let (was, wanted) = (python::type_name(value), opt.kind.name());
        let name = opt.name;
        ArgError(format!(
            "argument '{name}' is of type {was} and we were unable to convert to {wanted}: {why}"
        ))
    })?;
    let (Some(kind), Value::Array(items)) = (opt.kind.element(), &converted) else { return Ok(converted) };
    let each = items.iter().map(|item| {
        convert(kind, item, expand).map_err(|why| {
            ArgError(format!(
                "Elements value for option '{}' is of type {} and we were unable to convert to {}: {why}",
                opt.name,
                python::type_name(item),
                kind.name(),
            ))
        })
    });
    Ok(Value::Array(each.collect::<Result<_, _>>()?))
}

/// Converts one value as Ansible's type checkers do; the error is the part after the colon.
pub fn convert(kind: Type, value: &Value, expand: &dyn Fn(&str) -> String) -> Result<Value, String> {
    match kind {
        Type::Raw => Ok(value.clone()),
        Type::Str => Ok(python::text(value).into()),
        Type::Path => Ok(expand(&python::text(value)).into()),
        Type::Bool => bool_of(value).map(Value::Bool).ok_or_else(|| {
            format!(
                "The value {} is not a valid boolean. Valid booleans include: 0, 1, 'y', 'yes', 'on', '1', \
                 'true', 't', 'n', 'no', 'off', '0', 'false', 'f'",
                python::repr(value)
            )
        }),
        Type::Int => int_of(value).map(Value::from).ok_or_else(|| {
            let shown = python::repr(&python::repr(value).into());
            format!("{shown} cannot be converted to an int")
        }),
        Type::Float => match value {
            Value::Number(number) => Ok(number.as_f64().map_or(Value::Null, Value::from)),
            Value::String(text) if text.trim().parse::<f64>().is_ok() => {
                Ok(Value::from(text.trim().parse::<f64>().unwrap_or_default()))
            }
            _ => Err(format!("<class '{}'> cannot be converted to a float", python::type_name(value))),
        },
        Type::Bytes => crate::args::bytes_of(value).map(Value::from),
        Type::Json => match value {
            Value::String(text) => Ok(text.trim().into()),
            Value::Array(_) | Value::Object(_) => Ok(value.to_string().into()),
            _ => Err(format!("<class '{}'> cannot be converted to a json string", python::type_name(value))),
        },
        Type::Dict => dict_of(value),
        Type::List | Type::ListStr | Type::ListInt | Type::ListPath | Type::ListDict => match value {
            Value::Array(_) => Ok(value.clone()),
            Value::String(text) => Ok(text.split(',').map(Value::from).collect()),
            Value::Number(_) | Value::Bool(_) => Ok(Value::Array(vec![python::text(value).into()])),
            _ => Err(format!("<class '{}'> cannot be converted to a list", python::type_name(value))),
        },
    }
}

/// Ansible's idea of true and false.
pub fn bool_of(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => match number.as_f64() {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        },
        Value::String(text) => match text.to_lowercase().trim() {
            "y" | "yes" | "on" | "1" | "true" | "t" => Some(true),
            "n" | "no" | "off" | "0" | "false" | "f" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn int_of(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(value) => Some(i64::from(*value)),
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64().filter(|f| f.fract() == 0.0).map(|f| f as i64))
        }
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A size such as `10`, `10M`, `1.5 GB`, in bytes.
fn bytes_of(value: &Value) -> Result<i64, String> {
    let text = python::text(value);
    let bad = || format!("<class '{}'> cannot be converted to a Byte value", python::type_name(value));
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..split].parse().map_err(|_| bad())?;
    let unit = text[split..].trim().to_uppercase();
    let power = match unit.trim_end_matches('B').trim_end_matches("YTE") {
        "" => 0,
        "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        "P" => 5,
        "E" => 6,
        _ => return Err(bad()),
    };
    Ok((number * 1024f64.powi(power)).round() as i64)
}

fn dict_of(value: &Value) -> Result<Value, String> {
    let text = match value {
        Value::Object(_) => return Ok(value.clone()),
        Value::String(text) => text,
        _ => return Err(format!("<class '{}'> cannot be converted to a dict", python::type_name(value))),
    };
    if text.starts_with('{') {
        let json = text.replace('\'', "\"").replace("True", "true").replace("False", "false");
        let parsed = serde_json::from_str(text).or_else(|_| serde_json::from_str(&json));
        return parsed.map_err(|_| "unable to evaluate string as dictionary".into());
    }
    if !text.contains('=') {
        return Err("dictionary requested, could not parse JSON or key=value".into());
    }
    let mut map = Map::new();
    for pair in split_pairs(text) {
        let Some((key, value)) = pair.split_once('=') else {
            return Err("dictionary requested, could not parse JSON or key=value".into());
        };
        map.insert(key.trim().into(), value.into());
    }
    Ok(Value::Object(map))
}

/// `a=1, b='x y' c=2`: commas and spaces separate, quotes protect.
fn split_pairs(text: &str) -> Vec<String> {
    let (mut pairs, mut pair, mut quote) = (Vec::new(), String::new(), None);
    let mut escaped = false;
    for c in text.chars() {
        match c {
            c if escaped => {
                escaped = false;
                pair.push(c);
            }
            '\\' => escaped = true,
            c if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() => quote = Some(c),
            ',' | ' ' if quote.is_none() => {
                pairs.extend(Some(std::mem::take(&mut pair)).filter(|p| !p.is_empty()))
            }
            c => pair.push(c),
        }
    }
    pairs.extend(Some(pair).filter(|pair| !pair.is_empty()));
    pairs
}

fn check_choices(option: &Opt, args: &mut Args) -> Result<(), ArgError> {
    if option.choices.is_empty() {
        return Ok(());
    }
    let choices = option.choices.join(", ");
    let allowed = |value: &Value| option.choices.contains(&python::text(value).as_str());
    match args.values.get(option.name) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Array(items)) => {
            let wrong: Vec<_> = items.iter().filter(|item| !allowed(item)).map(python::text).collect();
            if wrong.is_empty() {
                return Ok(());
            }
            let (name, wrong) = (option.name, wrong.join(", "));
            fail(format!("value of {name} must be one or more of: {choices}. Got no match for: {wrong}"))
        }
        Some(value) if allowed(value) => Ok(()),
        Some(value) => {
            // YAML turns yes and no into truth values; the one choice that means the same is meant.
            let meant = ["True", "False"].iter().find(|text| python::text(value) == **text);
            let wanted = meant.map(|text| *text == "True");
            let mut same = option.choices.iter().filter(|choice| bool_of(&Value::from(**choice)) == wanted);
            if let (Some(_), Some(choice), None) = (wanted, same.next(), same.next()) {
                let choice = *choice;
                args.put(option.name, choice);
                return Ok(());
            }
            let (name, got) = (option.name, python::text(value));
            fail(format!("value of {name} must be one of: {choices}, got: {got}"))
        }
    }
}

fn check_rule(rule: &Rule, args: &Args) -> Result<(), ArgError> {
    let given = |name: &&&str| args.values.get(**name).is_some_and(|value| !value.is_null());
    let missing =
        |needs: &[&'static str]| needs.iter().filter(|name| !given(name)).copied().collect::<Vec<_>>();
    match rule {
        Rule::Exclusive(names) if names.iter().filter(given).count() > 1 => {
            fail(format!("parameters are mutually exclusive: {}", names.join("|")))
        }
        Rule::Together(names) if !missing(names).is_empty() && missing(names).len() < names.len() => {
            fail(format!("parameters are required together: {}", names.join(", ")))
        }
        Rule::OneOf(names) if missing(names).len() == names.len() => {
            fail(format!("one of the following is required: {}", names.join(", ")))
        }
        Rule::By { option, needs } if given(&option) && !missing(needs).is_empty() => {
            fail(format!("missing parameter(s) required by '{option}': {}", missing(needs).join(", ")))
        }
        Rule::If { option, value, needs, any }
            if args.values.get(*option).map(python::text).as_deref() == Some(*value) =>
        {
            let missing = missing(needs);
            if missing.is_empty() || (*any && missing.len() < needs.len()) {
                return Ok(());
            }
            let quantity = if *any { "any" } else { "all" };
            fail(format!(
                "{option} is {value} but {quantity} of the following are missing: {}",
                missing.join(", ")
            ))
        }
        _ => Ok(()),
    }
}
