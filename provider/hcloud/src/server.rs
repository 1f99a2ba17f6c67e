//! Servers: their life, from create to delete. Power and the like are in `server_action.rs`.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Id;
use crate::action::Action;
use crate::client::{Client, Plural};
use crate::error::Error;
use crate::http::{Creation, Method, Request};
use crate::image::Image;
use crate::label::{Labels, Selector};
use crate::lenient::{null_as_default, timestamp};
use crate::location::Location;
use crate::open_enum::open_enum;
use crate::paging;
use crate::secret::Secret;
use crate::server_type::ServerType;

pub(crate) const KIND: Plural = Plural { plural: "servers", singular: "server", sorted: true };

open_enum! {
    /// A server's state.
    ServerStatus {
        Running = "running", Initializing = "initializing", Starting = "starting", Stopping = "stopping",
        Off = "off", Deleting = "deleting", Migrating = "migrating", Rebuilding = "rebuilding", Unknown = "unknown",
    }
}

/// What an object is protected against.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Protection {
    /// Against deletion.
    #[serde(default, deserialize_with = "null_as_default")]
    pub delete: bool,
    /// Against rebuilding; servers only.
    #[serde(default, deserialize_with = "null_as_default")]
    pub rebuild: bool,
}

/// A public address of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PublicIp {
    /// ID of the primary IP.
    #[serde(default)]
    pub id: Option<Id>,
    /// An IPv4 address, or an IPv6 network such as `2001:db8::/64`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub ip: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct WireFirewall {
    id: Id,
    #[serde(default, deserialize_with = "null_as_default")]
    status: String,
}

#[derive(Default, Deserialize)]
struct WirePublicNet {
    #[serde(default)]
    ipv4: Option<PublicIp>,
    #[serde(default)]
    ipv6: Option<PublicIp>,
    #[serde(default, deserialize_with = "null_as_default")]
    firewalls: Vec<WireFirewall>,
}

/// A server's public side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicNet {
    /// IPv4, if it has one.
    pub ipv4: Option<PublicIp>,
    /// IPv6 network, if it has one.
    pub ipv6: Option<PublicIp>,
    /// IDs of firewalls, with whether each is in force yet.
    pub firewalls: Vec<(Id, bool)>,
}

impl<'de> Deserialize<'de> for PublicNet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Option::<WirePublicNet>::deserialize(deserializer)?.unwrap_or_default();
        let firewalls = wire.firewalls.into_iter().map(|f| (f.id, f.status == "applied")).collect();
        Ok(Self { ipv4: wire.ipv4, ipv6: wire.ipv6, firewalls })
    }
}

/// A server's address in a private network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PrivateNet {
    /// The network's ID.
    #[serde(default)]
    pub network: Id,
    /// The address.
    #[serde(default, deserialize_with = "null_as_default")]
    pub ip: String,
    /// The card's hardware address.
    #[serde(default, deserialize_with = "null_as_default")]
    pub mac_address: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct WireGroup {
    id: Id,
}

fn group_id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Id>, D::Error> {
    Ok(Option::<WireGroup>::deserialize(deserializer)?.map(|group| group.id))
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Server {
    /// Its ID.
    pub id: Id,
    /// Its name, unique in the project.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// Its state.
    #[serde(default)]
    pub status: ServerStatus,
    /// When it was made; billing counts from here.
    #[serde(default, deserialize_with = "timestamp")]
    pub created: Option<Timestamp>,
    /// Public addresses and firewalls.
    #[serde(default)]
    pub public_net: PublicNet,
    /// Private addresses.
    #[serde(default, deserialize_with = "null_as_default")]
    pub private_net: Vec<PrivateNet>,
    /// Its type.
    #[serde(default)]
    pub server_type: Option<ServerType>,
    /// Where it stands.
    #[serde(default)]
    pub location: Option<Location>,
    /// What it was made from; `None` when that image is gone.
    #[serde(default)]
    pub image: Option<Image>,
    /// An Action runs on it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub locked: bool,
    /// Protection.
    #[serde(default, deserialize_with = "null_as_default")]
    pub protection: Protection,
    /// Labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: Labels,
    /// ID of its placement group.
    #[serde(default, deserialize_with = "group_id")]
    pub placement_group: Option<Id>,
    /// Size of its disk in GB: that of the type it was made as, unless the disk was upgraded with the type.
    #[serde(default)]
    pub primary_disk_size: Option<u32>,
    /// Bytes sent this month.
    #[serde(default)]
    pub outgoing_traffic: Option<u64>,
    /// Bytes a month that cost nothing extra.
    #[serde(default)]
    pub included_traffic: Option<u64>,
}

impl Server {
    /// Its IPv4 address, if it has a public one that can be read.
    #[must_use]
    pub fn public_ipv4(&self) -> Option<Ipv4Addr> {
        self.public_net.ipv4.as_ref()?.ip.parse().ok()
    }
}

/// A reference as the API takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdOrName {
    /// By ID.
    Id(Id),
    /// By name.
    Name(String),
}

impl Serialize for IdOrName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Id(id) => serializer.serialize_u64(*id),
            Self::Name(name) => serializer.serialize_str(name),
        }
    }
}

/// The public side of a server to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewServerPublicNet {
    /// Wants an IPv4 address (billed).
    pub enable_ipv4: bool,
    /// Wants an IPv6 network.
    pub enable_ipv6: bool,
}

