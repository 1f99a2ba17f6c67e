//! A task over the items of its loop: loop variables, labels, pauses, and the summary of all results.

use std::time::Duration;

use runner_playbook::keyword::Keyword;
use runner_template::{Level, Scope, Value, Vars};

use crate::{
    event::{Event, Notice},
    keywords,
    result::{Answer, Effect},
    task::{Done, Job},
    trouble::Trouble,
};

/// `loop_control` with its templates evaluated.
struct Control {
    loop_var: String,
    index_var: Option<String>,
    pause_s: f64,
    extended: bool,
    all_items: bool,
}

/// Runs the task once for every item.
pub(crate) async fn run(job: &Job, scope: &Scope, items: Vec<Value>) -> Done {
    let mut done = Done {
        answer: Answer::default(),
        effects: Vec::new(),
        includes: Vec::new(),
        notify: Vec::new(),
        looped: true,
        any_errors_fatal: false,
    };
    let control = match control(job, scope) {
        Ok(control) => control,
        Err(trouble) => {
            done.answer = job.troubled(trouble, scope);
            return done;
        }
    };
    if items.is_empty() {
        done.answer = Answer::unchanged()
            .set("skipped", true)
            .set("skipped_reason", "No items in the list")
            .set("results", Value::list([]));
        return done;
    }
    if scope.get(&control.loop_var).is_some() {
        done.answer.notices.push(in_use(job, &control.loop_var));
    }
    let mut scope = scope.clone();
    let mut summary = Summary::default();
    for (index, item) in items.iter().enumerate() {
        if index > 0 && control.pause_s > 0.0 {
            tokio::time::sleep(Duration::from_secs_f64(control.pause_s)).await;
        }
        let item_scope = with_item(&control, &scope, &items, index);
        let mut answer = job.once(&item_scope).await;
        remember(job, &mut scope, &answer.effects);
        label(job, &control, &item_scope, item, index, &mut answer);
        done.effects.append(&mut answer.effects);
        if let Some(mut include) = answer.include.take() {
            include.label = answer.label.clone();
            include.injected = item_vars(&control, &items, index, &include.injected);
            done.includes.push(include);
        } else {
            job.explain(&mut answer);
            let report = Box::new(job.report(&answer, false));
            job.shared.tell(Event::ItemFinished(report)).await;
        }
        let stop = break_when(job, &item_scope, &answer);
        summary.add(answer);
        match stop {
            Ok(false) => {}
            Ok(true) => break,
            Err(trouble) => {
                done.answer = job.troubled(trouble, &scope);
                return done;
            }
        }
        if summary.unreachable {
            break;
        }
    }
    let notices = std::mem::take(&mut done.answer.notices);
    done.answer = summary.answer();
    done.answer.notices = notices;
    done
}

fn in_use(job: &Job, name: &str) -> Notice {
    Notice {
        help: Some(
            "You should set the `loop_var` value in the `loop_control` option for the task to something else to avoid variable collisions and unexpected behavior."
                .to_owned(),
        ),
        ..Notice::warning(format!("The loop variable '{name}' is already in use.")).at(&job.unit.task.span)
    }
}

fn control(job: &Job, scope: &Scope) -> Result<Control, Trouble> {
    let words = &job.unit.task.loop_control.keywords;
    let render = |keyword: Keyword| -> Result<Option<Value>, Trouble> {
        let Some(node) = words.get(keyword) else { return Ok(None) };
        let value = keywords::render(&job.shared, keyword, &Value::from(node), scope)?;
        Ok((!value.is_none()).then_some(value))
    };
    let flag = |keyword: Keyword, default: bool| -> Result<bool, Trouble> {
        Ok(render(keyword)?.and_then(|value| keywords::boolean(&value)).unwrap_or(default))
    };
    let text = |keyword: Keyword| -> Result<Option<String>, Trouble> {
        Ok(render(keyword)?.and_then(|value| value.to_text().ok()))
    };
    let pause_s = text(Keyword::Pause)?.and_then(|text| text.parse().ok()).unwrap_or(0.0);
    Ok(Control {
        loop_var: text(Keyword::LoopVar)?.unwrap_or_else(|| "item".to_owned()),
        index_var: text(Keyword::IndexVar)?,
        pause_s,
        extended: flag(Keyword::Extended, false)?,
        all_items: flag(Keyword::ExtendedAllitems, true)?,
    })
}

fn with_item(control: &Control, scope: &Scope, items: &[Value], index: usize) -> Scope {
    scope.clone().with(Level::Magic, item_vars(control, items, index, &Vars::default()))
}

