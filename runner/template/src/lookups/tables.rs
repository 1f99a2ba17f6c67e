//! Lookups in tables: INI files, properties, CSV.

use super::{Call, Lookup, key_values};
use crate::error::{Error, Result};
use crate::pattern::Pattern;
use crate::value::{Value, to_str};

pub(super) const LOOKUPS: &[(&str, Lookup)] = &[("ini", ini), ("csvfile", csvfile)];

fn read(call: &Call<'_>, name: &str) -> Result<String> {
    let world = call.context.world();
    let path = world.find_file("files", name).ok_or_else(|| {
        Error::runtime(format!("Unable to find '{name}' in expected paths (use -vvvvv to see paths)"))
    })?;
    let bytes = world.read_file(&path).map_err(Error::runtime)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if text.starts_with("$ANSIBLE_VAULT") { world.decrypt(&text).map_err(Error::runtime) } else { Ok(text) }
}

/// A setting of a term, or the option of the whole lookup.
fn setting(call: &Call<'_>, pairs: &[(String, String)], name: &str, default: &str) -> Result<String> {
    match pairs.iter().find(|(key, _)| key == name) {
        Some((_, value)) => Ok(value.clone()),
        None => call.text(name, default),
    }
}

fn ini(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for term in call.texts()? {
        let (key, pairs) = key_values(&term);
        let kind = setting(call, &pairs, "type", "ini")?;
        let file = setting(call, &pairs, "file", "ansible.ini")?;
        let section =
            if kind == "properties" { String::new() } else { setting(call, &pairs, "section", "global")? };
        let regex =
            matches!(setting(call, &pairs, "re", "false")?.to_lowercase().as_str(), "true" | "yes" | "1");
        let case_sensitive = call.truth("case_sensitive", false)?;
        let text = read(call, &file)?;
        let entries = parse_ini(&text, &file, &section, kind == "properties", case_sensitive)?;
        let default = call.option("default").or_else(|| {
            pairs.iter().find(|(key, _)| key == "default").map(|(_, value)| Value::text(value.as_str()))
        });
        let wanted = if case_sensitive || regex { key.clone() } else { key.to_lowercase() };
        if regex {
            let pattern = Pattern::new(&key, false, false)?;
            for (name, value) in &entries {
                if pattern.search(name, 0)?.is_some_and(|found| found.start() == 0) {
                    out.push(Value::text(value.as_str()));
                }
            }
            continue;
        }
        match entries.iter().rev().find(|(name, _)| *name == wanted) {
            Some((_, value)) => out.push(Value::text(value.as_str())),
            None => out.push(match default {
                Some(default) => default,
                None if call.options.get_str("default").is_some() => Value::text(""),
                None => Value::text(""),
            }),
        }
    }
    Ok(out)
}

fn parse_ini(
    text: &str,
    file: &str,
    section: &str,
    properties: bool,
    case_sensitive: bool,
) -> Result<Vec<(String, String)>> {
    let mut entries: Vec<(String, String)> = Vec::new();
    let mut current = String::new();
    let mut found = properties;
    let mut open = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            open &= !trimmed.is_empty();
            continue;
        }
        if line.starts_with([' ', '\t']) && open && current == section {
            if let Some((_, value)) = entries.last_mut() {
                value.push('\n');
                value.push_str(trimmed);
            }
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut current);
            found |= current == section;
            open = false;
            continue;
        }
        if current != section && !(properties && current.is_empty()) {
            continue;
        }
        let (name, value) = match trimmed.find(['=', ':']) {
            Some(at) => (trimmed[..at].trim(), trimmed[at + 1..].trim()),
            None => (trimmed, ""),
        };
        let name = if case_sensitive { name.to_owned() } else { name.to_lowercase() };
        entries.push((name, value.to_owned()));
        open = true;
    }
    if !found {
        return Err(Error::runtime(format!("No section '{section}' in '{file}'.")));
    }
    Ok(entries)
}

fn csvfile(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for term in call.texts()? {
        let (key, pairs) = key_values(&term);
        if key.is_empty() {
            return Err(Error::runtime("Search key is required but was not found"));
        }
        let file = setting(call, &pairs, "file", "ansible.csv")?;
        let delimiter = setting(call, &pairs, "delimiter", "TAB")?;
        let delimiter = if matches!(delimiter.as_str(), "TAB" | "t" | "\\t") {
            '\t'
        } else {
            delimiter.chars().next().unwrap_or('\t')
        };
        let column = |name: &str, default: &str| -> Result<usize> {
            let text = setting(call, &pairs, name, default)?;
            text.parse()
                .map_err(|_| Error::runtime(format!("invalid literal for int() with base 10: '{text}'")))
        };
        let (col, keycol) = (column("col", "1")?, column("keycol", "0")?);
        let text = read(call, &file)?;
        let rows = csv_rows(&text, delimiter);
        let row = rows.iter().find(|row| row.get(keycol).is_some_and(|cell| *cell == key));
        match row.map(|row| row.get(col)) {
            Some(Some(cell)) => out.push(Value::text(cell.as_str())),
            Some(None) => return Err(Error::runtime("csvfile: list index out of range")),
            None => {
                if let Some(default) = call.option("default") {
                    match default {
                        Value::List(_) => out.extend(default.iterate()?),
                        other => out.push(Value::text(to_str(&other)?)),
                    }
                }
            }
        }
    }
    Ok(out)
}

/// Rows of cells; quotes protect delimiters and line breaks.
pub(crate) fn csv_rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            c if c == delimiter && !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}