/// A server to make.
#[derive(Clone, PartialEq, Eq)]
pub struct NewServer {
    /// Host name by RFC 1123, unique in the project: the only guard against making it twice.
    pub name: String,
    /// Type.
    pub server_type: IdOrName,
    /// Image.
    pub image: IdOrName,
    /// Location name; `None` lets Hetzner choose.
    pub location: Option<String>,
    /// SSH keys; without any, Hetzner sets a root password.
    pub ssh_keys: Vec<IdOrName>,
    /// For cloud-init, at most 32 KiB. Often holds secrets: never shown.
    pub user_data: Option<String>,
    /// IDs of networks.
    pub networks: Vec<Id>,
    /// IDs of firewalls.
    pub firewalls: Vec<Id>,
    /// ID of the placement group.
    pub placement_group: Option<Id>,
    /// Labels.
    pub labels: Labels,
    /// Power on when made.
    pub start_after_create: bool,
    /// Public addresses; `None` for Hetzner's default, both.
    pub public_net: Option<NewServerPublicNet>,
}

impl std::fmt::Debug for NewServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewServer")
            .field("name", &self.name)
            .field("server_type", &self.server_type)
            .field("image", &self.image)
            .field("location", &self.location)
            .field("user_data", &self.user_data.as_ref().map(|_| "***"))
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}

impl NewServer {
    /// A server with Hetzner's defaults; set what differs.
    #[must_use]
    pub fn new(name: impl Into<String>, server_type: IdOrName, image: IdOrName) -> Self {
        Self {
            name: name.into(),
            server_type,
            image,
            location: None,
            ssh_keys: Vec::new(),
            user_data: None,
            networks: Vec::new(),
            firewalls: Vec::new(),
            placement_group: None,
            labels: Labels::new(),
            start_after_create: true,
            public_net: None,
        }
    }

    fn to_wire(&self) -> serde_json::Value {
        let firewalls: Vec<_> = self.firewalls.iter().map(|id| json!({ "firewall": id })).collect();
        let mut body = json!({
            "name": self.name, "server_type": self.server_type, "image": self.image, "labels": self.labels,
            "ssh_keys": self.ssh_keys, "networks": self.networks, "firewalls": firewalls,
            "start_after_create": self.start_after_create,
        });
        if let Some(location) = &self.location {
            body["location"] = json!(location);
        }
        if let Some(user_data) = &self.user_data {
            body["user_data"] = json!(user_data);
        }
        if let Some(group) = self.placement_group {
            body["placement_group"] = json!(group);
        }
        if let Some(public_net) = &self.public_net {
            body["public_net"] = json!(public_net);
        }
        body
    }
}

/// A server that was just made.
#[derive(Debug, Clone)]
pub struct CreatedServer {
    /// The server; its addresses are complete only when the Actions have ended.
    pub server: Server,
    /// Create, then start and the like: wait for all.
    pub actions: Vec<Action>,
    /// Only without SSH keys, and only when the answer was not lost.
    pub root_password: Option<Secret>,
}

impl Client {
    /// All servers, or those that the selector matches.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn servers(&self, selector: Option<&Selector>) -> Result<Vec<Server>, Error> {
        self.list(KIND, selector).await
    }

    /// A server by name.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn find_server(&self, name: &str) -> Result<Option<Server>, Error> {
        self.find(KIND, name).await
    }

    /// A server by ID.
    ///
    /// # Errors
    /// [`Error::is_not_found`] or why the API could not be read.
    pub async fn server(&self, id: Id) -> Result<Server, Error> {
        self.get(KIND, id).await
    }

    /// Makes a server. A lost answer is mended by looking the server up by name; it is ours if its labels are those we sent.
    ///
    /// # Errors
    /// [`Error::is_out_of_stock`], [`Error::is_account_limit`], [`Error::is_taken`], otherwise why it was refused.
    pub async fn create_server(&self, new: &NewServer) -> Result<CreatedServer, Error> {
        match self
            .create(KIND, &new.name, new.to_wire(), |server: &Server| server.labels == new.labels)
            .await?
        {
            Creation::Answered(answer) => {
                let mut actions: Vec<Action> =
                    answer.optional::<Option<Action>>("action")?.into_iter().collect();
                actions.extend(answer.optional::<Vec<Action>>("next_actions")?);
                let root_password = answer.secret("root_password")?;
                Ok(CreatedServer { server: answer.member(KIND.singular)?, actions, root_password })
            }
            Creation::Found(server) => {
                let actions = self.server_actions(server.id).await?;
                Ok(CreatedServer { server, actions, root_password: None })
            }
        }
    }

    /// Sets a server's name and labels; labels are replaced whole.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn update_server(
        &self,
        id: Id,
        name: Option<&str>,
        labels: Option<&Labels>,
    ) -> Result<Server, Error> {
        self.update(KIND, id, name, labels).await
    }

    /// Deletes a server; billing ends with the started hour. `None` when it was gone already after a lost answer.
    ///
    /// # Errors
    /// [`Error::is_not_found`], [`Error::is_protected`], otherwise why it was refused.
    pub async fn delete_server(&self, id: Id) -> Result<Option<Action>, Error> {
        self.delete(KIND, id).await
    }

    /// The Actions of one server, oldest first.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn server_actions(&self, id: Id) -> Result<Vec<Action>, Error> {
        let path = ["servers", &id.to_string(), "actions"];
        let request =
            Request::new(Method::Get, format!("list actions of server {id}"), &path).query("sort", "id:asc");
        paging::list_all(&self.http, request, "actions").await
    }
}
