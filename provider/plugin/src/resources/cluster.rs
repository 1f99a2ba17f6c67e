//! `streaming_cluster`: look, plan and apply are calls to the domain crates; this file only translates.

mod memory;
pub(crate) mod model;
pub(crate) mod results;
pub(crate) mod schema;
mod wish;

use std::time::Duration;

use provider_apply::{Applied, Claim, Event, Failure, World, apply, destroy, observe};
use provider_cluster::{Catalogue, Observed, plan, step_line, teardown};
use provider_framework::cty::Value;
use provider_framework::schema::Schema;
use provider_framework::{
    Attr, Change, Diagnostic, Diagnostics, IdentityAttribute, IdentitySchema, Import, Outcome, Plan,
    Resource, Run, Severity as DiagnosticSeverity, Timeouts, async_trait,
};

use crate::provider::Cloud;
use model::ClusterModel;

/// The resource.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cluster;

/// Machines deleted at once when a cluster ends; the client bounds requests under way besides.
const DELETES_AT_ONCE: u32 = 20;

/// How long a cluster may take without other words: 360 machines and a snapshot to boot from fit into it.
const TIMEOUTS: Timeouts = Timeouts::minutes(60, 60, 30);

/// A bound for single waits; the resource's timeouts end them earlier.
const WAIT_MAX: Duration = Duration::from_secs(6 * 3600);

/// Private key: what was seen last.
const OBSERVED: &str = "observed";
/// Private key: which state owns the cluster.
const OWNER: &str = "owner";

#[async_trait]
impl Resource for Cluster {
    type Model = ClusterModel;
    type Client = Cloud;

    fn name(&self) -> &'static str {
        "streaming_cluster"
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn timeouts(&self) -> Timeouts {
        TIMEOUTS
    }

    fn validate(&self, config: &ClusterModel, diagnostics: &mut Diagnostics) {
        if let Some(desired) = wish::desired(config, diagnostics) {
            wish::report(&provider_cluster::validate(&desired, &Catalogue::default()), diagnostics);
        }
    }

    fn plan(&self, cloud: Option<&Cloud>, plan: &mut Plan<ClusterModel>) {
        let Some(desired) = wish::desired(&plan.planned, &mut plan.diagnostics) else { return };
        let catalogue = match cloud.map(Cloud::catalogue) {
            Some(Ok(catalogue)) => catalogue,
            Some(Err(diagnostic)) => return plan.diagnostics.push(diagnostic),
            None => return,
        };
        let observed: Observed = plan.private.get(OBSERVED).unwrap_or_default();
        let (steps, problems) = provider_cluster::plan(&desired, &observed, catalogue);
        wish::report(&problems, &mut plan.diagnostics);
        if plan.diagnostics.has_error() {
            return;
        }
        let settled = plan.prior.as_ref().is_some_and(|prior| prior.ready.known() == Some(&true));
        if steps.is_empty() && settled {
            results::keep(plan, &observed);
            return;
        }
        if !plan.is_create() {
            plan.force_update();
        }
        plan.planned.id = Attr::Known(desired.name.clone());
        plan.planned.steps = Attr::Known(steps.steps().map(step_line).collect());
        plan.planned.drift = Attr::Known(Vec::new());
        plan.planned.cost = Attr::Known(results::cost(&desired, catalogue));
        plan.planned.machines = Attr::Known(results::planned_machines(&desired, &observed, &steps));
    }

    async fn read(&self, run: &mut Run<Cloud>, mut state: ClusterModel) -> Outcome<ClusterModel> {
        let mut diagnostics = Diagnostics::new();
        let cloud = match run.client() {
            Ok(cloud) => cloud.clone(),
            Err(diagnostic) => return Outcome::failed(diagnostic),
        };
        let name = state.name.as_str().or(state.id.as_str()).unwrap_or_default().to_owned();
        let known: Observed = run.private.get(OBSERVED).unwrap_or_default();
        let desired = wish::desired(&state, &mut diagnostics);
        let is_import = state.live.is_null();
        let image = desired.as_ref().filter(|_| !is_import).map(|desired| desired.image.clone());
        let seen = match cloud.hetzner() {
            Ok(client) => observe(client, &name, image.as_ref(), &known).await,
            Err(diagnostic) => return Outcome::failed(diagnostic),
        };
        let observed = match seen {
            Ok(observed) => observed,
            Err(error) => {
                let failure = Failure::of(&format!("look at cluster {name}"), &name, &error);
                return Outcome::failed(diagnostic(&failure, false));
            }
        };
        if teardown(&name, &observed, 1).is_empty() {
            return Outcome::gone();
        }
        if is_import {
            memory::recall(&mut state, &name, &observed);
        }
        let desired = wish::desired(&state, &mut diagnostics);
        let (Some(desired), Ok(catalogue)) = (desired, cloud.catalogue()) else {
            return Outcome::state(state).with(diagnostics);
        };
        let (steps, _) = plan(&desired, &observed, catalogue);
        if is_import {
            state.ready = Attr::Known(true);
            state.steps = Attr::Known(Vec::new());
        }
        state.drift = Attr::Known(steps.steps().map(step_line).collect());
        results::fill(&mut state, &desired, &observed, catalogue);
        if let Err(error) = run.private.set(OBSERVED, &observed) {
            diagnostics.error("Cannot keep what was seen", error.to_string());
        }
        Outcome::state(state).with(diagnostics)
    }

