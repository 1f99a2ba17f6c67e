//! HTTP/1.1, as much as `get_url` and `uri` need: plain or TLS, proxies, redirects by Ansible's rules.

use super::{Stream, System};
use crate::attributes::io_text;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    path::PathBuf,
    time::Duration,
};

/// How to speak TLS.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Check the server's certificate.
    pub verify: bool,
    /// Certificate authorities other than the machine's.
    pub ca_path: Option<PathBuf>,
    /// Certificate to show.
    pub client_cert: Option<PathBuf>,
    /// Its private key, if not in the same file.
    pub client_key: Option<PathBuf>,
}

/// Which redirects are followed; Ansible's `follow_redirects`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// All.
    All,
    /// None.
    None,
    /// Those of GET and HEAD.
    #[default]
    Safe,
    /// As urllib2 does: like safe, and POST becomes GET.
    Urllib2,
}

/// What to ask.
#[derive(Clone, Default)]
pub struct Request {
    /// GET, POST …
    pub method: String,
    /// The address.
    pub url: String,
    /// Headers, in order.
    pub headers: Vec<(String, String)>,
    /// Headers that are not sent after a redirect.
    pub unredirected: Vec<(String, String)>,
    /// What to send.
    pub body: Option<Vec<u8>>,
    /// For the connection, and for each wait on it.
    pub timeout: Duration,
    /// TLS.
    pub tls: Tls,
    /// Redirects.
    pub follow: Follow,
    /// Whether the environment's proxy is used.
    pub use_proxy: bool,
    /// User and password.
    pub credentials: Option<(String, String)>,
    /// Send them without being asked.
    pub force_basic: bool,
    /// A socket file instead of the address's host.
    pub unix_socket: Option<String>,
    /// Undo gzip.
    pub decompress: bool,
}

/// An answer whose body has not been read yet.
pub struct Response {
    /// 200, 404 …
    pub status: u16,
    /// What the server calls the status.
    pub reason: String,
    /// Headers with their names as the server wrote them.
    pub headers: Vec<(String, String)>,
    /// The address that answered, after redirects.
    pub url: String,
    /// The body.
    pub body: Box<dyn Read>,
}

impl Response {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// An address in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// http or https.
    pub scheme: String,
    /// Name or address.
    pub host: String,
    /// Port, the scheme's if not written.
    pub port: u16,
    /// From the slash on, with query, without fragment.
    pub path: String,
    /// What stands before `@`.
    pub user: Option<(String, String)>,
}

impl Url {
    /// Takes an address apart.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| format!("unknown url type: {text}"))?;
        let scheme = scheme.to_lowercase();
        let default = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            other => return Err(format!("unknown url type: {other}")),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => {
                let (name, password) = user.split_once(':').unwrap_or((user, ""));
                (Some((percent_decoded(name), percent_decoded(password))), authority)
            }
            None => (None, authority),
        };
        let port_at = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
        let (host, port) = match port_at {
            Some(at) => {
                let port = authority[at + 1..]
                    .parse()
                    .map_err(|_| format!("nonnumeric port: '{}'", &authority[at + 1..]))?;
                (&authority[..at], port)
            }
            None => (authority, default),
        };
        if host.is_empty() {
            return Err("no host given".into());
        }
        Ok(Url { scheme, host: host.into(), port, path, user })
    }

    fn authority(&self) -> String {
        let default = if self.scheme == "https" { 443 } else { 80 };
        if self.port == default { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    fn join(&self, location: &str) -> String {
        if location.contains("://") {
            return location.into();
        }
        let base = format!("{}://{}", self.scheme, self.authority());
        match location {
            rest if rest.starts_with("//") => format!("{}:{rest}", self.scheme),
            rest if rest.starts_with('/') => format!("{base}{rest}"),
            rest => {
                let folder = self.path.split('?').next().unwrap_or("/");
                let folder = &folder[..=folder.rfind('/').unwrap_or(0)];
                format!("{base}{folder}{rest}")
            }
        }
    }
}

/// `%41` becomes `A`.
pub fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match hex.filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Why there is no answer.
#[derive(Debug)]
pub struct NoAnswer(pub String);

/// Redirects one after the other; urllib's limit is the same.
const REDIRECTS_MAX: usize = 10;
/// Length of the headers of an answer: real ones are far shorter.
const HEAD_MAX: u64 = 256 * 1024;

/// Asks, and follows redirects.
pub fn send(system: &dyn System, request: &Request) -> Result<Response, NoAnswer> {
    let mut request = request.clone();
    let mut asked_for_password = false;
    for _ in 0..=REDIRECTS_MAX {
        let url = Url::parse(&request.url).map_err(NoAnswer)?;
        let credentials = request.credentials.clone().or_else(|| url.user.clone());
        let with_password = request.force_basic
            || asked_for_password
            || (url.user.is_some() && request.credentials.is_none());
        let password = credentials.clone().filter(|_| with_password);
        let mut response = once(system, &request, &url, password.as_ref())?;
        let wants_basic = |response: &Response| {
            response.header("www-authenticate").is_some_and(|value| value.to_lowercase().starts_with("basic"))
        };
        if response.status == 401 && credentials.is_some() && !with_password && wants_basic(&response) {
            asked_for_password = true;
            continue;
        }
        let location = response.header("location").map(|location| url.join(location));
        let Some(location) = location.filter(|_| follows(&request, response.status)) else {
            response.url = request.url;
            return Ok(response);
        };
        // The new address has its own user, if any.
        request.url = location;
        request.unredirected.clear();
        if matches!(response.status, 301..=303)
            && request.method != "HEAD"
            && !(response.status != 303 && request.follow == Follow::All && request.method != "POST")
        {
            request.method = "GET".into();
            request.body = None;
            request.headers.retain(|(name, _)| !name.to_lowercase().starts_with("content-"));
        }
    }
    Err(NoAnswer("The HTTP server returned a redirect error that would lead to an infinite loop.".into()))
}

fn follows(request: &Request, status: u16) -> bool {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return false;
    }
    let safe = matches!(request.method.as_str(), "GET" | "HEAD");
    match request.follow {
        Follow::All => true,
        Follow::None => false,
        Follow::Safe => safe,
        Follow::Urllib2 => safe || (request.method == "POST" && matches!(status, 301..=303)),
    }
}

