//! Python's numbers: integers of any size, floats, and the arithmetic between them.

use std::borrow::Cow;

use num_bigint::BigInt;
use num_traits::{FromPrimitive, Pow, Signed, ToPrimitive, Zero};

use super::Value;
use crate::error::{Error, ErrorKind, Result};

/// The largest integer power: its result has at most a million bits, which prints in well under a second.
const POWER_BITS_MAX: u64 = 1_000_000;

/// A number of any kind.
pub(crate) enum Numeric {
    /// An integer of up to 64 bits, or a boolean.
    Int(i64),
    /// A larger integer.
    Big(BigInt),
    /// A float.
    Float(f64),
}

/// The value as a number, when it is one.
pub(crate) fn numeric(value: &Value) -> Option<Numeric> {
    match value {
        Value::Int(i) => Some(Numeric::Int(*i)),
        Value::Bool(b) => Some(Numeric::Int(i64::from(*b))),
        Value::BigInt(big) => Some(Numeric::Big((**big).clone())),
        Value::Float(f) => Some(Numeric::Float(*f)),
        _ => None,
    }
}

pub(crate) fn float_to_big(float: f64) -> BigInt {
    BigInt::from_f64(float).unwrap_or_default()
}

impl Numeric {
    pub(crate) fn big(&self) -> Cow<'_, BigInt> {
        match self {
            Numeric::Int(i) => Cow::Owned(BigInt::from(*i)),
            Numeric::Big(big) => Cow::Borrowed(big),
            Numeric::Float(f) => Cow::Owned(float_to_big(*f)),
        }
    }

    pub(crate) fn float(&self) -> Result<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "Python rounds to the nearest float too")]
            Numeric::Int(i) => Ok(*i as f64),
            Numeric::Float(f) => Ok(*f),
            Numeric::Big(big) => match big.to_f64() {
                Some(f) if f.is_finite() => Ok(f),
                _ => Err(Error::runtime("int too large to convert to float")),
            },
        }
    }

    fn is_float(&self) -> bool {
        matches!(self, Numeric::Float(_))
    }

    fn is_zero(&self) -> bool {
        match self {
            Numeric::Int(i) => *i == 0,
            Numeric::Float(f) => *f == 0.0,
            Numeric::Big(_) => false,
        }
    }
}

fn exact(
    a: &Numeric,
    b: &Numeric,
    small: fn(i64, i64) -> Option<i64>,
    big: fn(&BigInt, &BigInt) -> BigInt,
) -> Value {
    if let (Numeric::Int(x), Numeric::Int(y)) = (a, b)
        && let Some(result) = small(*x, *y)
    {
        return Value::Int(result);
    }
    Value::from(big(&a.big(), &b.big()))
}

pub(crate) fn add(a: &Numeric, b: &Numeric) -> Result<Value> {
    if a.is_float() || b.is_float() {
        return Ok(Value::Float(a.float()? + b.float()?));
    }
    Ok(exact(a, b, i64::checked_add, |x, y| x + y))
}

pub(crate) fn subtract(a: &Numeric, b: &Numeric) -> Result<Value> {
    if a.is_float() || b.is_float() {
        return Ok(Value::Float(a.float()? - b.float()?));
    }
    Ok(exact(a, b, i64::checked_sub, |x, y| x - y))
}

pub(crate) fn multiply(a: &Numeric, b: &Numeric) -> Result<Value> {
    if a.is_float() || b.is_float() {
        return Ok(Value::Float(a.float()? * b.float()?));
    }
    if a.big().bits() + b.big().bits() > POWER_BITS_MAX {
        return Err(Error::new(ErrorKind::Limit, "the product is too large"));
    }
    Ok(exact(a, b, i64::checked_mul, |x, y| x * y))
}

pub(crate) fn divide(a: &Numeric, b: &Numeric) -> Result<Value> {
    if b.is_zero() {
        let what = if a.is_float() || b.is_float() { "float division by zero" } else { "division by zero" };
        return Err(Error::runtime(what));
    }
    Ok(Value::Float(a.float()? / b.float()?))
}

pub(crate) fn floor_divide(a: &Numeric, b: &Numeric) -> Result<Value> {
    if a.is_float() || b.is_float() {
        if b.is_zero() {
            return Err(Error::runtime("float floor division by zero"));
        }
        let (x, y) = (a.float()?, b.float()?);
        return Ok(Value::Float(((x - float_modulo(x, y)) / y).round()));
    }
    if b.is_zero() {
        return Err(Error::runtime("integer division or modulo by zero"));
    }
    let (x, y) = (a.big(), b.big());
    Ok(Value::from(num_integer_div_floor(&x, &y)))
}

pub(crate) fn modulo(a: &Numeric, b: &Numeric) -> Result<Value> {
    if a.is_float() || b.is_float() {
        if b.is_zero() {
            return Err(Error::runtime("float modulo"));
        }
        return Ok(Value::Float(float_modulo(a.float()?, b.float()?)));
    }
    if b.is_zero() {
        return Err(Error::runtime("integer modulo by zero"));
    }
    let (x, y) = (a.big(), b.big());
    let quotient = num_integer_div_floor(&x, &y);
    Ok(Value::from(&*x - quotient * &*y))
}

fn num_integer_div_floor(a: &BigInt, b: &BigInt) -> BigInt {
    let quotient = a / b;
    if (a % b).is_zero() || (a.is_negative() == b.is_negative()) { quotient } else { quotient - 1 }
}

fn float_modulo(x: f64, y: f64) -> f64 {
    let rest = x % y;
    if rest != 0.0 && (rest < 0.0) != (y < 0.0) { rest + y } else { rest }
}

pub(crate) fn power(a: &Numeric, b: &Numeric) -> Result<Value> {
    if let (Numeric::Int(_) | Numeric::Big(_), Numeric::Int(exponent)) = (a, b)
        && *exponent >= 0
    {
        let base = a.big();
        let exponent = u64::try_from(*exponent).unwrap_or(u64::MAX);
        if base.bits().saturating_sub(1).saturating_mul(exponent) > POWER_BITS_MAX {
            return Err(Error::new(ErrorKind::Limit, "the power is too large"));
        }
        return Ok(Value::from(Pow::pow(&*base, exponent)));
    }
    let (x, y) = (a.float()?, b.float()?);
    if x == 0.0 && y < 0.0 {
        return Err(Error::runtime("zero to a negative power"));
    }
    if x < 0.0 && y.fract() != 0.0 {
        return Err(Error::runtime("math domain error"));
    }
    let result = x.powf(y);
    if result.is_infinite() && x.is_finite() && y.is_finite() {
        return Err(Error::runtime("(34, 'Numerical result out of range')"));
    }
    Ok(Value::Float(result))
}

pub(crate) fn negate(a: &Numeric) -> Value {
    match a {
        Numeric::Int(i) => i.checked_neg().map_or_else(|| Value::from(-BigInt::from(*i)), Value::Int),
        Numeric::Big(big) => Value::from(-big),
        Numeric::Float(f) => Value::Float(-f),
    }
}

/// Python's shortest text of a float.
pub(crate) fn float_repr(f: f64) -> String {
    if f.is_nan() {
        return "nan".to_owned();
    }
    if f.is_infinite() {
        return if f > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    if f == 0.0 {
        return if f.is_sign_negative() { "-0.0" } else { "0.0" }.to_owned();
    }
    let scientific = format!("{f:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{f}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
