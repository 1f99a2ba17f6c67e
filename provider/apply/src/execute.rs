//! Waves, one after the other; in a wave, steps side by side. The order: observe → claim → waves → release → observe.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use provider_cluster::{
    Catalogue, Desired, KeyReference, Labels, MEMORY_LABEL, MachineState, Names, Observed, Plan, Problem,
    Role, Severity, Step, plan, step_line, teardown,
};
use provider_hcloud::{Client, Error};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::claim::Claim;
use crate::event::Event;
use crate::failure::Failure;
use crate::observe::observe;
use crate::step::{Ids, Stock, Turn};

/// Rounds of observe and plan. One is enough when nothing interferes; each further one mends what changed meanwhile.
const ROUNDS_MAX: u32 = 4;

/// After a cancel, requests under way may end within this, so that what they made is known.
const GRACE: Duration = Duration::from_secs(2);

/// After a cancel, one last look and giving the lease back may take this long: Terraform wants its answer within seconds.
const LAST_LOOK: Duration = Duration::from_secs(2);

/// Failed steps of a run after which no further ones begin: the same mistake in 360 machines needs no 360 requests.
const FAILURES_MAX: u32 = 5;

/// What a run works with.
pub struct World<'a> {
    /// The API.
    pub client: &'a Client,
    /// Types, locations, prices.
    pub catalogue: &'a Catalogue,
    /// What was seen last time; finds what lost its labels.
    pub known: &'a Observed,
    /// SSH keys that may log in to new machines.
    pub keys: &'a [KeyReference],
    /// User data of a machine, by name and role; may hold secrets.
    pub user_data: &'a (dyn Fn(&str, Role) -> Option<String> + Send + Sync),
    /// Whose the cluster is.
    pub claim: &'a Claim,
    /// What the anchor remembers of the wish, as label values in order.
    pub memory: &'a [String],
    /// Where events go.
    pub events: &'a (dyn Fn(Event) + Send + Sync),
    /// Stops the work.
    pub cancelled: &'a CancellationToken,
    /// For the whole run.
    pub deadline: Duration,
}

/// What came of a run. Not a `Result`: what was made must reach the state even when a later step failed.
#[derive(Debug, Default)]
pub struct Applied {
    /// What is there now; `None` when nothing could be seen.
    pub observed: Option<Observed>,
    /// Steps that were done, one line each, in order.
    pub done: Vec<String>,
    /// Steps that failed.
    pub failures: Vec<Failure>,
    /// Problems of the wish itself.
    pub problems: Vec<Problem>,
    /// Whether the run was cancelled.
    pub cancelled: bool,
}

impl Applied {
    /// Whether everything that was wished for is there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failures.is_empty()
            && !self.cancelled
            && !self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// The state of one run, shared by the steps of a wave.
pub(crate) struct Run<'a> {
    pub world: &'a World<'a>,
    pub cluster: &'a str,
    pub ids: Mutex<Ids>,
    pub stock: Mutex<Stock>,
    /// Attaching to one network at a time, as the API wants it.
    pub attaching: tokio::sync::Mutex<()>,
    /// Steps that make requests at once: as many permits as the plan allows.
    turns: Semaphore,
    /// Steps of the wave that have not made their first request yet.
    asking: watch::Sender<usize>,
    pub ends_at: Instant,
    /// Failures so far; [`FAILURES_MAX`] of them, or one that is fatal, keep further steps from beginning.
    failures: AtomicU32,
    leased_at: Mutex<Option<Instant>>,
}

impl Run<'_> {
    /// What is left of the run's time.
    pub fn time_left(&self) -> Duration {
        self.ends_at.saturating_duration_since(Instant::now())
    }

    fn event(&self, event: Event) {
        (self.world.events)(event);
    }
}

/// Makes the cluster what it should be.
pub async fn apply(desired: &Desired, world: &World<'_>) -> Applied {
    run(&desired.name, world, Goal::Be(desired)).await
}

/// Removes everything that bears the cluster's labels.
pub async fn destroy(cluster: &str, world: &World<'_>) -> Applied {
    run(cluster, world, Goal::Gone).await
}

#[derive(Clone, Copy)]
enum Goal<'a> {
    Be(&'a Desired),
    Gone,
}

impl Goal<'_> {
    fn plan(self, cluster: &str, observed: &Observed, catalogue: &Catalogue) -> (Plan, Vec<Problem>) {
        match self {
            Self::Be(desired) => plan(desired, observed, catalogue),
            Self::Gone => (teardown(cluster, observed, TEARDOWN_PARALLEL), Vec::new()),
        }
    }
}

