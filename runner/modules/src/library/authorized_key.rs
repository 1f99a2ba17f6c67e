//! `authorized_key`: SSH keys that may log in as a user.
//!
//! Keys are compared by kind and blob; another comment or other options rewrite the line.

use crate::{
    Done, Failure, Module, Plan, Spec, System, accounts, attributes::io_text,
    library::get_url::download_to_temporary, outcome::Call, placing,
};
use std::path::{Path, PathBuf};

static SPEC: Spec = Spec::new(
    "ansible.posix.authorized_key",
    "Adds and removes SSH authorized keys.",
    "user str! # The user.
key str! # Keys, one a line; or a URL that has them.
path path # The file, if not ~/.ssh/authorized_keys.
manage_dir bool =true # Make the folder too.
state str =present {absent|present} # Whether the keys should be there.
key_options str # Options before the keys.
exclusive bool =false # No other keys.
validate_certs bool =true # Check the server's certificate.
comment str # Comment of the keys.
follow bool =false # Follow a link at the path.",
)
.with_diff();

/// See the page above.
pub struct AuthorizedKey;

/// Kinds of keys that OpenSSH knows.
const KINDS: &[&str] = &[
    "ssh-ed25519",
    "ssh-rsa",
    "ssh-dss",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-ed25519-cert-v01@openssh.com",
    "ssh-rsa-cert-v01@openssh.com",
];

/// One line that is a key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    options: String,
    kind: String,
    blob: String,
    comment: String,
}

impl Key {
    fn parse(line: &str) -> Option<Key> {
        let words = words(line);
        let at = words.iter().position(|word| KINDS.contains(&word.as_str()))?;
        Some(Key {
            options: words[..at].join(" "),
            kind: words[at].clone(),
            blob: words.get(at + 1)?.clone(),
            comment: words[at + 2..].join(" "),
        })
    }

    fn line(&self) -> String {
        let parts = [&self.options, &self.kind, &self.blob, &self.comment];
        parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ")
    }

    fn is_same(&self, other: &Key) -> bool {
        (&self.kind, &self.blob) == (&other.kind, &other.blob)
    }
}

/// Words, where blanks inside of double quotes do not separate.
fn words(line: &str) -> Vec<String> {
    let (mut all, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.trim().chars() {
        match c {
            '"' => {
                quoted = !quoted;
                word.push(c);
            }
            c if c.is_whitespace() && !quoted => {
                all.extend(Some(std::mem::take(&mut word)).filter(|w| !w.is_empty()))
            }
            c => word.push(c),
        }
    }
    all.extend(Some(word).filter(|word| !word.is_empty()));
    all
}

impl Module for AuthorizedKey {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let name = args.str("user");
        let mut plan = Plan::new();
        for option in [
            "user",
            "path",
            "state",
            "key_options",
            "exclusive",
            "manage_dir",
            "validate_certs",
            "comment",
            "follow",
            "key",
        ] {
            plan.set(option, args.all().get(option).cloned().unwrap_or_default());
        }
        let text = args.str("key");
        if text.contains("://") && !call.check() {
            let text = text.to_owned();
            plan.step("fetch and set the keys", move |system, returns| {
                let file = download_to_temporary(system, &text)?;
                let bytes = system.read(&file).map_err(|error| Failure::new(io_text(&error)));
                // A leftover in the temporary folder is no reason to fail.
                let _ = system.remove(&file);
                let keys = String::from_utf8_lossy(&bytes?).into_owned();
                let mut inner = Plan::new();
                plan_keys(&mut inner, call, system, call.args.str("user"), &keys)?;
                let mut done = Done::Unchanged;
                for change in inner.changes {
                    if change.apply(system, returns)? == Done::Changed {
                        done = Done::Changed;
                    }
                }
                Ok(done)
            });
            return Ok(plan);
        }
        plan_keys(&mut plan, call, system, name, text)?;
        Ok(plan)
    }
}

