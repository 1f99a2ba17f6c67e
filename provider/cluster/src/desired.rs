//! What the user wants.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Id, Labels};

/// What a machine does in the cluster. The order is the order of building: what others pull from comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Takes the encoder's stream in.
    Origin,
    /// Fans out from origins to edges.
    Relay,
    /// Serves viewers.
    Edge,
}

impl Role {
    /// All roles, in the order of building.
    pub const ALL: [Self; 3] = [Self::Origin, Self::Relay, Self::Edge];

    /// As in names, labels and configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Relay => "relay",
            Self::Edge => "edge",
        }
    }

    /// The role of a label's value.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// Machines of one role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// How many.
    pub count: u32,
    /// Types by name, the preferred one first.
    pub server_types: Vec<String>,
    /// Locations by name, the preferred one first.
    pub locations: Vec<String>,
}

/// Which image to boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageReference {
    /// By name, e.g. `debian-12`; exists once per architecture.
    Name(String),
    /// By ID.
    Id(Id),
    /// The newest snapshot that a label selector matches.
    Selector(String),
}

/// Which SSH key may log in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyReference {
    /// A key of the project, by name.
    Name(String),
    /// A key of the project, by ID.
    Id(Id),
    /// A public key; adopted when its fingerprint is there, uploaded otherwise.
    Public {
        /// In OpenSSH's one-line form.
        line: String,
        /// MD5 of the blob as colon-separated hex.
        fingerprint: String,
    },
}

/// Who may reach what, on the public side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// CIDRs that may use SSH on every machine.
    pub ssh_from: Vec<String>,
    /// CIDRs that may send a stream to origins.
    pub ingest_from: Vec<String>,
    /// CIDRs that may pull from origins and relays over the public side.
    pub pull_from: Vec<String>,
    /// CIDRs that may watch on edges.
    pub viewers_from: Vec<String>,
    /// Ports for ingest, e.g. `tcp/1935`.
    pub ingest_ports: Vec<String>,
    /// Ports for pulling.
    pub pull_ports: Vec<String>,
    /// Ports for viewers.
    pub viewer_ports: Vec<String>,
}

/// The private network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkWish {
    /// The first two bytes of the range that shards are cut from: `(10, 64)` is `10.64.0.0/16`.
    pub base: (u8, u8),
}

/// What to do with a machine whose image or user data changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnChange {
    /// Delete and make anew, in waves.
    #[default]
    Replace,
    /// Rebuild in place, in waves: address, placement and price stay.
    Rebuild,
}

/// How many machines of a role may be down at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unavailable {
    /// So many.
    Machines(u32),
    /// So many in a hundred, rounded down, and at least one.
    Percent(u32),
}

impl Unavailable {
    /// Of this many machines.
    #[must_use]
    pub fn of(self, count: u32) -> u32 {
        match self {
            Self::Machines(machines) => machines,
            Self::Percent(percent) => (count.saturating_mul(percent) / 100).max(1),
        }
    }

    /// Whether nothing could ever be changed.
    #[must_use]
    pub fn is_zero(self) -> bool {
        matches!(self, Self::Machines(0) | Self::Percent(0))
    }
}

/// How changes are spread over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// Machines of one role that may be down at once.
    pub max_unavailable: Unavailable,
    /// Requests that make or change machines at once.
    pub max_parallel: u32,
    /// What to do when image or user data change.
    pub on_change: OnChange,
}

impl Default for Rollout {
    fn default() -> Self {
        Self { max_unavailable: Unavailable::Machines(1), max_parallel: 10, on_change: OnChange::Replace }
    }
}

/// A whole cluster as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// Its name: begins every object's name.
    pub name: String,
    /// Whether machines exist at all; what costs nothing stays either way.
    pub live: bool,
    /// Machines by role.
    pub groups: BTreeMap<Role, Group>,
    /// Image.
    pub image: ImageReference,
    /// SSH keys.
    pub keys: Vec<KeyReference>,
    /// Firewall.
    pub access: Access,
    /// Private network; `None` for none.
    pub network: Option<NetworkWish>,
    /// Spread machines over hosts.
    pub spread: bool,
    /// The user's own labels, on every object.
    pub labels: Labels,
    /// Protect machines against deletion outside of Terraform.
    pub protected: bool,
    /// Digest of the user data; empty without any.
    pub user_data_digest: String,
    /// Waves.
    pub rollout: Rollout,
}

impl Desired {
    /// How many machines of a role should exist, whether live or not.
    #[must_use]
    pub fn count(&self, role: Role) -> u32 {
        self.groups.get(&role).map_or(0, |group| group.count)
    }
}
