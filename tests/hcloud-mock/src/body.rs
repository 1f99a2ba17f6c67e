//! Reading a request body: every field is checked, and all mistakes are told at once, as the API does.
use crate::error::ApiError;
use crate::kind::Kind;
use crate::label::{self, Labels};
use serde_json::{Map, Value};

/// Largest id the API hands out: what a double can hold exactly.
pub const ID_MAX: u64 = (1 << 53) - 1;

const MISSING: &str = "missing data for required field";

/// Something named by id or by name.
#[derive(Clone, Debug, PartialEq)]
pub enum Reference {
    /// A JSON number.
    Id(u64),
    /// A string; when it is all digits it may still be an id.
    Name(String),
}

impl Reference {
    /// The id, when the reference can be read as one.
    pub fn as_id(&self) -> Option<u64> {
        match self {
            Reference::Id(id) => Some(*id),
            Reference::Name(text) => text.parse().ok(),
        }
    }

    /// Whether the reference means the object with this id and name.
    pub fn means(&self, id: u64, name: &str) -> bool {
        match self {
            Reference::Id(wanted) => *wanted == id,
            Reference::Name(text) => text == name || text.parse() == Ok(id),
        }
    }

    /// 404 for this reference.
    pub fn not_found(&self, kind: Kind) -> ApiError {
        match self {
            Reference::Id(id) => ApiError::not_found(kind, id),
            Reference::Name(name) => ApiError::name_not_found(kind, name),
        }
    }
}

/// A JSON object being read field by field.
#[derive(Debug)]
pub struct Body {
    map: Map<String, Value>,
    prefix: String,
    problems: Vec<(String, String)>,
}

