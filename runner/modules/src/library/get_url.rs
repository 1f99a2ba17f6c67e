//! `get_url`: a file from a web server.
//!
//! Returns `dest`, `url`, `status_code`, `msg`, `elapsed`, `size`, `checksum_src`, `checksum_dest`, `md5sum`.

use crate::{
    Done, Failure, Module, Plan, Returns, Spec, System,
    attributes::{Wanted, io_text},
    clock,
    digest::{self, Algorithm},
    http::{self, Follow, Request, Response},
    outcome::Call,
    placing,
};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

static SPEC: Spec = Spec::new(
    "ansible.builtin.get_url",
    "Downloads a file.",
    "url str! # Where it is.
dest path! # Where it goes: a file, or a folder.
tmp_dest path # Where it is kept while it is being checked.
force bool =false # Download it even if it is there.
checksum str # algorithm:hexadecimal, or algorithm:URL of a file with checksums.
timeout int =10 # Seconds to wait for the server.
headers dict # More headers.
@url
@backup
@files",
);

/// See the page above.
pub struct GetUrl;

/// What a request needs, from the options of `@url`.
pub fn request_of(call: &Call<'_>, system: &dyn System) -> Request {
    let args = &call.args;
    let user = args.opt("url_username").map(str::to_owned);
    let password = args.str("url_password").to_owned();
    let url = args.str("url").to_owned();
    let from_netrc = || netrc(system, &url).filter(|_| args.bool("use_netrc"));
    let credentials = user.map(|user| (user, password)).or_else(from_netrc);
    let mut headers = vec![("User-Agent".to_owned(), args.str("http_agent").to_owned())];
    if args.all().get("force").and_then(Value::as_bool) == Some(true) {
        headers.push(("Cache-Control".into(), "no-cache".into()));
    }
    let mut unredirected = Vec::new();
    let listed = args.list("unredirected_headers");
    for (name, value) in args.dict("headers").into_iter().flatten() {
        let pair = (name.clone(), crate::python::text(value));
        headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        if listed.iter().any(|one| one.eq_ignore_ascii_case(name)) {
            unredirected.push(pair);
        } else {
            headers.push(pair);
        }
    }
    Request {
        method: "GET".into(),
        url,
        headers,
        unredirected,
        body: None,
        timeout: Duration::from_secs(args.int("timeout").unwrap_or(10).try_into().unwrap_or(10)),
        tls: http::Tls {
            verify: args.bool("validate_certs"),
            ca_path: args.all().get("ca_path").and_then(Value::as_str).map(PathBuf::from),
            client_cert: args.opt("client_cert").map(PathBuf::from),
            client_key: args.opt("client_key").map(PathBuf::from),
        },
        follow: Follow::Urllib2,
        use_proxy: args.bool("use_proxy"),
        force_basic: args.bool("force_basic_auth")
            || (credentials.is_some() && args.opt("url_username").is_none()),
        credentials,
        unix_socket: None,
        decompress: args.bool("decompress"),
    }
}

/// User and password of the host in `~/.netrc`.
fn netrc(system: &dyn System, url: &str) -> Option<(String, String)> {
    let host = http::Url::parse(url).ok()?.host;
    let path = system.env("NETRC").unwrap_or_else(|| crate::expand_path("~/.netrc", system));
    let text = system.text(&path);
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words.windows(2).position(|pair| pair[0] == "machine" && pair[1] == host)?;
    let rest = &words[at + 2..];
    let end = rest.iter().position(|word| *word == "machine" || *word == "default").unwrap_or(rest.len());
    let value = |key: &str| {
        let at = rest[..end].iter().position(|word| *word == key)?;
        rest.get(at + 1).map(|word| (*word).to_owned())
    };
    Some((value("login")?, value("password").unwrap_or_default()))
}

