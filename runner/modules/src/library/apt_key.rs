//! `apt_key`: a key that apt trusts. Old; a file under `/etc/apt/keyrings` and `signed_by` is the newer way.
//!
//! Keys are kept in `/etc/apt/trusted.gpg.d`, which newer systems read without the `apt-key` program.

use crate::{
    Command, Done, Failure, Module, Plan, Spec, System,
    attributes::io_text,
    library::get_url::download_to_temporary,
    outcome::Call,
    placing::{self, How},
};
use std::path::{Path, PathBuf};

static SPEC: Spec = Spec::new(
    "ansible.builtin.apt_key",
    "Adds and removes keys that apt trusts.",
    "id str # The key's number, or its end.
data str # The key itself.
file path # A file with the key, on the machine.
keyring path # The file that keeps it.
url str # Where to fetch it.
keyserver str # A server to ask for it by its number.
state str =present {absent|present} # Whether it should be trusted.
validate_certs bool =true # Check the server's certificate.
!exclusive data,file,keyserver,url",
);

/// See the page above.
pub struct AptKey;

/// Where keys are that apt trusts for everything.
const FOLDER: &str = "/etc/apt/trusted.gpg.d";

impl Module for AptKey {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let id = args.some("id").map(normal_id).transpose()?;
        let mut plan = Plan::new();
        let before = trusted(system, args.opt("keyring"))?;
        let has = |id: &str| before.iter().any(|(_, fingerprint)| fingerprint.ends_with(id));
        if args.str("state") == "absent" {
            let Some(id) = id else { return Err("key is required".into()) };
            plan.set("id", id.as_str());
            for (path, _) in before.iter().filter(|(_, fingerprint)| fingerprint.ends_with(&id)) {
                let path = path.clone();
                plan.change(format!("remove {}", path.display()), move |system, _| {
                    system.remove(&path).map_err(|error| Failure::new(io_text(&error)))?;
                    Ok(Done::Changed)
                });
            }
            return Ok(plan);
        }
        if let Some(id) = id.as_deref() {
            plan.set("id", id);
            if has(id) {
                return Ok(plan);
            }
        }
        let known = args.opt("data").map(str::as_bytes).map(<[u8]>::to_vec);
        let known = match args.opt("file") {
            Some(file) => Some(
                system
                    .read(Path::new(file))
                    .map_err(|error| crate::attributes::io_text_at(&error, Path::new(file)))?,
            ),
            None => known,
        };
        if let Some(bytes) = &known {
            let found = fingerprints(system, bytes)?;
            if !found.is_empty() && found.iter().all(|one| has(one)) {
                return Ok(plan);
            }
        } else if args.opt("url").is_none() && args.opt("keyserver").is_none() {
            return Err("No key to add ... how did i get here?!?!".into());
        }
        plan.change("add the key", move |system, returns| {
            let bytes = match known {
                Some(bytes) => bytes,
                None => fetch(call, system, id.as_deref())?,
            };
            let all = fingerprints(system, &bytes)?;
            let Some(first) = all.first() else {
                return Err("Unable to extract key IDs from the key".into());
            };
            if let Some(id) = id.as_deref().filter(|id| !all.iter().any(|one| one.ends_with(*id))) {
                return Err(Failure::new("key does not seem to have been added").with("id", id));
            }
            let short: String = first.chars().skip(first.len().saturating_sub(16)).collect();
            returns.insert("fp".into(), first.clone().into());
            returns.insert("key_id".into(), short.clone().into());
            returns.insert("short_id".into(), short[short.len().saturating_sub(8)..].to_owned().into());
            let now = trusted(system, call.args.opt("keyring"))?;
            if all.iter().all(|one| now.iter().any(|(_, there)| there == one)) {
                return Ok(Done::Unchanged);
            }
            let armored = bytes.starts_with(b"-----BEGIN");
            let end = if armored { "asc" } else { "gpg" };
            let path = match call.args.opt("keyring") {
                Some(path) => PathBuf::from(path),
                None => Path::new(FOLDER).join(format!("{}.{end}", short.to_lowercase())),
            };
            placing::make_dirs(system, path.parent().unwrap_or(Path::new("/")))?;
            let bytes = if armored && path.extension().is_some_and(|end| end == "gpg") {
                unarmored(system, bytes)?
            } else {
                bytes
            };
            placing::place(system, &path, &mut &bytes[..], &How::default())?;
            system.chmod(&path, 0o644).map_err(|error| Failure::new(io_text(&error)))?;
            Ok(Done::Changed)
        });
        Ok(plan)
    }
}

