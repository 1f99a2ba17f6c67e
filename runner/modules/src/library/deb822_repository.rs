//! `deb822_repository`: one `.sources` file of apt, with its key.
//!
//! Returns `repo` (the file's text), `dest` and `key_filename`.

use crate::{
    Done, Failure, Module, Plan, Spec, System,
    attributes::{Wanted, io_text},
    library::get_url::download_to_temporary,
    outcome::Call,
    placing::{self, How},
    python,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

static SPEC: Spec = Spec::new(
    "ansible.builtin.deb822_repository",
    "Adds and removes apt sources in the deb822 format.",
    "allow_downgrade_to_insecure bool # Accept a source that is no longer signed.
allow_insecure bool # Accept a source that is not signed.
allow_weak bool # Accept weak signatures.
architectures list:str # Architectures.
by_hash bool # Fetch lists by their hash.
check_date bool # Check that the source is not from the future.
check_valid_until bool # Check that the source has not expired.
components list:str # Components.
date_max_future int # Seconds that a source may be from the future.
enabled bool # Whether it is used.
exclude list:str # Packages that are not taken from it.
include list:str # Packages that only are taken from it.
inrelease_path str # Where InRelease is.
languages list:str # Languages of descriptions.
name str! # Its name, and that of its file.
pdiffs bool # Fetch differences of lists.
signed_by str # The key: a URL, a file, a fingerprint or the key itself.
suites list:str # Suites.
targets list:str # What is fetched.
trusted bool # Whether it is trusted without a signature.
types list:str =deb {deb|deb-src} # Kinds of packages.
uris list:str # Where it is.
mode raw =0644 # Permissions of the file.
state str =present {absent|present} # Whether it should be there.
install_python_debian bool =false # Accepted; nothing is needed.",
)
.with_diff();

/// See the page above.
pub struct Deb822Repository;

/// Options that are not fields of the file.
const NOT_FIELDS: &[&str] = &["name", "mode", "state", "install_python_debian"];

impl Module for Deb822Repository {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let slug = slug(args.str("name"));
        let dest = PathBuf::from(format!("/etc/apt/sources.list.d/{slug}.sources"));
        let mut plan = Plan::new();
        if args.str("state") == "absent" {
            absent(&mut plan, system, &slug, &dest);
            return Ok(plan);
        }
        let keys = Path::new("/etc/apt/keyrings");
        let (signed_by, key_file) = signed_by(call, system, &slug, keys)?;
        let text = text(call, signed_by.as_deref());
        plan.set("repo", text.as_str()).set("dest", dest.to_string_lossy());
        plan.set("key_filename", key_file.as_ref().map_or(Value::Null, |path| path.to_string_lossy().into()));
        if let Some(url) = args.some("signed_by").filter(|value| value.contains("://")) {
            plan_key(&mut plan, call, system, url, &slug, keys)?;
        }
        let before = system.read(&dest).ok();
        if before.as_deref() != Some(text.as_bytes()) {
            let old = before.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
            plan.diff = Some(json!({
                "before": old, "after": text, "before_header": dest.to_string_lossy(), "after_header": dest.to_string_lossy(),
            }));
            let (dest, slug) = (dest.clone(), slug.clone());
            plan.change(format!("write {}", dest.display()), move |system, returns| {
                // The key's form, and so its file's name, is known only now.
                let (signed_by, key_file) =
                    self::signed_by(call, system, &slug, Path::new("/etc/apt/keyrings"))?;
                let text = self::text(call, signed_by.as_deref());
                returns.insert("repo".into(), text.clone().into());
                returns.insert(
                    "key_filename".into(),
                    key_file.map_or(Value::Null, |path| path.to_string_lossy().into()),
                );
                let same = system.read(&dest).is_ok_and(|bytes| bytes == text.as_bytes());
                if same {
                    return Ok(Done::Unchanged);
                }
                placing::make_dirs(system, dest.parent().unwrap_or(Path::new("/")))?;
                placing::place(system, &dest, &mut text.as_bytes(), &How::default())?;
                Ok(Done::Changed)
            });
        }
        placing::plan_attributes(&mut plan, call, &dest, system)?;
        Ok(plan)
    }
}

/// The name as a file's name: lower case, letters and digits, single hyphens.
fn slug(name: &str) -> String {
    let mut out = String::new();
    let mut gap = false;
    for c in name.to_lowercase().chars() {
        match c {
            '_' | ' ' | '\t' => gap = true,
            c if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' => {
                if gap && !out.is_empty() {
                    out.push('-');
                }
                gap = false;
                out.push(c);
            }
            _ => {}
        }
    }
    out
}

