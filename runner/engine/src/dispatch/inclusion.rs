//! Putting included tasks in front of the hosts that asked for them.

use std::sync::Arc;

use super::Dispatch;
use crate::{
    block::Block,
    event::{Event, Notice, Verdict},
    include::{self, Loaded},
    result::{Answer, IncludeRequest, Wanted},
    task::Job,
    unit::Unit,
};

/// One inclusion and the hosts that asked for it.
struct Inclusion {
    request: IncludeRequest,
    hosts: Vec<usize>,
}

impl Dispatch<'_> {
    /// Loads what hosts asked for; the same request of several hosts is loaded once.
    pub(super) async fn include(&mut self, mut requests: Vec<(usize, IncludeRequest)>) {
        requests.sort_by_key(|(host, _)| *host);
        let mut inclusions: Vec<Inclusion> = Vec::new();
        for (host, request) in requests {
            let known = inclusions
                .iter_mut()
                .find(|known| include::same(&known.request, &request) && !known.hosts.contains(&host));
            match known {
                Some(known) => known.hosts.push(host),
                None => inclusions.push(Inclusion { request, hosts: vec![host] }),
            }
        }
        let mut blocks: Vec<Vec<Arc<Block<Arc<Unit>>>>> = vec![Vec::new(); self.hosts.len()];
        let mut order: Vec<u64> = Vec::new();
        let Some(unit) = inclusions.first().map(|inclusion| inclusion.request.unit.clone()) else { return };
        for inclusion in inclusions {
            let deep =
                inclusion.hosts.iter().any(|host| self.hosts[*host].place.depth() > include::DEPTH_MAX);
            let loaded = if deep {
                Err(vec![Notice::error(format!(
                    "includes are nested more than {} deep: the file includes itself",
                    include::DEPTH_MAX
                ))])
            } else {
                include::load(&self.shared, &self.play, &inclusion.request)
            };
            match loaded {
                Ok(loaded) => self.enter(&inclusion, loaded, &mut blocks, &mut order).await,
                Err(notices) => self.refuse(&inclusion, &notices).await,
            }
        }
        self.order.insert_after(unit.id, &order);
        for (host, blocks) in blocks.into_iter().enumerate() {
            if !blocks.is_empty() {
                self.hosts[host].place.include(blocks);
            }
        }
    }

    async fn enter(
        &mut self,
        inclusion: &Inclusion,
        loaded: Loaded,
        blocks: &mut [Vec<Arc<Block<Arc<Unit>>>>],
        order: &mut Vec<u64>,
    ) {
        for warning in &loaded.warnings {
            self.shared.tell(Event::Notice(include::notice_of_problem(warning))).await;
        }
        let mut units = Vec::new();
        loaded.block.flatten(&mut units);
        order.extend(units.iter().map(|unit| unit.id));
        self.add_handlers(loaded.handlers);
        for role in &loaded.public {
            crate::task::publish(&self.play, role);
        }
        for host in &inclusion.hosts {
            let name = self.hosts[*host].name.clone();
            self.tallies.of(&name).ok += 1;
            blocks[*host].push(loaded.block.clone());
        }
        let Some(info) = self.infos.get(&inclusion.request.unit.id).cloned() else { return };
        let hosts = inclusion.hosts.iter().map(|host| self.hosts[*host].name.clone()).collect();
        let item = inclusion.request.label.clone();
        self.shared.tell(Event::Included { file: Arc::from(loaded.name), hosts, item, task: info }).await;
    }

    /// A file that cannot be used fails the hosts that wanted it.
    async fn refuse(&mut self, inclusion: &Inclusion, notices: &[Notice]) {
        let unit = &inclusion.request.unit;
        let Some(info) = self.infos.get(&unit.id).cloned() else { return };
        let mut reason = notices.first().map(Notice::sentence).unwrap_or_default();
        if let (true, Wanted::Tasks { file }) =
            (reason.starts_with("Unable to retrieve file contents"), &inclusion.request.wanted)
        {
            let path = reason.split('\'').nth(1).unwrap_or(file).to_owned();
            reason = format!("Could not find or access '{path}' on the Ansible Controller: {reason}");
        }
        for host in &inclusion.hosts {
            let name = self.hosts[*host].name.clone();
            let job = Job {
                shared: self.shared.clone(),
                play: self.play.clone(),
                host: name.clone(),
                unit: unit.clone(),
                info: info.clone(),
            };
            let mut answer = Answer::unchanged();
            if let Wanted::Tasks { file } = &inclusion.request.wanted {
                answer = answer.set("include", file.as_str());
            }
            answer = answer.set("reason", reason.as_str());
            let mut report = Box::new(job.report(&answer, false));
            report.verdict = Verdict::Failed { ignored: false };
            let scope = self.play.scope(&self.shared, &name, unit);
            let keyword = runner_playbook::keyword::Keyword::AnyErrorsFatal;
            let fatal = crate::keywords::flag(&self.shared, unit, keyword, &scope).ok().flatten();
            self.round.fatal |= fatal.unwrap_or(self.shared.settings.any_errors_fatal);
            self.hosts[*host].place.fail();
            let rescued = !self.hosts[*host].has_failed();
            let tally = self.tallies.of(&name);
            if rescued {
                tally.rescued += 1;
            } else {
                tally.failed += 1;
            }
            self.shared.tell(Event::Finished(report)).await;
        }
        self.shared.tell(Event::Notice(Notice::error(format!("{reason}\n")))).await;
        self.refresh_play_hosts();
    }
}
