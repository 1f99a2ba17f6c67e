//! Filters that reshape lists and dicts.

use super::{Call, Filter};
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Dict, Key, Map, Value, equal};

/// How many values products, permutations and combinations may hold in all.
const RESULT_MAX: usize = 2_000_000;

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("dict2items", &["key_name", "value_name"], dict2items),
    Filter::new("items2dict", &["key_name", "value_name"], items2dict),
    Filter::new("flatten", &["levels", "skip_nulls"], flatten),
    Filter::new("subelements", &["subelements!", "skip_missing"], subelements),
    Filter::new("zip", &["*", "strict"], zip),
    Filter::new("zip_longest", &["*", "fillvalue"], zip_longest),
    Filter::new("product", &["*", "repeat"], product),
    Filter::new("combinations", &["r!"], combinations),
    Filter::new("permutations", &["r"], permutations),
    Filter::new("extract", &["container!", "morekeys"], extract),
    Filter::new("rekey_on_member", &["key!", "duplicates"], rekey_on_member),
    Filter::new("dict", &[], |call| pairs_to_dict(&call.input)),
    Filter::new("keep_keys", &["target!", "matching_parameter"], |call| keep_keys(call, true)),
    Filter::new("remove_keys", &["target!", "matching_parameter"], |call| keep_keys(call, false)),
    Filter::new("counter", &[], counter),
    Filter::new("groupby_as_dict", &["attribute!"], groupby_as_dict),
    Filter::new("lists_mergeby", &["*", "index", "recursive", "list_merge"], lists_mergeby),
    Filter::new("version_sort", &[], version_sort),
    Filter::new("index_of", &["test!", "value", "key", "fail_on_missing", "wantlist"], index_of),
    Filter::new("get_path", &["path!", "wantlist"], get_path),
    Filter::new("to_paths", &["prepend", "wantlist"], to_paths),
];

fn type_error(what: &str, wanted: &str, value: &Value) -> Error {
    Error::runtime(format!("{what} requires {wanted}, got <class '{}'> instead.", value.type_name()))
}

fn dict2items(call: &Call<'_>) -> Result<Value> {
    let key_name = call.args.text_or("key_name", "key")?;
    let value_name = call.args.text_or("value_name", "value")?;
    let pairs = match &call.input {
        Value::Dict(dict) => dict.pairs(),
        Value::Object(object) if object.is_mapping() => {
            let mut pairs = Vec::new();
            for key in object.keys().unwrap_or_default() {
                let value = object.item(&key)?.unwrap_or_default();
                pairs.push((key, value));
            }
            pairs
        }
        other => {
            return Err(Error::runtime(format!(
                "dict2items requires a dictionary, got <class '{}'> instead.",
                other.type_name()
            )));
        }
    };
    raise_hidden(pairs.iter().map(|(_, value)| value))?;
    Ok(Value::list(
        pairs
            .into_iter()
            .map(|(key, value)| Value::dict([(key_name.as_str(), key), (value_name.as_str(), value)])),
    ))
}

/// Failures that are more than undefined surface when a container is walked.
pub(super) fn raise_hidden<'v>(values: impl Iterator<Item = &'v Value>) -> Result<()> {
    for value in values {
        if let Value::Undefined(why) = value
            && !why.silent
            && why.error.kind() != ErrorKind::Undefined
        {
            return Err(why.error.clone());
        }
    }
    Ok(())
}

fn items2dict(call: &Call<'_>) -> Result<Value> {
    let key_name = call.args.text_or("key_name", "key")?;
    let value_name = call.args.text_or("value_name", "value")?;
    let items = match &call.input {
        Value::List(_) | Value::Tuple(_) => call.input.iterate()?,
        other => return Err(type_error("items2dict", "a list", other)),
    };
    let mut map = Map::new();
    for item in items {
        let Value::Dict(dict) = &item else {
            return Err(Error::runtime(format!(
                "items2dict requires a list of dictionaries, got a list of {} instead.",
                item.type_name()
            )));
        };
        match (dict.get_str(&key_name), dict.get_str(&value_name)) {
            (Some(key), Some(value)) => map.insert(Key::new(key)?, value),
            _ => {
                return Err(Error::runtime(format!(
                    "items2dict requires each dictionary in the list to contain the keys '{key_name}' and \
                     '{value_name}', got {} instead.",
                    call.input.to_repr()?
                )));
            }
        };
    }
    Ok(Value::Dict(Dict::new(map)))
}