fn absent(plan: &mut Plan<'_>, system: &dyn System, slug: &str, dest: &Path) {
    plan.set("repo", Value::Null).set("dest", dest.to_string_lossy()).set("key_filename", Value::Null);
    let keys = ["gpg", "asc"].map(|end| PathBuf::from(format!("/etc/apt/keyrings/{slug}.{end}")));
    for path in keys.into_iter().chain([dest.to_owned()]).filter(|path| system.exists(path)) {
        plan.change(format!("remove {}", path.display()), move |system, _| {
            system.remove(&path).map_err(|error| Failure::new(io_text(&error)))?;
            Ok(Done::Changed)
        });
    }
}

/// What the field says, and the file of the key if it is one of ours.
fn signed_by(
    call: &Call<'_>,
    system: &dyn System,
    slug: &str,
    folder: &Path,
) -> Result<(Option<String>, Option<PathBuf>), Failure> {
    let Some(value) = call.args.some("signed_by") else { return Ok((None, None)) };
    if !value.contains("://") {
        return Ok((Some(value.to_owned()), None));
    }
    let files = ["asc", "gpg"].map(|end| folder.join(format!("{slug}.{end}")));
    let [armored, binary] = files;
    let path = if system.exists(&binary) && !system.exists(&armored) { binary } else { armored };
    Ok((Some(path.to_string_lossy().into_owned()), Some(path)))
}

fn plan_key<'a>(
    plan: &mut Plan<'a>,
    call: &'a Call<'a>,
    system: &dyn System,
    url: &'a str,
    slug: &str,
    folder: &Path,
) -> Result<(), Failure> {
    let (slug, folder) = (slug.to_owned(), folder.to_owned());
    let missing = !["asc", "gpg"].iter().any(|end| system.exists(&folder.join(format!("{slug}.{end}"))));
    let act = move |system: &mut dyn System, _: &mut crate::Returns| -> Result<Done, Failure> {
        let file = download_to_temporary(system, url)?;
        let bytes = system.read(&file).map_err(|error| Failure::new(io_text(&error)));
        // A leftover in the temporary folder is no reason to fail.
        let _ = system.remove(&file);
        let bytes = bytes?;
        let armored = bytes.windows(10).take(200).any(|window| window == b"-----BEGIN");
        let (end, other) = if armored { ("asc", "gpg") } else { ("gpg", "asc") };
        let path = folder.join(format!("{slug}.{end}"));
        placing::make_dirs(system, &folder)?;
        let stale = folder.join(format!("{slug}.{other}"));
        if system.exists(&stale) {
            system.remove(&stale).map_err(|error| Failure::new(io_text(&error)))?;
        }
        let mut changed = false;
        if system.read(&path).ok().as_deref() != Some(&bytes) {
            placing::place(system, &path, &mut &bytes[..], &How::default())?;
            changed = true;
        }
        let wanted = Wanted { mode: Some("0644".into()), ..Wanted::default() };
        changed |= wanted.apply(&path, system)?;
        Ok(if changed { Done::Changed } else { Done::Unchanged })
    };
    if missing {
        plan.change("fetch the key", act);
    } else if !call.check() {
        plan.step("compare the key", act);
    }
    Ok(())
}

/// The file: fields in the order of the options' names.
fn text(call: &Call<'_>, signed_by: Option<&str>) -> String {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut names: Vec<&str> = SPEC.options().iter().map(|option| option.name).collect();
    names.sort_unstable();
    for name in names {
        if name == "name" {
            fields.push(("X-Repolib-Name".into(), call.args.str("name").into()));
        }
        if NOT_FIELDS.contains(&name) {
            continue;
        }
        let Some(value) = call.args.value(name) else { continue };
        let value = match value {
            Value::Bool(true) => "yes".into(),
            Value::Bool(false) => "no".into(),
            Value::Array(items) => items.iter().map(python::text).collect::<Vec<_>>().join(" "),
            _ if name == "signed_by" => signed_by.unwrap_or_default().to_owned(),
            other => python::text(other),
        };
        fields.push((field_name(name), folded(&value)));
    }
    fields.into_iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}

fn field_name(option: &str) -> String {
    match option {
        "uris" => return "URIs".into(),
        "inrelease_path" => return "InRelease-Path".into(),
        "pdiffs" => return "PDiffs".into(),
        _ => {}
    }
    let title = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    option.split('_').map(title).collect::<Vec<_>>().join("-")
}

/// A value of several lines: the first on a line of its own, all indented, empty ones as a dot.
fn folded(value: &str) -> String {
    if !value.contains('\n') {
        return value.to_owned();
    }
    let line =
        |line: &str| if line.trim().is_empty() { "    .".into() } else { format!("    {}", line.trim()) };
    let lines: Vec<String> = value.trim().lines().map(line).collect();
    format!("\n{}", lines.join("\n"))
}