fn normal_id(text: &str) -> Result<String, Failure> {
    let upper = text.to_uppercase();
    let id: String =
        upper.strip_prefix("0X").unwrap_or(&upper).chars().filter(|c| !c.is_whitespace()).collect();
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err(Failure::new("Invalid key_id").with("id", text));
    }
    Ok(id)
}

fn gpg(system: &dyn System, words: &[&str], input: &[u8]) -> Result<String, Failure> {
    let argv = [&["gpg", "--batch", "--no-tty", "--no-default-keyring"], words].concat();
    let output = system
        .query(&Command::new(&argv).in_english().stdin(input))
        .map_err(|_| Failure::new("Failed to find required executable \"gpg\" in paths"))?;
    Ok(output.out())
}

/// The fingerprints of the main keys in some bytes.
fn fingerprints(system: &dyn System, bytes: &[u8]) -> Result<Vec<String>, Failure> {
    let text = gpg(system, &["--with-colons", "--show-keys", "--fingerprint", "-"], bytes)?;
    let mut all = Vec::new();
    let mut main = false;
    for line in text.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        match fields.first() {
            Some(&"pub") => main = true,
            Some(&"fpr") if main => {
                all.extend(fields.get(9).map(|text| (*text).to_owned()));
                main = false;
            }
            _ => {}
        }
    }
    Ok(all)
}

/// All keys that apt trusts, with their files.
fn trusted(system: &dyn System, keyring: Option<&str>) -> Result<Vec<(PathBuf, String)>, Failure> {
    let files: Vec<PathBuf> = match keyring {
        Some(path) => vec![PathBuf::from(path)],
        None => {
            let mut names = system.list(Path::new(FOLDER)).unwrap_or_default();
            names.sort();
            let inside = names.into_iter().map(|name| Path::new(FOLDER).join(name));
            inside.chain([PathBuf::from("/etc/apt/trusted.gpg")]).collect()
        }
    };
    let mut all = Vec::new();
    for path in files {
        let Ok(bytes) = system.read(&path) else { continue };
        all.extend(fingerprints(system, &bytes)?.into_iter().map(|fingerprint| (path.clone(), fingerprint)));
    }
    Ok(all)
}

fn unarmored(system: &dyn System, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let command = Command::new(&["gpg", "--batch", "--dearmor"]).stdin(bytes);
    let output = system.query(&command).map_err(|error| io_text(&error))?;
    if output.ok() { Ok(output.stdout) } else { Err(output.err().into()) }
}

fn fetch(call: &Call<'_>, system: &mut dyn System, id: Option<&str>) -> Result<Vec<u8>, Failure> {
    let url = match (call.args.opt("url"), call.args.opt("keyserver"), id) {
        (Some(url), _, _) => url.to_owned(),
        (None, Some(server), Some(id)) => {
            let server = server.trim_start_matches("hkp://").trim_start_matches("hkps://");
            let base = if server.contains("://") { server.to_owned() } else { format!("https://{server}") };
            format!("{}/pks/lookup?op=get&options=mr&search=0x{id}", base.trim_end_matches('/'))
        }
        _ => return Err("id is required when using keyserver".into()),
    };
    let file = download_to_temporary(system, &url)?;
    let bytes = system.read(&file).map_err(|error| Failure::new(io_text(&error)));
    // A leftover in the temporary folder is no reason to fail.
    let _ = system.remove(&file);
    bytes
}
