//! Filters over paths, as Python's `os.path` and `ntpath` see them.

use std::path::Path;

use super::{Call, Filter};
use crate::error::{Error, Result};
use crate::value::{Value, to_str};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("basename", &[], |call| {
        let path = to_str(&call.input)?;
        Ok(Value::text(path.rsplit('/').next().unwrap_or("")))
    }),
    Filter::new("dirname", &[], |call| Ok(Value::text(dirname(&to_str(&call.input)?)))),
    Filter::new("normpath", &[], |call| Ok(Value::text(normpath(&to_str(&call.input)?)))),
    Filter::new("path_join", &[], path_join),
    Filter::new("splitext", &[], |call| {
        let path = to_str(&call.input)?;
        let (root, extension) = splitext(&path);
        Ok(Value::tuple([Value::text(root), Value::text(extension)]))
    }),
    Filter::new("relpath", &["start"], relpath),
    Filter::new("realpath", &[], |call| {
        let path = absolute(call, &to_str(&call.input)?);
        Ok(Value::text(call.context.world().real_path(Path::new(&path)).to_string_lossy()))
    }),
    Filter::new("expanduser", &[], |call| Ok(Value::text(expanduser(call, &to_str(&call.input)?)))),
    Filter::new("expandvars", &[], |call| Ok(Value::text(expandvars(call, &to_str(&call.input)?)))),
    Filter::new("commonpath", &[], commonpath),
    Filter::new("fileglob", &[], |call| {
        let pattern = to_str(&call.input)?;
        let found = crate::lookups::glob(call.context, Path::new(&pattern));
        Ok(Value::list(found.into_iter().map(|path| Value::text(path.to_string_lossy()))))
    }),
    Filter::new("win_basename", &[], |call| {
        let path = to_str(&call.input)?;
        Ok(Value::text(win_split(&path).1))
    }),
    Filter::new("win_dirname", &[], |call| {
        let path = to_str(&call.input)?;
        Ok(Value::text(win_split(&path).0))
    }),
    Filter::new("win_splitdrive", &[], |call| {
        let path = to_str(&call.input)?;
        let drive = win_drive(&path);
        Ok(Value::tuple([Value::text(&path[..drive]), Value::text(&path[drive..])]))
    }),
];

fn dirname(path: &str) -> &str {
    let head = &path[..path.rfind('/').map_or(0, |i| i + 1)];
    let trimmed = head.trim_end_matches('/');
    if trimmed.is_empty() { head } else { trimmed }
}

