//! `known_hosts`: a host's key in the file that ssh trusts.

use crate::{
    Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call, placing,
};
use std::path::Path;

static SPEC: Spec = Spec::new(
    "ansible.builtin.known_hosts",
    "Adds and removes keys of SSH hosts.",
    "name(host) str! # The host.
key str # The line for the file.
path path =~/.ssh/known_hosts # The file.
hash_host bool =false # Hide the host's name.
state str =present {absent|present} # Whether the key should be there.",
)
.with_diff();

/// See the page above.
pub struct KnownHosts;

impl Module for KnownHosts {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let (name, path) = (args.str("name"), args.path("path"));
        let host = name.to_lowercase();
        let present = args.str("state") == "present";
        let key = args.opt("key").map(str::trim);
        if present && key.is_none() {
            return Err("No key specified when adding a host".into());
        }
        let kind = key.map(|key| kind_of(key, &host)).transpose()?;
        let before = String::from_utf8_lossy(&system.read(path).unwrap_or_default()).into_owned();
        let known = found(system, &host, path)?;
        let mut lines: Vec<String> = before.lines().map(str::to_owned).collect();
        let wanted = key.map(str::to_owned);
        let same_kind = |line: &str| kind.as_deref().is_none_or(|kind| words_of(line).1 == kind);
        let matching: Vec<usize> =
            known.iter().copied().filter(|at| lines.get(*at).is_some_and(|line| same_kind(line))).collect();
        let is_hashed = |line: &str| line.starts_with("|1|");
        let good = matching.iter().any(|at| {
            wanted.as_deref().is_some_and(|wanted| words_of(&lines[*at]).2 == words_of(wanted).2)
                && is_hashed(&lines[*at]) == args.bool("hash_host")
        });
        let mut plan = Plan::new();
        for option in ["name", "key", "path", "hash_host", "state"] {
            plan.set(option, args.all().get(option).cloned().unwrap_or_default());
        }
        if (present && good && matching.len() == 1) || (!present && matching.is_empty()) {
            return Ok(plan);
        }
        for at in matching.into_iter().rev() {
            lines.remove(at);
        }
        if present {
            let line = wanted.unwrap_or_default();
            lines.push(if args.bool("hash_host") { hashed(system, &line)? } else { line });
        }
        let after: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let header = path.to_string_lossy();
        plan.diff = Some(
            serde_json::json!({ "before": before, "after": after, "before_header": header, "after_header": header }),
        );
        plan.change(format!("write {header}"), move |system, _| {
            let folder = path.parent().unwrap_or(Path::new("/"));
            if !system.exists(folder) {
                system.make_dir(folder, 0o700).map_err(|error| Failure::new(io_text(&error)))?;
            }
            placing::place(system, path, &mut after.as_bytes(), &placing::How::default())?;
            Ok(Done::Changed)
        });
        Ok(plan)
    }
}

/// Names, kind and key of a line; a marker before them is left out.
fn words_of(line: &str) -> (&str, &str, &str) {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with('@'));
    (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next().unwrap_or_default())
}

fn kind_of(key: &str, host: &str) -> Result<String, Failure> {
    let (names, kind, blob) = words_of(key);
    if kind.is_empty() || blob.is_empty() {
        return Err(Failure::new("Host parameter does not match hashed host field in supplied key"));
    }
    let fits = names.starts_with('|')
        || names.to_lowercase().split(',').any(|name| name == host || crate::glob::matches(name, host));
    if !fits {
        return Err("Host parameter does not match any of the hosts in the supplied key".into());
    }
    Ok(kind.to_owned())
}

/// The lines that ssh would use for a host, from 0.
fn found(system: &dyn System, host: &str, path: &Path) -> Result<Vec<usize>, Failure> {
    if !system.exists(path) {
        return Ok(Vec::new());
    }
    let file = path.to_string_lossy();
    let output = system
        .query(&Command::new(&["ssh-keygen", "-F", host, "-f", &file]).in_english())
        .map_err(|error| io_text(&error))?;
    let text = output.out();
    let numbers = text.lines().filter_map(|line| {
        line.strip_prefix("# Host ")?.rsplit_once("line ")?.1.split_whitespace().next()?.parse::<usize>().ok()
    });
    Ok(numbers.map(|number| number - 1).collect())
}

/// The line with its host hidden, as ssh-keygen does it: a salt and HMAC-SHA1 of the name.
fn hashed(system: &dyn System, line: &str) -> Result<String, Failure> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let (names, kind, blob) = words_of(line);
    let mut salt = [0u8; 20];
    let mut random = system.open(Path::new("/dev/urandom")).map_err(|error| io_text(&error))?;
    random.read_exact(&mut salt).map_err(|error| io_text(&error))?;
    let first = names.split(',').next().unwrap_or_default();
    let digest = hmac_sha1(&salt, first.as_bytes());
    Ok(format!("|1|{}|{} {kind} {blob}", STANDARD.encode(salt), STANDARD.encode(digest)))
}

/// RFC 2104, with a key that is shorter than SHA-1's block.
fn hmac_sha1(key: &[u8; 20], text: &[u8]) -> Vec<u8> {
    use sha1::{Digest, Sha1};
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        block.iter_mut().zip(key).for_each(|(pad, key)| *pad ^= key);
        block
    };
    let inner = Sha1::new().chain_update(pad(0x36)).chain_update(text).finalize();
    Sha1::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    #[test]
    fn hides_as_openssh_does() {
        // RFC 2202, test case 1.
        assert_eq!(
            crate::digest::hex(&super::hmac_sha1(&[0x0b; 20], b"Hi There")),
            "b617318655057264e28bc0b6fb378c8ef146be00"
        );
    }
}
