//! Checks answers against the reduced API description: keys, types, enums, null, limits.
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};
use tests_hcloud_mock::Observed;
use tests_hcloud_mock::route::{Found, find};

/// The reduced description.
pub static FACTS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../spec/facts.json")).expect("facts.json is JSON"));

/// Keys and words that are sent although the description does not have them, and why.
const KNOWN_ADDITIONS: &[(&str, &str)] = &[
    // The Python client reads both for every http service; the description has them for https only.
    ("services.*.http", "certificates"),
    ("services.*.http", "redirect_http"),
    // Every list has pages, also that of actions by id.
    ("", "meta"),
    // A setting brings it back for clients from before July 2026.
    ("primary_ip", "datacenter"),
    ("server", "datacenter"),
    // Since October 2026 load balancers hold primary IPs; the description's enum has not followed.
    ("assignee_type", "load_balancer"),
];

/// What was seen so far: problems, and which operations were answered well.
#[derive(Default)]
pub struct Seen {
    /// Everything that does not fit the description.
    pub problems: Vec<String>,
    /// Operations answered with success.
    pub served: BTreeSet<String>,
    /// How many answers were checked.
    pub answers: usize,
}

/// A watcher to hand to the mock, and where it writes.
pub fn watcher() -> (tests_hcloud_mock::Observer, Arc<Mutex<Seen>>) {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let shared = Arc::clone(&seen);
    let watch = move |answer: &Observed<'_>| {
        let mut seen = shared.lock().expect("no test panics while it watches");
        seen.answers += 1;
        check(answer, &mut seen);
    };
    (Box::new(watch), seen)
}

fn check(answer: &Observed<'_>, seen: &mut Seen) {
    let at = format!("{} {} {}", answer.method, answer.path, answer.status);
    let body: Value = match serde_json::from_slice(answer.body) {
        Ok(body) => body,
        Err(_) if answer.status == 204 && answer.body.is_empty() => Value::Null,
        Err(error) => return seen.problems.push(format!("{at}: body is not JSON: {error}")),
    };
    if answer.status >= 400 {
        let text = |key: &str| body.pointer(key).is_some_and(Value::is_string);
        let details = body.pointer("/error/details").is_some_and(|d| d.is_object() || d.is_null());
        if !(text("/error/code") && text("/error/message") && details) {
            seen.problems.push(format!("{at}: not an error envelope: {body}"));
        }
        return;
    }
    let Found::Handler(route, _) = find(answer.method, answer.path) else {
        return seen.problems.push(format!("{at}: success without a route"));
    };
    let name = format!("{} {}", route.method, route.path);
    match FACTS["operations"][&name]["answers"].get(answer.status.to_string()) {
        None => seen.problems.push(format!("{at}: status is not in the description")),
        Some(Value::Null) if body.is_null() => {}
        Some(shape) => {
            let mut problems = Vec::new();
            validate(shape, &body, &mut String::new(), &mut problems);
            seen.problems.extend(problems.into_iter().map(|p| format!("{at}: {p}")));
        }
    }
    seen.served.insert(name);
}

fn is_known(path: &str, word: &str) -> bool {
    let normal: Vec<&str> =
        path.split('.').map(|p| if p.parse::<usize>().is_ok() { "*" } else { p }).collect();
    let normal = normal.join(".");
    KNOWN_ADDITIONS
        .iter()
        .any(|(place, w)| *w == word && (normal == *place || !place.is_empty() && normal.ends_with(place)))
}

/// Checks a value against a shape; `path` says where in the answer it is.
pub fn validate(shape: &Value, value: &Value, path: &mut String, problems: &mut Vec<String>) {
    let shape = &FACTS["shapes"][shape.as_u64().expect("shapes are referred to by number") as usize];
    if let Some(choices) = shape["one_of"].as_array() {
        let attempt = |choice: &Value| {
            let mut found = Vec::new();
            validate(choice, value, &mut path.clone(), &mut found);
            found
        };
        let best = choices.iter().map(attempt).min_by_key(Vec::len).unwrap_or_default();
        return problems.extend(best);
    }
    if value.is_null() {
        if shape["null"] != true {
            problems.push(format!("{path} is null"));
        }
        return;
    }
    let fits = match shape["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    if !fits {
        return problems.push(format!("{path} is not of type {}: {value}", shape["type"]));
    }
    check_limits(shape, value, path, problems);
    if let Some(map) = value.as_object() {
        check_object(shape, map, path, problems);
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        step(path, &index.to_string(), |path| validate(&shape["items"], item, path, problems));
    }
}

fn step(path: &mut String, key: &str, then: impl FnOnce(&mut String)) {
    let before = path.len();
    if before > 0 {
        path.push('.');
    }
    path.push_str(key);
    then(path);
    path.truncate(before);
}

fn check_object(
    shape: &Value,
    map: &serde_json::Map<String, Value>,
    path: &mut String,
    problems: &mut Vec<String>,
) {
    for key in shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !map.contains_key(key) {
            problems.push(format!("{path} lacks {key}"));
        }
    }
    for (key, value) in map {
        let known = shape["keys"].get(key).or(shape.get("values"));
        match known {
            Some(inner) => step(path, key, |path| validate(inner, value, path, problems)),
            None if shape.get("keys").is_none() => {}
            None if is_known(path, key) => {}
            None => problems.push(format!("{path} has {key}, which is not in the description")),
        }
    }
}

fn check_limits(shape: &Value, value: &Value, path: &str, problems: &mut Vec<String>) {
    if let (Some(words), Some(word)) = (shape["enum"].as_array(), value.as_str())
        && !words.iter().any(|w| w == word)
        && !is_known(path, word)
    {
        problems.push(format!("{path} is {word:?}, not one of {words:?}"));
    }
    let size = match value {
        Value::String(text) => Some((text.chars().count(), "min_length", "max_length")),
        Value::Array(items) => Some((items.len(), "min_items", "max_items")),
        _ => None,
    };
    if let Some((size, min, max)) = size {
        let out = shape[min].as_u64().is_some_and(|m| (size as u64) < m)
            || shape[max].as_u64().is_some_and(|m| size as u64 > m);
        if out {
            problems.push(format!("{path} has the wrong size: {size}"));
        }
    }
    if let Some(number) = value.as_f64() {
        let out = shape["min"].as_f64().is_some_and(|m| number < m)
            || shape["max"].as_f64().is_some_and(|m| number > m);
        if out {
            problems.push(format!("{path} is out of its limits: {number}"));
        }
    }
    if shape["format"] == "date-time" && value.as_str().is_some_and(|t| t.len() != 20 || !t.ends_with('Z')) {
        problems.push(format!("{path} is not a time: {value}"));
    }
}

#[test]
fn a_wrong_answer_is_noticed() {
    let mut problems = BTreeMap::new();
    for (body, expected) in [
        (r#"{"action":{}}"#, "action lacks command"),
        (r#"{"action":null}"#, "action is null"),
        (r#"{"action":[]}"#, "action is not of type \"object\": []"),
        (r#"{}"#, " lacks action"),
        (r#"{"action":{"status":"maybe"}}"#, "action.status is \"maybe\", not one of"),
        (r#"{"action":{"colour":1}}"#, "action has colour, which is not in the description"),
    ] {
        let mut seen = Seen::default();
        check(&Observed { method: "GET", path: "/actions/1", status: 200, body: body.as_bytes() }, &mut seen);
        let found = seen.problems.iter().any(|p| p.contains(expected));
        problems.insert(body, (found, seen.problems));
    }
    assert!(problems.values().all(|(found, _)| *found), "{problems:#?}");
}