fn pairs_to_dict(input: &Value) -> Result<Value> {
    let pairs = crate::eval::pairs_of(input)?;
    Ok(Value::Dict(Dict::new(pairs.into_iter().collect())))
}

fn flatten(call: &Call<'_>) -> Result<Value> {
    let levels = call.args.int_opt("levels")?;
    let skip_nulls = call.args.truth_or("skip_nulls", true)?;
    let mut out = Vec::new();
    flatten_into(&call.input.iterate()?, levels, skip_nulls, &mut out, 0)?;
    Ok(Value::list(out))
}

fn flatten_into(
    items: &[Value],
    levels: Option<i64>,
    skip_nulls: bool,
    out: &mut Vec<Value>,
    depth: usize,
) -> Result<()> {
    if depth > 200 {
        return Err(Error::new(ErrorKind::Limit, "the list is nested too deeply"));
    }
    for item in items {
        let null = item.is_none() || matches!(item.as_str(), Some("None" | "null"));
        match item {
            _ if null && skip_nulls => {}
            Value::List(_) | Value::Tuple(_) => match levels {
                Some(n) if n < 1 => out.push(item.clone()),
                _ => flatten_into(&item.iterate()?, levels.map(|n| n - 1), skip_nulls, out, depth + 1)?,
            },
            other => out.push(other.clone()),
        }
    }
    Ok(())
}

fn subelements(call: &Call<'_>) -> Result<Value> {
    let wanted = call.args.required("subelements")?;
    let path: Vec<String> = match wanted {
        Value::Str(text) => text.as_str().split('.').map(str::to_owned).collect(),
        Value::List(_) => wanted.iterate()?.iter().map(crate::value::to_str).collect::<Result<_>>()?,
        _ => return Err(Error::runtime("subelements must be a list or a string")),
    };
    subelements_of(&call.input, &path, call.args.truth("skip_missing")?)
}

/// Pairs of an element and each item of a list inside of it.
pub(crate) fn subelements_of(input: &Value, path: &[String], skip_missing: bool) -> Result<Value> {
    let elements = match input {
        Value::Dict(dict) => dict.values(),
        Value::List(_) | Value::Tuple(_) => input.iterate()?,
        _ => {
            return Err(Error::runtime("obj must be a list of dicts or a nested dict"));
        }
    };
    let mut out = Vec::new();
    'elements: for element in elements {
        let mut values = element.clone();
        for key in path {
            let Value::Dict(dict) = &values else {
                return Err(Error::runtime(format!(
                    "the key '{key}' should point to a dictionary, got '{}'",
                    values.to_text()?
                )));
            };
            match dict.get_str(key) {
                Some(next) => values = next,
                None if skip_missing => continue 'elements,
                None => {
                    return Err(Error::runtime(format!(
                        "could not find '{key}' key in iterated item {}",
                        element.to_repr()?
                    )));
                }
            }
        }
        let Value::List(list) = &values else {
            let last = path.last().map_or("", String::as_str);
            return Err(Error::runtime(format!(
                "the key '{last}' should point to a list, got {}",
                values.to_repr()?
            )));
        };
        out.extend(list.snapshot().iter().map(|value| Value::tuple([element.clone(), value.clone()])));
    }
    Ok(Value::list(out))
}

fn columns(call: &Call<'_>) -> Result<Vec<Vec<Value>>> {
    std::iter::once(&call.input).chain(&call.args.rest).map(Value::iterate).collect()
}

fn zip(call: &Call<'_>) -> Result<Value> {
    let columns = columns(call)?;
    let shortest = columns.iter().map(Vec::len).min().unwrap_or(0);
    if call.args.truth("strict")? && columns.iter().any(|column| column.len() != shortest) {
        return Err(Error::runtime("zip() argument 2 is shorter than argument 1"));
    }
    Ok(Value::list((0..shortest).map(|i| Value::tuple(columns.iter().map(|column| column[i].clone())))))
}

