//! Images: the system's, and the snapshots and backups made from servers.
use crate::action::{Effect, Resource, at};
use crate::bill::Usage;
use crate::body::Reference;
use crate::call::Call;
use crate::catalogue::prices::{SNAPSHOT_GB_MONTHLY, hourly_share, money};
use crate::clock::{Ms, rfc3339};
use crate::error::ApiError;
use crate::kind::Kind;
use crate::label::Labels;
use crate::project::Project;
use crate::reply::{Answer, Page, Reply};
use crate::resource::server::Server;
use crate::resource::{Base, Entity, PER_PAGE_MAX, SortField, entity, find, sort_term};
use crate::shared::Shared;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageType {
    System,
    App,
    Snapshot,
    Backup,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// The name is empty for snapshots and backups, and shown as null.
    pub base: Base,
    pub image_type: ImageType,
    pub status: String,
    pub description: String,
    /// Size that is billed.
    pub image_gb: Option<f64>,
    /// Smallest disk it fits on.
    pub disk_gb: f64,
    pub created_from: Option<(u64, String)>,
    pub bound_to: Option<u64>,
    pub os_flavor: String,
    pub os_version: Option<String>,
    pub rapid_deploy: bool,
    pub protected: bool,
    pub deprecated: Option<String>,
    /// Set when it is gone but servers still say they were made from it.
    pub deleted: Option<String>,
    pub architecture: String,
}

/// Time between an image's deprecation and its end.
const DEPRECATION_MS: Ms = 365 * 24 * crate::clock::HOUR_MS;
/// Disk that a fresh server's snapshot takes, in gigabytes.
const SNAPSHOT_GB: f64 = 2.3;

impl Image {
    /// Whether it can be listed and used: an announced end makes it vanish.
    fn is_current(&self, now: Ms) -> bool {
        let end = |d: &String| crate::clock::parse_rfc3339(d).unwrap_or_default() + DEPRECATION_MS;
        self.deleted.is_none() && self.deprecated.as_ref().is_none_or(|d| now < end(d))
    }

    fn show(&self) -> Value {
        let deprecation = self.deprecated.as_ref().map(|announced| {
            let at = crate::clock::parse_rfc3339(announced).unwrap_or_default();
            json!({"announced": announced, "unavailable_after": rfc3339(at + DEPRECATION_MS)})
        });
        let from = self.created_from.as_ref().map(|(id, name)| json!({"id": id, "name": name}));
        let name = (!self.base.name.is_empty()).then_some(&self.base.name);
        json!({
            "id": self.base.id, "type": self.image_type, "status": self.status, "name": name,
            "description": self.description, "image_size": self.image_gb, "disk_size": self.disk_gb,
            "created": self.base.created(), "created_from": from, "bound_to": self.bound_to,
            "os_flavor": self.os_flavor, "os_version": self.os_version, "rapid_deploy": self.rapid_deploy,
            "protection": {"delete": self.protected}, "deprecated": self.deprecated, "deprecation": deprecation,
            "deleted": self.deleted, "labels": self.base.labels, "architecture": self.architecture,
        })
    }
}

impl Entity for Image {
    entity!(Image, images);

    fn view<'a>(&'a self, _: &'a Project, _: &'a Shared) -> impl Serialize + use<'a> {
        self.show()
    }

    fn is_listed(&self) -> bool {
        self.deleted.is_none()
    }
}

fn everywhere<'a>(project: &'a Project, shared: &'a Shared) -> impl Iterator<Item = &'a Image> {
    shared.catalogue.images.iter().chain(project.images.values())
}

/// The JSON of any image, also of a deleted one.
pub fn view_by_id(id: u64, project: &Project, shared: &Shared) -> Option<Value> {
    let system = shared.catalogue.images.binary_search_by_key(&id, |i| i.base.id);
    let found =
        system.ok().and_then(|at| shared.catalogue.images.get(at)).or_else(|| project.images.get(&id));
    found.map(Image::show)
}

/// The image a request means: by id, or by name for an architecture.
pub fn resolve(call: &Call<'_>, wanted: &Reference, architecture: &str) -> Result<Image, ApiError> {
    let live = || everywhere(call.project, call.shared).filter(|i| i.is_current(call.shared.now()));
    let by_id = wanted.as_id().and_then(|id| live().find(|i| i.base.id == id));
    let by_name = || match wanted {
        Reference::Name(name) => {
            let named = |i: &&Image| i.base.name == *name;
            live().filter(named).find(|i| i.architecture == architecture).or_else(|| live().find(named))
        }
        Reference::Id(_) => None,
    };
    by_id.or_else(by_name).cloned().ok_or_else(|| wanted.not_found(Kind::Image))
}

