//! `set_stats`: numbers and words for the end of the run.

use super::Call;
use crate::{
    result::{Answer, Effect},
    trouble::Trouble,
};
use runner_template::Value;

pub(super) fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    for name in call.args.keys() {
        if !matches!(name.as_str(), "data" | "aggregate" | "per_host") {
            return Ok(Answer::failure(format!("Invalid options for ansible.builtin.set_stats: {name}")));
        }
    }
    let per_host = call.flag("per_host").unwrap_or(false);
    let aggregate = call.flag("aggregate").unwrap_or(true);
    let data = call.arg("data").cloned().unwrap_or_else(|| Value::dict::<&str>([]));
    let Some(pairs) = data.as_dict().map(runner_template::Dict::pairs) else {
        return Ok(Answer::failure(format!(
            "The 'data' option needs to be a dictionary/hash, got '{}' instead",
            data.type_name()
        )));
    };
    for (name, _) in &pairs {
        let name = name.to_text()?;
        if !super::set_fact::is_identifier(&name) {
            return Ok(Answer::failure(format!(
                "The variable name '{name}' is not valid. Variables must start with a letter or underscore character, and contain only letters, numbers and underscores."
            )));
        }
    }
    let mut answer = Answer::unchanged();
    answer.fields.insert(
        "ansible_stats".to_owned(),
        Value::dict([
            ("aggregate", Value::Bool(aggregate)),
            ("data", data.clone()),
            ("per_host", Value::Bool(per_host)),
        ]),
    );
    let serde_json::Value::Object(data) = data.to_json()? else { return Ok(answer) };
    answer.effects.push(Effect::Stats { data, per_host, aggregate });
    Ok(answer)
}
