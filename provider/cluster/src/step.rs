//! One step: closed, ordered, every choice already made.

use serde::{Deserialize, Serialize};

use crate::desired::{ImageReference, Role};
use crate::{Id, Labels};

/// A firewall rule inwards.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// `tcp`, `udp`, `icmp`, …
    pub protocol: String,
    /// `80` or `1024-5000`; `None` where the protocol has no ports.
    pub port: Option<String>,
    /// CIDRs, sorted.
    pub sources: Vec<String>,
    /// For people.
    pub description: String,
}

/// A firewall to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallSpec {
    /// Its name.
    pub name: String,
    /// Its rules, sorted.
    pub rules: Vec<Rule>,
    /// Its labels.
    pub labels: Labels,
}

/// A network to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkSpec {
    /// Its name.
    pub name: String,
    /// CIDR.
    pub range: String,
    /// Its subnets.
    pub subnets: Vec<crate::observed::Subnet>,
    /// Its labels.
    pub labels: Labels,
}

/// A type in a location, to be tried in turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Type by name.
    pub server_type: String,
    /// Location by name.
    pub location: String,
}

/// A machine to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineSpec {
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Its number within the role.
    pub number: u32,
    /// What to try, in order; the next when one is sold out.
    pub candidates: Vec<Candidate>,
    /// Image.
    pub image: ImageReference,
    /// Name of its placement group.
    pub group: Option<String>,
    /// Name of its network.
    pub network: Option<String>,
    /// Names of its firewalls.
    pub firewalls: Vec<String>,
    /// Its labels.
    pub labels: Labels,
    /// Protect it once it is made.
    pub protected: bool,
}

/// A kind of object that carries labels or is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ObjectKind {
    /// A machine's server.
    Machine,
    /// A firewall.
    Firewall,
    /// A network.
    Network,
    /// A placement group.
    Group,
    /// An SSH key.
    Key,
}

impl ObjectKind {
    /// As shown to people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Firewall => "firewall",
            Self::Network => "network",
            Self::Group => "placement group",
            Self::Key => "SSH key",
        }
    }
}

/// What is done to a machine that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Power on.
    PowerOn,
    /// Give it its name back.
    Rename,
    /// Replace its labels.
    Relabel(Labels),
    /// Put it behind a firewall, by name.
    Guard(String),
    /// Attach it to a network, by name.
    Attach(String),
    /// Detach it from a network of ours that it does not belong to, by ID.
    Detach(Id),
    /// Set its protection.
    Protect(bool),
    /// Off, into a placement group (by name), on.
    JoinGroup(String),
    /// Off, to another type, on; the types are tried in order.
    Retype(Vec<String>),
    /// Rebuild its disk, with these labels once it is done.
    Rebuild(ImageReference, Labels),
}

impl Change {
    /// Whether viewers notice: the machine is down meanwhile.
    #[must_use]
    pub fn is_disruptive(&self) -> bool {
        matches!(self, Self::JoinGroup(_) | Self::Retype(_) | Self::Rebuild(..))
    }
}

/// One step. Each is safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Make a firewall.
    CreateFirewall(FirewallSpec),
    /// Replace a firewall's rules.
    SetRules {
        /// Its name.
        name: String,
        /// Its ID.
        id: Id,
        /// All its rules, sorted.
        rules: Vec<Rule>,
    },
    /// Upload a key.
    CreateKey {
        /// Its name.
        name: String,
        /// In OpenSSH's one-line form.
        line: String,
        /// Its labels.
        labels: Labels,
    },
    /// Make a network.
    CreateNetwork(NetworkSpec),
    /// Add a subnet.
    AddSubnet {
        /// The network's name.
        name: String,
        /// The network's ID.
        id: Id,
        /// The subnet.
        subnet: crate::observed::Subnet,
    },
    /// Make a placement group.
    CreateGroup {
        /// Its name.
        name: String,
        /// Its labels.
        labels: Labels,
    },
    /// Replace the labels of a shared object.
    Relabel {
        /// Its kind.
        kind: ObjectKind,
        /// Its name.
        name: String,
        /// Its ID.
        id: Id,
        /// All its labels.
        labels: Labels,
    },
    /// Make a machine.
    CreateMachine(Box<MachineSpec>),
    /// Change a machine that stays; the changes are done in order.
    ChangeMachine {
        /// Its name (the one it should have).
        name: String,
        /// Its ID.
        id: Id,
        /// What is done.
        changes: Vec<Change>,
    },
    /// Delete an object.
    Delete {
        /// Its kind.
        kind: ObjectKind,
        /// Its name.
        name: String,
        /// Its ID.
        id: Id,
        /// Why: shown to people.
        why: String,
    },
    /// Wait until a machine that is being deleted is gone.
    AwaitGone {
        /// Its name.
        name: String,
        /// Its ID.
        id: Id,
    },
}
