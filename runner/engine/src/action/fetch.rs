//! `fetch`: a file of the machine, kept on the controller.

use std::path::{Path, PathBuf};

use runner_template::Value;
use serde_json::Map;

use super::Call;
use crate::{result::Answer, target::TransferError, trouble::Trouble};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    if call.check {
        return Ok(Answer::default()
            .set("skipped", true)
            .set("msg", "check mode not (yet) supported for this module"));
    }
    let (Some(src), Some(dest)) = (call.text("src"), call.text("dest")) else {
        return Ok(Answer::failure("src and dest are required"));
    };
    let flat = call.flag("flat").unwrap_or(false);
    let demand = call.flag("fail_on_missing").unwrap_or(true);
    let place = destination(call, &src, &dest, flat);
    let place = match place {
        Ok(place) => place,
        Err(message) => return Ok(Answer::failure(message)),
    };
    let mut args = Map::new();
    args.insert("path".to_owned(), src.clone().into());
    args.insert("get_checksum".to_owned(), true.into());
    args.insert("follow".to_owned(), true.into());
    let target = call.target().await?;
    let mut invocation = call.invocation("ansible.builtin.stat", args);
    invocation.check = false;
    let stat = call.invoke(&*target, invocation).await?;
    let stat = stat.fields.get("stat").cloned().unwrap_or_default();
    let is = |key: &str| stat.get(key).is_some_and(|value| value == Value::Bool(true));
    let missing = if !is("exists") {
        Some("the remote file does not exist")
    } else if is("isdir") {
        Some("remote file is a directory, fetch cannot work on directories")
    } else {
        None
    };
    if let Some(reason) = missing {
        if demand {
            return Ok(Answer::failure(reason).set("file", src));
        }
        let mut answer =
            Answer::unchanged().set("file", src).set("msg", format!("{reason}, not transferring, ignored"));
        answer.from_action = true;
        return Ok(answer);
    }
    let remote = stat.get("checksum").and_then(|sum| sum.to_text().ok()).unwrap_or_default();
    let local = sha1_of(&place);
    if local.as_deref() == Some(remote.as_str()) {
        return Ok(Answer::unchanged()
            .set("md5sum", Value::None)
            .set("file", src)
            .set("dest", place.display().to_string())
            .set("checksum", remote));
    }
    if let Some(parent) = place.parent() {
        std::fs::create_dir_all(parent).map_err(|error| {
            crate::event::Notice::error(format!("could not make {}: {error}", parent.display()))
        })?;
    }
    match target.fetch(&src, &place).await {
        Ok(()) => {}
        Err(TransferError::Missing { .. }) if !demand => {
            return Ok(Answer::unchanged()
                .set("file", src)
                .set("msg", "the remote file does not exist, not transferring, ignored"));
        }
        Err(error) => return Err(error.into()),
    }
    let got = sha1_of(&place).unwrap_or_default();
    if call.flag("validate_checksum").unwrap_or(true) && !remote.is_empty() && got != remote {
        return Ok(Answer::failure("checksum mismatch")
            .set("file", src)
            .set("dest", place.display().to_string())
            .set("checksum", got)
            .set("remote_checksum", remote));
    }
    Ok(Answer::default()
        .set("changed", true)
        .set("md5sum", Value::None)
        .set("dest", place.display().to_string())
        .set("remote_md5sum", Value::None)
        .set("checksum", got)
        .set("remote_checksum", remote))
}

fn destination(call: &Call<'_>, src: &str, dest: &str, flat: bool) -> Result<PathBuf, String> {
    let files = &call.job.shared.loader.files;
    let absolute = |path: &Path| {
        if path.is_absolute() || path.starts_with("~") {
            files.absolute(path)
        } else {
            files.absolute(&call.job.play.dir.join(path))
        }
    };
    let name = Path::new(src).file_name().unwrap_or_default();
    if flat {
        if dest.ends_with('/') {
            return Ok(absolute(&Path::new(dest).join(name)));
        }
        let place = absolute(Path::new(dest));
        if files.is_dir(&place) {
            return Err("dest is an existing directory, use a trailing slash if you want to fetch src into that directory".to_owned());
        }
        return Ok(place);
    }
    let source = src.trim_start_matches('/');
    Ok(absolute(&Path::new(dest).join(&*call.job.host).join(source)))
}

/// The SHA-1 of a file in hexadecimal; `None` when it cannot be read.
fn sha1_of(path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).ok()?;
    Some(runner_modules::Payload::inline("", bytes).sha1)
}
