//! `delegate_to`: the other machine a task runs on, made up on the spot when the inventory has none of that name.

use std::sync::Arc;

use runner_playbook::{inventory::LOCALHOST, keyword::Keyword};
use runner_template::{Scope, Value};

use crate::{
    event::{Delegate, Notice},
    keywords,
    task::Job,
    trouble::Trouble,
};

/// Where a task runs instead of on its host.
#[derive(Debug, Clone)]
pub(crate) struct Delegation {
    /// The host in the inventory.
    pub host: Arc<str>,
    /// How results name it.
    pub label: Delegate,
}

/// The delegation of a task, if it has one.
pub(crate) fn of(job: &Job, scope: &Scope) -> Result<Option<Delegation>, Trouble> {
    let Some(written) = job.unit.prepared().one(Keyword::DelegateTo) else { return Ok(None) };
    let rendered = keywords::render(&job.shared, Keyword::DelegateTo, written, scope)?;
    if rendered.is_omit() || rendered.is_none() {
        return Ok(None);
    }
    let name = rendered.to_text()?;
    if name.is_empty() {
        let text = format!("Empty hostname produced from delegate_to: \"{}\"", written.to_text()?);
        return Err(Notice::error(text).into());
    }
    let store = &job.shared.store;
    if LOCALHOST.contains(&name.as_str()) {
        store.change_if(
            |inventory| inventory.host(&name).is_none(),
            |inventory| {
                inventory.ensure_localhost(&name);
            },
        );
    } else {
        store.change_if(
            |inventory| inventory.host(&name).is_none(),
            |inventory| {
                inventory.add_host(&name);
            },
        );
    }
    let host: Arc<str> = Arc::from(name.as_str());
    let address = store
        .base(&host)
        .and_then(|scope| scope.get("ansible_host").map(|value| (scope, value)))
        .and_then(|(scope, value): (Scope, Value)| job.shared.templar.render(&value, &scope).ok())
        .and_then(|value| value.to_text().ok())
        .filter(|address| *address != name);
    Ok(Some(Delegation { host, label: Delegate { name, address } }))
}
