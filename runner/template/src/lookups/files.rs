//! Lookups of files, commands and URLs.

use std::path::{Path, PathBuf};

use super::{Call, Lookup, glob};
use crate::error::{Error, Result};
use crate::templar::FileOptions;
use crate::value::{Value, to_str};
use crate::world::HttpRequest;

pub(super) const LOOKUPS: &[(&str, Lookup)] = &[
    ("file", file),
    ("unvault", unvault),
    ("fileglob", fileglob),
    ("first_found", first_found),
    ("template", template),
    ("pipe", pipe),
    ("lines", lines),
    ("url", url),
];

/// The content of a file of the search path, decrypted if need be.
fn content(call: &Call<'_>, subdir: &str, name: &str) -> Result<Option<String>> {
    let world = call.context.world();
    let Some(path) = world.find_file(subdir, name) else { return Ok(None) };
    let bytes = world
        .read_file(&path)
        .map_err(|message| Error::runtime(format!("Unable to access the file '{name}': {message}")))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if text.starts_with("$ANSIBLE_VAULT") {
        return world.decrypt(&text).map(Some).map_err(Error::runtime);
    }
    Ok(Some(text))
}

fn file(call: &Call<'_>) -> Result<Vec<Value>> {
    let (lstrip, rstrip) = (call.truth("lstrip", false)?, call.truth("rstrip", true)?);
    let mut out = Vec::new();
    for name in call.texts()? {
        let Some(text) = content(call, "files", &name)? else {
            return Err(Error::runtime(format!(
                "Unable to access the file '{name}': File not found. Use -vvvvv to see paths searched."
            )));
        };
        let mut text = text.as_str();
        if lstrip {
            text = text.trim_start();
        }
        if rstrip {
            text = text.trim_end();
        }
        out.push(Value::text(text));
    }
    Ok(out)
}

fn unvault(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for name in call.texts()? {
        match content(call, "files", &name)? {
            Some(text) => out.push(Value::text(text)),
            None => {
                return Err(Error::runtime(format!(
                    "Unable to find file matching {}",
                    crate::value::quote_repr(&name)
                )));
            }
        }
    }
    Ok(out)
}

fn fileglob(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for term in call.texts()? {
        let path = Path::new(&term);
        let mut candidates: Vec<PathBuf> = Vec::new();
        if path.is_absolute() {
            candidates.push(path.to_owned());
        } else {
            candidates
                .extend(call.context.world().search_dirs("files").into_iter().map(|dir| dir.join(path)));
        }
        let found =
            candidates.iter().map(|pattern| glob(call.context, pattern)).find(|found| !found.is_empty());
        out.extend(found.unwrap_or_default().into_iter().map(|path| Value::text(path.to_string_lossy())));
    }
    Ok(out)
}

/// Lists may be written with separators.
fn split_list(value: &Value, separators: &[char]) -> Result<Vec<String>> {
    let items = match value {
        Value::None => Vec::new(),
        Value::List(_) | Value::Tuple(_) => value.iterate()?,
        other => vec![other.clone()],
    };
    let mut out = Vec::new();
    for item in items {
        let text = to_str(&item)?;
        out.extend(text.split(separators).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned));
    }
    Ok(out)
}

fn first_found(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut names: Vec<String> = Vec::new();
    let mut skip = call.truth("skip", false)?;
    let mut add = |files: &[String], paths: &[String]| {
        if paths.is_empty() {
            names.extend(files.iter().cloned());
        }
        for path in paths {
            names.extend(files.iter().map(|file| format!("{}/{file}", path.trim_end_matches('/'))));
        }
    };
    let mut terms = Vec::new();
    for term in &call.terms {
        match term {
            Value::List(list) => terms.extend(list.elements()),
            other => terms.push(other.clone()),
        }
    }
    let default_paths = split_list(&call.option("paths").unwrap_or_default(), &[',', ':', ';'])?;
    for term in &terms {
        match term {
            Value::Dict(dict) => {
                let files = split_list(&dict.get_str("files").unwrap_or_default(), &[',', ';'])?;
                let paths = split_list(&dict.get_str("paths").unwrap_or_default(), &[',', ':', ';'])?;
                if let Some(flag) = dict.get_str("skip") {
                    skip = crate::filters::to_bool(call.context, &flag);
                }
                add(&files, &paths);
            }
            Value::Str(text) => add(&split_list(&Value::Str(text.clone()), &[',', ';'])?, &default_paths),
            other => {
                return Err(Error::runtime(format!(
                    "Invalid term supplied. A string, dict or list is required, not {}",
                    crate::value::quote_repr(other.type_name())
                )));
            }
        }
    }
    let files = split_list(&call.option("files").unwrap_or_default(), &[',', ';'])?;
    add(&files, &default_paths);
    for name in &names {
        for subdir in ["files", "templates", "vars", "tasks"] {
            if let Some(found) = call.context.world().find_file(subdir, name) {
                return Ok(vec![Value::text(found.to_string_lossy())]);
            }
        }
    }
    if skip { Ok(Vec::new()) } else { Err(Error::runtime("No file was found when using first_found.")) }
}

