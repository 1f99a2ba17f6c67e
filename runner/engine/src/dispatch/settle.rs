//! What a result means: counters, variables, notifications, and where its host goes next.

use std::sync::Arc;

use runner_template::{Value, Vars};

use super::Dispatch;
use crate::{
    event::{Event, Notice, Verdict},
    handlers::ring,
    result::{Answer, Effect},
    task::{Done, Job, verdict},
    unit::Unit,
};

impl Dispatch<'_> {
    /// Takes in the result of a task on a host.
    pub(super) async fn settle(&mut self, host: usize, unit: &Arc<Unit>, mut done: Done) {
        let once = self.round.once;
        self.hosts[host].busy = false;
        let name = self.hosts[host].name.clone();
        let Some(info) = self.infos.get(&unit.id).cloned() else { return };
        let job = Job {
            shared: self.shared.clone(),
            play: self.play.clone(),
            host: name.clone(),
            unit: unit.clone(),
            info,
        };
        if let Err(notice) = self.notify(host, &done.notify).await {
            self.end.fatal = Some(notice);
            return;
        }
        job.explain(&mut done.answer);
        for effect in std::mem::take(&mut done.effects) {
            self.apply_effect(&name, effect, once);
        }
        self.register(&name, unit, &done.answer, once);
        let asks = !done.includes.is_empty();
        for request in std::mem::take(&mut done.includes) {
            self.round.includes.push((host, request));
        }
        let verdict = verdict(&done.answer);
        let is_include = unit.task.include.is_some();
        if !(is_include && asks && !verdict.is_bad()) {
            let mut report = Box::new(job.report(&done.answer, done.looped));
            if done.looped
                && let Some(diffs) = done.answer.fields.get("_ansible_diffs")
            {
                report.diff =
                    diffs.items().unwrap_or_default().iter().filter_map(|diff| diff.to_json().ok()).collect();
            }
            report.verbose_never = done.answer.is("_ansible_verbose_override");
            self.count(host, unit, verdict, &done, once);
            self.shared.tell(Event::Finished(report)).await;
        }
        if verdict.is_bad() {
            self.refresh_play_hosts();
        }
        if asks && !self.play.strategy.is_lockstep() {
            let requests = std::mem::take(&mut self.round.includes);
            self.include(requests).await;
        }
    }

    /// Counts a result and moves its host on a failure.
    fn count(&mut self, host: usize, unit: &Arc<Unit>, verdict: Verdict, done: &Done, once: bool) {
        let name = self.hosts[host].name.clone();
        let changed = done.answer.changed();
        let tally = self.tallies.of(&name);
        match verdict {
            Verdict::Ok => tally.ok += 1,
            Verdict::Changed => {
                tally.ok += 1;
                tally.changed += 1;
            }
            Verdict::Skipped => tally.skipped += 1,
            Verdict::Failed { ignored: true } => {
                tally.ok += 1;
                tally.ignored += 1;
                tally.changed += u64::from(changed);
            }
            Verdict::Unreachable { ignored: true } => {
                tally.ok += 1;
                tally.ignored += 1;
                tally.skipped += 0;
            }
            Verdict::Unreachable { ignored: false } => {
                tally.unreachable += 1;
                let walker = &mut self.hosts[host];
                walker.unreachable = true;
                walker.place.end();
                self.round.fatal |= done.any_errors_fatal || once;
            }
            Verdict::Failed { ignored: false } => self.fail(host, unit, done, once),
        }
    }

    fn fail(&mut self, host: usize, unit: &Arc<Unit>, done: &Done, once: bool) {
        let name = self.hosts[host].name.clone();
        self.hosts[host].place.fail();
        // A rescue further out counts too, once the always sections before it are through.
        let rescued = !self.hosts[host].has_failed();
        if once {
            for other in (0..self.hosts.len()).filter(|other| *other != host) {
                if !self.hosts[other].unreachable {
                    self.hosts[other].place.fail();
                }
            }
        }
        let tally = self.tallies.of(&name);
        if rescued {
            tally.rescued += 1;
            let task = failed_task(unit, &self.infos[&unit.id].name);
            let vars = [("ansible_failed_task", task), ("ansible_failed_result", done.answer.registered())];
            self.shared.store.learn_vars(&name, &Vars::new(vars));
        } else {
            tally.failed += 1;
        }
        self.round.fatal |= done.any_errors_fatal;
    }

    /// Stores the result under its registered name.
    fn register(&mut self, host: &Arc<str>, unit: &Arc<Unit>, answer: &Answer, once: bool) {
        let Some(name) = unit.task.register() else { return };
        let vars = Vars::new([(name, answer.registered())]);
        for target in self.receivers(host, once) {
            self.shared.store.learn_vars(&target, &vars);
        }
    }

    /// Who gets what a task found out: its host, or with `run_once` everybody.
    fn receivers(&self, host: &Arc<str>, once: bool) -> Vec<Arc<str>> {
        if !once {
            return vec![host.clone()];
        }
        self.hosts.iter().filter(|walker| !walker.unreachable).map(|walker| walker.name.clone()).collect()
    }

    fn apply_effect(&mut self, own: &Arc<str>, effect: Effect, once: bool) {
        let store = self.shared.store.clone();
        let receivers = |host: &Arc<str>, dispatch: &Self| {
            if host == own { dispatch.receivers(host, once) } else { vec![host.clone()] }
        };
        match effect {
            Effect::Facts { host, facts } => {
                for target in receivers(&host, self) {
                    store.learn_facts(&target, &facts);
                }
            }
            Effect::SetFact { host, vars, cacheable } => {
                for target in receivers(&host, self) {
                    store.learn_vars(&target, &vars);
                    if cacheable {
                        store.learn_facts(&target, &vars);
                    }
                }
            }
            Effect::IncludeVars { host, vars } => {
                for target in receivers(&host, self) {
                    store.learn_included(&target, &vars);
                }
            }
            Effect::AddHost { name, groups, vars } => {
                store.change_inventory(|inventory| {
                    inventory.add_host(&name);
                    for group in &groups {
                        inventory.add_group(group);
                        inventory.add_host_to_group(&name, group);
                    }
                    for (key, value) in vars.iter() {
                        inventory.set_host_var(&name, key, crate::convert::node_of(value));
                    }
                    inventory.reconcile();
                });
            }
            Effect::GroupBy { host, group, parents } => {
                store.change_inventory(|inventory| {
                    inventory.add_group(&group);
                    for parent in &parents {
                        inventory.add_group(parent);
                        // A group that is its own parent is a slip that Ansible passes over too.
                        let _ = inventory.add_child_group(parent, &group);
                    }
                    inventory.add_host_to_group(&host, &group);
                    inventory.reconcile();
                });
            }
            Effect::Stats { data, per_host, aggregate } => {
                self.tallies.custom(per_host.then_some(own), &data, aggregate);
            }
        }
    }

    /// Rings the handlers that were asked for.
    async fn notify(&mut self, host: usize, words: &[String]) -> Result<(), Notice> {
        let name = self.hosts[host].name.clone();
        for word in words {
            self.name_bells(&name);
            let rung = ring(&self.bells, word);
            if rung.is_empty() {
                let text = format!(
                    "The requested handler '{word}' was not found in either the main handlers list nor in the listening handlers list"
                );
                if self.shared.settings.error_on_missing_handler {
                    return Err(Notice::error(text));
                }
                self.shared.tell(Event::Notice(Notice::warning(text))).await;
            }
            for index in rung {
                if self.hosts[host].notified.insert(index) {
                    let handler: Arc<str> = Arc::from(self.bells[index].name.as_str());
                    self.shared.tell(Event::Notified { handler, host: name.clone() }).await;
                }
            }
        }
        Ok(())
    }
}

/// `ansible_failed_task`.
fn failed_task(unit: &Unit, _name: &str) -> Value {
    let written = unit.prepared().one(runner_playbook::keyword::Keyword::Name);
    let name = written.and_then(|name| name.to_text().ok()).unwrap_or_default();
    let args = unit.prepared().args.iter().map(|(name, value)| (name.clone(), crate::task::untrusted(value)));
    Value::dict([
        ("name", Value::text(name)),
        ("action", Value::text(unit.task.action.name.as_str())),
        ("args", Value::dict(args)),
        ("tags", Value::list(unit.tags.iter().map(|tag| Value::text(tag.as_str())))),
    ])
}
