//! `wait_for_connection`: tries until the machine answers.

use std::time::{Duration, Instant};

use serde_json::Map;

use super::Call;
use crate::{result::Answer, trouble::Trouble};

/// Seconds to try; Ansible's own default.
const TIMEOUT_DEFAULT_S: f64 = 600.0;

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    for name in call.args.keys() {
        if !matches!(name.as_str(), "delay" | "sleep" | "timeout" | "connect_timeout") {
            return Ok(Answer::failure(format!(
                "Invalid options for ansible.builtin.wait_for_connection: {name}"
            )));
        }
    }
    let delay_s = call.number("delay").unwrap_or(0.0).max(0.0);
    let sleep_s = call.number("sleep").unwrap_or(1.0).max(0.0);
    let timeout_s = call.number("timeout").unwrap_or(TIMEOUT_DEFAULT_S).max(0.0);
    if call.check {
        return Ok(Answer::unchanged().set("elapsed", 0));
    }
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_secs_f64(delay_s)).await;
    match until_reachable(call, begun, timeout_s, sleep_s).await {
        Ok(()) => Ok(Answer::unchanged().set("elapsed", elapsed(begun))),
        Err(last) => Ok(Answer::failure(format!("timed out waiting for ping module test: {last}"))
            .set("elapsed", elapsed(begun))),
    }
}

pub(super) fn elapsed(begun: Instant) -> i64 {
    i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX)
}

/// Pings until an answer comes; the last complaint when the time is over.
pub(super) async fn until_reachable(
    call: &Call<'_>,
    begun: Instant,
    timeout_s: f64,
    sleep_s: f64,
) -> Result<(), String> {
    let limit = Duration::from_secs_f64(timeout_s);
    let mut last = String::new();
    while begun.elapsed() < limit {
        match once(call).await {
            Ok(()) => return Ok(()),
            Err(complaint) => last = complaint,
        }
        tokio::time::sleep(Duration::from_secs_f64(sleep_s)).await;
    }
    Err(last)
}

async fn once(call: &Call<'_>) -> Result<(), String> {
    let target = call.target().await.map_err(|trouble| format!("{trouble:?}"))?;
    let invocation = call.invocation("ansible.builtin.ping", Map::new());
    match target.invoke(invocation).await {
        Ok(outcome) if !outcome.failed() => Ok(()),
        Ok(outcome) => Err(format!("{:?}", outcome.result.get("msg"))),
        Err(lost) => {
            // The next attempt needs a connection of its own; that it cannot be made is what this loop is about.
            let _ = target.reset().await;
            Err(lost.message)
        }
    }
}
