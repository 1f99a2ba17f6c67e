//! Private networks.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Id;
use crate::action::Action;
use crate::client::{Client, Plural};
use crate::error::Error;
use crate::http::{Creation, Method, Request};
use crate::label::{Labels, Selector};
use crate::lenient::null_as_default;
use crate::open_enum::open_enum;
use crate::paging;
use crate::server::Protection;

const KIND: Plural = Plural { plural: "networks", singular: "network", sorted: true };

open_enum! {
    /// A subnet's kind.
    SubnetType { Cloud = "cloud", Server = "server", Vswitch = "vswitch" }
}
open_enum! {
    /// What is attached to a network.
    MemberType { Server = "server", LoadBalancer = "load_balancer" }
}

/// A subnet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// Its kind.
    #[serde(default, rename = "type")]
    pub kind: SubnetType,
    /// CIDR; on creation `None` lets Hetzner choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_range: Option<String>,
    /// E.g. `eu-central`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub network_zone: String,
    /// The first address; not sent.
    #[serde(default, skip_serializing)]
    pub gateway: Option<String>,
}

/// A route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRoute {
    /// CIDR.
    #[serde(default)]
    pub destination: String,
    /// Address inside the network.
    #[serde(default)]
    pub gateway: String,
}

/// A private network.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Network {
    /// Its ID.
    pub id: Id,
    /// Its name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// CIDR.
    #[serde(default, deserialize_with = "null_as_default")]
    pub ip_range: String,
    /// Subnets.
    #[serde(default, deserialize_with = "null_as_default")]
    pub subnets: Vec<Subnet>,
    /// Routes.
    #[serde(default, deserialize_with = "null_as_default")]
    pub routes: Vec<NetworkRoute>,
    /// IDs of attached servers.
    #[serde(default, deserialize_with = "null_as_default")]
    pub servers: Vec<Id>,
    /// IDs of attached load balancers.
    #[serde(default, deserialize_with = "null_as_default")]
    pub load_balancers: Vec<Id>,
    /// Protection against deletion.
    #[serde(default, deserialize_with = "null_as_default")]
    pub protection: Protection,
    /// Labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: Labels,
}

/// A member of a network.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NetworkMember {
    /// The object's ID.
    pub id: Id,
    /// Its kind.
    #[serde(default, rename = "type")]
    pub kind: MemberType,
    /// Its address.
    #[serde(default)]
    pub ip: Option<String>,
    /// `ok`, `attaching`, …; open.
    #[serde(default, deserialize_with = "null_as_default")]
    pub status: String,
}

/// A network to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNetwork {
    /// Its name.
    pub name: String,
    /// CIDR, /24 or larger, of the private ranges.
    pub ip_range: String,
    /// Subnets.
    pub subnets: Vec<Subnet>,
    /// Labels.
    pub labels: Labels,
}

impl Client {
    /// All networks, or those that the selector matches.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn networks(&self, selector: Option<&Selector>) -> Result<Vec<Network>, Error> {
        self.list(KIND, selector).await
    }

    /// A network by name.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn find_network(&self, name: &str) -> Result<Option<Network>, Error> {
        self.find(KIND, name).await
    }

    /// A network by ID.
    ///
    /// # Errors
    /// [`Error::is_not_found`] or why the API could not be read.
    pub async fn network(&self, id: Id) -> Result<Network, Error> {
        self.get(KIND, id).await
    }

    /// Makes a network with its subnets; both are ready at once.
    ///
    /// # Errors
    /// [`Error::is_taken`] or why it was refused.
    pub async fn create_network(&self, new: &NewNetwork) -> Result<Network, Error> {
        let body = json!({
            "name": new.name, "ip_range": new.ip_range, "subnets": new.subnets, "labels": new.labels,
        });
        let ours = |network: &Network| network.labels == new.labels && network.ip_range == new.ip_range;
        match self.create(KIND, &new.name, body, ours).await? {
            Creation::Answered(answer) => answer.member(KIND.singular),
            Creation::Found(network) => Ok(network),
        }
    }

    /// Sets a network's name and labels.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn update_network(
        &self,
        id: Id,
        name: Option<&str>,
        labels: Option<&Labels>,
    ) -> Result<Network, Error> {
        self.update(KIND, id, name, labels).await
    }

    /// Deletes a network; waits while detached servers still hold on to it.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn delete_network(&self, id: Id) -> Result<(), Error> {
        self.delete(KIND, id).await.map(drop)
    }

    /// Adds a subnet.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn add_subnet(&self, id: Id, subnet: &Subnet) -> Result<Action, Error> {
        self.act(KIND, id, "add_subnet", Some(json!(subnet))).await?.member("action")
    }

    /// Deletes a subnet that nothing is attached to.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn delete_subnet(&self, id: Id, ip_range: &str) -> Result<Action, Error> {
        self.act(KIND, id, "delete_subnet", Some(json!({ "ip_range": ip_range }))).await?.member("action")
    }

    /// Adds a route.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn add_route(&self, id: Id, route: &NetworkRoute) -> Result<Action, Error> {
        self.act(KIND, id, "add_route", Some(json!(route))).await?.member("action")
    }

    /// Deletes a route.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn delete_route(&self, id: Id, route: &NetworkRoute) -> Result<Action, Error> {
        self.act(KIND, id, "delete_route", Some(json!(route))).await?.member("action")
    }

    /// Protects a network against deletion, or no longer.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn protect_network(&self, id: Id, delete: bool) -> Result<Action, Error> {
        self.act(KIND, id, "change_protection", Some(json!({ "delete": delete }))).await?.member("action")
    }

    /// What is attached to a network.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn network_members(&self, id: Id) -> Result<Vec<NetworkMember>, Error> {
        let path = ["networks", &id.to_string(), "members"];
        let request = Request::new(Method::Get, format!("list members of network {id}"), &path);
        paging::list_all(&self.http, request, "members").await
    }
}
