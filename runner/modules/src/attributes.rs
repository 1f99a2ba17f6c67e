//! Owner, group, mode and flags of a file: what is asked for, what differs, and setting it. Shared by all file modules.

use crate::{Failure, Stat, System, accounts, mode, outcome::Call};
use serde_json::{Map, Value, json};
use std::path::Path;

/// What a task asks for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Name or number.
    pub owner: Option<String>,
    /// Name or number.
    pub group: Option<String>,
    /// Octal text, symbolic text or a number.
    pub mode: Option<Value>,
    /// Flags as chattr takes them.
    pub flags: Option<String>,
}

/// What differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Present and wanted user.
    pub owner: Option<(u32, u32)>,
    /// Present and wanted group.
    pub group: Option<(u32, u32)>,
    /// Present and wanted bits.
    pub mode: Option<(u32, u32)>,
    /// Present and wanted flags.
    pub flags: Option<(u32, u32)>,
}

impl Differences {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Differences::default()
    }

    /// The two halves of Ansible's diff.
    pub fn diff(&self) -> (Map<String, Value>, Map<String, Value>) {
        let (mut before, mut after) = (Map::new(), Map::new());
        let mut add = |key: &str, was: Value, will: Value| {
            before.insert(key.into(), was);
            after.insert(key.into(), will);
        };
        if let Some((was, will)) = self.owner {
            add("owner", was.into(), will.into());
        }
        if let Some((was, will)) = self.group {
            add("group", was.into(), will.into());
        }
        if let Some((was, will)) = self.mode {
            add("mode", format!("{was:04o}").into(), format!("{will:04o}").into());
        }
        if let Some((was, will)) = self.flags {
            add("attributes", letters(was).into(), letters(will).into());
        }
        (before, after)
    }
}

/// Flags by letter, as chattr and lsattr write them, with Ansible's names.
pub const FLAGS: &[(char, u32, &str)] = &[
    ('s', 0x1, "secure-deletion"),
    ('u', 0x2, "undelete"),
    ('S', 0x8, "synchronous-updates"),
    ('D', 0x1_0000, "synchronous-directory-updates"),
    ('i', 0x10, "immutable"),
    ('a', 0x20, "append-only"),
    ('d', 0x40, "no-dump"),
    ('A', 0x80, "noatime"),
    ('c', 0x4, "compressed"),
    ('E', 0x800, "encrypted"),
    ('j', 0x4000, "journalling"),
    ('I', 0x1000, "indexed-directory"),
    ('t', 0x8000, "notailmerging"),
    ('T', 0x2_0000, "topofdirectory"),
    ('e', 0x8_0000, "extents"),
    ('C', 0x80_0000, "nocow"),
    ('N', 0x1000_0000, "inline"),
    ('P', 0x2000_0000, "project"),
    ('F', 0x4000_0000, "casefold"),
];

/// The letters of the flags that are set.
pub fn letters(flags: u32) -> String {
    FLAGS.iter().filter(|(_, bit, _)| flags & bit != 0).map(|(letter, _, _)| *letter).collect()
}

impl Wanted {
    /// From the options that the `files` group of a spec has.
    pub fn of(call: &Call<'_>) -> Self {
        // Some modules have a mode only, so the options are not asked for by name.
        let text = |name: &str| call.args.all().get(name).and_then(Value::as_str).map(str::to_owned);
        Wanted {
            owner: text("owner"),
            group: text("group"),
            mode: call.args.all().get("mode").filter(|mode| !mode.is_null() && *mode != "").cloned(),
            flags: text("attributes"),
        }
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.owner.is_none() && self.group.is_none() && self.mode.is_none() && self.flags.is_none()
    }

    /// The bits asked for, for something that has `stat` now.
    pub fn mode_for(&self, path: &Path, stat: &Stat, system: &dyn System) -> Result<Option<u32>, Failure> {
        let Some(value) = &self.mode else { return Ok(None) };
        let umask = system.identity().umask;
        mode::wanted(value, stat.mode, stat.is_dir(), umask).map(Some).map_err(|bad| {
            Failure::new(bad.msg).with("path", path.to_string_lossy()).with("details", bad.details)
        })
    }

    fn owner_id(&self, path: &Path, system: &dyn System) -> Result<Option<u32>, Failure> {
        let Some(owner) = &self.owner else { return Ok(None) };
        if let Ok(uid) = owner.parse() {
            return Ok(Some(uid));
        }
        let found = accounts::user_by_name(system, owner).map(|user| user.uid);
        found.map(Some).ok_or_else(|| {
            let msg = format!("chown failed: failed to look up user {owner}");
            Failure::new(msg).with("path", path.to_string_lossy())
        })
    }

