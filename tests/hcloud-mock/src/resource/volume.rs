//! Volumes: disks that outlive servers.
use crate::action::{Effect, at};
use crate::bill::Usage;
use crate::body::Body;
use crate::call::Call;
use crate::catalogue::prices::{VOLUME_GB_MONTHLY, hourly_share, money};
use crate::clock::Ms;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::project::Project;
use crate::reply::{Answer, Object, Reply};
use crate::resource::server::Server;
use crate::resource::server::create::VOLUMES_MAX;
use crate::resource::{
    Base, Entity, SORT_ALL, check_name_free, entity, entity_view, find, get, here, rename,
};
use crate::shared::Shared;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Smallest and largest size in gigabytes.
const SIZES_GB: (i64, i64) = (10, 10_240);
/// Longest name.
const VOLUME_NAME_MAX: usize = 64;

/// A volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    pub base: Base,
    /// Set as soon as it is reserved for a server.
    pub server: Option<u64>,
    pub location: u64,
    pub size_gb: i64,
    pub protected: bool,
    pub status: String,
    pub format: Option<String>,
}

/// What an action does to a volume when it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Created,
    Attach(u64),
    Detach,
    Resize(i64),
    Protection(bool),
}

impl Entity for Volume {
    entity!(Volume, volumes);

    fn view<'a>(&'a self, _: &'a Project, shared: &'a Shared) -> impl Serialize + use<'a> {
        json!({
            "id": self.base.id, "created": self.base.created(), "name": self.base.name, "server": self.server,
            "location": shared.catalogue.location_by_id(self.location).view(), "size": self.size_gb,
            "linux_device": format!("/dev/disk/by-id/scsi-0HC_Volume_{}", self.base.id),
            "protection": {"delete": self.protected}, "labels": self.base.labels, "status": self.status,
            "format": self.format,
        })
    }
}

/// Does what the action promised.
pub fn apply(project: &mut Project, id: u64, change: &Change, when: Ms, shared: &mut Shared) {
    let Some(volume) = project.volumes.get_mut(&id) else { return };
    match change {
        Change::Created => volume.status = "available".to_owned(),
        Change::Attach(server) => {
            volume.server = Some(*server);
            if let Some(server) = project.servers.get_mut(server).filter(|s| !s.volumes.contains(&id)) {
                server.volumes.push(id);
            }
        }
        Change::Detach => {
            let server = volume.server.take();
            if let Some(server) = server.and_then(|s| project.servers.get_mut(&s)) {
                server.volumes.retain(|v| *v != id);
            }
        }
        Change::Resize(size_gb) => {
            volume.size_gb = *size_gb;
            let usage = usage(volume, when, shared);
            project.stop_paying(id, None, when);
            project.pay(usage);
        }
        Change::Protection(on) => volume.protected = *on,
    }
}

fn usage(volume: &Volume, when: Ms, shared: &Shared) -> Usage {
    let monthly = money(VOLUME_GB_MONTHLY) * Decimal::from(volume.size_gb);
    Usage {
        what: "volume".to_owned(),
        id: volume.base.id,
        name: volume.base.name.clone(),
        product: format!("{} GB", volume.size_gb),
        location: shared.catalogue.location_by_id(volume.location).name.to_owned(),
        hourly: hourly_share(monthly),
        monthly,
        since: when,
        until: None,
    }
}

/// Reserves a volume for a server that is being made; gives the effect of the action that attaches it.
pub fn reserve(project: &mut Project, id: u64, server: u64) -> Effect {
    if let Some(volume) = project.volumes.get_mut(&id) {
        volume.server = Some(server);
    }
    Effect::Volume(id, Change::Attach(server))
}

fn check_name(body: &mut Body, name: Option<&str>) {
    let Some(name) = name.filter(|n| !n.is_empty()) else { return };
    let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    if !bytes.iter().copied().all(inside) || !ends(bytes.first()) || !ends(bytes.last()) {
        body.problem("name", "is not a valid volume name");
    }
}

/// Refuses a server the volume cannot be attached to.
fn check_attachable(call: &Call<'_>, server: u64, location: Option<u64>) -> Result<u64, ApiError> {
    let found = find::<Server>(call.project, server)?;
    if location.is_some_and(|l| l != found.location) {
        return Err(ApiError::invalid("server", "server and volume must be in the same location"));
    }
    if found.volumes.len() >= VOLUMES_MAX {
        return Err(ApiError::service(format!("a server can have {VOLUMES_MAX} volumes at most")));
    }
    call.check_unlocked(Kind::Server, server)?;
    Ok(found.location)
}

