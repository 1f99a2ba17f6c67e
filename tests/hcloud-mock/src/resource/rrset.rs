//! RRSets: the records of one name and type in a zone.
use crate::action::Effect;
use crate::body::Body;
use crate::call::Call;
use crate::clock::Ms;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::label::Labels;
use crate::reply::{Answer, Object, Page, Reply};
use crate::resource::zone::actions::{TTLS_S, check_mode};
use crate::resource::zone::{Change, Zone};
use crate::resource::{here, here_mut, sort_term};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The record types there are.
pub const TYPES: &[&str] = &[
    "A", "AAAA", "CAA", "CNAME", "DS", "HINFO", "HTTPS", "MX", "NS", "PTR", "RP", "SOA", "SRV", "SVCB",
    "TLSA", "TXT",
];
/// Records in one request.
const RECORDS_MAX: usize = 50;
/// Largest page, twice that of other lists.
const RRSETS_PER_PAGE_MAX: usize = 100;

/// One record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub value: String,
    pub comment: String,
}

/// The records of one name and type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RrSet {
    pub name: String,
    /// The record type.
    pub kind: String,
    pub ttl: Option<i64>,
    pub labels: Labels,
    pub protected: bool,
    pub records: Vec<Record>,
    pub created: Ms,
}

impl RrSet {
    /// One without records.
    pub fn new(name: &str, kind: &str, ttl: Option<i64>, created: Ms) -> RrSet {
        RrSet {
            name: name.to_owned(),
            kind: kind.to_owned(),
            ttl,
            labels: Labels::new(),
            protected: false,
            records: Vec::new(),
            created,
        }
    }

    /// `name/TYPE`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.name, self.kind)
    }

    fn view(&self, zone: u64) -> Value {
        json!({
            "id": self.id(), "name": self.name, "type": self.kind, "ttl": self.ttl, "labels": self.labels,
            "protection": {"change": self.protected}, "records": self.records, "zone": zone,
        })
    }
}

fn is_name(name: &str) -> bool {
    let label = |l: &str| {
        l == "*"
            || (!l.is_empty()
                && l.len() <= 63
                && l.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_')))
    };
    name == "@" || (name.len() <= 253 && name.split('.').all(label))
}

/// Why a value does not fit its type; `None` when it does.
pub fn value_problem(kind: &str, value: &str) -> Option<&'static str> {
    let words: Vec<&str> = value.split_whitespace().collect();
    let number = |w: Option<&&str>| w.is_some_and(|w| w.parse::<u32>().is_ok());
    match kind {
        _ if value.trim().is_empty() => Some("must not be empty"),
        "A" => value.parse::<Ipv4Addr>().is_err().then_some("is not an IPv4 address"),
        "AAAA" => value.parse::<Ipv6Addr>().is_err().then_some("is not an IPv6 address"),
        "CNAME" | "NS" | "PTR" => (words.len() != 1).then_some("is not a host name"),
        "TXT" => {
            (!value.starts_with('"') || !value.ends_with('"') || value.len() < 2).then_some("must be quoted")
        }
        "MX" => {
            (words.len() != 2 || !number(words.first())).then_some("must be a preference and a host name")
        }
        "SRV" => {
            let numbers = words.iter().take(3).all(|w| number(Some(w)));
            (words.len() != 4 || !numbers).then_some("must be priority, weight, port and target")
        }
        "CAA" => (words.len() < 3 || !number(words.first())).then_some("must be flags, tag and value"),
        "SOA" => (words.len() != 7).then_some("must have seven fields"),
        "DS" | "TLSA" => (words.len() < 4).then_some("must have four fields"),
        _ => None,
    }
}

fn read_records(body: &mut Body, kind: &str, max: Option<usize>, need_comment: bool) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    let entries = body.need_objects("records");
    if entries.is_empty() && body.has("records") && !body.is_null("records") {
        body.problem("records", "must not be empty");
    }
    if max.is_some_and(|max| entries.len() > max) {
        body.problem("records", &format!("must contain at most {RECORDS_MAX} records"));
    }
    for mut entry in entries {
        let value = entry.need_text("value");
        let comment =
            if need_comment { entry.need_text("comment") } else { entry.text("comment").unwrap_or_default() };
        if let Some(problem) = value_problem(kind, &value).filter(|_| entry.has("value")) {
            entry.problem("value", problem);
        }
        if records.iter().any(|r| r.value == value) {
            entry.problem("value", "must be distinct");
        }
        records.push(Record { value, comment });
        body.absorb(entry);
    }
    if kind == "CNAME" && records.len() > 1 {
        body.problem("records", "a CNAME can only have one record");
    }
    records
}

