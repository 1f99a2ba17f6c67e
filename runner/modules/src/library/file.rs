//! `file`: a file's existence, kind, attributes and times.
//!
//! Returns `path` (or `dest` for links and touched files) and what the file is then.

use crate::{
    Done, Failure, Kind, Module, Plan, Spec, Stat, System,
    attributes::{self, Differences, Wanted, io_text},
    clock,
    outcome::Call,
    placing,
};
use serde_json::{Map, Value, json};
use std::path::{Component, Path, PathBuf};

static SPEC: Spec = Spec::new(
    "ansible.builtin.file",
    "Manages files, folders, links and their attributes.",
    "path(dest|name) path! # The file.
state str {absent|directory|file|hard|link|touch} # What it should be; without it, what it is.
src path # Where a link points.
recurse bool =false # Set attributes of everything in a folder too.
force bool =false # Make a link over what is there, and to what is not there.
follow bool =true # Follow links.
modification_time str # preserve, now, or a time in the format below.
modification_time_format str =%Y%m%d%H%M.%S # Format of modification_time.
access_time str # preserve, now, or a time in the format below.
access_time_format str =%Y%m%d%H%M.%S # Format of access_time.
_original_basename str # Set by the controller.
_diff_peek bool # Set by the controller.
@files",
)
.with_diff();

/// See the page above.
pub struct FileModule;

impl Module for FileModule {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let mut path = trimmed(args.str("path"));
        let previous = state_of(system, &path)?;
        let recurse = args.bool("recurse");
        let state = match args.some("state") {
            Some(state) => state,
            None if previous != "absent" => previous,
            None if recurse => "directory",
            None => "file",
        };
        if recurse && state != "directory" {
            return Err(at(&path, "recurse option requires state to be 'directory'"));
        }
        if args.some("src").is_some() && !matches!(state, "link" | "hard") && args.some("state").is_some() {
            return Err(at(&path, "src option requires state to be 'link' or 'hard'"));
        }
        // The name of a file that the controller sends into a folder.
        if let Some(name) = args.all().get("_original_basename").and_then(Value::as_str)
            && !matches!(state, "link" | "absent" | "directory")
            && system.is_dir(&path)
        {
            path.push(name);
        }
        let mut work =
            Work { call, path, previous, plan: Plan::new(), before: Map::new(), after: Map::new() };
        match state {
            "file" => work.file(system)?,
            "directory" => work.directory(system)?,
            "link" => work.link(system)?,
            "hard" => work.hard(system)?,
            "touch" => work.touch(system)?,
            _ => work.absent(system)?,
        }
        Ok(work.plan)
    }
}

fn trimmed(text: &str) -> PathBuf {
    let short = text.trim_end_matches('/');
    PathBuf::from(if short.is_empty() { text } else { short })
}

fn at(path: &Path, msg: impl Into<String>) -> Failure {
    Failure::new(msg).with("path", path.to_string_lossy())
}

/// Ansible's word for what is at a path.
fn state_of(system: &dyn System, path: &Path) -> Result<&'static str, Failure> {
    let stat = system.stat(path, false).map_err(|error| at(path, attributes::io_text_at(&error, path)))?;
    Ok(match stat {
        None => "absent",
        Some(Stat { kind: Kind::Link, .. }) => "link",
        Some(Stat { kind: Kind::Directory, .. }) => "directory",
        Some(Stat { nlink, .. }) if nlink > 1 => "hard",
        Some(_) => "file",
    })
}

/// The path with all links resolved, as far as it exists: Python's `realpath`.
pub fn real_path(system: &dyn System, path: &Path) -> PathBuf {
    if let Ok(real) = system.canonical(path) {
        return real;
    }
    if let Ok(target) = system.read_link(path) {
        let folder = path.parent().unwrap_or(Path::new("/"));
        return normal(&real_path(system, folder).join(target));
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if !parent.as_os_str().is_empty() => real_path(system, parent).join(name),
        _ => path.to_owned(),
    }
}

/// The path without `.` and `..`, decided by its text alone.
pub fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(out.pop()),
            part => out.push(part),
        }
    }
    out
}

