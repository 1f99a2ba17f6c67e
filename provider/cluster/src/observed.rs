//! What was seen: the cluster's objects, whoever made or changed them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::desired::{ImageReference, Role};
use crate::step::Rule;
use crate::{Id, Labels};

/// A machine's state, as far as planning goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MachineState {
    /// Up, or on its way up.
    Running,
    /// Powered off, or on its way there.
    Off,
    /// On its way out.
    Deleting,
    /// Busy with something else (migrating, rebuilding): left alone.
    Busy,
}

impl MachineState {
    /// As shown to people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Off => "off",
            Self::Deleting => "deleting",
            Self::Busy => "busy",
        }
    }
}

/// A machine that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// ID of its server.
    pub id: Id,
    /// Its name now.
    pub name: String,
    /// Type by name.
    pub server_type: String,
    /// Location by name.
    pub location: String,
    /// Its state.
    pub state: MachineState,
    /// Size of its disk, when known: a disk only grows.
    #[serde(default)]
    pub disk_gb: Option<u32>,
    /// ID of the image it was made from; `None` when that image is gone.
    pub image: Option<Id>,
    /// All its labels.
    pub labels: Labels,
    /// IDs of its firewalls.
    pub firewalls: Vec<Id>,
    /// Private addresses by network ID.
    pub networks: BTreeMap<Id, String>,
    /// ID of its placement group.
    pub group: Option<Id>,
    /// Public IPv4 address.
    pub ipv4: Option<String>,
    /// Public IPv6 network.
    pub ipv6: Option<String>,
    /// Protected against deletion.
    pub protected: bool,
}

impl Machine {
    /// Role and number: by its labels, or by its name when somebody removed the labels.
    #[must_use]
    pub fn identity(&self, cluster: &str) -> Option<(Role, u32)> {
        let by_label = || {
            let role = Role::parse(self.labels.get(crate::LABEL_ROLE)?)?;
            Some((role, number(self.labels.get(crate::LABEL_NUMBER)?)?))
        };
        let by_name = || {
            let (role, digits) = self.name.strip_prefix(cluster)?.strip_prefix('-')?.split_once('-')?;
            Some((Role::parse(role)?, number(digits)?))
        };
        by_label().or_else(by_name)
    }
}

/// A number as we write it: no sign, no leading zero.
fn number(text: &str) -> Option<u32> {
    if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A firewall that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firewall {
    /// Its ID.
    pub id: Id,
    /// Its labels.
    pub labels: Labels,
    /// Its rules, sorted.
    pub rules: Vec<Rule>,
}

/// A subnet of a network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subnet {
    /// Network zone, e.g. `eu-central`.
    pub zone: String,
    /// CIDR.
    pub range: String,
}

/// A network that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Its ID.
    pub id: Id,
    /// CIDR.
    pub range: String,
    /// Its subnets.
    pub subnets: Vec<Subnet>,
    /// Its labels.
    pub labels: Labels,
}

/// A placement group that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementGroup {
    /// Its ID.
    pub id: Id,
    /// Its labels.
    pub labels: Labels,
}

/// An SSH key of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Its ID.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// MD5 of its blob as colon-separated hex.
    pub fingerprint: String,
    /// Whether our labels are on it: we uploaded it.
    pub ours: bool,
}

/// What an image reference stands for right now, per architecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    /// The reference that was looked up.
    pub reference: ImageReference,
    /// For x86.
    pub x86: Option<Id>,
    /// For Arm.
    pub arm: Option<Id>,
}

/// Everything that was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Machines of the cluster.
    pub machines: Vec<Machine>,
    /// Firewalls of the cluster by name.
    pub firewalls: BTreeMap<String, Firewall>,
    /// Networks of the cluster by name.
    pub networks: BTreeMap<String, Network>,
    /// Placement groups of the cluster by name.
    pub groups: BTreeMap<String, PlacementGroup>,
    /// SSH keys of the project.
    pub keys: Vec<Key>,
    /// The image, once it was looked up.
    pub images: Option<Images>,
}
