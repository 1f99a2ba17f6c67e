//! A private folder of this process for control sockets and for answering ssh's questions; gone when we are.

use std::ffi::CString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use runner_engine::target::Secret;
use tempfile::TempDir;

/// Longest path of a control socket: sockets may have 104 bytes, of which ssh itself wants 17 while it creates one.
const CONTROL_PATH_MAX: usize = 86;

/// Answers that lie ready: a login through jump hosts may ask more than once.
const ANSWERS: usize = 4;

/// ssh calls this with its question. Only questions for a password are answered; the answer comes out of a pipe
/// whose other end is this process, so that it is in no file, no argument and no environment.
const ASKPASS: &str = "#!/bin/sh\n\
    case $1 in *[Pp]assword*) IFS= read -r p <\"$PLAYBOOK_ANSWERS\" && printf \"%s\\n\" \"$p\";; *) exit 1;; esac\n";

/// The folder.
#[derive(Debug)]
pub(crate) struct Room {
    folder: TempDir,
    next: AtomicU32,
}

/// Ready answers for one ssh; they disappear with this.
#[derive(Debug)]
pub(crate) struct Answers {
    /// The program that ssh is to ask.
    pub askpass: PathBuf,
    /// The pipe it reads.
    pub pipe: PathBuf,
    _writer: fs::File,
}

impl Drop for Answers {
    fn drop(&mut self) {
        // What is not removed now goes with the room.
        let _ = fs::remove_file(&self.pipe);
    }
}

impl Room {
    pub(crate) fn new() -> io::Result<Room> {
        let candidates =
            [Some(std::env::temp_dir()), Some(PathBuf::from("/tmp")), Some(PathBuf::from("/var/tmp"))];
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let mut refused = io::Error::other("no folder for temporary files is short enough for a socket");
        for base in candidates.into_iter().chain([runtime]).flatten() {
            if base.as_os_str().len() + "/pb-123456/4294967295".len() > CONTROL_PATH_MAX {
                continue;
            }
            match tempfile::Builder::new()
                .prefix("pb-")
                .permissions(fs::Permissions::from_mode(0o700))
                .tempdir_in(base)
            {
                Ok(folder) => return Ok(Room { folder, next: AtomicU32::new(1) }),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// A path for a control socket that nobody has used.
    pub(crate) fn control_path(&self) -> PathBuf {
        self.folder.path().join(self.number().to_string())
    }

    fn number(&self) -> u32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Lays the password ready for an ssh that will ask for it.
    pub(crate) fn answers(&self, password: &Secret) -> io::Result<Answers> {
        let askpass = self.askpass()?;
        let pipe = self.folder.path().join(format!("a{}", self.number()));
        make_pipe(&pipe)?;
        // Open for both directions: a pipe with a reader takes the answers at once, without waiting for ssh.
        let mut writer = OpenOptions::new().read(true).write(true).open(&pipe)?;
        for _ in 0..ANSWERS {
            writer.write_all(password.reveal().as_bytes())?;
            writer.write_all(b"\n")?;
        }
        Ok(Answers { askpass, pipe, _writer: writer })
    }

    /// The program for `SSH_ASKPASS`, in a place where programs may be executed.
    fn askpass(&self) -> io::Result<PathBuf> {
        let path = self.folder.path().join("askpass");
        if path.exists() {
            return Ok(path);
        }
        let partial = self.folder.path().join(format!("p{}", self.number()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o700).open(&partial)?;
        file.write_all(ASKPASS.as_bytes())?;
        drop(file);
        fs::rename(&partial, &path)?;
        Ok(path)
    }
}

fn make_pipe(path: &Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the path is a C string that lives until the call returns.
    match unsafe { libc::mkfifo(path.as_ptr(), 0o600) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn ask(answers: &Answers, question: &str) -> Option<String> {
        let out =
            Command::new(&answers.askpass).arg(question).env("PLAYBOOK_ANSWERS", &answers.pipe).output();
        let out = out.expect("the program runs");
        out.status.success().then(|| String::from_utf8_lossy(&out.stdout).trim_end().to_owned())
    }

    #[test]
    fn only_questions_for_a_password_are_answered() {
        let room = Room::new().expect("a temporary folder");
        let answers = room.answers(&Secret::new("it's \\ \"hush\"")).expect("a pipe");
        assert_eq!(ask(&answers, "root@host's password: ").as_deref(), Some("it's \\ \"hush\""));
        assert_eq!(ask(&answers, "Enter passphrase for key '/x': "), None);
        assert_eq!(ask(&answers, "Are you sure you want to continue connecting (yes/no)?"), None);
        assert_eq!(ask(&answers, "Password: ").as_deref(), Some("it's \\ \"hush\""));
        let pipe = answers.pipe.clone();
        drop(answers);
        assert!(!pipe.exists());
    }
}
