//! The arguments of an action after templating: defaults of the module, `args`, then what the task itself says.

use indexmap::IndexMap;
use runner_playbook::keyword::Keyword;
use runner_template::{Scope, Value};

use crate::{
    event::Notice,
    task::{Job, argument_error},
    trouble::{Trouble, notice_of},
};

/// Named, templated arguments; omitted ones are gone.
pub(crate) type Arguments = IndexMap<String, Value>;

/// Evaluates every argument of a task.
pub(crate) fn finalize(job: &Job, scope: &Scope) -> Result<Arguments, Trouble> {
    let mut arguments = defaults(job, scope)?;
    given(job, scope, &mut arguments).map_err(|cause| {
        let action = &job.unit.task.action;
        let written = Notice::error(format!("Finalization of task args for '{}' failed.", full_name(job)));
        Trouble::from(written.at(&action.span).because(cause))
    })?;
    Ok(arguments)
}

fn full_name(job: &Job) -> &str {
    let action = &job.unit.task.action;
    if action.available { &action.resolved } else { &action.name }
}

fn given(job: &Job, scope: &Scope, arguments: &mut Arguments) -> Result<(), Notice> {
    let prepared = job.unit.prepared();
    let templar = &job.shared.templar;
    if let Some(template) = &prepared.args_template {
        let rendered = templar.render(template, scope).map_err(|error| notice_of(&error))?;
        if !rendered.is_omit() {
            let Some(dict) = rendered.as_dict() else {
                return Err(Notice::error("The value of `args` must be a mapping.").at(&template.span()));
            };
            for (name, value) in dict.pairs() {
                insert(arguments, &name.to_text().unwrap_or_default(), value);
            }
        }
    }
    for (name, written) in &prepared.args {
        let value = if keeps_template(job, name) {
            written.clone()
        } else {
            templar.render(written, scope).map_err(|error| argument_error(name, &written.span(), &error))?
        };
        match value.as_dict().filter(|_| name == "_raw_params") {
            // `add_host: "{{ dict }}"`: the template stands for all arguments.
            Some(dict) => {
                for (name, value) in dict.pairs() {
                    insert(arguments, &name.to_text().unwrap_or_default(), value);
                }
            }
            None => insert(arguments, name, value),
        }
    }
    Ok(())
}

fn insert(arguments: &mut Arguments, name: &str, value: Value) {
    if !value.is_omit() {
        arguments.insert(name.to_owned(), value);
    }
}

/// Arguments that their action evaluates itself: conditions, and the variable that `debug` names.
fn keeps_template(job: &Job, name: &str) -> bool {
    matches!((job.unit.action(), name), ("assert", "that") | ("debug", "var"))
}

/// `module_defaults` for this action, the innermost winning.
fn defaults(job: &Job, scope: &Scope) -> Result<Arguments, Trouble> {
    let mut arguments = Arguments::new();
    let written = job.unit.prepared().all(Keyword::ModuleDefaults);
    for value in written.iter().rev() {
        let rendered = job.shared.templar.render(value, scope)?;
        let blocks = rendered.items().unwrap_or_else(|| vec![rendered.clone()]);
        for block in &blocks {
            let Some(dict) = block.as_dict() else { continue };
            for (name, values) in dict.pairs() {
                let (Some(name), Some(values)) = (name.as_str(), values.as_dict()) else { continue };
                if !same_module(job, name) {
                    continue;
                }
                for (option, value) in values.pairs() {
                    insert(&mut arguments, &option.to_text().unwrap_or_default(), value);
                }
            }
        }
    }
    Ok(arguments)
}

fn same_module(job: &Job, name: &str) -> bool {
    let action = &job.unit.task.action;
    let short = |name: &str| -> String {
        let name = name
            .strip_prefix("ansible.builtin.")
            .or_else(|| name.strip_prefix("ansible.legacy."))
            .unwrap_or(name);
        name.to_owned()
    };
    if name == action.resolved || short(name) == short(&action.resolved) {
        return true;
    }
    match runner_modules::find(name) {
        runner_modules::Found::Ours(entry) => entry.spec.name == action.resolved,
        _ => false,
    }
}
