//! `package` and `service`: the module that the machine's facts say is the right one.

use runner_template::Value;

use super::Call;
use crate::{result::Answer, trouble::Trouble};

pub(super) async fn package(call: &Call<'_>) -> Result<Answer, Trouble> {
    let backend =
        backend(call, "use", "ansible_pkg_mgr", "pkg_mgr").await?.unwrap_or_else(|| "apt".to_owned());
    let mut args = call.json_args()?;
    args.shift_remove("use");
    dispatch(call, &backend, args).await
}

pub(super) async fn service(call: &Call<'_>) -> Result<Answer, Trouble> {
    let backend = backend(call, "use", "ansible_service_mgr", "service_mgr").await?;
    let mut args = call.json_args()?;
    args.shift_remove("use");
    if backend.as_deref() == Some("systemd") {
        for name in ["pattern", "runlevel", "sleep", "arguments", "args"] {
            args.shift_remove(name);
        }
        return dispatch(call, "systemd", args).await;
    }
    call.module("ansible.builtin.service", args).await
}

async fn dispatch(
    call: &Call<'_>,
    backend: &str,
    args: serde_json::Map<String, serde_json::Value>,
) -> Result<Answer, Trouble> {
    match runner_modules::find(backend) {
        runner_modules::Found::Ours(entry) => call.module(entry.spec.name, args).await,
        _ => Ok(Answer::failure(format!(
            "Could not find a matching action for the \"{backend}\" package manager."
        ))),
    }
}

/// The backend that is asked for, known from facts, or found out now.
async fn backend(
    call: &Call<'_>,
    option: &str,
    variable: &str,
    fact: &str,
) -> Result<Option<String>, Trouble> {
    let asked = call.text(option).filter(|asked| asked != "auto");
    if asked.is_some() {
        return Ok(asked);
    }
    let scope = match call.delegation {
        Some(delegation) => call.job.shared.store.base(&delegation.host),
        None => Some(call.scope.clone()),
    };
    let known = scope.and_then(|scope| {
        scope.get(variable).or_else(|| scope.get("ansible_facts").and_then(|facts| facts.get(fact)))
    });
    if let Some(known) = known.and_then(|known| known.to_text().ok()).filter(|known| known != "auto") {
        return Ok(Some(known));
    }
    let mut args = serde_json::Map::new();
    args.insert("gather_subset".to_owned(), "!all".into());
    args.insert("filter".to_owned(), variable.into());
    let mut invocation = call.invocation("ansible.builtin.setup", args);
    invocation.check = false;
    let target = call.target().await?;
    let answer = call.invoke(&*target, invocation).await?;
    let found = answer.fields.get("ansible_facts").and_then(|facts| facts.get(variable));
    Ok(found.filter(|value| !matches!(value, Value::None)).and_then(|value| value.to_text().ok()))
}
