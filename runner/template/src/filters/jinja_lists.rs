//! Jinja's filters over lists: map, select, sort, group and the like.

use super::{Call, Filter, apply, whole};
use crate::error::{Error, ErrorKind, Result};
use crate::eval;
use crate::methods::sorted;
use crate::tests;
use crate::value::{Args, Value, add, equal, numeric, to_str};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("map", &["*", "**"], map),
    Filter::new("select", &["*", "**"], |call| select(call, false, true)),
    Filter::new("reject", &["*", "**"], |call| select(call, false, false)),
    Filter::new("selectattr", &["*", "**"], |call| select(call, true, true)),
    Filter::new("rejectattr", &["*", "**"], |call| select(call, true, false)),
    Filter::new("first", &[], |call| {
        let first = match &call.input {
            Value::List(list) => list.get(0),
            other => other.iterate()?.into_iter().next(),
        };
        Ok(first.unwrap_or_else(|| empty("No first item, sequence was empty.")))
    }),
    Filter::new("last", &[], |call| {
        let last = match &call.input {
            Value::List(list) => list.len().checked_sub(1).and_then(|i| list.get(i)),
            other => other.iterate()?.pop(),
        };
        Ok(last.unwrap_or_else(|| empty("No last item, sequence was empty.")))
    }),
    Filter::new("min", &["case_sensitive", "attribute"], |call| extreme(call, false)),
    Filter::new("max", &["case_sensitive", "attribute"], |call| extreme(call, true)),
    Filter::new("sum", &["attribute", "start"], sum),
    Filter::new("sort", &["reverse", "case_sensitive", "attribute"], sort),
    Filter::new("reverse", &[], reverse),
    Filter::new("batch", &["linecount!", "fill_with"], batch),
    Filter::new("slice", &["slices!", "fill_with"], slice),
    Filter::new("join", &["d", "attribute"], join),
    Filter::new("groupby", &["attribute!", "default", "case_sensitive"], groupby),
    Filter::new("dictsort", &["case_sensitive", "by", "reverse"], dictsort),
    Filter::new("items", &[], |call| match &call.input {
        Value::Dict(dict) => Ok(Value::list(dict.pairs().into_iter().map(|(k, v)| Value::tuple([k, v])))),
        _ => Err(Error::runtime("Can only get item pairs from a mapping.")),
    }),
];

fn empty(message: &str) -> Value {
    Value::undefined(Error::new(ErrorKind::Undefined, message))
}

/// The value at a dotted path; numbers are indexes.
pub(super) fn by_attribute(item: &Value, attribute: &Value) -> Result<Value> {
    let Value::Str(path) = attribute else { return eval::item(item, attribute) };
    let mut value = item.clone();
    for part in path.as_str().split('.') {
        let key = part.parse().map_or_else(|_| Value::text(part), Value::Int);
        value = eval::item(&value, &key)?;
    }
    raise(value)
}

/// A marker of a failure that is more than undefined raises it.
fn raise(value: Value) -> Result<Value> {
    match &value {
        Value::Undefined(why) if !why.silent && why.error.kind() != ErrorKind::Undefined => {
            Err(why.error.clone())
        }
        _ => Ok(value),
    }
}

fn map(call: &Call<'_>) -> Result<Value> {
    let items = call.input.iterate()?;
    let mut out = Vec::with_capacity(items.len());
    let mut positional = call.args.rest.iter();
    let Some(name) = positional.next() else {
        let named =
            |name: &str| call.args.named.iter().find(|(key, _)| &**key == name).map(|(_, value)| value);
        let Some(attribute) = named("attribute") else {
            return Err(Error::runtime("map requires a filter argument"));
        };
        if let Some((name, _)) =
            call.args.named.iter().find(|(k, _)| !matches!(&**k, "attribute" | "default"))
        {
            return Err(Error::runtime(format!("Unexpected keyword argument '{name}'")));
        }
        for item in &items {
            let value = by_attribute(item, attribute)?;
            out.push(match named("default") {
                Some(default) if value.is_undefined() => default.clone(),
                _ => value,
            });
        }
        return Ok(Value::list(out));
    };
    let name = to_str(name)?;
    let args = Args { positional: positional.cloned().collect(), named: call.args.named.clone() };
    for item in items {
        out.push(apply(call.context, &name, item, args.clone())?);
    }
    Ok(Value::list(out))
}

