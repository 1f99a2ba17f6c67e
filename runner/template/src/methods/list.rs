//! Methods of `list` and `tuple`.

use std::cmp::Ordering;

use super::Given;
use crate::error::{Error, Result};
use crate::eval::Context;
use crate::value::{Args, List, Value, compare, equal};

pub(super) const NAMES: &[&str] =
    &["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"];

/// The longest list a template may build: keeps a loop gone wild from exhausting memory.
const LENGTH_MAX: usize = 10_000_000;

pub(super) fn call(context: &Context, list: &List, name: &str, given: Given) -> Result<Value> {
    match name {
        "append" => {
            let item = given.required(0, "object")?.clone();
            room(list, 1)?;
            list.change(|items| items.push(item));
        }
        "extend" => {
            let items = given.required(0, "iterable")?.iterate()?;
            room(list, items.len())?;
            list.change(|all| all.extend(items));
        }
        "insert" => {
            let at = given.int(0, "index")?;
            let item = given.required(1, "object")?.clone();
            room(list, 1)?;
            list.change(|items| {
                let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let at = if at < 0 { (at + len).max(0) } else { at.min(len) };
                items.insert(usize::try_from(at).unwrap_or(0), item);
            });
        }
        "pop" => {
            let at = given.int_opt(0, "index")?.unwrap_or(-1);
            return list.change(|items| {
                if items.is_empty() {
                    return Err(Error::runtime("pop from empty list"));
                }
                let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let at = if at < 0 { at + len } else { at };
                match usize::try_from(at) {
                    Ok(at) if at < items.len() => Ok(items.remove(at)),
                    _ => Err(Error::runtime("pop index out of range")),
                }
            });
        }
        "remove" => {
            let item = given.required(0, "value")?;
            let at = position(&list.snapshot(), item)?;
            let Some(at) = at else { return Err(Error::runtime("list.remove(x): x not in list")) };
            list.change(|items| {
                items.remove(at);
            });
        }
        "clear" => list.change(Vec::clear),
        "reverse" => list.change(|items| items.reverse()),
        "sort" => sort(context, list, &given)?,
        "copy" => return Ok(Value::list(list.elements())),
        _ => return search(&Value::List(list.clone()), name, &given),
    }
    Ok(Value::None)
}

fn room(list: &List, more: usize) -> Result<()> {
    if list.len() + more > LENGTH_MAX {
        return Err(Error::new(crate::error::ErrorKind::Limit, "the list is too long"));
    }
    Ok(())
}

fn position(items: &[Value], wanted: &Value) -> Result<Option<usize>> {
    for (i, item) in items.iter().enumerate() {
        if equal(item, wanted)? {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

/// `index` and `count`.
pub(super) fn search(value: &Value, name: &str, given: &Given) -> Result<Value> {
    let items = match value {
        Value::List(list) if name == "count" && !list.is_touched() => Vec::new(),
        other => other.iterate()?,
    };
    let wanted = given.required(0, "value")?;
    if name == "count" {
        let mut count = 0;
        for item in &items {
            count += i64::from(equal(item, wanted)?);
        }
        return Ok(Value::Int(count));
    }
    let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let clamp = |i: i64| usize::try_from(if i < 0 { i + len } else { i }.clamp(0, len)).unwrap_or(0);
    let start = given.int_opt(1, "start")?.map_or(0, clamp);
    let stop = given.int_opt(2, "stop")?.map_or(items.len(), clamp);
    match position(&items[start.min(stop)..stop], wanted)? {
        Some(at) => Ok(Value::Int(i64::try_from(start + at).unwrap_or(i64::MAX))),
        None => Err(Error::runtime(match value {
            Value::Tuple(_) => "tuple.index(x): x not in tuple".to_owned(),
            _ => format!("{} is not in list", wanted.to_repr()?),
        })),
    }
}

fn sort(context: &Context, list: &List, given: &Given) -> Result<()> {
    let reverse = given.named().iter().find(|(name, _)| &**name == "reverse");
    let reverse = reverse.map_or(Ok(false), |(_, value)| value.truthy())?;
    let key = given.named().iter().find(|(name, _)| &**name == "key").map(|(_, value)| value.clone());
    let mut keyed = Vec::new();
    for item in list.snapshot().iter() {
        let sort_key = match &key {
            Some(Value::Object(function)) => function.call(context, Args::of(vec![item.clone()]))?,
            _ => item.clone(),
        };
        keyed.push((sort_key, item.clone()));
    }
    let keyed = sorted(keyed, reverse)?;
    list.change(|items| *items = keyed);
    Ok(())
}

/// Python's stable sort by key; unlike keys are a failure.
pub(crate) fn sorted(mut keyed: Vec<(Value, Value)>, reverse: bool) -> Result<Vec<Value>> {
    // Python first looks how long the list is in order, so that unlike neighbours are named in this order.
    for pair in keyed.windows(2) {
        compare(&pair[1].0, &pair[0].0, "<")?;
    }
    let mut failure = None;
    keyed.sort_by(|(a, _), (b, _)| {
        // Python only ever asks whether the later element is less than the earlier one.
        let (first, second) = if reverse { (a, b) } else { (b, a) };
        match compare(first, second, "<") {
            Ok(order) => {
                let order = order.unwrap_or(Ordering::Equal);
                order.reverse()
            }
            Err(error) => {
                failure.get_or_insert(error);
                Ordering::Equal
            }
        }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(keyed.into_iter().map(|(_, item)| item).collect()),
    }
}
