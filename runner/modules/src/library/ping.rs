//! `ping`: answers, which proves that the machine can be reached and the agent runs.

use crate::outcome::Call;
use crate::{Failure, Module, Plan, Spec, System};

static SPEC: Spec = Spec::new(
    "ansible.builtin.ping",
    "Tries to connect to a machine and returns pong.",
    "data str =pong # What to answer; `crash` fails, to try out error handling.",
);

/// See the page above.
pub struct Ping;

impl Module for Ping {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, _: &dyn System) -> Result<Plan<'a>, Failure> {
        let data = call.args.str("data");
        if data == "crash" {
            return Err("Task failed: Module failed: boom".into());
        }
        let mut plan = Plan::new();
        plan.set("ping", data);
        Ok(plan)
    }
}