fn zip_longest(call: &Call<'_>) -> Result<Value> {
    let columns = columns(call)?;
    let fill = call.args.get("fillvalue").cloned().unwrap_or_default();
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    Ok(Value::list((0..longest).map(|i| {
        Value::tuple(columns.iter().map(|column| column.get(i).cloned().unwrap_or_else(|| fill.clone())))
    })))
}

fn bounded(count: Option<usize>) -> Result<()> {
    match count {
        Some(count) if count <= RESULT_MAX => Ok(()),
        _ => Err(Error::new(ErrorKind::Limit, "the result has too many elements")),
    }
}

fn product(call: &Call<'_>) -> Result<Value> {
    let columns = columns(call)?;
    let repeat = usize::try_from(call.args.int_or("repeat", 1)?.max(0)).unwrap_or(0);
    let all: Vec<&Vec<Value>> = std::iter::repeat_n(&columns, repeat.min(64)).flatten().collect();
    bounded(all.iter().try_fold(all.len().max(1), |n, column| n.checked_mul(column.len().max(1))))?;
    Ok(Value::list(cartesian(&all).into_iter().map(Value::tuple)))
}

/// Every way to pick one of each column.
pub(crate) fn cartesian(columns: &[&Vec<Value>]) -> Vec<Vec<Value>> {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for column in columns {
        rows = rows
            .into_iter()
            .flat_map(|row| {
                column.iter().map(move |value| {
                    let mut row = row.clone();
                    row.push(value.clone());
                    row
                })
            })
            .collect();
    }
    rows
}

fn combinations(call: &Call<'_>) -> Result<Value> {
    let items = call.input.iterate()?;
    let size =
        usize::try_from(call.args.int_or("r", 0)?).map_err(|_| Error::runtime("r must be non-negative"))?;
    let mut out = Vec::new();
    pick(&items, size, 0, &mut Vec::new(), &mut out)?;
    Ok(Value::list(out))
}

fn pick(
    items: &[Value],
    size: usize,
    from: usize,
    chosen: &mut Vec<Value>,
    out: &mut Vec<Value>,
) -> Result<()> {
    if chosen.len() == size {
        bounded(out.len().checked_mul(size.max(1)))?;
        out.push(Value::tuple(chosen.clone()));
        return Ok(());
    }
    for i in from..items.len() {
        if items.len() - i < size - chosen.len() {
            break;
        }
        chosen.push(items[i].clone());
        pick(items, size, i + 1, chosen, out)?;
        chosen.pop();
    }
    Ok(())
}

fn permutations(call: &Call<'_>) -> Result<Value> {
    let items = call.input.iterate()?;
    let size = match call.args.int_opt("r")? {
        Some(r) => usize::try_from(r).map_err(|_| Error::runtime("r must be non-negative"))?,
        None => items.len(),
    };
    let mut out = Vec::new();
    arrange(&items, size, &mut Vec::new(), &mut out)?;
    Ok(Value::list(out))
}

fn arrange(items: &[Value], size: usize, chosen: &mut Vec<usize>, out: &mut Vec<Value>) -> Result<()> {
    if chosen.len() == size {
        bounded(out.len().checked_mul(size.max(1)))?;
        out.push(Value::tuple(chosen.iter().map(|i| items[*i].clone())));
        return Ok(());
    }
    for i in 0..items.len() {
        if !chosen.contains(&i) {
            chosen.push(i);
            arrange(items, size, chosen, out)?;
            chosen.pop();
        }
    }
    Ok(())
}

fn extract(call: &Call<'_>) -> Result<Value> {
    let mut keys = vec![call.input.clone()];
    match call.args.some("morekeys") {
        Some(more @ (Value::List(_) | Value::Tuple(_))) => keys.extend(more.iterate()?),
        Some(one) => keys.push(one.clone()),
        None => {}
    }
    let mut value = call.args.required("container")?.clone();
    for key in keys {
        value = crate::eval::item(&value, &key)?;
    }
    Ok(value)
}

