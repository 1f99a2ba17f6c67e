//! One task on one host: loop, when, arguments, attempts, changed_when, failed_when, register, in Ansible's order.

use std::sync::{Arc, PoisonError};

use runner_playbook::{keyword::Keyword, source::Span};
use runner_template::{Dict, Level, LookupStyle, Scope, Value, Vars};

use crate::{
    context::{PlayContext, Shared},
    event::{Event, Notice, Report, TaskInfo, Verdict},
    keywords,
    prepared::Looping,
    result::{Answer, Effect, IncludeRequest},
    trouble::{Trouble, wrapped},
    unit::Unit,
};

/// What Ansible says of a loop over something else; it stands alone, without `Task failed`.
const LOOP_TYPE: &str = "The `loop` value must resolve to a 'list', not";

/// Everything one task on one host needs; owned, so that it can run beside others.
#[derive(Clone)]
pub(crate) struct Job {
    pub shared: Arc<Shared>,
    pub play: Arc<PlayContext>,
    pub host: Arc<str>,
    pub unit: Arc<Unit>,
    pub info: Arc<TaskInfo>,
}

/// What a task leaves for the dispatcher.
pub(crate) struct Done {
    pub answer: Answer,
    pub effects: Vec<Effect>,
    pub includes: Vec<IncludeRequest>,
    /// Handlers to notify, if anything changed.
    pub notify: Vec<String>,
    pub looped: bool,
    pub any_errors_fatal: bool,
}

impl Job {
    /// Runs the task on its host.
    pub(crate) async fn run(self) -> Done {
        let scope = self.play.scope(&self.shared, &self.host, &self.unit);
        let mut done = match self.items(&scope) {
            Ok(None) => {
                let mut answer = self.once(&scope).await;
                let effects = std::mem::take(&mut answer.effects);
                let includes = answer.include.take().into_iter().collect();
                Done { answer, effects, includes, notify: Vec::new(), looped: false, any_errors_fatal: false }
            }
            Ok(Some(items)) => crate::looping::run(&self, &scope, items).await,
            Err(error) => self.loop_error(&scope, error),
        };
        done.any_errors_fatal = keywords::flag(&self.shared, &self.unit, Keyword::AnyErrorsFatal, &scope)
            .ok()
            .flatten()
            .unwrap_or(self.shared.settings.any_errors_fatal);
        let changed = done.answer.changed();
        if changed && !done.answer.failed() && !done.answer.unreachable() {
            match self.notified(&scope) {
                Ok(words) => done.notify = words,
                Err(trouble) => done.answer = self.troubled(trouble, &scope),
            }
        }
        done
    }

    fn notified(&self, scope: &Scope) -> Result<Vec<String>, Trouble> {
        let mut words = Vec::new();
        for value in self.unit.prepared().all(Keyword::Notify) {
            let rendered = self.shared.templar.render(value, scope)?;
            let items = rendered.items().unwrap_or_else(|| vec![rendered.clone()]);
            for item in items.iter().filter(|item| !item.is_none() && !item.is_omit()) {
                words.push(item.to_text()?);
            }
        }
        Ok(words)
    }

    /// The items of the loop; `None` without one.
    fn items(&self, scope: &Scope) -> Result<Option<Vec<Value>>, Trouble> {
        let templar = &self.shared.templar;
        let list = match &self.unit.prepared().looping {
            None => return Ok(None),
            Some(Looping::Items(value)) => {
                let rendered = templar.render(value, scope)?;
                rendered.items().ok_or_else(|| {
                    let help = "Provide a list of items/templates, or a template resolving to a list.";
                    let text = format!("{LOOP_TYPE} '{}'.", rendered.type_name());
                    Notice { help: Some(help.to_owned()), ..Notice::error(text).at(&value.span()) }
                })?
            }
            Some(Looping::Lookup(name, terms)) => {
                let rendered = templar.render(terms, scope)?;
                let terms = match rendered.items() {
                    Some(terms) => terms,
                    None => vec![rendered],
                };
                let options = Value::dict::<&str>([]);
                let options: &Dict = options.as_dict().expect("made as a dict above");
                let found = templar.lookup(name, &terms, options, LookupStyle::List, scope)?;
                found.items().unwrap_or_default()
            }
        };
        Ok(Some(list.into_iter().filter(|item| !item.is_omit()).collect()))
    }

    /// A loop that cannot be evaluated is skipped when the conditions say so even without an item.
    fn loop_error(&self, scope: &Scope, error: Trouble) -> Done {
        let mut answer = match self.conditions(scope) {
            Ok(Some(skipped)) => skipped,
            _ => self.troubled(error, scope),
        };
        self.mark(&mut answer, scope);
        Done {
            answer,
            effects: Vec::new(),
            includes: Vec::new(),
            notify: Vec::new(),
            looped: false,
            any_errors_fatal: false,
        }
    }