/// The proxy of the environment, if this host is to be reached through one.
fn proxy(system: &dyn System, url: &Url) -> Option<Url> {
    let names = [format!("{}_proxy", url.scheme), format!("{}_PROXY", url.scheme.to_uppercase())];
    let text = names.iter().find_map(|name| system.env(name)).filter(|text| !text.is_empty())?;
    let exceptions = system.env("no_proxy").or_else(|| system.env("NO_PROXY")).unwrap_or_default();
    let host = url.host.to_lowercase();
    let excepted = exceptions.split(',').map(str::trim).filter(|one| !one.is_empty()).any(|one| {
        let one = one.trim_start_matches('.').to_lowercase();
        one == "*" || host == one || host.ends_with(&format!(".{one}")) || one == url.authority()
    });
    if excepted {
        return None;
    }
    Url::parse(&if text.contains("://") { text } else { format!("http://{text}") }).ok()
}

fn no_answer(url: &Url, error: &io::Error) -> NoAnswer {
    let timed_out = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
    if timed_out {
        return NoAnswer("Connection failure: timed out".into());
    }
    let text = error.to_string();
    if text.contains("certificate") || text.contains("Certificate") {
        return NoAnswer(format!(
            "Failed to validate the SSL certificate for {}:{}. {text}",
            url.host, url.port
        ));
    }
    let text = if error.raw_os_error().is_some() { io_text(error) } else { text };
    NoAnswer(format!("Request failed: <urlopen error {text}>"))
}