fn rekey_on_member(call: &Call<'_>) -> Result<Value> {
    let key = call.args.text_or("key", "")?;
    let duplicates = call.args.text_or("duplicates", "error")?;
    if !matches!(duplicates.as_str(), "error" | "overwrite") {
        return Err(Error::runtime(format!(
            "duplicates parameter to rekey_on_member has unknown value: {duplicates}"
        )));
    }
    let elements = match &call.input {
        Value::Dict(dict) => dict.values(),
        Value::List(_) | Value::Tuple(_) => call.input.iterate()?,
        _ => return Err(Error::runtime("Type is not a valid list, set, or dict")),
    };
    let mut map = Map::new();
    for element in elements {
        let Value::Dict(dict) = &element else {
            return Err(Error::runtime("List item is not a valid dict"));
        };
        let Some(name) = dict.get_str(&key) else {
            return Err(Error::runtime(format!("Key '{key}' was not found.")));
        };
        let name = Key::new(name)?;
        if duplicates == "error" && map.contains_key(&name) {
            return Err(Error::runtime(format!(
                "Key {} is not unique, cannot convert to dict.",
                name.0.to_text()?
            )));
        }
        map.insert(name, element);
    }
    Ok(Value::Dict(Dict::new(map)))
}

fn keep_keys(call: &Call<'_>, keep: bool) -> Result<Value> {
    let target = call.args.required("target")?;
    let targets: Vec<String> = match target {
        Value::Str(text) => vec![text.as_str().to_owned()],
        other => other.iterate()?.iter().map(crate::value::to_str).collect::<Result<_>>()?,
    };
    let matching = call.args.text_or("matching_parameter", "equal")?;
    let mut patterns = Vec::new();
    if matching == "regex" {
        for target in &targets {
            patterns.push(crate::pattern::Pattern::new(target, false, false)?);
        }
    }
    let fits = |key: &str| -> Result<bool> {
        Ok(match matching.as_str() {
            "starts_with" => targets.iter().any(|target| key.starts_with(target.as_str())),
            "ends_with" => targets.iter().any(|target| key.ends_with(target.as_str())),
            "regex" => {
                let mut any = false;
                for pattern in &patterns {
                    any |= pattern.search(key, 0)?.is_some_and(|found| found.start() == 0);
                }
                any
            }
            _ => targets.iter().any(|target| target == key),
        })
    };
    let mut out = Vec::new();
    for element in call.input.iterate()? {
        let Value::Dict(dict) = &element else {
            return Err(Error::runtime("the elements of the list must be dictionaries"));
        };
        let mut map = Map::new();
        for (key, value) in dict.pairs() {
            if fits(&key.to_text()?)? == keep {
                map.insert(Key(key), value);
            }
        }
        out.push(Value::Dict(Dict::new(map)));
    }
    Ok(Value::list(out))
}

fn counter(call: &Call<'_>) -> Result<Value> {
    let mut map = Map::new();
    for item in call.input.iterate()? {
        let count = map.entry(Key::new(item)?).or_insert(Value::Int(0));
        *count = Value::Int(count.as_int().unwrap_or(0) + 1);
    }
    Ok(Value::Dict(Dict::new(map)))
}

fn groupby_as_dict(call: &Call<'_>) -> Result<Value> {
    let attribute = call.args.text_or("attribute", "")?;
    let mut map = Map::new();
    for element in call.input.iterate()? {
        let Some(key) = element.get(&attribute) else {
            return Err(Error::runtime(format!(
                "Attribute not contained in element #{}: {attribute}",
                map.len()
            )));
        };
        if map.insert(Key::new(key)?, element).is_some() {
            return Err(Error::runtime("Multiple sequence entries have the same attribute value"));
        }
    }
    Ok(Value::Dict(Dict::new(map)))
}

