//! `apt_repository`: a line of apt's sources, in `/etc/apt/sources.list` or a file of its own.
//!
//! Returns `repo`, `state`, `sources_added` and `sources_removed`.

use super::apt::update_lists;
use crate::{
    Done, Failure, Module, Plan, Spec, System,
    attributes::Wanted,
    http,
    outcome::Call,
    placing::{self, How},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

static SPEC: Spec = Spec::new(
    "ansible.builtin.apt_repository",
    "Adds and removes apt sources.",
    "repo str! # A source line, or ppa:owner/name.
state str =present {absent|present} # Whether it should be there.
mode raw # Permissions of the file.
update_cache(update-cache) bool =true # Run apt-get update after a change.
update_cache_retries int =5 # How often to try that.
update_cache_retry_max_delay int =12 # Seconds between tries, at most.
validate_certs bool =true # Check the certificate of a PPA's server.
filename str # Name of the file in sources.list.d; made from the source if not given.
codename str # Release of a PPA's packages.
install_python_apt bool =true # Accepted; nothing is needed.",
)
.with_diff();

/// See the page above.
pub struct AptRepository;

const LIST: &str = "/etc/apt/sources.list";
const FOLDER: &str = "/etc/apt/sources.list.d";

/// One file's lines.
type Files = BTreeMap<PathBuf, Vec<String>>;

impl Module for AptRepository {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let repo = args.str("repo").trim();
        let mut plan = Plan::new();
        plan.set("repo", args.str("repo")).set("state", args.str("state"));
        plan.set("sources_added", Vec::<Value>::new()).set("sources_removed", Vec::<Value>::new());
        let before = read_all(system);
        let (line, key) = match repo.strip_prefix("ppa:") {
            Some(ppa) => ppa_line(call, system, ppa)?,
            None => (repo.to_owned(), None),
        };
        let Some(wanted) = normal(&line) else {
            return Err(format!("Invalid repository string: {repo}").into());
        };
        let mut after = before.clone();
        let present = args.str("state") == "present";
        if present {
            add(&mut after, &wanted, &file_for(call, &line));
        } else {
            remove(&mut after, &wanted);
        }
        if after == before {
            return Ok(plan);
        }
        report(&mut plan, &before, &after);
        let mode = args.value("mode").cloned();
        plan.change("write apt's sources", move |system, _| {
            if let Some(key) = key {
                key.install(system)?;
            }
            write(system, &before, &after, mode.as_ref())?;
            if call.args.bool("update_cache") {
                let tries = call.args.int("update_cache_retries").unwrap_or(5);
                let delay = call.args.int("update_cache_retry_max_delay").unwrap_or(12);
                let updated = update_lists(system, tries, delay, "DPkg::Lock::Timeout=60");
                if let Err(failure) = updated {
                    // A source that cannot be read would break every later run of apt.
                    write(system, &after, &before, None)?;
                    return Err(failure);
                }
            }
            Ok(Done::Changed)
        });
        Ok(plan)
    }
}

fn read_all(system: &dyn System) -> Files {
    let mut files = Files::new();
    let mut names = system.list(Path::new(FOLDER)).unwrap_or_default();
    names.retain(|name| name.to_string_lossy().ends_with(".list"));
    let paths = names.into_iter().map(|name| Path::new(FOLDER).join(name)).chain([PathBuf::from(LIST)]);
    for path in paths {
        if let Ok(bytes) = system.read(&path) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            files.insert(path, text.lines().map(str::to_owned).collect());
        }
    }
    files
}

/// A source line with single blanks and without a comment; none if it is not one.
fn normal(line: &str) -> Option<String> {
    let line = line.trim();
    let line = line.split(" #").next().unwrap_or_default();
    // Options in brackets may have blanks of their own.
    let (kind, rest) = line.split_once(|c: char| c.is_whitespace())?;
    if !matches!(kind, "deb" | "deb-src") {
        return None;
    }
    let rest = rest.trim();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(inside) => {
            let (options, rest) = inside.split_once(']')?;
            (format!("[{}] ", options.split_whitespace().collect::<Vec<_>>().join(" ")), rest)
        }
        None => (String::new(), rest),
    };
    let words: Vec<&str> = rest.split_whitespace().collect();
    let complete = words.len() >= 3 || (words.len() == 2 && words[1].ends_with('/'));
    complete.then(|| format!("{kind} {options}{}", words.join(" ")))
}

/// A line as a source and whether it is commented out.
fn source(line: &str) -> Option<(String, bool)> {
    let line = line.trim();
    match line.strip_prefix('#') {
        Some(rest) => normal(rest).map(|source| (source, false)),
        None => normal(line).map(|source| (source, true)),
    }
}

fn add(files: &mut Files, wanted: &str, path: &Path) {
    let mut found = false;
    for lines in files.values_mut() {
        for line in lines {
            match source(line) {
                Some((present, enabled)) if present == wanted => {
                    found = true;
                    if !enabled {
                        *line = wanted.to_owned();
                    }
                }
                _ => {}
            }
        }
    }
    if !found {
        files.entry(path.to_owned()).or_default().push(wanted.to_owned());
    }
}

fn remove(files: &mut Files, wanted: &str) {
    for lines in files.values_mut() {
        lines.retain(|line| source(line).is_none_or(|(present, enabled)| !(present == wanted && enabled)));
    }
    files.retain(|path, lines| path == Path::new(LIST) || !lines.iter().all(|line| line.trim().is_empty()));
}

