//! `set_fact`: variables of the host that last for the run.

use std::sync::Arc;

use runner_template::{Value, Vars};

use super::Call;
use crate::{
    event::Notice,
    result::{Answer, Effect},
    trouble::Trouble,
};

pub(super) fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    let cacheable = call.flag("cacheable").unwrap_or(false);
    let mut facts: Vec<(Arc<str>, Value)> = Vec::new();
    for (name, value) in &call.args {
        if name == "cacheable" || name == "_raw_params" {
            continue;
        }
        if !is_identifier(name) {
            let written = call.job.unit.task.action.args.map.get_entry(name);
            let span = written.map(|(key, _)| key.span.clone()).unwrap_or_default();
            let help = "Variable names must be strings starting with a letter or underscore character, and contain only letters, numbers and underscores.";
            let wrong = Notice::error(format!("Invalid variable name '{name}'.")).at(&span);
            let error = call.job.failure(Notice { help: Some(help.to_owned()), ..wrong });
            let mut answer = Answer::unchanged().set("failed", true).set("msg", error.sentence());
            answer.error = Some(error);
            return Ok(answer);
        }
        facts.push((Arc::from(name.as_str()), value.clone()));
    }
    if facts.is_empty() {
        return Ok(Answer::failure(
            "No key/value pairs provided, at least one is required for this action to succeed",
        ));
    }
    let mut answer = Answer::unchanged();
    answer.fields.insert("ansible_facts".to_owned(), Value::dict::<Arc<str>>(facts.iter().cloned()));
    let host = fact_host(call)?;
    answer.effects.push(Effect::SetFact { host, vars: Vars::new(facts), cacheable });
    Ok(answer)
}

/// The host that facts of a task belong to.
pub(super) fn fact_host(call: &Call<'_>) -> Result<Arc<str>, Trouble> {
    let job = call.job;
    let keyword = runner_playbook::keyword::Keyword::DelegateFacts;
    let delegated = crate::keywords::flag(&job.shared, &job.unit, keyword, call.scope)?.unwrap_or(false);
    Ok(match call.delegation.filter(|_| delegated) {
        Some(delegation) => delegation.host.clone(),
        None => job.host.clone(),
    })
}

/// Whether a name may be a variable: letters, digits and underscores, no digit first, no word of Python's.
pub(crate) fn is_identifier(name: &str) -> bool {
    const PYTHON: &[&str] = &[
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
        "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in",
        "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ];
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !PYTHON.contains(&name)
}
