//! Primary IPs: addresses that can outlive a server.

use serde::Deserialize;

use crate::Id;
use crate::action::Action;
use crate::client::{Client, Plural};
use crate::error::Error;
use crate::label::{Labels, Selector};
use crate::lenient::null_as_default;
use crate::server::Protection;

const KIND: Plural = Plural { plural: "primary_ips", singular: "primary_ip", sorted: true };

/// A primary IP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PrimaryIp {
    /// Its ID.
    pub id: Id,
    /// Its name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// The address, or an IPv6 network.
    #[serde(default, deserialize_with = "null_as_default")]
    pub ip: String,
    /// `ipv4` or `ipv6`.
    #[serde(default, rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
    /// `server`, `unassigned`, …; open.
    #[serde(default, deserialize_with = "null_as_default")]
    pub assignee_type: String,
    /// The ID of what holds it.
    #[serde(default)]
    pub assignee_id: Option<Id>,
    /// Goes with what holds it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub auto_delete: bool,
    /// Labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: Labels,
    /// Protection against deletion.
    #[serde(default, deserialize_with = "null_as_default")]
    pub protection: Protection,
}

impl Client {
    /// All primary IPs, or those that the selector matches.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn primary_ips(&self, selector: Option<&Selector>) -> Result<Vec<PrimaryIp>, Error> {
        self.list(KIND, selector).await
    }

    /// A primary IP by name.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn find_primary_ip(&self, name: &str) -> Result<Option<PrimaryIp>, Error> {
        self.find(KIND, name).await
    }

    /// A primary IP by ID.
    ///
    /// # Errors
    /// [`Error::is_not_found`] or why the API could not be read.
    pub async fn primary_ip(&self, id: Id) -> Result<PrimaryIp, Error> {
        self.get(KIND, id).await
    }

    /// Sets a primary IP's name and labels.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn update_primary_ip(
        &self,
        id: Id,
        name: Option<&str>,
        labels: Option<&Labels>,
    ) -> Result<PrimaryIp, Error> {
        self.update(KIND, id, name, labels).await
    }

    /// Takes a primary IP from its server, which must be off.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn unassign_primary_ip(&self, id: Id) -> Result<Action, Error> {
        self.act(KIND, id, "unassign", None).await?.member("action")
    }

    /// Deletes an unassigned primary IP.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn delete_primary_ip(&self, id: Id) -> Result<(), Error> {
        self.delete(KIND, id).await.map(drop)
    }
}
