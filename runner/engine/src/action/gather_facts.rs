//! `gather_facts`: what `setup` finds out, with the play's subset.

use serde_json::Map;

use super::Call;
use crate::{result::Answer, trouble::Trouble};

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    let args = call.json_args().unwrap_or_else(|_| Map::new());
    let mut invocation = call.invocation("ansible.builtin.setup", args);
    invocation.check = false;
    let target = call.target().await?;
    let mut answer = call.invoke(&*target, invocation).await?;
    if !answer.failed() {
        answer.fields.shift_remove("msg");
    }
    answer.fields.insert("_ansible_verbose_override".to_owned(), true.into());
    Ok(answer)
}