    /// One execution: without a loop, or for one item of it.
    pub(crate) async fn once(&self, scope: &Scope) -> Answer {
        let mut answer = match self.attempt(scope).await {
            Ok(answer) => answer,
            Err(trouble) => self.troubled(trouble, scope),
        };
        self.mark(&mut answer, scope);
        answer
    }

    /// Evaluates the keywords that say how a result is taken.
    fn mark(&self, answer: &mut Answer, scope: &Scope) {
        let flag = |keyword| keywords::flag(&self.shared, &self.unit, keyword, scope).ok().flatten();
        answer.no_log = self.info.no_log || flag(Keyword::NoLog).unwrap_or(self.shared.settings.no_log);
        answer.ignore_errors = flag(Keyword::IgnoreErrors).unwrap_or(false);
        answer.ignore_unreachable = flag(Keyword::IgnoreUnreachable).unwrap_or(false);
    }

    /// Whether a condition holds.
    pub(crate) fn condition(&self, condition: &Value, scope: &Scope) -> Result<bool, Trouble> {
        self.shared.templar.condition(condition, scope).map_err(|error| {
            if error.kind() == runner_template::ErrorKind::Conditional {
                return error.into();
            }
            wrapped("Error while evaluating conditional.", &condition.span(), &error).into()
        })
    }