fn read_ttl(body: &mut Body) -> Option<i64> {
    body.int("ttl", TTLS_S.0, TTLS_S.1)
}

/// Reads a new RRSet.
pub fn read_new(body: &mut Body, created: Ms) -> RrSet {
    let name = body.need_text("name");
    if !name.is_empty() && !is_name(&name) {
        body.problem("name", "is not a valid RRSet name");
    }
    let kind = body.need_choice("type", TYPES);
    let mut rrset = RrSet::new(&name, kind, read_ttl(body), created);
    rrset.labels = body.labels().unwrap_or_default();
    rrset.records = read_records(body, kind, None, false);
    rrset
}

/// The zone of the path, if it has RRSets of its own.
fn zone<'c>(call: &'c Call<'_>) -> Result<&'c Zone, ApiError> {
    let zone = here::<Zone>(call)?;
    check_mode(zone, false)?;
    Ok(zone)
}

fn wanted_id(call: &Call<'_>) -> String {
    format!("{}/{}", call.param(1), call.param(2))
}

fn missing(id: &str) -> ApiError {
    ApiError::new(404, "not_found", format!("RRSet '{id}' not found"))
}

fn rrset<'c>(call: &'c Call<'_>) -> Result<&'c RrSet, ApiError> {
    let id = wanted_id(call);
    zone(call)?.rrset(&id).ok_or_else(|| missing(&id))
}

/// The RRSet of the path, if it may be changed.
fn changeable(call: &Call<'_>) -> Result<String, ApiError> {
    let rrset = rrset(call)?;
    if rrset.protected {
        return Err(ApiError::new(423, "protected", "RRSet is protected against changes"));
    }
    Ok(rrset.id())
}

fn begin(call: &mut Call<'_>, status: u16, command: &str, change: Change) -> Answer {
    let zone = here::<Zone>(call)?.base.id;
    let resources = [crate::action::at(Kind::Zone, zone)];
    let action = call.begin_locking(command, &resources, &[], Effect::Zone(zone, change));
    call.reply_action(status, action)
}

/// `GET /zones/{z}/rrsets`.
pub fn list(call: &mut Call<'_>) -> Answer {
    let page = Page::of(call.query, RRSETS_PER_PAGE_MAX)?;
    let zone = zone(call)?;
    let types = call.query.words("type", TYPES)?;
    let selector = call.query.selector()?;
    let name = call.query.one("name").filter(|n| !n.is_empty());
    let wanted = |r: &&RrSet| {
        (types.is_empty() || types.contains(&r.kind.as_str()))
            && name.is_none_or(|n| r.name == n)
            && selector.as_ref().is_none_or(|s| s.matches(&r.labels))
    };
    let mut rrsets: Vec<&RrSet> = zone.rrsets.iter().filter(wanted).collect();
    for term in call.query.all("sort").into_iter().rev() {
        let (field, descending) = sort_term(term)?;
        match field {
            "id" => rrsets.sort_by_key(|r| r.id()),
            "name" => rrsets.sort_by(|a, b| a.name.cmp(&b.name)),
            "created" => rrsets.sort_by_key(|r| r.created),
            _ => return Err(ApiError::invalid("sort", "unknown sort field")),
        }
        if descending {
            rrsets.reverse();
        }
    }
    let views: Vec<Value> = page.cut(&rrsets).iter().map(|r| r.view(zone.base.id)).collect();
    page.reply("rrsets", &views, rrsets.len(), call.path, call.query)
}

/// `POST /zones/{z}/rrsets`.
pub fn create(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let fresh = read_new(&mut body, call.shared.now());
    let owner = zone(call)?;
    body.check()?;
    let (zone_id, id) = (owner.base.id, fresh.id());
    if owner.rrset(&id).is_some() {
        return Err(ApiError::uniqueness("name", format!("RRSet '{id}' already exists")));
    }
    let clash = |r: &RrSet| r.name == fresh.name && (r.kind == "CNAME" || fresh.kind == "CNAME");
    if owner.rrsets.iter().any(clash) {
        return Err(ApiError::invalid(
            "type",
            "a CNAME cannot be used together with other records of the same name",
        ));
    }
    let view = fresh.view(zone_id);
    here_mut::<Zone>(call)?.rrsets.push(fresh);
    let resources = [crate::action::at(Kind::Zone, zone_id)];
    let effect = Effect::Zone(zone_id, Change::RrSetCreated(id));
    let action = call.begin_locking("create_rrset", &resources, &[], effect);
    Object::new().set("rrset", &view).set("action", &call.action(action)).send(201)
}

