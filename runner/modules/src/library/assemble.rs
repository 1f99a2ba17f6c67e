//! `assemble`: the files of a folder, in the order of their names, become one file.

use crate::{
    Done, Failure, Module, Plan, Spec, System, attributes,
    digest::{self, Algorithm},
    outcome::Call,
    pattern::{self, Flags},
    placing::{self, How},
};

static SPEC: Spec = Spec::new(
    "ansible.builtin.assemble",
    "Puts fragments together to one file.",
    "src path! # The folder with the fragments.
dest path! # The file to make.
delimiter str # What goes between fragments; \\n and the like are understood.
remote_src bool =true # src is on the machine.
regexp str # Only names that match count.
ignore_hidden bool =false # Names that start with a dot do not count.
decrypt bool =true # Decrypt vaulted fragments on the controller.
@backup
@validate
@files",
)
.with_diff();

/// See the page above.
pub struct Assemble;

impl Module for Assemble {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let (src, dest) = (args.path("src"), args.path("dest"));
        if !system.exists(src) {
            return Err(format!("Source ({}) does not exist", src.display()).into());
        }
        if !system.is_dir(src) {
            return Err(format!("Source ({}) is not a directory", src.display()).into());
        }
        let regex = args.opt("regexp").map(|text| pattern::compile(text, Flags::default()));
        let regex = regex
            .transpose()
            .map_err(|why| format!("Invalid Regexp ({why}) in \"{}\"", args.str("regexp")))?;
        let mut names = system.list(src).map_err(|error| attributes::io_text_at(&error, src))?;
        names.sort();
        let mut bytes: Vec<u8> = Vec::new();
        let delimiter = args.opt("delimiter").map(unescape);
        let mut first = true;
        for name in names {
            let text = name.to_string_lossy();
            let path = src.join(&name);
            let counts = regex.as_ref().is_none_or(|regex| pattern::found(regex, &text))
                && !(args.bool("ignore_hidden") && text.starts_with('.'))
                && matches!(system.stat(&path, true), Ok(Some(stat)) if stat.is_file());
            if !counts {
                continue;
            }
            // A fragment without a last line end gets one before the next part.
            if !first && !bytes.is_empty() && !bytes.ends_with(b"\n") {
                bytes.push(b'\n');
            }
            if let Some(delimiter) = delimiter.as_ref().filter(|_| !first) {
                bytes.extend_from_slice(delimiter.as_bytes());
                if !delimiter.ends_with('\n') {
                    bytes.push(b'\n');
                }
            }
            first = false;
            bytes.extend(system.read(&path).map_err(|error| attributes::io_text_at(&error, &path))?);
        }
        let sum = digest::sha1_hex(&bytes);
        let mut plan = Plan::new();
        plan.set("src", args.str("src")).set("dest", args.str("dest")).set("msg", "OK");
        plan.set("checksum", sum.as_str()).set("md5sum", digest::of_bytes(&bytes, Algorithm::Md5));
        let before = system.read(dest).ok();
        if before.as_deref() != Some(&bytes) {
            let (dest, how, backup) = (dest.to_owned(), How::of(call), args.bool("backup"));
            plan.change(format!("write {}", dest.display()), move |system, returns| {
                if backup && let Some(name) = placing::back_up(system, &dest)? {
                    returns.insert("backup_file".into(), name.into());
                }
                placing::place(system, &dest, &mut &bytes[..], &how)?;
                Ok(Done::Changed)
            });
        }
        if system.exists(dest) || !call.check() {
            placing::plan_attributes(&mut plan, call, dest, system)?;
        }
        Ok(plan)
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some('\\') | None => out.push('\\'),
                Some(other) => out.extend(['\\', other]),
            },
            (c, false) => out.push(c),
        }
    }
    out
}