/// `POST /volumes`.
pub fn create(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let size_gb = body.need_int("size", SIZES_GB.0, SIZES_GB.1);
    let (name, labels) = (body.need_name(VOLUME_NAME_MAX), body.labels());
    check_name(&mut body, Some(&name));
    let format = body.choice("format", &["xfs", "ext4"]).map(str::to_owned);
    let automount = body.flag("automount");
    let (server, location) = (body.id("server"), body.reference("location"));
    if server.is_none() && location.is_none() && !body.has("location") {
        body.problem("location", "missing data for required field");
    }
    if automount == Some(true) && server.is_none() {
        body.problem("automount", "requires a server");
    }
    body.check()?;
    check_name_free::<Volume>(call.project, &name, 0)?;
    call.project.check_limit::<Volume>(call.shared)?;
    let location = match (server, &location) {
        (Some(server), _) => check_attachable(call, server, None)?,
        (None, Some(location)) => call.shared.catalogue.location(location)?.id,
        (None, None) => return Err(ApiError::invalid("location", "missing data for required field")),
    };
    let place = call.shared.catalogue.location_by_id(location).name;
    if call.shared.settings.no_volume_space.iter().any(|l| l == place) {
        let message = "there is no volume space left in the given location";
        return Err(ApiError::unprocessable("no_space_left_in_location", message));
    }
    let base = Base::new(call.shared, name, labels);
    let id = base.id;
    let status = "creating".to_owned();
    let volume = Volume { base, server: None, location, size_gb, protected: false, status, format };
    let usage = usage(&volume, call.shared.now(), call.shared);
    call.project.pay(usage);
    call.project.volumes.insert(id, volume);
    let this = at(Kind::Volume, id);
    let first = call.begin("create_volume", &[this], Effect::Volume(id, Change::Created));
    let mut next: Vec<Value> = Vec::new();
    if let Some(server) = server {
        let effect = reserve(call.project, id, server);
        let attach = call.begin_after(first, "attach_volume", &[at(Kind::Server, server), this], effect);
        next.push(call.action(attach));
    }
    let view = entity_view::<Volume>(call, id);
    Object::new().set("volume", &view).set("action", &call.action(first)).set("next_actions", &next).send(201)
}

/// `GET /volumes`.
pub fn list(call: &mut Call<'_>) -> Answer {
    let statuses = call.query.words("status", &["available", "creating"])?;
    let keep = |v: &Volume| statuses.is_empty() || statuses.contains(&v.status.as_str());
    crate::resource::list::<Volume>(call, SORT_ALL, keep)
}

/// `PUT /volumes/{id}`.
pub fn update(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (name, labels) = (body.name(VOLUME_NAME_MAX), body.labels());
    check_name(&mut body, name.as_deref());
    let id = here::<Volume>(call)?.base.id;
    body.check()?;
    rename::<Volume>(call, id, name, labels)?;
    get::<Volume>(call)
}

fn unlocked(call: &Call<'_>) -> Result<u64, ApiError> {
    let id = here::<Volume>(call)?.base.id;
    call.check_unlocked(Kind::Volume, id)?;
    Ok(id)
}

/// `DELETE /volumes/{id}`: only a detached one.
pub fn delete(call: &mut Call<'_>) -> Answer {
    let volume = here::<Volume>(call)?;
    if volume.protected {
        return Err(ApiError::protected(Kind::Volume, "deletion"));
    }
    let attached = volume.server.is_some();
    let id = unlocked(call)?;
    if attached {
        return Err(ApiError::service("volume is still attached to a server"));
    }
    call.project.volumes.remove(&id);
    let now = call.shared.now();
    call.project.stop_paying(id, None, now);
    Reply::empty()
}

/// `attach`.
pub fn attach(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let server = body.need_id("server");
    body.flag("automount");
    let id = unlocked(call)?;
    body.check()?;
    let volume = find::<Volume>(call.project, id)?;
    if volume.server.is_some() {
        let message = "volume is already attached to a server";
        return Err(ApiError::unprocessable("volume_already_attached", message));
    }
    check_attachable(call, server, Some(volume.location))?;
    let resources = [at(Kind::Server, server), at(Kind::Volume, id)];
    let action = call.begin("attach_volume", &resources, Effect::Volume(id, Change::Attach(server)));
    call.reply_action(201, action)
}

/// `detach`.
pub fn detach(call: &mut Call<'_>) -> Answer {
    let id = unlocked(call)?;
    let Some(server) = find::<Volume>(call.project, id)?.server else {
        return Err(ApiError::service("volume is not attached to a server"));
    };
    call.check_unlocked(Kind::Server, server)?;
    let resources = [at(Kind::Server, server), at(Kind::Volume, id)];
    let action = call.begin("detach_volume", &resources, Effect::Volume(id, Change::Detach));
    call.reply_action(201, action)
}

fn begin(call: &mut Call<'_>, command: &str, id: u64, change: Change) -> Answer {
    let action = call.begin_on(command, Kind::Volume, id, Effect::Volume(id, change));
    call.reply_action(201, action)
}

/// `resize`: only upwards.
pub fn resize(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let size_gb = body.need_int("size", SIZES_GB.0, SIZES_GB.1);
    let id = unlocked(call)?;
    body.check()?;
    if size_gb <= find::<Volume>(call.project, id)?.size_gb {
        return Err(ApiError::invalid("size", "must be greater than the current size"));
    }
    begin(call, "resize_volume", id, Change::Resize(size_gb))
}

/// `change_protection`.
pub fn change_protection(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let delete = body.flag("delete");
    let id = unlocked(call)?;
    body.check()?;
    let delete = delete.unwrap_or(find::<Volume>(call.project, id)?.protected);
    begin(call, "change_protection", id, Change::Protection(delete))
}
