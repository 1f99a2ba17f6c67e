//! Tests of task results.

use super::{Call, Test};
use crate::error::{Error, Result};
use crate::value::{Dict, Value};

pub(super) const TESTS: &[Test] = &[
    Test::new("failed", &[], |call| failed(call, "failed")),
    Test::new("failure", &[], |call| failed(call, "failed")),
    Test::new("succeeded", &[], |call| failed(call, "failed").map(|failed| !failed)),
    Test::new("success", &[], |call| failed(call, "failed").map(|failed| !failed)),
    Test::new("successful", &[], |call| failed(call, "failed").map(|failed| !failed)),
    Test::new("changed", &[], changed),
    Test::new("change", &[], changed),
    Test::new("skipped", &[], |call| flag(result(call, "skipped")?, "skipped")),
    Test::new("skip", &[], |call| flag(result(call, "skipped")?, "skipped")),
    Test::new("unreachable", &[], |call| flag(result(call, "unreachable")?, "unreachable")),
    Test::new("reachable", &[], |call| flag(result(call, "reachable")?, "unreachable").map(|flag| !flag)),
    Test::new("timedout", &[], |call| {
        let timed_out = result(call, "timedout")?.get_str("timedout");
        timed_out.and_then(|value| value.get("period")).map_or(Ok(false), |period| period.truthy())
    }),
    Test::new("started", &[], |call| async_flag(call, "started")),
    Test::new("finished", &[], |call| async_flag(call, "finished")),
];

fn result<'c>(call: &'c Call<'_>, name: &str) -> Result<&'c Dict> {
    call.input.as_dict().ok_or_else(|| Error::runtime(format!("The '{name}' test expects a dictionary")))
}

fn flag(result: &Dict, name: &str) -> Result<bool> {
    result.get_str(name).map_or(Ok(false), |value| value.truthy())
}

fn failed(call: &Call<'_>, name: &str) -> Result<bool> {
    flag(result(call, name)?, "failed")
}

fn changed(call: &Call<'_>) -> Result<bool> {
    let result = result(call, "changed")?;
    if let (None, Some(Value::List(items))) = (result.get_str("changed"), result.get_str("results")) {
        let items = items.snapshot();
        if matches!(items.first(), Some(Value::Dict(_))) {
            for item in items.iter() {
                if let Some(dict) = item.as_dict()
                    && flag(dict, "changed")?
                {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
    }
    flag(result, "changed")
}

/// Whether an asynchronous task has started or finished; a task that is not asynchronous has.
fn async_flag(call: &Call<'_>, name: &str) -> Result<bool> {
    result(call, name)?.get_str(name).map_or(Ok(true), |value| value.truthy())
}
