//! DNS zones: what is kept of one, and what its actions change when they end.
pub mod actions;
pub mod file;

use crate::project::Project;
use crate::resource::rrset::{Record, RrSet};
use crate::resource::{Base, Entity, entity};
use crate::shared::Shared;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The name servers every zone gets.
pub const NAMESERVERS: [&str; 3] =
    ["hydrogen.ns.hetzner.com.", "oxygen.ns.hetzner.com.", "helium.ns.hetzner.de."];

/// A name server a secondary zone is copied from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nameserver {
    pub address: String,
    pub port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tsig_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tsig_algorithm: Option<String>,
}

/// A zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    pub base: Base,
    pub secondary: bool,
    pub ttl: i64,
    pub protected: bool,
    pub primary_nameservers: Vec<Nameserver>,
    pub rrsets: Vec<RrSet>,
}

/// What an action does to a zone when it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Created,
    Deleted,
    Ttl(i64),
    Protection(bool),
    Nameservers(Vec<Nameserver>),
    Import(Vec<RrSet>),
    RrSetCreated(String),
    RrSetDeleted(String),
    RrSetTtl(String, Option<i64>),
    RrSetProtection(String, bool),
    SetRecords(String, Vec<Record>),
    AddRecords { id: String, ttl: Option<i64>, records: Vec<Record> },
    RemoveRecords(String, Vec<Record>),
    UpdateRecords(String, Vec<Record>),
}

impl Zone {
    /// An RRSet by `name/TYPE`.
    pub fn rrset(&self, id: &str) -> Option<&RrSet> {
        self.rrsets.iter().find(|r| r.id() == id)
    }

    fn rrset_mut(&mut self, id: &str) -> Option<&mut RrSet> {
        self.rrsets.iter_mut().find(|r| r.id() == id)
    }
}

impl Entity for Zone {
    entity!(Zone, zones);

    fn view<'a>(&'a self, project: &'a Project, _: &'a Shared) -> impl Serialize + use<'a> {
        let busy = project.is_busy(crate::kind::Kind::Zone, self.base.id);
        let records: usize = self.rrsets.iter().map(|r| r.records.len()).sum();
        json!({
            "id": self.base.id, "name": self.base.name, "created": self.base.created(),
            "primary_nameservers": self.primary_nameservers, "labels": self.base.labels,
            "protection": {"delete": self.protected}, "ttl": self.ttl,
            "status": if busy { "updating" } else { "ok" }, "record_count": records,
            "authoritative_nameservers": {
                "assigned": NAMESERVERS, "delegated": [], "delegation_last_check": null,
                "delegation_status": "unknown",
            },
            "registrar": "other", "mode": if self.secondary { "secondary" } else { "primary" },
        })
    }
}

/// Does what the action promised.
pub fn apply(project: &mut Project, id: u64, change: &Change) {
    if *change == Change::Deleted {
        project.zones.remove(&id);
        return;
    }
    let Some(zone) = project.zones.get_mut(&id) else { return };
    match change {
        Change::Created | Change::Deleted | Change::RrSetCreated(_) => {}
        Change::Ttl(ttl) => zone.ttl = *ttl,
        Change::Protection(on) => zone.protected = *on,
        Change::Nameservers(list) => zone.primary_nameservers.clone_from(list),
        Change::Import(rrsets) => zone.rrsets.clone_from(rrsets),
        Change::RrSetDeleted(id) => zone.rrsets.retain(|r| r.id() != *id),
        Change::RrSetTtl(id, ttl) => {
            if let Some(rrset) = zone.rrset_mut(id) {
                rrset.ttl = *ttl;
            }
        }
        Change::RrSetProtection(id, on) => {
            if let Some(rrset) = zone.rrset_mut(id) {
                rrset.protected = *on;
            }
        }
        Change::SetRecords(id, records) => {
            if let Some(rrset) = zone.rrset_mut(id) {
                rrset.records.clone_from(records);
            }
        }
        Change::AddRecords { id, ttl, records } => add_records(zone, id, *ttl, records),
        Change::RemoveRecords(id, records) => {
            if let Some(rrset) = zone.rrset_mut(id) {
                rrset.records.retain(|r| !records.iter().any(|gone| gone.value == r.value));
            }
            zone.rrsets.retain(|r| !r.records.is_empty());
        }
        Change::UpdateRecords(id, records) => {
            for record in zone.rrset_mut(id).into_iter().flat_map(|r| r.records.iter_mut()) {
                if let Some(new) = records.iter().find(|n| n.value == record.value) {
                    record.comment.clone_from(&new.comment);
                }
            }
        }
    }
}

fn add_records(zone: &mut Zone, id: &str, ttl: Option<i64>, records: &[Record]) {
    let created = zone.base.created;
    let Some((name, kind)) = id.rsplit_once('/') else { return };
    if zone.rrset(id).is_none() {
        zone.rrsets.push(RrSet::new(name, kind, ttl, created));
    }
    if let Some(rrset) = zone.rrset_mut(id) {
        let fresh = records.iter().filter(|r| !rrset.records.iter().any(|o| o.value == r.value));
        let fresh: Vec<Record> = fresh.cloned().collect();
        rrset.records.extend(fresh);
    }
}

/// Undoes what the request had prepared, because its action failed.
pub fn revert(project: &mut Project, id: u64, change: &Change) {
    if let (Change::RrSetCreated(rrset), Some(zone)) = (change, project.zones.get_mut(&id)) {
        zone.rrsets.retain(|r| r.id() != *rrset);
    }
}
