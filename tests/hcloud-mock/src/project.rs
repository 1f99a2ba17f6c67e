//! A project: its objects, its running actions and its agenda of what happens when.
use crate::action::{Action, Effect, Failure, Progress, Resource, at};
use crate::bill::Usage;
use crate::clock::Ms;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::resource::Entity;
use crate::resource::certificate::Certificate;
use crate::resource::firewall::Firewall;
use crate::resource::floating_ip::FloatingIp;
use crate::resource::image::Image;
use crate::resource::load_balancer::LoadBalancer;
use crate::resource::network::Network;
use crate::resource::placement_group::PlacementGroup;
use crate::resource::primary_ip::PrimaryIp;
use crate::resource::server::Server;
use crate::resource::ssh_key::SshKey;
use crate::resource::volume::Volume;
use crate::resource::zone::Zone;
use crate::resource::{
    certificate, firewall, floating_ip, load_balancer, network, primary_ip, server, volume, zone,
};
use crate::shared::Shared;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Ended actions kept for looking up; older ones are forgotten so that a long demo does not grow for ever.
const ACTIONS_MAX: usize = 200_000;

/// Something that happens by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// An action's time is over.
    Finish(u64),
    /// A server's operating system has shut down.
    Off(u64),
    /// Firewalls look again at which servers their label selectors match.
    Selectors,
}

/// What happens when; saved as a list because JSON keys are strings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(Ms, u64, Event)>", into = "Vec<(Ms, u64, Event)>")]
struct Agenda {
    events: BTreeMap<(Ms, u64), Event>,
    count: u64,
}

impl From<Vec<(Ms, u64, Event)>> for Agenda {
    fn from(list: Vec<(Ms, u64, Event)>) -> Agenda {
        let count = list.iter().map(|(_, n, _)| *n).max().unwrap_or(0);
        Agenda { events: list.into_iter().map(|(at, n, e)| ((at, n), e)).collect(), count }
    }
}

impl From<Agenda> for Vec<(Ms, u64, Event)> {
    fn from(agenda: Agenda) -> Vec<(Ms, u64, Event)> {
        agenda.events.into_iter().map(|((at, n), e)| (at, n, e)).collect()
    }
}

impl Agenda {
    fn add(&mut self, when: Ms, event: Event) {
        self.count += 1;
        self.events.insert((when, self.count), event);
    }

    fn next_due(&mut self, now: Ms) -> Option<(Ms, Event)> {
        let entry = self.events.first_entry()?;
        let (when, _) = *entry.key();
        (when <= now).then(|| (when, entry.remove()))
    }
}

/// Everything one token sees.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Project {
    pub servers: BTreeMap<u64, Server>,
    /// Servers that are gone for the user while their delete action still runs.
    pub leaving: BTreeMap<u64, Server>,
    pub images: BTreeMap<u64, Image>,
    pub ssh_keys: BTreeMap<u64, SshKey>,
    pub networks: BTreeMap<u64, Network>,
    pub firewalls: BTreeMap<u64, Firewall>,
    pub placement_groups: BTreeMap<u64, PlacementGroup>,
    pub load_balancers: BTreeMap<u64, LoadBalancer>,
    pub primary_ips: BTreeMap<u64, PrimaryIp>,
    pub floating_ips: BTreeMap<u64, FloatingIp>,
    pub volumes: BTreeMap<u64, Volume>,
    pub certificates: BTreeMap<u64, Certificate>,
    pub zones: BTreeMap<u64, Zone>,
    pub actions: BTreeMap<u64, Action>,
    /// Everything that was or is paid for.
    pub usage: Vec<Usage>,
    agenda: Agenda,
    selectors_planned: bool,
    #[serde(skip)]
    busy: HashMap<Resource, u32>,
}

impl Project {
    /// Rebuilds what is not saved.
    pub fn restore(&mut self) {
        self.busy.clear();
        let locks = self.actions.values().filter(|a| a.is_running()).flat_map(|a| a.locks.clone());
        for resource in locks.collect::<Vec<_>>() {
            *self.busy.entry(resource).or_default() += 1;
        }
    }

    /// Whether an action that locks the object is running.
    pub fn is_busy(&self, kind: Kind, id: u64) -> bool {
        self.busy.contains_key(&at(kind, id))
    }

    /// Puts an action to work; one that takes no time has ended when this returns.
    pub fn start(&mut self, mut action: Action, shared: &mut Shared) -> u64 {
        let id = action.id;
        self.lock(&action.locks);
        action.machine_busy = server::start_machine(self, shared, &action);
        self.agenda.add(action.due, Event::Finish(id));
        self.actions.insert(id, action);
        self.forget_old();
        self.settle(shared);
        id
    }

    /// Adds an action that begins when `first` has ended.
    pub fn queue(&mut self, first: u64, action: Action) -> u64 {
        let id = action.id;
        self.lock(&action.locks);
        self.actions.insert(id, action);
        if let Some(first) = self.actions.get_mut(&first) {
            first.next.push(id);
        }
        id
    }

    fn lock(&mut self, resources: &[Resource]) {
        for resource in resources {
            *self.busy.entry(*resource).or_default() += 1;
        }
    }

    fn unlock(&mut self, resources: &[Resource]) {
        for resource in resources {
            if let Some(count) = self.busy.get_mut(resource) {
                *count -= 1;
                if *count == 0 {
                    self.busy.remove(resource);
                }
            }
        }
    }

    fn forget_old(&mut self) {
        while self.actions.len() > ACTIONS_MAX {
            let oldest = self.actions.values().find(|a| !a.is_running()).map(|a| a.id);
            match oldest {
                Some(id) => self.actions.remove(&id),
                None => return,
            };
        }
    }

