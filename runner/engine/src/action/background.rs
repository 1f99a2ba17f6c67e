//! Modules that run on the machine, at once or as background jobs: `async` and `poll`.

use std::time::{Duration, Instant};

use runner_template::Value;
use serde_json::Map;

use super::Call;
use crate::{event::Event, result::Answer, trouble::Trouble};

/// Digits of a job's number, as Ansible makes it.
const JOB_DIGITS: u64 = 1_000_000_000_000;

/// Runs the module, in the background if the task says so.
pub(super) async fn or_direct(call: &Call<'_>, module: &str) -> Result<Answer, Trouble> {
    let args = call.json_args()?;
    if call.async_s == 0 || matches!(call.job.unit.action(), "async_status") {
        return call.module(module, args).await;
    }
    if call.check {
        let message = "check mode and async cannot be used on same task.";
        let mut answer = Answer::failure(message);
        answer.from_action = true;
        return Ok(answer);
    }
    let target = call.target().await?;
    let mut invocation = call.invocation(module, args);
    invocation.async_s = Some(call.async_s);
    let number = rand::random::<u64>() % JOB_DIGITS;
    invocation.job = Some(format!("j{number:012}.{}", std::process::id()));
    invocation.async_dir = call
        .scope
        .get("ansible_async_dir")
        .and_then(|dir| call.job.shared.templar.render(&dir, call.scope).ok())
        .and_then(|dir| dir.to_text().ok());
    let dir = invocation.async_dir.clone();
    let started = call.invoke(&*target, invocation).await?;
    if call.poll_s == 0 || started.failed() {
        return Ok(started);
    }
    let Some(job) = started.fields.get("ansible_job_id").and_then(|job| job.to_text().ok()) else {
        return Ok(started);
    };
    poll(call, &job, dir, started).await
}

async fn poll(call: &Call<'_>, job: &str, dir: Option<String>, started: Answer) -> Result<Answer, Trouble> {
    let target = call.target().await?;
    let begun = Instant::now();
    let limit = Duration::from_secs(call.async_s);
    let mut last = started;
    while begun.elapsed() < limit {
        tokio::time::sleep(Duration::from_secs(call.poll_s)).await;
        last = status(call, &*target, job, dir.clone(), "status").await?;
        if last.is("finished") || last.failed() {
            if last.is("finished") {
                status(call, &*target, job, dir, "cleanup").await?;
            }
            last.fields.insert("ansible_job_id".to_owned(), Value::text(job));
            let report = Box::new(call.job.report(&last, false));
            call.job.shared.tell(Event::AsyncFinished(report)).await;
            return Ok(last);
        }
        let report = Box::new(call.job.report(&last, false));
        call.job.shared.tell(Event::AsyncPolled(report)).await;
    }
    let message = format!("async task did not complete within the requested time - {}s", call.async_s);
    let mut answer = Answer::failure(message);
    answer.fields.insert("async_result".to_owned(), last.registered());
    Ok(answer)
}

async fn status(
    call: &Call<'_>,
    target: &dyn crate::target::Target,
    job: &str,
    dir: Option<String>,
    mode: &str,
) -> Result<Answer, Trouble> {
    let mut args = Map::new();
    args.insert("jid".to_owned(), job.into());
    args.insert("mode".to_owned(), mode.into());
    let mut invocation = call.invocation("ansible.builtin.async_status", args);
    invocation.async_dir = dir;
    call.invoke(target, invocation).await
}
