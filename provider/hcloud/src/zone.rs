//! DNS zones and record sets.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Id;
use crate::action::Action;
use crate::client::{Client, Plural};
use crate::error::Error;
use crate::http::{Creation, Method, Request};
use crate::label::{Labels, Selector};
use crate::lenient::null_as_default;
use crate::paging;

const KIND: Plural = Plural { plural: "zones", singular: "zone", sorted: true };

/// A DNS zone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Zone {
    /// Its ID.
    pub id: Id,
    /// E.g. `example.com`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// `primary` or `secondary`; only a primary zone's records can be changed here.
    #[serde(default, deserialize_with = "null_as_default")]
    pub mode: String,
    /// Default time to live in seconds.
    #[serde(default)]
    pub ttl: Option<u32>,
    /// Labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: Labels,
}

/// One record.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Record {
    /// As in a zone file, e.g. `203.0.113.7`.
    #[serde(default)]
    pub value: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// All records of one name and type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordSet {
    /// `name/TYPE`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub id: String,
    /// Relative to the zone; `@` is the zone itself.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// E.g. `A`.
    #[serde(default, rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
    /// Time to live in seconds; `None` for the zone's.
    #[serde(default)]
    pub ttl: Option<u32>,
    /// Labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: Labels,
    /// Records; 1 to 50 per request.
    #[serde(default, deserialize_with = "null_as_default")]
    pub records: Vec<Record>,
}

/// A record set to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecordSet {
    /// Relative to the zone.
    pub name: String,
    /// E.g. `A`.
    pub kind: String,
    /// Time to live in seconds; `None` for the zone's.
    pub ttl: Option<u32>,
    /// Records, 1 to 50.
    pub records: Vec<Record>,
    /// Labels.
    pub labels: Labels,
}

impl Client {
    /// All zones.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn zones(&self) -> Result<Vec<Zone>, Error> {
        self.list(KIND, None).await
    }

    /// A zone by its name.
    ///
    /// # Errors
    /// [`Error::is_not_found`] or why the API could not be read.
    pub async fn zone(&self, name: &str) -> Result<Zone, Error> {
        let request = Request::new(Method::Get, format!("get zone {name}"), &["zones", name]);
        self.http.read(&request, KIND.singular).await
    }

    /// The record sets of a zone, or those that the selector matches.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn record_sets(
        &self,
        zone: &str,
        selector: Option<&Selector>,
    ) -> Result<Vec<RecordSet>, Error> {
        let operation = format!("list record sets of zone {zone}");
        let mut request = Request::new(Method::Get, operation, &["zones", zone, "rrsets"]);
        if let Some(selector) = selector {
            request = request.query("label_selector", selector.to_string());
        }
        paging::list_all(&self.http, request, "rrsets").await
    }

    /// One record set; `None` when there is none.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn record_set(&self, zone: &str, name: &str, kind: &str) -> Result<Option<RecordSet>, Error> {
        let operation = format!("get record set {name} {kind} of zone {zone}");
        let request = Request::new(Method::Get, operation, &["zones", zone, "rrsets", name, kind]);
        match self.http.read(&request, "rrset").await {
            Ok(set) => Ok(Some(set)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a record set. The Action is `None` when the set was found after a lost answer.
    ///
    /// # Errors
    /// [`Error::is_taken`] or why it was refused.
    pub async fn create_record_set(
        &self,
        zone: &str,
        new: &NewRecordSet,
    ) -> Result<(RecordSet, Option<Action>), Error> {
        let body = json!({
            "name": new.name, "type": new.kind, "ttl": new.ttl, "records": new.records, "labels": new.labels,
        });
        let operation = format!("create record set {} {} in zone {zone}", new.name, new.kind);
        let request = Request::new(Method::Post, operation, &["zones", zone, "rrsets"]).json(body);
        let find = || self.record_set(zone, &new.name, &new.kind);
        match self.http.create(&request, find, |set: &RecordSet| set.labels == new.labels).await? {
            Creation::Answered(answer) => Ok((answer.member("rrset")?, answer.optional("action")?)),
            Creation::Found(set) => Ok((set, None)),
        }
    }

    /// Sets a record set's labels.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn update_record_set(
        &self,
        zone: &str,
        name: &str,
        kind: &str,
        labels: &Labels,
    ) -> Result<RecordSet, Error> {
        let operation = format!("update record set {name} {kind} of zone {zone}");
        let request = Request::new(Method::Put, operation, &["zones", zone, "rrsets", name, kind])
            .json(json!({ "labels": labels }));
        self.http.read(&request, "rrset").await
    }

    /// Replaces all records of a set.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn set_records(
        &self,
        zone: &str,
        name: &str,
        kind: &str,
        records: &[Record],
    ) -> Result<Action, Error> {
        self.record_action(zone, name, kind, "set_records", json!({ "records": records })).await
    }

    /// Adds records to a set, which is made if it is not there.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn add_records(
        &self,
        zone: &str,
        name: &str,
        kind: &str,
        records: &[Record],
        ttl: Option<u32>,
    ) -> Result<Action, Error> {
        let mut body = json!({ "records": records });
        if let Some(ttl) = ttl {
            body["ttl"] = json!(ttl);
        }
        self.record_action(zone, name, kind, "add_records", body).await
    }

    /// Removes records from a set; an empty set goes away.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn remove_records(
        &self,
        zone: &str,
        name: &str,
        kind: &str,
        records: &[Record],
    ) -> Result<Action, Error> {
        self.record_action(zone, name, kind, "remove_records", json!({ "records": records })).await
    }

    /// Changes a set's time to live in seconds; `None` for the zone's.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn change_record_set_ttl(
        &self,
        zone: &str,
        name: &str,
        kind: &str,
        ttl: Option<u32>,
    ) -> Result<Action, Error> {
        self.record_action(zone, name, kind, "change_ttl", json!({ "ttl": ttl })).await
    }

    /// Deletes a set.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn delete_record_set(
        &self,
        zone: &str,
        name: &str,
        kind: &str,
    ) -> Result<Option<Action>, Error> {
        let operation = format!("delete record set {name} {kind} of zone {zone}");
        let request = Request::new(Method::Delete, operation, &["zones", zone, "rrsets", name, kind]);
        self.http.call(&request).await?.optional("action")
    }

    async fn record_action(
        &self,
        zone: &str,
        name: &str,
        kind: &str,
        action: &str,
        body: Value,
    ) -> Result<Action, Error> {
        let operation = format!("{} of {name} {kind} in zone {zone}", action.replace('_', " "));
        let path = ["zones", zone, "rrsets", name, kind, "actions", action];
        self.http.read(&Request::new(Method::Post, operation, &path).json(body), "action").await
    }
}
