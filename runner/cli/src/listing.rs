//! `--list-hosts`, `--list-tasks`, `--list-tags`, `--syntax-check`.

use std::{collections::BTreeSet, sync::Arc};

use runner_engine::{
    block::{Block, Item},
    sequence::{RoleNumbers, Sequencer, Shape},
    settings::Settings,
    unit::{Ids, Unit},
};
use runner_playbook::{
    ast::{Play, Playbook, items},
    inventory::{Inventory, pattern},
    keyword::Keyword,
};
use runner_template::{Level, Scope, Value, Vars};

use crate::{args::PlaybookArgs, setup::Base};

/// Prints what was asked for of one playbook.
pub fn print(
    base: &Base,
    args: &PlaybookArgs,
    playbook: &Playbook,
    inventory: &mut Inventory,
    engine: &Settings,
) {
    base.screen.out(&format!("\nplaybook: {}", playbook.path.display()), None);
    if args.syntax_check && !(args.list_hosts || args.list_tasks || args.list_tags) {
        return;
    }
    let ids = Ids::default();
    for (number, play) in playbook.plays.iter().enumerate() {
        let scope = scope(base, play);
        let patterns = patterns(base, play, &scope);
        let name = play
            .name()
            .map(Value::from)
            .and_then(|name| base.templar.render(&name, &scope).unwrap_or(name).to_text().ok());
        let name = name.unwrap_or_else(|| patterns.join(","));
        let tags = play_tags(play);
        let hosts = patterns.join(",");
        let mut text = format!("\n  play #{} ({hosts}): {name}\tTAGS: [{}]", number + 1, tags.join(","));
        if args.list_hosts {
            text.push_str(&host_lines(inventory, &patterns, engine));
        }
        if args.list_tasks || args.list_tags {
            let mut roles = RoleNumbers::default();
            let mut sequencer = Sequencer {
                ids: &ids,
                selection: &engine.selection,
                roles: &mut roles,
                injected: Vars::default(),
            };
            let shape = Shape::default();
            let sequence = sequencer.play(play, &shape);
            if args.list_tasks {
                text.push_str("\n    tasks:");
            }
            let mut all: BTreeSet<String> = BTreeSet::new();
            task_lines(base, &sequence.root, &scope, args.list_tasks, &mut all, &mut text);
            if args.list_tags {
                let all: Vec<String> = all.into_iter().collect();
                text.push_str(&format!("\n      TASK TAGS: [{}]", all.join(", ")));
            }
        }
        base.screen.out(&text, None);
    }
}

fn scope(base: &Base, play: &Play) -> Scope {
    Scope::default()
        .with(Level::PlayVars, Vars::from_node_map(play.vars()))
        .with(Level::ExtraVars, Vars::from_node_map(&base.extra))
}

fn patterns(base: &Base, play: &Play, scope: &Scope) -> Vec<String> {
    let mut patterns = Vec::new();
    for node in &play.hosts {
        let written = Value::from(node);
        let rendered = base.templar.render(&written, scope).unwrap_or(written);
        for item in rendered.items().unwrap_or_else(|| vec![rendered.clone()]) {
            patterns.push(item.to_text().unwrap_or_default());
        }
    }
    patterns
}

fn play_tags(play: &Play) -> Vec<String> {
    let Some(node) = play.keywords().get(Keyword::Tags) else { return Vec::new() };
    let mut tags: Vec<String> = items(node)
        .iter()
        .filter_map(|item| item.scalar_text())
        .flat_map(|text| text.split(',').map(|tag| tag.trim().to_owned()).collect::<Vec<_>>())
        .collect();
    tags.sort();
    tags.dedup();
    tags
}

fn host_lines(inventory: &mut Inventory, patterns: &[String], engine: &Settings) -> String {
    let split: Vec<String> = patterns.iter().flat_map(|part| pattern::split(part)).collect();
    let (mut hosts, _) = inventory.select(&split);
    if !engine.limit.is_empty() {
        let (allowed, _) = inventory.select(&engine.limit);
        hosts.retain(|host| allowed.contains(host));
    }
    let quoted: Vec<String> = patterns.iter().map(|part| format!("'{part}'")).collect();
    let mut text = format!("\n    pattern: [{}]\n    hosts ({}):", quoted.join(", "), hosts.len());
    for host in hosts {
        text.push_str(&format!("\n      {host}"));
    }
    text
}

fn task_lines(
    base: &Base,
    block: &Block<Arc<Unit>>,
    scope: &Scope,
    with_names: bool,
    all: &mut BTreeSet<String>,
    text: &mut String,
) {
    for item in block.tasks.iter().chain(&block.rescue).chain(&block.always) {
        match item {
            Item::Block(inner) => task_lines(base, inner, scope, with_names, all, text),
            Item::Task(unit) => {
                if unit.kind.is_silent() {
                    continue;
                }
                let mut tags = unit.tags.clone();
                all.extend(tags.iter().cloned());
                if with_names {
                    tags.sort();
                    text.push_str(&format!(
                        "\n      {}\tTAGS: [{}]",
                        name_of(base, unit, scope),
                        tags.join(", ")
                    ));
                }
            }
        }
    }
}

fn name_of(base: &Base, unit: &Unit, scope: &Scope) -> String {
    let written = unit.task.name().map(Value::from);
    let name = written.and_then(|name| base.templar.render(&name, scope).unwrap_or(name).to_text().ok());
    let name = name.unwrap_or_else(|| unit.task.action.name.clone());
    match unit.task.role() {
        Some(role) => format!("{} : {name}", role.name),
        None => name,
    }
}