impl Module for GetUrl {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let (url, dest) = (args.str("url"), args.path("dest"));
        let is_dir = system.is_dir(dest);
        let mut plan = Plan::new();
        plan.set("url", url).set("dest", args.str("dest"));
        plan.set("elapsed", 0);
        let checksum = match args.some("checksum") {
            Some(text) => Some(checksum(text, call, system)?),
            None => None,
        };
        let mut since = None;
        if !is_dir && let Ok(Some(stat)) = system.stat(dest, true) {
            let mut good = false;
            if let Some((algorithm, wanted)) = &checksum {
                let sum = sum(system, dest, *algorithm)?;
                good = sum == *wanted;
                plan.set("checksum_dest", Value::Null).set("checksum_src", Value::Null);
                if good && !args.bool("force") {
                    placing::plan_attributes(&mut plan, call, dest, system)?;
                    let text = if plan.is_change() {
                        "file already exists but file attributes changed"
                    } else {
                        "file already exists"
                    };
                    plan.set("msg", text);
                    return Ok(plan);
                }
            }
            if !good && checksum.is_none() && !args.bool("force") {
                since = Some(stat.mtime);
            }
        }
        let mut request = request_of(call, system);
        if let Some(time) = since {
            let text = clock::utc(time).format("%a, %d %b %Y %H:%M:%S GMT");
            request.headers.push(("If-Modified-Since".into(), text));
        }
        if call.check() {
            request.method = "HEAD".into();
            return check(plan, call, system, &request, is_dir);
        }
        plan.change(format!("download {url}"), move |system, returns| {
            download(call, system, &request, checksum, returns)
        });
        Ok(plan)
    }
}

fn sum(system: &dyn System, path: &Path, algorithm: Algorithm) -> Result<String, Failure> {
    let mut file = system.open(path).map_err(|error| io_text(&error))?;
    digest::of_reader(&mut *file, algorithm).map_err(|error| io_text(&error).into())
}

fn check<'a>(
    mut plan: Plan<'a>,
    call: &'a Call<'a>,
    system: &dyn System,
    request: &Request,
    is_dir: bool,
) -> Result<Plan<'a>, Failure> {
    let response = ask(system, request, call)?;
    let dest = target(call, &response, is_dir);
    plan.set("dest", dest.to_string_lossy()).set("url", response.url.as_str());
    plan.set("msg", message(&response, 0));
    if response.status == 304 {
        placing::plan_attributes(&mut plan, call, &dest, system)?;
        return Ok(plan);
    }
    plan.set("checksum_src", digest::sha1_hex(b"")).set("checksum_dest", Value::Null);
    plan.force_changed = Some(true);
    Ok(plan)
}

fn message(response: &Response, bytes: u64) -> String {
    match response.status {
        304 => "HTTP Error 304: Not Modified".into(),
        _ if bytes > 0 => format!("OK ({bytes} bytes)"),
        _ => match response.header("content-length") {
            Some(length) => format!("OK ({length} bytes)"),
            None => "OK (unknown bytes)".into(),
        },
    }
}

fn ask(system: &dyn System, request: &Request, call: &Call<'_>) -> Result<Response, Failure> {
    let start = system.epoch();
    let dest = call.args.str("dest");
    let url = &request.url;
    let response = http::send(system, request).map_err(|why| {
        let failure = Failure::new(why.0).with("url", url.as_str()).with("dest", dest);
        failure.with("elapsed", (system.epoch() - start) as i64)
    })?;
    if matches!(response.status, 200..=299 | 304) {
        return Ok(response);
    }
    let text = format!("HTTP Error {}: {}", response.status, response.reason);
    let failure = Failure::new("Request failed").with("status_code", response.status).with("response", text);
    Err(failure.with("url", url.as_str()).with("dest", dest).with("elapsed", (system.epoch() - start) as i64))
}

/// The file: in a folder it gets the server's name for it.
fn target(call: &Call<'_>, response: &Response, is_dir: bool) -> PathBuf {
    let dest = call.args.path("dest");
    if !is_dir {
        return dest.to_owned();
    }
    let disposition = response.header("content-disposition").and_then(|value| value.split_once("filename="));
    let named = disposition
        .map(|(_, name)| name.split(';').next().unwrap_or_default().trim().trim_matches('"').to_owned());
    let from_url = || {
        let path = response.url.split(['?', '#']).next().unwrap_or_default();
        let path = path.split_once("://").map_or(path, |(_, rest)| rest);
        http::percent_decoded(path.rsplit_once('/').map_or("", |(_, name)| name))
    };
    let name = named.filter(|name| !name.is_empty()).unwrap_or_else(from_url);
    // A server must not choose a folder.
    let name = name.rsplit('/').next().unwrap_or_default().to_owned();
    dest.join(if name.is_empty() || name == ".." { "index.html" } else { &name })
}

