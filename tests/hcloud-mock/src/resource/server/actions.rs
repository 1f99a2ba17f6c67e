//! Server actions with a body: image, rebuild, type, rescue, ISO, backup, protection, names, groups; and deletion.
use crate::action::{Effect, at};
use crate::call::Call;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::reply::{Answer, Object};
use crate::resource::server::create::{check_user_data, is_host_name, password};
use crate::resource::server::{Change, Server};
use crate::resource::{find, get, here, image, iso, placement_group, primary_ip, rename, server_type};

/// `PUT /servers/{id}`.
pub fn update(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (name, labels) = (body.text("name"), body.labels());
    if name.as_deref().is_some_and(|n| !is_host_name(n)) {
        body.problem("name", "must be a valid hostname as per RFC 1123");
    }
    let id = here::<Server>(call)?.base.id;
    body.check()?;
    rename::<Server>(call, id, name, labels)?;
    get::<Server>(call)
}

/// `DELETE /servers/{id}`: gone for the user at once; the action detaches what hung on it.
pub fn delete(call: &mut Call<'_>) -> Answer {
    let server = here::<Server>(call)?;
    let id = server.base.id;
    if server.protection_delete {
        return Err(ApiError::protected(Kind::Server, "deletion"));
    }
    call.check_unlocked(Kind::Server, id)?;
    if let Some(mut server) = call.project.servers.remove(&id) {
        server.transition("deleting");
        call.project.leaving.insert(id, server);
    }
    let action = call.begin_on("delete_server", Kind::Server, id, Effect::Server(id, Change::Deleted));
    call.reply_action(200, action)
}

/// The server of the path, if no action runs on it.
fn unlocked(call: &Call<'_>) -> Result<u64, ApiError> {
    let id = here::<Server>(call)?.base.id;
    call.check_unlocked(Kind::Server, id)?;
    Ok(id)
}

fn begin(call: &mut Call<'_>, command: &str, id: u64, change: Change) -> Answer {
    let action = call.begin_on(command, Kind::Server, id, Effect::Server(id, change));
    call.reply_action(201, action)
}

fn server_of<'c>(call: &'c Call<'_>, id: u64) -> Result<&'c Server, ApiError> {
    find::<Server>(call.project, id)
}

fn check_off(server: &Server) -> Result<(), ApiError> {
    if server.is_off() {
        return Ok(());
    }
    Err(ApiError::unprocessable("server_not_stopped", "the action requires a stopped server"))
}

/// `create_image`.
pub fn create_image(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let description = body.text("description");
    let kind = body.choice("type", &["snapshot", "backup"]).unwrap_or("snapshot");
    let labels = body.labels();
    let id = unlocked(call)?;
    body.check()?;
    if kind == "backup" && server_of(call, id)?.backup_window.is_none() {
        return Err(ApiError::service("backups are not enabled for this server"));
    }
    call.project.check_limit::<image::Image>(call.shared)?;
    let image = image::from_server(call, id, kind, description, labels)?;
    let resources = [at(Kind::Server, id), at(Kind::Image, image)];
    let action = call.begin("create_image", &resources, Effect::Server(id, Change::Imaged { image }));
    let view = image::view_by_id(image, call.project, call.shared);
    Object::new().set("image", &view).set("action", &call.action(action)).send(201)
}

/// `rebuild`.
pub fn rebuild(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let wanted = body.need_reference("image");
    let user_data = check_user_data(&mut body);
    let id = unlocked(call)?;
    body.check()?;
    let server = server_of(call, id)?;
    if server.protection_rebuild {
        return Err(ApiError::protected(Kind::Server, "rebuild"));
    }
    let architecture = call.shared.catalogue.server_type_by_id(server.server_type).architecture;
    let disk = server.primary_disk_gb;
    let root_password = server.ssh_keys.is_empty().then(|| password(call.shared.counters.action));
    let image = image::resolve(call, &wanted, architecture)?;
    image::check_fits(&image, architecture, disk)?;
    if let Some(server) = call.project.servers.get_mut(&id) {
        server.transition("rebuilding");
        server.root_password.clone_from(&root_password);
    }
    let change = Change::Rebuilt { image: image.base.id, user_data };
    let action = call.begin_on("rebuild_server", Kind::Server, id, Effect::Server(id, change));
    Object::new().set("root_password", &root_password).set("action", &call.action(action)).send(201)
}

/// `change_type`.
pub fn change_type(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let wanted = body.need_reference("server_type");
    let upgrade_disk = body.need_flag("upgrade_disk");
    let id = unlocked(call)?;
    body.check()?;
    let server = server_of(call, id)?;
    let catalogue = &call.shared.catalogue;
    let (old, new) = (catalogue.server_type_by_id(server.server_type), catalogue.server_type(&wanted)?);
    let location = catalogue.location_by_id(server.location).name;
    let invalid = |message: &str| Err(ApiError::unprocessable("invalid_server_type", message));
    if old.id == new.id {
        return invalid("server already has this server type");
    }
    if old.architecture != new.architecture {
        return invalid("server type has a different architecture");
    }
    if new.disk < server.primary_disk_gb {
        return invalid("server type has a smaller disk than the server");
    }
    if !new.prices.iter().any(|p| p.location == location) {
        return invalid("server type is not supported in the server's location");
    }
    check_off(server)?;
    if !server_type::is_orderable(call.shared, new, location) {
        return Err(ApiError::unavailable("server type is not available in this location"));
    }
    let server_type = new.id;
    if let Some(server) = call.project.servers.get_mut(&id) {
        server.transition("migrating");
    }
    begin(call, "change_server_type", id, Change::Retyped { server_type, upgrade_disk })
}