fn template(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for name in call.texts()? {
        let world = call.context.world();
        let Some(path) = world.find_file("templates", &name) else {
            return Err(Error::runtime(format!(
                "the template file {name} could not be found for the lookup"
            )));
        };
        let text = content(call, "templates", &name)?.unwrap_or_default();
        let mut search = vec![path.parent().unwrap_or(Path::new("/")).to_owned()];
        search.extend(world.search_dirs("templates"));
        let mut options = FileOptions { path, search_path: search, ..FileOptions::default() };
        for (option, slot) in [
            ("variable_start_string", &mut options.variable_start),
            ("variable_end_string", &mut options.variable_end),
            ("comment_start_string", &mut options.comment_start),
            ("comment_end_string", &mut options.comment_end),
            ("block_start_string", &mut options.block_start),
            ("block_end_string", &mut options.block_end),
        ] {
            if let Some(value) = call.option(option) {
                *slot = to_str(&value)?;
            }
        }
        options.trim_blocks = call.truth("trim_blocks", true)?;
        options.lstrip_blocks = call.truth("lstrip_blocks", false)?;
        let mut scope = call.context.scope().clone();
        if let Some(Value::Dict(vars)) = call.option("template_vars") {
            for (key, value) in vars.pairs() {
                if let Value::Str(key) = key {
                    scope = scope.with_magic(key.shared().clone(), value);
                }
            }
        }
        let value = call.context.templar().file_value(&text, &options, &scope)?;
        out.push(value);
    }
    Ok(out)
}

fn pipe(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for command in call.texts()? {
        let output = call.context.world().run_command(&command).map_err(Error::runtime)?;
        if output.code != 0 {
            return Err(Error::runtime(format!("lookup_plugin.pipe({command}) returned {}", output.code)));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        out.push(Value::text(text.trim_end()));
    }
    Ok(out)
}

fn lines(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for command in call.texts()? {
        let output = call.context.world().run_command(&command).map_err(Error::runtime)?;
        if output.code != 0 {
            return Err(Error::runtime(format!("lookup_plugin.lines({command}) returned {}", output.code)));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        out.extend(crate::methods::lines(&text).into_iter().map(|line| Value::text(line.trim())));
    }
    Ok(out)
}

fn url(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for address in call.texts()? {
        let mut request = HttpRequest {
            url: address.clone(),
            validate_certs: call.truth("validate_certs", true)?,
            force_basic_auth: call.truth("force_basic_auth", false)?,
            timeout_s: 10.0,
            ..HttpRequest::default()
        };
        if let Some(Value::Dict(headers)) = call.option("headers") {
            for (name, value) in headers.pairs() {
                request.headers.insert(to_str(&name)?, to_str(&value)?);
            }
        }
        request.username = call.option("username").map(|value| to_str(&value)).transpose()?;
        request.password = call.option("password").map(|value| to_str(&value)).transpose()?;
        if let Some(number) = call.option("timeout").as_ref().and_then(crate::value::numeric) {
            request.timeout_s = number.float()?;
        }
        let body = call
            .context
            .world()
            .http_get(&request)
            .map_err(|message| Error::runtime(format!("Failed lookup url for {address} : {message}")))?;
        let text = String::from_utf8_lossy(&body).into_owned();
        if call.truth("split_lines", true)? {
            out.extend(crate::methods::lines(&text).into_iter().map(Value::text));
        } else {
            out.push(Value::text(text));
        }
    }
    Ok(out)
}
