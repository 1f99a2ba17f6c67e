//! The controller as templates and controller halves see it from one task: where its files are, which hosts match.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use runner_playbook::{
    ast::{Layer, LayerKind},
    source::Span,
};
use runner_template::{CommandOutput, HttpRequest, PathInfo, Value, World};

use crate::store::Store;

/// A controller with the search path of one task.
pub(crate) struct TaskWorld {
    base: Arc<dyn World>,
    store: Arc<Store>,
    bases: Vec<PathBuf>,
    dir: PathBuf,
}

impl TaskWorld {
    /// The world of a task that stands in `layer` and begins at `span`, in a play of `dir`.
    pub(crate) fn of(
        base: Arc<dyn World>,
        store: Arc<Store>,
        layer: &Arc<Layer>,
        span: &Span,
        dir: &Path,
    ) -> Self {
        let mut bases: Vec<PathBuf> = Vec::new();
        let mut add = |path: PathBuf| {
            if !bases.contains(&path) {
                bases.push(path);
            }
        };
        for layer in layer.chain() {
            if let LayerKind::Role(role) = &layer.kind {
                add(role.path.clone());
            }
        }
        if let Some(parent) = span.path().and_then(Path::parent) {
            add(if parent.is_absolute() { parent.to_owned() } else { dir.to_owned() });
        }
        TaskWorld { base, store, bases, dir: dir.to_owned() }
    }

    /// The directories that relative names are searched in, before their kind's subdirectory.
    pub(crate) fn bases(&self) -> &[PathBuf] {
        &self.bases
    }

    /// Every path a name could mean, best first.
    pub(crate) fn candidates(&self, subdir: &str, name: &str) -> Vec<PathBuf> {
        let path = Path::new(name);
        if path.is_absolute() {
            return vec![path.to_owned()];
        }
        if let Some(rest) = name.strip_prefix("~/") {
            let home = self.base.env("HOME").unwrap_or_else(|| "/".to_owned());
            return vec![Path::new(&home).join(rest)];
        }
        let mut found: Vec<PathBuf> = Vec::new();
        for base in self.bases.iter().chain([&self.dir]) {
            if base.file_name().is_some_and(|last| last == "tasks" || last == "handlers")
                && let Some(parent) = base.parent()
            {
                found.push(parent.join(subdir).join(path));
                found.push(base.join(subdir).join(path));
                found.push(parent.join(path));
                found.push(base.join(path));
                continue;
            }
            if !subdir.is_empty() && !name.starts_with(&format!("{subdir}/")) {
                found.push(base.join(subdir).join(path));
            }
            found.push(base.join(path));
        }
        found.into_iter().map(|path| tidy(&path)).collect()
    }
}

/// A path without `.` and `..`, by name only.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    runner_playbook::files::absolute(Path::new("/"), None, path)
}

impl World for TaskWorld {
    fn read_file(&self, path: &Path) -> Result<Vec<u8>, String> {
        self.base.read_file(path)
    }
    fn write_private_file(&self, path: &Path, content: &[u8]) -> Result<(), String> {
        self.base.write_private_file(path, content)
    }
    fn list_dir(&self, path: &Path) -> Result<Vec<String>, String> {
        self.base.list_dir(path)
    }
    fn path_info(&self, path: &Path) -> PathInfo {
        self.base.path_info(path)
    }
    fn real_path(&self, path: &Path) -> PathBuf {
        self.base.real_path(path)
    }
    fn find_file(&self, subdir: &str, name: &str) -> Option<PathBuf> {
        self.candidates(subdir, name).into_iter().find(|path| self.base.path_info(path).exists)
    }
    fn search_dirs(&self, subdir: &str) -> Vec<PathBuf> {
        self.candidates(subdir, "x").into_iter().filter_map(|path| Some(path.parent()?.to_owned())).collect()
    }
    fn current_dir(&self) -> PathBuf {
        self.dir.clone()
    }
    fn run_command(&self, command: &str) -> Result<CommandOutput, String> {
        self.base.run_command(command)
    }
    fn env(&self, name: &str) -> Option<String> {
        self.base.env(name)
    }
    fn http_get(&self, request: &HttpRequest) -> Result<Vec<u8>, String> {
        self.base.http_get(request)
    }
    fn now(&self) -> jiff::Zoned {
        self.base.now()
    }
    fn random_u64(&self) -> u64 {
        self.base.random_u64()
    }
    fn inventory_hostnames(&self, pattern: &str) -> Result<Vec<String>, String> {
        let patterns = runner_playbook::inventory::pattern::split(pattern);
        let (hosts, _) = self.store.select(&patterns);
        Ok(hosts.iter().map(|host| host.to_string()).collect())
    }
    fn setting(&self, name: &str) -> Option<Value> {
        self.base.setting(name)
    }
    fn decrypt(&self, ciphertext: &str) -> Result<String, String> {
        self.base.decrypt(ciphertext)
    }
    fn encrypt(&self, text: &str, secret: &str, salt: Option<&str>, id: &str) -> Result<String, String> {
        self.base.encrypt(text, secret, salt, id)
    }
    fn decrypt_with(&self, ciphertext: &str, secret: &str) -> Result<String, String> {
        self.base.decrypt_with(ciphertext, secret)
    }
    fn warn(&self, message: &str, span: &Span) {
        self.base.warn(message, span);
    }
    fn deprecate(&self, message: &str, span: &Span) {
        self.base.deprecate(message, span);
    }
}
