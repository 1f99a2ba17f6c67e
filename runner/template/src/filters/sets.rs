//! Lists as sets: order of the first operand, each element once.

use super::int_set::IntSet;
use super::{Call, Filter};
use crate::error::{Error, Result};
use crate::value::{Key, Value, equal};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("union", &["other!"], |call| {
        let (a, b) = operands(call)?;
        if let Some((a, b)) = whole_numbers(&a, &b) {
            let (mut union, b) = (IntSet::new(), IntSet::of(&b));
            union.merge(&IntSet::of(&a));
            union.merge(&b);
            return Ok(numbers(&union));
        }
        Ok(Value::list(unique_items(a.into_iter().chain(b))?))
    }),
    Filter::new("intersect", &["other!"], |call| {
        let (a, b) = operands(call)?;
        if let Some((a, b)) = whole_numbers(&a, &b) {
            let (a, b) = (IntSet::of(&a), IntSet::of(&b));
            let (large, small) = if b.len() > a.len() { (b, a) } else { (a, b) };
            return Ok(numbers(&IntSet::of(&kept(&small, |number| large.contains(number)))));
        }
        let b = Members::new(&b);
        Ok(Value::list(unique_items(a.into_iter().filter(|item| b.contains(item)))?))
    }),
    Filter::new("difference", &["other!"], |call| {
        let (a, b) = operands(call)?;
        if let Some((a, b)) = whole_numbers(&a, &b) {
            let (a, b) = (IntSet::of(&a), IntSet::of(&b));
            return Ok(numbers(&IntSet::of(&kept(&a, |number| !b.contains(number)))));
        }
        let b = Members::new(&b);
        Ok(Value::list(unique_items(a.into_iter().filter(|item| !b.contains(item)))?))
    }),
    Filter::new("symmetric_difference", &["other!"], |call| {
        let (a, b) = operands(call)?;
        if let Some((a, b)) = whole_numbers(&a, &b) {
            let mut both = IntSet::new();
            both.merge(&IntSet::of(&b));
            IntSet::of(&a).members().into_iter().for_each(|number| both.toggle(number));
            return Ok(numbers(&both));
        }
        let (left, right) = (Members::new(&a), Members::new(&b));
        let only: Vec<Value> = a
            .iter()
            .filter(|i| !right.contains(i))
            .chain(b.iter().filter(|i| !left.contains(i)))
            .cloned()
            .collect();
        Ok(Value::list(unique_items(only.into_iter())?))
    }),
    Filter::new("unique", &["case_sensitive", "attribute"], unique),
    Filter::new("lists_union", &["*", "flatten"], |call| fold(call, |a, b| (a, b, 'u'))),
    Filter::new("lists_intersect", &["*", "flatten"], |call| fold(call, |a, b| (a, b, 'i'))),
    Filter::new("lists_difference", &["*", "flatten"], |call| fold(call, |a, b| (a, b, 'd'))),
];

/// Both operands, when they hold nothing but whole numbers: then Python's order is the same on every run.
fn whole_numbers(a: &[Value], b: &[Value]) -> Option<(Vec<i64>, Vec<i64>)> {
    let all = |items: &[Value]| -> Option<Vec<i64>> {
        items
            .iter()
            .map(|item| match item {
                Value::Int(number) => Some(*number),
                _ => None,
            })
            .collect()
    };
    Some((all(a)?, all(b)?))
}

fn numbers(set: &IntSet) -> Value {
    Value::list(set.members().into_iter().map(Value::Int))
}

fn kept(set: &IntSet, keep: impl Fn(i64) -> bool) -> Vec<i64> {
    set.members().into_iter().filter(|number| keep(*number)).collect()
}

type Lists = (Vec<Value>, Vec<Value>, char);

fn fold(call: &Call<'_>, join: fn(Vec<Value>, Vec<Value>) -> Lists) -> Result<Value> {
    let mut lists = vec![call.input.clone()];
    lists.extend(call.args.rest.iter().cloned());
    if call.args.truth("flatten")? && lists.len() == 1 {
        lists = lists[0].iterate()?;
    }
    let mut lists = lists.into_iter();
    let mut all = lists.next().map_or(Ok(Vec::new()), |first| first.iterate())?;
    for next in lists {
        let (a, b, how) = join(all, next.iterate()?);
        let members = Members::new(&b);
        all = match how {
            'i' => a.into_iter().filter(|item| members.contains(item)).collect(),
            'd' => a.into_iter().filter(|item| !members.contains(item)).collect(),
            _ => {
                drop(members);
                a.into_iter().chain(b).collect()
            }
        };
    }
    Ok(Value::list(unique_items(all.into_iter())?))
}

fn operands(call: &Call<'_>) -> Result<(Vec<Value>, Vec<Value>)> {
    Ok((call.input.iterate()?, call.args.required("other")?.iterate()?))
}

/// Fast membership for hashable elements, slow for others.
struct Members<'v> {
    hashed: indexmap::IndexSet<Key>,
    others: Vec<&'v Value>,
}

impl<'v> Members<'v> {
    fn new(items: &'v [Value]) -> Self {
        let mut members = Members { hashed: indexmap::IndexSet::new(), others: Vec::new() };
        for item in items {
            match Key::new(item.clone()) {
                Ok(key) => {
                    members.hashed.insert(key);
                }
                Err(_) => members.others.push(item),
            }
        }
        members
    }

    fn contains(&self, item: &Value) -> bool {
        match Key::new(item.clone()) {
            Ok(key) => self.hashed.contains(&key),
            Err(_) => self.others.iter().any(|other| equal(other, item).unwrap_or(false)),
        }
    }
}

/// Each element once, in order.
pub(super) fn unique_items(items: impl Iterator<Item = Value>) -> Result<Vec<Value>> {
    let mut seen = indexmap::IndexSet::new();
    let mut odd: Vec<Value> = Vec::new();
    let mut out = Vec::new();
    for item in items {
        let item = item.defined()?;
        let new = match Key::new(item.clone()) {
            Ok(key) => seen.insert(key),
            Err(_) => {
                let new = !odd.iter().any(|other| equal(other, &item).unwrap_or(false));
                if new {
                    odd.push(item.clone());
                }
                new
            }
        };
        if new {
            out.push(item);
        }
    }
    Ok(out)
}

fn unique(call: &Call<'_>) -> Result<Value> {
    let items = call.input.iterate()?;
    let case_sensitive = call.args.truth("case_sensitive")?;
    let attribute = call.args.some("attribute");
    // Jinja's filter takes only what can be hashed; Ansible's own takes the rest, without options.
    let has_options = attribute.is_some() || call.args.some("case_sensitive").is_some();
    if attribute.is_none() && has_options && items.iter().any(|item| Key::new(item.clone()).is_err()) {
        return Err(Error::runtime(
            "Jinja2's unique filter failed and we cannot fall back to Ansible's version as it does not support the parameters supplied",
        ));
    }
    if attribute.is_none() && case_sensitive {
        return Ok(Value::list(unique_items(items.into_iter())?));
    }
    let mut seen: Vec<Value> = Vec::new();
    let mut out = Vec::new();
    for item in items {
        let mut key = match attribute {
            Some(attribute) => super::jinja_lists::by_attribute(&item, attribute)?.defined()?,
            None => item.clone(),
        };
        if !case_sensitive && let Value::Str(text) = &key {
            key = Value::text(text.as_str().to_lowercase());
        }
        if !seen.iter().any(|other| equal(other, &key).unwrap_or(false)) {
            seen.push(key);
            out.push(item);
        }
    }
    Ok(Value::list(out))
}
