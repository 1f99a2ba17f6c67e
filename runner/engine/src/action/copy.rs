//! `copy`: a file, a tree of files, or text of the controller placed on the machine.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use runner_modules::Payload;
use runner_template::Value;
use serde_json::{Map, Value as Json};

use super::Call;
use crate::{event::Notice, result::Answer, trouble::Trouble};

/// A tree with more files than this is a mistake (a whole disk, links in a circle).
const FILES_MAX: usize = 100_000;

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    let content = call.args.get("content").filter(|value| !value.is_none());
    let src = call.text("src");
    if call.flag("remote_src").unwrap_or(false) {
        return call.module("ansible.builtin.copy", call.json_args()?).await;
    }
    if call.text("dest").is_none_or(|dest| dest.is_empty()) {
        return Ok(Answer::failure("dest is required"));
    }
    match (&src, content) {
        (None, None) => return Ok(Answer::failure("src (or content) is required")),
        (Some(_), Some(_)) => return Ok(Answer::failure("src and content are mutually exclusive")),
        _ => {}
    }
    if let Some(content) = content {
        if call.text("dest").is_some_and(|dest| dest.ends_with('/')) {
            return Ok(Answer::failure("can not use content with a dir as dest"));
        }
        let bytes = content_bytes(content)?;
        let mut args = call.json_args()?;
        args.shift_remove("content");
        let payload = Payload::inline("", bytes);
        return call.with_payload(call.invocation("ansible.builtin.copy", args), payload).await;
    }
    let src = src.unwrap_or_default();
    let found = match call.find("files", &src) {
        Ok(found) => found,
        Err(Trouble::Failed(notice)) => return Ok(Answer::failure(notice.sentence())),
        Err(other) => return Err(other),
    };
    if found.is_dir() {
        return tree(call, &src, &found).await;
    }
    let args = call.json_args()?;
    let payload = payload(call, &found)?;
    call.with_payload(call.invocation("ansible.builtin.copy", args), payload).await
}

/// Strings as they are; anything else as JSON.
fn content_bytes(content: &Value) -> Result<Vec<u8>, Trouble> {
    Ok(match content {
        Value::Str(text) => text.as_str().as_bytes().to_vec(),
        Value::Bytes(bytes) => bytes.to_vec(),
        Value::Dict(_) | Value::List(_) => {
            let json = content.to_json()?;
            python_json(&json).into_bytes()
        }
        other => other.to_text()?.into_bytes(),
    })
}

fn python_json(json: &Json) -> String {
    Value::from_json(json).to_json_text(None).unwrap_or_default()
}

/// A file of the controller, decrypted if it is a vault.
pub(super) fn payload(call: &Call<'_>, path: &Path) -> Result<Payload, Trouble> {
    let loader = &call.job.shared.loader;
    let mut bytes = loader
        .files
        .read(path)
        .map_err(|error| Notice::error(format!("could not read {}: {error}", path.display())))?;
    if call.flag("decrypt").unwrap_or(true) && runner_playbook::vault::is_encrypted(&bytes) {
        bytes = runner_playbook::vault::decrypt(&bytes, &loader.secrets)
            .map_err(|error| Notice::error(error.to_string()))?;
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut payload = Payload::inline(&name, bytes);
    payload.mode = std::fs::metadata(path).ok().map(|meta| meta.permissions().mode() & 0o7777);
    Ok(payload)
}

/// A directory: its files one by one, its directories by `file`, its links as they are.
async fn tree(call: &Call<'_>, src: &str, root: &Path) -> Result<Answer, Trouble> {
    let dest = call.text("dest").unwrap_or_default();
    // Without a final slash the directory itself is copied, with one only what is in it.
    let base = if src.ends_with('/') {
        PathBuf::from(&dest)
    } else {
        Path::new(&dest).join(root.file_name().unwrap_or_default())
    };
    let mut files = Vec::new();
    let mut dirs = Vec::new();
    collect(root, Path::new(""), &mut files, &mut dirs)?;
    let mut changed = false;
    let mut last: Option<Answer> = None;
    let mut diffs: Vec<Value> = Vec::new();
    for relative in &dirs {
        let answer = directory(call, &base.join(relative)).await?;
        if answer.failed() {
            return Ok(answer);
        }
        changed |= answer.changed();
    }
    for relative in &files {
        let mut args = call.json_args()?;
        args.insert("dest".to_owned(), base.join(relative).display().to_string().into());
        args.insert("src".to_owned(), root.join(relative).display().to_string().into());
        let payload = payload(call, &root.join(relative))?;
        let answer = call.with_payload(call.invocation("ansible.builtin.copy", args), payload).await?;
        if answer.failed() {
            return Ok(answer);
        }
        changed |= answer.changed();
        diffs.extend(answer.fields.get("diff").cloned());
        last = Some(answer);
    }
    let mut answer = match (files.len(), last) {
        (1, Some(last)) => last.set("changed", changed),
        _ => {
            Answer::default().set("dest", dest).set("src", root.display().to_string()).set("changed", changed)
        }
    };
    if !diffs.is_empty() && files.len() > 1 {
        answer.fields.insert("diff".to_owned(), Value::list(diffs));
    }
    Ok(answer)
}

async fn directory(call: &Call<'_>, path: &Path) -> Result<Answer, Trouble> {
    let mut args: Map<String, Json> = call.json_args()?;
    for name in [
        "src",
        "content",
        "dest",
        "mode",
        "directory_mode",
        "backup",
        "force",
        "validate",
        "checksum",
        "local_follow",
        "decrypt",
        "remote_src",
        "follow",
    ] {
        args.shift_remove(name);
    }
    args.insert("path".to_owned(), path.display().to_string().into());
    args.insert("state".to_owned(), "directory".into());
    if let Some(mode) = call.arg("directory_mode") {
        args.insert("mode".to_owned(), mode.to_json()?);
    }
    call.module("ansible.builtin.file", args).await
}

fn collect(
    root: &Path,
    below: &Path,
    files: &mut Vec<PathBuf>,
    dirs: &mut Vec<PathBuf>,
) -> Result<(), Trouble> {
    dirs.push(below.to_owned());
    let listed = std::fs::read_dir(root.join(below))
        .map_err(|error| Notice::error(format!("could not list {}: {error}", root.join(below).display())))?;
    let mut names: Vec<_> = listed.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let relative = below.join(name);
        if root.join(&relative).is_dir() {
            collect(root, &relative, files, dirs)?;
        } else {
            files.push(relative);
        }
        if files.len() > FILES_MAX {
            return Err(Notice::error(format!("more than {FILES_MAX} files in {}", root.display())).into());
        }
    }
    Ok(())
}