/// A file's times as they are asked for: none leaves a time as it is.
#[derive(Clone, Copy, Default)]
struct Times {
    atime: Option<f64>,
    mtime: Option<f64>,
}

struct Work<'a> {
    call: &'a Call<'a>,
    path: PathBuf,
    previous: &'static str,
    plan: Plan<'a>,
    before: Map<String, Value>,
    after: Map<String, Value>,
}

impl<'a> Work<'a> {
    fn shown(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    fn wanted(&self) -> Wanted {
        Wanted::of(self.call)
    }

    /// Returns and diff, once everything is planned.
    fn finish(&mut self, key: &str, extra: &Differences) {
        let path = self.shown();
        let (mut before, mut after) = extra.diff();
        for (all, half) in [(&mut before, &self.before), (&mut after, &self.after)] {
            all.extend(half.clone());
            all.insert("path".into(), path.clone().into());
        }
        self.plan.diff = Some(json!({ "before": before, "after": after }));
        self.plan.set(key, path);
    }

    fn states(&mut self, after: &str) {
        self.before.insert("state".into(), self.previous.into());
        self.after.insert("state".into(), after.into());
    }

    /// Plans attributes of something that is there.
    fn attributes(&mut self, path: &Path, system: &dyn System) -> Result<Differences, Failure> {
        placing::plan_attributes(&mut self.plan, self.call, path, system)
    }

    fn times(&self, system: &dyn System, fallback: Option<&str>) -> Result<Times, Failure> {
        let one = |name: &str| -> Result<Option<f64>, Failure> {
            match self.call.args.some(name).or(fallback) {
                None | Some("preserve") => Ok(None),
                Some("now") => Ok(Some(system.epoch())),
                Some(text) => {
                    let format = self.call.args.str(&format!("{name}_format"));
                    let parsed = clock::parse_local(text, format);
                    parsed.map(|time| Some(time as f64)).ok_or_else(|| {
                        let what = format!("time data '{text}' does not match format '{format}'");
                        at(&self.path, format!("Error while obtaining timestamp for time {text} using format {format}: {what}"))
                    })
                }
            }
        };
        Ok(Times { atime: one("access_time")?, mtime: one("modification_time")? })
    }

    fn plan_times(&mut self, times: Times, stat: Option<&Stat>) {
        let differs = |was: Option<f64>, will: Option<f64>| match (was, will) {
            (Some(was), Some(will)) => Some((was, will)).filter(|(was, will)| was != will),
            (None, Some(will)) => Some((will, will)),
            _ => None,
        };
        let changes = [
            ("atime", differs(stat.map(|s| s.atime), times.atime)),
            ("mtime", differs(stat.map(|s| s.mtime), times.mtime)),
        ];
        for (key, change) in changes {
            if let Some((was, will)) = change {
                self.before.insert(key.into(), was.into());
                self.after.insert(key.into(), will.into());
            }
        }
        if changes.iter().all(|(_, change)| change.is_none()) {
            return;
        }
        let path = self.path.clone();
        self.plan.change(format!("set times of {}", path.display()), move |system, _| {
            let set = system.set_times(&path, times.atime, times.mtime, true);
            set.map_err(|error| {
                at(&path, format!("Error while updating modification or access time: {}", io_text(&error)))
            })?;
            Ok(Done::Changed)
        });
    }

    fn file(&mut self, system: &dyn System) -> Result<(), Failure> {
        if self.previous == "link" && self.call.args.bool("follow") {
            self.path = real_path(system, &self.path);
            self.previous = state_of(system, &self.path)?;
        }
        if !matches!(self.previous, "file" | "hard") {
            let msg = format!("file ({}) is {}, cannot continue", self.shown(), self.previous);
            return Err(at(&self.path, msg).with("state", self.previous));
        }
        let path = self.path.clone();
        let found = self.attributes(&path, system)?;
        let times = self.times(system, None)?;
        let stat = system.stat(&path, true).ok().flatten();
        self.plan_times(times, stat.as_ref());
        self.finish("path", &found);
        Ok(())
    }

    fn directory(&mut self, system: &dyn System) -> Result<(), Failure> {
        if self.previous == "link" && self.call.args.bool("follow") {
            self.path = real_path(system, &self.path);
            self.previous = state_of(system, &self.path)?;
        }
        let path = self.path.clone();
        match self.previous {
            "directory" => {}
            "absent" => return self.make_directory(system),
            previous => return Err(at(&path, format!("{} already exists as a {previous}", self.shown()))),
        }
        let mut found = self.attributes(&path, system)?;
        let stat = system.stat(&path, true).ok().flatten();
        let times = self.times(system, None)?;
        self.plan_times(times, stat.as_ref());
        if self.call.args.bool("recurse") {
            let wanted = self.wanted();
            let count = self.recurse(&path, &wanted, system)?;
            if count > 0 && found.is_empty() {
                found = Differences::default();
            }
        }
        self.finish("path", &found);
        Ok(())
    }

    fn make_directory(&mut self, system: &dyn System) -> Result<(), Failure> {
        self.states("directory");
        let path = self.path.clone();
        let wanted = self.wanted();
        let mut created = attributes::of_new_file(system);
        created.kind = Kind::Directory;
        created.mode = 0o777 & !system.identity().umask;
        // Check mode says nothing of attributes; wrong names and modes fail when they are set, as in Ansible.
        let found = wanted.differences(&path, &created, system).unwrap_or_default();
        let found = if self.call.check() { Differences::default() } else { found };
        let recurse = self.call.args.bool("recurse");
        self.plan.change(format!("make {}", path.display()), move |system, _| {
            let missing: Vec<_> = path
                .ancestors()
                .take_while(|folder| !folder.as_os_str().is_empty() && !system.exists(folder))
                .collect();
            for folder in missing.into_iter().rev() {
                let made = system.make_dir(folder, 0o777);
                if let Err(error) =
                    made.or_else(|error| if system.is_dir(folder) { Ok(()) } else { Err(error) })
                {
                    let why = attributes::io_text_at(&error, folder);
                    let msg = format!("There was an issue creating {} as requested: {why}", folder.display());
                    return Err(at(&path, msg));
                }
                wanted.apply(folder, system)?;
            }
            if recurse {
                wanted.apply(&path, system)?;
            }
            Ok(Done::Changed)
        });
        self.finish("path", &found);
        Ok(())
    }

    /// Plans attributes of everything below; says how much differs.
    fn recurse(&mut self, folder: &Path, wanted: &Wanted, system: &dyn System) -> Result<usize, Failure> {
        let mut count = 0;
        let mut names =
            system.list(folder).map_err(|error| at(folder, attributes::io_text_at(&error, folder)))?;
        names.sort();
        for name in names {
            let mut path = folder.join(name);
            let Ok(Some(mut stat)) = system.stat(&path, false) else { continue };
            if stat.is_link() && self.call.args.bool("follow") {
                let target = real_path(system, &path);
                match system.stat(&target, false) {
                    Ok(Some(found)) => (path, stat) = (target, found),
                    _ => continue,
                }
                if stat.is_dir() {
                    // What is behind a link to a folder is not below this folder.
                    count += self.one(path, &stat, wanted, system)?;
                    continue;
                }
            }
            count += self.one(path.clone(), &stat, wanted, system)?;
            if stat.is_dir() {
                count += self.recurse(&path, wanted, system)?;
            }
        }
        Ok(count)
    }

    fn one(
        &mut self,
        path: PathBuf,
        stat: &Stat,
        wanted: &Wanted,
        system: &dyn System,
    ) -> Result<usize, Failure> {
        if wanted.differences(&path, stat, system)?.is_empty() {
            return Ok(0);
        }
        let wanted = wanted.clone();
        self.plan.change(format!("set attributes of {}", path.display()), move |system, _| {
            wanted.apply(&path, system).map(|changed| if changed { Done::Changed } else { Done::Unchanged })
        });
        Ok(1)
    }

    fn touch(&mut self, system: &dyn System) -> Result<(), Failure> {
        if self.previous == "link" && self.call.args.bool("follow") {
            self.path = real_path(system, &self.path);
            self.previous = state_of(system, &self.path)?;
        }
        let path = self.path.clone();
        let stat = system.stat(&path, true).ok().flatten();
        if !matches!(self.previous, "absent" | "file" | "directory" | "hard") {
            let msg = format!(
                "Cannot touch other than files, directories, and hardlinks ({} is {})",
                self.shown(),
                self.previous
            );
            return Err(at(&path, msg));
        }
        if self.previous == "absent" {
            let to_make = path.clone();
            self.plan.change(format!("make {}", path.display()), move |system, _| {
                let made = system.create(&to_make, 0o666, &mut std::io::empty());
                made.map_err(|error| {
                    at(
                        &to_make,
                        format!(
                            "Error, could not touch target: {}",
                            attributes::io_text_at(&error, &to_make)
                        ),
                    )
                })?;
                Ok(Done::Changed)
            });
        }
        self.states("touch");
        let made_at = system.epoch();
        let times = self.times(system, Some("now"))?;
        let found = if stat.is_none() && self.call.check() {
            Differences::default()
        } else {
            self.attributes(&path, system)?
        };
        self.plan_times(times, stat.as_ref());
        if stat.is_none() {
            for key in ["atime", "mtime"] {
                self.before.entry(key).and_modify(|time| *time = made_at.into());
            }
        }
        self.finish("dest", &found);
        Ok(())
    }

    fn absent(&mut self, system: &dyn System) -> Result<(), Failure> {
        let path = self.path.clone();
        self.states("absent");
        if self.previous == "directory" && self.call.invocation.diff {
            self.before.insert("path_content".into(), contents(system, &path));
        }
        let directory = self.previous == "directory";
        if self.previous != "absent" {
            let path = path.clone();
            self.plan.change(format!("remove {}", path.display()), move |system, _| {
                let removed = if directory { system.remove_tree(&path) } else { system.remove(&path) };
                match removed {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        let what = if directory { "rmtree failed" } else { "unlinking failed" };
                        Err(at(&path, format!("{what}: {}", io_text(&error))))
                    }
                    _ => Ok(Done::Changed),
                }
            });
        }
        self.plan.set("state", "absent");
        self.finish("path", &Differences::default());
        if self.previous == "absent" {
            self.plan.diff = None;
        }
        Ok(())
    }