    async fn apply(&self, run: &mut Run<Cloud>, change: Change<ClusterModel>) -> Outcome<ClusterModel> {
        let cloud = match run.client() {
            Ok(cloud) => cloud.clone(),
            Err(diagnostic) => return Outcome::failed(diagnostic),
        };
        match change {
            Change::Create { planned, .. } => be(run, &cloud, planned, None).await,
            Change::Update { prior, planned, .. } => be(run, &cloud, planned, Some(prior)).await,
            Change::Delete { prior } => end(run, &cloud, prior).await,
        }
    }

    async fn import(&self, _run: &mut Run<Cloud>, from: Import) -> Outcome<ClusterModel> {
        let name = match from {
            Import::Id(id) => Some(id),
            Import::Identity(identity) => text_of(&identity, "name"),
        };
        match name.filter(|name| !name.is_empty()) {
            Some(name) => Outcome::state(ClusterModel {
                id: Attr::Known(name.clone()),
                name: Attr::Known(name),
                ..ClusterModel::default()
            }),
            None => {
                Outcome::failed(Diagnostic::error("No name to import by", "Give the name of the cluster."))
            }
        }
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(IdentitySchema {
            version: 0,
            attributes: vec![IdentityAttribute {
                name: "name".to_owned(),
                ty: provider_framework::cty::Type::String,
                required_for_import: true,
                optional_for_import: false,
                description: "The cluster's name.".to_owned(),
            }],
        })
    }

    fn identify(&self, state: &ClusterModel) -> Value {
        Value::object([("name", Value::from(state.name.as_str().unwrap_or_default()))])
    }
}

/// Makes the cluster what was planned, from whatever there is.
async fn be(
    run: &mut Run<Cloud>,
    cloud: &Cloud,
    planned: ClusterModel,
    prior: Option<ClusterModel>,
) -> Outcome<ClusterModel> {
    let mut diagnostics = Diagnostics::new();
    let Some(desired) = wish::desired(&planned, &mut diagnostics) else {
        diagnostics.error(
            "Part of the cluster is unknown",
            "Terraform applied before everything was known: please report this.",
        );
        return Outcome::failed(diagnostics);
    };
    let (client, catalogue) = match (cloud.hetzner(), cloud.catalogue()) {
        (Ok(client), Ok(catalogue)) => (client, catalogue),
        (Err(diagnostic), _) | (_, Err(diagnostic)) => return Outcome::failed(diagnostic),
    };
    let known: Observed = run.private.get(OBSERVED).unwrap_or_default();
    let owner = run.private.get(OWNER).unwrap_or_else(|| Claim::owner_here(&desired.name));
    let claim = Claim::new(owner.clone(), prior.is_some());
    let user_data = planned.user_data.known().map(|text| text.reveal().clone());
    let memory = memory::chunks(&planned);
    let world = World {
        client,
        catalogue,
        known: &known,
        keys: &desired.keys,
        user_data: &|_, _| user_data.clone(),
        claim: &claim,
        memory: &memory,
        events: &|event| progress(&event),
        cancelled: run.cancelled(),
        deadline: WAIT_MAX,
    };
    let applied = apply(&desired, &world).await;
    wish::report(&applied.problems, &mut diagnostics);
    let resume = planned.on_failure.as_str() != Some("taint");
    if let Some(refused) = refused(&applied, prior.is_some()) {
        diagnostics.push(refused);
        return Outcome { state: prior, diagnostics };
    }
    let mut state = planned;
    let observed = applied.observed.clone().unwrap_or_else(|| known.clone());
    state.id = Attr::Known(desired.name.clone());
    state.ready = Attr::Known(applied.is_complete());
    let surprises = results::settle(&mut state, &desired, &observed, catalogue);
    keep(run, &observed, &owner, &mut diagnostics);
    // On an update the state is kept next to errors; on a create an error would taint what is fine.
    let gently = resume && prior.is_none();
    diagnostics.append(applied.failures.iter().map(|failure| diagnostic(failure, gently)));
    if applied.cancelled {
        let mut interrupted = run.interrupted("the cluster was being changed");
        if gently {
            interrupted.severity = DiagnosticSeverity::Warning;
        }
        diagnostics.push(interrupted);
    }
    if !surprises.is_empty() && !diagnostics.has_error() {
        diagnostics.error(
            "The cluster changed between plan and apply",
            format!(
                "Everything is as wished, but not as planned: {} changed meanwhile. What is there is in the state.\n\nWhat \
                 to do: plan and apply again, so that what depends on the cluster follows.",
                surprises.join(", ")
            ),
        );
    }
    Outcome { state: Some(state), diagnostics }
}

