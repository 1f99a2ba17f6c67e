//! One file per kind of step; each step is safe to run twice.

mod change_machine;
mod create_machine;
mod delete;
mod shared;

use std::collections::{BTreeMap, BTreeSet};

use provider_cluster::{Candidate, Id, Images, Key, Observed, Step};
use provider_hcloud::{Action, Error};

use crate::execute::Run;
use crate::failure::Failure;

/// IDs by name, as they become known while a plan is carried out.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    pub firewalls: BTreeMap<String, Id>,
    pub networks: BTreeMap<String, Id>,
    pub groups: BTreeMap<String, Id>,
    pub keys: Vec<Key>,
    pub images: Option<Images>,
    /// Machines that are protected.
    pub protected: BTreeSet<Id>,
    /// Machines that are in a placement group.
    pub grouped: BTreeSet<Id>,
}

impl Ids {
    pub(crate) fn learn(&mut self, observed: &Observed) {
        self.firewalls = observed.firewalls.iter().map(|(name, found)| (name.clone(), found.id)).collect();
        self.networks = observed.networks.iter().map(|(name, found)| (name.clone(), found.id)).collect();
        self.groups = observed.groups.iter().map(|(name, found)| (name.clone(), found.id)).collect();
        self.keys.clone_from(&observed.keys);
        self.images.clone_from(&observed.images);
        self.protected = observed.machines.iter().filter(|m| m.protected).map(|m| m.id).collect();
        self.grouped = observed.machines.iter().filter(|m| m.group.is_some()).map(|m| m.id).collect();
    }
}

/// What turned out to be sold out during this run: the next machine does not ask again.
#[derive(Debug, Default)]
pub(crate) struct Stock {
    sold_out: Vec<Candidate>,
}

impl Stock {
    fn is_sold_out(&self, candidate: &Candidate) -> bool {
        self.sold_out.contains(candidate)
    }

    fn note(&mut self, candidate: &Candidate) {
        if !self.is_sold_out(candidate) {
            self.sold_out.push(candidate.clone());
        }
    }
}

/// The right to make requests that make or change things; given back before a long wait that needs no further ones.
pub(crate) struct Turn<'a> {
    pub _permit: tokio::sync::SemaphorePermit<'a>,
    /// The steps of the wave that have not asked yet, of which this is one; `None` for one that asks again.
    pub asking: Option<&'a tokio::sync::watch::Sender<usize>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(asking) = self.asking {
            asking.send_modify(|left| *left = left.saturating_sub(1));
        }
    }
}

/// Carries one step out.
pub(crate) async fn carry_out(run: &Run<'_>, step: &Step, line: &str, turn: Turn<'_>) -> Result<(), Failure> {
    match step {
        Step::CreateFirewall(spec) => shared::create_firewall(run, spec, line).await,
        Step::SetRules { name, id, rules } => shared::set_rules(run, name, *id, rules, line).await,
        Step::CreateKey { name, line: key, labels } => shared::create_key(run, name, key, labels, line).await,
        Step::CreateNetwork(spec) => shared::create_network(run, spec, line).await,
        Step::AddSubnet { name, id, subnet } => shared::add_subnet(run, name, *id, subnet, line).await,
        Step::CreateGroup { name, labels } => shared::create_group(run, name, labels, line).await,
        Step::Relabel { kind, name, id, labels } => {
            shared::relabel(run, *kind, name, *id, labels, line).await
        }
        Step::CreateMachine(spec) => create_machine::create(run, spec, line, turn).await,
        Step::ChangeMachine { name, id, changes } => {
            change_machine::change(run, name, *id, changes, line).await
        }
        Step::Delete { kind, name, id, .. } => delete::delete(run, *kind, name, *id, line, turn).await,
        Step::AwaitGone { name, id } => delete::await_gone(run, name, *id, line).await,
    }
}

impl Run<'_> {
    /// Waits for Actions within what is left of the run's time.
    pub(crate) async fn wait(&self, actions: &[Action]) -> Result<(), Error> {
        self.world.client.wait_all(actions, self.time_left()).await
    }
}
