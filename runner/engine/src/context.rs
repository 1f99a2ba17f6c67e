//! What all tasks of a run share, and what all tasks of a play share.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use runner_playbook::{
    ast::{Layer, LayerKind, Play, Role},
    load::Loader,
    node::Map,
};
use runner_template::{Level, Scope, Templar, Value, Vars, World};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    event::Event,
    sequence::RoleNumbers,
    settings::Settings,
    store::Store,
    target::Connector,
    unit::{Ids, Unit},
    world::TaskWorld,
};

/// Shared by all tasks of a run.
pub(crate) struct Shared {
    pub ids: Ids,
    pub settings: Settings,
    pub templar: Templar,
    pub loader: Loader,
    pub connector: Arc<dyn Connector>,
    pub store: Arc<Store>,
    pub world: Arc<dyn World>,
    pub events: mpsc::Sender<Event>,
    pub cancel: CancellationToken,
    pub roles: Mutex<RoleNumbers>,
    /// Variables made of maps of the playbook, by address; the maps are kept so that addresses stay theirs.
    pub converted: Mutex<HashMap<usize, (Arc<Map>, Vars)>>,
    /// Files of variables that were read, by path.
    pub vars_files: Mutex<HashMap<PathBuf, Vars>>,
    /// Variables that are the same for all hosts and plays.
    pub magic: Vars,
}

impl Shared {
    /// Sends an event; a reader that went away does not stop the run.
    pub(crate) async fn tell(&self, event: Event) {
        let _ = self.events.send(event).await;
    }

    /// Variables of a map of the playbook.
    pub(crate) fn vars_of(&self, map: &Arc<Map>) -> Vars {
        if map.is_empty() {
            return Vars::default();
        }
        let key = Arc::as_ptr(map) as usize;
        let mut converted = self.converted.lock().unwrap_or_else(PoisonError::into_inner);
        converted.entry(key).or_insert_with(|| (map.clone(), Vars::from_node_map(map))).1.clone()
    }
}

/// Shared by all tasks of one play on one batch of hosts.
pub(crate) struct PlayContext {
    pub play: Arc<Play>,
    pub name: String,
    /// Answers to `vars_prompt`.
    pub prompted: Vars,
    pub check: bool,
    pub diff: bool,
    pub strategy: crate::strategy::Strategy,
    /// Variables about the play and its hosts; replaced when a host drops out.
    pub magic: RwLock<Vars>,
    /// Roles whose defaults and variables every task of the play sees.
    pub public_roles: RwLock<Vec<Arc<Role>>>,
    pub dir: PathBuf,
}

impl PlayContext {
    /// The variables of a host at a task.
    pub(crate) fn scope(&self, shared: &Shared, host: &str, unit: &Unit) -> Scope {
        let base = shared.store.base(host).unwrap_or_else(|| Scope::new(shared.world.clone()));
        let layer = &unit.task.layer;
        let mut scope = self.roles_into(shared, base, layer);
        scope = scope
            .with(Level::PlayVars, shared.vars_of(self.play.vars()))
            .with(Level::PlayVarsPrompt, self.prompted.clone());
        let chain: Vec<&Arc<Layer>> = layer.chain().collect();
        for layer in chain.iter().rev() {
            scope = self.layer_into(shared, scope, layer);
        }
        scope = scope.with(Level::TaskVars, shared.vars_of(&unit.task.vars));
        scope = scope.with(Level::IncludeParams, unit.injected.clone());
        scope = scope.with(Level::Magic, shared.magic.clone());
        let magic = self.magic.read().unwrap_or_else(PoisonError::into_inner).clone();
        scope = scope.with(Level::Magic, magic).with(Level::Magic, self.role_magic(layer));
        let world =
            TaskWorld::of(shared.world.clone(), shared.store.clone(), layer, &unit.task.span, &self.dir);
        let search = Value::list(world.bases().iter().map(|dir| Value::text(dir.display().to_string())));
        scope = scope.with(Level::Magic, Vars::new([("ansible_search_path", search)]));
        let scope = scope.with_world(Arc::new(world));
        self.vars_files_into(shared, scope)
    }

    /// The variables of a play, for its own keywords.
    pub(crate) fn play_scope(&self, shared: &Shared, base: Scope) -> Scope {
        base.with(Level::PlayVars, shared.vars_of(self.play.vars()))
            .with(Level::PlayVarsPrompt, self.prompted.clone())
            .with(Level::ExtraVars, shared.settings.extra_vars.clone())
            .with(Level::Magic, shared.magic.clone())
            .with(Level::Magic, Vars::new([("playbook_dir", Value::text(self.dir.display().to_string()))]))
    }

