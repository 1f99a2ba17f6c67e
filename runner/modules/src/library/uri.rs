//! `uri`: one request to a web server.
//!
//! Returns `status`, `url`, `redirected`, `content`, `json`, `cookies`, and the answer's headers by name.

use crate::{
    Done, Failure, Module, Plan, Returns, Spec, System,
    attributes::{Wanted, io_text},
    digest::{self, Algorithm},
    http::{self, Follow, Request, Response},
    library::get_url::request_of,
    outcome::Call,
    placing, python,
};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

mod form;

static SPEC: Spec = Spec::new(
    "ansible.builtin.uri",
    "Talks to a web server.",
    "url str! # The address.
dest path # A file or folder for the answer.
body raw # What to send.
body_format str =raw {form-urlencoded|json|raw|form-multipart} # How body is written.
src path # A file whose contents are sent.
method str =GET # GET, POST, PUT …
return_content bool =false # Return the answer's body, whatever happens.
follow_redirects str =safe {all|no|none|safe|urllib2|yes} # Which redirects are followed.
creates path # If this exists, nothing is done.
removes path # If this does not exist, nothing is done.
status_code list:int =200 # Statuses that are no failure.
timeout int =30 # Seconds to wait for the server.
headers dict ={} # More headers.
remote_src bool =false # src is on the machine.
force bool =false # Ask caches not to answer.
ca_path path # Certificate authorities to trust.
unix_socket path # A socket file instead of the address's host.
@url
@files",
)
.no_check();

/// See the page above.
pub struct Uri;

impl Module for Uri {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let method = args.str("method").to_uppercase();
        if !method.chars().all(|c| c.is_ascii_uppercase()) || method.is_empty() {
            return Err("Parameter 'method' needs to be a single word in uppercase, like GET or POST.".into());
        }
        let there =
            |path: &str| !crate::glob::paths(system, path).is_empty() || system.exists(Path::new(path));
        let mut plan = Plan::new();
        if let Some(creates) = args.some("creates").filter(|path| there(path)) {
            plan.set("stdout", format!("skipped, since '{creates}' exists"));
            return Ok(plan);
        }
        if let Some(removes) = args.some("removes").filter(|path| !there(path)) {
            plan.set("stdout", format!("skipped, since '{removes}' does not exist"));
            return Ok(plan);
        }
        let mut request = request_of(call, system);
        request.method = method;
        request.unix_socket = args.some("unix_socket").map(str::to_owned);
        request.follow = match args.str("follow_redirects") {
            "all" | "yes" => Follow::All,
            "no" | "none" => Follow::None,
            "urllib2" => Follow::Urllib2,
            _ => Follow::Safe,
        };
        set_body(call, system, &mut request)?;
        if let Some(stat) =
            args.some("dest").and_then(|dest| system.stat(Path::new(dest), true).ok().flatten())
            && stat.is_file()
            && !args.bool("force")
        {
            let text = crate::clock::utc(stat.mtime).format("%a, %d %b %Y %H:%M:%S GMT");
            request.headers.push(("If-Modified-Since".into(), text));
        }
        plan.step(format!("{} {}", request.method, request.url), move |system, returns| {
            perform(call, system, &request, returns)
        });
        Ok(plan)
    }
}

fn set_body(call: &Call<'_>, system: &dyn System, request: &mut Request) -> Result<(), Failure> {
    let args = &call.args;
    let mut content_type = None;
    if let Some(payload) = &call.invocation.payload {
        request.body = payload.bytes.clone();
    } else if let Some(src) = args.some("src") {
        let bytes = system.read(Path::new(src)).map_err(|error| {
            Failure::new(format!("Unable to open source file {src}: {}", io_text(&error)))
        })?;
        request.body = Some(bytes);
    } else if let Some(body) = args.value("body") {
        let (bytes, kind) = form::encode(args.str("body_format"), body, system)?;
        request.body = Some(bytes);
        content_type = kind;
    }
    let named = request
        .headers
        .iter()
        .chain(&request.unredirected)
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some(kind) = content_type.filter(|kind| !named || kind.starts_with("multipart/")) {
        request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        request.headers.push(("Content-Type".into(), kind));
    }
    Ok(())
}

