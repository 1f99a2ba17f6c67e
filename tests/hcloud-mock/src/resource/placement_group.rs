//! Placement groups: up to ten servers, each on another host.
use crate::call::Call;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::project::Project;
use crate::reply::{Answer, Object, Reply};
use crate::resource::{Base, Entity, NAME_MAX, SORT_ALL, check_name_free, entity, find, here};
use crate::shared::Shared;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Servers in one group.
pub const SERVERS_MAX: usize = 10;

/// A placement group; servers say which one they are in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlacementGroup {
    /// Id, name, labels.
    pub base: Base,
}

impl Entity for PlacementGroup {
    entity!(PlacementGroup, placement_groups);

    fn view<'a>(&'a self, project: &'a Project, _: &'a Shared) -> impl Serialize + use<'a> {
        view(self, project)
    }
}

fn members(project: &Project, id: u64) -> Vec<u64> {
    let all = project.servers.values().chain(project.leaving.values());
    all.filter(|s| s.placement_group == Some(id)).map(|s| s.base.id).collect()
}

/// The JSON of the API.
pub fn view(group: &PlacementGroup, project: &Project) -> Value {
    json!({
        "id": group.base.id, "name": group.base.name, "labels": group.base.labels, "type": "spread",
        "created": group.base.created(), "servers": members(project, group.base.id),
    })
}

/// Refuses a group that is full or does not exist.
pub fn check_room(project: &Project, id: u64) -> Result<(), ApiError> {
    find::<PlacementGroup>(project, id)?;
    if members(project, id).len() >= SERVERS_MAX {
        return Err(ApiError::service(format!(
            "placement group {id} contains already {SERVERS_MAX} servers"
        )));
    }
    Ok(())
}

/// `POST /placement_groups`.
pub fn create(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (name, labels) = (body.need_name(NAME_MAX), body.labels());
    body.need_choice("type", &["spread"]);
    body.check()?;
    check_name_free::<PlacementGroup>(call.project, &name, 0)?;
    call.project.check_limit::<PlacementGroup>(call.shared)?;
    let group = PlacementGroup { base: Base::new(call.shared, name, labels) };
    let view = view(&group, call.project);
    call.project.placement_groups.insert(group.base.id, group);
    Object::new().set("placement_group", &view).set("action", &Value::Null).send(201)
}

/// `GET /placement_groups`.
pub fn list(call: &mut Call<'_>) -> Answer {
    call.query.words("type", &["spread"])?;
    crate::resource::list::<PlacementGroup>(call, SORT_ALL, |_| true)
}

/// `DELETE /placement_groups/{id}`: its servers stay where they are.
pub fn delete(call: &mut Call<'_>) -> Answer {
    let id = here::<PlacementGroup>(call)?.base.id;
    let in_change = members(call.project, id).into_iter().any(|s| call.project.is_busy(Kind::Server, s));
    if in_change {
        return Err(ApiError::in_use(Kind::PlacementGroup, id));
    }
    call.project.placement_groups.remove(&id);
    for server in call.project.servers.values_mut().filter(|s| s.placement_group == Some(id)) {
        server.placement_group = None;
    }
    Reply::empty()
}
