//! One play on one batch of hosts: who does what next, and what every result means for the rest.

mod flush;
mod inclusion;
mod meta;
mod settle;
mod start;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use runner_playbook::ast::Handler;
use runner_template::{Value, Vars};

use crate::{
    block::{Block, Place},
    context::{PlayContext, Shared},
    event::{Event, TaskInfo},
    handlers::Bell,
    result::IncludeRequest,
    strategy::{self, Memory, Order, Seat},
    tally::Tallies,
    task::{Done, Job},
    unit::{Kind, Unit},
};

/// A host on its way through the play.
pub(crate) struct Walker {
    pub name: Arc<str>,
    place: Place<Arc<Unit>>,
    notified: BTreeSet<usize>,
    busy: bool,
    pub unreachable: bool,
    roles_done: HashSet<u64>,
}

impl Walker {
    fn wants(&self, unit: &Unit) -> bool {
        match unit.kind {
            Kind::Handler(index) => self.notified.contains(&index),
            Kind::RoleDone | Kind::Flush => true,
            _ => !unit.role.is_some_and(|role| self.roles_done.contains(&role)) || allows_duplicates(unit),
        }
    }

    /// Whether the play ended badly for the host.
    pub(crate) fn has_failed(&self) -> bool {
        self.place.has_failed()
    }
}

fn allows_duplicates(unit: &Unit) -> bool {
    unit.task.role().is_some_and(|role| role.meta.allow_duplicates)
}

/// How a batch ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct BatchEnd {
    /// No further batch and no further play.
    pub break_play: bool,
    /// `meta: end_play`: no further batch of this play.
    pub end_play: bool,
    /// A mistake that ends the whole run at once.
    pub fatal: Option<crate::event::Notice>,
}

type Running = FuturesUnordered<BoxFuture<'static, Finished>>;

/// A job's number within its round, its host, its unit and its result.
type Finished = (u64, usize, Arc<Unit>, Done);

/// How long a result waits for those of hosts that come before it, so that output keeps the order of the hosts.
const HOLD: Duration = Duration::from_millis(40);

/// Handlers being run: at which of the play's flushes, and as which block.
type Flush = (usize, Arc<Block<Arc<Unit>>>);

/// A play on a batch.
pub(crate) struct Dispatch<'a> {
    pub shared: Arc<Shared>,
    pub play: Arc<PlayContext>,
    pub hosts: Vec<Walker>,
    pub tallies: &'a mut Tallies,
    pub max_fail_percentage: Option<f64>,
    order: Order,
    handlers: Vec<Handler>,
    bells: Vec<Bell>,
    flushes: HashMap<u64, Flush>,
    running: Running,
    queue: VecDeque<(usize, Job)>,
    held: Held,
    memory: Memory,
    infos: HashMap<u64, Arc<TaskInfo>>,
    round: Round,
    end: BatchEnd,
    started: bool,
    stepping: bool,
}

/// What a lockstep round has brought so far.
#[derive(Default)]
struct Round {
    includes: Vec<(usize, IncludeRequest)>,
    /// A failure that is fatal for all hosts.
    fatal: bool,
    throttle: Option<usize>,
    /// The task runs on one host for all.
    once: bool,
}

impl<'a> Dispatch<'a> {
    /// A play on a batch, before its first task.
    pub(crate) fn new(
        shared: Arc<Shared>,
        play: Arc<PlayContext>,
        names: Vec<Arc<str>>,
        sequence: crate::sequence::Sequence,
        tallies: &'a mut Tallies,
    ) -> Self {
        let mut units = Vec::new();
        sequence.root.flatten(&mut units);
        let order = Order::new(units.iter().map(|unit| unit.id).collect());
        let hosts = names
            .into_iter()
            .map(|name| Walker {
                name,
                place: Place::new(sequence.root.clone()),
                notified: BTreeSet::new(),
                busy: false,
                unreachable: false,
                roles_done: HashSet::new(),
            })
            .collect();
        let stepping = shared.settings.step;
        let started = shared.settings.start_at_task.is_none();
        let mut dispatch = Dispatch {
            shared,
            play,
            hosts,
            tallies,
            max_fail_percentage: None,
            order,
            handlers: Vec::new(),
            bells: Vec::new(),
            flushes: HashMap::new(),
            running: FuturesUnordered::new(),
            queue: VecDeque::new(),
            held: Held::default(),
            memory: Memory::default(),
            infos: HashMap::new(),
            round: Round::default(),
            end: BatchEnd::default(),
            started,
            stepping,
        };
        dispatch.add_handlers(sequence.handlers);
        dispatch
    }

    /// Walks all hosts to the end of the play.
    pub(crate) async fn run(&mut self) -> BatchEnd {
        let cancel = self.shared.cancel.clone();
        loop {
            if cancel.is_cancelled() || self.end.fatal.is_some() {
                break;
            }
            let waiting = self.running.is_empty() && self.queue.is_empty() && self.held.is_empty();
            if waiting || !self.play.strategy.is_lockstep() {
                let started = self.begin().await;
                if !started && self.running.is_empty() && self.queue.is_empty() {
                    break;
                }
            }
            self.fill();
            if self.running.is_empty() && self.held.is_empty() {
                continue;
            }
            let patience = self.held.until();
            tokio::select! {
                () = cancel.cancelled() => break,
                finished = self.running.next() => {
                    if let Some(finished) = finished {
                        self.held.take_in(finished, self.play.strategy.is_lockstep());
                    }
                }
                () = tokio::time::sleep_until(patience) => self.held.give_up(),
            }
            while let Some((_, host, unit, done)) = self.held.next() {
                self.settle(host, &unit, done).await;
            }
            if self.running.is_empty()
                && self.queue.is_empty()
                && self.held.is_empty()
                && self.play.strategy.is_lockstep()
            {
                self.end_round().await;
            }
        }
        self.end.clone()
    }

