//! Arguments under the names of parameters, with Python's complaints.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::value::{Args, Value, to_str};

/// The arguments of one call by the names of the parameters.
pub(crate) struct Bound {
    name: &'static str,
    params: &'static [&'static str],
    values: Vec<Option<Value>>,
    /// Positional arguments beyond the named ones (`*`).
    pub(crate) rest: Vec<Value>,
    /// Named arguments that no parameter takes (`**`).
    pub(crate) named: Vec<(Arc<str>, Value)>,
}

impl Bound {
    /// Binds arguments; `params` are names, `!` after one that is required, `*` and `**` for the rest.
    pub(crate) fn new(name: &'static str, params: &'static [&'static str], args: Args) -> Result<Self> {
        let plain: Vec<&str> =
            params.iter().filter(|p| !p.starts_with('*')).map(|p| p.trim_end_matches('!')).collect();
        let by_place = params.iter().take_while(|p| **p != "*").filter(|p| !p.starts_with('*')).count();
        let mut values: Vec<Option<Value>> = vec![None; plain.len()];
        let given = args.positional.len();
        let mut positional = args.positional.into_iter();
        for slot in values.iter_mut().take(by_place) {
            *slot = positional.next();
        }
        let rest: Vec<Value> = positional.collect();
        if !rest.is_empty() && !params.contains(&"*") {
            let count = plain.len() + 1;
            let plural = if count == 1 { "" } else { "s" };
            return Err(Error::runtime(format!(
                "{name}() takes {count} positional argument{plural} but {} were given",
                given + 1
            )));
        }
        let mut named = Vec::new();
        for (key, value) in args.named {
            match plain.iter().position(|param| *param == &*key) {
                Some(i) if values[i].is_some() => {
                    return Err(Error::runtime(format!("{name}() got multiple values for argument '{key}'")));
                }
                Some(i) => values[i] = Some(value),
                None if params.contains(&"**") => named.push((key, value)),
                None => {
                    return Err(Error::runtime(format!(
                        "{name}() got an unexpected keyword argument '{key}'"
                    )));
                }
            }
        }
        let missing: Vec<&str> = params
            .iter()
            .filter(|param| !param.starts_with('*'))
            .zip(&values)
            .filter(|(param, value)| param.ends_with('!') && value.is_none())
            .map(|(param, _)| param.trim_end_matches('!'))
            .collect();
        if let [first, ..] = missing.as_slice() {
            let (count, plural) = (missing.len(), if missing.len() == 1 { "" } else { "s" });
            let list = if count == 1 {
                format!("'{first}'")
            } else {
                let quoted: Vec<String> = missing.iter().map(|m| format!("'{m}'")).collect();
                let (last, front) = quoted.split_last().map_or(("", &[][..]), |(l, f)| (l.as_str(), f));
                format!("{} and {last}", front.join(", "))
            };
            return Err(Error::runtime(format!(
                "{name}() missing {count} required positional argument{plural}: {list}"
            )));
        }
        Ok(Self { name, params, values, rest, named })
    }

    /// An argument that was given.
    pub(crate) fn get(&self, param: &str) -> Option<&Value> {
        let index = self
            .params
            .iter()
            .filter(|p| !p.starts_with('*'))
            .position(|p| p.trim_end_matches('!') == param)?;
        self.values[index].as_ref()
    }

    /// An argument that was given and is not None.
    pub(crate) fn some(&self, param: &str) -> Option<&Value> {
        self.get(param).filter(|value| !value.is_none())
    }

    /// A required argument.
    pub(crate) fn required(&self, param: &str) -> Result<&Value> {
        self.get(param).ok_or_else(|| {
            Error::runtime(format!("{}() missing 1 required positional argument: '{param}'", self.name))
        })
    }

    /// A flag, false by default.
    pub(crate) fn truth(&self, param: &str) -> Result<bool> {
        self.truth_or(param, false)
    }

    /// A flag.
    pub(crate) fn truth_or(&self, param: &str, default: bool) -> Result<bool> {
        self.get(param).map_or(Ok(default), Value::truthy)
    }

    /// A text, when one was given.
    pub(crate) fn text_opt(&self, param: &str) -> Result<Option<String>> {
        self.some(param).map(to_str).transpose()
    }

    /// A text.
    pub(crate) fn text_or(&self, param: &str, default: &str) -> Result<String> {
        Ok(self.text_opt(param)?.unwrap_or_else(|| default.to_owned()))
    }

    /// A whole number, when one was given.
    pub(crate) fn int_opt(&self, param: &str) -> Result<Option<i64>> {
        self.some(param).map(whole).transpose()
    }

    /// A whole number.
    pub(crate) fn int_or(&self, param: &str, default: i64) -> Result<i64> {
        Ok(self.int_opt(param)?.unwrap_or(default))
    }
}

/// A whole number, from text too.
pub(crate) fn whole(value: &Value) -> Result<i64> {
    match value {
        #[expect(clippy::cast_possible_truncation, reason = "Python's int() truncates too")]
        Value::Float(f) => Ok(*f as i64),
        Value::Str(text) => text.as_str().trim().parse().map_err(|_| {
            Error::runtime(format!(
                "invalid literal for int() with base 10: {}",
                crate::value::quote_repr(text.as_str())
            ))
        }),
        Value::Undefined(why) => Err(why.error.clone()),
        other => other.as_int().ok_or_else(|| {
            Error::runtime(format!(
                "int() argument must be a string, a bytes-like object or a real number, not '{}'",
                other.type_name()
            ))
        }),
    }
}