/// `sha256:…`: the hexadecimal itself, or a URL of a list of checksums.
fn checksum(text: &str, call: &Call<'_>, system: &dyn System) -> Result<(Algorithm, String), Failure> {
    let Some((algorithm, value)) = text.split_once(':') else {
        return Err(Failure::new("The checksum parameter has to be in format <algorithm>:<checksum>"));
    };
    let known = Algorithm::named(&algorithm.trim().to_lowercase());
    let known = known.ok_or_else(|| Failure::new(format!("Could not hash file '{}' with algorithm '{algorithm}'. Available algorithms: md5, sha1, sha224, sha256, sha384, sha512", call.args.str("dest"))))?;
    let value = value.trim();
    let value = if value.contains("://") { listed(value, call, system)? } else { value.to_owned() };
    let hexadecimal: String = value.to_lowercase().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    if hexadecimal.is_empty() || !hexadecimal.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err("The checksum format is invalid".into());
    }
    Ok((known, hexadecimal))
}

fn listed(url: &str, call: &Call<'_>, system: &dyn System) -> Result<String, Failure> {
    let mut request = request_of(call, system);
    request.url = url.to_owned();
    let mut response = ask(system, &request, call)?;
    let mut bytes = Vec::new();
    response.body.read_to_end(&mut bytes).map_err(|error| io_text(&error))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let path = call.args.str("url").split(['?', '#']).next().unwrap_or_default();
    let wanted = path.rsplit('/').next().unwrap_or_default();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    // A file with nothing but one checksum is for whatever is downloaded.
    if let [only] = lines.as_slice()
        && let [sum] = only.as_slice()
    {
        return Ok((*sum).to_owned());
    }
    for line in &lines {
        let named = match line.as_slice() {
            [sum, name] => Some((*sum, name.trim_start_matches(['*', '.', '/']))),
            // The form of BSD's tools: SHA256 (name) = sum.
            [_, name, "=", sum] => Some((*sum, name.trim_matches(['(', ')']))),
            _ => None,
        };
        if let Some((sum, name)) = named
            && name.rsplit('/').next() == Some(wanted)
        {
            return Ok(sum.to_owned());
        }
    }
    Err(format!("Unable to find a checksum for file '{wanted}' in '{url}'").into())
}

fn download(
    call: &Call<'_>,
    system: &mut dyn System,
    request: &Request,
    checksum: Option<(Algorithm, String)>,
    returns: &mut Returns,
) -> Result<Done, Failure> {
    let args = &call.args;
    let start = system.epoch();
    let is_dir = system.is_dir(args.path("dest"));
    let mut response = ask(system, request, call)?;
    let dest = target(call, &response, is_dir);
    returns.insert("dest".into(), dest.to_string_lossy().into());
    returns.insert("url".into(), response.url.clone().into());
    returns.insert("status_code".into(), response.status.into());
    let wanted = Wanted::of(call);
    if response.status == 304 {
        returns.insert("msg".into(), message(&response, 0).into());
        let changed = wanted.apply(&dest, system)?;
        return Ok(if changed { Done::Changed } else { Done::Unchanged });
    }
    let folder = dest.parent().unwrap_or(Path::new("/")).to_owned();
    if !system.exists(&folder) {
        let sum = digest::of_reader(&mut *response.body, Algorithm::Sha1).map_err(|error| io_text(&error))?;
        returns.insert("checksum_src".into(), sum.into());
        returns.insert("checksum_dest".into(), Value::Null);
        returns.insert("elapsed".into(), ((system.epoch() - start) as i64).into());
        let failure = Failure::new(format!("Destination {} does not exist", folder.display()));
        return Err(with_returns(failure, returns));
    }
    let partial = match args.opt("tmp_dest") {
        Some(tmp) if !system.is_dir(Path::new(tmp)) => {
            return Err(format!("{tmp} is a file but should be a directory.").into());
        }
        Some(tmp) => placing::beside(&Path::new(tmp).join("download"), system),
        None => placing::beside(&dest, system),
    };
    let made = system.create(&partial, 0o600, &mut *response.body);
    let size = made.map_err(|error| {
        Failure::new(format!("failed to create temporary content file: {}", io_text(&error)))
    })?;
    returns.insert("msg".into(), message(&response, size).into());
    returns.insert("elapsed".into(), ((system.epoch() - start) as i64).into());
    returns.insert("src".into(), partial.to_string_lossy().into());
    let result = settle(call, system, &partial, &dest, checksum, returns);
    // Gone already if it was renamed; otherwise nobody needs it.
    let _ = system.remove(&partial);
    let changed = result.map_err(|failure| with_returns(failure, returns))? | wanted.apply(&dest, system)?;
    Ok(if changed { Done::Changed } else { Done::Unchanged })
}

