//! The action itself, again and again until it is good: `retries`, `until`, `delay`, `timeout`.

use std::time::Duration;

use runner_playbook::keyword::Keyword;
use runner_template::{Scope, Value};

use crate::{
    action::Call,
    delegate::Delegation,
    event::Notice,
    keywords,
    result::{Answer, Effect},
    task::{Job, holds, with_result},
    trouble::Trouble,
};

/// Attempts when only `until` is given; Ansible's own default.
const RETRIES_DEFAULT: f64 = 3.0;

/// Seconds between attempts; Ansible's own default.
const DELAY_DEFAULT_S: f64 = 5.0;

/// A wait longer than this is a mistake in the playbook, and more would overflow the clock.
const DELAY_MAX_S: f64 = 1.0e9;

/// Runs the action of a task until it succeeds or no attempt is left.
pub(crate) async fn run(
    job: &Job,
    scope: &Scope,
    delegation: Option<&Delegation>,
) -> Result<Answer, Trouble> {
    let call = Call::prepare(job, scope, delegation)?;
    let has_until = !job.unit.prepared().all(Keyword::Until).is_empty();
    let retries = keywords::number(&job.shared, &job.unit, Keyword::Retries, scope)?;
    let retries = match retries {
        Some(count) if count < 0.0 => 0,
        Some(count) => count as u64,
        None if has_until => RETRIES_DEFAULT as u64,
        None => 0,
    };
    let delay_s = keywords::number(&job.shared, &job.unit, Keyword::Delay, scope)?.unwrap_or(DELAY_DEFAULT_S);
    let delay_s = if delay_s < 0.0 { 1.0 } else { delay_s.min(DELAY_MAX_S) };
    let timeout_s = keywords::number(&job.shared, &job.unit, Keyword::Timeout, scope)?
        .map_or(job.shared.settings.task_timeout_s, |seconds| seconds.max(0.0) as u64);
    let retrying = retries > 0 || has_until;
    for attempt in 1..=retries + 1 {
        let mut answer = limited(call.act(), timeout_s).await?;
        if answer.unreachable() {
            return Ok(answer);
        }
        defaults(&mut answer);
        redirect(job, delegation, &mut answer, &call, scope)?;
        if retrying {
            answer = answer.set("attempts", i64::try_from(attempt).unwrap_or(i64::MAX));
        }
        judge(job, scope, &mut answer)?;
        if !retrying {
            return Ok(answer);
        }
        let seen = with_result(job, scope, &answer);
        let good = holds(job, Keyword::Until, &seen)?.unwrap_or_else(|| !answer.failed());
        if good {
            return Ok(answer);
        }
        if attempt > retries {
            let mut answer =
                answer.set("attempts", i64::try_from(retries).unwrap_or(i64::MAX)).set("failed", true);
            job.explain(&mut answer);
            return Ok(answer);
        }
        job.retrying(&answer, retries + 1 - attempt).await;
        tokio::time::sleep(Duration::from_secs_f64(delay_s)).await;
    }
    Err(Notice::error("no attempt was made").into())
}

async fn limited(
    action: impl Future<Output = Result<Answer, Trouble>>,
    timeout_s: u64,
) -> Result<Answer, Trouble> {
    if timeout_s == 0 {
        return action.await;
    }
    match tokio::time::timeout(Duration::from_secs(timeout_s), action).await {
        Ok(result) => result,
        Err(_) => Err(Trouble::TimedOut(timeout_s)),
    }
}

/// `failed` follows `rc`, `changed` is false unless said.
fn defaults(answer: &mut Answer) {
    if !answer.fields.contains_key("failed")
        && let Some(Value::Int(rc)) = answer.fields.get("rc")
        && *rc != 0
    {
        answer.fields.insert("failed".to_owned(), Value::Bool(true));
    }
    if !answer.fields.contains_key("changed") {
        answer.fields.insert("changed".to_owned(), Value::Bool(false));
    }
}

/// `changed_when`, then `failed_when`; a result that was skipped is left alone.
fn judge(job: &Job, scope: &Scope, answer: &mut Answer) -> Result<(), Trouble> {
    if answer.skipped() {
        return Ok(());
    }
    let seen = with_result(job, scope, answer);
    match holds(job, Keyword::ChangedWhen, &seen) {
        Ok(Some(changed)) => {
            answer.fields.insert("changed".to_owned(), Value::Bool(changed));
        }
        Ok(None) => {}
        Err(trouble) => return broken(job, answer, "changed_when_result", trouble),
    }
    let seen = with_result(job, scope, answer);
    match holds(job, Keyword::FailedWhen, &seen) {
        Ok(Some(failed)) => {
            answer.fields.insert("failed".to_owned(), Value::Bool(failed));
            answer.fields.insert("failed_when_result".to_owned(), Value::Bool(failed));
            if failed {
                answer.from_action = true;
                job.explain_anew(answer);
            }
        }
        Ok(None) => {}
        Err(trouble) => return broken(job, answer, "failed_when_result", trouble),
    }
    Ok(())
}

/// A condition on the result that cannot be evaluated fails the task but keeps its result.
fn broken(job: &Job, answer: &mut Answer, key: &str, trouble: Trouble) -> Result<(), Trouble> {
    let Trouble::Failed(notice) = trouble else { return Err(trouble) };
    answer.fields.insert("failed".to_owned(), Value::Bool(true));
    answer.fields.insert(key.to_owned(), Value::text(notice.sentence()));
    answer.error = Some(job.failure(Notice::error("Action failed.")));
    Ok(())
}

/// Facts of the result belong to the host, or to the delegate if the task says so.
fn redirect(
    job: &Job,
    delegation: Option<&Delegation>,
    answer: &mut Answer,
    call: &Call<'_>,
    scope: &Scope,
) -> Result<(), Trouble> {
    if call.handles_facts() {
        return Ok(());
    }
    let Some(facts @ Value::Dict(_)) = answer.fields.get("ansible_facts") else { return Ok(()) };
    let facts = runner_template::Vars::from_value(facts);
    let delegated = keywords::flag(&job.shared, &job.unit, Keyword::DelegateFacts, scope)?.unwrap_or(false);
    let host = match delegation.filter(|_| delegated) {
        Some(delegation) => delegation.host.clone(),
        None => job.host.clone(),
    };
    answer.effects.push(Effect::Facts { host, facts });
    Ok(())
}
