//! `copy`: a file on the machine gets the contents of one on the controller, or of another one on the machine.
//!
//! The controller reads its file and sends it as the invocation's payload: hash first, bytes when they are needed.
//! `template` uses this module too, with what it has rendered.

use crate::{
    Done, Failure, Module, Payload, Plan, Spec, System,
    attributes::{self, Wanted, io_text},
    digest::{self, Algorithm},
    library::file::real_path,
    outcome::Call,
    placing::{self, How},
};
use serde_json::{Value, json};
use std::{
    io::Read,
    path::{Path, PathBuf},
};

pub mod tree;

/// The options of `copy`; `template` has the same machine half.
static SPEC: Spec = Spec::new(
    "ansible.builtin.copy",
    "Copies files to the machine.",
    "src path # The file or folder; on the controller, unless remote_src is true.
content raw # The contents themselves, instead of src.
dest path! # The file, or a folder if it ends with a slash or src is a folder.
backup bool =false # Keep the old file under a name with the time in it.
force bool =true # Replace a file that differs.
mode raw # Permissions, or preserve for those of the source.
directory_mode raw # Permissions of folders that are made.
remote_src bool =false # src is on the machine.
follow bool =false # Follow a link at dest.
local_follow bool # Follow links on the controller.
checksum str # SHA-1 that the file must have.
validate str # A command that must succeed before the file is put in place; %s is the new file.
decrypt bool =true # Decrypt vaulted files on the controller.
owner str # The user that should own the file.
group str # The group that should own the file.
seuser str # The user part of the SELinux context.
serole str # The role part of the SELinux context.
selevel str # The level part of the SELinux context.
setype str # The type part of the SELinux context.
unsafe_writes bool =false # Write in place if the file cannot be replaced at once.
attributes(attr) str # Flags as chattr takes them.
_original_basename str # The name on the controller.
_diff_header str # What the diff calls the source; set by the controller.",
)
.with_diff();

/// See the page above.
pub struct Copy;

/// Where the bytes come from.
#[derive(Clone)]
enum Source {
    Inline(Vec<u8>),
    File(PathBuf),
}

impl Source {
    fn open(&self, system: &dyn System) -> Result<Box<dyn Read>, Failure> {
        match self {
            Source::Inline(bytes) => Ok(Box::new(std::io::Cursor::new(bytes.clone()))),
            Source::File(path) => {
                system.open(path).map_err(|error| Failure::new(attributes::io_text_at(&error, path)))
            }
        }
    }

    fn sum(&self, system: &dyn System, algorithm: Algorithm) -> Result<String, Failure> {
        let mut contents = self.open(system)?;
        digest::of_reader(&mut *contents, algorithm).map_err(|error| io_text(&error).into())
    }
}

impl Module for Copy {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        if let Some(payload) = &call.invocation.payload {
            return from_controller(call, payload, system);
        }
        let Some(src) = args.some("src") else {
            return Err("src (or content) is required".into());
        };
        let source = PathBuf::from(src);
        let stat = system.stat(&source, true).ok().flatten();
        let Some(stat) = stat else {
            return Err(format!("Source {src} not found").into());
        };
        if !system.access(&source, 4) {
            return Err(format!("Source {src} not readable").into());
        }
        if stat.is_dir() {
            return tree::plan(call, system, src);
        }
        let name = source.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let file = Source::File(source);
        let sum = file.sum(system, Algorithm::Sha1)?;
        let dest = destination(call, system, &name);
        let mut plan = Plan::new();
        plan.set("src", src).set("checksum", sum.as_str()).set("md5sum", file.sum(system, Algorithm::Md5)?);
        check_sum(call, &sum)?;
        one_file(call, system, plan, file, &sum, &dest, Some(stat.mode))
    }
}

fn check_sum(call: &Call<'_>, sum: &str) -> Result<(), Failure> {
    match call.args.some("checksum") {
        Some(expected) if expected != sum => {
            let msg = "Copied file does not match the expected checksum. Transfer failed.";
            Err(Failure::new(msg).with("checksum", sum).with("expected_checksum", expected))
        }
        _ => Ok(()),
    }
}

/// The file that is meant: in a folder it gets the source's name.
fn destination(call: &Call<'_>, system: &dyn System, name: &str) -> PathBuf {
    let dest = call.args.str("dest");
    let path = PathBuf::from(dest);
    let name = call.args.some("_original_basename").unwrap_or(name);
    let path = if dest.ends_with('/') || system.is_dir(&path) { path.join(name) } else { path };
    if call.args.bool("follow") && matches!(system.stat(&path, false), Ok(Some(stat)) if stat.is_link()) {
        return real_path(system, &path);
    }
    path
}

