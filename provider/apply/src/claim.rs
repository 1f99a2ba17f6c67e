//! Whose cluster it is: labels on the anchor, so that two states never build the same cluster at once.
//!
//! `owner` says which state; `phase` whether it was ever finished; `lease` who is at work and until when. The firewall's name
//! is unique in a project, so making it is the lock: of two creates at the same moment the API refuses one.

use std::time::{SystemTime, UNIX_EPOCH};

use provider_cluster::Labels;
use sha2::{Digest, Sha256};

const OWNER: &str = "owner";
const PHASE: &str = "phase";
const LEASE: &str = "lease";
const BUILDING: &str = "building";
const BUILT: &str = "built";

/// How long a lease lasts after its last renewal. Long enough to live through a slow request, short enough that a run that
/// was killed on another host can be taken over in one coffee.
const LEASE_S: u64 = 180;

/// A process at work: on which host, which process, begun when. A process ID alone is used again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    host: String,
    pid: u32,
    began: u64,
}

impl Holder {
    /// This process.
    #[must_use]
    pub fn this_process() -> Self {
        let pid = std::process::id();
        Self { host: this_host(), pid, began: began(pid).unwrap_or(0) }
    }

    /// A process of a host.
    #[must_use]
    pub fn on(host: &str, pid: u32, began: u64) -> Self {
        Self { host: host.to_owned(), pid, began }
    }

    /// Whether the process certainly does not run any more: it was of this host and is not there.
    fn is_dead(&self) -> bool {
        self.host == this_host() && self.began != 0 && began(self.pid) != Some(self.began)
    }
}

/// The host, as far as process IDs go: the machine, since its boot, in this namespace of process IDs.
fn this_host() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let namespace = std::fs::read_link("/proc/self/ns/pid").map(|link| link.display().to_string());
    let whole =
        [read("/etc/machine-id"), read("/proc/sys/kernel/random/boot_id"), namespace.unwrap_or_default()];
    short_hash(&whole.join("\n"), 4)
}

/// When a process began, in clock ticks since boot (proc(5), field 22 of stat). `None` when it does not run.
fn began(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command name in parentheses may hold spaces and parentheses itself.
    let after_name = stat.rsplit_once(')')?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let state = fields.first()?;
    (*state != "Z" && *state != "X").then(|| fields.get(19)?.parse().ok())?
}

fn short_hash(text: &str, bytes: usize) -> String {
    Sha256::digest(text.as_bytes()).iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A right to build a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Which state: kept with it, or made from where Terraform runs.
    pub owner: String,
    /// Whether a state has the cluster already (update, destroy, after an import).
    pub has_state: bool,
    /// Who is at work.
    pub holder: Holder,
}

/// Why a cluster may not be touched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another run is at work right now.
    #[error("another apply is at work on cluster {cluster} (its lease ends in {seconds_left} s)")]
    AtWork {
        /// The cluster.
        cluster: String,
        /// Until it could be taken over.
        seconds_left: u64,
    },
    /// Another state has finished it.
    #[error("cluster {cluster} exists and belongs to another Terraform state")]
    Foreign {
        /// The cluster.
        cluster: String,
    },
}

impl Refusal {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::AtWork { .. } => {
                "wait until it has ended; a run that was killed is taken over when its lease has ended"
                    .to_owned()
            }
            Self::Foreign { cluster } => format!(
                "to manage it here, run `terraform import streaming_cluster.NAME {cluster}`; to keep both, choose another \
                 name; to start over, destroy it where it was made"
            ),
        }
    }
}

impl Claim {
    /// The owner for a state that is about to be made: where Terraform runs. A run that was killed before it could save its
    /// state finds its cluster again from the same place.
    #[must_use]
    pub fn owner_here(cluster: &str) -> String {
        let folder = std::env::current_dir().map(|path| path.display().to_string()).unwrap_or_default();
        let workspace = std::env::var("TF_WORKSPACE")
            .or_else(|_| std::fs::read_to_string(".terraform/environment"))
            .unwrap_or_default();
        let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
        short_hash(&[machine.as_str(), &folder, workspace.trim(), cluster].join("\n"), 8)
    }

    /// A claim of this process.
    #[must_use]
    pub fn new(owner: String, has_state: bool) -> Self {
        Self { owner, has_state, holder: Holder::this_process() }
    }