fn plan_keys<'a>(
    plan: &mut Plan<'a>,
    call: &'a Call<'a>,
    system: &dyn System,
    name: &str,
    text: &str,
) -> Result<(), Failure> {
    let args = &call.args;
    let present = args.str("state") == "present";
    let wanted = wanted_keys(call, text)?;
    let user = accounts::user_by_name(system, name);
    let path = match (args.some("path"), &user) {
        (Some(path), _) => PathBuf::from(path),
        (None, Some(user)) => Path::new(&user.home).join(".ssh/authorized_keys"),
        (None, None) if call.check() => {
            plan.force_changed = Some(true);
            return Ok(());
        }
        (None, None) => {
            return Err(
                format!("Failed to lookup user {name}: \"getpwnam(): name not found: '{name}'\"").into()
            );
        }
    };
    let path = if args.bool("follow") { crate::library::file::real_path(system, &path) } else { path };
    plan.set("keyfile", path.to_string_lossy());
    let before = String::from_utf8_lossy(&system.read(&path).unwrap_or_default()).into_owned();
    let after = edited(&before, &wanted, present, args.bool("exclusive"));
    let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
    let manage = args.bool("manage_dir");
    if after == before {
        return Ok(());
    }
    plan.diff = Some(serde_json::json!({
        "before": before, "after": after, "before_header": path.to_string_lossy(), "after_header": path.to_string_lossy(),
    }));
    let owner = user.map(|user| (user.uid, user.gid));
    plan.change(format!("write {}", path.display()), move |system, _| {
        let failed = |error: std::io::Error| Failure::new(io_text(&error));
        if manage && !system.exists(&folder) {
            system.make_dir(&folder, 0o700).map_err(failed)?;
            system.chmod(&folder, 0o700).map_err(failed)?;
            if let Some((uid, gid)) = owner {
                system.chown(&folder, Some(uid), Some(gid)).map_err(failed)?;
            }
        }
        let is_new = !system.exists(&path);
        placing::place(system, &path, &mut after.as_bytes(), &placing::How::default())?;
        if is_new || manage {
            system.chmod(&path, 0o600).map_err(failed)?;
            if let Some((uid, gid)) = owner {
                system.chown(&path, Some(uid), Some(gid)).map_err(failed)?;
            }
        }
        Ok(Done::Changed)
    });
    Ok(())
}

fn wanted_keys(call: &Call<'_>, text: &str) -> Result<Vec<Key>, Failure> {
    let mut wanted = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut key = Key::parse(line).ok_or_else(|| format!("invalid key specified: {line}"))?;
        if let Some(options) = call.args.opt("key_options") {
            key.options = options.into();
        }
        if let Some(comment) = call.args.opt("comment") {
            key.comment = comment.into();
        }
        wanted.push(key);
    }
    Ok(wanted)
}

fn edited(before: &str, wanted: &[Key], present: bool, exclusive: bool) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut seen: Vec<&Key> = Vec::new();
    for line in before.lines() {
        let Some(key) = Key::parse(line).filter(|_| !line.trim_start().starts_with('#')) else {
            // What is no key is somebody's comment, and stays.
            lines.push(line.to_owned());
            continue;
        };
        match wanted.iter().find(|wanted| wanted.is_same(&key)) {
            Some(_) if !present => {}
            Some(same) => {
                if !seen.contains(&same) {
                    seen.push(same);
                    let unchanged = same.options == key.options
                        && (same.comment == key.comment || same.comment.is_empty());
                    lines.push(if unchanged { line.to_owned() } else { same.line() });
                }
            }
            None if present && exclusive => {}
            None => lines.push(line.to_owned()),
        }
    }
    if present {
        let missing: Vec<String> = wanted.iter().filter(|key| !seen.contains(key)).map(Key::line).collect();
        lines.extend(missing);
    }
    lines.into_iter().map(|line| line + "\n").collect()
}
