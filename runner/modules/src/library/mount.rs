//! `mount`: an entry of fstab, and the mount itself.

use crate::{
    Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call, placing,
};
use serde_json::Value;
use std::path::Path;

static SPEC: Spec = Spec::new(
    "ansible.posix.mount",
    "Manages mounts and fstab.",
    "path(name) path! # Where it is mounted; for swap it is none.
src path # What is mounted.
fstype str # Kind of the file system.
opts str # Options.
opts_no_log bool =false # Options are a secret.
dump str =0 # Field of fstab for dump.
passno str =0 # Order of checks at boot.
state str! {absent|absent_from_fstab|mounted|present|unmounted|remounted|ephemeral} # What it should be.
fstab str # The file; /etc/fstab if not given.
boot bool =true # Mount it at boot.
backup bool =false # Keep the old fstab.
!if state=mounted needs src,fstype
!if state=present needs src,fstype
!if state=ephemeral needs src,fstype",
);

/// See the page above.
pub struct Mount;

impl Module for Mount {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let (path, state) = (args.str("path"), args.str("state"));
        let fstab = args.some("fstab").unwrap_or("/etc/fstab");
        let before = system.text(fstab);
        let mut opts = args.some("opts").unwrap_or("defaults").to_owned();
        if !args.bool("boot") && !opts.split(',').any(|opt| opt == "noauto") {
            opts.push_str(",noauto");
        }
        let mut plan = Plan::new();
        plan.set("name", path).set("fstab", fstab).set(
            "boot",
            args.value("boot")
                .map_or(Value::Null, |_| Value::from(if args.bool("boot") { "yes" } else { "no" })),
        );
        plan.set("opts", opts.as_str())
            .set("dump", args.str("dump"))
            .set("passno", args.str("passno"))
            .set("backup_file", "");
        for option in ["src", "fstype"] {
            if let Some(value) = args.opt(option) {
                plan.set(option, value);
            }
        }
        let mounted = is_mounted(system, path);
        let wanted = Entry::wanted(call, &opts);
        match state {
            "present" => plan_fstab(&mut plan, call, fstab, &before, &set(&before, &wanted)),
            "absent_from_fstab" => plan_fstab(&mut plan, call, fstab, &before, &without(&before, call)),
            "absent" => {
                plan_fstab(&mut plan, call, fstab, &before, &without(&before, call));
                if mounted {
                    plan_tool(&mut plan, "Error unmounting", vec!["umount".into(), path.into()], path);
                }
                if system.exists(Path::new(path)) {
                    plan.change(format!("remove {path}"), move |system, _| {
                        match system.remove_dir(Path::new(path)) {
                            Ok(()) => Ok(Done::Changed),
                            // A folder with something in it is not ours to remove.
                            Err(error) if error.raw_os_error() == Some(libc::ENOTEMPTY) => {
                                Ok(Done::Unchanged)
                            }
                            Err(error) => Err(format!("Error rmdir {path}: {}", io_text(&error)).into()),
                        }
                    });
                }
            }
            "unmounted" => {
                if mounted {
                    plan_tool(&mut plan, "Error unmounting", vec!["umount".into(), path.into()], path);
                }
            }
            "remounted" => {
                let argv = remount(args.opt("opts"), path);
                plan_tool(&mut plan, "Error remounting", argv, path);
            }
            _ => plan_mounted(&mut plan, call, system, fstab, &before, &wanted, mounted),
        }
        Ok(plan)
    }
}

fn remount(opts: Option<&str>, path: &str) -> Vec<String> {
    let opts = opts.map_or_else(|| "remount".to_owned(), |opts| format!("remount,{opts}"));
    vec!["mount".into(), "-o".into(), opts, path.into()]
}