    /// Judges the anchor's labels; `None` when there is no anchor.
    pub(crate) fn judge(&self, cluster: &str, anchor: Option<&Labels>) -> Result<(), Refusal> {
        let Some(labels) = anchor else { return Ok(()) };
        if let Some((ends_s, holder)) = labels.get(LEASE).and_then(|text| parse_lease(text)) {
            let now = now_s();
            if holder != self.holder && ends_s > now && !holder.is_dead() {
                return Err(Refusal::AtWork { cluster: cluster.to_owned(), seconds_left: ends_s - now });
            }
        }
        let owner = labels.get(OWNER).map(String::as_str);
        let built = labels.get(PHASE).is_none_or(|phase| phase == BUILT);
        if !self.has_state && built && owner != Some(self.owner.as_str()) {
            return Err(Refusal::Foreign { cluster: cluster.to_owned() });
        }
        Ok(())
    }

    /// Labels while at work. A cluster that was finished once stays so.
    pub(crate) fn at_work(&self, mut labels: Labels) -> Labels {
        let holder = &self.holder;
        let lease = format!("{}.{}.{}.{}", now_s() + LEASE_S, holder.host, holder.pid, holder.began);
        labels.insert(LEASE.to_owned(), lease);
        labels.insert(OWNER.to_owned(), self.owner.clone());
        labels.entry(PHASE.to_owned()).or_insert_with(|| BUILDING.to_owned());
        labels
    }

    /// Labels when the work has ended; `built` when it ended well.
    pub(crate) fn at_rest(&self, mut labels: Labels, built: bool) -> Labels {
        labels.remove(LEASE);
        labels.insert(OWNER.to_owned(), self.owner.clone());
        if built {
            labels.insert(PHASE.to_owned(), BUILT.to_owned());
        }
        labels
    }

    /// Whether the labels say that this process is at work.
    pub(crate) fn holds(&self, labels: &Labels) -> bool {
        labels.get(LEASE).and_then(|text| parse_lease(text)).is_some_and(|(_, holder)| holder == self.holder)
    }

    /// After this much of a lease it is renewed.
    pub(crate) const RENEW_AFTER_S: u64 = LEASE_S / 3;
}

fn parse_lease(text: &str) -> Option<(u64, Holder)> {
    let mut parts = text.split('.');
    let ends_s = parts.next()?.parse().ok()?;
    let host = parts.next()?.to_owned();
    let pid = parts.next()?.parse().ok()?;
    let began = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some((ends_s, Holder { host, pid, began }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(owner: &str, has_state: bool) -> Claim {
        Claim::new(owner.to_owned(), has_state)
    }

    fn other_host(mut claim: Claim) -> Claim {
        claim.holder.host = "0badcafe".to_owned();
        claim
    }

    #[test]
    fn a_run_at_work_elsewhere_is_waited_for_until_its_lease_ends() {
        let theirs = other_host(claim("them", false)).at_work(Labels::new());
        assert!(matches!(claim("us", false).judge("c", Some(&theirs)), Err(Refusal::AtWork { .. })));
        let mut expired = theirs.clone();
        expired.insert(
            LEASE.to_owned(),
            theirs[LEASE].replacen(|_: char| true, "", 10).trim_start_matches('.').to_owned(),
        );
        expired.insert(LEASE.to_owned(), format!("1.{}", expired[LEASE]));
        assert_eq!(claim("us", false).judge("c", Some(&expired)), Ok(()));
    }

    #[test]
    fn a_run_killed_on_this_host_is_taken_over_at_once() {
        let mut killed = claim("them", false);
        killed.holder.pid = u32::MAX;
        let labels = killed.at_work(Labels::new());
        assert_eq!(claim("us", false).judge("c", Some(&labels)), Ok(()));
    }

    #[test]
    fn a_finished_cluster_of_another_state_wants_an_import() {
        let built = claim("them", false).at_rest(Labels::new(), true);
        assert!(matches!(claim("us", false).judge("c", Some(&built)), Err(Refusal::Foreign { .. })));
        assert_eq!(claim("us", true).judge("c", Some(&built)), Ok(()), "after an import");
        assert_eq!(claim("them", false).judge("c", Some(&built)), Ok(()), "whose state was lost");
    }

    #[test]
    fn a_firewall_without_our_labels_is_a_stranger() {
        assert!(matches!(claim("us", false).judge("c", Some(&Labels::new())), Err(Refusal::Foreign { .. })));
    }

    #[test]
    fn labels_at_work_and_at_rest_are_labels() {
        let labels = claim("us", false).at_work(Labels::new());
        assert!(claim("us", false).holds(&labels));
        for value in labels.values() {
            provider_hcloud::check_label_value(value).expect("a label");
        }
        assert!(!claim("us", false).holds(&claim("us", false).at_rest(labels, true)));
    }
}
