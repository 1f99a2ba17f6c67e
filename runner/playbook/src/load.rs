//! Following a playbook to its imports, roles and variable files: everything that is read before and during a run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ast::{Handler, IncludeRole, Item, Layer, Playbook, RoleUse};
use crate::files::Files;
use crate::names::ModuleNames;
use crate::node::{Data, Map, Node};
use crate::problem::{Kind, Problem, has_errors};
use crate::source::{Source, Span};

use crate::vault::{self, Secrets};
use crate::yaml::{self, DuplicateKeys};

mod action;
mod fields;
mod imports;
mod plays;
mod roles;
mod search;
mod tasks;
mod words;

pub use search::{candidates, search_stack};

use tasks::Pass;
pub(crate) use words::python_class;

/// What loading needs to know of the world. Cloning is cheap.
#[derive(Clone)]
pub struct Loader {
    /// All file access.
    pub files: Arc<dyn Files>,
    /// The secrets for encrypted files.
    pub secrets: Arc<Secrets>,
    /// The modules.
    pub names: Arc<dyn ModuleNames>,
    /// Evaluates templates in the names of static imports.
    pub imports: Arc<dyn ImportNames>,
    /// What `ansible.cfg` says about loading.
    pub settings: Arc<Settings>,
}

/// Evaluates a template in the name of something that is imported before the run.
pub trait ImportNames: Send + Sync {
    /// The text with templates evaluated; the layers of variables come lowest first. The error is the reason alone.
    fn render(&self, text: &Node, vars: &[&Map]) -> Result<String, String>;
}

/// Refuses templates in the names of imports.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTemplates;

impl ImportNames for NoTemplates {
    fn render(&self, _text: &Node, _vars: &[&Map]) -> Result<String, String> {
        Err("templates are not evaluated here".to_owned())
    }
}

/// What `ansible.cfg` says about loading.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `roles_path`.
    pub roles_path: Vec<PathBuf>,
    /// `collections_path`.
    pub collections_path: Vec<PathBuf>,
    /// `duplicate_dict_key`.
    pub duplicate_keys: DuplicateKeys,
    /// `invalid_task_attribute_failed`: whether an unknown keyword is an error or only a warning.
    pub invalid_attribute_is_error: bool,
    /// `yaml_valid_extensions`, with their dots.
    pub yaml_extensions: Vec<String>,
    /// Extra variables, which names of static imports may use.
    pub extra_vars: Map,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            roles_path: ["~/.ansible/roles", "/usr/share/ansible/roles", "/etc/ansible/roles"]
                .map(PathBuf::from)
                .into(),
            collections_path: ["~/.ansible/collections", "/usr/share/ansible/collections"]
                .map(PathBuf::from)
                .into(),
            duplicate_keys: DuplicateKeys::Warn,
            invalid_attribute_is_error: true,
            yaml_extensions: [".yml", ".yaml", ".json"].map(str::to_owned).into(),
            extra_vars: Map::new(),
        }
    }
}

/// The tasks of a file, and the roles that were imported among them.
#[derive(Debug, Default)]
pub struct Tasks {
    /// Tasks and blocks.
    pub items: Vec<Item>,
    /// The roles `import_role` brought in.
    pub imported_roles: Vec<Arc<RoleUse>>,
}

impl Loader {
    /// Reads a playbook with everything it imports. The playbook is none when it cannot be run.
    pub fn load_playbook(&self, path: &Path) -> (Option<Playbook>, Vec<Problem>) {
        let full = self.files.absolute(path);
        let mut pass = Pass::new(self, parent(&full));
        let plays = pass.playbook(&full, None, &Span::none());
        let playbook = Playbook { path: path.to_path_buf(), plays };
        finish(playbook, pass.problems)
    }

    /// Reads a file of tasks below a level: for `include_tasks` while the play runs.
    pub fn load_task_file(
        &self,
        path: &Path,
        layer: &Arc<Layer>,
        play_dir: &Path,
    ) -> (Option<Tasks>, Vec<Problem>) {
        let mut pass = Pass::new(self, play_dir.to_path_buf());
        let items = pass.task_file(path, layer, false, &Span::none());
        finish(Tasks { items, imported_roles: pass.imported }, pass.problems)
    }

    /// Reads a file of tasks as handlers: for `include_tasks` in a list of handlers.
    pub fn load_handler_file(
        &self,
        path: &Path,
        layer: &Arc<Layer>,
        play_dir: &Path,
    ) -> (Option<Vec<Handler>>, Vec<Problem>) {
        let mut pass = Pass::new(self, play_dir.to_path_buf());
        let items = pass.task_file(path, layer, true, &Span::none());
        let handlers = pass.handlers_of(&items);
        finish(handlers, pass.problems)
    }

    /// Finds and reads a role with its dependencies below a level: for `include_role` while the play runs.
    ///
    /// `name` and the `*_from` names in `request` must be plain strings by now. `keywords` and `vars` are the task's.
    pub fn load_role(
        &self,
        request: &IncludeRole,
        layer: &Arc<Layer>,
        play_dir: &Path,
    ) -> (Option<Arc<RoleUse>>, Vec<Problem>) {
        let mut pass = Pass::new(self, play_dir.to_path_buf());
        let found = pass.included_role(request, layer);
        if has_errors(&pass.problems) { (None, pass.problems) } else { (found, pass.problems) }
    }

