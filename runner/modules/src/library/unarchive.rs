//! `unarchive`: what is in an archive is in a folder.
//!
//! Archives of tar are compared and extracted by the machine's `tar`, as Ansible does; zip files are read here, so
//! that `unzip` is not needed.

use crate::{
    Command, Done, Failure, Module, Plan, Spec, System,
    attributes::{Wanted, io_text},
    library::get_url::download_to_temporary,
    outcome::Call,
};
use serde_json::json;
use std::path::{Path, PathBuf};

mod gnu_tar;
mod zip;

static SPEC: Spec = Spec::new(
    "ansible.builtin.unarchive",
    "Unpacks an archive.",
    "src path! # The archive: on the controller, or on the machine or behind a URL if remote_src is true.
dest path! # The folder to unpack into.
remote_src bool =false # src is on the machine.
copy bool =true # Old word for the opposite of remote_src.
creates path # If this exists, nothing is done.
io_buffer_size int =65536 # Accepted; it has no effect.
list_files bool =false # Return the names of the files.
exclude list:str =[] # Names to leave out.
include list:str =[] # Only these names.
keep_newer bool =false # Keep files that are newer than those in the archive.
extra_opts list:str =[] # More options for tar.
validate_certs bool =true # Check the server's certificate.
decrypt bool =true # Decrypt a vaulted archive on the controller.
@files",
)
.with_diff();

/// See the page above.
pub struct Unarchive;

/// How a file was unpacked: what `tar` or this program said.
struct Unpacked {
    argv: Vec<String>,
    rc: i32,
    out: String,
    err: String,
}

impl Module for Unarchive {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let (src, dest) = (args.str("src"), args.path("dest"));
        let mut plan = Plan::new();
        if let Some(creates) = args.some("creates").filter(|path| system.exists(Path::new(path))) {
            plan.set("msg", format!("skipped, since {creates} exists"));
            return Ok(plan);
        }
        let shown = args.str("dest");
        let file = match &call.invocation.payload {
            Some(payload) => match &payload.uploaded {
                Some(path) => path.clone(),
                None if payload.bytes.is_some() => return from_bytes(call, plan),
                None => {
                    plan.wants_payload = true;
                    return Ok(plan);
                }
            },
            None if src.contains("://") => return from_url(call, plan),
            None => PathBuf::from(src),
        };
        if !system.exists(&file) {
            let remote = args.bool("remote_src") || !args.bool("copy");
            let msg = if remote {
                format!("Source '{src}' does not exist")
            } else {
                format!("Source '{src}' failed to transfer")
            };
            return Err(msg.into());
        }
        if !system.access(&file, 4) {
            return Err(format!("Source '{src}' not readable").into());
        }
        if system.stat(&file, true).ok().flatten().is_some_and(|stat| stat.size == 0) {
            return Err(format!("Invalid archive '{src}', the file is 0 bytes").into());
        }
        if !system.is_dir(dest) {
            return Err(format!("dest '{shown}' must be an existing dir").into());
        }
        unpack(call, system, plan, &file)
    }
}

/// The bytes came along with the invocation: they need a file, because tar reads one.
fn from_bytes<'a>(call: &'a Call<'a>, plan: Plan<'a>) -> Result<Plan<'a>, Failure> {
    later(plan, call, move |system| {
        let payload = call.invocation.payload.as_ref().ok_or("the archive did not come along")?;
        let base = system.env("TMPDIR").unwrap_or_else(|| "/tmp".into());
        let path = crate::placing::beside(&Path::new(&base).join(&payload.name), system);
        let mut bytes = payload.bytes.as_deref().unwrap_or_default();
        system.create(&path, 0o600, &mut bytes).map_err(|error| Failure::new(io_text(&error)))?;
        Ok(path)
    })
}

fn from_url<'a>(call: &'a Call<'a>, plan: Plan<'a>) -> Result<Plan<'a>, Failure> {
    if !call.args.bool("remote_src") && call.args.bool("copy") && call.invocation.payload.is_some() {
        return Err("a URL needs remote_src: true".into());
    }
    later(plan, call, move |system| download_to_temporary(system, call.args.str("src")))
}

