//! `streaming_cluster`: look, plan and apply are calls to the domain crates; this file only translates.

mod model;
mod schema;
mod wish;

use std::collections::BTreeMap;

use provider_apply::{Applied, Claim, Event, Failure, World, apply, destroy, observe};
use provider_cluster::{
    Catalogue, Desired, Machine, Names, Observed, Role, Severity, cost, inventory, plan, step_line, teardown,
};
use provider_framework::cty::{Path, Value};
use provider_framework::schema::Schema;
use provider_framework::{
    Attr, Change, Diagnostic, Diagnostics, IdentityAttribute, IdentitySchema, Import, Outcome, Plan, Resource, Run,
    Timeouts, async_trait,
};

use crate::provider::Cloud;
use model::{ClusterModel, CostModel, MachineModel};

/// The resource.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cluster;

/// How long a cluster may take without other words: 360 machines and a snapshot to boot from fit into it.
pub(self) const TIMEOUTS: Timeouts = Timeouts::minutes(60, 60, 30);

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
            keep_results(plan);
            return;
        }
        if !plan.is_create() {
            plan.force_update();
        }
        plan.planned.id = Attr::Known(desired.name.clone());
        plan.planned.steps = Attr::Known(steps.steps().map(step_line).collect());
        plan.planned.drift = Attr::Known(Vec::new());
        plan.planned.cost = Attr::Known(cost_model(&desired, catalogue));
        plan.planned.machines = Attr::Known(planned_machines(&desired, &observed, &steps));
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
            import_wish(&mut state, &name, &observed, &cloud);
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
        fill(&mut state, &desired, &observed, catalogue);
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
            None => Outcome::failed(Diagnostic::error("No name to import by", "Give the name of the cluster.")),
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