    fn link(&mut self, system: &dyn System) -> Result<(), Failure> {
        let (path, args) = (self.path.clone(), &self.call.args);
        let (force, follow) = (args.bool("force"), args.bool("follow"));
        let src = match args.some("src") {
            Some(src) => PathBuf::from(src),
            None if self.previous == "link" && follow => real_path(system, &path),
            None if self.previous == "link" => system.read_link(&path).unwrap_or_default(),
            None => return Err("src is required for creating new symlinks".into()),
        };
        let folder = path.parent().unwrap_or(Path::new("/"));
        let target = normal(&folder.join(&src));
        let shown_src = src.to_string_lossy().into_owned();
        let refused = |msg: String| Failure::new(msg).with("path", path.to_string_lossy());
        if matches!(self.previous, "file" | "hard" | "directory") && !force {
            let previous = self.previous;
            return Err(refused(format!(
                "refusing to convert from {previous} to symlink for {}",
                self.shown()
            )));
        }
        let is_full = |names: Vec<std::ffi::OsString>| !names.is_empty();
        if self.previous == "directory" && system.list(&path).is_ok_and(is_full) {
            return Err(refused(format!(
                "the directory {} is not empty, refusing to convert it",
                self.shown()
            )));
        }
        if !force && !system.exists(&target) {
            let target = target.display();
            let msg = format!(
                "src file does not exist, use 'force=yes' if you really want to create the link: {target}"
            );
            return Err(refused(msg).with("src", shown_src));
        }
        let old = system.read_link(&path).ok();
        if self.previous != "link" {
            self.states("link");
        } else if old.as_deref() != Some(&src) {
            self.before.insert("src".into(), old.unwrap_or_default().to_string_lossy().into());
            self.after.insert("src".into(), shown_src.clone().into());
        }
        if !self.before.is_empty() {
            self.plan_link(src, "symlink");
        }
        let mut found = Differences::default();
        let wanted = self.wanted();
        if !(self.call.check() && self.previous == "absent") {
            if follow && !system.exists(&target) {
                let warning = "Cannot set fs attributes on a non-existent symlink target. follow should be set to False \
                               to avoid this.";
                self.plan.warnings.push(warning.into());
            } else if !wanted.is_empty() {
                let place = if follow { target } else { path.clone() };
                found = self.attributes(&place, system)?;
            }
        }
        self.plan.set("src", shown_src);
        self.finish("dest", &found);
        Ok(())
    }