/// Plans when the archive is here, and forgets it afterwards.
fn later<'a>(
    mut plan: Plan<'a>,
    call: &'a Call<'a>,
    fetch: impl FnOnce(&mut dyn System) -> Result<PathBuf, Failure> + 'a,
) -> Result<Plan<'a>, Failure> {
    if call.check() {
        plan.set("skipped", true).set(
            "msg",
            "remote module (ansible.legacy.unarchive) does not support check mode when using gtar",
        );
        return Ok(plan);
    }
    plan.step("fetch and unpack", move |system, returns| {
        let path = fetch(system)?;
        let result = (|| {
            if !system.is_dir(call.args.path("dest")) {
                return Err(Failure::new(format!(
                    "dest '{}' must be an existing dir",
                    call.args.str("dest")
                )));
            }
            let mut inner = unpack(call, system, Plan::new(), &path)?;
            returns.extend(std::mem::take(&mut inner.returns));
            let mut done = Done::Unchanged;
            for change in inner.changes {
                if change.apply(system, returns)? == Done::Changed {
                    done = Done::Changed;
                }
            }
            Ok(done)
        })();
        // A leftover in the temporary folder is no reason to fail.
        let _ = system.remove(&path);
        result
    });
    Ok(plan)
}

/// What kind of archive a file is, by its first bytes and its name.
fn kind(system: &dyn System, file: &Path, name: &str) -> (&'static str, &'static [&'static str]) {
    let mut head = [0; 6];
    let mut filled = 0;
    if let Ok(mut reader) = system.open(file) {
        while let Ok(count @ 1..) = reader.read(&mut head[filled..]) {
            filled += count;
        }
    }
    match &head[..filled] {
        [b'P', b'K', 3 | 5, ..] => ("ZipArchive", &[]),
        [0x1f, 0x8b, ..] => ("TgzArchive", &["-z"]),
        [b'B', b'Z', b'h', ..] => ("TarArchive", &[]),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => ("TarArchive", &[]),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => ("TarArchive", &[]),
        _ if name.ends_with(".zip") => ("ZipArchive", &[]),
        _ => ("TarArchive", &[]),
    }
}

fn unpack<'a>(
    call: &'a Call<'a>,
    system: &dyn System,
    mut plan: Plan<'a>,
    file: &Path,
) -> Result<Plan<'a>, Failure> {
    let args = &call.args;
    let (handler, flags) = kind(system, file, args.str("src"));
    let fetched = call.invocation.payload.is_some() || args.str("src").contains("://");
    let shown = if fetched { file.to_string_lossy().into_owned() } else { args.str("src").to_owned() };
    plan.set("dest", args.str("dest")).set("src", shown).set("handler", handler);
    if handler == "ZipArchive" {
        let archive = zip::Archive::open(system, file).map_err(|why| not_an_archive(call, &why))?;
        return zip::plan(call, system, plan, archive);
    }
    let names = gnu_tar::names(call, system, file, flags).map_err(|why| not_an_archive(call, &why))?;
    if call.check() {
        plan.returns.clear();
        let text = "remote module (ansible.legacy.unarchive) does not support check mode when using gtar";
        plan.set("skipped", true).set("msg", text);
        plan.force_changed = Some(false);
        return Ok(plan);
    }
    if args.bool("list_files") {
        plan.set("files", names.clone());
    }
    if !gnu_tar::is_unpacked(call, system, file, flags)? {
        let file = file.to_owned();
        plan.change("unpack", move |system, returns| {
            let done = gnu_tar::extract(call, system, &file, flags)?;
            let result = json!({ "cmd": done.argv, "rc": done.rc, "out": done.out, "err": done.err });
            returns.insert("extract_results".into(), result);
            if done.rc != 0 {
                let mut failure = Failure::new(format!(
                    "failed to unpack {} to {}",
                    call.args.str("src"),
                    call.args.str("dest")
                ));
                failure.returns = returns.clone();
                failure.returns.remove("changed");
                return Err(failure);
            }
            Ok(Done::Changed)
        });
    }
    plan_attributes(&mut plan, call, names);
    Ok(plan)
}

fn not_an_archive(call: &Call<'_>, why: &str) -> Failure {
    let src = call.args.str("src");
    format!("Failed to find handler for \"{src}\". Make sure the required command to extract the file is installed.\n{why}").into()
}

/// Owner, group and mode of everything that was in the archive.
fn plan_attributes<'a>(plan: &mut Plan<'a>, call: &'a Call<'a>, names: Vec<String>) {
    let wanted = Wanted::of(call);
    if wanted.is_empty() {
        return;
    }
    plan.step("set attributes", move |system, _| {
        let mut done = Done::Unchanged;
        for name in names {
            if wanted.apply(&call.args.path("dest").join(name), system)? {
                done = Done::Changed;
            }
        }
        Ok(done)
    });
}

/// Runs a program that only reads.
fn ask(system: &dyn System, argv: &[String]) -> Result<crate::Output, Failure> {
    system.query(&Command::new(argv).in_english()).map_err(|error| io_text(&error).into())
}
