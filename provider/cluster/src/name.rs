//! Names and labels: the one reusable truth of which object is which.

use crate::desired::Role;
use crate::{Desired, Labels};

/// Label key: who manages the object.
pub const LABEL_MANAGED_BY: &str = "managed-by";
/// Label value of [`LABEL_MANAGED_BY`].
pub const MANAGED_BY: &str = "streaming-cluster";
/// Label key: the cluster's name.
pub const LABEL_CLUSTER: &str = "cluster";
/// Label key: a machine's role.
pub const LABEL_ROLE: &str = "role";
/// Label key: a machine's number within its role, from 1.
pub const LABEL_NUMBER: &str = "number";
/// Label key: digest of the user data that a machine was made with.
pub const LABEL_USER_DATA: &str = "user-data";

/// Begins the label keys under which the anchor remembers the wish that it was last made by.
pub const MEMORY_LABEL: &str = "wish-";

/// Keys that the user may not set.
pub(crate) const RESERVED: &[&str] =
    &[LABEL_MANAGED_BY, LABEL_CLUSTER, LABEL_ROLE, LABEL_NUMBER, LABEL_USER_DATA, "owner", "lease", "phase"];

/// Machines that share a placement group (API limit).
pub(crate) const PER_GROUP: u32 = 10;

/// Edges in the first network; the rest of its hundred places are the origins' and relays'.
pub(crate) const EDGES_IN_FIRST_NETWORK: u32 = 75;

/// Origins and relays together that fit into the first network.
pub(crate) const CORE_MACHINES_MAX: u32 = 25;

/// Members of a network (API limit).
pub(crate) const PER_NETWORK: u32 = 100;

/// Names of a cluster's objects.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    cluster: &'a str,
}

impl<'a> Names<'a> {
    /// Names in the cluster called so.
    #[must_use]
    pub fn new(cluster: &'a str) -> Self {
        Self { cluster }
    }

    /// The firewall of all machines. It is made first and deleted last, so it also carries who owns the cluster.
    #[must_use]
    pub fn anchor(self) -> String {
        self.cluster.to_owned()
    }

    /// The firewall of one role.
    #[must_use]
    pub fn firewall(self, role: Role) -> String {
        format!("{}-{}", self.cluster, role.as_str())
    }

    /// A machine.
    #[must_use]
    pub fn machine(self, role: Role, number: u32) -> String {
        format!("{}-{}-{number}", self.cluster, role.as_str())
    }

    /// The placement group of a machine.
    #[must_use]
    pub fn group_of(self, role: Role, number: u32) -> String {
        self.group(role, (number - 1) / PER_GROUP + 1)
    }

    /// A placement group, counted from 1 within its role.
    #[must_use]
    pub fn group(self, role: Role, index: u32) -> String {
        format!("{}-{}-spread-{index}", self.cluster, role.as_str())
    }

    /// A network, counted from 1.
    #[must_use]
    pub fn network(self, shard: u32) -> String {
        format!("{}-{shard}", self.cluster)
    }

    /// Which network a machine belongs to. Depends on role and number alone, so that growing moves nobody.
    #[must_use]
    pub fn shard_of(role: Role, number: u32) -> u32 {
        match role {
            Role::Origin | Role::Relay => 1,
            Role::Edge if number <= EDGES_IN_FIRST_NETWORK => 1,
            Role::Edge => 2 + (number - EDGES_IN_FIRST_NETWORK - 1) / PER_NETWORK,
        }
    }

    /// A key that we upload.
    #[must_use]
    pub fn key(self, fingerprint: &str) -> String {
        let short: String = fingerprint.chars().filter(char::is_ascii_hexdigit).take(12).collect();
        format!("{}-{short}", self.cluster)
    }
}

/// Labels of every object of the cluster.
pub(crate) fn shared_labels(desired: &Desired) -> Labels {
    let mut labels = desired.labels.clone();
    labels.insert(LABEL_MANAGED_BY.to_owned(), MANAGED_BY.to_owned());
    labels.insert(LABEL_CLUSTER.to_owned(), desired.name.clone());
    labels
}

/// Labels of a machine.
pub(crate) fn machine_labels(desired: &Desired, role: Role, number: u32) -> Labels {
    let mut labels = shared_labels(desired);
    labels.insert(LABEL_ROLE.to_owned(), role.as_str().to_owned());
    labels.insert(LABEL_NUMBER.to_owned(), number.to_string());
    if !desired.user_data_digest.is_empty() {
        labels.insert(LABEL_USER_DATA.to_owned(), desired.user_data_digest.clone());
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_network_ever_gets_more_than_its_members() {
        let mut members = std::collections::BTreeMap::<u32, u32>::new();
        members.insert(1, CORE_MACHINES_MAX);
        for number in 1..=2000 {
            *members.entry(Names::shard_of(Role::Edge, number)).or_default() += 1;
        }
        assert!(members.values().all(|count| *count <= PER_NETWORK), "{members:?}");
        assert_eq!(members[&1], PER_NETWORK);
    }

    #[test]
    fn names_follow_from_role_and_number() {
        let names = Names::new("trivia");
        assert_eq!(names.machine(Role::Edge, 11), "trivia-edge-11");
        assert_eq!(names.group_of(Role::Edge, 10), "trivia-edge-spread-1");
        assert_eq!(names.group_of(Role::Edge, 11), "trivia-edge-spread-2");
        assert_eq!(names.key("ab:cd:ef:01:23:45:67"), "trivia-abcdef012345");
    }
}