    /// Adds an event to the agenda.
    pub fn plan(&mut self, when: Ms, event: Event) {
        self.agenda.add(when, event);
    }

    /// Firewalls with label selectors will look at all servers again, after the settings' delay.
    pub fn selectors_changed(&mut self, shared: &Shared) {
        if !self.selectors_planned && self.firewalls.values().any(Firewall::has_selectors) {
            self.selectors_planned = true;
            self.plan(shared.now().saturating_add(shared.settings.selector_lag_ms), Event::Selectors);
        }
    }

    /// Whether label selectors are about to be looked at.
    pub fn selectors_planned(&self) -> bool {
        self.selectors_planned
    }

    /// Lets everything happen that is due.
    pub fn settle(&mut self, shared: &mut Shared) {
        for (action, result) in shared.machine_results(&self.actions) {
            self.machine_done(action, result, shared);
        }
        let now = shared.now();
        while let Some((when, event)) = self.agenda.next_due(now) {
            match event {
                Event::Finish(id) => self.finish(id, when, shared),
                Event::Off(id) => server::went_off(self, id),
                Event::Selectors => {
                    self.selectors_planned = false;
                    firewall::resolve_selectors(self);
                }
            }
        }
    }

    fn machine_done(&mut self, id: u64, result: Result<(), Failure>, shared: &mut Shared) {
        let Some(action) = self.actions.get_mut(&id) else { return };
        action.machine_busy = false;
        if let Err(failure) = result {
            action.fails = Some(failure);
        }
        if action.progress == Progress::Waiting {
            self.finish(id, shared.now(), shared);
        }
    }

    fn finish(&mut self, id: u64, when: Ms, shared: &mut Shared) {
        let Some(action) = self.actions.get_mut(&id).filter(|a| a.is_running()) else { return };
        if action.machine_busy {
            action.progress = Progress::Waiting;
            return;
        }
        action.finished = Some(when);
        action.progress = match action.fails.clone() {
            Some(failure) => Progress::Error(failure),
            None => Progress::Success,
        };
        let (failed, effect) = (action.fails.clone(), action.effect.clone());
        let (locks, next) = (action.locks.clone(), action.next.clone());
        self.unlock(&locks);
        match &failed {
            None => self.apply(&effect, when, shared),
            Some(_) => self.revert(&effect, shared),
        }
        for follower in next {
            self.begin_follower(follower, when, failed.clone(), shared);
        }
    }

    fn begin_follower(&mut self, id: u64, when: Ms, failed: Option<Failure>, shared: &mut Shared) {
        let Some(action) = self.actions.get_mut(&id) else { return };
        let takes = action.due - action.started;
        action.due = when.saturating_add(takes);
        action.progress = Progress::Running;
        if failed.is_some() {
            action.fails = failed;
            action.due = when;
        }
        let snapshot = action.clone();
        let machine_busy = snapshot.fails.is_none() && server::start_machine(self, shared, &snapshot);
        if let Some(action) = self.actions.get_mut(&id) {
            action.machine_busy = machine_busy;
        }
        self.agenda.add(snapshot.due, Event::Finish(id));
    }

    fn apply(&mut self, effect: &Effect, when: Ms, shared: &mut Shared) {
        match effect {
            Effect::None => {}
            Effect::Server(id, change) => server::apply(self, *id, change, when, shared),
            Effect::Network(id, change) => network::apply(self, *id, change),
            Effect::Firewall(id, change) => firewall::apply(self, *id, change, shared),
            Effect::LoadBalancer(id, change) => load_balancer::apply(self, *id, change, when, shared),
            Effect::PrimaryIp(id, change) => primary_ip::apply(self, *id, change),
            Effect::FloatingIp(id, change) => floating_ip::apply(self, *id, change),
            Effect::Volume(id, change) => volume::apply(self, *id, change, when, shared),
            Effect::Certificate(id, change) => certificate::apply(self, *id, change, when),
            Effect::Zone(id, change) => zone::apply(self, *id, change),
            Effect::ImageProtection(id, on) => {
                if let Some(image) = self.images.get_mut(id) {
                    image.protected = *on;
                }
            }
        }
    }

    fn revert(&mut self, effect: &Effect, shared: &mut Shared) {
        match effect {
            Effect::Server(id, change) => server::revert(self, *id, change, shared),
            Effect::Firewall(id, change) => firewall::revert(self, *id, change),
            Effect::LoadBalancer(id, change) => load_balancer::revert(self, *id, change),
            Effect::Certificate(id, change) => certificate::revert(self, *id, change),
            Effect::Zone(id, change) => zone::revert(self, *id, change),
            _ => {}
        }
    }

    /// Refuses with 403 when the account may not have another object of the kind.
    ///
    /// # Errors
    /// `resource_limit_exceeded`.
    pub fn check_limit<T: Entity>(&self, shared: &Shared) -> Result<(), ApiError> {
        let count = T::all(self).values().filter(|t| t.is_listed()).count();
        match shared.settings.limits.get(&T::KIND) {
            Some(limit) if count >= *limit => Err(ApiError::limit(T::KIND)),
            _ => Ok(()),
        }
    }

    /// Starts paying for something.
    pub fn pay(&mut self, usage: Usage) {
        self.usage.push(usage);
    }

    /// Stops paying for an object, or for one part of it.
    pub fn stop_paying(&mut self, id: u64, what: Option<&str>, when: Ms) {
        let open = |u: &&mut Usage| u.id == id && u.until.is_none() && what.is_none_or(|w| u.what == w);
        for usage in self.usage.iter_mut().rev().filter(open) {
            usage.until = Some(when);
        }
    }
}