fn plan_mounted<'a>(
    plan: &mut Plan<'a>,
    call: &'a Call<'a>,
    system: &dyn System,
    fstab: &'a str,
    before: &str,
    wanted: &Entry,
    mounted: bool,
) {
    let path = call.args.str("path");
    if !system.exists(Path::new(path)) {
        plan.change(format!("make {path}"), move |system, _| {
            placing::make_dirs(system, Path::new(path))?;
            Ok(Done::Changed)
        });
    }
    let ephemeral = call.args.str("state") == "ephemeral";
    let after = if ephemeral { before.to_owned() } else { set(before, wanted) };
    let differs = after != before;
    plan_fstab(plan, call, fstab, before, &after);
    let opts = call.args.opt("opts").map(str::to_owned);
    let argv = if mounted && differs {
        remount(opts.as_deref(), path)
    } else if !mounted && ephemeral {
        let mut argv: Vec<String> = vec!["mount".into()];
        argv.extend(["-t".to_owned(), call.args.str("fstype").into()]);
        argv.extend(opts.into_iter().flat_map(|opts| ["-o".to_owned(), opts]));
        argv.extend([call.args.str("src").to_owned(), path.to_owned()]);
        argv
    } else if !mounted {
        let mut argv: Vec<String> = vec!["mount".into()];
        if fstab != "/etc/fstab" {
            argv.extend(["-T".to_owned(), fstab.to_owned()]);
        }
        argv.push(path.into());
        argv
    } else {
        return;
    };
    let (old, changed) = (before.to_owned(), differs);
    plan.change(argv.join(" "), move |system, _| {
        let result = tool(system, "Error mounting", &argv, path);
        if result.is_err() && changed {
            // An entry that cannot be mounted would stop the next boot.
            placing::place(system, Path::new(fstab), &mut old.as_bytes(), &placing::How::default())?;
        }
        result
    });
}

fn tool(system: &mut dyn System, what: &str, argv: &[String], path: &str) -> Result<Done, Failure> {
    let output = system.run(&Command::new(argv).in_english()).map_err(|error| io_text(&error))?;
    if output.ok() {
        return Ok(Done::Changed);
    }
    Err(format!("{what} {path}: {}", output.out() + &output.err()).into())
}

fn plan_tool<'a>(plan: &mut Plan<'a>, what: &'static str, argv: Vec<String>, path: &'a str) {
    plan.change(argv.join(" "), move |system, _| tool(system, what, &argv, path));
}

fn is_mounted(system: &dyn System, path: &str) -> bool {
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    let table = system.text("/proc/self/mounts");
    table.lines().any(|line| line.split(' ').nth(1).is_some_and(|place| unescaped(place) == path))
}

fn unescaped(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\134").replace(' ', "\\040").replace('\t', "\\011")
}

/// A line of fstab.
struct Entry {
    path: String,
    src: String,
    swap: bool,
    line: String,
}

impl Entry {
    fn wanted(call: &Call<'_>, opts: &str) -> Self {
        let args = &call.args;
        let (src, path, fstype) = (args.str("src"), args.str("path"), args.str("fstype"));
        let fields = [
            escaped(src),
            escaped(path),
            fstype.to_owned(),
            escaped(opts),
            args.str("dump").into(),
            args.str("passno").into(),
        ];
        Entry { path: path.into(), src: src.into(), swap: fstype == "swap", line: fields.join(" ") }
    }

    /// Whether a line of fstab is about the same mount.
    fn is_same(&self, fields: &[String]) -> bool {
        if self.swap { fields[0] == self.src } else { fields[1] == self.path }
    }
}

/// The fields of a line that is an entry.
fn fields(line: &str) -> Option<Vec<String>> {
    if line.trim_start().starts_with('#') {
        return None;
    }
    let fields: Vec<String> = line.split_whitespace().map(unescaped).collect();
    (4..=6).contains(&fields.len()).then_some(fields)
}

fn normal(line: &str) -> String {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    while words.len() < 6 {
        words.push("0");
    }
    words.join(" ")
}

fn set(text: &str, wanted: &Entry) -> String {
    let mut out = String::new();
    let mut found = false;
    for line in text.lines() {
        match fields(line).filter(|fields| wanted.is_same(fields)) {
            Some(_) => {
                found = true;
                // Other blanks are no difference.
                out.push_str(if normal(line) == wanted.line { line } else { &wanted.line });
            }
            None => out.push_str(line),
        }
        out.push('\n');
    }
    if !found {
        out.push_str(&wanted.line);
        out.push('\n');
    }
    out
}

fn without(text: &str, call: &Call<'_>) -> String {
    let entry = Entry::wanted(call, "");
    let src = call.args.opt("src");
    let goes = |line: &&str| {
        fields(line).is_some_and(|fields| entry.is_same(&fields) && src.is_none_or(|src| fields[0] == src))
    };
    text.lines().filter(|line| !goes(line)).map(|line| format!("{line}\n")).collect()
}

fn plan_fstab<'a>(plan: &mut Plan<'a>, call: &'a Call<'a>, fstab: &'a str, before: &str, after: &str) {
    if before == after {
        return;
    }
    let after = after.to_owned();
    let backup = call.args.bool("backup");
    plan.change(format!("write {fstab}"), move |system, returns| {
        if backup && let Some(name) = placing::back_up(system, Path::new(fstab))? {
            returns.insert("backup_file".into(), name.into());
        }
        placing::place(system, Path::new(fstab), &mut after.as_bytes(), &placing::How::default())?;
        Ok(Done::Changed)
    });
}