    fn group_id(&self, path: &Path, system: &dyn System) -> Result<Option<u32>, Failure> {
        let Some(group) = &self.group else { return Ok(None) };
        if let Ok(gid) = group.parse() {
            return Ok(Some(gid));
        }
        let found = accounts::group_by_name(system, group).map(|group| group.gid);
        found.map(Some).ok_or_else(|| {
            let msg = format!("chgrp failed: failed to look up group {group}");
            Failure::new(msg).with("path", path.to_string_lossy())
        })
    }

    /// What differs at the path, or would differ on a new file (`stat` is then what it will have).
    pub fn differences(&self, path: &Path, stat: &Stat, system: &dyn System) -> Result<Differences, Failure> {
        let mut found = Differences::default();
        let differs =
            |was: u32, wanted: Option<u32>| wanted.filter(|will| *will != was).map(|will| (was, will));
        found.owner = differs(stat.uid, self.owner_id(path, system)?);
        found.group = differs(stat.gid, self.group_id(path, system)?);
        if !stat.is_link() {
            found.mode = differs(stat.mode, self.mode_for(path, stat, system)?);
        }
        if let Some(flags) = self.flags.as_deref().filter(|flags| !flags.is_empty()) {
            let (present, _) = system.flags(path).unwrap_or_default();
            found.flags = Some((present, wanted_flags(flags, present))).filter(|(was, will)| was != will);
        }
        Ok(found)
    }

    /// Sets what differs at the path; says whether something did.
    pub fn apply(&self, path: &Path, system: &mut dyn System) -> Result<bool, Failure> {
        if self.is_empty() {
            return Ok(false);
        }
        let stat = system.stat(path, false).map_err(|error| failed("stat failed", path, &error))?;
        let Some(stat) = stat else { return Ok(false) };
        let found = self.differences(path, &stat, system)?;
        if let Some((_, uid)) = found.owner {
            system.chown(path, Some(uid), None).map_err(|error| failed("chown failed", path, &error))?;
        }
        if let Some((_, gid)) = found.group {
            system.chown(path, None, Some(gid)).map_err(|error| failed("chgrp failed", path, &error))?;
        }
        // A change of owner clears set-id bits, so the bits come after it, even if they were right before.
        let wanted = self.mode_for(path, &stat, system)?.filter(|_| !stat.is_link());
        let reset =
            (found.owner.is_some() || found.group.is_some()) && wanted.is_some_and(|mode| mode & 0o6000 != 0);
        if let Some(mode) = wanted.filter(|_| found.mode.is_some() || reset) {
            system.chmod(path, mode).map_err(|error| failed("chmod failed", path, &error))?;
        }
        if let Some((_, flags)) = found.flags {
            system.set_flags(path, flags).map_err(|error| failed("chattr failed", path, &error))?;
        }
        Ok(!found.is_empty())
    }
}

fn wanted_flags(text: &str, present: u32) -> u32 {
    let (operator, names) = match text.split_at_checked(1) {
        Some((operator @ ("+" | "-" | "="), names)) => (operator, names),
        _ => ("=", text),
    };
    let bits =
        FLAGS.iter().filter(|(letter, _, _)| names.contains(*letter)).fold(0, |all, (_, bit, _)| all | bit);
    // Extents and the like belong to the file system and are not for us to take away.
    const KEPT: u32 = 0x8_0000 | 0x1000 | 0x1000_0000;
    match operator {
        "+" => present | bits,
        "-" => present & !bits,
        _ => bits | present & KEPT,
    }
}

fn failed(msg: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(msg).with("path", path.to_string_lossy()).with("details", io_text(error))
}

/// An error of the operating system as Python writes it: `[Errno 13] Permission denied`.
pub fn io_text(error: &std::io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => format!("[Errno {number}] {}", errno_text(error)),
        None => error.to_string(),
    }
}

/// The same with the path, as Python's `OSError` has it.
pub fn io_text_at(error: &std::io::Error, path: &Path) -> String {
    format!("{}: '{}'", io_text(error), path.display())
}

fn errno_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// The part of Ansible's diff that a module with text adds for attributes.
pub fn diff_of(path: &Path, found: &Differences) -> Value {
    let header = format!("{} (file attributes)", path.display());
    let (before, after) = found.diff();
    let mut diff = json!({ "before_header": header, "after_header": header });
    if let Some(map) = diff.as_object_mut().filter(|_| !before.is_empty()) {
        map.insert("before".into(), before.into());
        map.insert("after".into(), after.into());
    }
    diff
}

/// What a file that this process creates will have.
pub fn of_new_file(system: &dyn System) -> Stat {
    let identity = system.identity();
    Stat {
        kind: crate::Kind::File,
        mode: 0o666 & !identity.umask,
        uid: identity.euid,
        gid: identity.egid,
        size: 0,
        dev: 0,
        inode: 0,
        nlink: 1,
        rdev: 0,
        block_size: 4096,
        blocks: 0,
        atime: 0.0,
        mtime: 0.0,
        ctime: 0.0,
    }
}