/// The failure with what is known already.
fn with_returns(mut failure: Failure, returns: &Returns) -> Failure {
    for (key, value) in returns.iter().filter(|(key, _)| !matches!(key.as_str(), "msg" | "status_code")) {
        failure.returns.entry(key.clone()).or_insert_with(|| value.clone());
    }
    failure
}

fn settle(
    call: &Call<'_>,
    system: &mut dyn System,
    partial: &Path,
    dest: &Path,
    checksum: Option<(Algorithm, String)>,
    returns: &mut Returns,
) -> Result<bool, Failure> {
    let new = sum(system, partial, Algorithm::Sha1)?;
    let old = if system.exists(dest) { Some(sum(system, dest, Algorithm::Sha1)?) } else { None };
    if let Some((algorithm, wanted)) = checksum {
        let found = sum(system, partial, algorithm)?;
        if found != wanted {
            returns.insert("checksum_src".into(), new.into());
            returns.insert("checksum_dest".into(), Value::Null);
            let msg =
                format!("The checksum for {} did not match {wanted}; it was {found}.", partial.display());
            return Err(Failure::new(msg)
                .with("url", call.args.str("url"))
                .with("dest", dest.to_string_lossy()));
        }
    }
    returns.insert("checksum_src".into(), new.clone().into());
    returns.insert("checksum_dest".into(), old.clone().map_or(Value::Null, Value::from));
    returns.insert("md5sum".into(), sum(system, partial, Algorithm::Md5)?.into());
    if old.as_ref() == Some(&new) {
        return Ok(false);
    }
    if call.args.bool("backup")
        && old.is_some()
        && let Some(name) = placing::back_up(system, dest)?
    {
        returns.insert("backup_file".into(), name.into());
    }
    let mut contents = system.open(partial).map_err(|error| io_text(&error))?;
    placing::place(system, dest, &mut *contents, &placing::How::of(call))?;
    Ok(true)
}

/// Downloads to the temporary folder, for modules that take URLs.
pub fn download_to_temporary(system: &mut dyn System, url: &str) -> Result<PathBuf, Failure> {
    /// Seconds to wait for a server that says nothing.
    const TIMEOUT_S: u64 = 30;
    let request = Request {
        method: "GET".into(),
        url: url.into(),
        headers: vec![("User-Agent".into(), "ansible-httpget".into())],
        timeout: Duration::from_secs(TIMEOUT_S),
        tls: http::Tls { verify: true, ..http::Tls::default() },
        follow: Follow::Urllib2,
        use_proxy: true,
        ..Request::default()
    };
    let mut response = http::send(system, &request)
        .map_err(|why| Failure::new(format!("Failure downloading {url}, {}", why.0)))?;
    if response.status != 200 {
        let why = format!("HTTP Error {}: {}", response.status, response.reason);
        return Err(format!("Failure downloading {url}, {why}").into());
    }
    let name =
        url.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or("download").to_owned();
    let base = system.env("TMPDIR").unwrap_or_else(|| "/tmp".into());
    let beside = placing::beside(&Path::new(&base).join(&name), system);
    // Tools look at how a name ends.
    let path = PathBuf::from(format!("{}-{name}", beside.display()));
    system.create(&path, 0o600, &mut *response.body).map_err(|error| io_text(&error))?;
    Ok(path)
}