/// Python's `os.path.normpath`.
pub(crate) fn normpath(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let slashes = if path.starts_with("//") && !path.starts_with("///") {
        2
    } else {
        usize::from(path.starts_with('/'))
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if (slashes == 0 && parts.is_empty()) || parts.last() == Some(&"..") => parts.push(".."),
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    let text = "/".repeat(slashes) + &parts.join("/");
    if text.is_empty() { ".".to_owned() } else { text }
}

/// Python's `os.path.splitext`.
pub(crate) fn splitext(path: &str) -> (&str, &str) {
    let name = path.rfind('/').map_or(0, |i| i + 1);
    let leading = path[name..].len() - path[name..].trim_start_matches('.').len();
    match path[name + leading..].rfind('.') {
        Some(dot) => path.split_at(name + leading + dot),
        None => (path, ""),
    }
}

fn path_join(call: &Call<'_>) -> Result<Value> {
    let parts = match &call.input {
        Value::Str(text) => vec![text.as_str().to_owned()],
        Value::List(_) | Value::Tuple(_) => {
            call.input.iterate()?.iter().map(to_str).collect::<Result<_>>()?
        }
        other => {
            return Err(Error::runtime(format!(
                "|path_join expects string or sequence, got {} instead.",
                other.type_name()
            )));
        }
    };
    let mut out = String::new();
    for part in parts {
        if part.starts_with('/') || out.is_empty() {
            out = part;
        } else {
            if !out.ends_with('/') {
                out.push('/');
            }
            out.push_str(&part);
        }
    }
    Ok(Value::text(out))
}

fn absolute(call: &Call<'_>, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    format!("{}/{path}", call.context.world().current_dir().display())
}

fn relpath(call: &Call<'_>) -> Result<Value> {
    let path = to_str(&call.input)?;
    if path.is_empty() {
        return Err(Error::runtime("no path specified"));
    }
    let start = call.args.text_or("start", ".")?;
    let (path, start) = (normpath(&absolute(call, &path)), normpath(&absolute(call, &start)));
    let parts = |text: &str| -> Vec<String> {
        text.split('/').filter(|p| !p.is_empty()).map(str::to_owned).collect()
    };
    let (path, start) = (parts(&path), parts(&start));
    let common = path.iter().zip(&start).take_while(|(a, b)| a == b).count();
    let mut out = vec!["..".to_owned(); start.len() - common];
    out.extend(path[common..].iter().cloned());
    Ok(Value::text(if out.is_empty() { ".".to_owned() } else { out.join("/") }))
}

/// `~` as the home directory of the user who runs us.
fn expanduser(call: &Call<'_>, path: &str) -> String {
    let Some(rest) = path.strip_prefix('~') else { return path.to_owned() };
    let (user, after) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let home = match user {
        "" => call.context.world().env("HOME"),
        "root" => Some("/root".to_owned()),
        user => {
            let passwd = call.context.world().read_file(Path::new("/etc/passwd")).unwrap_or_default();
            let passwd = String::from_utf8_lossy(&passwd).into_owned();
            let line = passwd.lines().find(|line| line.split(':').next() == Some(user)).map(str::to_owned);
            line.and_then(|line| line.split(':').nth(5).map(str::to_owned))
        }
    };
    match home {
        Some(home) => home.trim_end_matches('/').to_owned() + after,
        None => path.to_owned(),
    }
}

fn expandvars(call: &Call<'_>, path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, len) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((name, _)) => (name, name.len() + 2),
            None => {
                let len =
                    after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
                (&after[..len], len)
            }
        };
        match call.context.world().env(name).filter(|_| !name.is_empty()) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[at..=at + len]),
        }
        rest = &after[len..];
    }
    out + rest
}

fn commonpath(call: &Call<'_>) -> Result<Value> {
    if !matches!(call.input, Value::List(_) | Value::Tuple(_)) {
        return Err(Error::runtime("commonpath requires a sequence of paths"));
    }
    let paths: Vec<String> = call.input.iterate()?.iter().map(to_str).collect::<Result<_>>()?;
    let Some(first) = paths.first() else {
        return Err(Error::runtime("commonpath() arg is an empty sequence"));
    };
    let absolute = first.starts_with('/');
    if paths.iter().any(|path| path.starts_with('/') != absolute) {
        return Err(Error::runtime("Can't mix absolute and relative paths"));
    }
    let split = |path: &str| -> Vec<String> {
        path.split('/').filter(|p| !p.is_empty() && *p != ".").map(str::to_owned).collect()
    };
    let mut common = split(first);
    for path in &paths[1..] {
        let parts = split(path);
        let len = common.iter().zip(&parts).take_while(|(a, b)| a == b).count();
        common.truncate(len);
    }
    let lead = if absolute { "/" } else { "" };
    Ok(Value::text(format!("{lead}{}", common.join("/"))))
}

fn win_drive(path: &str) -> usize {
    let normal = path.replace('/', "\\");
    if let Some(rest) = normal.strip_prefix("\\\\") {
        let Some(host) = rest.find('\\') else { return path.len() };
        let share = rest[host + 1..].find('\\').map_or(path.len(), |i| 2 + host + 1 + i);
        return share;
    }
    if normal.get(1..2) == Some(":") { 2 } else { 0 }
}

fn win_split(path: &str) -> (&str, &str) {
    let drive = win_drive(path);
    let at = path[drive..].rfind(['\\', '/']).map_or(drive, |i| drive + i + 1);
    let (head, tail) = path.split_at(at);
    let trimmed = head[drive..].trim_end_matches(['\\', '/']);
    (if trimmed.is_empty() { head } else { &head[..drive + trimmed.len()] }, tail)
}