/// Steps of a wave under way at once. Most only wait for Hetzner: those that ask share [`Run::turns`], and fifty that wait
/// share a request, so waiting together costs far fewer requests than waiting in small groups.
const UNDER_WAY_MAX: usize = 1000;

/// About as long as it takes Hetzner to make a server.
const ASKING_MAX: Duration = Duration::from_secs(20);

fn permits(parallel: u32) -> usize {
    usize::try_from(parallel.max(1)).unwrap_or(1)
}

/// Deletes at once when a cluster ends; the client's own bound on requests under way is the same.
const TEARDOWN_PARALLEL: u32 = 20;

async fn run(cluster: &str, world: &World<'_>, goal: Goal<'_>) -> Applied {
    let run = Run {
        world,
        cluster,
        ids: Mutex::default(),
        stock: Mutex::default(),
        attaching: tokio::sync::Mutex::new(()),
        asking: watch::Sender::new(0),
        turns: Semaphore::new(match goal {
            Goal::Be(desired) => permits(desired.rollout.max_parallel),
            Goal::Gone => permits(TEARDOWN_PARALLEL),
        }),
        ends_at: Instant::now() + world.deadline,
        failures: AtomicU32::new(0),
        leased_at: Mutex::new(None),
    };
    let mut applied = Applied::default();
    tokio::select! {
        biased;
        () = rounds(&run, goal, &mut applied) => {}
        () = cancelled_for(world.cancelled, GRACE) => {}
    }
    if world.cancelled.is_cancelled() {
        applied.cancelled = true;
        run.event(Event::Cancelled);
        // Requests that were dropped may have taken effect: look once more, but never longer than Terraform waits.
        let last = async {
            let observed = look(&run, goal).await?;
            applied.observed = Some(observed.clone());
            release(&run, goal, &observed, false).await
        };
        if !matches!(tokio::time::timeout(LAST_LOOK, last).await, Ok(Ok(()))) {
            warn!("the lease could not be given back; it ends by itself");
        }
    }
    applied
}

/// Resolves `grace` after the cancel.
async fn cancelled_for(token: &CancellationToken, grace: Duration) {
    token.cancelled().await;
    tokio::time::sleep(grace).await;
}

async fn look(run: &Run<'_>, goal: Goal<'_>) -> Result<Observed, Error> {
    let image = match goal {
        Goal::Be(desired) => Some(&desired.image),
        Goal::Gone => None,
    };
    // What was planned with stays: a snapshot that appears between plan and apply must not replace machines unasked.
    let looked_up = run.lock_ids().images.clone();
    let known = [run.world.known.images.clone(), looked_up];
    let pinned = known.into_iter().flatten().find(|known| image == Some(&known.reference));
    let image = image.filter(|_| pinned.is_none());
    let mut observed = observe(run.world.client, run.cluster, image, run.world.known).await?;
    if pinned.is_some() {
        observed.images = pinned;
    }
    run.event(Event::Observed { machines: observed.machines.len() });
    Ok(observed)
}

