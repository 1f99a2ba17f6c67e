//! `unarchive`: an archive of the controller, sent and unpacked, or one that is on the machine already.

use runner_modules::Payload;

use super::Call;
use crate::{result::Answer, trouble::Trouble};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    let (Some(src), Some(_)) = (call.text("src"), call.text("dest")) else {
        return Ok(Answer::failure("src (or content) and dest are required"));
    };
    let remote = call.flag("remote_src").unwrap_or(false) || src.contains("://");
    if remote {
        let mut args = call.json_args()?;
        args.insert("remote_src".to_owned(), true.into());
        return call.module("ansible.builtin.unarchive", args).await;
    }
    let found = match call.find("files", &src) {
        Ok(found) => found,
        Err(Trouble::Failed(notice)) => return Ok(Answer::failure(notice.sentence())),
        Err(other) => return Err(other),
    };
    let payload: Payload = super::copy::payload(call, &found)?;
    let mut args = call.json_args()?;
    args.shift_remove("decrypt");
    call.with_payload(call.invocation("ansible.builtin.unarchive", args), payload).await
}
