//! `combine`: dicts merged, as deeply and in the way that is asked for.

use super::{Call, Filter};
use crate::error::{Error, Result};
use crate::value::{Dict, Map, Value, equal};

pub(super) const FILTERS: &[Filter] =
    &[Filter::new("combine", &["*", "recursive", "list_merge", "**"], combine)];

/// What happens to lists under the same key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ListMerge {
    Replace,
    Keep,
    Append,
    Prepend,
    AppendNew,
    PrependNew,
}

impl ListMerge {
    pub(super) fn parse(text: &str) -> Result<Self> {
        Ok(match text {
            "replace" => Self::Replace,
            "keep" => Self::Keep,
            "append" => Self::Append,
            "prepend" => Self::Prepend,
            "append_rp" => Self::AppendNew,
            "prepend_rp" => Self::PrependNew,
            _ => {
                return Err(Error::runtime(
                    "merge_hash: 'list_merge' argument can only be equal to 'replace', 'keep', 'append', 'prepend', \
                     'append_rp' or 'prepend_rp'",
                ));
            }
        })
    }
}

fn combine(call: &Call<'_>) -> Result<Value> {
    if !call.args.named.is_empty() {
        return Err(Error::runtime("'recursive' and 'list_merge' are the only valid keyword arguments"));
    }
    let recursive = call.args.truth("recursive")?;
    let style = ListMerge::parse(&call.args.text_or("list_merge", "replace")?)?;
    let mut dicts = Vec::new();
    collect(&call.input, &mut dicts, 0)?;
    for term in &call.args.rest {
        collect(term, &mut dicts, 0)?;
    }
    let mut dicts = dicts.into_iter();
    let Some(mut merged) = dicts.next() else { return Ok(Value::Dict(Dict::new(Map::new()))) };
    for next in dicts {
        merged = merge(&merged, &next, recursive, style);
    }
    Ok(Value::Dict(Dict::new(merged)))
}

/// The dicts among nested lists; nothing and empty things are passed over.
fn collect(value: &Value, dicts: &mut Vec<Map>, depth: usize) -> Result<()> {
    match value {
        Value::Dict(dict) => {
            let map = dict.snapshot();
            super::collections::raise_hidden(map.values())?;
            dicts.push((*map).clone());
        }
        Value::Object(object) if object.is_mapping() => {
            let mut map = Map::new();
            for key in object.keys().unwrap_or_default() {
                let value = object.item(&key)?.unwrap_or_default();
                map.insert(crate::value::Key::new(key)?, value);
            }
            dicts.push(map);
        }
        Value::List(_) | Value::Tuple(_) if depth < 100 => {
            for item in value.iterate()? {
                collect(&item, dicts, depth + 1)?;
            }
        }
        Value::Undefined(why) => return Err(why.error.clone()),
        other if !other.truthy()? => {}
        other => {
            return Err(Error::runtime(format!(
                "failed to combine variables, expected dicts but got a 'dict' and a '{}'.",
                other.type_name()
            )));
        }
    }
    Ok(())
}

/// The second dict over the first.
pub(super) fn merge(low: &Map, high: &Map, recursive: bool, style: ListMerge) -> Map {
    if low.is_empty() || (low.len() == high.len() && std::ptr::eq(low, high)) {
        return high.clone();
    }
    let mut merged = low.clone();
    for (key, value) in high {
        let combined = match (merged.get(key), value) {
            (Some(Value::Dict(below)), Value::Dict(above)) if recursive => {
                Value::Dict(Dict::new(merge(&below.snapshot(), &above.snapshot(), recursive, style)))
            }
            (Some(Value::List(below)), Value::List(above)) => {
                lists(&below.snapshot(), &above.snapshot(), style)
            }
            _ => value.clone(),
        };
        merged.insert(key.clone(), combined);
    }
    merged
}

fn lists(below: &[Value], above: &[Value], style: ListMerge) -> Value {
    let without = |from: &[Value], other: &[Value]| -> Vec<Value> {
        from.iter().filter(|item| !other.iter().any(|o| equal(o, item).unwrap_or(false))).cloned().collect()
    };
    Value::list(match style {
        ListMerge::Replace => above.to_vec(),
        ListMerge::Keep => below.to_vec(),
        ListMerge::Append => [below, above].concat(),
        ListMerge::Prepend => [above, below].concat(),
        ListMerge::AppendNew => [without(below, above), above.to_vec()].concat(),
        ListMerge::PrependNew => [above.to_vec(), without(below, above)].concat(),
    })
}