/// Refuses an image that cannot run on a server of this architecture and disk.
pub fn check_fits(image: &Image, architecture: &str, disk_gb: u32) -> Result<(), ApiError> {
    if image.status != "available" {
        return Err(ApiError::unprocessable("service_error", "image is not available yet"));
    }
    if image.architecture != architecture {
        let message = "image architecture is not compatible with the server type";
        return Err(ApiError::invalid("image", message));
    }
    if image.disk_gb > f64::from(disk_gb) {
        return Err(ApiError::invalid("image", "image disk is bigger than the disk of the server type"));
    }
    Ok(())
}

/// Makes the image a `create_image` action will complete.
pub fn from_server(
    call: &mut Call<'_>,
    server: u64,
    kind: &str,
    description: Option<String>,
    labels: Option<Labels>,
) -> Result<u64, ApiError> {
    let source = find::<Server>(call.project, server)?.clone();
    let base = Base::new(call.shared, String::new(), labels);
    let of =
        source.image.and_then(|i| everywhere(call.project, call.shared).find(|o| o.base.id == i)).cloned();
    let backup = kind == "backup";
    let image = Image {
        image_type: if backup { ImageType::Backup } else { ImageType::Snapshot },
        status: "creating".to_owned(),
        description: description.unwrap_or_else(|| format!("{} {}", source.base.name, base.created())),
        image_gb: None,
        disk_gb: f64::from(source.primary_disk_gb),
        created_from: Some((server, source.base.name.clone())),
        bound_to: backup.then_some(server),
        os_flavor: of.as_ref().map_or_else(|| "unknown".to_owned(), |i| i.os_flavor.clone()),
        os_version: of.and_then(|i| i.os_version),
        rapid_deploy: false,
        protected: false,
        deprecated: None,
        deleted: None,
        architecture: call.shared.catalogue.server_type_by_id(source.server_type).architecture.to_owned(),
        base,
    };
    let id = image.base.id;
    call.project.images.insert(id, image);
    Ok(id)
}

/// The image's data has been copied.
pub fn completed(project: &mut Project, id: u64, when: Ms) {
    let Some(image) = project.images.get_mut(&id) else { return };
    image.status = "available".to_owned();
    image.image_gb = Some(SNAPSHOT_GB);
    if image.image_type == ImageType::Snapshot {
        let usage = usage(image, when);
        project.pay(usage);
    }
}

fn usage(image: &Image, when: Ms) -> Usage {
    let gigabytes = rust_decimal::Decimal::try_from(image.image_gb.unwrap_or(0.0)).unwrap_or_default();
    let monthly = money(SNAPSHOT_GB_MONTHLY) * gigabytes;
    Usage {
        what: "snapshot".to_owned(),
        id: image.base.id,
        name: image.description.clone(),
        product: "snapshot".to_owned(),
        location: String::new(),
        hourly: hourly_share(monthly),
        monthly,
        since: when,
        until: None,
    }
}

fn remove(project: &mut Project, id: u64, when: Ms) {
    if let Some(image) = project.images.get_mut(&id) {
        image.deleted = Some(rfc3339(when));
    }
    project.stop_paying(id, None, when);
    if !project.servers.values().any(|s| s.image == Some(id)) {
        project.images.remove(&id);
    }
}

/// Backups go with their server.
pub fn server_gone(project: &mut Project, server: u64, when: Ms) {
    delete_backups(project, server, when);
}

/// Deletes the backups of a server.
pub fn delete_backups(project: &mut Project, server: u64, when: Ms) {
    let backups: Vec<u64> =
        project.images.values().filter(|i| i.bound_to == Some(server)).map(|i| i.base.id).collect();
    for id in backups {
        remove(project, id, when);
    }
}

