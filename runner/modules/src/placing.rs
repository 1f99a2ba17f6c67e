//! Putting a file in place: all at once, with the old one's owner and mode, checked and backed up if asked for.

use crate::{
    Command, Done, Failure, Plan, Stat, System,
    attributes::{self, Wanted, io_text},
    clock,
    outcome::Call,
    words,
};
use serde_json::{Value, json};
use std::{
    io::{self, Read},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// Files larger than this are not shown in a diff; Ansible's own limit.
pub const DIFF_MAX: usize = 104_448;

/// A name beside the path that nobody else uses.
pub fn beside(path: &Path, system: &dyn System) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let unique = format!(
        "{:x}{number:x}",
        system.now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos()
    );
    let folder = path.parent().unwrap_or(Path::new("/"));
    // Long names must still fit into what a folder allows.
    let name: String = name.chars().take(60).collect();
    folder.join(format!(".ansible_tmp{}{unique}{name}", system.identity().pid))
}

/// How a file is put in place.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// Overwrite in place if the file cannot be replaced (bind mounts).
    pub unsafe_writes: bool,
    /// A command with `%s` that must accept the new file.
    pub validate: Option<String>,
}

impl How {
    /// From the options of a spec with `files` and `validate`.
    pub fn of(call: &Call<'_>) -> Self {
        let all = call.args.all();
        How {
            unsafe_writes: all.get("unsafe_writes").and_then(Value::as_bool).unwrap_or(false),
            validate: all.get("validate").and_then(Value::as_str).map(str::to_owned),
        }
    }
}

/// Writes a new file beside `path`, checks it, gives it the owner and mode of what it replaces, and renames it.
pub fn place(
    system: &mut dyn System,
    path: &Path,
    contents: &mut dyn Read,
    how: &How,
) -> Result<(), Failure> {
    if let Some(command) = &how.validate
        && !command.contains("%s")
    {
        return Err(format!("validate must contain %s: {command}").into());
    }
    let old = system.stat(path, false).unwrap_or(None);
    let partial = beside(path, system);
    if let Err(error) = system.create(&partial, 0o600, contents) {
        if how.unsafe_writes && old.is_some() {
            return system.overwrite(path, contents).map(drop).map_err(|error| unwritable(path, &error));
        }
        return Err(unwritable(path, &error));
    }
    let result = finish(system, path, &partial, old.as_ref(), how);
    if result.is_err() {
        // The failure says more than one about a leftover could.
        let _ = system.remove(&partial);
    }
    result
}

fn finish(
    system: &mut dyn System,
    path: &Path,
    partial: &Path,
    old: Option<&Stat>,
    how: &How,
) -> Result<(), Failure> {
    if let Some(command) = &how.validate {
        validate(system, command, partial)?;
    }
    let identity = system.identity();
    match old.filter(|old| !old.is_link()) {
        Some(old) => {
            if (old.uid, old.gid) != (identity.euid, identity.egid) {
                // Only root may give files away; for others the file becomes theirs, as with any editor.
                let _ = system.chown(partial, Some(old.uid), Some(old.gid));
            }
            system.chmod(partial, old.mode).map_err(|error| unwritable(path, &error))?;
        }
        None => {
            let mode = 0o666 & !identity.umask;
            system.chmod(partial, mode).map_err(|error| unwritable(path, &error))?;
        }
    }
    match system.rename(partial, path) {
        Ok(()) => Ok(()),
        Err(error) if how.unsafe_writes => {
            let mut contents = system.open(partial).map_err(|error| unwritable(path, &error))?;
            system.overwrite(path, &mut contents).map_err(|error| unwritable(path, &error))?;
            system.remove(partial).map_err(|_| unwritable(path, &error))
        }
        Err(error) => {
            let (from, to) = (partial.display(), path.display());
            Err(format!("Could not replace file: {from} to {to}: {}", io_text(&error)).into())
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let folder = path.parent().unwrap_or(Path::new("/")).display();
    let why = io_text(error);
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            let msg = "The destination directory ({}) is not writable by the current user. Error was: {}";
            msg.replacen("{}", &folder.to_string(), 1).replacen("{}", &why, 1).into()
        }
        _ => format!("failed to write {}: {why}", path.display()).into(),
    }
}

