//! Starting a task: its banner, its name, and the hosts that do it.

use std::sync::Arc;

use runner_playbook::keyword::Keyword;
use runner_template::{Scope, Value};
use serde_json::Map;

use super::Dispatch;
use crate::{
    event::{Event, Notice, TaskInfo},
    keywords,
    settings::Question,
    task::Job,
    unit::{Kind, Unit},
};

/// Actions that do their work once for all hosts of a lockstep.
const ONCE_FOR_ALL: &[&str] = &["add_host", "pause"];

impl Dispatch<'_> {
    /// Starts a task on hosts that are all at it.
    pub(super) async fn start(&mut self, unit: &Arc<Unit>, hosts: &[usize]) {
        for host in hosts {
            self.hosts[*host].place.take();
        }
        if unit.kind == Kind::RoleDone {
            for host in hosts {
                self.hosts[*host].roles_done.extend(unit.role);
            }
            return;
        }
        if let Kind::Handler(index) = unit.kind {
            for host in hosts {
                self.hosts[*host].notified.remove(&index);
            }
        }
        if !self.started && !self.starts_here(unit, hosts) {
            return;
        }
        if unit.meta().is_some() {
            self.meta(unit, hosts).await;
            return;
        }
        let first = &self.hosts[hosts[0]].name.clone();
        let scope = self.play.scope(&self.shared, first, unit);
        if unit.kind == Kind::GatherFacts && self.skips_gathering(hosts) {
            return;
        }
        let info = self.info(unit, &scope);
        if self.stepping && !self.step(&info).await {
            return;
        }
        self.shared.tell(Event::TaskStarted(info.clone())).await;
        let lockstep = self.play.strategy.is_lockstep();
        let once =
            keywords::flag(&self.shared, unit, Keyword::RunOnce, &scope).ok().flatten().unwrap_or(false);
        if once && !lockstep {
            let text = format!(
                "Using run_once with the {} strategy is not currently supported. This task will still be executed for every host in the inventory list.",
                self.play.strategy.name()
            );
            self.shared.tell(Event::Notice(Notice::warning(text))).await;
        }
        let for_all = once || ONCE_FOR_ALL.contains(&unit.action());
        let hosts = if for_all && lockstep { &hosts[..1] } else { hosts };
        let throttle = keywords::number(&self.shared, unit, Keyword::Throttle, &scope).ok().flatten();
        self.round.throttle = throttle.map(|limit| limit.max(0.0) as usize).filter(|_| !for_all);
        self.round.once = once && lockstep;
        for host in hosts {
            let walker = &mut self.hosts[*host];
            walker.busy = true;
            let job = Job {
                shared: self.shared.clone(),
                play: self.play.clone(),
                host: walker.name.clone(),
                unit: unit.clone(),
                info: info.clone(),
            };
            self.shared.tell(Event::HostStarted { host: walker.name.clone(), task: info.clone() }).await;
            self.queue.push_back((*host, job));
        }
    }

    /// With smart gathering, hosts whose facts are known need none.
    fn skips_gathering(&self, hosts: &[usize]) -> bool {
        use crate::settings::Gathering;
        self.shared.settings.gathering == Gathering::Smart
            && hosts.iter().all(|host| self.shared.store.has_facts(&self.hosts[*host].name))
    }

    /// `--start-at-task`: whether this is the task, by name or pattern.
    fn starts_here(&mut self, unit: &Arc<Unit>, hosts: &[usize]) -> bool {
        if unit.kind.is_silent() || unit.kind == Kind::GatherFacts {
            return unit.kind == Kind::GatherFacts;
        }
        let Some(wanted) = self.shared.settings.start_at_task.clone() else { return true };
        let scope = self.play.scope(&self.shared, &self.hosts[hosts[0]].name.clone(), unit);
        let info = self.info(unit, &scope);
        let bare = info.name.rsplit(" : ").next().unwrap_or_default();
        self.started = glob(&wanted, &info.name) || glob(&wanted, bare);
        self.started
    }

    /// What readers are told about a task; named with the first host's variables.
    pub(super) fn info(&mut self, unit: &Arc<Unit>, scope: &Scope) -> Arc<TaskInfo> {
        if let Some(info) = self.infos.get(&unit.id) {
            return info.clone();
        }
        let flag = |keyword| keywords::flag(&self.shared, unit, keyword, scope).ok().flatten();
        let no_log = flag(Keyword::NoLog).unwrap_or(self.shared.settings.no_log);
        let role = unit.task.role().map(|role| role.name.clone());
        let name = name_of(&self.shared, unit, scope);
        let full = match &role {
            Some(role) if !name.is_empty() => format!("{role} : {name}"),
            _ => name,
        };
        let mut args = Map::new();
        if !no_log {
            for (name, value) in &unit.prepared().args {
                args.insert(name.clone(), value.to_json().unwrap_or_default());
            }
        }
        let info = Arc::new(TaskInfo {
            id: unit.id,
            name: full,
            action: unit.task.action.resolved.clone(),
            action_written: unit.task.action.name.clone(),
            role,
            handler: matches!(unit.kind, Kind::Handler(_) | Kind::IncludedHandler),
            check: flag(Keyword::CheckMode).unwrap_or(self.play.check),
            no_log,
            args,
            tags: unit.tags.clone(),
            origin: unit.task.span.clone(),
        });
        self.infos.insert(unit.id, info.clone());
        info
    }

    /// `--step`: asks whether to do the task.
    async fn step(&mut self, info: &Arc<TaskInfo>) -> bool {
        let text = format!("Perform task: TASK: {} (N)o/(y)es/(c)ontinue: ", info.name);
        let question = Question { text, ..Question::default() };
        let answer = self.shared.settings.operator.ask(&question).await.unwrap_or_default();
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => true,
            "c" | "continue" => {
                self.stepping = false;
                true
            }
            _ => false,
        }
    }
}

/// The task's name with its templates evaluated, as far as they can be; its action without one.
pub(super) fn name_of(shared: &crate::context::Shared, unit: &Unit, scope: &Scope) -> String {
    match unit.prepared().one(Keyword::Name) {
        None => match &unit.task.include {
            Some(runner_playbook::ast::Include::Role(role)) => {
                let name = role.name.scalar_text().unwrap_or_default();
                format!("{} : {name}", unit.task.action.name)
            }
            _ => unit.task.action.name.clone(),
        },
        Some(written) => match shared.templar.render(written, scope) {
            Ok(Value::Omit) | Err(_) => written.to_text().unwrap_or_default(),
            Ok(rendered) => rendered.to_text().unwrap_or_default(),
        },
    }
}

/// Shell patterns: `*` and `?`.
fn glob(pattern: &str, text: &str) -> bool {
    fn matches(pattern: &[char], text: &[char]) -> bool {
        match (pattern.first(), text.first()) {
            (None, None) => true,
            (Some('*'), _) => {
                matches(&pattern[1..], text) || !text.is_empty() && matches(pattern, &text[1..])
            }
            (Some('?'), Some(_)) => matches(&pattern[1..], &text[1..]),
            (Some(a), Some(b)) if a == b => matches(&pattern[1..], &text[1..]),
            _ => false,
        }
    }
    let letters = |text: &str| text.chars().collect::<Vec<char>>();
    matches(&letters(pattern), &letters(text))
}