    /// `when`: an answer if the task is skipped.
    fn conditions(&self, scope: &Scope) -> Result<Option<Answer>, Trouble> {
        for condition in &self.unit.prepared().when {
            if !self.condition(condition, scope)? {
                let mut answer = Answer::unchanged()
                    .set("skipped", true)
                    .set("skip_reason", "Conditional result was False");
                answer.fields.insert("false_condition".to_owned(), untrusted(condition));
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    async fn attempt(&self, scope: &Scope) -> Result<Answer, Trouble> {
        let delegate = crate::delegate::of(self, scope)?;
        let with_delegate = |mut answer: Answer| {
            answer.delegate = delegate.as_ref().map(|delegate| delegate.label.clone());
            answer
        };
        let checked = match self.conditions(scope) {
            Ok(Some(skipped)) => return Ok(skipped),
            Ok(None) => Ok(()),
            Err(trouble) => Err(trouble),
        };
        if let Err(trouble) = checked {
            return Ok(with_delegate(self.troubled(trouble, scope)));
        }
        if self.unit.task.include.is_some() {
            return crate::include::request(self, scope).map(with_delegate);
        }
        let attempts = crate::attempts::run(self, scope, delegate.as_ref()).await;
        Ok(with_delegate(match attempts {
            Ok(answer) => answer,
            Err(trouble) => self.troubled(trouble, scope),
        }))
    }

    /// The result of a task that was stopped.
    pub(crate) fn troubled(&self, trouble: Trouble, _scope: &Scope) -> Answer {
        match trouble {
            Trouble::Lost(lost) => {
                let mut answer = Answer::default()
                    .set("changed", false)
                    .set("unreachable", true)
                    .set("msg", format!("Task failed: {}", lost.message));
                answer.error = Some(self.failure(Notice::error(lost.message)));
                answer
            }
            Trouble::Failed(notice) => {
                let error =
                    if notice.message.starts_with(LOOP_TYPE) { *notice } else { self.failure(*notice) };
                let mut answer = Answer::default().set("failed", true).set("msg", error.sentence());
                answer.error = Some(error);
                answer
            }
            Trouble::TimedOut(seconds) => {
                const FRAME: &str = "Configure `DISPLAY_TRACEBACK` to see a traceback on timeout errors.";
                let message = format!("Timed out after {seconds} second(s).");
                let period = Value::Int(i64::try_from(seconds).unwrap_or(i64::MAX));
                let timedout = vec![("period", period), ("frame", Value::text(FRAME))];
                let error = self.failure(Notice::error(message));
                let mut answer = Answer::unchanged().set("failed", true).set("msg", error.sentence());
                answer.fields.insert("timedout".to_owned(), Value::dict(timedout));
                answer.error = Some(error);
                answer
            }
        }
    }

    /// `Task failed.` with its cause, at the task.
    pub(crate) fn failure(&self, cause: Notice) -> Notice {
        Notice::error("Task failed.").at(&self.unit.task.span).because(cause)
    }

    /// Gives a failed result its error block, if it has none yet.
    pub(crate) fn explain(&self, answer: &mut Answer) {
        if !answer.failed() || answer.error.is_some() {
            return;
        }
        let what = if answer.from_action { "Action failed." } else { "Module failed." };
        let message = match answer.fields.get("msg") {
            Some(message) => message.to_text().unwrap_or_default(),
            None => "Unknown error.".to_owned(),
        };
        let wordless = !answer.fields.contains_key("msg");
        let mut cause = Notice::error(what);
        if !message.is_empty() {
            cause = cause.because(Notice::error(message));
        }
        let error = self.failure(cause);
        if wordless {
            answer.fields.insert("msg".to_owned(), Value::text(error.sentence()));
        }
        answer.error = Some(error);
    }

    /// The same after `failed_when` turned a good result into a failure.
    pub(crate) fn explain_anew(&self, answer: &mut Answer) {
        answer.error = None;
        self.explain(answer);
    }

    /// The report of a result.
    pub(crate) fn report(&self, answer: &Answer, looped: bool) -> Report {
        let verdict = verdict(answer);
        let mut result = answer.json();
        let diff = match result.get("diff") {
            Some(serde_json::Value::Array(list)) => list.clone(),
            Some(one) if !one.is_null() => vec![one.clone()],
            _ => Vec::new(),
        };
        if answer.no_log {
            crate::censor::hide(&mut result);
        }
        Report {
            host: self.host.clone(),
            task: self.info.clone(),
            verdict,
            delegate: answer.delegate.clone(),
            item: if answer.no_log && answer.label.is_some() {
                Some("(censored due to no_log)".to_owned())
            } else {
                answer.label.clone()
            },
            result,
            diff: if answer.no_log { Vec::new() } else { diff },
            looped,
            verbose_always: answer.verbose_always && !answer.no_log,
            verbose_never: false,
            error: answer.error.clone().map(|error| if answer.no_log { self.hidden_error() } else { error }),
            notices: if answer.no_log { Vec::new() } else { answer.notices.clone() },
        }
    }

    fn hidden_error(&self) -> Notice {
        Notice::error("Task failed.").at(&self.unit.task.span)
    }

    /// Tells that one more attempt follows.
    pub(crate) async fn retrying(&self, answer: &Answer, left: u64) {
        let report = Box::new(self.report(answer, false));
        self.shared.tell(Event::Retrying { report, left }).await;
    }
}

/// Good or bad, by the keys of a result.
pub(crate) fn verdict(answer: &Answer) -> Verdict {
    if answer.unreachable() {
        Verdict::Unreachable { ignored: answer.ignore_unreachable }
    } else if answer.failed() {
        Verdict::Failed { ignored: answer.ignore_errors }
    } else if answer.skipped() {
        Verdict::Skipped
    } else if answer.changed() {
        Verdict::Changed
    } else {
        Verdict::Ok
    }
}

/// The text of an expression as plain data, so that showing it never evaluates it.
pub(crate) fn untrusted(value: &Value) -> Value {
    match value {
        Value::Str(text) => Value::text(text.shared().clone()),
        other => other.clone(),
    }
}

/// `changed_when`, `failed_when` and `until` see the result under its registered name.
pub(crate) fn with_result(job: &Job, scope: &Scope, answer: &Answer) -> Scope {
    let mut scope = scope.clone();
    if let Some(name) = job.unit.task.register() {
        scope = scope.with_magic(name, answer.registered());
    }
    if let Some(Value::Dict(facts)) = answer.fields.get("ansible_facts") {
        let facts = Vars::from_value(&Value::Dict(facts.clone()));
        if matches!(job.unit.action(), "set_fact" | "include_vars") {
            scope = scope.with(Level::SetFacts, facts);
        } else if job.shared.settings.inject_facts {
            scope = scope.with(Level::Facts, facts);
        }
    }
    scope
}

/// Evaluates every condition of a keyword: all must hold. `None` without the keyword.
pub(crate) fn holds(job: &Job, keyword: Keyword, scope: &Scope) -> Result<Option<bool>, Trouble> {
    let conditions = job.unit.prepared().conditions(keyword);
    if conditions.is_empty() {
        return Ok(None);
    }
    for condition in &conditions {
        if !job.condition(condition, scope)? {
            return Ok(Some(false));
        }
    }
    Ok(Some(true))
}

/// Wraps an error of an argument in Ansible's sentence.
pub(crate) fn argument_error(name: &str, span: &Span, error: &runner_template::Error) -> Notice {
    wrapped(format!("Error while resolving value for '{name}'."), span, error)
}

/// The play's public roles, for those who add to them.
pub(crate) fn publish(play: &PlayContext, role: &Arc<runner_playbook::ast::Role>) {
    let mut public = play.public_roles.write().unwrap_or_else(PoisonError::into_inner);
    if !public.iter().any(|known| Arc::ptr_eq(known, role)) {
        public.push(role.clone());
    }
}
