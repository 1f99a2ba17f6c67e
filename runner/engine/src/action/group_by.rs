//! `group_by`: puts the host into a group named by a template.

use super::Call;
use crate::{
    result::{Answer, Effect},
    trouble::Trouble,
};

pub(super) fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    let Some(key) = call.text("key") else {
        return Ok(Answer::failure("the 'key' param is required when using group_by"));
    };
    let group = key.replace(' ', "-");
    let parents: Vec<String> = match call.arg("parents") {
        None => vec!["all".to_owned()],
        Some(value) => {
            let items = value.items().unwrap_or_else(|| vec![value.clone()]);
            items.iter().map(|item| Ok(item.to_text()?.replace(' ', "-"))).collect::<Result<_, Trouble>>()?
        }
    };
    let host = call.job.host.clone();
    let changed = call
        .job
        .shared
        .store
        .inventory(|inventory| inventory.group(&group).is_none_or(|found| !found.hosts.contains(&*host)));
    let mut answer = Answer::default().set("changed", changed).set("add_group", group.as_str());
    let shown = parents.iter().map(|parent| runner_template::Value::text(parent.as_str()));
    answer.fields.insert("parent_groups".to_owned(), runner_template::Value::list(shown));
    answer.effects.push(Effect::GroupBy { host, group, parents });
    Ok(answer)
}
