//! The machine's own facts: `*.fact` files, read as JSON or INI, or executed.

use super::{Facts, set};
use crate::{Command, System};
use serde_json::{Map, Value};
use std::path::Path;

/// Seconds that an executable fact may take.
const FACT_MAX_S: u64 = 10;

/// All facts of the folder.
pub fn gather(system: &dyn System, folder: &str, facts: &mut Facts) {
    let mut all = Map::new();
    let mut names = system.list(Path::new(folder)).unwrap_or_default();
    names.sort();
    for name in names {
        let name = name.to_string_lossy();
        let Some(short) = name.strip_suffix(".fact") else { continue };
        let path = Path::new(folder).join(&*name);
        all.insert(short.into(), one(system, &path));
    }
    set(facts, "local", all);
}

fn one(system: &dyn System, path: &Path) -> Value {
    let shown = path.display();
    if !matches!(system.stat(path, true), Ok(Some(_))) {
        return format!("Could not stat fact ({shown}): [Errno 2] No such file or directory: '{shown}'")
            .into();
    }
    let executable =
        system.stat(path, true).ok().flatten().is_some_and(|stat| stat.is_file() && stat.mode & 0o100 != 0);
    let text = if executable {
        let mut command = Command::new(&[path.to_string_lossy()]);
        command.timeout_s = Some(FACT_MAX_S);
        match system.query(&command) {
            Ok(output) if output.ok() => output.out(),
            Ok(output) => {
                return format!(
                    "Failure executing fact script ({shown}), rc: {}, err: {}",
                    output.rc,
                    output.err()
                )
                .into();
            }
            Err(error) => return format!("Could not execute fact script ({shown}): {error}").into(),
        }
    } else {
        match system.read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => return format!("error loading fact - please check content: {error}").into(),
        }
    };
    if let Ok(value) = serde_json::from_str(&text) {
        return value;
    }
    ini(&text)
        .unwrap_or_else(|| "error loading facts as JSON or ini - please check content: ".to_owned().into())
}

/// Sections of `key = value`; keys are lower case.
fn ini(text: &str) -> Option<Value> {
    let mut all = Map::new();
    let mut section: Option<String> = None;
    for line in text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.trim().is_empty() && !line.starts_with(['#', ';']))
    {
        if let Some(name) = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = Some(name.into());
            all.entry(name).or_insert_with(|| Map::new().into());
            continue;
        }
        let at = line.find(['=', ':'])?;
        let entries = all.get_mut(section.as_ref()?)?.as_object_mut()?;
        entries.insert(line[..at].trim().to_lowercase(), line[at + 1..].trim().into());
    }
    Some(all.into())
}
