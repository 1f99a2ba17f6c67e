//! Zip files, read without help (PKWARE's APPNOTE 6.3.10): stored and deflated entries, Unix modes and links.

use super::plan_attributes;
use crate::{
    Done, Failure, Plan, System,
    attributes::{Wanted, io_text},
    clock, glob,
    outcome::Call,
    placing,
};
use serde_json::json;
use std::{
    io::Read,
    path::{Component, Path},
};

/// One file, folder or link.
#[derive(Clone, Debug)]
struct Entry {
    name: String,
    method: u16,
    mtime: i64,
    crc: u32,
    packed: usize,
    size: u64,
    offset: usize,
    mode: Option<u32>,
    is_dir: bool,
    is_link: bool,
}

/// A whole zip file in memory.
pub struct Archive {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

impl Archive {
    /// Reads the list at the end of the file.
    pub fn open(system: &dyn System, file: &Path) -> Result<Self, String> {
        let bytes = system.read(file).map_err(|error| io_text(&error))?;
        let entries = directory(&bytes).ok_or_else(|| "File is not a zip file".to_owned())?;
        Ok(Archive { bytes, entries })
    }

    fn contents(&self, entry: &Entry) -> Result<Vec<u8>, Failure> {
        let broken = || Failure::new(format!("the zip file is broken at {}", entry.name));
        let header = self.bytes.get(entry.offset..).ok_or_else(broken)?;
        let name = usize::from(u16_at(header, 26).ok_or_else(broken)?);
        let extra = usize::from(u16_at(header, 28).ok_or_else(broken)?);
        let start = 30 + name + extra;
        let packed = header.get(start..start + entry.packed).ok_or_else(broken)?;
        let mut out = Vec::new();
        match entry.method {
            0 => out.extend_from_slice(packed),
            8 => {
                // One byte more than announced is enough to know that it lies.
                let reader = flate2::read::DeflateDecoder::new(packed);
                reader.take(entry.size + 1).read_to_end(&mut out).map_err(|_| broken())?;
            }
            other => {
                return Err(format!(
                    "{} is compressed by method {other}, which is not supported",
                    entry.name
                )
                .into());
            }
        }
        let mut crc = flate2::Crc::new();
        crc.update(&out);
        if out.len() as u64 != entry.size || crc.sum() != entry.crc {
            return Err(broken());
        }
        Ok(out)
    }
}

fn directory(bytes: &[u8]) -> Option<Vec<Entry>> {
    /// The end record is at most this far from the end: its comment's length has 16 bits.
    const END_MAX: usize = 22 + 65_535;
    let from = bytes.len().saturating_sub(END_MAX);
    let end = from + bytes[from..].windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let count = usize::from(u16_at(bytes, end + 10)?);
    let mut at = u32_at(bytes, end + 16)? as usize;
    let mut entries = Vec::new();
    for _ in 0..count {
        if bytes.get(at..at + 4)? != b"PK\x01\x02" {
            return None;
        }
        let made_by_unix = u16_at(bytes, at + 4)? >> 8 == 3;
        let (date, time) = (u32::from(u16_at(bytes, at + 14)?), u32::from(u16_at(bytes, at + 12)?));
        let lengths = [28, 30, 32].map(|offset| u16_at(bytes, at + offset).map(usize::from));
        let [Some(name), Some(extra), Some(comment)] = lengths else { return None };
        let attributes = u32_at(bytes, at + 38)?;
        let unix = attributes >> 16;
        let raw = bytes.get(at + 46..at + 46 + name)?;
        let name_text = String::from_utf8_lossy(raw).into_owned();
        let local = clock::epoch_of_local(
            i64::from(date >> 9) + 1980,
            (date >> 5 & 15).clamp(1, 12),
            (date & 31).max(1),
            time >> 11,
            time >> 5 & 63,
            (time & 31) * 2,
        );
        let extras = bytes.get(at + 46 + name..at + 46 + name + extra)?;
        entries.push(Entry {
            is_dir: name_text.ends_with('/'),
            is_link: made_by_unix && unix & 0o170_000 == 0o120_000,
            mode: (made_by_unix && unix & 0o7777 != 0).then_some(unix & 0o7777),
            name: name_text,
            method: u16_at(bytes, at + 10)?,
            mtime: unix_time(extras).unwrap_or(local),
            crc: u32_at(bytes, at + 16)?,
            packed: u32_at(bytes, at + 20)? as usize,
            size: u64::from(u32_at(bytes, at + 24)?),
            offset: u32_at(bytes, at + 42)? as usize,
        });
        at += 46 + name + extra + comment;
    }
    Some(entries)
}

/// The exact time that Info-ZIP adds.
fn unix_time(mut extras: &[u8]) -> Option<i64> {
    while extras.len() >= 4 {
        let (id, length) = (u16_at(extras, 0)?, usize::from(u16_at(extras, 2)?));
        if id == 0x5455 && extras.get(4)? & 1 == 1 {
            return u32_at(extras, 5).map(i64::from);
        }
        extras = extras.get(4 + length..)?;
    }
    None
}

/// A name that stays inside the folder.
fn is_safe(name: &str) -> bool {
    Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

fn is_wanted(call: &Call<'_>, name: &str) -> bool {
    let fits = |patterns: Vec<&str>| {
        patterns.iter().any(|pattern| {
            glob::matches(pattern, name) || name.starts_with(&format!("{}/", pattern.trim_end_matches('/')))
        })
    };
    let include = call.args.list("include");
    (include.is_empty() || fits(include)) && !fits(call.args.list("exclude"))
}

/// Plans what differs.
pub fn plan<'a>(
    call: &'a Call<'a>,
    system: &dyn System,
    mut plan: Plan<'a>,
    archive: Archive,
) -> Result<Plan<'a>, Failure> {
    let args = &call.args;
    let dest = args.path("dest").to_owned();
    let entries: Vec<Entry> =
        archive.entries.iter().filter(|entry| is_wanted(call, &entry.name)).cloned().collect();
    if let Some(bad) = entries.iter().find(|entry| !is_safe(&entry.name)) {
        return Err(format!("{} in the zip file points outside of the folder", bad.name).into());
    }
    let names: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
    if args.bool("list_files") {
        plan.set("files", names.clone());
    }
    let umask = system.identity().umask;
    let mut differs = false;
    for entry in &entries {
        differs |= is_different(call, system, &archive, entry, &dest, umask)?;
    }
    if differs {
        let src = args.str("src");
        plan.change("unpack", move |system, returns| {
            for entry in &entries {
                extract(call, system, &archive, entry, &dest, umask)?;
            }
            let argv = ["unzip", "-o", src, "-d", call.args.str("dest")];
            returns.insert("extract_results".into(), json!({ "cmd": argv, "rc": 0, "out": "", "err": "" }));
            Ok(Done::Changed)
        });
    }
    if !call.check() {
        plan_attributes(&mut plan, call, names);
    }
    Ok(plan)
}