/// The one failure that means that nothing was touched: the cluster is not ours to build.
fn refused(applied: &Applied, has_state: bool) -> Option<Diagnostic> {
    let nothing_done = applied.done.is_empty() && !applied.cancelled;
    match applied.failures.as_slice() {
        [only] if nothing_done && (only.is_refusal() || (only.fatal && !has_state)) => {
            Some(diagnostic(only, false))
        }
        [only] if nothing_done && applied.observed.is_none() => Some(diagnostic(only, false)),
        _ => None,
    }
}

/// Removes the cluster. What could not be removed stays in the state.
async fn end(run: &mut Run<Cloud>, cloud: &Cloud, prior: ClusterModel) -> Outcome<ClusterModel> {
    let mut diagnostics = Diagnostics::new();
    let (client, catalogue) = match (cloud.hetzner(), cloud.catalogue()) {
        (Ok(client), Ok(catalogue)) => (client, catalogue),
        (Err(diagnostic), _) | (_, Err(diagnostic)) => return Outcome::failed(diagnostic),
    };
    let name = prior.name.as_str().unwrap_or_default().to_owned();
    let known: Observed = run.private.get(OBSERVED).unwrap_or_default();
    let owner = run.private.get(OWNER).unwrap_or_else(|| Claim::owner_here(&name));
    let claim = Claim::new(owner.clone(), true);
    let world = World {
        client,
        catalogue,
        known: &known,
        keys: &[],
        user_data: &|_, _| None,
        claim: &claim,
        memory: &[],
        events: &|event| progress(&event),
        cancelled: run.cancelled(),
        deadline: WAIT_MAX,
    };
    let applied = destroy(&name, &world).await;
    let observed = applied.observed.clone();
    let gone =
        observed.as_ref().is_some_and(|observed| teardown(&name, observed, DELETES_AT_ONCE).is_empty());
    if gone && applied.failures.is_empty() {
        return Outcome::gone();
    }
    diagnostics.append(applied.failures.iter().map(|failure| diagnostic(failure, false)));
    if applied.cancelled {
        diagnostics.push(run.interrupted("the cluster was being destroyed"));
    }
    let mut state = prior;
    if let Some(observed) = observed {
        state.ready = Attr::Known(false);
        state.machines = Attr::Known(results::machines(&name, &observed));
        keep(run, &observed, &owner, &mut diagnostics);
    }
    Outcome { state: Some(state), diagnostics }
}

fn keep(run: &mut Run<Cloud>, observed: &Observed, owner: &str, diagnostics: &mut Diagnostics) {
    for kept in [run.private.set(OBSERVED, observed), run.private.set(OWNER, owner)] {
        if let Err(error) = kept {
            diagnostics.error("Cannot keep what was seen", error.to_string());
        }
    }
}

fn progress(event: &Event) {
    match event {
        Event::Observed { machines } => tracing::debug!(machines, "looked at the cluster"),
        Event::Wave { title, steps } => tracing::info!(progress = true, steps, "{title}"),
        Event::Begun { step } => tracing::debug!("begin: {step}"),
        Event::Done { step } => tracing::info!(progress = true, "done: {step}"),
        Event::Failed { step, reason } => tracing::warn!("failed: {step}: {reason}"),
        Event::SoldOut { machine, candidate } => {
            tracing::warn!("{machine}: {candidate} is sold out, trying the next")
        }
        Event::Cancelled => tracing::warn!("cancelled"),
    }
}

/// A failed step as a diagnostic: what failed, why, what to do.
pub(crate) fn diagnostic(failure: &Failure, gently: bool) -> Diagnostic {
    let summary = format!("Could not {}", failure.step);
    let mut detail = format!("{}: {}.", failure.object, failure.message);
    if let Some(code) = &failure.code {
        detail.push_str(&format!("\n\nHetzner's code is {code}."));
    }
    detail.push_str(&format!("\n\nWhat to do: {}.", failure.help));
    if gently {
        detail.push_str(
            "\n\nWhat exists is in the state with ready = false; the next apply goes on from there.",
        );
    }
    let diagnostic =
        if gently { Diagnostic::warning(summary, detail) } else { Diagnostic::error(summary, detail) };
    match &failure.field {
        Some(field) => diagnostic.at(wish::path(field)),
        None => diagnostic,
    }
}

fn text_of(identity: &Value, attribute: &str) -> Option<String> {
    identity.get(attribute)?.as_str().map(str::to_owned)
}