fn select(call: &Call<'_>, by_attr: bool, keep: bool) -> Result<Value> {
    let mut positional = call.args.rest.iter();
    let attribute = match (by_attr, positional.next()) {
        (true, None) => return Err(Error::runtime("Missing parameter for attribute name")),
        (true, attribute) => attribute,
        (false, first) => {
            positional = call.args.rest.iter();
            let _ = first;
            None
        }
    };
    let test = positional.next().map(to_str).transpose()?;
    let args = Args { positional: positional.cloned().collect(), named: call.args.named.clone() };
    let mut out = Vec::new();
    for item in call.input.iterate()? {
        let subject = match attribute {
            Some(attribute) => by_attribute(&item, attribute)?,
            None => item.clone(),
        };
        let holds = match &test {
            Some(test) => tests::apply(call.context, test, &subject, args.clone())?.truthy()?,
            None => subject.truthy()?,
        };
        if holds == keep {
            out.push(item);
        }
    }
    Ok(Value::list(out))
}

fn lowered(value: Value, case_sensitive: bool) -> Value {
    match &value {
        Value::Str(text) if !case_sensitive => Value::text(text.as_str().to_lowercase()),
        _ => value,
    }
}

fn keyed(call: &Call<'_>, items: Vec<Value>) -> Result<Vec<(Value, Value)>> {
    let case_sensitive = call.args.truth("case_sensitive")?;
    let attribute = call.args.some("attribute");
    items
        .into_iter()
        .map(|item| {
            let key = match attribute {
                Some(attribute) => by_attribute(&item, attribute)?.defined()?,
                None => item.clone().defined()?,
            };
            Ok((lowered(key, case_sensitive), item))
        })
        .collect()
}

fn extreme(call: &Call<'_>, largest: bool) -> Result<Value> {
    let items = call.input.iterate()?;
    if items.is_empty() {
        return Ok(empty("No aggregated item, sequence was empty."));
    }
    let mut best: Option<(Value, Value)> = None;
    for (key, item) in keyed(call, items)? {
        let better = match &best {
            None => true,
            Some((other, _)) => {
                let (a, b, symbol) = if largest { (&key, other, ">") } else { (&key, other, "<") };
                let order = crate::value::compare(a, b, symbol)?;
                order == Some(if largest { std::cmp::Ordering::Greater } else { std::cmp::Ordering::Less })
            }
        };
        if better {
            best = Some((key, item));
        }
    }
    Ok(best.map(|(_, item)| item).unwrap_or_default())
}

fn sum(call: &Call<'_>) -> Result<Value> {
    let mut total = call.args.get("start").cloned().unwrap_or(Value::Int(0));
    for item in call.input.iterate()? {
        let item = match call.args.some("attribute") {
            Some(attribute) => by_attribute(&item, attribute)?.defined()?,
            None => item.defined()?,
        };
        total = match (numeric(&total), numeric(&item)) {
            (Some(a), Some(b)) => add(&a, &b)?,
            _ => eval::plus(&total, &item)?,
        };
    }
    Ok(total)
}

fn sort(call: &Call<'_>) -> Result<Value> {
    let items = call.input.iterate()?;
    let reverse = call.args.truth("reverse")?;
    let case_sensitive = call.args.truth("case_sensitive")?;
    let Some(attribute) = call.args.some("attribute") else {
        let keyed = items
            .into_iter()
            .map(|item| Ok((lowered(item.clone().defined()?, case_sensitive), item)))
            .collect::<Result<Vec<_>>>()?;
        return sorted(keyed, reverse).map(Value::list);
    };
    let paths: Vec<Value> = match attribute {
        Value::Str(text) => text.as_str().split(',').map(Value::text).collect(),
        other => vec![other.clone()],
    };
    let mut keyed = Vec::new();
    for item in items {
        let mut keys = Vec::new();
        for path in &paths {
            keys.push(lowered(by_attribute(&item, path)?.defined()?, case_sensitive));
        }
        keyed.push((Value::list(keys), item));
    }
    sorted(keyed, reverse).map(Value::list)
}

fn reverse(call: &Call<'_>) -> Result<Value> {
    if let Value::Str(text) = &call.input {
        return Ok(Value::text(text.as_str().chars().rev().collect::<String>()));
    }
    let mut items = call
        .input
        .iterate()
        .map_err(|error| Error::runtime(format!("argument must be iterable: {error}")))?;
    items.reverse();
    Ok(Value::list(items))
}