fn mode_of(entry: &Entry, umask: u32) -> u32 {
    entry.mode.unwrap_or(if entry.is_dir { 0o777 & !umask } else { 0o666 & !umask })
}

fn is_different(
    call: &Call<'_>,
    system: &dyn System,
    archive: &Archive,
    entry: &Entry,
    dest: &Path,
    umask: u32,
) -> Result<bool, Failure> {
    let path = dest.join(&entry.name);
    let Ok(Some(stat)) = system.stat(&path, false) else { return Ok(true) };
    if entry.is_dir {
        return Ok(!stat.is_dir());
    }
    if entry.is_link {
        let target = archive.contents(entry)?;
        return Ok(system
            .read_link(&path)
            .ok()
            .is_none_or(|link| link.as_os_str().as_encoded_bytes() != target));
    }
    let keep = call.args.bool("keep_newer") && stat.mtime as i64 > entry.mtime;
    if keep {
        return Ok(false);
    }
    let wanted = Wanted::of(call);
    let mode_differs = wanted.mode.is_none() && stat.mode != mode_of(entry, umask);
    let time_differs = (stat.mtime as i64 - entry.mtime).abs() > 1;
    if !stat.is_file() || stat.size != entry.size || mode_differs || time_differs {
        return Ok(true);
    }
    let present = system.read(&path).map_err(|error| io_text(&error))?;
    let mut crc = flate2::Crc::new();
    crc.update(&present);
    Ok(crc.sum() != entry.crc)
}

fn extract(
    call: &Call<'_>,
    system: &mut dyn System,
    archive: &Archive,
    entry: &Entry,
    dest: &Path,
    umask: u32,
) -> Result<(), Failure> {
    let path = dest.join(&entry.name);
    let failed = |error: std::io::Error| Failure::new(crate::attributes::io_text_at(&error, &path));
    if entry.is_dir {
        placing::make_dirs(system, &path)?;
        return match entry.mode {
            Some(mode) => system.chmod(&path, mode).map_err(failed),
            None => Ok(()),
        };
    }
    placing::make_dirs(system, path.parent().unwrap_or(dest))?;
    let contents = archive.contents(entry)?;
    if entry.is_link {
        let beside = placing::beside(&path, system);
        let target = String::from_utf8_lossy(&contents).into_owned();
        system.symlink(Path::new(&target), &beside).map_err(failed)?;
        return system.rename(&beside, &path).map_err(failed);
    }
    let newer = |stat: crate::Stat| stat.mtime as i64 > entry.mtime;
    if call.args.bool("keep_newer") && system.stat(&path, true).ok().flatten().is_some_and(newer) {
        return Ok(());
    }
    placing::place(system, &path, &mut &contents[..], &placing::How::of(call))?;
    system.chmod(&path, mode_of(entry, umask)).map_err(failed)?;
    system.set_times(&path, None, Some(entry.mtime as f64), true).map_err(failed)
}
