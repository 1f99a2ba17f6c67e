//! Waves, one after the other; in a wave, steps side by side. The order: observe → claim → waves → release → observe.

use std::sync::Mutex;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use provider_cluster::{
    Catalogue, Desired, KeyReference, Labels, MEMORY_LABEL, Names, Observed, Plan, Problem, Role, Severity,
    Step, plan, step_line, teardown,
};
use provider_hcloud::{Client, Error};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::claim::Claim;
use crate::event::Event;
use crate::failure::Failure;
use crate::observe::observe;
use crate::step::{Ids, Stock};

/// Rounds of observe and plan. One is enough when nothing interferes; each further one mends what changed meanwhile.
const ROUNDS_MAX: u32 = 4;

/// After a cancel, requests under way may end within this, so that what they made is known.
const GRACE: Duration = Duration::from_secs(2);

/// After a cancel, one last look may take this long: Terraform wants its answer within seconds.
const LAST_LOOK: Duration = Duration::from_secs(2);

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
    pub ends_at: Instant,
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

/// Deletes at once when a cluster ends; the client's own bound on requests under way is the same.
const TEARDOWN_PARALLEL: u32 = 20;

async fn run(cluster: &str, world: &World<'_>, goal: Goal<'_>) -> Applied {
    let run = Run {
        world,
        cluster,
        ids: Mutex::default(),
        stock: Mutex::default(),
        attaching: tokio::sync::Mutex::new(()),
        ends_at: Instant::now() + world.deadline,
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
        if let Ok(Ok(observed)) = tokio::time::timeout(LAST_LOOK, look(&run, goal)).await {
            applied.observed = Some(observed);
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
    let observed = observe(run.world.client, run.cluster, image, run.world.known).await?;
    run.event(Event::Observed { machines: observed.machines.len() });
    Ok(observed)
}

async fn rounds(run: &Run<'_>, goal: Goal<'_>, applied: &mut Applied) {
    let failed = |error: &Error| Failure::from_error("look at the cluster", run.cluster, None, error);
    let observed = match look(run, goal).await {
        Ok(observed) => observed,
        Err(error) => return applied.failures.push(failed(&error)),
    };
    let (first, problems) = goal.plan(run.cluster, &observed, run.world.catalogue);
    applied.problems = problems;
    applied.observed = Some(observed.clone());
    if applied.problems.iter().any(|problem| problem.severity == Severity::Error) {
        return;
    }
    if let Err(failure) = claim(run, goal, &observed, &first).await {
        return applied.failures.push(failure);
    }
    let mut observed = observed;
    for round in 0..ROUNDS_MAX {
        // The claim may just have made the anchor: the first plan is stale by that one step, which is skipped when carried out.
        let (plan, problems) = goal.plan(run.cluster, &observed, run.world.catalogue);
        applied.problems = problems;
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
        if failed_before {
            break;
        }
    }
    settle(run, goal, &observed, applied).await;
}

/// After the last round: what is still missing is a failure, and the lease ends.
async fn settle(run: &Run<'_>, goal: Goal<'_>, observed: &Observed, applied: &mut Applied) {
    let (rest, _) = goal.plan(run.cluster, observed, run.world.catalogue);
    if applied.failures.is_empty() && !rest.is_empty() {
        let open: Vec<String> = rest.steps().map(step_line).take(3).collect();
        applied.failures.push(Failure::plain(
            "settle the cluster",
            run.cluster,
            format!("after {ROUNDS_MAX} rounds there is still to do: {}", open.join("; ")),
            "something else changes the cluster at the same time: stop it, then apply again",
        ));
    }
    if let Goal::Be(_) = goal
        && let Err(error) = release(run, observed, applied.is_complete()).await
    {
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

/// Gives the lease back.
async fn release(run: &Run<'_>, observed: &Observed, built: bool) -> Result<(), Error> {
    let Some(anchor) = observed.firewalls.get(&Names::new(run.cluster).anchor()) else { return Ok(()) };
    let mut labels = run.world.claim.at_rest(anchor.labels.clone(), built);
    labels.retain(|key, _| !key.starts_with(MEMORY_LABEL));
    let chunks = run.world.memory.iter().enumerate();
    labels.extend(chunks.map(|(at, chunk)| (format!("{MEMORY_LABEL}{at}"), chunk.clone())));
    if labels != anchor.labels {
        run.world.client.update_firewall(anchor.id, None, Some(&labels)).await?;
    }
    Ok(())
}

/// Carries waves out until one has a failure.
async fn waves(run: &Run<'_>, plan: &Plan, applied: &mut Applied) {
    let parallel = usize::try_from(plan.parallel_max.max(1)).unwrap_or(usize::MAX);
    for wave in &plan.waves {
        run.event(Event::Wave { title: wave.title.clone(), steps: wave.steps.len() });
        let futures: Vec<_> = wave.steps.iter().map(|step| carry_out(run, step).boxed()).collect();
        let mut steps = futures::stream::iter(futures).buffer_unordered(parallel);
        let mut tick = tokio::time::interval(Duration::from_secs(Claim::RENEW_AFTER_S));
        tick.tick().await;
        let mut fatal = false;
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
                Some(Err(failure)) => {
                    fatal |= failure.fatal;
                    applied.failures.push(failure);
                }
            }
            if fatal {
                break;
            }
        }
        drop(steps);
        if !applied.failures.is_empty() || run.world.cancelled.is_cancelled() {
            return;
        }
    }
}

/// One step; `None` when it was not begun because the run was cancelled.
async fn carry_out(run: &Run<'_>, step: &Step) -> Result<Option<String>, Failure> {
    if run.world.cancelled.is_cancelled() {
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
        crate::step::carry_out(run, step, &line).await
    };
    match outcome {
        Ok(()) => {
            run.event(Event::Done { step: line.clone() });
            Ok(Some(line))
        }
        Err(failure) => {
            run.event(Event::Failed { step: line, reason: failure.message.clone() });
            Err(failure)
        }
    }
}
