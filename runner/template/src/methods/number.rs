//! Methods of `int` and `float`.

use num_bigint::BigInt;
use num_traits::Signed;

use super::Given;
use crate::error::{Error, Result};
use crate::value::{Numeric, Value, numeric};

pub(super) const INT_NAMES: &[&str] = &[
    "bit_length",
    "bit_count",
    "as_integer_ratio",
    "conjugate",
    "is_integer",
    "__and__",
    "__or__",
    "__xor__",
    "__lshift__",
    "__rshift__",
    "__invert__",
];

pub(super) const FLOAT_NAMES: &[&str] = &["is_integer", "as_integer_ratio", "conjugate", "hex"];

/// The largest shift to the left.
const SHIFT_MAX: i64 = 100_000;

pub(super) fn attribute(value: &Value, name: &str) -> Option<Value> {
    match name {
        "real" => Some(match value {
            Value::Bool(b) => Value::Int(i64::from(*b)),
            other => other.clone(),
        }),
        "imag" => Some(if matches!(value, Value::Float(_)) { Value::Float(0.0) } else { Value::Int(0) }),
        "numerator" if !matches!(value, Value::Float(_)) => Some(value.clone()),
        "denominator" if !matches!(value, Value::Float(_)) => Some(Value::Int(1)),
        _ => None,
    }
}

pub(super) fn call(value: &Value, name: &str, given: &Given) -> Result<Value> {
    if let Value::Float(f) = value {
        return Ok(match name {
            "is_integer" => Value::Bool(f.is_finite() && f.fract() == 0.0),
            "conjugate" => value.clone(),
            "as_integer_ratio" => ratio(*f)?,
            _ => Value::text(format!("{f:?}")),
        });
    }
    let Some(number) = numeric(value) else { return Ok(Value::None) };
    let big = number.big().into_owned();
    Ok(match name {
        "bit_length" => Value::Int(i64::try_from(big.bits()).unwrap_or(i64::MAX)),
        "bit_count" => {
            let ones: u32 = big.abs().to_u64_digits().1.iter().map(|digit| digit.count_ones()).sum();
            Value::Int(i64::from(ones))
        }
        "is_integer" => Value::Bool(true),
        "conjugate" => Value::from(big),
        "as_integer_ratio" => Value::tuple([Value::from(big), Value::Int(1)]),
        "__invert__" => Value::from(-big - 1),
        _ => bits(&big, name, given)?,
    })
}

fn bits(big: &BigInt, name: &str, given: &Given) -> Result<Value> {
    let other = given.required(0, "value")?;
    let Some(Numeric::Int(_) | Numeric::Big(_)) = numeric(other) else {
        return Err(Error::runtime(format!(
            "unsupported operand type(s) for {name}: 'int' and '{}'",
            other.type_name()
        )));
    };
    let other_big = numeric(other).map(|n| n.big().into_owned()).unwrap_or_default();
    let shift = || match other.as_int() {
        Some(n) if n < 0 => Err(Error::runtime("negative shift count")),
        Some(n) if n <= SHIFT_MAX => Ok(n),
        _ => Err(Error::runtime("too many digits in integer")),
    };
    Ok(Value::from(match name {
        "__and__" => big & other_big,
        "__or__" => big | other_big,
        "__xor__" => big ^ other_big,
        "__lshift__" => big << shift()?,
        _ => big >> shift()?,
    }))
}

fn ratio(f: f64) -> Result<Value> {
    if !f.is_finite() {
        return Err(Error::runtime("cannot convert Infinity or NaN to integer ratio"));
    }
    let mut numerator = f;
    let mut denominator = BigInt::from(1);
    // A float has at most 1074 binary places.
    for _ in 0..1100 {
        if numerator.fract() == 0.0 {
            break;
        }
        numerator *= 2.0;
        denominator *= 2;
    }
    let numerator = Numeric::Float(numerator).big().into_owned();
    Ok(Value::tuple([Value::from(numerator), Value::from(denominator)]))
}