/// Runs the task's check on a file.
pub fn validate(system: &mut dyn System, command: &str, file: &Path) -> Result<(), Failure> {
    let line = command.replace("%s", &words::quote(&file.to_string_lossy()));
    let argv = words::split(&line)?;
    let output = system
        .run(&Command::new(&argv))
        .map_err(|error| format!("failed to validate: {}", io_text(&error)))?;
    if output.ok() {
        return Ok(());
    }
    let msg = format!("failed to validate: rc:{} error:{}", output.rc, output.err());
    let failure = Failure::new(msg).with("exit_status", output.rc);
    Err(failure.with("stdout", output.out()).with("stderr", output.err()))
}

/// Copies the file to a name with the time in it; says which.
pub fn back_up(system: &mut dyn System, path: &Path) -> Result<Option<String>, Failure> {
    let Ok(Some(stat)) = system.stat(path, true) else { return Ok(None) };
    let time = clock::local(system.epoch()).format("%Y-%m-%d@%H:%M:%S");
    let name = format!("{}.{}.{time}~", path.display(), system.identity().pid);
    let copy = Path::new(&name);
    let could_not = |error: io::Error| {
        Failure::new(format!("Could not make backup of {} to {name}: {}", path.display(), io_text(&error)))
    };
    let mut contents = system.open(path).map_err(could_not)?;
    if system.exists(copy) {
        system.remove(copy).map_err(could_not)?;
    }
    system.create(copy, 0o600, &mut contents).map_err(could_not)?;
    system.chmod(copy, stat.mode).map_err(could_not)?;
    // Giving it to the old owner is best effort: only root can.
    let _ = system.chown(copy, Some(stat.uid), Some(stat.gid));
    let _ = system.set_times(copy, Some(stat.atime), Some(stat.mtime), true);
    Ok(Some(name))
}

/// A file's text before and after: what editors of text (lineinfile, ini_file …) plan.
pub struct Edit {
    /// The file, links resolved if the module follows them.
    pub path: PathBuf,
    /// Its bytes; none if it is not there.
    pub before: Option<Vec<u8>>,
    /// What they should be.
    pub after: Vec<u8>,
    /// The key under which the backup's name is returned.
    pub backup_key: &'static str,
}

impl Edit {
    /// Plans the change; folders that are missing above it are made.
    pub fn plan<'a>(self, plan: &mut Plan<'a>, call: &'a Call<'a>) {
        let Edit { path, before, after, backup_key } = self;
        if before.as_deref() == Some(&after) {
            return;
        }
        let backup = before.is_some() && call.args.all().get("backup").and_then(Value::as_bool) == Some(true);
        let how = How::of(call);
        plan.change(format!("write {}", path.display()), move |system, returns| {
            if backup && let Some(name) = back_up(system, &path)? {
                returns.insert(backup_key.into(), name.into());
            }
            make_dirs(system, path.parent().unwrap_or(Path::new("/")))?;
            place(system, &path, &mut &after[..], &how)?;
            Ok(Done::Changed)
        });
    }
}

/// Makes a folder and those above it, as `mkdir -p`.
pub fn make_dirs(system: &mut dyn System, path: &Path) -> Result<(), Failure> {
    if path.as_os_str().is_empty() || system.is_dir(path) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_dirs(system, parent)?;
    }
    match system.make_dir(path, 0o777) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(format!("Error creating {}: {}", path.display(), io_text(&error)).into())
        }
        _ => Ok(()),
    }
}

/// Plans the attributes of a file that is there, or will be. Says whether they differ.
pub fn plan_attributes<'a>(
    plan: &mut Plan<'a>,
    call: &Call<'_>,
    path: &Path,
    system: &dyn System,
) -> Result<attributes::Differences, Failure> {
    let wanted = Wanted::of(call);
    let stat = system.stat(path, false).ok().flatten().unwrap_or_else(|| attributes::of_new_file(system));
    let found = wanted.differences(path, &stat, system)?;
    if !found.is_empty() {
        let path = path.to_owned();
        plan.change(format!("set attributes of {}", path.display()), move |system, _| {
            let changed = wanted.apply(&path, system)?;
            Ok(if changed { Done::Changed } else { Done::Unchanged })
        });
    }
    Ok(found)
}

/// Ansible's diff of a text file.
pub fn text_diff(path: &Path, before: &[u8], after: &[u8]) -> Value {
    let header = format!("{} (content)", path.display());
    json!({
        "before": String::from_utf8_lossy(before), "after": String::from_utf8_lossy(after),
        "before_header": header, "after_header": header,
    })
}