/// The loop's variables for one item.
fn item_vars(control: &Control, items: &[Value], index: usize, more: &Vars) -> Vars {
    let mut vars = more.clone();
    vars.set(control.loop_var.as_str(), items[index].clone());
    vars.set("ansible_loop_var", Value::text(control.loop_var.as_str()));
    let number = |n: usize| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
    if let Some(name) = &control.index_var {
        vars.set(name.as_str(), number(index));
        vars.set("ansible_index_var", Value::text(name.as_str()));
    }
    if control.extended {
        let count = items.len();
        let mut info = Vec::new();
        if control.all_items {
            info.push(("allitems", Value::list(items.iter().cloned())));
        }
        info.push(("index", number(index + 1)));
        info.push(("index0", number(index)));
        info.push(("first", Value::Bool(index == 0)));
        info.push(("last", Value::Bool(index + 1 == count)));
        info.push(("length", number(count)));
        info.push(("revindex", number(count - index)));
        info.push(("revindex0", number(count - index - 1)));
        if let Some(next) = items.get(index + 1) {
            info.push(("nextitem", next.clone()));
        }
        if let Some(previous) = index.checked_sub(1) {
            info.push(("previtem", items[previous].clone()));
        }
        vars.set("ansible_loop", Value::dict(info));
    }
    vars
}

/// What an item set is seen by the next one.
fn remember(job: &Job, scope: &mut Scope, effects: &[Effect]) {
    for effect in effects {
        let (level, vars) = match effect {
            Effect::SetFact { host, vars, .. } if *host == job.host => (Level::SetFacts, vars),
            Effect::IncludeVars { host, vars } if *host == job.host => (Level::IncludeVars, vars),
            _ => continue,
        };
        *scope = scope.clone().with(level, vars.clone());
    }
}

fn label(job: &Job, control: &Control, scope: &Scope, item: &Value, index: usize, answer: &mut Answer) {
    answer.fields.insert(control.loop_var.clone(), item.clone());
    answer.fields.insert("ansible_loop_var".to_owned(), Value::text(control.loop_var.as_str()));
    if let Some(name) = &control.index_var {
        let index = Value::Int(i64::try_from(index).unwrap_or(i64::MAX));
        answer.fields.insert(name.clone(), index);
        answer.fields.insert("ansible_index_var".to_owned(), Value::text(name.as_str()));
    }
    if control.extended
        && let Some(info) = scope.get("ansible_loop")
    {
        answer.fields.insert("ansible_loop".to_owned(), info);
    }
    let written = job.unit.task.loop_control.keywords.get(Keyword::Label);
    let shown = match written {
        Some(node) => keywords::render(&job.shared, Keyword::Label, &Value::from(node), scope)
            .unwrap_or_else(|_| item.clone()),
        None => item.clone(),
    };
    answer.label = Some(shown.to_text().unwrap_or_default());
}

fn break_when(job: &Job, scope: &Scope, answer: &Answer) -> Result<bool, Trouble> {
    let Some(node) = job.unit.task.loop_control.keywords.get(Keyword::BreakWhen) else { return Ok(false) };
    let conditions = runner_playbook::ast::items(node);
    if conditions.is_empty() {
        return Ok(false);
    }
    let scope = crate::task::with_result(job, scope, answer);
    for condition in conditions {
        if !job.shared.templar.condition(&Value::from(condition), &scope)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The results of all items so far.
#[derive(Default)]
struct Summary {
    results: Vec<Value>,
    changed: bool,
    failed: bool,
    failed_not_ignored: bool,
    unreachable: bool,
    all_skipped: Option<bool>,
    error: Option<Notice>,
    no_log: bool,
    ignore_errors: Option<bool>,
    ignore_unreachable: bool,
    delegate: Option<crate::event::Delegate>,
    diffs: Vec<Value>,
    verbose_always: bool,
}

impl Summary {
    fn add(&mut self, answer: Answer) {
        self.changed |= answer.changed();
        self.failed |= answer.failed();
        self.unreachable |= answer.unreachable();
        let skipped = answer.skipped();
        self.all_skipped = Some(self.all_skipped.unwrap_or(true) && skipped);
        if answer.failed() {
            self.failed_not_ignored |= !answer.ignore_errors;
            self.ignore_errors = Some(answer.ignore_errors);
        }
        self.ignore_unreachable |= answer.ignore_unreachable;
        self.no_log |= answer.no_log;
        self.verbose_always |= answer.verbose_always;
        if let Some(diff) = answer.fields.get("diff").filter(|_| answer.changed()) {
            self.diffs.extend(diff.items().unwrap_or_else(|| vec![diff.clone()]));
        }
        self.results.push(answer.registered());
        self.error = self.error.take().or(answer.error);
        self.delegate = answer.delegate;
    }

    fn answer(self) -> Answer {
        let skipped = self.all_skipped.unwrap_or(false);
        let message = if self.failed {
            "One or more items failed"
        } else if skipped {
            "All items skipped"
        } else {
            "All items completed"
        };
        let mut answer = Answer::default();
        if self.failed {
            answer = answer.set("failed", true);
        }
        if skipped {
            answer = answer.set("skipped", true);
        }
        if self.unreachable {
            answer = answer.set("unreachable", true);
        }
        answer = answer.set("changed", self.changed).set("msg", message);
        answer.fields.insert("results".to_owned(), Value::list(self.results));
        answer.error = self.error;
        answer.no_log = self.no_log;
        answer.ignore_errors = self.ignore_errors.unwrap_or(false) && !self.failed_not_ignored;
        answer.ignore_unreachable = self.ignore_unreachable;
        answer.delegate = self.delegate;
        answer.verbose_always = self.verbose_always;
        if !self.diffs.is_empty() {
            answer.fields.insert("_ansible_diffs".to_owned(), Value::list(self.diffs));
        }
        answer
    }
}
