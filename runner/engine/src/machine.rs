//! The machine the engine runs on, as lookups and path tests may see it.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use runner_playbook::{load::Loader, source::Span};
use runner_template::{CommandOutput, HttpRequest, PathInfo, Value, World};

use crate::event::{Notice, Severity};

/// Answers `config` lookups: the value of a setting by name.
pub type SettingLookup = Arc<dyn Fn(&str) -> Option<Value> + Send + Sync>;

/// A real controller: its disk, its processes, its clock.
pub struct Machine {
    loader: Loader,
    current_dir: PathBuf,
    setting: SettingLookup,
    heard: Mutex<Vec<Notice>>,
}

impl Machine {
    /// This machine, working in a directory.
    pub fn new(loader: Loader, current_dir: PathBuf, setting: SettingLookup) -> Self {
        Machine { loader, current_dir, setting, heard: Mutex::new(Vec::new()) }
    }

    fn hear(&self, severity: Severity, message: &str, span: &Span) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push(Notice::new(severity, message).at(span));
    }
}

fn sentence(error: &std::io::Error) -> String {
    error.to_string()
}

impl World for Machine {
    fn read_file(&self, path: &Path) -> Result<Vec<u8>, String> {
        self.loader.files.read(path).map_err(|error| sentence(&error))
    }

    fn write_private_file(&self, path: &Path, content: &[u8]) -> Result<(), String> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| sentence(&error))?;
        }
        let partial = path.with_extension(format!("tmp{}", std::process::id()));
        let written = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)
            .and_then(|mut file| file.write_all(content))
            .and_then(|()| fs::rename(&partial, path));
        written.map_err(|error| {
            let _ = fs::remove_file(&partial);
            sentence(&error)
        })
    }

    fn list_dir(&self, path: &Path) -> Result<Vec<String>, String> {
        self.loader.files.list(path).map_err(|error| sentence(&error))
    }

    fn path_info(&self, path: &Path) -> PathInfo {
        let Ok(link) = fs::symlink_metadata(path) else { return PathInfo::default() };
        let target = fs::metadata(path).ok();
        let parent = path.join("..");
        let is_mount = match (&target, fs::metadata(parent)) {
            (Some(own), Ok(above)) => own.is_dir() && (own.dev() != above.dev() || own.ino() == above.ino()),
            _ => false,
        };
        PathInfo {
            exists: target.is_some(),
            link_exists: true,
            is_dir: target.as_ref().is_some_and(fs::Metadata::is_dir),
            is_file: target.as_ref().is_some_and(fs::Metadata::is_file),
            is_link: link.is_symlink(),
            is_mount,
        }
    }

    fn real_path(&self, path: &Path) -> PathBuf {
        self.loader.files.canonical(path)
    }

    fn find_file(&self, subdir: &str, name: &str) -> Option<PathBuf> {
        let base = &self.current_dir;
        [base.join(subdir).join(name), base.join(name)].into_iter().find(|path| path.exists())
    }

    fn search_dirs(&self, subdir: &str) -> Vec<PathBuf> {
        vec![self.current_dir.join(subdir), self.current_dir.clone()]
    }

    fn current_dir(&self) -> PathBuf {
        self.current_dir.clone()
    }

    fn run_command(&self, command: &str) -> Result<CommandOutput, String> {
        let output = Command::new("/bin/sh")
            .arg("-c")
            .arg(command)
            .current_dir(&self.current_dir)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| sentence(&error))?;
        let code = output.status.code().unwrap_or(-1);
        Ok(CommandOutput { code, stdout: output.stdout, stderr: output.stderr })
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn http_get(&self, request: &HttpRequest) -> Result<Vec<u8>, String> {
        let _ = request;
        Err("the url lookup has no HTTP client here".to_owned())
    }

    fn now(&self) -> jiff::Zoned {
        jiff::Zoned::now()
    }

    fn random_u64(&self) -> u64 {
        rand::random()
    }

    fn inventory_hostnames(&self, _pattern: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn setting(&self, name: &str) -> Option<Value> {
        (self.setting)(name)
    }

    fn decrypt(&self, ciphertext: &str) -> Result<String, String> {
        let plain = runner_playbook::vault::decrypt(ciphertext.as_bytes(), &self.loader.secrets)
            .map_err(|error| error.to_string())?;
        String::from_utf8(plain).map_err(|error| error.to_string())
    }

    fn encrypt(&self, text: &str, secret: &str, salt: Option<&str>, id: &str) -> Result<String, String> {
        use runner_playbook::vault;
        let random: [u8; 32] = rand::random();
        let salt = salt.map_or(&random[..], str::as_bytes);
        let secret = vault::Secret::new(id, secret);
        Ok(vault::encrypt(text.as_bytes(), &secret, Some(id), salt))
    }

    fn decrypt_with(&self, ciphertext: &str, secret: &str) -> Result<String, String> {
        use runner_playbook::vault;
        let secrets =
            vault::Secrets { list: vec![vault::Secret::new("filter_default", secret)], match_label: false };
        let plain =
            vault::decrypt(ciphertext.trim().as_bytes(), &secrets).map_err(|error| error.to_string())?;
        String::from_utf8(plain).map_err(|error| error.to_string())
    }

    fn warn(&self, message: &str, span: &Span) {
        self.hear(Severity::Warning, message, span);
    }

    fn deprecate(&self, message: &str, span: &Span) {
        self.hear(Severity::Deprecation, message, span);
    }
}
