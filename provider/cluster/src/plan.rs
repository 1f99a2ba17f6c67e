//! The parent function: phases in order, and all the `if`s between them.

mod cleanup;
mod grow;
mod machines;
mod repair;
mod shared;
mod shrink;

use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::desired::{Desired, Role};
use crate::observed::Observed;
use crate::problem::{Problem, Severity};
use crate::step::{ObjectKind, Step};
use crate::validate::validate;

/// Steps that do not wait for one another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    /// What it is for, e.g. `replace edges`.
    pub title: String,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// Everything between what is and what should be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// In order; a wave begins when the one before is done.
    pub waves: Vec<Wave>,
    /// Steps of a wave that may run at once.
    pub parallel_max: u32,
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waves.iter().all(|wave| wave.steps.is_empty())
    }

    /// All steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.waves.iter().flat_map(|wave| &wave.steps)
    }

    fn push(&mut self, title: &str, steps: Vec<Step>) {
        if !steps.is_empty() {
            self.waves.push(Wave { title: title.to_owned(), steps });
        }
    }
}

/// Plans the way from what is to what should be. With an error among the problems the plan is empty.
#[must_use]
pub fn plan(desired: &Desired, observed: &Observed, catalogue: &Catalogue) -> (Plan, Vec<Problem>) {
    let mut problems = validate(desired, catalogue);
    let sorted = machines::sort(desired, observed, catalogue);
    problems.extend(shared::key_problems(desired, observed));
    problems.extend(machines::problems(desired, observed));
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return (Plan::default(), problems);
    }

    let mut plan = Plan { waves: Vec::new(), parallel_max: desired.rollout.max_parallel };
    // The anchor comes alone and first: it says whose the cluster is.
    plan.push("claim the cluster", shared::anchor(desired, observed));
    plan.push("shared objects", shared::objects(desired, observed, catalogue));
    // Viewers' side goes first when shrinking, so that nobody pulls from what is gone.
    for role in Role::ALL.into_iter().rev() {
        plan.push(&format!("remove {}s", role.as_str()), shrink::surplus(&sorted, role));
    }
    plan.push("repair machines", repair::quiet(desired, observed, &sorted));
    // What is missing comes before what takes machines down: viewers keep the most capacity.
    // All at once, in the order of building: nothing needs its source just to boot, and waiting together is cheaper.
    let missing = |role| grow::missing(desired, &sorted, catalogue, role);
    plan.push("create machines", Role::ALL.into_iter().flat_map(missing).collect());
    for role in Role::ALL {
        for (title, steps) in repair::disruptive(desired, observed, &sorted, catalogue, role) {
            plan.push(&title, steps);
        }
    }
    plan.push("clean up", cleanup::unused(desired, observed));
    (plan, problems)
}

/// Plans the end of a cluster: everything that bears its labels, the anchor last.
#[must_use]
pub fn teardown(cluster: &str, observed: &Observed, parallel_max: u32) -> Plan {
    let mut plan = Plan { waves: Vec::new(), parallel_max };
    let why = "the cluster is destroyed";
    for role in Role::ALL.into_iter().rev().map(Some).chain([None]) {
        let steps = observed
            .machines
            .iter()
            .filter(|machine| machine.identity(cluster).map(|(role, _)| role) == role)
            .map(|machine| shrink::removal(machine, why))
            .collect();
        plan.push(&format!("remove {}s", role.map_or("other machine", Role::as_str)), steps);
    }
    let delete = |kind, name: &String, id| Step::Delete { kind, name: name.clone(), id, why: why.to_owned() };
    let mut objects: Vec<Step> = Vec::new();
    objects.extend(observed.groups.iter().map(|(name, group)| delete(ObjectKind::Group, name, group.id)));
    objects.extend(
        observed.networks.iter().map(|(name, network)| delete(ObjectKind::Network, name, network.id)),
    );
    objects.extend(
        observed.keys.iter().filter(|key| key.ours).map(|key| delete(ObjectKind::Key, &key.name, key.id)),
    );
    let anchor = crate::Names::new(cluster).anchor();
    let (anchors, firewalls): (Vec<_>, Vec<_>) =
        observed.firewalls.iter().partition(|(name, _)| **name == anchor);
    objects.extend(firewalls.iter().map(|(name, firewall)| delete(ObjectKind::Firewall, name, firewall.id)));
    plan.push("remove shared objects", objects);
    let last =
        anchors.iter().map(|(name, firewall)| delete(ObjectKind::Firewall, name, firewall.id)).collect();
    plan.push("release the cluster", last);
    plan
}

/// What is tried first for a machine of this role.
pub(crate) fn preferred(desired: &Desired, catalogue: &Catalogue, role: Role) -> Option<crate::Candidate> {
    machines::candidates(desired, catalogue, role).into_iter().next()
}
