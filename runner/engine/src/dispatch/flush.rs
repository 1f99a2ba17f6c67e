//! Handlers: which there are, what they are called, and running those that were notified.

use std::sync::{Arc, PoisonError};

use runner_playbook::{ast::Handler, keyword::Keyword};
use runner_template::Value;

use super::Dispatch;
use crate::{handlers::Bell, sequence::Sequencer, unit::Unit};

impl Dispatch<'_> {
    /// Adds handlers of the play, of roles, of included roles.
    pub(super) fn add_handlers(&mut self, handlers: Vec<Handler>) {
        for handler in handlers {
            if self.handlers.iter().any(|known| Arc::ptr_eq(&known.task, &handler.task)) {
                continue;
            }
            let written = handler.task.name().map(Value::from);
            let name = written.and_then(|name| name.to_text().ok()).unwrap_or_default();
            self.bells.push(Bell::new(&handler, name));
            self.handlers.push(handler);
        }
    }

    /// Templates the names of handlers that have templates in them, with a host's variables.
    pub(super) fn name_bells(&mut self, host: &Arc<str>) {
        for index in 0..self.handlers.len() {
            let task = self.handlers[index].task.clone();
            let Some(node) = task.keywords.get(Keyword::Name).filter(|node| node.may_be_template()) else {
                continue;
            };
            let unit = Unit::new(0, task.clone(), crate::unit::Kind::Handler(index), None, Vec::new());
            let scope = self.play.scope(&self.shared, host, &unit);
            if let Ok(name) = self.shared.templar.render(&Value::from(node), &scope) {
                self.bells[index].name = name.to_text().unwrap_or_default();
            }
        }
    }

    /// Puts the notified handlers in front of what the hosts would do next.
    pub(super) fn flush(&mut self, unit: &Arc<Unit>, hosts: &[usize]) {
        if hosts.iter().all(|host| self.hosts[*host].notified.is_empty()) {
            return;
        }
        let known = self.flushes.get(&unit.id).filter(|(count, _)| *count == self.handlers.len());
        let block = match known {
            Some((_, block)) if self.play.strategy.is_lockstep() => block.clone(),
            _ => {
                let mut roles = self.shared.roles.lock().unwrap_or_else(PoisonError::into_inner);
                let mut sequencer = Sequencer {
                    ids: &self.shared.ids,
                    selection: &self.shared.settings.selection,
                    roles: &mut roles,
                    injected: runner_template::Vars::default(),
                };
                let block = Arc::new(sequencer.handlers(&self.handlers));
                drop(roles);
                let mut units = Vec::new();
                block.flatten(&mut units);
                let ids: Vec<u64> = units.iter().map(|unit| unit.id).collect();
                self.order.insert_after(unit.id, &ids);
                self.flushes.insert(unit.id, (self.handlers.len(), block.clone()));
                block
            }
        };
        for host in hosts {
            let walker = &mut self.hosts[*host];
            if !walker.notified.is_empty() {
                walker.place.include(vec![block.clone()]);
            }
        }
    }
}