fn perform(
    call: &Call<'_>,
    system: &mut dyn System,
    request: &Request,
    returns: &mut Returns,
) -> Result<Done, Failure> {
    let args = &call.args;
    let start = system.epoch();
    let elapsed = |system: &dyn System| (system.epoch() - start) as i64;
    let expected: Vec<i64> = args
        .value("status_code")
        .and_then(Value::as_array)
        .map(|codes| codes.iter().filter_map(Value::as_i64).collect())
        .unwrap_or_default();
    let shown = format!("[{}]", expected.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    let mut response = match http::send(system, request) {
        Ok(response) => response,
        Err(why) => {
            let msg = format!("Status code was -1 and not {shown}: {}", why.0);
            let failure = Failure::new(msg).with("status", -1).with("url", request.url.as_str());
            return Err(failure.with("redirected", false).with("elapsed", elapsed(system)));
        }
    };
    let mut bytes = Vec::new();
    response.body.read_to_end(&mut bytes).map_err(|error| io_text(&error))?;
    let good = expected.contains(&i64::from(response.status));
    let is_success = matches!(response.status, 200..=299);
    describe(&response, request, returns);
    returns.insert("elapsed".into(), elapsed(system).into());
    let reason = format!("HTTP Error {}: {}", response.status, response.reason);
    let length = response.header("content-length").map_or_else(|| "unknown".to_owned(), str::to_owned);
    returns.insert(
        "msg".into(),
        if is_success { format!("OK ({length} bytes)") } else { reason.clone() }.into(),
    );
    let kind = response.header("content-type").unwrap_or_default().to_owned();
    let text = decode(&bytes, &kind);
    let media = kind.split(';').next().unwrap_or_default().trim().to_lowercase();
    let sub = media.split_once('/').map_or("", |(_, sub)| sub);
    let is_json =
        sub == "json" || sub.ends_with("+json") || sub.contains("javascript") || sub.contains("json");
    if is_json && let Ok(json) = serde_json::from_slice::<Value>(&bytes) {
        returns.insert("json".into(), json);
    }
    let mut done = Done::Unchanged;
    if let Some(dest) = args.some("dest").filter(|_| good && response.status != 304) {
        done = write(call, system, Path::new(dest), &response, &bytes, returns)?;
    }
    if args.bool("return_content") {
        returns.insert("content".into(), text.into());
    } else if good && response.status >= 400 {
        returns.insert("body".into(), text.into());
    }
    if !matches!(response.status, 200..=399) || response.status == 304 {
        returns.remove("cookies");
        returns.remove("cookies_string");
    }
    if !good {
        let msg = format!(
            "Status code was {} and not {shown}: {}",
            response.status,
            returns.get("msg").and_then(Value::as_str).unwrap_or_default()
        );
        let mut failure = Failure::new(msg.clone());
        failure.returns = returns.clone();
        failure.returns.insert("msg".into(), msg.into());
        return Err(failure);
    }
    Ok(done)
}

/// Text as the content type's charset says; UTF-8 or Latin-1.
fn decode(bytes: &[u8], kind: &str) -> String {
    let kind = kind.to_lowercase();
    match std::str::from_utf8(bytes) {
        Ok(text) if !kind.contains("charset=iso-8859-1") => text.to_owned(),
        _ if kind.contains("iso-8859-1") => bytes.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Status, address, cookies and headers.
fn describe(response: &Response, request: &Request, returns: &mut Returns) {
    let mut cookies = Map::new();
    for (name, value) in &response.headers {
        if name.eq_ignore_ascii_case("set-cookie")
            && let Some((key, value)) = value.split(';').next().unwrap_or_default().split_once('=')
        {
            cookies.insert(key.trim().into(), value.trim().trim_matches('"').into());
        }
        let key = name.to_lowercase().replace('-', "_");
        match returns.get_mut(&key) {
            // The same header twice becomes one, as in HTTP.
            Some(Value::String(before)) if key == "set_cookie" => *before = format!("{before}, {value}"),
            _ => drop(returns.insert(key, value.clone().into())),
        }
    }
    let string = cookies
        .iter()
        .map(|(key, value)| format!("{key}={}", python::text(value)))
        .collect::<Vec<_>>()
        .join("; ");
    returns.insert("cookies_string".into(), string.into());
    returns.insert("cookies".into(), cookies.into());
    returns.insert("status".into(), response.status.into());
    returns.insert("url".into(), response.url.clone().into());
    returns.insert("redirected".into(), (response.url != request.url).into());
}

fn write(
    call: &Call<'_>,
    system: &mut dyn System,
    dest: &Path,
    response: &Response,
    bytes: &[u8],
    returns: &mut Returns,
) -> Result<Done, Failure> {
    let path: PathBuf = match system.is_dir(dest) {
        true => {
            let name = response
                .url
                .split(['?', '#'])
                .next()
                .unwrap_or_default()
                .rsplit('/')
                .next()
                .unwrap_or_default();
            dest.join(if name.is_empty() { "index.html" } else { name })
        }
        false => dest.to_owned(),
    };
    returns.insert("path".into(), path.to_string_lossy().into());
    let old = system.open(&path).and_then(|mut file| digest::of_reader(&mut *file, Algorithm::Sha1)).ok();
    let mut changed = old != Some(digest::sha1_hex(bytes));
    if changed {
        placing::place(system, &path, &mut &bytes[..], &placing::How::of(call))?;
    }
    changed |= Wanted::of(call).apply(&path, system)?;
    Ok(if changed { Done::Changed } else { Done::Unchanged })
}