/// `enable_backup`.
pub fn enable_backup(call: &mut Call<'_>) -> Answer {
    let id = unlocked(call)?;
    begin(call, "enable_backup", id, Change::Backup(Some("22-02".to_owned())))
}

/// `disable_backup`: deletes all backups.
pub fn disable_backup(call: &mut Call<'_>) -> Answer {
    let id = unlocked(call)?;
    begin(call, "disable_backup", id, Change::Backup(None))
}

/// `enable_rescue`.
pub fn enable_rescue(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    body.choice("type", &["linux64"]);
    let keys = body.ids("ssh_keys");
    let id = unlocked(call)?;
    body.check()?;
    for key in keys {
        find::<crate::resource::ssh_key::SshKey>(call.project, key)?;
    }
    if server_of(call, id)?.rescue_enabled {
        return Err(ApiError::service("rescue mode is already enabled"));
    }
    let action = call.begin_on("enable_rescue", Kind::Server, id, Effect::Server(id, Change::Rescue(true)));
    Object::new().set("root_password", &password(action)).set("action", &call.action(action)).send(201)
}

/// `disable_rescue`.
pub fn disable_rescue(call: &mut Call<'_>) -> Answer {
    let id = unlocked(call)?;
    begin(call, "disable_rescue", id, Change::Rescue(false))
}

/// `attach_iso`.
pub fn attach_iso(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let wanted = body.need_reference("iso");
    let id = unlocked(call)?;
    body.check()?;
    let server = server_of(call, id)?;
    let architecture = call.shared.catalogue.server_type_by_id(server.server_type).architecture;
    let iso = iso::usable(call.shared, &wanted, architecture)?;
    begin(call, "attach_iso", id, Change::Iso(Some(iso)))
}

/// `detach_iso`.
pub fn detach_iso(call: &mut Call<'_>) -> Answer {
    let id = unlocked(call)?;
    begin(call, "detach_iso", id, Change::Iso(None))
}

/// `change_protection`: both kinds must be given the same value.
pub fn change_protection(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (delete, rebuild) = (body.flag("delete"), body.flag("rebuild"));
    let id = unlocked(call)?;
    body.check()?;
    let server = server_of(call, id)?;
    let delete = delete.unwrap_or(server.protection_delete);
    let rebuild = rebuild.unwrap_or(server.protection_rebuild);
    if delete != rebuild {
        return Err(ApiError::invalid("rebuild", "delete and rebuild protection must have the same value"));
    }
    begin(call, "change_protection", id, Change::Protection { delete, rebuild })
}

/// `change_dns_ptr`.
pub fn change_dns_ptr(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (ip, dns_ptr) = primary_ip::read_dns_ptr(&mut body);
    let id = unlocked(call)?;
    body.check()?;
    let server = server_of(call, id)?;
    let owner = [server.ipv4, server.ipv6]
        .into_iter()
        .flatten()
        .find(|i| call.project.primary_ips.get(i).is_some_and(|p| p.covers(&ip)));
    let Some(primary_ip) = owner else {
        return Err(ApiError::not_found(Kind::PrimaryIp, ip));
    };
    begin(call, "change_dns_ptr", id, Change::DnsPtr { primary_ip, ip, dns_ptr })
}

/// `add_to_placement_group`.
pub fn add_to_placement_group(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let group = body.need_id("placement_group");
    let id = unlocked(call)?;
    body.check()?;
    let server = server_of(call, id)?;
    if server.placement_group.is_some() {
        let message = "the server is already part of a placement group";
        return Err(ApiError::unprocessable("already_in_placement_group", message));
    }
    placement_group::check_room(call.project, group)?;
    check_off(server)?;
    let resources = [at(Kind::Server, id), at(Kind::PlacementGroup, group)];
    let effect = Effect::Server(id, Change::Group(Some(group)));
    let action = call.begin_locking("add_to_placement_group", &resources, &[at(Kind::Server, id)], effect);
    call.reply_action(201, action)
}

/// `remove_from_placement_group`.
pub fn remove_from_placement_group(call: &mut Call<'_>) -> Answer {
    let id = unlocked(call)?;
    let Some(group) = server_of(call, id)?.placement_group else {
        return Err(ApiError::service("server is not part of a placement group"));
    };
    let resources = [at(Kind::Server, id), at(Kind::PlacementGroup, group)];
    let effect = Effect::Server(id, Change::Group(None));
    let action =
        call.begin_locking("remove_from_placement_group", &resources, &[at(Kind::Server, id)], effect);
    call.reply_action(201, action)
}

/// `GET /servers`.
pub fn list(call: &mut Call<'_>) -> Answer {
    const STATUSES: &[&str] = &[
        "running",
        "initializing",
        "starting",
        "stopping",
        "off",
        "deleting",
        "migrating",
        "rebuilding",
        "unknown",
    ];
    let statuses = call.query.words("status", STATUSES)?;
    let keep = |s: &Server| statuses.is_empty() || statuses.contains(&s.status.as_str());
    crate::resource::list::<Server>(call, crate::resource::SORT_ALL, keep)
}
