//! `meta` tasks: they change the run itself and have no result.

use std::sync::Arc;

use super::Dispatch;
use crate::{
    event::{Event, Notice},
    task::Job,
    unit::{Kind, Unit},
};

/// Kinds that have no conditions: they are done once, whatever `when` says.
const UNCONDITIONAL: &[&str] = &["noop", "refresh_inventory", "reset_connection"];

impl Dispatch<'_> {
    /// Does a meta task for hosts that are all at it.
    pub(super) async fn meta(&mut self, unit: &Arc<Unit>, hosts: &[usize]) {
        let kind = unit.meta().unwrap_or_default().to_owned();
        if unit.kind == Kind::Flush {
            self.flush(unit, hosts);
            return;
        }
        let has_when = !unit.prepared().when.is_empty();
        if has_when && UNCONDITIONAL.contains(&kind.as_str()) {
            let text = format!("{kind} task does not support when conditional");
            self.shared.tell(Event::Notice(Notice::warning(text))).await;
        }
        let mut chosen = Vec::new();
        for host in hosts {
            let name = self.hosts[*host].name.clone();
            let scope = self.play.scope(&self.shared, &name, unit);
            let info = self.info(unit, &scope);
            let per_host = !matches!(kind.as_str(), "noop" | "refresh_inventory");
            if per_host || *host == hosts[0] {
                self.shared.tell(Event::TaskStarted(info.clone())).await;
            }
            let job = Job {
                shared: self.shared.clone(),
                play: self.play.clone(),
                host: name.clone(),
                unit: unit.clone(),
                info,
            };
            let applies = UNCONDITIONAL.contains(&kind.as_str()) || self.meta_applies(&job, &scope).await;
            if applies {
                chosen.push(*host);
                if matches!(kind.as_str(), "end_host" | "end_role" | "clear_facts" | "reset_connection") {
                    self.for_one(&kind, *host, &job, &scope).await;
                }
                if matches!(kind.as_str(), "end_play" | "end_batch" | "clear_host_errors")
                    && *host == hosts[0]
                {
                    // The whole batch is meant, whoever says it first.
                    self.for_all(&kind).await;
                    return;
                }
            }
        }
        if kind == "flush_handlers" {
            self.flush(unit, &chosen);
        }
    }

    async fn meta_applies(&mut self, job: &Job, scope: &runner_template::Scope) -> bool {
        for condition in &job.unit.prepared().when {
            match self.shared.templar.condition(condition, scope) {
                Ok(true) => {}
                Ok(false) => {
                    let mut answer = crate::result::Answer::default().set("skipped", true);
                    answer = answer.set("skip_reason", "Conditional result was False");
                    let report = Box::new(job.report(&answer, false));
                    self.tallies.of(&job.host).skipped += 0;
                    self.shared.tell(Event::Finished(report)).await;
                    return false;
                }
                Err(error) => {
                    let mut notice = job.failure(crate::trouble::notice_of(&error));
                    notice.help = None;
                    self.shared.tell(Event::Notice(notice)).await;
                    return false;
                }
            }
        }
        true
    }

    async fn for_one(&mut self, kind: &str, host: usize, job: &Job, scope: &runner_template::Scope) {
        let name = self.hosts[host].name.clone();
        let told = |message: String| Event::Meta { message, host: Some(name.clone()) };
        match kind {
            "end_host" => {
                self.hosts[host].place.end();
                self.shared.tell(told(format!("ending play for {name}"))).await;
            }
            "end_role" => {
                if let Some(role) = job.unit.role {
                    self.hosts[host].place.end_role(role);
                    self.hosts[host].roles_done.insert(role);
                }
                let role = job.unit.task.role().map(|role| role.name.clone()).unwrap_or_default();
                self.shared.tell(told(format!("ending role {role} for {name}"))).await;
            }
            "clear_facts" => {
                self.shared.store.clear_facts(&name);
                self.shared.tell(told("facts cleared".to_owned())).await;
            }
            _ => {
                if let Ok(endpoint) = crate::endpoint::of(job, scope, None)
                    && let Ok(target) = self.shared.connector.connect(&endpoint).await
                {
                    // A connection that cannot even be closed is gone, which is what was wanted.
                    let _ = target.reset().await;
                }
                self.shared.tell(told("reset connection".to_owned())).await;
            }
        }
    }

    async fn for_all(&mut self, kind: &str) {
        match kind {
            "clear_host_errors" => {
                for walker in &mut self.hosts {
                    walker.place.forgive();
                    walker.unreachable = false;
                }
                self.refresh_play_hosts();
                let message = "cleared host errors".to_owned();
                self.shared.tell(Event::Meta { message, host: None }).await;
            }
            _ => {
                self.end.end_play = kind == "end_play";
                for walker in &mut self.hosts {
                    if !walker.unreachable {
                        walker.place.end();
                    }
                }
                let message = if kind == "end_play" { "ending play" } else { "ending batch" };
                self.shared.tell(Event::Meta { message: message.to_owned(), host: None }).await;
            }
        }
    }
}