fn once(
    system: &dyn System,
    request: &Request,
    url: &Url,
    password: Option<&(String, String)>,
) -> Result<Response, NoAnswer> {
    let fail = |error: io::Error| no_answer(url, &error);
    let proxy = proxy(system, url).filter(|_| request.use_proxy && request.unix_socket.is_none());
    let mut stream = match (&request.unix_socket, &proxy) {
        (Some(path), _) => system.connect(path, None, request.timeout),
        (None, Some(proxy)) => system.connect(&proxy.host, Some(proxy.port), request.timeout),
        (None, None) => system.connect(&url.host, Some(url.port), request.timeout),
    }
    .map_err(fail)?;
    let proxy_password = proxy.as_ref().and_then(|proxy| proxy.user.as_ref()).map(basic);
    if url.scheme == "https" {
        if proxy.is_some() {
            tunnel(&mut *stream, url, proxy_password.as_deref()).map_err(fail)?;
        }
        stream = system.tls(stream, &url.host, &request.tls).map_err(fail)?;
    }
    let through_proxy = proxy.is_some() && url.scheme == "http";
    let target =
        if through_proxy { format!("http://{}{}", url.authority(), url.path) } else { url.path.clone() };
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, escaped(&target));
    let has = |name: &str| {
        request.headers.iter().chain(&request.unredirected).any(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    let mut add =
        |name: &str, value: &str| head.push_str(&format!("{name}: {}\r\n", value.replace(['\r', '\n'], " ")));
    if !has("host") {
        add("Host", &url.authority());
    }
    if !has("connection") {
        add("Connection", "close");
    }
    if !has("accept-encoding") {
        add("Accept-Encoding", if request.decompress { "gzip" } else { "identity" });
    }
    if let Some(body) = &request.body {
        add("Content-Length", &body.len().to_string());
        if !has("content-type") {
            add("Content-Type", "application/x-www-form-urlencoded");
        }
    }
    if let Some(password) = password.filter(|_| !has("authorization")) {
        add("Authorization", &basic(password));
    }
    if let Some(password) = proxy_password.filter(|_| through_proxy) {
        add("Proxy-Authorization", &password);
    }
    for (name, value) in request.headers.iter().chain(&request.unredirected) {
        add(name, value);
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).map_err(fail)?;
    stream.write_all(request.body.as_deref().unwrap_or_default()).map_err(fail)?;
    stream.flush().map_err(fail)?;
    read_response(stream, request).map_err(fail)
}

fn basic((user, password): &(String, String)) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Blanks and other characters that must not stand in a request line.
fn escaped(target: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'<' && byte != b'>';
    target
        .bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn tunnel(stream: &mut dyn Stream, url: &Url, password: Option<&str>) -> io::Result<()> {
    let password = password.map(|p| format!("Proxy-Authorization: {p}\r\n")).unwrap_or_default();
    let target = format!("{}:{}", url.host, url.port);
    write!(stream, "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{password}\r\n")?;
    // Byte by byte: what comes after the empty line belongs to TLS.
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && (head.len() as u64) < HEAD_MAX {
        if stream.read(&mut byte)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.push(byte[0]);
    }
    let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
    if line.split_whitespace().nth(1).is_some_and(|status| status.starts_with('2')) {
        return Ok(());
    }
    Err(io::Error::other(format!("Tunnel connection failed: {line}")))
}

fn read_response(stream: Box<dyn Stream>, request: &Request) -> io::Result<Response> {
    let mut reader = BufReader::new(stream);
    let (mut status, mut reason, mut headers);
    loop {
        (status, reason, headers) = read_head(&mut reader)?;
        // Interim answers such as 100 are followed by the real one.
        if !(100..200).contains(&status) || status == 101 {
            break;
        }
    }
    let find = |name: &str| {
        let found = headers.iter().find(|(key, _): &&(String, String)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_lowercase())
    };
    let chunked = find("transfer-encoding").is_some_and(|value| value.contains("chunked"));
    let length = find("content-length").and_then(|value| value.trim().parse::<u64>().ok());
    let gzip = find("content-encoding").is_some_and(|value| value.contains("gzip")) && request.decompress;
    let empty = request.method == "HEAD" || status == 204 || status == 304;
    let body: Box<dyn Read> = match (empty, chunked, length) {
        (true, _, _) => Box::new(io::empty()),
        (_, true, _) => Box::new(Chunked { reader, left: 0, done: false }),
        (_, _, Some(length)) => Box::new(Exactly { reader, left: length }),
        (_, _, None) => Box::new(reader),
    };
    let body: Box<dyn Read> =
        if gzip && !empty { Box::new(flate2::read::MultiGzDecoder::new(body)) } else { body };
    Ok(Response { status, reason, headers, url: String::new(), body })
}

type Head = (u16, String, Vec<(String, String)>);

fn read_head(reader: &mut impl BufRead) -> io::Result<Head> {
    let mut limited = reader.take(HEAD_MAX);
    let mut line = String::new();
    let mut next = |line: &mut String| -> io::Result<()> {
        let mut bytes = Vec::new();
        limited.read_until(b'\n', &mut bytes)?;
        *line = bytes.iter().map(|byte| char::from(*byte)).collect::<String>().trim_end().to_owned();
        if bytes.is_empty() {
            Err(io::Error::other("Remote end closed connection without response"))
        } else {
            Ok(())
        }
    };
    next(&mut line)?;
    let mut words = line.splitn(3, ' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().and_then(|status| status.parse().ok());
    let Some(status) = status.filter(|_| version.starts_with("HTTP/")) else {
        return Err(io::Error::other(format!("BadStatusLine: {line}")));
    };
    let reason = words.next().unwrap_or_default().to_owned();
    let mut headers: Vec<(String, String)> = Vec::new();
    loop {
        next(&mut line)?;
        if line.is_empty() {
            return Ok((status, reason, headers));
        }
        match (line.split_once(':'), headers.last_mut()) {
            // A line that starts with a blank continues the one before.
            (_, Some((_, value))) if line.starts_with([' ', '\t']) => value.push_str(line.trim()),
            (Some((name, value)), _) => headers.push((name.trim().into(), value.trim().into())),
            (None, _) => {}
        }
    }
}

struct Exactly<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = self.reader.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the answer ended before its announced length",
            ));
        }
        self.left -= count as u64;
        Ok(count)
    }
}

struct Chunked<R> {
    reader: R,
    left: u64,
    done: bool,
}

impl<R: BufRead> Chunked<R> {
    fn line(&mut self) -> io::Result<String> {
        let mut bytes = Vec::new();
        (&mut self.reader).take(HEAD_MAX).read_until(b'\n', &mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }
}

impl<R: BufRead> Read for Chunked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.done || buffer.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            let line = self.line()?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            self.left =
                u64::from_str_radix(digits, 16).map_err(|_| io::Error::other("a chunk without a length"))?;
            if self.left == 0 {
                self.done = true;
                while !self.line()?.is_empty() {}
                return Ok(0);
            }
        }
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = self.reader.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        if self.left == 0 {
            self.line()?;
        }
        Ok(count)
    }
}
