//! `reboot`: restarts the machine and waits until it is back.

use std::time::{Duration, Instant};

use super::Call;
use crate::{
    result::Answer,
    target::{Command, Target},
    trouble::Trouble,
};

/// Seconds to wait for the machine; Ansible's own default.
const TIMEOUT_DEFAULT_S: f64 = 600.0;

/// Seconds between two looks, at most: longer waits only make the play longer.
const BACKOFF_MAX_S: f64 = 12.0;

/// How the machine says which boot this is.
const BOOT_ID: &str = "cat /proc/sys/kernel/random/boot_id";

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    let target = call.target().await?;
    if target.is_local() {
        return Ok(Answer::failure("Running reboot with local connection would reboot the control node.")
            .set("elapsed", 0)
            .set("rebooted", false));
    }
    if call.check {
        return Ok(Answer::default().set("changed", true).set("elapsed", 0).set("rebooted", true));
    }
    let seconds = |name: &str, default: f64| call.number(name).unwrap_or(default).max(0.0);
    let timeout_s = seconds("reboot_timeout", TIMEOUT_DEFAULT_S);
    let message = call.text("msg").unwrap_or_else(|| "Reboot initiated by Ansible".to_owned());
    let boot_command = call.text("boot_time_command").unwrap_or_else(|| BOOT_ID.to_owned());
    let test_command = call.text("test_command").unwrap_or_else(|| "whoami".to_owned());
    let minutes = (seconds("pre_reboot_delay", 0.0) / 60.0) as u64;
    let command = call.text("reboot_command").unwrap_or_else(|| {
        format!(
            "PATH=$PATH:/sbin:/usr/sbin:/usr/local/sbin shutdown -r {minutes} {}",
            super::script::quote(&message)
        )
    });
    let begun = Instant::now();
    let before = output_of(&*target, &boot_command).await?;
    let Some(before) = before else {
        return Ok(Answer::failure(format!("reboot: could not run {boot_command}")).set("rebooted", false));
    };
    let asked = target.exec(&Command { line: command, ..Command::default() }).await;
    if let Ok(output) = &asked
        && output.status != 0
    {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        return Ok(
            Answer::failure(format!("Reboot command failed. Error was: '{stderr}'")).set("rebooted", false)
        );
    }
    tokio::time::sleep(Duration::from_secs_f64(seconds("post_reboot_delay", 0.0))).await;
    let limit = Duration::from_secs_f64(timeout_s);
    let mut wait_s = 1.0_f64;
    while begun.elapsed() < limit {
        // A connection that was open before the reboot would only say that it is gone.
        let _ = target.reset().await;
        let back = matches!(output_of(&*target, &boot_command).await, Ok(Some(now)) if now != before);
        if back && matches!(output_of(&*target, &test_command).await, Ok(Some(_))) {
            return Ok(Answer::default()
                .set("changed", true)
                .set("elapsed", super::wait_for_connection::elapsed(begun))
                .set("rebooted", true));
        }
        tokio::time::sleep(Duration::from_secs_f64(wait_s)).await;
        wait_s = (wait_s * 2.0).min(BACKOFF_MAX_S);
    }
    Ok(Answer::failure(format!("Timed out waiting for last boot time check (timeout={timeout_s})"))
        .set("elapsed", super::wait_for_connection::elapsed(begun))
        .set("rebooted", true))
}

/// The output of a command that succeeded.
async fn output_of(target: &dyn Target, line: &str) -> Result<Option<String>, Trouble> {
    let output = target.exec(&Command { line: line.to_owned(), ..Command::default() }).await?;
    Ok((output.status == 0).then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned()))
}
