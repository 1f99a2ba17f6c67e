//! `add_host`: a new host in the running inventory.

use std::sync::Arc;

use runner_template::{Value, Vars};

use super::Call;
use crate::{
    result::{Answer, Effect},
    trouble::Trouble,
};

/// Names of arguments that are not variables of the new host.
const OPTIONS: &[&str] = &["name", "hostname", "host", "groups", "group", "groupname"];

pub(super) fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    let given = ["name", "hostname", "host"].iter().find_map(|option| call.arg(option));
    let Some(name) = given else {
        return Ok(Answer::failure("name, host or hostname needs to be provided"));
    };
    let name = name.to_text()?;
    let (name, port) = split_port(&name);
    let groups = ["groups", "group", "groupname"].iter().find_map(|option| call.arg(option));
    let groups: Vec<String> = match groups {
        None => Vec::new(),
        Some(Value::Str(text)) => text
            .as_str()
            .split(',')
            .map(|group| group.trim().to_owned())
            .filter(|group| !group.is_empty())
            .collect(),
        Some(list) if list.items().is_some() => {
            let items = list.items().unwrap_or_default();
            items.iter().map(|item| item.to_text()).collect::<Result<_, _>>()?
        }
        Some(_) => return Ok(Answer::failure("Groups must be specified as a list.")),
    };
    let mut vars: Vec<(Arc<str>, Value)> = call
        .args
        .iter()
        .filter(|(name, _)| !OPTIONS.contains(&name.as_str()))
        .map(|(name, value)| (Arc::from(name.as_str()), value.clone()))
        .collect();
    if let Some(port) = port {
        vars.push((Arc::from("ansible_ssh_port"), Value::Int(i64::from(port))));
    }
    let mut answer = Answer::default();
    answer.fields.insert(
        "add_host".to_owned(),
        Value::dict([
            ("host_name", Value::text(name.as_str())),
            ("groups", Value::list(groups.iter().map(|group| Value::text(group.as_str())))),
            ("host_vars", Value::dict::<Arc<str>>(vars.iter().cloned())),
        ]),
    );
    let changed = is_new(call, &name, &groups, &vars);
    answer = answer.set("changed", changed);
    answer.effects.push(Effect::AddHost { name, groups, vars: Vars::new(vars) });
    Ok(answer)
}

/// Whether the inventory lacks the host, one of its groups, or one of its variables.
fn is_new(call: &Call<'_>, name: &str, groups: &[String], vars: &[(Arc<str>, Value)]) -> bool {
    let known = call.job.shared.store.inventory(|inventory| {
        inventory.host(name).is_some_and(|host| {
            groups.iter().all(|group| {
                let inside = inventory.group(group).is_some_and(|group| group.hosts.contains(name));
                inside || host.groups.iter().any(|own| **own == **group)
            })
        })
    });
    if !known {
        return true;
    }
    let Some(base) = call.job.shared.store.base(name) else { return true };
    vars.iter().any(|(name, value)| base.get(name).is_none_or(|known| !known.equals(value)))
}

/// `host:22`, `[::1]:22`.
fn split_port(name: &str) -> (String, Option<u16>) {
    if let Some((host, port)) = name.rsplit_once(':')
        && (!host.contains(':') || host.ends_with(']'))
        && let Ok(port) = port.parse()
    {
        return (host.trim_start_matches('[').trim_end_matches(']').to_owned(), Some(port));
    }
    (name.to_owned(), None)
}
