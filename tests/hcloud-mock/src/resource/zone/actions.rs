//! Making, changing and deleting zones.
use crate::action::Effect;
use crate::body::Body;
use crate::call::{Call, Handler};
use crate::error::ApiError;
use crate::kind::Kind;
use crate::project::Project;
use crate::reply::{Answer, Object, Reply};
use crate::resource::rrset::{self, RrSet};
use crate::resource::zone::{Change, NAMESERVERS, Nameserver, Zone, file};
use crate::resource::{Base, SORT_ALL, check_name_free, entity_view, find, get, here};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::net::IpAddr;

/// Limits of a time to live in seconds.
pub const TTLS_S: (i64, i64) = (60, 2_147_483_647);
/// The time to live of a zone that does not say.
const TTL_DEFAULT_S: i64 = 3600;
/// Longest zone name.
const ZONE_NAME_MAX: usize = 255;

/// The zone meant by an id or a name in a path.
pub fn resolve(project: &Project, text: &str) -> Result<u64, ApiError> {
    let by_id = text.parse::<u64>().ok().filter(|id| project.zones.contains_key(id));
    let by_name = || project.zones.values().find(|z| z.base.name == text).map(|z| z.base.id);
    by_id.or_else(by_name).ok_or_else(|| ApiError::not_found(Kind::Zone, text))
}

/// Turns a zone's name in the path into its id and goes on.
pub fn by_name(call: &mut Call<'_>, then: Handler) -> Answer {
    let id = resolve(call.project, call.param(0))?;
    if let Some(first) = call.params.first_mut() {
        *first = id.to_string();
    }
    then(call)
}

fn is_zone_name(name: &str) -> bool {
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    name.len() <= ZONE_NAME_MAX && name.contains('.') && name.split('.').all(label)
}

fn read_nameservers(body: &mut Body, required: bool) -> Option<Vec<Nameserver>> {
    let key = "primary_nameservers";
    let entries = if required { Some(body.need_objects(key)) } else { body.objects(key) }?;
    let mut list = Vec::new();
    for mut entry in entries {
        let address = entry.need_text("address");
        if !address.is_empty() && address.parse::<IpAddr>().is_err() {
            entry.problem("address", "must be an IP address");
        }
        let port = entry.int("port", 1, 65_535).and_then(|p| u16::try_from(p).ok()).unwrap_or(53);
        let tsig_key = entry.text("tsig_key");
        if tsig_key.as_ref().is_some_and(|k| STANDARD.decode(k).is_err()) {
            entry.problem("tsig_key", "must be base64 encoded");
        }
        let algorithm = entry.choice("tsig_algorithm", &["hmac-md5", "hmac-sha1", "hmac-sha256"]);
        list.push(Nameserver { address, port, tsig_key, tsig_algorithm: algorithm.map(str::to_owned) });
        body.absorb(entry);
    }
    Some(list)
}

/// The SOA and NS records a primary zone starts with.
fn default_rrsets(created: i64) -> Vec<RrSet> {
    let mut soa = RrSet::new("@", "SOA", None, created);
    let value = format!("{} dns.hetzner.com. 2026010100 86400 10800 3600000 3600", NAMESERVERS[0]);
    soa.records.push(rrset::Record { value, comment: String::new() });
    let mut ns = RrSet::new("@", "NS", None, created);
    ns.records = NAMESERVERS
        .iter()
        .map(|n| rrset::Record { value: (*n).to_owned(), comment: String::new() })
        .collect();
    vec![soa, ns]
}

/// `POST /zones`.
pub fn create(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (name, labels) = (body.need_text("name"), body.labels());
    if !is_zone_name(&name) && !name.is_empty() {
        body.problem("name", "is not a valid zone name");
    }
    let secondary = body.need_choice("mode", &["primary", "secondary"]) == "secondary";
    let mut ttl = body.int("ttl", TTLS_S.0, TTLS_S.1).unwrap_or(TTL_DEFAULT_S);
    let nameservers = read_nameservers(&mut body, false).unwrap_or_default();
    if secondary && nameservers.is_empty() {
        body.problem("primary_nameservers", "missing data for required field");
    }
    let now = call.shared.now();
    let mut rrsets = default_rrsets(now);
    for mut entry in body.objects("rrsets").unwrap_or_default() {
        let found = rrset::read_new(&mut entry, now);
        rrsets.retain(|r| r.id() != found.id());
        rrsets.push(found);
        body.absorb(entry);
    }
    if let Some(text) = body.text("zonefile").filter(|t| !t.trim().is_empty()) {
        match file::import(&text, &name, now) {
            Ok((imported, file_ttl)) => {
                ttl = file_ttl.unwrap_or(ttl);
                let kept = |r: &RrSet| !imported.iter().any(|i| i.id() == r.id());
                rrsets.retain(kept);
                rrsets.extend(imported);
            }
            Err(problem) => body.problem("zonefile", &problem),
        }
    }
    body.check()?;
    check_name_free::<Zone>(call.project, &name, 0)?;
    call.project.check_limit::<Zone>(call.shared)?;
    let zone = Zone {
        base: Base::new(call.shared, name, labels),
        secondary,
        ttl,
        protected: false,
        primary_nameservers: if secondary { nameservers } else { Vec::new() },
        rrsets: if secondary { Vec::new() } else { rrsets },
    };
    let id = zone.base.id;
    call.project.zones.insert(id, zone);
    let action = call.begin_on("create_zone", Kind::Zone, id, Effect::Zone(id, Change::Created));
    let view = entity_view::<Zone>(call, id);
    Object::new().set("zone", &view).set("action", &call.action(action)).send(201)
}

