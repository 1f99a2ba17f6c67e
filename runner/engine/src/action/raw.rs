//! `raw`: a command line given to the machine's shell, without any help on the other side.

use runner_template::Value;

use super::Call;
use crate::{
    result::Answer,
    target::{Command, Output},
    trouble::Trouble,
};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    if call.check {
        let mut answer = Answer::default().set("skipped", true);
        answer.from_action = true;
        return Ok(answer);
    }
    let command = Command {
        line: call.text("_raw_params").unwrap_or_default(),
        executable: call.text("executable").filter(|shell| !shell.is_empty()),
        environment: environment(call),
        ..Command::default()
    };
    let target = call.target().await?;
    let output = target.exec(&command).await?;
    let mut answer = output_fields(Answer::default(), &output);
    answer = answer.set("changed", true);
    if output.status != 0 {
        answer = answer.set("failed", true).set("msg", "non-zero return code");
    }
    answer.from_action = true;
    Ok(answer)
}

/// `environment` of the task as text.
pub(super) fn environment(call: &Call<'_>) -> std::collections::BTreeMap<String, String> {
    let pairs = call.environment.iter();
    pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// `rc`, `stdout`, `stderr` and their lines.
pub(super) fn output_fields(answer: Answer, output: &Output) -> Answer {
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines = |text: &str| Value::list(text.lines().map(Value::text));
    let (out_lines, err_lines) = (lines(&stdout), lines(&stderr));
    answer
        .set("rc", i64::from(output.status))
        .set("stdout", stdout)
        .set("stdout_lines", out_lines)
        .set("stderr", stderr)
        .set("stderr_lines", err_lines)
}