    fn roles_into(&self, shared: &Shared, mut scope: Scope, layer: &Arc<Layer>) -> Scope {
        let public = self.public_roles.read().unwrap_or_else(PoisonError::into_inner).clone();
        for role in &public {
            scope = scope
                .with(Level::RoleDefaults, shared.vars_of(&role.defaults))
                .with(Level::PlayVarsFiles, Vars::default());
            scope = scope.with(Level::RoleVars, shared.vars_of(&role.vars));
        }
        let mut own: Vec<Arc<Role>> = Vec::new();
        for layer in layer.chain().collect::<Vec<_>>().into_iter().rev() {
            if let LayerKind::Role(role) = &layer.kind {
                dependencies_first(role, &mut own);
            }
        }
        for role in &own {
            scope = scope
                .with(Level::RoleDefaults, shared.vars_of(&role.defaults))
                .with(Level::RoleVars, shared.vars_of(&role.vars));
        }
        scope
    }

    fn layer_into(&self, shared: &Shared, scope: Scope, layer: &Arc<Layer>) -> Scope {
        match &layer.kind {
            LayerKind::Play => scope,
            LayerKind::ImportPlaybook => scope.with(Level::PlayVars, shared.vars_of(&layer.vars)),
            LayerKind::Role(role) => scope
                .with(Level::RoleVars, Vars::from_node_map(&role.entry.vars))
                .with(Level::RoleVars, shared.vars_of(&layer.vars))
                .with(Level::RoleParams, Vars::from_node_map(&role.entry.params)),
            LayerKind::Block | LayerKind::ImportTasks(_) | LayerKind::Apply => {
                scope.with(Level::BlockVars, shared.vars_of(&layer.vars))
            }
            LayerKind::ImportRole(_) => scope.with(Level::RoleParams, shared.vars_of(&layer.vars)),
            LayerKind::Include => scope.with(Level::IncludeParams, shared.vars_of(&layer.vars)),
        }
    }

    fn role_magic(&self, layer: &Arc<Layer>) -> Vars {
        let mut roles = layer.chain().filter_map(|layer| match &layer.kind {
            LayerKind::Role(role) => Some(role),
            _ => None,
        });
        let Some(role) = roles.next() else { return Vars::default() };
        let parents: Vec<&Arc<Role>> = roles.filter(|parent| !Arc::ptr_eq(parent, role)).collect();
        let names = parents.iter().map(|role| Value::text(full_name(role)));
        let paths = parents.iter().map(|role| Value::text(role.path.display().to_string()));
        let collection = role.collection.clone().map_or(Value::None, Value::text);
        let mut magic = vec![
            ("role_name", Value::text(role.name.as_str())),
            ("ansible_role_name", Value::text(full_name(role))),
            ("role_path", Value::text(role.path.display().to_string())),
            ("role_uuid", Value::text(format!("{:p}", Arc::as_ptr(role)))),
            ("ansible_collection_name", collection),
        ];
        if !parents.is_empty() {
            magic.push(("ansible_parent_role_names", Value::list(names)));
            magic.push(("ansible_parent_role_paths", Value::list(paths)));
        }
        Vars::new(magic)
    }

    fn vars_files_into(&self, shared: &Shared, mut scope: Scope) -> Scope {
        for entry in &self.play.vars_files {
            if let Some((vars, _)) = crate::vars_file::resolve(shared, entry, &scope, &self.dir) {
                scope = scope.with(Level::PlayVarsFiles, vars);
            }
        }
        scope
    }
}

fn full_name(role: &Role) -> String {
    match &role.collection {
        Some(collection) if !role.name.starts_with(collection.as_str()) => {
            format!("{collection}.{}", role.name)
        }
        _ => role.name.clone(),
    }
}

/// The role's dependencies, deepest first, then the role.
fn dependencies_first(role: &Arc<Role>, into: &mut Vec<Arc<Role>>) {
    for dependency in &role.dependencies {
        dependencies_first(dependency, into);
    }
    if !into.iter().any(|known| Arc::ptr_eq(known, role)) {
        into.push(role.clone());
    }
}

/// A path as text.
pub(crate) fn text_of(path: &Path) -> Value {
    Value::text(path.display().to_string())
}
