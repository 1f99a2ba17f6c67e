//! Filters over numbers, sizes and chance.

use super::{Call, Filter, whole};
use crate::error::{Error, Result};
use crate::mersenne::Random;
use crate::value::{Numeric, Value, numeric, power, range_len, to_str};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("abs", &[], |call| match (numeric(&call.input), &call.input) {
        (Some(number), _) => {
            let negative = number.compare(&Numeric::Int(0)) == Some(std::cmp::Ordering::Less);
            Ok(if negative { crate::value::negate(&number) } else { add_zero(&call.input) })
        }
        (None, Value::TimeDelta(micros)) => Ok(Value::TimeDelta(micros.abs())),
        _ => Err(Error::runtime(format!("bad operand type for abs(): '{}'", call.input.type_name()))),
    }),
    Filter::new("round", &["precision", "method"], round),
    Filter::new("log", &["base"], |call| {
        let x = float(&call.input, "log() can only be used on numbers")?;
        let base =
            call.args.get("base").map(|b| float(b, "log() can only be used on numbers")).transpose()?;
        if x <= 0.0 {
            return Err(Error::runtime("math domain error"));
        }
        Ok(Value::Float(match base {
            None => x.ln(),
            Some(10.0) => x.log10(),
            Some(base) => x.ln() / base.ln(),
        }))
    }),
    Filter::new("pow", &["power!"], |call| {
        let message = "pow() can only be used on numbers";
        let (x, y) = (float(&call.input, message)?, float(call.args.required("power")?, message)?);
        power(&Numeric::Float(x), &Numeric::Float(y))
    }),
    Filter::new("root", &["base"], |call| {
        let message = "root() can only be used on numbers";
        let x = float(&call.input, message)?;
        let base = call.args.get("base").map_or(Ok(2.0), |b| float(b, message))?;
        if x < 0.0 {
            return Err(Error::runtime(format!("{message}: math domain error")));
        }
        #[expect(clippy::float_cmp, reason = "exactly two selects the square root, as in Ansible")]
        Ok(Value::Float(if base == 2.0 { x.sqrt() } else { x.powf(1.0 / base) }))
    }),
    Filter::new("human_readable", &["isbits", "unit"], human_readable),
    Filter::new("human_to_bytes", &["default_unit", "isbits"], human_to_bytes),
    Filter::new("random", &["start", "step", "seed"], random),
    Filter::new("shuffle", &["seed"], |call| {
        let mut items = call.input.iterate()?;
        generator(call)?.shuffle(&mut items);
        Ok(Value::list(items))
    }),
];

fn add_zero(value: &Value) -> Value {
    match value {
        Value::Bool(b) => Value::Int(i64::from(*b)),
        other => other.clone(),
    }
}

fn float(value: &Value, message: &str) -> Result<f64> {
    match numeric(value) {
        Some(number) => number.float(),
        None => Err(Error::runtime(format!("{message}: must be real number, not {}", value.type_name()))),
    }
}

fn round(call: &Call<'_>) -> Result<Value> {
    let precision = call.args.int_or("precision", 0)?;
    let method = call.args.text_or("method", "common")?;
    let Some(number) = numeric(&call.input) else {
        return Err(Error::runtime(format!(
            "type {} doesn't define __round__ method",
            call.input.type_name()
        )));
    };
    if !matches!(method.as_str(), "common" | "ceil" | "floor") {
        return Err(Error::runtime("method must be common, ceil or floor"));
    }
    if method == "common" {
        if let Numeric::Float(f) = number {
            return Ok(Value::Float(round_half_even(f, precision)));
        }
        if precision >= 0 {
            return Ok(add_zero(&call.input));
        }
        let scale = num_bigint::BigInt::from(10).pow(u32::try_from(-precision).unwrap_or(u32::MAX).min(400));
        let big = number.big().into_owned();
        let twice: num_bigint::BigInt = &big * 2 + &scale;
        let floor =
            numeric(&crate::value::floor_divide(&Numeric::Big(twice.clone()), &Numeric::Big(&scale * 2))?);
        let mut quotient = floor.map(|n| n.big().into_owned()).unwrap_or_default();
        let exact_half = (&twice % (&scale * 2)) == num_bigint::BigInt::default();
        if exact_half && quotient.bit(0) {
            quotient -= 1;
        }
        return Ok(Value::from(quotient * scale));
    }
    let factor = 10_f64.powi(i32::try_from(precision).unwrap_or(0));
    let scaled = number.float()? * factor;
    Ok(Value::Float(if method == "ceil" { scaled.ceil() / factor } else { scaled.floor() / factor }))
}

/// Python's `round`: to the nearest decimal, ties to even, decided on the exact value.
fn round_half_even(f: f64, precision: i64) -> f64 {
    if !f.is_finite() {
        return f;
    }
    match usize::try_from(precision) {
        Ok(places) => format!("{f:.*}", places.min(400)).parse().unwrap_or(f),
        Err(_) => {
            let factor = 10_f64.powi(i32::try_from(-precision).unwrap_or(400).min(400));
            (f / factor).round_ties_even() * factor
        }
    }
}

/// Unit letters with their factors, largest first.
const UNITS: &[(char, f64)] = &[
    ('Y', 1_208_925_819_614_629_174_706_176.0),
    ('Z', 1_180_591_620_717_411_303_424.0),
    ('E', 1_152_921_504_606_846_976.0),
    ('P', 1_125_899_906_842_624.0),
    ('T', 1_099_511_627_776.0),
    ('G', 1_073_741_824.0),
    ('M', 1_048_576.0),
    ('K', 1_024.0),
    ('B', 1.0),
];

