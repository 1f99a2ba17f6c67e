//! `fail`: ends the task badly, with a message.

use super::Call;
use crate::result::Answer;

pub(super) fn run(call: &Call<'_>) -> Answer {
    if let Some(name) = call.args.keys().find(|name| *name != "msg") {
        return Answer::failure(format!("Invalid options for ansible.builtin.fail: {name}"));
    }
    Answer::failure(call.text("msg").unwrap_or_else(|| "Failed as requested from task".to_owned()))
}
