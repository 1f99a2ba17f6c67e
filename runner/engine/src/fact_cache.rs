//! Facts that outlive a run: whoever starts a session may hand in a place to keep them.

use runner_template::{Value, Vars};
use serde_json::{Map, Value as Json};

/// What ansible-core calls the one entry of a file that holds a host's facts.
const PAYLOAD: &str = "__payload__";

/// A place that keeps the facts of hosts.
pub trait FactCache: Send + Sync {
    /// What was kept for a host and is not too old.
    fn get(&self, host: &str) -> Option<Vec<u8>>;
    /// Keeps the facts of a host.
    fn set(&self, host: &str, facts: &[u8]);
    /// Forgets a host.
    fn forget(&self, host: &str);
    /// The hosts something is kept for.
    fn hosts(&self) -> Vec<String>;
}

/// The facts of a host, as ansible-core or this program wrote them.
pub(crate) fn read(bytes: &[u8]) -> Option<Vars> {
    let outer: Json = serde_json::from_slice(bytes).ok()?;
    let facts = match outer.get(PAYLOAD).and_then(Json::as_str) {
        Some(text) => serde_json::from_str(text).ok()?,
        None => outer,
    };
    let Json::Object(map) = plain(facts) else { return None };
    Some(Vars::new(map.iter().map(|(name, value)| (name.as_str(), Value::from_json(value)))))
}

/// Facts in the form that ansible-core reads too.
pub(crate) fn write(facts: &Vars) -> Option<Vec<u8>> {
    let map: Map<String, Json> =
        facts.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_json().ok()?))).collect();
    let payload = serde_json::to_string(&map).ok()?;
    serde_json::to_vec(&serde_json::json!({ PAYLOAD: payload })).ok()
}

/// Values without the tags that ansible-core writes around them.
fn plain(value: Json) -> Json {
    match value {
        Json::Object(mut map) => {
            let kind = map.get("__ansible_type").and_then(Json::as_str).unwrap_or_default();
            if kind.starts_with("_AnsibleTagged")
                && let Some(inner) = map.shift_remove("value")
            {
                return plain(inner);
            }
            Json::Object(map.into_iter().map(|(name, value)| (name, plain(value))).collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(plain).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{read, write};

    #[test]
    fn facts_of_either_program_are_read() {
        let theirs = r#"{"__payload__": "{\"a\": {\"value\": \"1\", \"tags\": [], \"__ansible_type\": \"_AnsibleTaggedStr\"}, \"n\": [2]}"}"#;
        let facts = read(theirs.as_bytes()).expect("facts");
        assert_eq!(facts.get("a").and_then(|value| value.as_str()), Some("1"));
        let again = read(&write(&facts).expect("JSON")).expect("facts");
        assert_eq!(again.len(), 2);
        assert!(read(b"nonsense").is_none());
    }
}
