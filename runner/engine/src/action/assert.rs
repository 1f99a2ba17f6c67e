//! `assert`: conditions that must hold.

use runner_template::Value;

use super::Call;
use crate::{result::Answer, task::untrusted, trouble::Trouble};

pub(super) fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    for name in call.args.keys() {
        if !matches!(name.as_str(), "that" | "msg" | "fail_msg" | "success_msg" | "quiet") {
            return Ok(Answer::failure(format!("Invalid options for ansible.builtin.assert: {name}")));
        }
    }
    let Some(that) = call.args.get("that") else {
        return Ok(Answer::failure("missing required arguments: that"));
    };
    let quiet = call.flag("quiet").unwrap_or(false);
    let conditions = match that {
        Value::Str(_) | Value::Bool(_) => match list_of(call, that)? {
            Some(list) => list,
            None => vec![that.clone()],
        },
        other => other.items().unwrap_or_else(|| vec![other.clone()]),
    };
    for condition in &conditions {
        if call.job.shared.templar.condition(condition, call.scope)? {
            continue;
        }
        let message = match call.arg("fail_msg").or_else(|| call.arg("msg")) {
            Some(message) => message.clone(),
            None => Value::text("Assertion failed"),
        };
        let mut answer = Answer::failure("");
        answer.fields.shift_remove("msg");
        answer = answer.set("evaluated_to", false).set("assertion", untrusted(condition));
        answer = answer.set("msg", message);
        answer.verbose_always = !quiet;
        return Ok(answer);
    }
    let message = call.arg("success_msg").cloned().unwrap_or_else(|| Value::text("All assertions passed"));
    let mut answer = Answer::unchanged().set("msg", message);
    answer.verbose_always = !quiet;
    Ok(answer)
}

/// `that: "{{ conditions }}"`: a template that yields the list of conditions.
fn list_of(call: &Call<'_>, that: &Value) -> Result<Option<Vec<Value>>, Trouble> {
    let Value::Str(text) = that else { return Ok(None) };
    if !text.is_template() {
        return Ok(None);
    }
    Ok(call.job.shared.templar.render(that, call.scope)?.items())
}
