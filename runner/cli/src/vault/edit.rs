//! `create` and `edit`: the plain text is in a private file for as long as the editor is open.

use std::{
    io::{IsTerminal as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use runner_playbook::vault::{Secret, Secrets};

use super::{opened, refuse, store};
use crate::setup::Refusal;

/// Creates an encrypted file with what is typed in the editor.
pub fn create(file: &str, secret: &Secret, skip_tty_check: bool) -> Result<(), Refusal> {
    if !(std::io::stdout().is_terminal() || skip_tty_check) {
        return Err(refuse("not a tty, editor cannot be opened"));
    }
    let path = store::real(file);
    if path.is_file() {
        return Err(Refusal::new(format!("{} exists, please use 'edit' instead", path.display())));
    }
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(|error| {
            Refusal::new(format!("could not create the directory {}: {error}", dir.display()))
        })?;
    }
    let typed = edited(b"", &path)?;
    save(&path, &typed, secret)
}

/// Edits an encrypted file; it is left alone when nothing was changed.
pub fn edit(file: &str, secrets: &Secrets, wanted: Option<&str>) -> Result<(), Refusal> {
    let path = store::real(file);
    let data = store::read(file)?;
    let (plain, label) = opened(&data, secrets, &path.display().to_string())?;
    let label = wanted.unwrap_or(&label);
    let Some(secret) = secrets.list.iter().find(|secret| secret.label == label) else {
        return Err(Refusal::new(format!("there is no secret with the vault id {label}")));
    };
    let envelope = runner_playbook::vault::label(&data);
    let stays = wanted.is_none() || envelope.as_deref() == wanted;
    let typed = edited(&plain, &path)?;
    if typed == plain && stays {
        return Ok(());
    }
    save(&path, &typed, secret)
}

fn save(path: &Path, plain: &[u8], secret: &Secret) -> Result<(), Refusal> {
    let text = store::sealed(plain, secret)?;
    store::replace(path, text.as_bytes())
        .map_err(|error| Refusal::new(format!("could not write {}: {error}", path.display())))
}

/// What the editor leaves of a text.
fn edited(plain: &[u8], path: &Path) -> Result<Vec<u8>, Refusal> {
    let told = |error: std::io::Error| Refusal::new(format!("could not edit {}: {error}", path.display()));
    let private = Private::new(path).map_err(told)?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&private.file)
        .map_err(told)?;
    file.write_all(plain).map_err(told)?;
    drop(file);
    let editor = ["ANSIBLE_EDITOR", "EDITOR"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty()))
        .unwrap_or_else(|| "vi".to_owned());
    // The editor may be a command with arguments of its own, quoted as in a shell.
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg("sh")
        .arg(&private.file)
        .status()
        .map_err(told)?;
    if !status.success() {
        return Err(Refusal::new(format!(
            "Unable to execute the command \"{editor} {}\": exit code {}",
            private.file.display(),
            status.code().unwrap_or(-1)
        )));
    }
    std::fs::read(&private.file).map_err(told)
}

/// A directory that only its owner can enter; what was in it is overwritten and gone when it is dropped.
struct Private {
    dir: PathBuf,
    file: PathBuf,
}

impl Private {
    fn new(path: &Path) -> std::io::Result<Self> {
        let dir = std::env::temp_dir().join(format!("vault-{}-{:x}", std::process::id(), stamp()));
        std::fs::DirBuilder::new().mode(0o700).create(&dir)?;
        let mut name = std::ffi::OsString::from("tmp");
        if let Some(extension) = path.extension() {
            name.push(".");
            name.push(extension);
        }
        let file = dir.join(name);
        Ok(Private { dir, file })
    }
}

fn stamp() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

impl Drop for Private {
    fn drop(&mut self) {
        if let Ok(meta) = std::fs::metadata(&self.file) {
            let size = usize::try_from(meta.len()).unwrap_or(0);
            // Where this cannot be done, removing is all there is.
            let _ = std::fs::write(&self.file, vec![0_u8; size]);
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
