//! What `no_log` leaves of a result.

use serde_json::{Map, Value};

/// The sentence that stands for everything hidden.
pub(crate) const HIDDEN: &str =
    "the output has been hidden due to the fact that 'no_log: true' was specified for this result";

/// Keys that say how it went and nothing of what.
const KEPT: &[&str] = &["attempts", "changed", "retries", "failed", "unreachable", "skipped"];

/// Replaces a result by what may be shown of it.
pub(crate) fn hide(result: &mut Map<String, Value>) {
    let mut shown = Map::new();
    shown.insert("censored".to_owned(), HIDDEN.into());
    for key in KEPT {
        if let Some(value) = result.get(*key) {
            shown.insert((*key).to_owned(), value.clone());
        }
    }
    *result = shown;
}
