//! What is known about every host: inventory, facts, registered results; changed only between results.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak},
};

use crate::fact_cache::{self, FactCache};
use runner_playbook::{
    inventory::{self, Inventory, InventoryVars},
    load::Loader,
    problem::Problem,
};
use runner_template::{Hosts, Level, Scope, Value, Vars, World};

/// All hosts' variables.
pub(crate) struct Store {
    inner: RwLock<Inner>,
    world: Arc<dyn World>,
    loader: Loader,
    extra: Vars,
    inject_facts: bool,
    hash_merge: bool,
    cache: Option<Arc<dyn FactCache>>,
    own: Weak<Store>,
}

struct Inner {
    inventory: Inventory,
    playbook_dir: Option<PathBuf>,
    /// Variables beside the inventory and the playbook; made anew when either changes place.
    beside: Option<Arc<InventoryVars>>,
    /// What does not change when a host learns something.
    fixed: HashMap<Arc<str>, Scope>,
    learned: HashMap<Arc<str>, Learned>,
    bases: HashMap<Arc<str>, Scope>,
    groups: Option<Value>,
}

/// What a host's tasks have found out.
#[derive(Default)]
struct Learned {
    /// As modules returned them.
    facts: Vars,
    /// `facts` as level 11 shows them.
    shown: Vars,
    include_vars: Vars,
    set_facts: Vars,
}

impl Store {
    pub(crate) fn new(
        inventory: Inventory,
        world: Arc<dyn World>,
        loader: Loader,
        extra: Vars,
        inject_facts: bool,
        hash_merge: bool,
        cache: Option<Arc<dyn FactCache>>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|own| Store {
            inner: RwLock::new(Inner {
                inventory,
                playbook_dir: None,
                beside: None,
                fixed: HashMap::new(),
                learned: HashMap::new(),
                bases: HashMap::new(),
                groups: None,
            }),
            world,
            loader,
            extra,
            inject_facts,
            hash_merge,
            cache,
            own: own.clone(),
        })
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the inventory.
    pub(crate) fn inventory<R>(&self, look: impl FnOnce(&Inventory) -> R) -> R {
        look(&self.read().inventory)
    }

    /// Changes the inventory; everything derived from it is forgotten.
    pub(crate) fn change_inventory<R>(&self, change: impl FnOnce(&mut Inventory) -> R) -> R {
        let mut inner = self.write();
        inner.bases.clear();
        inner.fixed.clear();
        inner.groups = None;
        change(&mut inner.inventory)
    }

    /// Changes the inventory only where needed, so that nothing is forgotten without reason.
    pub(crate) fn change_if(&self, needed: impl Fn(&Inventory) -> bool, change: impl FnOnce(&mut Inventory)) {
        if self.inventory(&needed) {
            self.change_inventory(change);
        }
    }

    /// Says where the running playbook is, for the variables beside it.
    pub(crate) fn enter_playbook(&self, dir: &Path) {
        let mut inner = self.write();
        if inner.playbook_dir.as_deref() != Some(dir) {
            inner.playbook_dir = Some(dir.to_owned());
            inner.beside = None;
            inner.bases.clear();
            inner.fixed.clear();
        }
    }

    /// The variables of a host without those of a play or task.
    pub(crate) fn base(&self, host: &str) -> Option<Scope> {
        if let Some(scope) = self.read().bases.get(host) {
            return Some(scope.clone());
        }
        let mut inner = self.write();
        let scope = self.build(&mut inner, host)?;
        let name = inner.inventory.host(host)?.name.clone();
        inner.bases.insert(name, scope.clone());
        Some(scope)
    }

    fn build(&self, inner: &mut Inner, host: &str) -> Option<Scope> {
        let name = inner.inventory.host(host)?.name.clone();
        let fixed = match inner.fixed.get(&name) {
            Some(scope) => scope.clone(),
            None => {
                let scope = self.fixed(inner, host)?;
                inner.fixed.insert(name, scope.clone());
                scope
            }
        };
        Some(match inner.learned.get(host) {
            Some(learned) => fixed
                .with(Level::Facts, learned.shown.clone())
                .with(Level::IncludeVars, learned.include_vars.clone())
                .with(Level::SetFacts, learned.set_facts.clone()),
            None => fixed.with(Level::Facts, Vars::new([("ansible_facts", empty_dict())])),
        })
    }