/// Looks, and once more when machines were busy: what a killed run began, such as a create, is waited for first, because
/// until its end the API does not show the machine as it will be.
async fn look_at_rest(run: &Run<'_>, goal: Goal<'_>) -> Result<Observed, Error> {
    let observed = look(run, goal).await?;
    let busy: Vec<_> =
        observed.machines.iter().filter(|machine| machine.state == MachineState::Busy).collect();
    if busy.is_empty() || matches!(goal, Goal::Gone) {
        return Ok(observed);
    }
    let mut actions = Vec::new();
    for machine in busy {
        match run.world.client.server_actions(machine.id).await {
            Ok(found) => actions.extend(found),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    // How they ended shows in the machines.
    if let Err(error) = run.wait(&actions).await {
        debug!(%error, "what was begun before has failed");
    }
    look(run, goal).await
}

async fn rounds(run: &Run<'_>, goal: Goal<'_>, applied: &mut Applied) {
    let failed = |error: &Error| Failure::from_error("look at the cluster", run.cluster, None, error);
    let observed = match look_at_rest(run, goal).await {
        Ok(observed) => observed,
        Err(error) => return applied.failures.push(failed(&error)),
    };
    let (mut plan, problems) = goal.plan(run.cluster, &observed, run.world.catalogue);
    applied.problems = problems;
    applied.observed = Some(observed.clone());
    if applied.problems.iter().any(|problem| problem.severity == Severity::Error) {
        return;
    }
    if let Err(failure) = claim(run, goal, &observed, &plan).await {
        return applied.failures.push(failure);
    }
    let mut observed = observed;
    for round in 0..ROUNDS_MAX {
        if plan.is_empty() {
            break;
        }
        debug!(round, steps = plan.steps().count(), "carrying out a plan");
        run.lock_ids().learn(&observed);
        waves(run, &plan, applied).await;
        if run.world.cancelled.is_cancelled() {
            return;
        }
        let failed_before = !applied.failures.is_empty();
        match look(run, goal).await {
            Ok(seen) => {
                observed = seen;
                applied.observed = Some(observed.clone());
            }
            Err(error) => {
                applied.failures.push(failed(&error));
                return;
            }
        }
        (plan, applied.problems) = goal.plan(run.cluster, &observed, run.world.catalogue);
        if failed_before {
            break;
        }
    }
    settle(run, goal, &observed, &plan, applied).await;
}

/// After the last round: what is still missing is a failure, and the lease ends.
async fn settle(run: &Run<'_>, goal: Goal<'_>, observed: &Observed, rest: &Plan, applied: &mut Applied) {
    if applied.failures.is_empty() && !rest.is_empty() {
        let open: Vec<String> = rest.steps().map(step_line).take(3).collect();
        applied.failures.push(Failure::plain(
            "settle the cluster",
            run.cluster,
            format!("after {ROUNDS_MAX} rounds there is still to do: {}", open.join("; ")),
            "something else changes the cluster at the same time: stop it, then apply again",
        ));
    }
    if let Err(error) = release(run, goal, observed, applied.is_complete()).await {
        warn!(%error, "the lease could not be given back; it ends by itself");
    }
}

/// Takes the cluster, or says why not.
async fn claim(run: &Run<'_>, goal: Goal<'_>, observed: &Observed, plan: &Plan) -> Result<(), Failure> {
    let anchor_name = Names::new(run.cluster).anchor();
    let anchor = observed.firewalls.get(&anchor_name);
    let claim = run.world.claim;
    let refused = |refusal: crate::Refusal| Failure::refused("claim the cluster", run.cluster, &refusal);
    claim.judge(run.cluster, anchor.map(|anchor| &anchor.labels)).map_err(refused)?;
    let failed = |error: &Error| Failure::from_error("claim the cluster", run.cluster, None, error);
    match (anchor, goal) {
        // An empty plan changes nothing, so it needs no lease.
        (Some(_), _) if plan.is_empty() && claim.has_state => Ok(()),
        (Some(anchor), _) => {
            let labels = claim.at_work(anchor.labels.clone());
            run.world.client.update_firewall(anchor.id, None, Some(&labels)).await.map_err(|e| failed(&e))?;
            // Two runs may take over the same expired lease at the same moment: who is in the labels afterwards has it.
            let now = run.world.client.firewall(anchor.id).await.map_err(|e| failed(&e))?;
            if !claim.holds(&now.labels) {
                claim.judge(run.cluster, Some(&now.labels)).map_err(refused)?;
                // Its labels may lag behind; the lease that was read last is not ours, so nothing is touched.
                return Err(refused(crate::Refusal::AtWork {
                    cluster: run.cluster.to_owned(),
                    seconds_left: 0,
                }));
            }
            run.lock_lease(Some(Instant::now()));
            Ok(())
        }
        // The plan's first step makes the anchor, with the lease on it.
        (None, _) => {
            run.lock_lease(Some(Instant::now()));
            Ok(())
        }
    }
}

impl Run<'_> {
    /// Waits for the right to make requests; `first` for a step that has not asked yet.
    pub(crate) async fn turn(&self, first: bool) -> Turn<'_> {
        let permit = self.turns.acquire().await.expect("the semaphore is never closed");
        Turn { _permit: permit, asking: first.then_some(&self.asking) }
    }

    /// Waits until all steps of the wave have asked Hetzner for what they want, but not much longer than that takes effect.
    /// Whoever waits for Actions before then makes requests that say "not yet".
    pub(crate) async fn all_have_asked(&self) {
        let mut asking = self.asking.subscribe();
        let _ = tokio::time::timeout(ASKING_MAX, asking.wait_for(|left| *left == 0)).await;
    }

    fn lock_lease(&self, at: Option<Instant>) {
        *self.leased_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = at;
    }

    pub(crate) fn lock_ids(&self) -> std::sync::MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn lock_stock(&self) -> std::sync::MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The anchor's labels while this run is at work.
    pub(crate) fn claimed(&self, labels: Labels) -> Labels {
        self.world.claim.at_work(labels)
    }

    /// Prolongs the lease when a third of it is over.
    async fn renew(&self) {
        let due = self
            .leased_at
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .is_some_and(|at| at.elapsed() >= Duration::from_secs(Claim::RENEW_AFTER_S));
        let anchor = Names::new(self.cluster).anchor();
        let id = self.lock_ids().firewalls.get(&anchor).copied();
        let (true, Some(id)) = (due, id) else { return };
        let renewed = async {
            let firewall = self.world.client.firewall(id).await?;
            self.world.client.update_firewall(id, None, Some(&self.claimed(firewall.labels))).await
        };
        match renewed.await {
            Ok(_) => self.lock_lease(Some(Instant::now())),
            Err(error) => warn!(%error, "the lease could not be renewed"),
        }
    }
}