fn from_controller<'a>(
    call: &'a Call<'a>,
    payload: &'a Payload,
    system: &dyn System,
) -> Result<Plan<'a>, Failure> {
    let args = &call.args;
    let is_content = args.value("content").is_some();
    let dest = args.str("dest");
    if is_content && (dest.ends_with('/') || system.is_dir(Path::new(dest))) {
        return Err("can not use content with a dir as dest".into());
    }
    let dest = destination(call, system, &payload.name);
    let mut plan = Plan::new();
    if !args.bool("force") && matches!(system.stat(&dest, false), Ok(Some(_))) {
        plan.set("dest", dest.to_string_lossy()).set("src", args.str("src"));
        plan.force_changed = Some(false);
        return Ok(plan);
    }
    check_sum(call, &payload.sha1)?;
    let present = match system.stat(&dest, true) {
        Ok(Some(stat)) if stat.is_file() => Some(Source::File(dest.clone()).sum(system, Algorithm::Sha1)?),
        _ => None,
    };
    let shown = dest.to_string_lossy().into_owned();
    if present.as_deref() == Some(&payload.sha1) {
        plan.set("checksum", payload.sha1.as_str()).set("dest", shown.as_str()).set("path", shown.as_str());
        let found = plan_mode(&mut plan, call, &dest, payload.mode, system)?;
        let (mut before, mut after) = found.diff();
        before.insert("path".into(), shown.clone().into());
        after.insert("path".into(), shown.into());
        plan.diff = Some(json!({ "before": before, "after": after }));
        return Ok(plan);
    }
    if call.invocation.diff {
        if !payload.is_here() {
            plan.wants_payload = true;
            return Ok(plan);
        }
        plan.diff = Some(diff(call, payload, &dest, system));
    }
    if call.check() {
        plan.force_changed = Some(true);
        return Ok(plan);
    }
    if !payload.is_here() {
        plan.wants_payload = true;
        return Ok(plan);
    }
    let source = match (&payload.bytes, &payload.uploaded) {
        (Some(bytes), _) => Source::Inline(bytes.clone()),
        (None, Some(path)) => Source::File(path.clone()),
        (None, None) => return Err("the payload is neither inline nor uploaded".into()),
    };
    let sum = source.sum(system, Algorithm::Sha1)?;
    if sum != payload.sha1 {
        let msg = "Copied file does not match the expected checksum. Transfer failed.";
        return Err(Failure::new(msg).with("checksum", sum).with("expected_checksum", payload.sha1.as_str()));
    }
    plan.set("checksum", sum.as_str()).set("md5sum", source.sum(system, Algorithm::Md5)?);
    let from = payload
        .uploaded
        .as_ref()
        .map_or_else(|| args.str("src").to_owned(), |path| path.display().to_string());
    plan.set("src", from);
    let diff = plan.diff.clone();
    let planned = one_file(call, system, plan, source, &sum, &dest, payload.mode);
    let mut plan = planned.map_err(|failure| match diff {
        Some(diff) => failure.with("diff", diff),
        None => failure,
    })?;
    if let Some(uploaded) = &payload.uploaded {
        plan.step("remove the upload", move |system, _| {
            // A leftover in the temporary folder is no reason to fail.
            let _ = system.remove(uploaded);
            Ok(Done::Unchanged)
        });
    }
    Ok(plan)
}

fn is_binary(bytes: &[u8]) -> bool {
    bytes.contains(&0)
}

/// The diff that Ansible's controller makes for copy and template.
fn diff(call: &Call<'_>, payload: &Payload, dest: &Path, system: &dyn System) -> Value {
    let mut diff = serde_json::Map::new();
    let text = |bytes: &[u8]| Value::from(String::from_utf8_lossy(bytes).into_owned());
    match system.read(dest) {
        Err(_) => drop(diff.insert("before".into(), "".into())),
        Ok(bytes) if is_binary(&bytes) => drop(diff.insert("dst_binary".into(), 1.into())),
        Ok(bytes) if bytes.len() > placing::DIFF_MAX => {
            diff.insert("dst_larger".into(), placing::DIFF_MAX.into());
        }
        Ok(bytes) => {
            diff.insert("before_header".into(), dest.to_string_lossy().into());
            diff.insert("before".into(), text(&bytes));
        }
    }
    let bytes = match (&payload.bytes, &payload.uploaded) {
        (Some(bytes), _) => bytes.clone(),
        (None, Some(path)) => system.read(path).unwrap_or_default(),
        (None, None) => Vec::new(),
    };
    let header = call.args.some("_diff_header").or(call.args.some("src"));
    let header = header.map_or_else(|| dest.to_string_lossy().into_owned(), str::to_owned);
    if is_binary(&bytes) {
        diff.insert("src_binary".into(), 1.into());
    } else if bytes.len() > placing::DIFF_MAX {
        diff.insert("src_larger".into(), placing::DIFF_MAX.into());
    } else {
        diff.insert("after_header".into(), header.into());
        diff.insert("after".into(), text(&bytes));
    }
    json!([diff])
}