    /// Inventory, files beside it, extra variables, and what is magic about the host.
    fn fixed(&self, inner: &mut Inner, host: &str) -> Option<Scope> {
        let beside = inner.beside.get_or_insert_with(|| {
            let dir = inner.playbook_dir.clone();
            Arc::new(InventoryVars::new(self.loader.clone(), &inner.inventory, dir))
        });
        let beside = beside.clone();
        let mut scope = Scope::new(self.world.clone()).merging(self.hash_merge);
        if let Some(own) = self.own.upgrade() {
            scope = scope.with_hosts(Arc::new(Others(Arc::downgrade(&own))));
        }
        for (level, map) in beside.layers(&inner.inventory, host) {
            scope = scope.with(level_of(level), Vars::from_node_map(&map));
        }
        scope = scope.with(Level::ExtraVars, self.extra.clone());
        let found = inner.inventory.host(host)?;
        let name = found.name.clone();
        let source = found.source.clone();
        let group_names: Vec<Value> =
            inner.inventory.group_names(host).iter().map(|group| Value::text(group.clone())).collect();
        let short = name.split('.').next().unwrap_or(&name).to_owned();
        let file = source.as_ref().map_or(Value::None, |path| Value::text(path.display().to_string()));
        let dir = source.as_ref().and_then(|path| path.parent());
        let dir = dir.map_or(Value::None, |dir| Value::text(dir.display().to_string()));
        let magic = [
            ("inventory_hostname", Value::text(name.clone())),
            ("inventory_hostname_short", Value::text(short)),
            ("group_names", Value::list(group_names)),
            ("groups", groups(inner)),
            ("inventory_file", file),
            ("inventory_dir", dir),
        ];
        Some(scope.with(Level::Magic, Vars::new(magic)))
    }

    /// The hosts that patterns mean; asking for `localhost` makes it.
    pub(crate) fn select(&self, patterns: &[String]) -> (Vec<Arc<str>>, Vec<Problem>) {
        self.write().inventory.select(patterns)
    }

    /// Takes over what earlier runs kept, or forgets it.
    pub(crate) fn remember(&self, flush: bool) {
        let Some(cache) = &self.cache else { return };
        for host in cache.hosts() {
            if flush {
                cache.forget(&host);
            } else if let Some(facts) = cache.get(&host).and_then(|bytes| fact_cache::read(&bytes)) {
                self.learn(&host, |learned, inject| {
                    learned.facts = facts;
                    learned.show(inject);
                });
            }
        }
    }

    /// Remembers facts that a module returned.
    pub(crate) fn learn_facts(&self, host: &str, facts: &Vars) {
        self.learn(host, |learned, inject| {
            for (name, value) in facts.iter() {
                learned.facts.set(name.clone(), value.clone());
            }
            learned.show(inject);
        });
        if let Some(cache) = &self.cache {
            let kept = self.read().learned.get(host).and_then(|learned| fact_cache::write(&learned.facts));
            if let Some(bytes) = kept {
                cache.set(host, &bytes);
            }
        }
    }

    /// Forgets everything modules found out (`meta: clear_facts`).
    pub(crate) fn clear_facts(&self, host: &str) {
        if let Some(cache) = &self.cache {
            cache.forget(host);
        }
        self.learn(host, |learned, inject| {
            learned.facts = Vars::default();
            learned.set_facts = Vars::default();
            learned.show(inject);
        });
    }

    /// Whether facts were gathered for a host.
    pub(crate) fn has_facts(&self, host: &str) -> bool {
        self.read().learned.get(host).is_some_and(|learned| !learned.facts.is_empty())
    }

    /// Remembers variables of `set_fact` and `register`.
    pub(crate) fn learn_vars(&self, host: &str, vars: &Vars) {
        self.learn(host, |learned, _| {
            for (name, value) in vars.iter() {
                learned.set_facts.set(name.clone(), value.clone());
            }
        });
    }

