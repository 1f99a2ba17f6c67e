//! Firewalls: rules for the public side of servers.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Id;
use crate::action::Action;
use crate::client::{Client, Plural};
use crate::error::Error;
use crate::http::Creation;
use crate::label::{Labels, Selector};
use crate::lenient::null_as_default;
use crate::open_enum::open_enum;

const KIND: Plural = Plural { plural: "firewalls", singular: "firewall", sorted: true };

open_enum! {
    /// A rule's direction.
    Direction { In = "in", Out = "out" }
}
open_enum! {
    /// A rule's protocol.
    Protocol { Tcp = "tcp", Udp = "udp", Icmp = "icmp", Esp = "esp", Gre = "gre" }
}

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// In or out.
    #[serde(default)]
    pub direction: Direction,
    /// Protocol.
    #[serde(default)]
    pub protocol: Protocol,
    /// `80` or `1024-5000`; only for TCP and UDP.
    #[serde(default)]
    pub port: Option<String>,
    /// CIDRs, for rules inwards.
    #[serde(default, deserialize_with = "null_as_default")]
    pub source_ips: Vec<String>,
    /// CIDRs, for rules outwards.
    #[serde(default, deserialize_with = "null_as_default")]
    pub destination_ips: Vec<String>,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
}

#[derive(Deserialize)]
struct WireId {
    id: Id,
}

#[derive(Deserialize)]
struct WireSelector {
    selector: String,
}

#[derive(Default, Deserialize)]
struct WireApplied {
    #[serde(default)]
    server: Option<WireId>,
    #[serde(default)]
    label_selector: Option<WireSelector>,
    #[serde(default, deserialize_with = "null_as_default")]
    applied_to_resources: Vec<WireApplied>,
}

/// What a firewall guards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppliedTo {
    /// IDs of servers named one by one.
    pub servers: Vec<Id>,
    /// Label selectors.
    pub selectors: Vec<String>,
    /// IDs of servers that the selectors match.
    pub selected_servers: Vec<Id>,
}

impl<'de> Deserialize<'de> for AppliedTo {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Option::<Vec<WireApplied>>::deserialize(deserializer)?.unwrap_or_default();
        let mut applied = Self::default();
        for entry in wire {
            applied.servers.extend(entry.server.map(|server| server.id));
            applied.selectors.extend(entry.label_selector.map(|selector| selector.selector));
            let selected = entry.applied_to_resources.into_iter().filter_map(|resource| resource.server);
            applied.selected_servers.extend(selected.map(|server| server.id));
        }
        Ok(applied)
    }
}

/// A firewall.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Firewall {
    /// Its ID.
    pub id: Id,
    /// Its name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// Labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: Labels,
    /// Rules; no rule inwards means that nothing comes in.
    #[serde(default, deserialize_with = "null_as_default")]
    pub rules: Vec<Rule>,
    /// What it guards.
    #[serde(default)]
    pub applied_to: AppliedTo,
}

/// What to guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirewallTarget {
    /// One server.
    Server(Id),
    /// All servers that a label selector matches, now and later.
    Selector(Selector),
}

impl FirewallTarget {
    fn to_wire(&self) -> serde_json::Value {
        match self {
            Self::Server(id) => json!({ "type": "server", "server": { "id": id } }),
            Self::Selector(selector) => {
                json!({ "type": "label_selector", "label_selector": { "selector": selector.to_string() } })
            }
        }
    }
}

/// A firewall to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFirewall {
    /// Its name.
    pub name: String,
    /// Rules.
    pub rules: Vec<Rule>,
    /// What to guard from the start.
    pub apply_to: Vec<FirewallTarget>,
    /// Labels.
    pub labels: Labels,
}

fn targets(targets: &[FirewallTarget]) -> Vec<serde_json::Value> {
    targets.iter().map(FirewallTarget::to_wire).collect()
}

impl Client {
    /// All firewalls, or those that the selector matches.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn firewalls(&self, selector: Option<&Selector>) -> Result<Vec<Firewall>, Error> {
        self.list(KIND, selector).await
    }

    /// A firewall by name.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn find_firewall(&self, name: &str) -> Result<Option<Firewall>, Error> {
        self.find(KIND, name).await
    }

    /// A firewall by ID.
    ///
    /// # Errors
    /// [`Error::is_not_found`] or why the API could not be read.
    pub async fn firewall(&self, id: Id) -> Result<Firewall, Error> {
        self.get(KIND, id).await
    }

    /// Makes a firewall; the Actions apply it.
    ///
    /// # Errors
    /// [`Error::is_taken`] or why it was refused.
    pub async fn create_firewall(&self, new: &NewFirewall) -> Result<(Firewall, Vec<Action>), Error> {
        let body = json!({
            "name": new.name, "rules": new.rules, "apply_to": targets(&new.apply_to), "labels": new.labels,
        });
        match self.create(KIND, &new.name, body, |firewall: &Firewall| firewall.labels == new.labels).await? {
            Creation::Answered(answer) => Ok((answer.member(KIND.singular)?, answer.optional("actions")?)),
            Creation::Found(firewall) => Ok((firewall, Vec::new())),
        }
    }

    /// Sets a firewall's name and labels.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn update_firewall(
        &self,
        id: Id,
        name: Option<&str>,
        labels: Option<&Labels>,
    ) -> Result<Firewall, Error> {
        self.update(KIND, id, name, labels).await
    }

    /// Replaces all rules.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn set_firewall_rules(&self, id: Id, rules: &[Rule]) -> Result<Vec<Action>, Error> {
        self.act(KIND, id, "set_rules", Some(json!({ "rules": rules }))).await?.optional("actions")
    }

    /// Guards more.
    ///
    /// # Errors
    /// Why it was refused, e.g. `firewall_already_applied`.
    pub async fn apply_firewall(&self, id: Id, to: &[FirewallTarget]) -> Result<Vec<Action>, Error> {
        let body = json!({ "apply_to": targets(to) });
        self.act(KIND, id, "apply_to_resources", Some(body)).await?.optional("actions")
    }

    /// Guards less.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn remove_firewall(&self, id: Id, from: &[FirewallTarget]) -> Result<Vec<Action>, Error> {
        let body = json!({ "remove_from": targets(from) });
        self.act(KIND, id, "remove_from_resources", Some(body)).await?.optional("actions")
    }

    /// Deletes a firewall; waits while deleted servers still hold on to it.
    ///
    /// # Errors
    /// [`Error::is_in_use`] when servers stay, otherwise why it was refused.
    pub async fn delete_firewall(&self, id: Id) -> Result<(), Error> {
        self.delete(KIND, id).await.map(drop)
    }
}
