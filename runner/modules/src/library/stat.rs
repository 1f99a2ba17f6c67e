//! `stat`: everything about a file, without touching it.

use crate::{
    Command, Failure, Kind, Module, Plan, Returns, Spec, Stat, System, accounts, attributes,
    digest::{self, Algorithm},
    outcome::Call,
};
use serde_json::Value;
use std::path::Path;

static SPEC: Spec = Spec::new(
    "ansible.builtin.stat",
    "Returns what is known about a file.",
    "path(dest|name) path! # The file.
follow bool =false # Follow a link.
get_checksum bool =true # Compute a checksum of a regular file.
checksum_algorithm(checksum|checksum_algo) str =sha1 {md5|sha1|sha224|sha256|sha384|sha512} # Which checksum.
get_mime(mime|mime_type|mime-type) bool =true # Ask `file` what is in it.
get_attributes(attr|attributes) bool =true # Ask for the flags that chattr sets.
get_selinux_context bool =false # Accepted; there is no context without SELinux.",
)
.read_only();

/// See the page above.
pub struct StatModule;

impl Module for StatModule {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let path = args.path("path");
        let mut plan = Plan::new();
        let found = system.stat(path, args.bool("follow"));
        let found = found.map_err(|error| Failure::new(attributes::io_text(&error)))?;
        let Some(stat) = found else {
            plan.set("stat", serde_json::json!({ "exists": false }));
            return Ok(plan);
        };
        let mut all = facts(&stat, path, system);
        all.insert("exists".into(), true.into());
        for (key, bits) in [("readable", 4), ("writeable", 2), ("executable", 1)] {
            all.insert(key.into(), system.access(path, bits).into());
        }
        if stat.is_link()
            && let Ok(target) = system.read_link(path)
        {
            let source = crate::library::file::real_path(system, path);
            all.insert("lnk_source".into(), source.to_string_lossy().into());
            all.insert("lnk_target".into(), target.to_string_lossy().into());
        }
        if stat.is_file() && args.bool("get_checksum") && system.access(path, 4) {
            let algorithm = Algorithm::named(args.str("checksum_algorithm")).unwrap_or(Algorithm::Sha1);
            let mut contents =
                system.open(path).map_err(|error| Failure::new(attributes::io_text(&error)))?;
            let sum =
                digest::of_reader(&mut *contents, algorithm).map_err(|error| attributes::io_text(&error))?;
            all.insert("checksum".into(), sum.into());
        }
        if args.bool("get_mime") {
            let (mimetype, charset) = mime(system, path, args.bool("follow"));
            all.insert("mimetype".into(), mimetype.into());
            all.insert("charset".into(), charset.into());
        }
        if args.bool("get_attributes") {
            add_flags(&mut all, &stat, path, system);
        }
        plan.set("stat", all);
        Ok(plan)
    }
}

fn add_flags(all: &mut Returns, stat: &Stat, path: &Path, system: &dyn System) {
    let readable = stat.is_file() || stat.is_dir();
    let (flags, version) = match system.flags(path) {
        Ok((flags, version)) if readable => (flags, Value::from(version.to_string())),
        _ => (0, Value::Null),
    };
    let names = attributes::FLAGS.iter().filter(|(_, bit, _)| flags & bit != 0);
    all.insert("attributes".into(), names.map(|(_, _, name)| Value::from(*name)).collect());
    all.insert("attr_flags".into(), attributes::letters(flags).into());
    all.insert("version".into(), version);
}

/// What `stat` and `find` both return.
pub fn facts(stat: &Stat, path: &Path, system: &dyn System) -> Returns {
    let mut all = Returns::new();
    let mut set = |key: &str, value: Value| drop(all.insert(key.into(), value));
    set("path", path.to_string_lossy().into());
    set("mode", format!("{:04o}", stat.mode).into());
    for (key, kind) in [
        ("isdir", Kind::Directory),
        ("ischr", Kind::Char),
        ("isblk", Kind::Block),
        ("isreg", Kind::File),
        ("isfifo", Kind::Fifo),
        ("islnk", Kind::Link),
        ("issock", Kind::Socket),
    ] {
        set(key, (stat.kind == kind).into());
    }
    for (key, number) in [
        ("uid", u64::from(stat.uid)),
        ("gid", u64::from(stat.gid)),
        ("size", stat.size),
        ("inode", stat.inode),
        ("dev", stat.dev),
        ("nlink", stat.nlink),
        ("device_type", stat.rdev),
        ("block_size", stat.block_size),
        ("blocks", stat.blocks),
    ] {
        set(key, number.into());
    }
    for (key, time) in [("atime", stat.atime), ("mtime", stat.mtime), ("ctime", stat.ctime)] {
        set(key, time.into());
    }
    for (key, bit) in [
        ("wusr", 0o200),
        ("rusr", 0o400),
        ("xusr", 0o100),
        ("wgrp", 0o020),
        ("rgrp", 0o040),
        ("xgrp", 0o010),
        ("woth", 0o002),
        ("roth", 0o004),
        ("xoth", 0o001),
        ("isuid", 0o4000),
        ("isgid", 0o2000),
    ] {
        set(key, (stat.mode & bit != 0).into());
    }
    if let Some(user) = accounts::user_by_id(system, stat.uid) {
        set("pw_name", user.name.into());
    }
    if let Some(group) = accounts::group_by_id(system, stat.gid) {
        set("gr_name", group.name.into());
    }
    all
}

/// What `file` says is in it; `unknown` if nobody knows.
fn mime(system: &dyn System, path: &Path, follow: bool) -> (String, String) {
    let path = path.to_string_lossy();
    let mut argv = vec!["file", "--mime-type", "--mime-encoding"];
    if follow {
        argv.push("-L");
    }
    argv.push(&path);
    let unknown = || ("unknown".to_owned(), "unknown".to_owned());
    let Some(output) = system.query(&Command::new(&argv).in_english()).ok().filter(|output| output.ok())
    else {
        return unknown();
    };
    let text = output.out();
    let Some((mimetype, charset)) =
        text.rsplit_once(": ").and_then(|(_, answer)| answer.trim().split_once(';'))
    else {
        return unknown();
    };
    (mimetype.trim().into(), charset.trim().trim_start_matches("charset=").into())
}
