//! `async_status`: what a detached job has come to.

use crate::{Done, Failure, Module, Plan, Spec, System, expand_path, outcome::Call};
use serde_json::Value;
use std::path::PathBuf;

static SPEC: Spec = Spec::new(
    "ansible.builtin.async_status",
    "Returns the state of an asynchronous job.",
    "jid str! # The job, as the task that started it returned.
mode str =status {cleanup|status} # Whether to look at it or to forget it.
_async_dir path # Where job files are; set by the controller.",
)
.read_only();

/// See the page above.
pub struct AsyncStatus;

impl Module for AsyncStatus {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let job = call.args.str("jid");
        let given =
            call.args.some("_async_dir").map(str::to_owned).or_else(|| call.invocation.async_dir.clone());
        let folder =
            given.or_else(|| system.env("ANSIBLE_ASYNC_DIR")).unwrap_or_else(|| "~/.ansible_async".into());
        let file = PathBuf::from(expand_path(&folder, system)).join(job);
        let mut plan = Plan::new();
        plan.set("ansible_job_id", job).set("results_file", file.to_string_lossy());
        plan.set("stdout", "")
            .set("stderr", "")
            .set("stdout_lines", Vec::<Value>::new())
            .set("stderr_lines", Vec::<Value>::new());
        let lost = || {
            let failure = Failure::new("could not find job")
                .with("ansible_job_id", job)
                .with("results_file", file.to_string_lossy());
            let failure =
                failure.with("started", true).with("finished", true).with("stdout", "").with("stderr", "");
            failure.with("stdout_lines", Vec::<Value>::new()).with("stderr_lines", Vec::<Value>::new())
        };
        if job.contains('/') || !system.exists(&file) {
            return Err(lost());
        }
        if call.args.str("mode") == "cleanup" {
            plan.set("erased", file.to_string_lossy());
            plan.step("forget it", move |system, _| {
                system.remove(&file).map_err(|error| Failure::new(crate::attributes::io_text(&error)))?;
                Ok(Done::Unchanged)
            });
            return Ok(plan);
        }
        let bytes = system.read(&file).map_err(|_| lost())?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(result)) => {
                let finished = result.get("finished").is_some_and(|value| *value == true || *value == 1);
                plan.returns.extend(result);
                plan.set("started", true).set("finished", finished);
                plan.set("results_file", file.to_string_lossy());
            }
            // Written at this moment: the next look will see all of it.
            _ if bytes.is_empty() => {
                plan.set("started", true).set("finished", false);
            }
            _ => {
                return Err(Failure::new("Could not parse job output: not JSON")
                    .with("ansible_job_id", job)
                    .with("finished", true)
                    .with("started", true));
            }
        }
        Ok(plan)
    }
}
