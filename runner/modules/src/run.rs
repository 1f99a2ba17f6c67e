//! The dozen steps that are the same for every module: arguments, look and plan, apply, return.

use crate::{
    Args, Done, Failure, Invocation, Kind, Outcome, Plan, Returns, System, accounts, args, library::ours,
    outcome::Call, python, spec::Support,
};
use serde_json::{Map, Value, json};
use std::path::Path;

/// What stands where a secret was.
const HIDDEN: &str = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER";
/// What stands where a secret was part of a longer text.
const STARS: &str = "********";

/// Runs one module. Never panics on input; what goes wrong is in the outcome.
pub fn run(invocation: &Invocation, system: &mut dyn System) -> Outcome {
    let Some(entry) = ours(&invocation.module) else {
        return Outcome::failure(format!("couldn't resolve module/action '{}'", invocation.module));
    };
    let Some(module) = entry.module else {
        return Outcome::failure(format!("{} runs on the controller only", entry.spec.name));
    };
    for (name, value) in &invocation.environment {
        system.set_env(name, &python::text(value));
    }
    let validated = {
        let expand = |text: &str| expand_path(text, system);
        args::validate(entry.spec, &invocation.module, &invocation.args, &expand)
    };
    let args = match validated {
        Ok(args) => args,
        Err(error) => return Outcome::failure(error.0),
    };
    if let Some(other) = module.instead(invocation) {
        return run(&other, system);
    }
    if invocation.check && entry.spec.check == Support::None {
        // `uri` has a half on the controller in Ansible, which words it in its own way.
        let msg = match entry.spec.short_name() {
            "uri" => "This action (uri) does not support check mode.".to_owned(),
            _ => format!("remote module ({}) does not support check mode", invocation.module),
        };
        let result = json!({"skipped": true, "msg": msg, "changed": false});
        return Outcome { result: result.as_object().cloned().unwrap_or_default(), wants_payload: false };
    }
    let call = Call { args, invocation };
    let planned = module.plan(&call, system);
    let mut outcome = match planned {
        Ok(plan) => finish(plan, invocation, system),
        Err(failure) => Outcome::from(failure),
    };
    add_path_info(&mut outcome.result, system);
    add_lines(&mut outcome.result);
    merge_warnings(&mut outcome.result, &call.args);
    hide(&mut outcome.result, &call.args);
    let arguments = hidden_arguments(entry.spec, &call.args);
    outcome.result.insert("invocation".into(), json!({ "module_args": arguments }));
    outcome
}

fn finish(plan: Plan<'_>, invocation: &Invocation, system: &mut dyn System) -> Outcome {
    let mut changed = plan.is_change();
    let Plan { changes, mut returns, diff, warnings, wants_payload, force_changed } = plan;
    if wants_payload {
        return Outcome { result: returns, wants_payload };
    }
    if !invocation.check && !changes.is_empty() {
        changed = force_changed.unwrap_or(false);
        for change in changes {
            match change.apply(system, &mut returns) {
                Ok(done) => changed |= done == Done::Changed,
                Err(mut failure) => {
                    // What the controller was about to place is part of its failure, as in Ansible.
                    if let Some(diff) = diff.filter(|_| invocation.diff && invocation.payload.is_some()) {
                        failure.returns.entry("diff").or_insert(diff);
                    }
                    return failed(failure, changed);
                }
            }
        }
    }
    // Some modules learn only while doing whether they changed something, and say so themselves.
    if !returns.contains_key("changed") {
        returns.insert("changed".into(), changed.into());
    }
    if let Some(diff) = diff.filter(|_| invocation.diff && !returns.contains_key("diff")) {
        returns.insert("diff".into(), diff);
    }
    if !invocation.diff {
        returns.remove("diff");
    }
    if !warnings.is_empty() {
        returns.insert("warnings".into(), warnings.into());
    }
    Outcome { result: returns, wants_payload: false }
}

fn failed(failure: Failure, changed: bool) -> Outcome {
    let told = failure.returns.contains_key("changed");
    let mut outcome = Outcome::from(failure);
    if !told {
        outcome.result.insert("changed".into(), changed.into());
    }
    outcome
}

/// Expands `~`, `~user`, `$NAME` and `${NAME}` as Python's `expanduser(expandvars(…))` does.
pub fn expand_path(text: &str, system: &dyn System) -> String {
    expand_user(&expand_variables(text, system), system)
}

