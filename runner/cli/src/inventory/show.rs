//! An inventory as a graph, and as the nested groups that YAML and TOML inventories are made of.

use std::{collections::HashSet, sync::Arc};

use runner_playbook::{
    inventory::{
        ALL,
        list::{View, map_json},
    },
    node::{Map, Node},
    source::Span,
};
use runner_template::{Level, Scope, Templar, Value, Vars};

/// Groups within groups that are drawn: more is a loop, which an inventory cannot hold.
const DEPTH_MAX: usize = 256;

/// The tree below a group; none when there is no such group.
pub fn graph(view: &View<'_>, start: &str, with_vars: bool) -> Option<String> {
    view.inventory.group(start)?;
    let mut lines = Vec::new();
    group_lines(view, start, with_vars, 0, &mut lines);
    Some(lines.join("\n"))
}

fn line(text: &str, depth: usize, lines: &mut Vec<String>) {
    lines.push(if depth == 0 { text.to_owned() } else { format!("{}--{text}", "  |".repeat(depth)) });
}

fn var_lines(vars: &Map, depth: usize, lines: &mut Vec<String>) {
    for (name, value) in vars.str_iter() {
        let shown = Value::from(value).to_text().unwrap_or_default();
        line(&format!("{{{name} = {shown}}}"), depth, lines);
    }
}

fn group_lines(view: &View<'_>, name: &str, with_vars: bool, depth: usize, lines: &mut Vec<String>) {
    line(&format!("@{name}:"), depth, lines);
    let Some(group) = view.inventory.group(name).filter(|_| depth < DEPTH_MAX) else { return };
    for child in &group.children {
        group_lines(view, child, with_vars, depth + 1, lines);
    }
    if name != ALL {
        for host in &group.hosts {
            line(host, depth + 1, lines);
            if with_vars {
                var_lines(&view.host_vars(host), depth + 2, lines);
            }
        }
    }
    if with_vars {
        var_lines(&view.group_vars(name), depth + 1, lines);
    }
}

/// The inventory as nested groups; each group and each host is written out where it is met first.
pub fn tree(view: &View<'_>) -> Map {
    let mut seen = Seen::default();
    let mut root = Map::new();
    if let Some(all) = group(view, ALL, &mut seen, 0) {
        root.set(ALL, node(all));
    }
    root
}

#[derive(Default)]
struct Seen {
    groups: HashSet<Arc<str>>,
    hosts: HashSet<Arc<str>>,
}

fn node(map: Map) -> Node {
    Node::map(map, Span::none())
}

fn group(view: &View<'_>, name: &str, seen: &mut Seen, depth: usize) -> Option<Map> {
    let group = view.inventory.group(name).filter(|_| depth < DEPTH_MAX)?;
    let mut children = Map::new();
    for child in &group.children {
        if seen.groups.contains(child) {
            children.set(child, node(Map::new()));
        } else if let Some(map) = self::group(view, child, seen, depth + 1) {
            seen.groups.insert(child.clone());
            children.set(child, node(map));
        }
    }
    let mut hosts = Map::new();
    if name != ALL {
        for host in group.hosts.iter().filter(|host| view.has(host)) {
            let vars = if seen.hosts.insert(host.clone()) { view.host_vars(host) } else { Map::new() };
            hosts.set(host, node(vars));
        }
    }
    let vars = if view.export { view.group_vars(name) } else { Map::new() };
    let mut map = Map::new();
    for (key, part) in [("children", children), ("hosts", hosts), ("vars", vars)] {
        if !part.is_empty() {
            map.set(key, node(part));
        }
    }
    (!map.is_empty()).then_some(map)
}

/// A mapping as JSON, YAML or TOML text.
pub fn map(templar: &Templar, map: &Map, yaml: bool, toml: bool) -> Result<String, String> {
    if yaml {
        let value = Value::from(&node(map.clone()));
        let scope = Scope::default().with(Level::ExtraVars, Vars::new([("shown", raw(value))]));
        let template = Value::template("{{ shown | to_nice_yaml(indent=2) }}", &Span::none());
        let text = templar.render(&template, &scope).and_then(|text| text.to_text());
        let text = text.map_err(|error| error.message().to_owned())?;
        return Ok(text.trim_end_matches('\n').to_owned());
    }
    let json = map_json(map);
    if toml {
        let text = toml::to_string(&without_null(json)).map_err(|error| error.to_string())?;
        return Ok(text.trim_end_matches('\n').to_owned());
    }
    Ok(crate::output::json::dumps(&json, Some(4)))
}

/// The same with every string as plain data, so that variables are shown as they were written.
fn raw(value: Value) -> Value {
    match &value {
        Value::Str(text) => Value::text(text.as_str()),
        Value::List(list) => Value::list(list.snapshot().iter().cloned().map(raw)),
        Value::Dict(dict) => {
            let pairs = dict.pairs().into_iter();
            Value::dict(pairs.map(|(key, value)| (key.to_text().unwrap_or_default(), raw(value))))
        }
        _ => value,
    }
}

/// TOML has no null: what is nothing is left out.
fn without_null(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Json::Object(map) => {
            let kept = map.into_iter().filter(|(_, value)| !value.is_null());
            Json::Object(kept.map(|(key, value)| (key, without_null(value))).collect())
        }
        Json::Array(items) => {
            Json::Array(items.into_iter().filter(|item| !item.is_null()).map(without_null).collect())
        }
        other => other,
    }
}