fn human_readable(call: &Call<'_>) -> Result<Value> {
    let size = match (&call.input, numeric(&call.input)) {
        (_, Some(number)) => number.float()?,
        (Value::Str(_), None) => {
            let message = "human_readable() failed on bad input: '>=' not supported between instances of 'str' and 'int'";
            return Err(Error::runtime(message));
        }
        _ => {
            return Err(Error::runtime(format!(
                "human_readable() failed on bad input: must be real number, not {}",
                call.input.type_name()
            )));
        }
    };
    let bits = call.args.truth("isbits")?;
    let base = if bits { "bits" } else { "Bytes" };
    let unit = call.args.text_opt("unit")?.map(|unit| unit.to_uppercase());
    let mut chosen = ('B', 1.0);
    for (letter, factor) in UNITS {
        let fits = match &unit {
            None => size >= *factor,
            Some(unit) => unit.starts_with(*letter),
        };
        if fits {
            chosen = (*letter, *factor);
            break;
        }
    }
    let (letter, factor) = chosen;
    #[expect(clippy::float_cmp, reason = "the factor of the base unit is exactly one")]
    let suffix =
        if factor == 1.0 { base.to_owned() } else { format!("{letter}{}", if bits { "b" } else { "B" }) };
    Ok(Value::text(format!("{} {suffix}", crate::format::fixed(size / factor, 2))))
}

fn human_to_bytes(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?;
    let bits = call.args.truth("isbits")?;
    let bad = || {
        Error::runtime(format!(
            "human_to_bytes() can't interpret the input: human_to_bytes() can't interpret following string: {text}"
        ))
    };
    let trimmed = text.trim();
    let split = trimmed.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(split);
    if number.is_empty() {
        return Err(bad());
    }
    let number: f64 = number.parse().map_err(|_| {
        Error::runtime(format!(
            "human_to_bytes() can't interpret the input: human_to_bytes() can't interpret following number: {number} (original input string: {text})"
        ))
    })?;
    let unit = unit.trim();
    let unit = if unit.is_empty() { call.args.text_or("default_unit", "")? } else { unit.to_owned() };
    let unit = unit.trim();
    let Some(letter) = unit.chars().next().map(|c| c.to_ascii_uppercase()) else {
        return Ok(rounded(number));
    };
    let Some((_, factor)) = UNITS.iter().find(|(known, _)| *known == letter) else {
        return Err(Error::runtime(format!(
            "human_to_bytes() can't interpret the input: human_to_bytes() failed to convert {text} (unit = {unit}). The suffix must be one of Y, Z, E, P, T, G, M, K, B"
        )));
    };
    let rest: String = unit.chars().skip(1).collect();
    let valid = if bits {
        matches!(rest.as_str(), "" | "b" | "bit" | "bits")
            || unit.eq_ignore_ascii_case("bits")
            || unit.eq_ignore_ascii_case("bit")
    } else {
        matches!(rest.as_str(), "" | "B" | "byte" | "bytes" | "b")
            || matches!(unit.to_ascii_lowercase().as_str(), "byte" | "bytes")
            || is_long_unit(unit)
    };
    if !valid || (!bits && rest == "b" && letter != 'B') {
        let wanted = if bits { "bits" } else { "bytes" };
        return Err(Error::runtime(format!(
            "human_to_bytes() can't interpret the input: human_to_bytes() failed to convert {text}. Value is not a valid string ({letter}{wanted})"
        )));
    }
    Ok(rounded(number * factor))
}

fn is_long_unit(unit: &str) -> bool {
    matches!(
        unit.to_ascii_lowercase().as_str(),
        "kilobyte" | "megabyte" | "gigabyte" | "terabyte" | "petabyte" | "exabyte" | "zetabyte" | "yottabyte"
    )
}

fn rounded(number: f64) -> Value {
    Value::from(Numeric::Float(number.round_ties_even()).big().into_owned())
}

fn generator(call: &Call<'_>) -> Result<Random> {
    Ok(match call.args.some("seed") {
        Some(seed) => {
            to_str(seed)?;
            Random::seeded(seed)
        }
        None => {
            let world = call.context.world().clone();
            Random::from_bits(|| world.random_u64())
        }
    })
}

fn random(call: &Call<'_>) -> Result<Value> {
    let mut generator = generator(call)?;
    if let Value::Int(_) | Value::Bool(_) = &call.input {
        let end = whole(&call.input)?;
        let start = call.args.int_or("start", 0)?;
        let step = call.args.int_or("step", 1)?;
        let len = range_len(start, end, step);
        if len <= 0 || step == 0 {
            let what = if step == 0 {
                "zero step for randrange()".to_owned()
            } else if step == 1 {
                format!("empty range for randrange() ({start}, {end}, {})", end - start)
            } else {
                format!("empty range for randrange() ({start}, {end}, {step})")
            };
            return Err(Error::runtime(what));
        }
        let pick = generator.below(u64::try_from(len).unwrap_or(1));
        return Ok(Value::Int(start + i64::try_from(pick).unwrap_or(0) * step));
    }
    if call.args.some("start").is_some() || call.args.some("step").is_some() {
        return Err(Error::runtime("start and step can only be used with integer values"));
    }
    let items = call
        .input
        .iterate()
        .map_err(|_| Error::runtime("random can only be used on sequences and integers"))?;
    if items.is_empty() {
        return Err(Error::runtime("Cannot choose from an empty sequence"));
    }
    Ok(items[generator.place(items.len())].clone())
}
