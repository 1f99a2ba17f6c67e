//! Where a relative file name of a task is looked for: roles, the task's file, the playbook's directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ast::{Layer, LayerKind};

/// The directories of a task, nearest first: its roles from the innermost out, the directory of its file, the playbook's.
pub fn search_stack(layer: &Arc<Layer>, task_file: Option<&Path>, play_dir: &Path) -> Vec<PathBuf> {
    let mut stack: Vec<PathBuf> = Vec::new();
    let roles = layer.chain().filter_map(|layer| match &layer.kind {
        LayerKind::Role(role) => Some(role.path.clone()),
        _ => None,
    });
    let file_dir = task_file.and_then(Path::parent).map(Path::to_path_buf);
    for dir in roles.chain(file_dir).chain([play_dir.to_path_buf()]) {
        if !stack.contains(&dir) {
            stack.push(dir);
        }
    }
    stack
}

/// The paths at which a file may be, in the order in which they are tried: `<dir>/<subdir>/<name>`, then `<dir>/<name>`.
///
/// `subdir` is `files`, `templates`, `vars` or `tasks`. An absolute name, or one below `~`, is the only candidate.
pub fn candidates(stack: &[PathBuf], subdir: &str, name: &str) -> Vec<PathBuf> {
    if name.starts_with('/') || name.starts_with('~') {
        return vec![PathBuf::from(name)];
    }
    let has_subdir = name.split('/').next() == Some(subdir);
    let mut paths: Vec<PathBuf> = Vec::new();
    for dir in stack {
        // A file next to the tasks of a role is below the role, not below `tasks/`.
        let role = dir.parent().filter(|_| dir.ends_with("tasks"));
        let under_role = role.map(|role| role.join(subdir).join(name));
        let under = (!has_subdir).then(|| dir.join(subdir).join(name));
        for path in under_role.into_iter().chain(under).chain([dir.join(name)]) {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    paths
}