    /// Remembers variables of `include_vars`.
    pub(crate) fn learn_included(&self, host: &str, vars: &Vars) {
        self.learn(host, |learned, _| {
            for (name, value) in vars.iter() {
                learned.include_vars.set(name.clone(), value.clone());
            }
        });
    }

    fn learn(&self, host: &str, change: impl FnOnce(&mut Learned, bool)) {
        let mut inner = self.write();
        let name = inner.inventory.host(host).map_or_else(|| Arc::from(host), |found| found.name.clone());
        // The cached scope goes first, so that the maps it shares are changed in place and not copied.
        inner.bases.remove(&name);
        change(inner.learned.entry(name).or_default(), self.inject_facts);
    }
}

impl Learned {
    fn show(&mut self, inject: bool) {
        let namespaced = self
            .facts
            .iter()
            .map(|(name, value)| (Arc::from(name.strip_prefix("ansible_").unwrap_or(name)), value.clone()));
        let all = Value::dict::<Arc<str>>(namespaced);
        let mut shown = Vec::with_capacity(self.facts.len() + 1);
        if inject {
            let own = |name: &str| !is_connection_variable(name);
            shown.extend(
                self.facts
                    .iter()
                    .filter(|(name, _)| own(name))
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
        }
        shown.push((Arc::from("ansible_facts"), all));
        self.shown = Vars::new(shown);
    }
}

/// The template crate's level of an inventory level.
fn level_of(level: inventory::Level) -> Level {
    match level {
        inventory::Level::AllInventory | inventory::Level::GroupsInventory => Level::InventoryGroupVars,
        inventory::Level::AllFilesInventory => Level::InventoryGroupVarsAll,
        inventory::Level::AllFilesPlay => Level::PlaybookGroupVarsAll,
        inventory::Level::GroupsFilesInventory => Level::InventoryGroupVarsFiles,
        inventory::Level::GroupsFilesPlay => Level::PlaybookGroupVarsFiles,
        inventory::Level::HostInventory => Level::InventoryHostVars,
        inventory::Level::HostFilesInventory => Level::InventoryHostVarsFiles,
        inventory::Level::HostFilesPlay => Level::PlaybookHostVarsFiles,
    }
}

/// Facts must not redirect the connection: these names stay inside `ansible_facts`.
fn is_connection_variable(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "ansible_connection",
        "ansible_host",
        "ansible_port",
        "ansible_user",
        "ansible_password",
        "ansible_ssh_pass",
        "ansible_become",
        "ansible_become_user",
        "ansible_become_method",
        "ansible_become_password",
        "ansible_become_pass",
        "ansible_become_exe",
        "ansible_become_flags",
        "ansible_shell_executable",
        "ansible_shell_type",
    ];
    NAMES.contains(&name) || name.starts_with("ansible_ssh_") && !name.starts_with("ansible_ssh_host_key_")
}

fn empty_dict() -> Value {
    Value::dict::<&str>([])
}

/// `groups`: every group with its hosts, made once per state of the inventory.
fn groups(inner: &mut Inner) -> Value {
    if let Some(groups) = &inner.groups {
        return groups.clone();
    }
    let inventory = &inner.inventory;
    let pairs: Vec<(Arc<str>, Value)> = inventory
        .groups()
        .map(|group| {
            let hosts = inventory.hosts_in(&group.name);
            (group.name.clone(), Value::list(hosts.into_iter().map(|host| Value::text(host.clone()))))
        })
        .collect();
    let groups = Value::dict(pairs);
    inner.groups = Some(groups.clone());
    groups
}

/// `hostvars`.
struct Others(Weak<Store>);

impl Hosts for Others {
    fn names(&self) -> Vec<Arc<str>> {
        let Some(store) = self.0.upgrade() else { return Vec::new() };
        store.inventory(|inventory| inventory.hosts().map(|host| host.name.clone()).collect())
    }

    fn scope(&self, host: &str) -> Option<Scope> {
        self.0.upgrade()?.base(host)
    }
}