    /// Starts what the strategy says comes next; false when nothing is left.
    async fn begin(&mut self) -> bool {
        let mut heads: Vec<Option<Arc<Unit>>> = Vec::with_capacity(self.hosts.len());
        let mut seats: Vec<Seat> = Vec::with_capacity(self.hosts.len());
        for walker in &mut self.hosts {
            if walker.busy {
                heads.push(None);
                seats.push(Seat::Busy);
                continue;
            }
            let mut place = std::mem::replace(&mut walker.place, Place::new(Arc::new(Block::default())));
            let head = place.head(|unit| walker.wants(unit));
            walker.place = place;
            seats.push(head.as_ref().map_or(Seat::Done, |unit| Seat::Ready(unit.id)));
            heads.push(head);
        }
        let slots = self.shared.settings.forks.saturating_sub(self.running.len() + self.queue.len());
        let chosen = strategy::next(self.play.strategy, &seats, &self.order, &mut self.memory, slots);
        if chosen.is_empty() {
            return false;
        }
        if self.play.strategy.is_lockstep() {
            let unit = heads[chosen[0]].clone().expect("a ready host has a task");
            self.start(&unit, &chosen).await;
        } else {
            for host in chosen {
                let unit = heads[host].clone().expect("a ready host has a task");
                self.start(&unit, &[host]).await;
            }
        }
        true
    }

    /// Moves jobs from the queue to the running ones, as many as forks and `throttle` allow.
    fn fill(&mut self) {
        let forks = self.shared.settings.forks;
        let slots =
            self.round.throttle.filter(|limit| *limit > 0).map_or(forks, |limit| limit.min(forks)).max(1);
        while self.running.len() < slots {
            let Some((host, job)) = self.queue.pop_front() else { break };
            let unit = job.unit.clone();
            let number = self.held.number();
            self.running.push(Box::pin(async move { (number, host, unit, job.run().await) }));
        }
    }

    /// Everybody has finished the round: includes, fatal failures, too many failures.
    async fn end_round(&mut self) {
        let round = std::mem::take(&mut self.round);
        if !round.includes.is_empty() {
            self.include(round.includes).await;
        }
        let fatal = round.fatal || std::mem::take(&mut self.round.fatal);
        if fatal {
            for host in 0..self.hosts.len() {
                let walker = &mut self.hosts[host];
                if !walker.unreachable && !walker.has_failed() && !walker.place.is_rescuing() {
                    walker.place.fail();
                }
            }
            if self.hosts.iter().any(|walker| walker.has_failed() || walker.unreachable) {
                self.end.break_play = true;
            }
        }
        if let Some(limit) = self.max_fail_percentage {
            let lost = self.hosts.iter().filter(|walker| walker.has_failed() || walker.unreachable).count();
            let share = lost as f64 / self.hosts.len().max(1) as f64 * 100.0;
            if lost > 0 && share > limit && !self.end.break_play {
                for walker in &mut self.hosts {
                    if !walker.has_failed() {
                        while walker.place.fail() != crate::block::Fate::Ended {}
                    }
                }
                self.end.break_play = true;
                // ansible-core says it twice: once for the limit, once for the empty batch.
                self.shared.tell(Event::NoHostsRemaining).await;
                self.shared.tell(Event::NoHostsRemaining).await;
            }
        }
    }

    /// Forgets which hosts take part in `ansible_play_hosts`.
    fn refresh_play_hosts(&self) {
        let names = self.hosts.iter().filter(|walker| !walker.has_failed() && !walker.unreachable);
        let alive = Value::list(names.map(|walker| Value::text(walker.name.clone())));
        let mut magic = self.play.magic.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut vars: Vars = magic.clone();
        vars.set("ansible_play_hosts", alive.clone());
        vars.set("ansible_play_batch", alive.clone());
        vars.set("play_hosts", alive);
        *magic = vars;
    }
}

/// Results that are back, in the order in which their jobs were started.
#[derive(Default)]
struct Held {
    numbers: u64,
    next: u64,
    back: BTreeMap<u64, Finished>,
    since: Option<tokio::time::Instant>,
    impatient: bool,
}

impl Held {
    /// The number of a job that starts.
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn take_in(&mut self, finished: Finished, in_order: bool) {
        self.since.get_or_insert_with(tokio::time::Instant::now);
        self.impatient |= !in_order;
        self.back.insert(finished.0, finished);
    }

    /// When to stop waiting for earlier ones.
    fn until(&self) -> tokio::time::Instant {
        /// With nothing held there is nothing to give up.
        const NEVER: Duration = Duration::from_secs(3600);
        self.since.map_or_else(|| tokio::time::Instant::now() + NEVER, |since| since + HOLD)
    }

    fn give_up(&mut self) {
        self.impatient = true;
    }

    fn is_empty(&self) -> bool {
        self.back.is_empty()
    }

    /// The next result whose turn it is.
    fn next(&mut self) -> Option<Finished> {
        let first = *self.back.keys().next()?;
        if first > self.next + 1 && !self.impatient {
            return None;
        }
        let finished = self.back.remove(&first);
        self.next = self.next.max(first);
        if self.back.is_empty() {
            self.since = None;
            self.impatient = false;
            if self.next >= self.numbers {
                self.next = self.numbers;
            }
        }
        finished
    }
}
