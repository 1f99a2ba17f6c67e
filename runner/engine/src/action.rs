//! From a task's action to its result: the halves that run on the controller, and everything else on the machine.

mod add_host;
mod assert;
mod background;
mod copy;
mod debug;
mod fail;
mod fetch;
mod gather_facts;
mod group_by;
mod include_vars;
mod package;
mod pause;
mod raw;
mod reboot;
mod script;
mod set_fact;
mod set_stats;
mod template;
mod unarchive;
mod validate_argument_spec;
mod wait_for_connection;

use std::sync::Arc;

use runner_modules::{Invocation, Payload};
use runner_playbook::keyword::Keyword;
use runner_template::{Scope, Value, World as _};
use serde_json::{Map, Value as Json};

use crate::{
    arguments::{Arguments, finalize},
    delegate::Delegation,
    event::{Notice, Severity},
    keywords,
    result::{Answer, fields_of},
    target::{Contents, Endpoint, Target},
    task::Job,
    trouble::Trouble,
    world::TaskWorld,
};

/// Actions whose arguments may be text that is not `key=value`.
const TAKES_RAW: &[&str] = &[
    "command",
    "shell",
    "raw",
    "script",
    "meta",
    "add_host",
    "group_by",
    "include_vars",
    "set_fact",
    "include_tasks",
    "include_role",
    "import_tasks",
    "import_role",
];

/// Files up to this size travel with the first call; larger ones only if the machine asks for them.
const INLINE_BYTES_MAX: u64 = 16 * 1024;

/// One execution of a task's action: everything it may need, already templated.
pub(crate) struct Call<'a> {
    pub job: &'a Job,
    pub scope: &'a Scope,
    pub delegation: Option<&'a Delegation>,
    pub args: Arguments,
    pub check: bool,
    pub diff: bool,
    pub no_log: bool,
    pub environment: Map<String, Json>,
    async_s: u64,
    poll_s: u64,
}

impl<'a> Call<'a> {
    /// Templates arguments and keywords.
    pub(crate) fn prepare(
        job: &'a Job,
        scope: &'a Scope,
        delegation: Option<&'a Delegation>,
    ) -> Result<Self, Trouble> {
        let shared = &job.shared;
        if !job.unit.task.action.available {
            let action = &job.unit.task.action;
            let message =
                format!("The module '{}' has no native implementation in this runner.", action.resolved);
            return Err(Notice::error(message).at(&action.span).into());
        }
        let args = finalize(job, scope)?;
        if args.contains_key("_raw_params") && !TAKES_RAW.contains(&job.unit.action()) {
            let name = &job.unit.task.action.resolved;
            return Err(Notice::error(format!("Action '{name}' does not support raw params.")).into());
        }
        let flag = |keyword| keywords::flag(shared, &job.unit, keyword, scope);
        let number = |keyword| keywords::number(shared, &job.unit, keyword, scope);
        let async_s = number(Keyword::Async)?.unwrap_or(0.0).max(0.0) as u64;
        let poll_s =
            number(Keyword::Poll)?.map_or(shared.settings.poll_interval_s, |poll| poll.max(0.0) as u64);
        Ok(Call {
            check: flag(Keyword::CheckMode)?.unwrap_or(job.play.check),
            diff: flag(Keyword::Diff)?.unwrap_or(job.play.diff),
            no_log: flag(Keyword::NoLog)?.unwrap_or(shared.settings.no_log),
            environment: environment(job, scope)?,
            job,
            scope,
            delegation,
            args,
            async_s,
            poll_s,
        })
    }

    /// Does it.
    pub(crate) async fn act(&self) -> Result<Answer, Trouble> {
        match self.job.unit.action() {
            "add_host" => add_host::run(self),
            "assert" => assert::run(self),
            "copy" => copy::run(self).await,
            "debug" => debug::run(self),
            "fail" => Ok(fail::run(self)),
            "fetch" => fetch::run(self).await,
            "gather_facts" => gather_facts::run(self).await,
            "group_by" => group_by::run(self),
            "include_vars" => include_vars::run(self),
            "package" => package::package(self).await,
            "service" => package::service(self).await,
            "pause" => pause::run(self).await,
            "raw" => raw::run(self).await,
            "reboot" => reboot::run(self).await,
            "script" => script::run(self).await,
            "set_fact" => set_fact::run(self),
            "set_stats" => set_stats::run(self),
            "template" => template::run(self).await,
            "unarchive" => unarchive::run(self).await,
            "validate_argument_spec" => validate_argument_spec::run(self),
            "wait_for_connection" => wait_for_connection::run(self).await,
            _ => background::or_direct(self, &self.job.unit.task.action.resolved).await,
        }
    }

    /// Whether the action says itself where its facts belong.
    pub(crate) fn handles_facts(&self) -> bool {
        matches!(self.job.unit.action(), "set_fact" | "include_vars")
    }

    /// An argument.
    pub(crate) fn arg(&self, name: &str) -> Option<&Value> {
        self.args.get(name).filter(|value| !value.is_none())
    }