    /// Makes the link beside its place and renames it, so that the place is never empty.
    fn plan_link(&mut self, src: PathBuf, how: &'static str) {
        let (path, directory) = (self.path.clone(), self.previous == "directory");
        self.plan.change(format!("link {} to {}", path.display(), src.display()), move |system, _| {
            let failed = |what: &str, error: std::io::Error| {
                at(&path, format!("Error while {what}: {}", io_text(&error)))
                    .with("src", src.to_string_lossy())
            };
            if directory {
                system.remove_dir(&path).map_err(|error| failed("replacing", error))?;
            }
            let beside = placing::beside(&path, system);
            let made = if how == "symlink" {
                system.symlink(&src, &beside)
            } else {
                system.hard_link(&src, &beside)
            };
            made.map_err(|error| failed("linking", error))?;
            if let Err(error) = system.rename(&beside, &path) {
                // The failure says more than one about a leftover could.
                let _ = system.remove(&beside);
                return Err(failed("replacing", error));
            }
            Ok(Done::Changed)
        });
    }

    fn hard(&mut self, system: &dyn System) -> Result<(), Failure> {
        let (path, args) = (self.path.clone(), &self.call.args);
        let Some(src) = args.some("src") else {
            return Err("src is required for creating new hardlinks".into());
        };
        // What the link shares is the file itself, not a link to it.
        let source = real_path(system, Path::new(src));
        let refused = |msg: String| Failure::new(msg).with("dest", path.to_string_lossy()).with("src", src);
        let Ok(Some(origin)) = system.stat(&source, true) else {
            return Err(refused(format!("src {src} does not exist")));
        };
        let here = system.stat(&path, false).ok().flatten();
        let same = here.is_some_and(|here| (here.dev, here.inode) == (origin.dev, origin.inode));
        if !same {
            match self.previous {
                "hard" if !args.bool("force") => {
                    return Err(refused("Cannot link, different hard link exists at destination".into()));
                }
                "file" if !args.bool("force") => {
                    return Err(refused(format!("Cannot link, {} exists at destination", self.shown())));
                }
                "directory" => {
                    return Err(refused(format!("Cannot link, {} exists at destination", self.shown())));
                }
                _ => {}
            }
            self.states("hard");
            self.plan_link(source, "hard");
        }
        let found = if here.is_some() || !self.call.check() {
            let wanted = self.wanted();
            let found = wanted.differences(&path, &origin, system)?;
            if !found.is_empty() {
                let path = path.clone();
                self.plan.change(format!("set attributes of {}", path.display()), move |system, _| {
                    wanted
                        .apply(&path, system)
                        .map(|changed| if changed { Done::Changed } else { Done::Unchanged })
                });
            }
            found
        } else {
            Differences::default()
        };
        self.plan.set("src", src);
        self.finish("dest", &found);
        Ok(())
    }
}

/// The names in a folder that goes away, for the diff.
fn contents(system: &dyn System, folder: &Path) -> Value {
    /// More names than this help nobody.
    const NAMES_MAX: usize = 10_000;
    let (mut directories, mut files) = (Vec::new(), Vec::new());
    let mut todo = vec![folder.to_owned()];
    while let Some(folder) = todo.pop() {
        for name in system.list(&folder).unwrap_or_default() {
            let path = folder.join(name);
            let shown = Value::from(path.to_string_lossy());
            if directories.len() + files.len() >= NAMES_MAX {
                return json!({ "directories": directories, "files": files });
            }
            if matches!(system.stat(&path, false), Ok(Some(stat)) if stat.is_dir()) {
                directories.push(shown);
                todo.push(path);
            } else {
                files.push(shown);
            }
        }
    }
    json!({ "directories": directories, "files": files })
}
