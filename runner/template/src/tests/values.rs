//! Tests about values: types, comparisons, membership.

use super::{Call, Test};
use crate::error::{Error, ErrorKind, Result};
use crate::eval::{contains, relation};
use crate::syntax::ast::Compare;
use crate::value::{Key, Value, identical, modulo, numeric, to_str};

macro_rules! relations {
    ($($name:literal => $op:ident),* $(,)?) => {
        &[$(Test::new($name, &["other!"], |call| relation(Compare::$op, call.input, call.args.required("other")?))),*]
    };
}

pub(super) const RELATIONS: &[Test] = relations! {
    "eq" => Equal, "equalto" => Equal, "==" => Equal, "ne" => NotEqual, "!=" => NotEqual,
    "gt" => Greater, "greaterthan" => Greater, ">" => Greater, "ge" => GreaterEqual, ">=" => GreaterEqual,
    "lt" => Less, "lessthan" => Less, "<" => Less, "le" => LessEqual, "<=" => LessEqual,
};

pub(super) const TESTS: &[Test] =
    &[
        Test::with_markers("defined", &[], |call| Ok(!undefined(call.input)?)),
        Test::with_markers("undefined", &[], |call| undefined(call.input)),
        Test::new("tagged_with", &["tag!"], |call| {
            Ok(match call.args.text_or("tag", "")?.as_str() {
                "VaultedValue" => matches!(call.input, Value::Vault(_)),
                "TrustedAsTemplate" => matches!(call.input, Value::Str(text) if text.is_trusted()),
                "Origin" => !call.input.span().is_none(),
                _ => false,
            })
        }),
        Test::new("none", &[], |call| Ok(call.input.is_none())),
        Test::new("boolean", &[], |call| Ok(matches!(call.input, Value::Bool(_)))),
        Test::new("true", &[], |call| Ok(matches!(call.input, Value::Bool(true)))),
        Test::new("false", &[], |call| Ok(matches!(call.input, Value::Bool(false)))),
        Test::new("integer", &[], |call| Ok(matches!(call.input, Value::Int(_) | Value::BigInt(_)))),
        Test::new("float", &[], |call| Ok(matches!(call.input, Value::Float(_)))),
        Test::new("number", &[], |call| Ok(numeric(call.input).is_some())),
        Test::new("string", &[], |call| Ok(matches!(call.input, Value::Str(_) | Value::Vault(_)))),
        Test::new("mapping", &[], |call| {
            Ok(match call.input {
                Value::Dict(_) => true,
                Value::Object(object) => object.is_mapping(),
                _ => false,
            })
        }),
        Test::new("sequence", &[], |call| {
            Ok(match call.input {
                Value::List(_)
                | Value::Tuple(_)
                | Value::Str(_)
                | Value::Dict(_)
                | Value::Range(..)
                | Value::Bytes(_) => true,
                Value::Object(object) => object.len().is_some(),
                _ => false,
            })
        }),
        Test::new("iterable", &[], |call| {
            Ok(matches!(call.input, Value::Str(_)) || call.input.iterate().is_ok())
        }),
        Test::new("callable", &[], |call| {
            Ok(matches!(call.input, Value::Object(object) if object.is_callable()))
        }),
        Test::new("even", &[], |call| remainder(call.input, 2).map(|rest| rest == 0)),
        Test::new("odd", &[], |call| remainder(call.input, 2).map(|rest| rest == 1)),
        Test::new("divisibleby", &["num!"], |call| {
            let num = call.args.required("num")?;
            match (numeric(call.input), numeric(num)) {
                (Some(a), Some(b)) => Ok(modulo(&a, &b)?.equals(&Value::Int(0))),
                _ => Err(Error::runtime(format!(
                    "unsupported operand type(s) for %: '{}' and '{}'",
                    call.input.type_name(),
                    num.type_name()
                ))),
            }
        }),
        Test::new("lower", &[], |call| Ok(case(&to_str(call.input)?, char::is_uppercase))),
        Test::new("upper", &[], |call| Ok(case(&to_str(call.input)?, char::is_lowercase))),
        Test::new("sameas", &["other!"], |call| Ok(identical(call.input, call.args.required("other")?))),
        Test::new("in", &["seq!"], |call| contains(call.args.required("seq")?, call.input)),
        Test::new("contains", &["element!"], |call| contains(call.input, call.args.required("element")?)),
        Test::new("escaped", &[], |_| Ok(false)),
        Test::new("filter", &[], |call| Ok(crate::filters::exists(&to_str(call.input)?))),
        Test::new("test", &[], |call| Ok(super::exists(&to_str(call.input)?))),
        Test::new("any", &[], |call| {
            for item in call.input.iterate()? {
                if item.truthy()? {
                    return Ok(true);
                }
            }
            Ok(false)
        }),
        Test::new("all", &[], |call| {
            for item in call.input.iterate()? {
                if !item.truthy()? {
                    return Ok(false);
                }
            }
            Ok(true)
        }),
        Test::new("truthy", &["convert_bool"], truthy),
        Test::new("falsy", &["convert_bool"], |call| truthy(call).map(|truth| !truth)),
        Test::new("subset", &["other!"], |call| subset(call.input, call.args.required("other")?)),
        Test::new("issubset", &["other!"], |call| subset(call.input, call.args.required("other")?)),
        Test::new("superset", &["other!"], |call| subset(call.args.required("other")?, call.input)),
        Test::new("issuperset", &["other!"], |call| subset(call.args.required("other")?, call.input)),
        Test::new("nan", &[], nan),
        Test::new("isnan", &[], nan),
        Test::with_markers("vault_encrypted", &[], |call| Ok(matches!(call.input, Value::Vault(_)))),
        Test::new("a_module", &[], |_| Ok(true)),
    ];

