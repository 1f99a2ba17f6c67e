//! What the cluster tells back: machines, inventory, cost.

use std::collections::{BTreeMap, BTreeSet};

use provider_cluster::{Catalogue, Desired, Machine, Names, Observed, Plan as Steps, Role, Step, inventory};
use provider_framework::{Attr, Plan};

use super::model::{ClusterModel, CostModel, MachineModel};

/// The state of a machine that should be there and is not.
const ABSENT: &str = "absent";

/// Fills the computed attributes from what a look has seen.
pub(super) fn fill(state: &mut ClusterModel, desired: &Desired, observed: &Observed, catalogue: &Catalogue) {
    state.machines = Attr::Known(all(desired, observed));
    state.inventory = Attr::Known(inventory(&desired.name, observed, user(state)));
    state.cost = Attr::Known(cost(desired, catalogue));
    state.ready.decide(true);
    state.steps.decide(Vec::new());
    state.drift.decide(Vec::new());
}

/// Fills what was planned from what an apply has made; names the machines that came out otherwise than planned, because
/// somebody changed them in between.
pub(super) fn settle(
    state: &mut ClusterModel,
    desired: &Desired,
    observed: &Observed,
    catalogue: &Catalogue,
) -> Vec<String> {
    let planned = state.machines.known().cloned();
    let planned_cost = state.cost.clone();
    let mut surprises = Vec::new();
    fill(state, desired, observed, catalogue);
    if let (Some(planned), Some(mut now)) = (planned, state.machines.known().cloned()) {
        // What was planned to go and could not be deleted is found by the next refresh; Terraform wants the planned keys now.
        now.retain(|name, _| planned.contains_key(name));
        surprises = now
            .iter()
            .filter(|(name, now)| differs(&planned[*name], now))
            .map(|(name, _)| name.clone())
            .collect();
        state.machines = Attr::Known(now);
    }
    if planned_cost.known().is_some() {
        state.cost = planned_cost;
    }
    surprises
}

fn differs(planned: &MachineModel, now: &MachineModel) -> bool {
    let text = |planned: &Attr<String>, now: &Attr<String>| !planned.is_unknown() && planned != now;
    (!planned.id.is_unknown() && planned.id != now.id)
        || text(&planned.server_type, &now.server_type)
        || text(&planned.location, &now.location)
        || text(&planned.public_ipv4, &now.public_ipv4)
        || text(&planned.public_ipv6, &now.public_ipv6)
        || text(&planned.private_ip, &now.private_ip)
        || text(&planned.state, &now.state)
}

fn user(state: &ClusterModel) -> &str {
    state.ssh.known().and_then(|ssh| ssh.user.as_str()).unwrap_or("root")
}

fn all(desired: &Desired, observed: &Observed) -> BTreeMap<String, MachineModel> {
    let mut all = machines(&desired.name, observed);
    for (name, role, number) in wanted(desired) {
        all.entry(name).or_insert_with(|| absent(role, number));
    }
    all
}

/// Machines by name as they are.
pub(crate) fn machines(cluster: &str, observed: &Observed) -> BTreeMap<String, MachineModel> {
    observed.machines.iter().map(|machine| (machine.name.clone(), model(cluster, machine))).collect()
}

fn model(cluster: &str, machine: &Machine) -> MachineModel {
    let identity = machine.identity(cluster);
    MachineModel {
        id: Attr::Known(machine.id),
        role: identity.map(|(role, _)| role.as_str().to_owned()).into(),
        number: identity.map(|(_, number)| number).into(),
        server_type: Attr::Known(machine.server_type.clone()),
        location: Attr::Known(machine.location.clone()),
        public_ipv4: machine.ipv4.clone().into(),
        public_ipv6: machine.ipv6.clone().into(),
        private_ip: machine.networks.values().next().cloned().into(),
        state: Attr::Known(machine.state.as_str().to_owned()),
    }
}

fn absent(role: Role, number: u32) -> MachineModel {
    MachineModel {
        role: Attr::Known(role.as_str().to_owned()),
        number: Attr::Known(number),
        state: Attr::Known(ABSENT.to_owned()),
        ..MachineModel::default()
    }
}

fn wanted(desired: &Desired) -> Vec<(String, Role, u32)> {
    if !desired.live {
        return Vec::new();
    }
    let names = Names::new(&desired.name);
    let numbers = |role| (1..=desired.count(role)).map(move |number| (role, number));
    let slots = Role::ALL.into_iter().flat_map(numbers);
    slots.map(|(role, number)| (names.machine(role, number), role, number)).collect()
}

/// Machines as they will be: those that no step touches as they are, the others with what is known of them.
pub(super) fn planned_machines(
    desired: &Desired,
    observed: &Observed,
    steps: &Steps,
) -> BTreeMap<String, MachineModel> {
    let now = machines(&desired.name, observed);
    let touched: BTreeSet<&str> = steps.steps().filter_map(touched).collect();
    let mut planned = BTreeMap::new();
    for (name, role, number) in wanted(desired) {
        let model = match now.get(&name) {
            Some(model) if !touched.contains(name.as_str()) => model.clone(),
            _ => MachineModel {
                role: Attr::Known(role.as_str().to_owned()),
                number: Attr::Known(number),
                id: Attr::Unknown,
                server_type: Attr::Unknown,
                location: Attr::Unknown,
                public_ipv4: Attr::Unknown,
                public_ipv6: Attr::Unknown,
                private_ip: Attr::Unknown,
                state: Attr::Unknown,
            },
        };
        planned.insert(name, model);
    }
    planned
}

/// The machine that a step makes or changes.
fn touched(step: &Step) -> Option<&str> {
    match step {
        Step::CreateMachine(spec) => Some(&spec.name),
        Step::ChangeMachine { name, .. } => Some(name),
        _ => None,
    }
}

/// What the wish costs.
pub(super) fn cost(desired: &Desired, catalogue: &Catalogue) -> CostModel {
    let cost = provider_cluster::cost(desired, catalogue);
    CostModel {
        currency: Attr::Known(cost.currency),
        per_hour: Attr::Known(cost.per_hour.normalize().to_string()),
        per_hour_live: Attr::Known(cost.per_hour_live.normalize().to_string()),
    }
}

/// Nothing is to do: what was computed stays, also when something changed that no machine notices.
pub(super) fn keep(plan: &mut Plan<ClusterModel>, observed: &Observed) {
    let Some(prior) = &plan.prior else { return };
    let planned = &mut plan.planned;
    let name = prior.name.as_str().unwrap_or_default();
    // The inventory names the user, who may just have changed.
    let renamed = user(prior) != user(planned);
    let inventory = renamed.then(|| Attr::Known(inventory(name, observed, user(planned))));
    planned.id = prior.id.clone();
    planned.ready = prior.ready;
    planned.machines = prior.machines.clone();
    planned.inventory = inventory.unwrap_or_else(|| prior.inventory.clone());
    planned.cost = prior.cost.clone();
    planned.steps = prior.steps.clone();
    planned.drift = prior.drift.clone();
}