    /// Reads a file of variables (`vars_files`, `include_vars`), decrypting it when it is a vault; an empty file is no variables.
    pub fn load_vars_file(&self, path: &Path) -> (Option<Map>, Vec<Problem>) {
        let (node, mut problems) = self.load_yaml(path, &Span::none());
        let Some(node) = node else { return (None, problems) };
        match &node.data {
            Data::Null => (Some(Map::new()), problems),
            Data::Map(map) => (Some(Map::clone(map)), problems),
            _ => {
                let text = "Invalid variable file contents.";
                let help = "Variable files must contain either a dictionary of variables, or a list of dictionaries.";
                problems.push(Problem::error(Kind::Variable, text, &node.span).with_help(help));
                (None, problems)
            }
        }
    }

    /// Reads a YAML file, decrypting it when it is a vault. `from` is what asked for it, for the message when it is missing.
    pub fn load_yaml(&self, path: &Path, from: &Span) -> (Option<Node>, Vec<Problem>) {
        match self.read(path, from) {
            Ok(source) => yaml::parse_with(&source, self.settings.duplicate_keys),
            Err(problem) => (None, vec![*problem]),
        }
    }

    /// Reads any text file, decrypting it when it is a vault.
    ///
    /// # Errors
    /// When it is missing, unreadable, or cannot be decrypted.
    pub fn read(&self, path: &Path, from: &Span) -> Result<Source, Box<Problem>> {
        let name = path.display().to_string();
        let bytes = self.files.read(path).map_err(|error| {
            let text = format!(
                "Unable to retrieve file contents.\nCould not find or access '{name}' on the Ansible Controller.\nIf you are using a module and expect the file to exist on the remote, see the remote_src option: {}",
                os_error(&error, &name)
            );
            Box::new(Problem::error(Kind::File, text, from))
        })?;
        let bytes = if vault::is_encrypted(&bytes) {
            vault::decrypt(&bytes, &self.secrets).map_err(|error| {
                Box::new(Problem::error(Kind::Vault, error.to_string(), &Source::new(&*name, "").at(0, 0)))
            })?
        } else {
            bytes
        };
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let text = format!("File '{name}' could not be decoded as 'utf-8'.");
                let text = format!("{text} {}", error.utf8_error());
                return Err(Box::new(Problem::error(Kind::File, text, &Source::new(&*name, "").at(0, 0))));
            }
        };
        Ok(Source::new(name, text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)))
    }
}

/// Python's words for a file that cannot be read.
fn os_error(error: &std::io::Error, name: &str) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => format!("[Errno 2] No such file or directory: '{name}'"),
        std::io::ErrorKind::PermissionDenied => format!("[Errno 13] Permission denied: '{name}'"),
        std::io::ErrorKind::IsADirectory => format!("[Errno 21] Is a directory: '{name}'"),
        _ => error.to_string(),
    }
}

fn finish<T>(value: T, problems: Vec<Problem>) -> (Option<T>, Vec<Problem>) {
    (Some(value).filter(|_| !has_errors(&problems)), problems)
}

/// The directory a file is in.
fn parent(path: &Path) -> PathBuf {
    path.parent().map_or_else(|| PathBuf::from("/"), Path::to_path_buf)
}

/// The files that hold `main`, or the name asked for, in a directory of a role.
fn vars_files(
    files: &Arc<dyn Files>,
    settings: &Settings,
    dir: &Path,
    from: Option<&str>,
    allow_dir: bool,
) -> Vec<PathBuf> {
    match from {
        // A name that is asked for may carry its extension.
        Some(name) if files.is_file(&dir.join(name)) => vec![files.absolute(&dir.join(name))],
        Some(name) => named_files(files, settings, dir, name, allow_dir),
        None => named_files(files, settings, dir, "main", allow_dir),
    }
}

/// The files of a name in a directory: with an extension, without one, or all files of a directory of that name.
fn named_files(
    files: &Arc<dyn Files>,
    settings: &Settings,
    dir: &Path,
    name: &str,
    allow_dir: bool,
) -> Vec<PathBuf> {
    let extensions = settings.yaml_extensions.iter().map(String::as_str).chain([""]);
    for extension in extensions {
        let path = dir.join(format!("{name}{extension}"));
        if files.is_dir(&path) {
            if allow_dir {
                return files_below(files, settings, &path);
            }
        } else if files.exists(&path) {
            return vec![files.absolute(&path)];
        }
    }
    Vec::new()
}

/// The files of variables in a directory and below it, sorted; hidden files and backups are skipped.
pub(crate) fn files_below(files: &Arc<dyn Files>, settings: &Settings, dir: &Path) -> Vec<PathBuf> {
    /// Directories within directories: more means a link that leads back.
    const DEPTH_MAX: usize = 32;
    fn walk(files: &Arc<dyn Files>, settings: &Settings, dir: &Path, depth: usize, found: &mut Vec<PathBuf>) {
        let mut names = files.list(dir).unwrap_or_default();
        names.sort();
        for name in names {
            if name.starts_with('.') || name.ends_with('~') {
                continue;
            }
            let path = dir.join(&name);
            if files.is_dir(&path) {
                if depth < DEPTH_MAX {
                    walk(files, settings, &path, depth + 1, found);
                }
            } else {
                let extension = name.rfind('.').map_or("", |at| &name[at..]);
                if extension.is_empty() || settings.yaml_extensions.iter().any(|known| known == extension) {
                    found.push(files.absolute(&path));
                }
            }
        }
    }
    let mut found = Vec::new();
    walk(files, settings, dir, 0, &mut found);
    found
}
