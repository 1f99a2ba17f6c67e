//! The files loading may look at: a trait, the real disk, and a tree in memory for tests and embedded use.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

/// All file access of loading goes through this.
pub trait Files: Send + Sync {
    /// The whole content of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// The names in a directory, in no particular order.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
    /// Whether anything is there (a broken link is not).
    fn exists(&self, path: &Path) -> bool;
    /// Whether it is a directory (links followed).
    fn is_dir(&self, path: &Path) -> bool;
    /// Whether it is a regular file (links followed).
    fn is_file(&self, path: &Path) -> bool {
        self.exists(path) && !self.is_dir(path)
    }
    /// Whether it is a file somebody may execute.
    fn is_executable(&self, path: &Path) -> bool;
    /// The absolute path with links resolved; what cannot be resolved is only made absolute and tidy.
    fn canonical(&self, path: &Path) -> PathBuf;
    /// The absolute, tidy path without resolving links; `~` is the home directory.
    fn absolute(&self, path: &Path) -> PathBuf;
}

/// The disk of this machine.
#[derive(Clone, Debug)]
pub struct Disk {
    cwd: PathBuf,
    home: Option<PathBuf>,
}

impl Disk {
    /// The disk, with relative paths taken from `cwd` and `~` meaning `home`.
    pub fn new(cwd: impl Into<PathBuf>, home: Option<PathBuf>) -> Self {
        Self { cwd: cwd.into(), home }
    }

    fn full(&self, path: &Path) -> PathBuf {
        absolute(&self.cwd, self.home.as_deref(), path)
    }
}

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(self.full(path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        std::fs::read_dir(self.full(path))?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    fn exists(&self, path: &Path) -> bool {
        self.full(path).exists()
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.full(path).is_dir()
    }

    fn is_executable(&self, path: &Path) -> bool {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(self.full(path))
            .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    }

    fn canonical(&self, path: &Path) -> PathBuf {
        let full = self.full(path);
        std::fs::canonicalize(&full).unwrap_or(full)
    }

    fn absolute(&self, path: &Path) -> PathBuf {
        self.full(path)
    }
}

/// A tree of files in memory; relative paths are below `/`.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, (Vec<u8>, bool)>,
}

impl Memory {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file; its directories come into being with it.
    pub fn add(&mut self, path: impl AsRef<Path>, content: impl Into<Vec<u8>>) {
        let path = self.absolute(path.as_ref());
        self.files.insert(path, (content.into(), false));
    }

    /// Adds a file that counts as executable.
    pub fn add_executable(&mut self, path: impl AsRef<Path>, content: impl Into<Vec<u8>>) {
        let path = self.absolute(path.as_ref());
        self.files.insert(path, (content.into(), true));
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let found = self.files.get(&self.absolute(path));
        found.map(|(content, _)| content.clone()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let path = self.absolute(path);
        let mut names: Vec<String> = Vec::new();
        for file in self.files.keys() {
            let Ok(below) = file.strip_prefix(&path) else { continue };
            if let Some(Component::Normal(name)) = below.components().next() {
                let name = name.to_string_lossy().into_owned();
                if names.last() != Some(&name) {
                    names.push(name);
                }
            }
        }
        names.dedup();
        if names.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(names) }
    }

    fn exists(&self, path: &Path) -> bool {
        self.files.contains_key(&self.absolute(path)) || self.is_dir(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        let path = self.absolute(path);
        self.files.keys().any(|file| *file != path && file.starts_with(&path))
    }

    fn is_executable(&self, path: &Path) -> bool {
        self.files.get(&self.absolute(path)).is_some_and(|(_, executable)| *executable)
    }

    fn canonical(&self, path: &Path) -> PathBuf {
        self.absolute(path)
    }

    fn absolute(&self, path: &Path) -> PathBuf {
        absolute(Path::new("/"), None, path)
    }
}

/// Makes a path absolute and removes `.`, `..` and doubled slashes by name only, as Python's `normpath` does.
pub fn absolute(cwd: &Path, home: Option<&Path>, path: &Path) -> PathBuf {
    let joined = match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => cwd.join(path),
    };
    let mut tidy = PathBuf::new();
    for part in joined.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                tidy.pop();
            }
            other => tidy.push(other),
        }
    }
    tidy
}
