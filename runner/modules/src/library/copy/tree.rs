//! Copying a whole folder from one place of the machine to another.

use super::{Source, wanted};
use crate::{
    Done, Failure, Plan, System,
    attributes::{self, Wanted},
    digest::Algorithm,
    outcome::Call,
    placing::{self, How},
};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Plans the copy of `src` (`src/` for what is in it) to the task's `dest`.
pub fn plan<'a>(call: &'a Call<'a>, system: &dyn System, src: &str) -> Result<Plan<'a>, Failure> {
    let source = PathBuf::from(src);
    let dest = PathBuf::from(call.args.str("dest"));
    let into = if src.ends_with('/') { dest } else { dest.join(source.file_name().unwrap_or_default()) };
    if system.exists(&into) && !system.is_dir(&into) {
        let (from, to) = (source.display(), into.display());
        return Err(format!("cannot copy directory {from} over the file {to}").into());
    }
    let mut plan = Plan::new();
    plan.set("src", src)
        .set("checksum", Value::Null)
        .set("md5sum", Value::Null)
        .set("dest", into.to_string_lossy());
    // Folders get the mode of those they are copies of.
    let folder_mode = Wanted { mode: None, ..Wanted::of(call) };
    let file_mode = wanted(call, None);
    let mut work = Work { call, system, plan, folder_mode, file_mode };
    work.folder(&source, &into)?;
    Ok(work.plan)
}

struct Work<'a, 's> {
    call: &'a Call<'a>,
    system: &'s dyn System,
    plan: Plan<'a>,
    folder_mode: Wanted,
    file_mode: Wanted,
}

impl Work<'_, '_> {
    fn folder(&mut self, from: &Path, to: &Path) -> Result<(), Failure> {
        if !self.system.exists(to) {
            let (path, mut wanted) = (to.to_owned(), self.folder_mode.clone());
            let stat = self.system.stat(from, true).ok().flatten();
            wanted.mode = stat.map(|stat| format!("{:04o}", stat.mode).into());
            self.plan.change(format!("make {}", to.display()), move |system, _| {
                placing::make_dirs(system, &path)?;
                wanted.apply(&path, system)?;
                Ok(Done::Changed)
            });
        } else {
            self.attributes(to, self.folder_mode.clone())?;
        }
        let names = self.system.list(from);
        let mut names = names.map_err(|error| Failure::new(attributes::io_text_at(&error, from)))?;
        names.sort();
        for name in names {
            let (from, to) = (from.join(&name), to.join(&name));
            match self.system.stat(&from, false) {
                Ok(Some(stat)) if stat.is_dir() => self.folder(&from, &to)?,
                Ok(Some(stat))
                    if stat.is_link() && self.call.args.opt_bool("local_follow") == Some(false) =>
                {
                    self.link(&from, &to)?;
                }
                Ok(Some(_)) => self.file(from, to)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn file(&mut self, from: PathBuf, to: PathBuf) -> Result<(), Failure> {
        if self.system.is_dir(&from) {
            return self.folder(&from, &to);
        }
        let source = Source::File(from);
        let there = self.system.exists(&to);
        if there && !self.call.args.bool("force") {
            return Ok(());
        }
        let sum = source.sum(self.system, Algorithm::Sha1)?;
        let same = there && Source::File(to.clone()).sum(self.system, Algorithm::Sha1)? == sum;
        if same {
            return self.attributes(&to, self.file_mode.clone());
        }
        let mut wanted = self.file_mode.clone();
        if wanted.mode.is_none() && !there {
            let Source::File(from) = &source else { return Ok(()) };
            let stat = self.system.stat(from, true).ok().flatten();
            wanted.mode = stat.map(|stat| format!("{:04o}", stat.mode).into());
        }
        let how = How::of(self.call);
        let backup = self.call.args.bool("backup") && there;
        self.plan.change(format!("write {}", to.display()), move |system, _| {
            if backup {
                placing::back_up(system, &to)?;
            }
            let mut contents = source.open(system)?;
            placing::place(system, &to, &mut *contents, &how)?;
            wanted.apply(&to, system)?;
            Ok(Done::Changed)
        });
        Ok(())
    }

    fn link(&mut self, from: &Path, to: &Path) -> Result<(), Failure> {
        let target = self
            .system
            .read_link(from)
            .map_err(|error| Failure::new(attributes::io_text_at(&error, from)))?;
        if self.system.read_link(to).ok().as_deref() == Some(&target) {
            return Ok(());
        }
        let to = to.to_owned();
        self.plan.change(format!("link {}", to.display()), move |system, _| {
            let beside = placing::beside(&to, system);
            let made = system.symlink(&target, &beside).and_then(|()| system.rename(&beside, &to));
            made.map_err(|error| Failure::new(attributes::io_text_at(&error, &to)))?;
            Ok(Done::Changed)
        });
        Ok(())
    }

    fn attributes(&mut self, path: &Path, wanted: Wanted) -> Result<(), Failure> {
        let Ok(Some(stat)) = self.system.stat(path, false) else { return Ok(()) };
        if !wanted.differences(path, &stat, self.system)?.is_empty() {
            let path = path.to_owned();
            self.plan.change(format!("set attributes of {}", path.display()), move |system, _| {
                wanted
                    .apply(&path, system)
                    .map(|changed| if changed { Done::Changed } else { Done::Unchanged })
            });
        }
        Ok(())
    }
}
