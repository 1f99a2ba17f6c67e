//! What an executable inventory prints: groups, hosts and `_meta.hostvars` as JSON.

use crate::inventory::model::Inventory;
use crate::node::{Data, Map, Node};
use crate::problem::{Kind, Problem};
use crate::source::Source;
use crate::yaml;

/// What a program said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Its exit code.
    pub status: i32,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error.
    pub stderr: Vec<u8>,
}

/// Runs inventory programs, because this crate starts no processes.
pub trait RunScript: Send + Sync {
    /// Runs a program to its end. The error is the reason why it could not be started.
    fn run(&self, program: &std::path::Path, args: &[&str]) -> Result<Output, String>;
}

/// Refuses to run anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoScripts;

impl RunScript for NoScripts {
    fn run(&self, _program: &std::path::Path, _args: &[&str]) -> Result<Output, String> {
        Err("executable inventories are not run here".to_owned())
    }
}

/// Runs an inventory program and reads what it prints into `inventory`.
///
/// # Errors
/// Why it cannot be used.
pub fn read(
    path: &std::path::Path,
    run: &dyn RunScript,
    inventory: &mut Inventory,
    problems: &mut Vec<Problem>,
) -> Result<(), Problem> {
    let name = path.display().to_string();
    let source = Source::new(name.clone(), "");
    let fail = |text: String| Problem::error(Kind::Inventory, text, &source.at(0, 0));
    let root = ask(path, run, &["--list"], problems)?;
    let Data::Map(groups) = &root.data else {
        let class = crate::load::python_class(&root);
        return Err(fail(format!("Inventory script result must be a JSON mapping, not {class}.")));
    };
    let mut hostvars: Option<Map> = None;
    for (key, value) in groups.iter() {
        let group = key.scalar_text().unwrap_or_default();
        if group == "_meta" {
            let found = value.as_map().and_then(|meta| meta.get("hostvars")).and_then(Node::as_map);
            hostvars = found.map(|vars| Map::clone(vars)).or(hostvars);
        } else {
            group_of(&group, value, &source, inventory).map_err(&fail)?;
        }
    }
    // Hosts that are known only by their variables belong to the inventory too.
    let mut names: Vec<String> = inventory
        .hosts()
        .filter(|host| host.source.as_deref() == Some(path))
        .map(|host| host.name.to_string())
        .collect();
    if let Some(hostvars) = &hostvars {
        for (name, _) in hostvars.str_iter() {
            if inventory.host(name).is_some() && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    for name in names {
        let vars = match &hostvars {
            Some(all) => all.get(&name).cloned(),
            None => Some(ask(path, run, &["--host", &name], problems)?),
        };
        let Some(vars) = vars else { continue };
        let Data::Map(vars) = &vars.data else {
            return Err(fail(format!("Invalid data for hostvars of '{name}', needs to be a mapping")));
        };
        for (key, value) in vars.iter() {
            super::set_variable(inventory, &name, &key.scalar_text().unwrap_or_default(), value.clone());
        }
    }
    Ok(())
}

fn ask(
    path: &std::path::Path,
    run: &dyn RunScript,
    args: &[&str],
    problems: &mut Vec<Problem>,
) -> Result<Node, Problem> {
    let name = path.display().to_string();
    let source = Source::new(name.clone(), "");
    let fail = |text: String| Problem::error(Kind::Inventory, text, &source.at(0, 0));
    let output = run
        .run(path, args)
        .map_err(|reason| fail(format!("problem running {name} {} ({reason})", args.join(" "))))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status != 0 {
        let problem = fail(format!("Inventory script '{name}' failed with exit code {}", output.status));
        return Err(if said.is_empty() { problem } else { problem.with_help(said) });
    }
    if !said.is_empty() {
        problems.push(Problem::warning(Kind::Inventory, format!("{name}: {said}"), &source.at(0, 0)));
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| fail(format!("Inventory script '{name}' printed text that is not UTF-8")))?;
    if text.trim().is_empty() {
        return Ok(Node::map(Map::new(), source.at(0, 0)));
    }
    let printed = Source::new(format!("{name} {}", args.join(" ")), text);
    let (node, _) = yaml::parse_with(&printed, yaml::DuplicateKeys::Ignore);
    node.ok_or_else(|| fail(format!("Inventory script '{name}' result could not be parsed as JSON.")))
}

/// A group: a list of hosts, a mapping with hosts, vars and children, or the variables of a host of that name.
fn group_of(name: &str, value: &Node, source: &Source, inventory: &mut Inventory) -> Result<(), String> {
    inventory.add_group(name);
    let shown = || crate::yaml::python::repr(value);
    let (hosts, vars, children) = match &value.data {
        Data::List(_) => (Some(value), None, None),
        Data::Map(map) if ["hosts", "vars", "children"].iter().any(|key| map.contains(key)) => {
            (map.get("hosts"), map.get("vars"), map.get("children"))
        }
        Data::Map(map) => {
            super::add_host(inventory, name, Some(name), None, source);
            for (key, value) in map.iter() {
                inventory.set_group_var(name, &key.scalar_text().unwrap_or_default(), value.clone());
            }
            return Ok(());
        }
        _ => {
            return Err(format!(
                "You defined a group '{name}' with bad data for the host list:\n {}",
                shown()
            ));
        }
    };
    if let Some(hosts) = hosts.filter(|hosts| !hosts.is_null()) {
        let Some(hosts) = hosts.as_list() else {
            return Err(format!(
                "You defined a group '{name}' with bad data for the host list:\n {}",
                shown()
            ));
        };
        for host in hosts.iter().filter_map(Node::scalar_text) {
            super::add_host(inventory, &host, Some(name), None, source);
        }
    }
    if let Some(vars) = vars.filter(|vars| !vars.is_null()) {
        let Some(vars) = vars.as_map() else {
            return Err(format!("You defined a group '{name}' with bad data for variables:\n {}", shown()));
        };
        for (key, value) in vars.iter() {
            inventory.set_group_var(name, &key.scalar_text().unwrap_or_default(), value.clone());
        }
    }
    for child in children.and_then(Node::as_list).unwrap_or_default().iter().filter_map(Node::scalar_text) {
        inventory.add_group(&child);
        inventory.add_child_group(name, &child).map_err(|error| error.to_string())?;
    }
    Ok(())
}
