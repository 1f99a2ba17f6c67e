//! Files of `ansible-vault`: read whole, replaced whole, never left half-written.

use std::{
    io::{IsTerminal as _, Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use runner_playbook::vault::{self, Secret};

use crate::{output::screen::Screen, setup::Refusal};

/// Only the owner reads what this program creates.
const PRIVATE: u32 = 0o600;

/// The path of a file as messages show it.
pub fn shown(file: &str) -> String {
    if file == "-" { file.to_owned() } else { real(file).display().to_string() }
}

/// A file's own place, links followed.
pub fn real(file: &str) -> PathBuf {
    let path = crate::config::expand(file);
    let absolute = std::path::absolute(&path).unwrap_or(path);
    std::fs::canonicalize(&absolute).unwrap_or(absolute)
}

/// A file's content; `-` is standard input.
pub fn read(file: &str) -> Result<Vec<u8>, Refusal> {
    if file == "-" {
        if std::io::stdin().is_terminal() {
            Screen::new(false).err("Reading ciphertext input from stdin", None);
        }
        let mut data = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut data)
            .map_err(|error| Refusal::new(format!("could not read standard input: {error}")))?;
        return Ok(data);
    }
    let path = real(file);
    std::fs::read(&path).map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "[Errno 2] No such file or directory".to_owned(),
            std::io::ErrorKind::PermissionDenied => "[Errno 13] Permission denied".to_owned(),
            std::io::ErrorKind::IsADirectory => "[Errno 21] Is a directory".to_owned(),
            _ => error.to_string(),
        };
        let place = path.display();
        Refusal::new(format!("Unable to read source file ({place}): {why}: '{place}'"))
    })
}

/// Encrypts with a salt nobody has used.
pub fn sealed(plain: &[u8], secret: &Secret) -> Result<String, Refusal> {
    let mut salt = [0_u8; 32];
    let wanted = std::env::var("ANSIBLE_VAULT_ENCRYPT_SALT").ok().filter(|salt| !salt.is_empty());
    match wanted {
        Some(text) => {
            let text = text.as_bytes();
            let given = vault_salt(text);
            salt.copy_from_slice(&given);
        }
        None => std::fs::File::open("/dev/urandom")
            .and_then(|mut random| random.read_exact(&mut salt))
            .map_err(|error| Refusal::new(format!("could not get random bytes: {error}")))?,
    }
    Ok(vault::encrypt(plain, secret, Some(&secret.label), &salt))
}

/// A salt that the environment fixes, cut or repeated to the length of a salt.
fn vault_salt(text: &[u8]) -> [u8; 32] {
    let mut salt = [0_u8; 32];
    for (at, byte) in salt.iter_mut().enumerate() {
        *byte = text[at % text.len()];
    }
    salt
}

/// Puts a result where it belongs: the output that was named, standard output for standard input, else the file itself.
pub fn write(file: &str, output: Option<&str>, data: &[u8]) -> Result<(), Refusal> {
    let target = output.unwrap_or(file);
    if target == "-" {
        let mut stdout = std::io::stdout().lock();
        return stdout
            .write_all(data)
            .and_then(|()| stdout.flush())
            .map_err(|error| Refusal::new(format!("could not write standard output: {error}")));
    }
    let path = if output.is_some() { crate::config::expand(target) } else { real(target) };
    replace(&path, data).map_err(|error| Refusal::new(format!("could not write {}: {error}", path.display())))
}

/// Replaces a file in one step; its mode and owner stay.
pub fn replace(path: &Path, data: &[u8]) -> std::io::Result<()> {
    let old = std::fs::metadata(path).ok();
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = dir.join(format!(".{name}.{}.tmp", std::process::id()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&beside)?;
    let written = file.write_all(data).and_then(|()| file.sync_all()).and_then(|()| {
        if let Some(old) = &old {
            use std::os::unix::fs::MetadataExt as _;
            // Only root may give files away; others keep their own.
            let _ = std::os::unix::fs::chown(&beside, Some(old.uid()), Some(old.gid()));
            std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(old.mode() & 0o7777))?;
        }
        std::fs::rename(&beside, path)
    });
    if written.is_err() {
        // The first error is the one to tell.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// Shows text in the pager on a terminal, else as it is.
pub fn page(screen: &Screen, text: &str) {
    if std::io::stdout().is_terminal() {
        let pager = std::env::var("PAGER").ok().filter(|pager| !pager.is_empty());
        let program = pager.unwrap_or_else(|| "less".to_owned());
        let mut words = program.split_whitespace();
        let started = words.next().and_then(|first| {
            let mut command = Command::new(first);
            command.args(words).env("LESS", std::env::var("LESS").unwrap_or_else(|_| "FRSX".to_owned()));
            command.stdin(Stdio::piped()).spawn().ok()
        });
        if let Some(mut child) = started {
            if let Some(mut input) = child.stdin.take() {
                // A pager that was left early has seen enough.
                let _ = input.write_all(text.as_bytes());
            }
            let _ = child.wait();
            return;
        }
    }
    screen.out(text.strip_suffix('\n').unwrap_or(text), None);
}