impl Body {
    /// Reads the bytes of a request. An empty body is an empty object.
    ///
    /// # Errors
    /// `json_error` when it is not a JSON object.
    pub fn parse(bytes: &[u8]) -> Result<Body, ApiError> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Body::nested(Map::new(), String::new()));
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(map)) => Ok(Body::nested(map, String::new())),
            _ => Err(ApiError::json()),
        }
    }

    /// An object inside another; `prefix` is put before the names of its fields in messages.
    pub fn nested(map: Map<String, Value>, prefix: String) -> Body {
        Body { map, prefix, problems: Vec::new() }
    }

    /// Notes a mistake.
    pub fn problem(&mut self, key: &str, message: &str) {
        self.problems.push((format!("{}{key}", self.prefix), message.to_owned()));
    }

    /// Takes over the mistakes found in a nested object.
    pub fn absorb(&mut self, nested: Body) {
        self.problems.extend(nested.problems);
    }

    /// Tells all mistakes noted so far.
    ///
    /// # Errors
    /// `invalid_input` with one entry per field.
    pub fn check(&self) -> Result<(), ApiError> {
        if self.problems.is_empty() { Ok(()) } else { Err(ApiError::invalid_fields(&self.problems)) }
    }

    /// Whether the key is there, even as null.
    pub fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// Whether the key is there as an explicit null.
    pub fn is_null(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(Value::is_null)
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.map.get(key).filter(|v| !v.is_null())
    }

    fn typed<T>(&mut self, key: &str, message: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let found = read(self.value(key)?);
        if found.is_none() {
            self.problem(key, message);
        }
        found
    }

    fn needed<T: Default>(&mut self, key: &str, found: Option<T>) -> T {
        if found.is_none() && self.value(key).is_none() {
            self.problem(key, MISSING);
        }
        found.unwrap_or_default()
    }

    /// An optional string.
    pub fn text(&mut self, key: &str) -> Option<String> {
        self.typed(key, "must be a string", |v| v.as_str().map(str::to_owned))
    }

    /// A required string.
    pub fn need_text(&mut self, key: &str) -> String {
        let found = self.text(key);
        self.needed(key, found)
    }

    /// An optional boolean.
    pub fn flag(&mut self, key: &str) -> Option<bool> {
        self.typed(key, "must be a boolean", Value::as_bool)
    }

    /// A required boolean.
    pub fn need_flag(&mut self, key: &str) -> bool {
        let found = self.flag(key);
        self.needed(key, found)
    }

    /// An optional whole number within limits.
    pub fn int(&mut self, key: &str, min: i64, max: i64) -> Option<i64> {
        let found = self.typed(key, "must be an integer", whole)?;
        if (min..=max).contains(&found) {
            return Some(found);
        }
        self.problem(key, &format!("must be between {min} and {max}"));
        None
    }

    /// A required whole number within limits.
    pub fn need_int(&mut self, key: &str, min: i64, max: i64) -> i64 {
        let found = self.int(key, min, max);
        self.needed(key, found)
    }

    /// An optional id.
    pub fn id(&mut self, key: &str) -> Option<u64> {
        self.typed(key, "must be a valid ID", id_of)
    }

    /// A required id.
    pub fn need_id(&mut self, key: &str) -> u64 {
        let found = self.id(key);
        self.needed(key, found)
    }

    /// An optional list of ids.
    pub fn ids(&mut self, key: &str) -> Vec<u64> {
        self.typed(key, "must be a list of IDs", |v| v.as_array()?.iter().map(id_of).collect())
            .unwrap_or_default()
    }

    /// An optional list of strings.
    pub fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        self.typed(key, "must be a list of strings", |v| {
            v.as_array()?.iter().map(|s| s.as_str().map(str::to_owned)).collect()
        })
    }

    /// An optional id-or-name.
    pub fn reference(&mut self, key: &str) -> Option<Reference> {
        self.typed(key, "must be an ID or a name", reference_of)
    }

    /// A required id-or-name.
    pub fn need_reference(&mut self, key: &str) -> Reference {
        let found = self.reference(key);
        if found.is_none() && self.value(key).is_none() {
            self.problem(key, MISSING);
        }
        found.unwrap_or(Reference::Id(0))
    }

    /// An optional list of ids-or-names.
    pub fn references(&mut self, key: &str) -> Vec<Reference> {
        let read = |v: &Value| v.as_array()?.iter().map(reference_of).collect();
        self.typed(key, "must be a list of IDs or names", read).unwrap_or_default()
    }

    /// An optional word out of a fixed set.
    pub fn choice(&mut self, key: &str, choices: &[&'static str]) -> Option<&'static str> {
        let read = |v: &Value| choices.iter().copied().find(|c| v.as_str() == Some(c));
        self.typed(key, &format!("must be one of: {}", choices.join(", ")), read)
    }

    /// A required word out of a fixed set.
    pub fn need_choice(&mut self, key: &str, choices: &[&'static str]) -> &'static str {
        let found = self.choice(key, choices);
        if found.is_none() && self.value(key).is_none() {
            self.problem(key, MISSING);
        }
        found.unwrap_or("")
    }

    /// An optional object; give it back with [`Body::absorb`] after reading.
    pub fn object(&mut self, key: &str) -> Option<Body> {
        let map = self.typed(key, "must be an object", |v| v.as_object().cloned())?;
        Some(Body::nested(map, format!("{}{key}.", self.prefix)))
    }

    /// An optional list of objects, each to be given back with [`Body::absorb`].
    pub fn objects(&mut self, key: &str) -> Option<Vec<Body>> {
        let read = |v: &Value| v.as_array()?.iter().map(|o| o.as_object().cloned()).collect();
        let maps: Vec<Map<String, Value>> = self.typed(key, "must be a list of objects", read)?;
        let name = |i: usize| format!("{}{key}.{i}.", self.prefix);
        Some(maps.into_iter().enumerate().map(|(i, map)| Body::nested(map, name(i))).collect())
    }

    /// A required list of objects.
    pub fn need_objects(&mut self, key: &str) -> Vec<Body> {
        let found = self.objects(key);
        if found.is_none() && self.value(key).is_none() {
            self.problem(key, MISSING);
        }
        found.unwrap_or_default()
    }

    /// Optional labels, checked.
    pub fn labels(&mut self) -> Option<Labels> {
        let read = |v: &Value| {
            let pairs = v.as_object()?.iter().map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())));
            pairs.collect::<Option<Labels>>()
        };
        let labels = self.typed("labels", "must be an object of strings", read)?;
        let of_one = |(k, v): (&String, &String)| label::key_problem(k).or_else(|| label::value_problem(v));
        let problem = labels.iter().find_map(of_one);
        if let Some(problem) = problem {
            self.problem("labels", problem);
        }
        Some(labels)
    }

    /// A required name of 1 to `max` characters without blanks at its ends.
    pub fn need_name(&mut self, max: usize) -> String {
        let name = self.need_text("name");
        self.check_name(&name, max);
        name
    }

    /// An optional name, checked like [`Body::need_name`].
    pub fn name(&mut self, max: usize) -> Option<String> {
        let name = self.text("name")?;
        self.check_name(&name, max);
        Some(name)
    }

    fn check_name(&mut self, name: &str, max: usize) {
        if self.value("name").is_none_or(|v| !v.is_string()) {
            return;
        }
        if name.is_empty() {
            self.problem("name", "must not be empty");
        } else if name.chars().count() > max {
            self.problem("name", &format!("is too long, the maximum is {max} characters"));
        } else if name.trim() != name || name.chars().any(char::is_control) {
            self.problem("name", "is not a valid name");
        }
    }
}

fn whole(value: &Value) -> Option<i64> {
    let whole_float = |f: f64| (f.fract() == 0.0 && f.abs() < 9e15).then_some(f as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(whole_float))
}

fn id_of(value: &Value) -> Option<u64> {
    value.as_u64().filter(|id| (1..=ID_MAX).contains(id))
}

fn reference_of(value: &Value) -> Option<Reference> {
    match value {
        Value::String(name) if !name.is_empty() => Some(Reference::Name(name.clone())),
        other => id_of(other).map(Reference::Id),
    }
}