/// `GET …/rrsets/{name}/{type}`.
pub fn get(call: &mut Call<'_>) -> Answer {
    let zone = here::<Zone>(call)?.base.id;
    Reply::one(200, "rrset", &rrset(call)?.view(zone))
}

/// `PUT …/rrsets/{name}/{type}`: only labels.
pub fn update(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let labels = body.labels();
    let id = rrset(call)?.id();
    body.check()?;
    let found = here_mut::<Zone>(call)?.rrsets.iter_mut().find(|r| r.id() == id);
    if let (Some(rrset), Some(labels)) = (found, labels) {
        rrset.labels = labels;
    }
    get(call)
}

/// `DELETE …/rrsets/{name}/{type}`.
pub fn delete(call: &mut Call<'_>) -> Answer {
    let id = changeable(call)?;
    begin(call, 201, "delete_rrset", Change::RrSetDeleted(id))
}

/// `change_protection`.
pub fn change_protection(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let change = body.need_flag("change");
    let id = rrset(call)?.id();
    body.check()?;
    begin(call, 201, "change_rrset_protection", Change::RrSetProtection(id, change))
}

/// `change_ttl`: null means the zone's.
pub fn change_ttl(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let ttl = read_ttl(&mut body);
    if !body.has("ttl") {
        body.problem("ttl", "missing data for required field");
    }
    let id = changeable(call)?;
    body.check()?;
    begin(call, 201, "change_rrset_ttl", Change::RrSetTtl(id, ttl))
}

/// `set_records`: replaces all.
pub fn set_records(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let id = changeable(call)?;
    let records = read_records(&mut body, call.param(2), Some(RECORDS_MAX), false);
    body.check()?;
    begin(call, 201, "set_rrset_records", Change::SetRecords(id, records))
}

/// `add_records`: makes the RRSet when there is none.
pub fn add_records(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let id = wanted_id(call);
    let (name, kind) = (call.param(1).to_owned(), call.param(2).to_owned());
    if !TYPES.contains(&kind.as_str()) || !is_name(&name) {
        return Err(missing(&id));
    }
    let ttl = read_ttl(&mut body);
    let records = read_records(&mut body, &kind, Some(RECORDS_MAX), false);
    let existing = zone(call)?.rrset(&id);
    if existing.is_some_and(|r| ttl.is_some() && r.ttl.is_some() && r.ttl != ttl) {
        body.problem("ttl", "differs from the TTL of the RRSet");
    }
    let has = |value: &str| existing.is_some_and(|r| r.records.iter().any(|o| o.value == value));
    if records.iter().any(|r| has(&r.value)) {
        body.problem("records", "contains a record that already exists");
    }
    body.check()?;
    if existing.is_some() {
        changeable(call)?;
    }
    begin(call, 201, "add_rrset_records", Change::AddRecords { id, ttl, records })
}

/// Refuses values that the RRSet does not have.
fn check_known(call: &Call<'_>, records: &[Record]) -> Result<(), ApiError> {
    let rrset = rrset(call)?;
    if records.iter().all(|r| rrset.records.iter().any(|o| o.value == r.value)) {
        return Ok(());
    }
    Err(ApiError::invalid("records", "contains a record that does not exist"))
}

/// `remove_records`: the last one takes the RRSet with it.
pub fn remove_records(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let id = changeable(call)?;
    let records = read_records(&mut body, call.param(2), Some(RECORDS_MAX), false);
    body.check()?;
    check_known(call, &records)?;
    begin(call, 201, "remove_rrset_records", Change::RemoveRecords(id, records))
}

/// `update_records`: comments only.
pub fn update_records(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let id = changeable(call)?;
    let records = read_records(&mut body, call.param(2), Some(RECORDS_MAX), true);
    body.check()?;
    check_known(call, &records)?;
    begin(call, 200, "update_rrset_records", Change::UpdateRecords(id, records))
}
