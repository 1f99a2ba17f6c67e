//! `pause`: waits for a time or for a person.

use std::time::{Duration, Instant};

use runner_template::World as _;

use super::Call;
use crate::{
    event::{Event, Notice, Severity},
    result::Answer,
    settings::Question,
    trouble::Trouble,
};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    for name in call.args.keys() {
        if !matches!(name.as_str(), "minutes" | "seconds" | "prompt" | "echo") {
            return Ok(Answer::failure(format!("Invalid options for ansible.builtin.pause: {name}")));
        }
    }
    let minutes = call.arg("minutes").map(|_| call.number("minutes"));
    let seconds = call.arg("seconds").map(|_| call.number("seconds"));
    for (name, value) in [("minutes", minutes), ("seconds", seconds)] {
        if value == Some(None) {
            let given = call.text(name).unwrap_or_default();
            return Ok(Answer::failure(format!(
                "argument '{name}' is of type str and we were unable to convert to int: \"{given}\" cannot be converted to an int"
            )));
        }
    }
    if minutes.is_some() && seconds.is_some() {
        return Ok(Answer::failure("parameters are mutually exclusive: minutes|seconds"));
    }
    let wait_s = match (minutes.flatten(), seconds.flatten()) {
        (Some(minutes), _) => Some(minutes.trunc() * 60.0),
        (None, Some(seconds)) => Some(seconds.trunc()),
        (None, None) => None,
    };
    let wait_s = wait_s.map(|wait| if wait < 1.0 { 1.0 } else { wait });
    let echo = call.flag("echo").unwrap_or(true);
    let begun = Instant::now();
    let start = call.world().now();
    let prompt = call.text("prompt");
    let mut input = String::new();
    if let Some(wait_s) = wait_s {
        let shown = format!("Pausing for {} seconds", wait_s as i64);
        let text = match &prompt {
            Some(prompt) => format!("{shown}\n[{}]\n{prompt}:", call.job.info.name),
            None => shown,
        };
        let said = Notice::new(Severity::Verbose(0), text);
        call.job.shared.tell(Event::Notice(said)).await;
        tokio::time::sleep(Duration::from_secs_f64(wait_s)).await;
    } else {
        let asked = prompt.unwrap_or_else(|| "Press enter to continue, Ctrl+C to interrupt".to_owned());
        let text = format!("[{}]\n{asked}:", call.job.info.name);
        let question = Question { text, hidden: !echo, timeout_s: None };
        input = call.job.shared.settings.operator.ask(&question).await.unwrap_or_default();
    }
    let elapsed = begun.elapsed().as_secs_f64();
    let stop = call.world().now();
    let shown = if wait_s.is_some() && minutes.is_some() {
        format!("Paused for {} minutes", rounded(elapsed / 60.0))
    } else {
        format!("Paused for {} seconds", rounded(elapsed))
    };
    let clock = |moment: &jiff::Zoned| moment.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string();
    Ok(Answer::unchanged()
        .set("rc", 0)
        .set("stderr", "")
        .set("stdout", shown)
        .set("start", clock(&start))
        .set("stop", clock(&stop))
        .set("delta", elapsed as i64)
        .set("echo", echo)
        .set("user_input", input))
}

/// Two decimals at most, as Python's `round` prints them.
fn rounded(number: f64) -> String {
    let text = format!("{:.2}", number);
    let text = text.trim_end_matches('0');
    if text.ends_with('.') { format!("{text}0") } else { text.to_owned() }
}
