//! `include_vars`: variables from a file or a directory, for the rest of the run.

use std::path::{Path, PathBuf};

use runner_template::{Value, Vars};

use super::Call;
use crate::{
    result::{Answer, Effect},
    trouble::Trouble,
    vars_file,
};

/// Options besides the file's name.
const OPTIONS: &[&str] = &[
    "file",
    "_raw_params",
    "dir",
    "name",
    "depth",
    "files_matching",
    "ignore_files",
    "extensions",
    "ignore_unknown_extensions",
    "hash_behaviour",
];

/// How deep directories may nest when no depth is given; deeper trees are links in a circle.
const DEPTH_MAX: usize = 64;

pub(super) fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    if let Some(name) = call.args.keys().find(|name| !OPTIONS.contains(&name.as_str())) {
        return Ok(Answer::failure(format!("{name} is not a valid option in include_vars")));
    }
    let file = call.text("file").or_else(|| call.text("_raw_params"));
    let dir = call.text("dir");
    if file.is_some() && dir.is_some() {
        return Ok(Answer::failure(
            "You are mixing file only and dir only arguments, these are incompatible",
        ));
    }
    let mut read: Vec<PathBuf> = Vec::new();
    let found = match (&file, &dir) {
        (Some(file), _) => one(call, file, &mut read),
        (None, Some(dir)) => many(call, dir, &mut read),
        (None, None) => Err("missing required argument: file or dir".to_owned()),
    };
    let included = Value::list(read.iter().map(|path| Value::text(path.display().to_string())));
    let mut answer = match found {
        Err(message) => {
            let mut answer = Answer::failure("").set("message", message);
            answer.fields.shift_remove("msg");
            answer.fields.insert("ansible_facts".to_owned(), Value::dict::<&str>([]));
            answer
        }
        Ok(vars) => {
            let vars = match call.text("name") {
                Some(name) => {
                    let inner = vars.iter().map(|(name, value)| (name.clone(), value.clone()));
                    Vars::new([(name, Value::dict(inner))])
                }
                None => vars,
            };
            let facts = Value::dict(vars.iter().map(|(name, value)| (name.clone(), value.clone())));
            let mut answer = Answer::default();
            answer.fields.insert("ansible_facts".to_owned(), facts);
            answer.effects.push(Effect::IncludeVars { host: super::set_fact::fact_host(call)?, vars });
            answer.set("changed", false)
        }
    };
    answer.fields.insert("ansible_included_var_files".to_owned(), included);
    Ok(answer)
}

fn one(call: &Call<'_>, name: &str, read: &mut Vec<PathBuf>) -> Result<Vars, String> {
    let world = call.world();
    let Some(path) = runner_template::World::find_file(&world, "vars", name) else {
        let searched: Vec<String> =
            world.candidates("vars", name).iter().map(|path| format!("\t{}", path.display())).collect();
        return Err(format!(
            "Could not find or access '{name}'\nSearched in:\n{} on the Ansible Controller.\nIf you are using a module and expect the file to exist on the remote, see the remote_src option",
            searched.join("\n")
        ));
    };
    let vars = vars_file::read(&call.job.shared, &path).map_err(|notice| notice.sentence())?;
    read.push(path);
    Ok(vars)
}

fn many(call: &Call<'_>, name: &str, read: &mut Vec<PathBuf>) -> Result<Vars, String> {
    let files = call.job.shared.loader.files.clone();
    let world = call.world();
    let dir = world.candidates("vars", name).into_iter().find(|path| files.exists(path));
    let Some(dir) = dir else { return Err(format!("{name} directory does not exist")) };
    if !files.is_dir(&dir) {
        return Err(format!("{} is not a directory", dir.display()));
    }
    let depth = call.number("depth").map_or(0, |depth| depth.max(0.0) as usize);
    let mut found = Vec::new();
    walk(&*files, &dir, if depth == 0 { DEPTH_MAX } else { depth }, &mut found);
    let list = |name: &str| -> Vec<String> {
        match call.arg(name) {
            Some(value) => match value.items() {
                Some(items) => items.iter().filter_map(|item| item.to_text().ok()).collect(),
                None => value.to_text().unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
            },
            None => Vec::new(),
        }
    };
    let matching = call.text("files_matching");
    let matching = match &matching {
        Some(pattern) => Some(fancy_pattern(call, pattern)?),
        None => None,
    };
    let ignored = list("ignore_files");
    let mut extensions = list("extensions");
    if extensions.is_empty() {
        extensions = ["yaml", "yml", "json"].map(str::to_owned).into();
    }
    let lenient = call.flag("ignore_unknown_extensions").unwrap_or(false);
    let mut merged = Vars::default();
    for path in found {
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if matching.as_ref().is_some_and(|matches| !matches(&file)) || ignored.contains(&file) {
            continue;
        }
        let extension = path.extension().map(|ext| ext.to_string_lossy().into_owned()).unwrap_or_default();
        if !extensions.contains(&extension) {
            if lenient || matching.is_some() && !extension.is_empty() {
                continue;
            }
            return Err(format!(
                "{} does not have a valid extension: {}",
                path.display(),
                extensions.join(", ")
            ));
        }
        let vars = vars_file::read(&call.job.shared, &path).map_err(|notice| notice.sentence())?;
        for (name, value) in vars.iter() {
            merged.set(name.clone(), value.clone());
        }
        read.push(path);
    }
    Ok(merged)
}

type Matcher<'a> = Box<dyn Fn(&str) -> bool + 'a>;

/// Python's regular expressions are the template language's: asked through it.
fn fancy_pattern<'a>(call: &'a Call<'_>, pattern: &str) -> Result<Matcher<'a>, String> {
    let pattern = pattern.to_owned();
    let test = Value::template("_name is search(_pattern)", &call.job.unit.task.span);
    Ok(Box::new(move |name: &str| {
        let scope = call
            .scope
            .clone()
            .with_magic("_name", Value::text(name))
            .with_magic("_pattern", Value::text(pattern.as_str()));
        call.job.shared.templar.condition(&test, &scope).unwrap_or(false)
    }))
}

fn walk(files: &dyn runner_playbook::files::Files, dir: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(mut names) = files.list(dir) else { return };
    names.sort();
    let paths: Vec<PathBuf> = names.iter().map(|name| dir.join(name)).collect();
    found.extend(paths.iter().filter(|path| !files.is_dir(path)).cloned());
    if depth > 1 {
        for path in paths.iter().filter(|path| files.is_dir(path)) {
            walk(files, path, depth - 1, found);
        }
    }
}
