//! `vars_files`: the first file of each entry that exists, read once.

use std::{
    path::{Path, PathBuf},
    sync::PoisonError,
};

use runner_playbook::{ast::items, node::Node};
use runner_template::{Scope, Value, Vars};

use crate::{context::Shared, event::Notice};

/// The variables of the first alternative that exists, and its path; `None` when its name needs variables that are missing.
pub(crate) fn resolve(shared: &Shared, entry: &Node, scope: &Scope, dir: &Path) -> Option<(Vars, PathBuf)> {
    for alternative in items(entry) {
        let rendered = shared.templar.render(&Value::from(alternative), scope).ok()?;
        let path = locate(shared, rendered.as_str()?, dir);
        if let Ok(vars) = read(shared, &path) {
            return Some((vars, path));
        }
    }
    None
}

/// Why an entry cannot be used, if it cannot: every alternative is missing or broken.
pub(crate) fn problem(shared: &Shared, entry: &Node, scope: &Scope, dir: &Path) -> Option<Notice> {
    let mut last = None;
    for alternative in items(entry) {
        let Ok(rendered) = shared.templar.render(&Value::from(alternative), scope) else { return None };
        let path = locate(shared, rendered.as_str()?, dir);
        match read(shared, &path) {
            Ok(_) => return None,
            // A file that is not there is passed over, as Ansible does; one that is broken is not.
            Err(problem) if problem.message.starts_with("Unable to retrieve") => {}
            Err(problem) => last = Some(problem),
        }
    }
    last
}

fn locate(shared: &Shared, name: &str, dir: &Path) -> PathBuf {
    let files = &shared.loader.files;
    let path = Path::new(name);
    if path.is_absolute() || name.starts_with('~') {
        return files.absolute(path);
    }
    let beside = files.absolute(&dir.join("vars").join(path));
    if files.exists(&beside) { beside } else { files.absolute(&dir.join(path)) }
}

/// The variables of a file, from memory when it was read before.
pub(crate) fn read(shared: &Shared, path: &Path) -> Result<Vars, Notice> {
    if let Some(vars) = shared.vars_files.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
        return Ok(vars.clone());
    }
    let (map, problems) = shared.loader.load_vars_file(path);
    let Some(map) = map else {
        let problem = problems.into_iter().find(|problem| problem.is_error());
        return Err(problem.map_or_else(
            || Notice::error(format!("vars file {} was not found", path.display())),
            |problem| Notice::error(problem.message).at(&problem.span),
        ));
    };
    let vars = Vars::from_node_map(&map);
    shared.vars_files.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), vars.clone());
    Ok(vars)
}