    /// An argument as text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.arg(name).and_then(|value| value.to_text().ok())
    }

    /// An argument as a boolean.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.arg(name).and_then(keywords::boolean)
    }

    /// An argument as a number.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.arg(name).and_then(|value| match value {
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            other => other.to_text().ok()?.trim().parse().ok(),
        })
    }

    /// Arguments as a module gets them.
    pub(crate) fn json_args(&self) -> Result<Map<String, Json>, Trouble> {
        let mut map = Map::new();
        for (name, value) in &self.args {
            map.insert(name.clone(), value.to_json()?);
        }
        Ok(map)
    }

    /// The machine's address and user.
    pub(crate) fn endpoint(&self) -> Result<Endpoint, Trouble> {
        crate::endpoint::of(self.job, self.scope, self.delegation)
    }

    /// The machine.
    pub(crate) async fn target(&self) -> Result<Arc<dyn Target>, Trouble> {
        let endpoint = self.endpoint()?;
        Ok(self.job.shared.connector.connect(&endpoint).await?)
    }

    /// An invocation of a module under the task's circumstances.
    pub(crate) fn invocation(&self, module: &str, args: Map<String, Json>) -> Invocation {
        Invocation {
            check: self.check,
            diff: self.diff,
            no_log: self.no_log,
            verbosity: self.job.shared.settings.verbosity,
            environment: self.environment.clone(),
            ..Invocation::new(module, args)
        }
    }

    /// Runs a module on the machine.
    pub(crate) async fn module(&self, module: &str, args: Map<String, Json>) -> Result<Answer, Trouble> {
        let target = self.target().await?;
        self.invoke(&*target, self.invocation(module, args)).await
    }

    /// Runs an invocation on the machine.
    pub(crate) async fn invoke(
        &self,
        target: &dyn Target,
        invocation: Invocation,
    ) -> Result<Answer, Trouble> {
        let outcome = target.invoke(invocation).await?;
        Ok(answer_of(outcome.result))
    }

    /// Runs a module that places a file of the controller: its hash first, its bytes if they are needed.
    pub(crate) async fn with_payload(
        &self,
        mut invocation: Invocation,
        mut payload: Payload,
    ) -> Result<Answer, Trouble> {
        let target = self.target().await?;
        let bytes = payload.bytes.take().unwrap_or_default();
        if payload.size <= INLINE_BYTES_MAX {
            payload.bytes = Some(bytes.clone());
        }
        invocation.payload = Some(payload.clone());
        let outcome = target.invoke(invocation.clone()).await?;
        if !outcome.wants_payload {
            return Ok(answer_of(outcome.result));
        }
        let dir = target.scratch().await?;
        let place = format!("{dir}/payload-{}", self.job.shared.ids.next());
        /// Only the user of the target reads what is on its way.
        const PRIVATE: u32 = 0o600;
        target.put(Contents::Bytes(&bytes), &place, PRIVATE).await?;
        payload.bytes = None;
        payload.uploaded = Some(place.into());
        invocation.payload = Some(payload);
        let outcome = target.invoke(invocation).await?;
        Ok(answer_of(outcome.result))
    }

    /// The controller, seen from the task.
    pub(crate) fn world(&self) -> TaskWorld {
        let job = self.job;
        TaskWorld::of(
            job.shared.world.clone(),
            job.shared.store.clone(),
            &job.unit.task.layer,
            &job.unit.task.span,
            &job.play.dir,
        )
    }

    /// A file of the controller, searched where Ansible searches its kind.
    pub(crate) fn find(&self, subdir: &str, name: &str) -> Result<std::path::PathBuf, Trouble> {
        let world = self.world();
        if let Some(found) = world.find_file(subdir, name) {
            return Ok(found);
        }
        let searched: Vec<String> =
            world.candidates(subdir, name).iter().map(|path| format!("\t{}", path.display())).collect();
        let message = format!(
            "Could not find or access '{name}'\nSearched in:\n{} on the Ansible Controller.\nIf you are using a module and expect the file to exist on the remote, see the remote_src option",
            searched.join("\n")
        );
        Err(Notice::error(message).into())
    }
}

/// The answer of a module's result.
pub(crate) fn answer_of(result: Map<String, Json>) -> Answer {
    let mut answer = Answer { fields: fields_of(&result), ..Answer::default() };
    for (key, severity) in [("warnings", Severity::Warning), ("deprecations", Severity::Deprecation)] {
        for item in answer.fields.get(key).and_then(Value::items).unwrap_or_default() {
            let text = item.get("msg").unwrap_or(item);
            answer.notices.push(Notice::new(severity, text.to_text().unwrap_or_default()));
        }
    }
    answer
}

/// `environment`, outer levels first so that inner ones win.
fn environment(job: &Job, scope: &Scope) -> Result<Map<String, Json>, Trouble> {
    let mut merged = Map::new();
    for written in job.unit.prepared().all(Keyword::Environment).iter().rev() {
        let rendered = keywords::render(&job.shared, Keyword::Environment, written, scope)?;
        let parts = rendered.items().unwrap_or_else(|| vec![rendered.clone()]);
        for part in &parts {
            let Some(dict) = part.as_dict() else { continue };
            for (name, value) in dict.pairs() {
                merged.insert(name.to_text()?, Json::String(value.to_text()?));
            }
        }
    }
    Ok(merged)
}
