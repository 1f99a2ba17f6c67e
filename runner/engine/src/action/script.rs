//! `script`: a program of the controller, sent and run.

use super::{
    Call,
    raw::{environment, output_fields},
};
use crate::{
    event::Notice,
    result::Answer,
    target::{Command, Contents},
    trouble::Trouble,
};
use runner_template::Value;
use serde_json::Map;

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    let line = call.text("_raw_params").or_else(|| call.text("cmd")).unwrap_or_default();
    let (program, rest) = first_word(&line);
    for (option, skip_if_there) in [("creates", true), ("removes", false)] {
        let Some(path) = call.text(option) else { continue };
        if exists(call, &path).await? == skip_if_there {
            let state = if skip_if_there { "exists" } else { "does not exist" };
            let mut answer = Answer::unchanged()
                .set("skipped", true)
                .set("msg", format!("{path} {state}, matching {option} option"));
            answer.from_action = true;
            return Ok(answer);
        }
    }
    let found = match call.find("files", &program) {
        Ok(found) => found,
        Err(Trouble::Failed(notice)) => return Ok(Answer::failure(notice.sentence())),
        Err(other) => return Err(other),
    };
    if call.check {
        let given = call.arg("creates").is_some() || call.arg("removes").is_some();
        let answer = if given {
            Answer::default().set("changed", true)
        } else {
            Answer::default().set("skipped", true)
        };
        return Ok(answer);
    }
    let payload = super::copy::payload(call, &found)?;
    let target = call.target().await?;
    let dir = target.scratch().await?;
    let place = format!("{dir}/{}", payload.name);
    /// Only the user of the target may read and run it.
    const PRIVATE_PROGRAM: u32 = 0o700;
    target
        .put(Contents::Bytes(payload.bytes.as_deref().unwrap_or_default()), &place, PRIVATE_PROGRAM)
        .await?;
    let quoted = quote(&place);
    let mut command = match call.text("executable") {
        Some(executable) => format!("{executable} {quoted}{rest}"),
        None => format!("{quoted}{rest}"),
    };
    if let Some(chdir) = call.text("chdir") {
        if !chdir.starts_with('/') {
            return Err(Notice::error(format!("chdir to a relative path: {chdir}")).into());
        }
        command = format!("cd {} && {command}", quote(&chdir));
    }
    let output =
        target.exec(&Command { line: command, environment: environment(call), ..Command::default() }).await?;
    let mut answer = output_fields(Answer::default().set("changed", true), &output);
    if output.status != 0 {
        answer = answer.set("failed", true).set("msg", "non-zero return code");
    }
    answer.from_action = true;
    Ok(answer)
}

async fn exists(call: &Call<'_>, path: &str) -> Result<bool, Trouble> {
    let mut args = Map::new();
    args.insert("path".to_owned(), path.into());
    let answer = call.module("ansible.builtin.stat", args).await?;
    Ok(answer
        .fields
        .get("stat")
        .and_then(|stat| stat.get("exists"))
        .is_some_and(|there| there == Value::Bool(true)))
}

/// The first word of a command line, quotes removed, and the rest with the space before it.
fn first_word(line: &str) -> (String, String) {
    let line = line.trim_start();
    let mut word = String::new();
    let mut quote = None;
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, letter) if letter.is_whitespace() => return (word, line[at..].to_owned()),
            (_, letter) => word.push(letter),
        }
    }
    (word, String::new())
}

/// A word that a POSIX shell reads as it is.
pub(super) fn quote(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "@%+=:,./-_".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\"'\"'"))
}