/// `GET /images`: the system's and the project's own.
pub fn list(call: &mut Call<'_>) -> Answer {
    let page = Page::of(call.query, PER_PAGE_MAX)?;
    let query = call.query;
    let types = query.words("type", &["system", "app", "snapshot", "backup", "temporary"])?;
    let statuses = query.words("status", &["available", "creating", "unavailable"])?;
    let architectures = query.words("architecture", &["x86", "arm"])?;
    let bound_to = query.ids("bound_to")?;
    let (deprecated, selector) = (query.flag("include_deprecated")?, query.selector()?);
    let name = query.one("name").filter(|n| !n.is_empty());
    let mut order = Vec::new();
    for term in query.all("sort") {
        let (word, descending) = sort_term(term)?;
        let field = SortField::parse(word).ok_or_else(|| ApiError::invalid("sort", "unknown sort field"))?;
        order.push((field, descending));
    }
    let type_word = |i: &Image| match i.image_type {
        ImageType::System => "system",
        ImageType::App => "app",
        ImageType::Snapshot => "snapshot",
        ImageType::Backup => "backup",
    };
    let now = call.shared.now();
    let visible_before = now.saturating_sub(call.shared.settings.list_lag_ms);
    let wanted = |i: &&Image| {
        i.is_current(now)
            && i.base.created <= visible_before
            && (types.is_empty() || types.contains(&type_word(i)))
            && (statuses.is_empty() || statuses.contains(&i.status.as_str()))
            && (architectures.is_empty() || architectures.contains(&i.architecture.as_str()))
            && (bound_to.is_empty() || i.bound_to.is_some_and(|b| bound_to.contains(&b)))
            && (deprecated || i.deprecated.is_none())
            && name.is_none_or(|n| i.base.name == n)
            && selector.as_ref().is_none_or(|s| s.matches(&i.base.labels))
    };
    let mut images: Vec<&Image> = everywhere(call.project, call.shared).filter(wanted).collect();
    for (field, descending) in order.iter().rev() {
        images.sort_by(|a, b| {
            let order = field.order(&a.base, &b.base);
            if *descending { order.reverse() } else { order }
        });
    }
    let views: Vec<Value> = page.cut(&images).iter().map(|i| i.show()).collect();
    page.reply("images", &views, images.len(), call.path, query)
}

/// `GET /images/{id}`.
pub fn get(call: &mut Call<'_>) -> Answer {
    let id = call.id::<Image>()?;
    call.waits |= call.project.is_busy(Kind::Image, id);
    let found = everywhere(call.project, call.shared).find(|i| i.base.id == id && i.is_listed());
    let view = found.map(Image::show).ok_or_else(|| ApiError::not_found(Kind::Image, id))?;
    Reply::one(200, "image", &view)
}

/// The project's own image of the path; the system's cannot be changed.
fn own(call: &Call<'_>) -> Result<u64, ApiError> {
    let id = call.id::<Image>()?;
    if call.shared.catalogue.images.iter().any(|i| i.base.id == id) {
        return Err(ApiError::new(403, "forbidden", "only snapshots and backups can be changed"));
    }
    find::<Image>(call.project, id).map(|i| i.base.id)
}

/// `PUT /images/{id}`.
pub fn update(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (description, labels) = (body.text("description"), body.labels());
    let to_snapshot = body.choice("type", &["snapshot"]).is_some();
    let id = own(call)?;
    body.check()?;
    let now = call.shared.now();
    let Some(image) = call.project.images.get_mut(&id) else { return get(call) };
    image.description = description.unwrap_or_else(|| std::mem::take(&mut image.description));
    image.base.labels = labels.unwrap_or_else(|| std::mem::take(&mut image.base.labels));
    if to_snapshot && image.image_type == ImageType::Backup {
        image.image_type = ImageType::Snapshot;
        image.bound_to = None;
        let usage = usage(image, now);
        call.project.pay(usage);
    }
    get(call)
}

/// `DELETE /images/{id}`.
pub fn delete(call: &mut Call<'_>) -> Answer {
    let id = own(call)?;
    let image = find::<Image>(call.project, id)?;
    if image.protected {
        return Err(ApiError::protected(Kind::Image, "deletion"));
    }
    call.check_unlocked(Kind::Image, id)?;
    if let Some(machines) = &call.shared.machines {
        machines.forget_image(id);
    }
    remove(call.project, id, call.shared.now());
    Reply::empty()
}

/// `change_protection`: only for snapshots.
pub fn change_protection(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let delete = body.flag("delete");
    let id = own(call)?;
    body.check()?;
    let image = find::<Image>(call.project, id)?;
    if image.image_type != ImageType::Snapshot {
        return Err(ApiError::unprocessable("unsupported_error", "only snapshots can be protected"));
    }
    call.check_unlocked(Kind::Image, id)?;
    let effect = Effect::ImageProtection(id, delete.unwrap_or(image.protected));
    let action = call.begin_on("change_protection", Kind::Image, id, effect);
    call.reply_action(201, action)
}

/// `GET /images/{id}/actions`, also for the system's images, which have none.
pub fn actions(call: &mut Call<'_>) -> Answer {
    let id = call.id::<Image>()?;
    if !everywhere(call.project, call.shared).any(|i| i.base.id == id) {
        return Err(ApiError::not_found(Kind::Image, id));
    }
    let this: Resource = at(Kind::Image, id);
    crate::resource::action::list(call, |r| *r == this)
}