fn lists_mergeby(call: &Call<'_>) -> Result<Value> {
    let mut lists = vec![call.input.clone()];
    let mut rest = call.args.rest.clone();
    let index = match call.args.text_opt("index")? {
        Some(index) => index,
        None => rest.pop().map_or(Ok(String::new()), |last| last.to_text())?,
    };
    lists.extend(rest);
    if lists.len() == 1 && lists[0].iterate()?.iter().all(|item| matches!(item, Value::List(_))) {
        lists = lists[0].iterate()?;
    }
    let recursive = call.args.truth("recursive")?;
    let style = super::combine::ListMerge::parse(&call.args.text_or("list_merge", "replace")?)?;
    let mut merged: Vec<(Value, Map)> = Vec::new();
    for list in lists {
        for item in list.iterate()? {
            let (Value::Dict(dict), Some(key)) = (&item, item.get(&index)) else { continue };
            let data = (*dict.snapshot()).clone();
            match merged.iter_mut().find(|(other, _)| equal(other, &key).unwrap_or(false)) {
                Some((_, map)) => *map = super::combine::merge(map, &data, recursive, style),
                None => merged.push((key, data)),
            }
        }
    }
    let keyed = merged.into_iter().map(|(key, map)| (key, Value::Dict(Dict::new(map)))).collect();
    crate::methods::sorted(keyed, false).map(Value::list)
}

fn version_sort(call: &Call<'_>) -> Result<Value> {
    let mut items = call.input.iterate()?;
    let mut failure = None;
    items.sort_by(|a, b| {
        let order = a.to_text().and_then(|a| b.to_text().and_then(|b| crate::tests::loose_order(&a, &b)));
        order.unwrap_or_else(|error| {
            failure.get_or_insert(error);
            std::cmp::Ordering::Equal
        })
    });
    failure.map_or_else(|| Ok(Value::list(items)), Err)
}

fn index_of(call: &Call<'_>) -> Result<Value> {
    let test = call.args.text_or("test", "")?;
    let key = call.args.text_opt("key")?;
    let mut found = Vec::new();
    for (i, item) in call.input.iterate()?.into_iter().enumerate() {
        let subject = match &key {
            Some(key) => match item.get(key) {
                Some(value) => value,
                None => continue,
            },
            None => item,
        };
        let args = call.args.get("value").cloned().into_iter().collect();
        let holds = crate::tests::apply(call.context, &test, &subject, crate::value::Args::of(args))?;
        if holds.truthy()? {
            found.push(Value::Int(i64::try_from(i).unwrap_or(i64::MAX)));
        }
    }
    if found.len() == 1 && !call.args.truth("wantlist")? {
        return Ok(found.swap_remove(0));
    }
    Ok(Value::list(found))
}

fn get_path(call: &Call<'_>) -> Result<Value> {
    let path = call.args.text_or("path", "")?;
    let mut value = call.input.clone();
    for part in path_parts(&path) {
        value = crate::eval::item(&value, &part)?;
    }
    if call.args.truth("wantlist")? { Ok(Value::list([value])) } else { Ok(value) }
}

/// The parts of `a.b[0]['c']`.
fn path_parts(path: &str) -> Vec<Value> {
    let mut parts = Vec::new();
    for piece in path.replace('[', ".[").split('.').filter(|piece| !piece.is_empty()) {
        let inner = piece.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let text = inner.unwrap_or(piece);
        parts.push(match text.parse() {
            Ok(index) if inner.is_some() => Value::Int(index),
            _ => Value::text(text.trim_matches(['\'', '"'])),
        });
    }
    parts
}

fn to_paths(call: &Call<'_>) -> Result<Value> {
    fn walk(value: &Value, path: &str, out: &mut Map) -> Result<()> {
        match value {
            Value::Dict(dict) if !dict.is_empty() => {
                for (key, value) in dict.pairs() {
                    let text = key.to_text()?;
                    let simple = text.chars().all(|c| c.is_alphanumeric() || c == '_');
                    let next = match (path.is_empty(), simple) {
                        (true, true) => text,
                        (false, true) => format!("{path}.{text}"),
                        (_, false) => format!("{path}['{text}']"),
                    };
                    walk(&value, &next, out)?;
                }
            }
            Value::List(list) if !list.is_empty() => {
                for (i, item) in list.snapshot().iter().enumerate() {
                    walk(item, &format!("{path}[{i}]"), out)?;
                }
            }
            other => {
                out.insert(Key(Value::text(path)), other.clone());
            }
        }
        Ok(())
    }
    let mut out = Map::new();
    walk(&call.input, &call.args.text_or("prepend", "")?, &mut out)?;
    let dict = Value::Dict(Dict::new(out));
    if call.args.truth("wantlist")? { Ok(Value::list([dict])) } else { Ok(dict) }
}