fn positive(call: &Call<'_>, name: &str) -> Result<usize> {
    let n = whole(call.args.required(name)?)?;
    usize::try_from(n)
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| Error::runtime(format!("{name} must be positive")))
}

fn batch(call: &Call<'_>) -> Result<Value> {
    if whole(call.args.required("linecount")?)? < 1 {
        return Ok(Value::list([Value::list([]), Value::list(call.input.iterate()?)]));
    }
    let size = positive(call, "linecount")?;
    let fill = call.args.some("fill_with");
    let items = call.input.iterate()?;
    Ok(Value::list(items.chunks(size).map(|chunk| {
        let mut row = chunk.to_vec();
        if let Some(fill) = fill {
            row.resize(size.min(1_000_000), fill.clone());
        }
        Value::list(row)
    })))
}

fn slice(call: &Call<'_>) -> Result<Value> {
    let slices = positive(call, "slices")?.min(1_000_000);
    let fill = call.args.some("fill_with");
    let items = call.input.iterate()?;
    let (per_slice, with_extra) = (items.len() / slices, items.len() % slices);
    let mut out = Vec::new();
    let mut offset = 0;
    for number in 0..slices {
        let start = offset + number * per_slice;
        if number < with_extra {
            offset += 1;
        }
        let end = offset + (number + 1) * per_slice;
        let mut row = items[start..end].to_vec();
        if let (Some(fill), true) = (fill, number >= with_extra) {
            row.push(fill.clone());
        }
        out.push(Value::list(row));
    }
    Ok(Value::list(out))
}

fn join(call: &Call<'_>) -> Result<Value> {
    let separator = call.args.text_or("d", "")?;
    let mut out = String::new();
    for (i, item) in call.input.iterate()?.into_iter().enumerate() {
        if i > 0 {
            out.push_str(&separator);
        }
        let item = match call.args.some("attribute") {
            Some(attribute) => by_attribute(&item, attribute)?,
            None => item,
        };
        match &item {
            Value::Str(text) => out.push_str(text.as_str()),
            other => out.push_str(&to_str(other)?),
        }
    }
    Ok(Value::text(out))
}

fn groupby(call: &Call<'_>) -> Result<Value> {
    let attribute = call.args.required("attribute")?;
    let case_sensitive = call.args.truth("case_sensitive")?;
    let mut keyed = Vec::new();
    for item in call.input.iterate()? {
        // The default is never used: what is missing is a marker, not Jinja's own undefined.
        let key = by_attribute(&item, attribute)?.defined()?;
        keyed.push((lowered(key.clone(), case_sensitive), Value::tuple([key, item])));
    }
    let mut groups: Vec<(Value, Value, Vec<Value>)> = Vec::new();
    for pair in sorted(keyed, false)? {
        let Value::Tuple(parts) = pair else { continue };
        let (key, item) = (parts[0].clone(), parts[1].clone());
        let low = lowered(key.clone(), case_sensitive);
        match groups.last_mut() {
            Some((last, _, items)) if equal(last, &low)? => items.push(item),
            _ => groups.push((low, key, vec![item])),
        }
    }
    Ok(Value::list(groups.into_iter().map(|(_, key, items)| {
        let fields =
            vec![(std::sync::Arc::from("grouper"), key), (std::sync::Arc::from("list"), Value::list(items))];
        Value::Object(std::sync::Arc::new(super::Group { fields }))
    })))
}

fn dictsort(call: &Call<'_>) -> Result<Value> {
    let Value::Dict(dict) = &call.input else {
        return Err(Error::runtime(format!("'{}' object has no attribute 'items'", call.input.type_name())));
    };
    let case_sensitive = call.args.truth("case_sensitive")?;
    let by_value = match call.args.text_or("by", "key")?.as_str() {
        "key" => false,
        "value" => true,
        _ => return Err(Error::runtime("You can only sort by either \"key\" or \"value\"")),
    };
    let keyed = dict
        .pairs()
        .into_iter()
        .map(|(key, value)| {
            let by = if by_value { value.clone() } else { key.clone() };
            (lowered(by, case_sensitive), Value::tuple([key, value]))
        })
        .collect();
    sorted(keyed, call.args.truth("reverse")?).map(Value::list)
}