/// Gives the lease back, if this run has it. What the anchor remembers of a wish outlives a destroy that did not finish.
async fn release(run: &Run<'_>, goal: Goal<'_>, observed: &Observed, built: bool) -> Result<(), Error> {
    let Some(anchor) = observed.firewalls.get(&Names::new(run.cluster).anchor()) else { return Ok(()) };
    let claim = run.world.claim;
    // Whoever has the lease now gives it back; a run that was refused must not take it away.
    if claim.judge(run.cluster, Some(&anchor.labels)).is_err() {
        return Ok(());
    }
    let mut labels = claim.at_rest(anchor.labels.clone(), built && matches!(goal, Goal::Be(_)));
    if matches!(goal, Goal::Be(_)) {
        labels.retain(|key, _| !key.starts_with(MEMORY_LABEL));
        let chunks = run.world.memory.iter().enumerate();
        labels.extend(chunks.map(|(at, chunk)| (format!("{MEMORY_LABEL}{at}"), chunk.clone())));
    }
    if labels != anchor.labels {
        run.world.client.update_firewall(anchor.id, None, Some(&labels)).await?;
    }
    Ok(())
}

/// Carries waves out until one has a failure.
async fn waves(run: &Run<'_>, plan: &Plan, applied: &mut Applied) {
    for wave in &plan.waves {
        run.event(Event::Wave { title: wave.title.clone(), steps: wave.steps.len() });
        run.asking.send_replace(wave.steps.len().min(UNDER_WAY_MAX));
        let futures: Vec<_> = wave.steps.iter().map(|step| carry_out(run, step).boxed()).collect();
        let mut steps = futures::stream::iter(futures).buffer_unordered(UNDER_WAY_MAX);
        let mut tick = tokio::time::interval(Duration::from_secs(Claim::RENEW_AFTER_S));
        tick.tick().await;
        loop {
            let outcome = tokio::select! {
                outcome = steps.next() => outcome,
                _ = tick.tick() => {
                    run.renew().await;
                    continue;
                }
            };
            match outcome {
                None => break,
                Some(Ok(line)) => applied.done.extend(line),
                Some(Err(failure)) => applied.failures.push(failure),
            }
        }
        drop(steps);
        if !applied.failures.is_empty() || run.world.cancelled.is_cancelled() {
            return;
        }
    }
}

/// One step; `None` when it was not begun because the run was cancelled or failed before.
async fn carry_out(run: &Run<'_>, step: &Step) -> Result<Option<String>, Failure> {
    let turn = run.turn(true).await;
    if run.world.cancelled.is_cancelled() || run.failures.load(Ordering::Relaxed) >= FAILURES_MAX {
        return Ok(None);
    }
    let line = step_line(step);
    run.event(Event::Begun { step: line.clone() });
    let outcome = if run.time_left().is_zero() {
        Err(Failure::plain(
            &line,
            run.cluster,
            "the time for the whole apply is over",
            "raise the resource's timeouts",
        ))
    } else {
        crate::step::carry_out(run, step, &line, turn).await
    };
    match outcome {
        Ok(()) => {
            run.event(Event::Done { step: line.clone() });
            Ok(Some(line))
        }
        Err(failure) => {
            // Steps under way end by themselves: a request that is dropped may still take effect.
            let weight = if failure.fatal { FAILURES_MAX } else { 1 };
            run.failures.fetch_add(weight, Ordering::Relaxed);
            run.event(Event::Failed { step: line, reason: failure.message.clone() });
            Err(failure)
        }
    }
}