/// Expands `~` and `~user` at the start.
pub fn expand_user(text: &str, system: &dyn System) -> String {
    let Some(rest) = text.strip_prefix('~') else { return text.into() };
    let (user, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let home = if user.is_empty() {
        system
            .env("HOME")
            .or_else(|| accounts::user_by_id(system, system.identity().uid).map(|account| account.home))
    } else {
        accounts::user_by_name(system, user).map(|account| account.home)
    };
    match home {
        Some(home) => format!("{}{rest}", home.trim_end_matches('/')),
        None => text.into(),
    }
}

/// Expands `$NAME` and `${NAME}`; unknown names stay.
pub fn expand_variables(text: &str, system: &dyn System) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        let (name, length) = match braced {
            Some((name, _)) => (name, name.len() + 2),
            None => (&after[..end], end),
        };
        match system.env(name).filter(|_| !name.is_empty()) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[at..at + 1 + length]),
        }
        rest = &after[length..];
    }
    out + rest
}

/// Ansible adds what a file is now to every result that names one.
fn add_path_info(result: &mut Returns, system: &dyn System) {
    let named = result.get("path").or_else(|| result.get("dest")).and_then(Value::as_str);
    let Some(path) = named.map(|path| Path::new(path).to_owned()) else { return };
    if !system.exists(&path) {
        return;
    }
    let Ok(Some(stat)) = system.stat(&path, false) else { return };
    let state = match stat.kind {
        Kind::Link => "link",
        Kind::Directory => "directory",
        _ if stat.nlink > 1 => "hard",
        _ => "file",
    };
    let owner = accounts::user_by_id(system, stat.uid).map_or_else(|| stat.uid.to_string(), |user| user.name);
    let group =
        accounts::group_by_id(system, stat.gid).map_or_else(|| stat.gid.to_string(), |group| group.name);
    result.insert("uid".into(), stat.uid.into());
    result.insert("gid".into(), stat.gid.into());
    result.insert("owner".into(), owner.into());
    result.insert("group".into(), group.into());
    result.insert("mode".into(), format!("{:04o}", stat.mode).into());
    result.insert("state".into(), state.into());
    result.insert("size".into(), stat.size.into());
}

/// `stdout_lines` and `stderr_lines`, and the failure that a non-zero `rc` is.
fn add_lines(result: &mut Returns) {
    for (key, lines_key) in [("stdout", "stdout_lines"), ("stderr", "stderr_lines")] {
        if let Some(text) = result.get(key).and_then(Value::as_str)
            && !result.contains_key(lines_key)
        {
            let lines: Vec<Value> = split_lines(text).map(Value::from).collect();
            result.insert(lines_key.into(), lines.into());
        }
    }
    let rc = result.get("rc").and_then(Value::as_i64).unwrap_or(0);
    if rc != 0 && !result.contains_key("failed") {
        result.insert("failed".into(), true.into());
    }
}

/// Python's `splitlines`, for the line ends that occur in practice.
pub fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    let ends = ['\n', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}', '\r'];
    let mut rest = Some(text).filter(|text| !text.is_empty());
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = text.find(ends) else {
            rest = None;
            return Some(text);
        };
        let length = if text[at..].starts_with("\r\n") {
            2
        } else {
            text[at..].chars().next().map_or(1, char::len_utf8)
        };
        rest = Some(&text[at + length..]).filter(|rest| !rest.is_empty());
        Some(&text[..at])
    })
}

fn merge_warnings(result: &mut Returns, args: &Args) {
    if args.warnings.is_empty() {
        return;
    }
    let mut all: Vec<Value> = args.warnings.iter().map(|text| text.as_str().into()).collect();
    if let Some(Value::Array(more)) = result.remove("warnings") {
        all.extend(more);
    }
    result.insert("warnings".into(), all.into());
}

fn hide(result: &mut Returns, args: &Args) {
    if args.secrets.is_empty() {
        return;
    }
    for value in result.values_mut() {
        hide_value(value, &args.secrets);
    }
}

fn hide_value(value: &mut Value, secrets: &[String]) {
    match value {
        Value::String(text) if secrets.contains(text) => *text = HIDDEN.into(),
        Value::String(text) => {
            for secret in secrets {
                if text.contains(secret.as_str()) {
                    *text = text.replace(secret.as_str(), STARS);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide_value(item, secrets)),
        Value::Object(map) => map.values_mut().for_each(|item| hide_value(item, secrets)),
        Value::Number(number) if secrets.contains(&number.to_string()) => *value = HIDDEN.into(),
        _ => {}
    }
}

fn hidden_arguments(spec: &crate::Spec, args: &Args) -> Map<String, Value> {
    let mut all = args.all().clone();
    for option in spec.options().iter().filter(|option| option.no_log) {
        if let Some(value) = all.get_mut(option.name).filter(|value| !value.is_null()) {
            *value = HIDDEN.into();
        }
    }
    for value in all.values_mut() {
        hide_value(value, &args.secrets);
    }
    all
}
