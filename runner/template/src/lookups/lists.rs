//! Lookups that reshape what they are given: the sources of `with_items` and its siblings.

use super::{Call, Lookup};
use crate::error::{Error, Result};
use crate::mersenne::Random;
use crate::value::{Value, to_str};

pub(super) const LOOKUPS: &[(&str, Lookup)] = &[
    ("items", |call| Ok(flat(&call.terms))),
    ("list", |call| Ok(call.terms.clone())),
    ("dict", dict),
    ("indexed_items", |call| {
        let items = flat(&call.terms).into_iter().enumerate();
        Ok(items.map(|(i, item)| Value::list([Value::Int(i64::try_from(i).unwrap_or(0)), item])).collect())
    }),
    ("nested", nested),
    ("cartesian", nested),
    ("together", together),
    ("subelements", subelements),
    ("random_choice", |call| {
        let world = call.context.world().clone();
        let mut random = Random::from_bits(|| world.random_u64());
        Ok(match call.terms.len() {
            0 => Vec::new(),
            len => vec![call.terms[random.place(len)].clone()],
        })
    }),
    ("flattened", |call| {
        let mut out = Vec::new();
        flatten(&call.terms, &mut out, 0);
        Ok(out)
    }),
];

/// One level of lists taken apart.
fn flat(terms: &[Value]) -> Vec<Value> {
    let mut out = Vec::new();
    for term in terms {
        match term {
            Value::List(list) => out.extend(list.elements()),
            Value::Tuple(items) => out.extend(items.iter().cloned()),
            other => out.push(other.clone()),
        }
    }
    out
}

fn flatten(terms: &[Value], out: &mut Vec<Value>, depth: usize) {
    for term in terms {
        match term {
            Value::None => {}
            Value::Str(text) if matches!(text.as_str(), "None" | "null") => {}
            Value::List(list) if depth < 100 => flatten(&list.elements(), out, depth + 1),
            other => out.push(other.clone()),
        }
    }
}

fn dict(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for term in &call.terms {
        let dicts = match term {
            Value::List(list) => list.elements(),
            other => vec![other.clone()],
        };
        for dict in dicts {
            match &dict {
                Value::Dict(dict) => {
                    out.extend(
                        dict.keys()
                            .into_iter()
                            .zip(dict.values())
                            .map(|(key, value)| Value::dict([("key", key), ("value", value)])),
                    );
                }
                Value::Object(object) if object.is_mapping() => {
                    for key in object.keys().unwrap_or_default() {
                        let value = object.item(&key)?.unwrap_or_default();
                        out.push(Value::dict([("key", key), ("value", value)]));
                    }
                }
                _ => {
                    return Err(Error::runtime(format!(
                        "the 'dict' lookup plugin expects a dictionary, got '{}' of type <class '{}'>)",
                        to_str(&dict)?,
                        dict.type_name()
                    )));
                }
            }
        }
    }
    Ok(out)
}

fn rows(terms: &[Value]) -> Result<Vec<Vec<Value>>> {
    terms
        .iter()
        .map(|term| match term {
            Value::List(_) | Value::Tuple(_) | Value::Range(..) => term.iterate(),
            Value::Undefined(why) => Err(why.error.clone()),
            other => Ok(vec![other.clone()]),
        })
        .collect()
}

fn nested(call: &Call<'_>) -> Result<Vec<Value>> {
    let rows = rows(&call.terms)?;
    if rows.is_empty() {
        return Err(Error::runtime("with_nested requires at least one element in the nested list"));
    }
    let count = rows.iter().try_fold(1_usize, |n, row| n.checked_mul(row.len().max(1)));
    if count.is_none_or(|count| count > 2_000_000) {
        return Err(Error::new(crate::error::ErrorKind::Limit, "the result has too many elements"));
    }
    let rows: Vec<&Vec<Value>> = rows.iter().collect();
    Ok(crate::filters::cartesian(&rows).into_iter().map(|row| Value::list(flat(&row))).collect())
}

fn together(call: &Call<'_>) -> Result<Vec<Value>> {
    let rows = rows(&call.terms)?;
    if rows.is_empty() {
        return Err(Error::runtime("with_together requires at least one element in each list"));
    }
    let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
    Ok((0..longest)
        .map(|i| {
            Value::list(flat(
                &rows.iter().map(|row| row.get(i).cloned().unwrap_or_default()).collect::<Vec<_>>(),
            ))
        })
        .collect())
}

fn subelements(call: &Call<'_>) -> Result<Vec<Value>> {
    let expects = || {
        Error::runtime(
            "subelements lookup expects a list of two or three items, first a dict or a list, second a string pointing to the subkey",
        )
    };
    let (Some(elements), Some(path)) = (call.terms.first(), call.terms.get(1)) else { return Err(expects()) };
    let path: Vec<String> = to_str(path)?.split('.').map(str::to_owned).collect();
    let skip = match call.terms.get(2) {
        Some(Value::Dict(flags)) => flags
            .get_str("skip_missing")
            .map_or(Ok(false), |flag| Ok::<bool, Error>(crate::filters::to_bool(call.context, &flag)))?,
        Some(_) => return Err(expects()),
        None => call.truth("skip_missing", false)?,
    };
    let elements = match elements {
        Value::Dict(dict) => {
            let kept = dict.values().into_iter().filter(|value| value.get("skipped").is_none());
            Value::list(kept)
        }
        other => other.clone(),
    };
    let quoted = |error: Error| {
        let message = error.message().to_owned();
        match message.split_once("key in iterated item ") {
            Some((before, item)) => Error::runtime(format!("{before}key in iterated item '{item}'")),
            None => error,
        }
    };
    let pairs = crate::filters::subelements_of(&elements, &path, skip).map_err(quoted)?.iterate()?;
    pairs
        .into_iter()
        .map(|pair| {
            let parts = pair.iterate()?;
            let (Some(Value::Dict(dict)), Some(item)) = (parts.first(), parts.get(1)) else {
                return Ok(pair);
            };
            // The element comes without the list that was taken apart.
            let mut map = (*dict.snapshot()).clone();
            if let [key] = path.as_slice() {
                map.shift_remove(key.as_str());
            }
            Ok(Value::list([Value::Dict(crate::value::Dict::new(map)), item.clone()]))
        })
        .collect()
}