/// `GET /zones`.
pub fn list(call: &mut Call<'_>) -> Answer {
    let modes = call.query.words("mode", &["primary", "secondary"])?;
    let word = |z: &Zone| if z.secondary { "secondary" } else { "primary" };
    crate::resource::list::<Zone>(call, SORT_ALL, |z| modes.is_empty() || modes.contains(&word(z)))
}

/// `PUT /zones/{id_or_name}`: only labels.
pub fn update(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let labels = body.labels();
    body.check()?;
    let zone = crate::resource::here_mut::<Zone>(call)?;
    zone.base.labels = labels.unwrap_or_else(|| std::mem::take(&mut zone.base.labels));
    get::<Zone>(call)
}

fn unlocked(call: &Call<'_>) -> Result<u64, ApiError> {
    let id = here::<Zone>(call)?.base.id;
    call.check_unlocked(Kind::Zone, id)?;
    Ok(id)
}

/// Refuses a zone of the other mode.
pub fn check_mode(zone: &Zone, secondary: bool) -> Result<(), ApiError> {
    if zone.secondary == secondary {
        return Ok(());
    }
    let message = "this operation is not supported for this zone's mode";
    Err(ApiError::unprocessable("incorrect_zone_mode", message))
}

fn begin(call: &mut Call<'_>, command: &str, id: u64, change: Change) -> Answer {
    let action = call.begin_on(command, Kind::Zone, id, Effect::Zone(id, change));
    call.reply_action(201, action)
}

/// `DELETE /zones/{id_or_name}`.
pub fn delete(call: &mut Call<'_>) -> Answer {
    if here::<Zone>(call)?.protected {
        return Err(ApiError::protected(Kind::Zone, "deletion"));
    }
    let id = unlocked(call)?;
    begin(call, "delete_zone", id, Change::Deleted)
}

/// `change_protection`.
pub fn change_protection(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let delete = body.flag("delete");
    let id = unlocked(call)?;
    body.check()?;
    let delete = delete.unwrap_or(find::<Zone>(call.project, id)?.protected);
    begin(call, "change_protection", id, Change::Protection(delete))
}

/// `change_ttl`.
pub fn change_ttl(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let ttl = body.need_int("ttl", TTLS_S.0, TTLS_S.1);
    let id = unlocked(call)?;
    body.check()?;
    check_mode(find::<Zone>(call.project, id)?, false)?;
    begin(call, "change_ttl", id, Change::Ttl(ttl))
}

/// `change_primary_nameservers`.
pub fn change_primary_nameservers(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let list = read_nameservers(&mut body, true).unwrap_or_default();
    let id = unlocked(call)?;
    body.check()?;
    check_mode(find::<Zone>(call.project, id)?, true)?;
    begin(call, "change_primary_nameservers", id, Change::Nameservers(list))
}

/// `import_zonefile`: replaces all RRSets, unless one is protected.
pub fn import_zonefile(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let text = body.need_text("zonefile");
    let id = unlocked(call)?;
    body.check()?;
    let zone = find::<Zone>(call.project, id)?;
    check_mode(zone, false)?;
    if zone.rrsets.iter().any(|r| r.protected) {
        return Err(ApiError::protected(Kind::Zone, "rrset"));
    }
    let imported = file::import(&text, &zone.base.name, call.shared.now());
    let (imported, _) = imported.map_err(|problem| ApiError::invalid("zonefile", &problem))?;
    let mut rrsets = default_rrsets(zone.base.created);
    rrsets.retain(|r| !imported.iter().any(|i| i.id() == r.id()));
    rrsets.extend(imported);
    begin(call, "import_zonefile", id, Change::Import(rrsets))
}

/// `GET /zones/{id_or_name}/zonefile`.
pub fn zonefile(call: &mut Call<'_>) -> Answer {
    let zone = here::<Zone>(call)?;
    check_mode(zone, false)?;
    Reply::one(200, "zonefile", &file::export(zone))
}