/// Plans mode and owner; `preserve` means the mode of the source.
fn plan_mode<'a>(
    plan: &mut Plan<'a>,
    call: &Call<'_>,
    dest: &Path,
    preserved: Option<u32>,
    system: &dyn System,
) -> Result<attributes::Differences, Failure> {
    let wanted = wanted(call, preserved);
    let stat = system.stat(dest, false).ok().flatten().unwrap_or_else(|| attributes::of_new_file(system));
    let found = wanted.differences(dest, &stat, system)?;
    if !found.is_empty() {
        let dest = dest.to_owned();
        plan.change(format!("set attributes of {}", dest.display()), move |system, _| {
            wanted.apply(&dest, system).map(|changed| if changed { Done::Changed } else { Done::Unchanged })
        });
    }
    Ok(found)
}

fn wanted(call: &Call<'_>, preserved: Option<u32>) -> Wanted {
    let mut wanted = Wanted::of(call);
    if wanted.mode.as_ref().is_some_and(|mode| mode == "preserve") {
        wanted.mode = preserved.map(|mode| format!("{mode:04o}").into());
    }
    wanted
}

/// Plans one file: contents, then attributes.
fn one_file<'a>(
    call: &'a Call<'a>,
    system: &dyn System,
    mut plan: Plan<'a>,
    source: Source,
    sum: &str,
    dest: &Path,
    preserved: Option<u32>,
) -> Result<Plan<'a>, Failure> {
    let args = &call.args;
    plan.set("dest", dest.to_string_lossy());
    let there = system.stat(dest, true).ok().flatten();
    let is_link = matches!(system.stat(dest, false), Ok(Some(stat)) if stat.is_link());
    if there.is_some() && !args.bool("force") {
        plan.set("msg", "file already exists");
        plan.force_changed = Some(false);
        return Ok(plan);
    }
    let folder = dest.parent().unwrap_or(Path::new("/")).to_owned();
    let make_folder = args.str("dest").ends_with('/');
    if !system.exists(&folder) && !make_folder && !folder.as_os_str().is_empty() {
        let shown = folder.display();
        return Err(
            Failure::new(format!("Destination directory {shown} does not exist")).with("checksum", sum)
        );
    }
    let present = match there {
        Some(stat) if stat.is_file() => Some(Source::File(dest.to_owned()).sum(system, Algorithm::Sha1)?),
        Some(stat) if stat.is_dir() => {
            return Err(format!("Remote copy to a directory is not possible: {}", dest.display()).into());
        }
        _ => None,
    };
    if present.as_deref() != Some(sum) || (is_link && !args.bool("follow")) {
        let (dest, how, backup) = (dest.to_owned(), How::of(call), args.bool("backup") && there.is_some());
        let sum = sum.to_owned();
        let directory_mode = args.value("directory_mode").cloned();
        plan.change(format!("write {}", dest.display()), move |system, returns| {
            if make_folder {
                make_folders(system, &folder, directory_mode.as_ref())?;
            }
            if backup && let Some(name) = placing::back_up(system, &dest)? {
                returns.insert("backup_file".into(), name.into());
            }
            let mut contents = source.open(system)?;
            placing::place(system, &dest, &mut *contents, &how)
                .map_err(|failure| copy_failure(failure, &sum))?;
            Ok(Done::Changed)
        });
    }
    plan_mode(&mut plan, call, dest, preserved, system)?;
    Ok(plan)
}

/// `copy` words a failed check differently from other modules.
fn copy_failure(mut failure: Failure, sum: &str) -> Failure {
    if failure.returns.contains_key("exit_status") {
        failure.msg = "failed to validate".into();
    }
    failure.with("checksum", sum)
}

fn make_folders(system: &mut dyn System, folder: &Path, mode: Option<&Value>) -> Result<(), Failure> {
    let missing: Vec<PathBuf> =
        folder.ancestors().take_while(|folder| !system.exists(folder)).map(Path::to_owned).collect();
    placing::make_dirs(system, folder)?;
    let wanted = Wanted { mode: mode.cloned(), ..Wanted::default() };
    for folder in missing {
        wanted.apply(&folder, system)?;
    }
    Ok(())
}