fn file_for(call: &Call<'_>, line: &str) -> PathBuf {
    if let Some(name) = call.args.some("filename") {
        let name = if name.ends_with(".list") { name.to_owned() } else { format!("{name}.list") };
        return if name.contains('/') { PathBuf::from(name) } else { Path::new(FOLDER).join(name) };
    }
    let mut words =
        line.split_whitespace().skip(1).skip_while(|word| word.starts_with('[') && !word.ends_with(']'));
    let mut parts: Vec<&str> =
        words.by_ref().filter(|word| !word.starts_with('[') && !word.ends_with(']')).collect();
    // The address without its scheme, the release, the components: what is not a letter or digit separates.
    if let Some(first) = parts.first_mut() {
        *first = first.split_once("://").map_or(*first, |(_, rest)| rest);
        *first = first.rsplit_once('@').map_or(*first, |(_, rest)| rest);
    }
    let text = parts.join(" ");
    let name: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    Path::new(FOLDER).join(format!("{}.list", name.join("_")))
}

fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn report(plan: &mut Plan<'_>, before: &Files, after: &Files) {
    let names = |files: &Files, others: &Files| -> Vec<Value> {
        files
            .keys()
            .filter(|path| !others.contains_key(*path))
            .map(|path| path.to_string_lossy().into())
            .collect()
    };
    plan.set("sources_added", names(after, before)).set("sources_removed", names(before, after));
    let mut diff = Vec::new();
    for path in before.keys().chain(after.keys().filter(|path| !before.contains_key(*path))) {
        let text = |files: &Files| files.get(path).map(|lines| joined(lines)).unwrap_or_default();
        if text(before) == text(after) {
            continue;
        }
        let header = |files: &Files| files.get(path).map_or("/dev/null".into(), |_| path.to_string_lossy());
        diff.push(json!({
            "before": text(before), "after": text(after),
            "before_header": header(before), "after_header": header(after),
        }));
    }
    plan.diff = Some(diff.into());
}

fn write(system: &mut dyn System, from: &Files, to: &Files, mode: Option<&Value>) -> Result<(), Failure> {
    for path in from.keys().filter(|path| !to.contains_key(*path)) {
        match system.remove(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(crate::attributes::io_text_at(&error, path).into());
            }
            _ => {}
        }
    }
    for (path, lines) in to {
        if from.get(path) == Some(lines) {
            continue;
        }
        placing::make_dirs(system, path.parent().unwrap_or(Path::new("/")))?;
        let is_new = !system.exists(path);
        placing::place(system, path, &mut joined(lines).as_bytes(), &How::default())?;
        let default = json!("0644");
        if let Some(mode) = mode.or(is_new.then_some(&default)) {
            Wanted { mode: Some(mode.clone()), ..Wanted::default() }.apply(path, system)?;
        }
    }
    Ok(())
}

/// The key that a PPA is signed with.
struct Key {
    fingerprint: String,
    path: PathBuf,
}

impl Key {
    fn install(&self, system: &mut dyn System) -> Result<(), Failure> {
        if system.exists(&self.path) {
            return Ok(());
        }
        let url = format!(
            "https://keyserver.ubuntu.com/pks/lookup?op=get&options=mr&search=0x{}",
            self.fingerprint
        );
        let text = fetch(system, &url)?;
        placing::make_dirs(system, self.path.parent().unwrap_or(Path::new("/")))?;
        placing::place(system, &self.path, &mut text.as_bytes(), &How::default())
    }
}

fn fetch(system: &dyn System, url: &str) -> Result<String, Failure> {
    let request = http::Request {
        method: "GET".into(),
        url: url.into(),
        headers: vec![("Accept".into(), "application/json, text/plain".into())],
        timeout: Duration::from_secs(30),
        tls: http::Tls { verify: true, ..http::Tls::default() },
        use_proxy: true,
        ..http::Request::default()
    };
    let mut response = http::send(system, &request)
        .map_err(|why| Failure::new(format!("failed to fetch PPA information, error was: {}", why.0)))?;
    if response.status != 200 {
        return Err(format!(
            "failed to fetch PPA information, error was: HTTP Error {}: {}",
            response.status, response.reason
        )
        .into());
    }
    let mut text = String::new();
    response
        .body
        .read_to_string(&mut text)
        .map_err(|error| Failure::new(crate::attributes::io_text(&error)))?;
    Ok(text)
}

/// `ppa:owner/name` as a source line, with its key.
fn ppa_line(call: &Call<'_>, system: &dyn System, ppa: &str) -> Result<(String, Option<Key>), Failure> {
    let (owner, name) = ppa.split_once('/').unwrap_or((ppa, "ppa"));
    let release = match call.args.some("codename") {
        Some(codename) => codename.to_owned(),
        None => {
            let file = system.text("/etc/os-release");
            let line = file.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
            line.unwrap_or_default().trim_matches('"').to_owned()
        }
    };
    let host = "http://ppa.launchpad.net";
    let line = format!("deb {host}/{owner}/{name}/ubuntu {release} main");
    let path = PathBuf::from(format!("/etc/apt/trusted.gpg.d/{owner}-{name}.asc"));
    if call.args.str("state") == "absent" || system.exists(&path) || call.check() {
        return Ok((line, None));
    }
    let info = fetch(system, &format!("https://launchpad.net/api/1.0/~{owner}/+archive/{name}"))?;
    let info: Value = serde_json::from_str(&info)
        .map_err(|error| Failure::new(format!("failed to fetch PPA information, error was: {error}")))?;
    let fingerprint = info["signing_key_fingerprint"].as_str().unwrap_or_default().to_owned();
    Ok((line, Some(Key { fingerprint, path })))
}