fn undefined(value: &Value) -> Result<bool> {
    match value {
        Value::Undefined(why) if why.silent || why.error.kind() == ErrorKind::Undefined => Ok(true),
        Value::Undefined(why) => Err(why.error.clone()),
        _ => Ok(false),
    }
}

fn remainder(value: &Value, by: i64) -> Result<i64> {
    let Some(number) = numeric(value) else {
        return Err(match value {
            Value::Str(_) => Error::runtime("not all arguments converted during string formatting"),
            other => Error::runtime(format!(
                "unsupported operand type(s) for %: '{}' and 'int'",
                other.type_name()
            )),
        });
    };
    let rest = modulo(&number, &crate::value::Numeric::Int(by))?;
    let is = |n: i64| rest.equals(&Value::Int(n));
    Ok(if is(0) {
        0
    } else if is(1) {
        1
    } else {
        -1
    })
}

fn case(text: &str, forbidden: fn(char) -> bool) -> bool {
    text.chars().any(|c| c.is_lowercase() || c.is_uppercase()) && !text.chars().any(forbidden)
}

fn truthy(call: &Call<'_>) -> Result<bool> {
    if call.args.truth("convert_bool")? {
        let word = call.input.as_str().map(str::to_lowercase);
        match word.as_deref() {
            Some("y" | "yes" | "on" | "1" | "true" | "t") => return Ok(true),
            Some("n" | "no" | "off" | "0" | "false" | "f") => return Ok(false),
            _ => {}
        }
    }
    call.input.truthy()
}

fn subset(small: &Value, large: &Value) -> Result<bool> {
    let mut members = indexmap::IndexSet::new();
    for item in large.iterate()? {
        members.insert(Key::new(item)?);
    }
    for item in small.iterate()? {
        if !members.contains(&Key::new(item)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn nan(call: &Call<'_>) -> Result<bool> {
    match numeric(call.input) {
        Some(number) => Ok(number.float()?.is_nan()),
        None => Ok(false),
    }
}
