//! The variables of one host at one task: layers by precedence, untemplated until they are touched.

use std::sync::Arc;

use indexmap::IndexMap;
use runner_playbook::node::Node;

use crate::precedence::Level;
use crate::value::{Dict, Key, Map, Value};
use crate::world::{NoWorld, World};

/// Named values of one source. Cloning is one atomic increment.
#[derive(Clone, Default)]
pub struct Vars(Arc<IndexMap<Arc<str>, Value>>);

impl std::fmt::Debug for Vars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values may be secrets, so only names are shown.
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Vars {
    /// Variables from names and values.
    pub fn new<K: Into<Arc<str>>>(pairs: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self(Arc::new(pairs.into_iter().map(|(name, value)| (name.into(), value.frozen())).collect()))
    }

    /// The entries of a mapping whose keys are strings; nothing for other nodes.
    pub fn from_node(node: &Node) -> Self {
        let Some(map) = node.as_map() else { return Self::default() };
        Self::new(map.str_iter().map(|(name, value)| (name, Value::from(value))))
    }

    /// The entries of a mapping of a playbook or inventory whose keys are strings.
    pub fn from_node_map(map: &runner_playbook::node::Map) -> Self {
        Self::new(map.str_iter().map(|(name, value)| (name, Value::from(value))))
    }

    /// The entries of a dict whose keys are strings; nothing for other values.
    pub fn from_value(value: &Value) -> Self {
        let Some(dict) = value.as_dict() else { return Self::default() };
        Self::new(
            dict.raw().iter().filter_map(|(key, value)| Some((key.0.as_str()?.to_owned(), value.clone()))),
        )
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same with one more entry.
    #[must_use]
    pub fn with(mut self, name: impl Into<Arc<str>>, value: Value) -> Self {
        self.set(name, value);
        self
    }

    /// Sets an entry in place.
    pub fn set(&mut self, name: impl Into<Arc<str>>, value: Value) {
        Arc::make_mut(&mut self.0).insert(name.into(), value.frozen());
    }
}

/// The other hosts, for `hostvars`.
pub trait Hosts: Send + Sync {
    /// The names of all hosts, in inventory order.
    fn names(&self) -> Vec<Arc<str>>;
    /// The variables of a host (inventory, facts, `set_fact`), without those of the running play's task.
    fn scope(&self, host: &str) -> Option<Scope>;
}

/// The variables that a template sees. Cloning is one atomic increment; adding a layer shares the others.
#[derive(Clone)]
pub struct Scope(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    layers: Vec<(Level, Vars)>,
    world: Arc<dyn World>,
    hosts: Option<Arc<dyn Hosts>>,
    merge: bool,
}

impl Default for Scope {
    fn default() -> Self {
        Self::new(Arc::new(NoWorld))
    }
}

impl Scope {
    /// No variables yet.
    pub fn new(world: Arc<dyn World>) -> Self {
        Self(Arc::new(Inner { layers: Vec::new(), world, hosts: None, merge: false }))
    }

    /// The same with more variables; within one level, what is added later wins.
    #[must_use]
    pub fn with(mut self, level: Level, vars: Vars) -> Self {
        if !vars.is_empty() {
            let inner = Arc::make_mut(&mut self.0);
            let at = inner.layers.partition_point(|(other, _)| *other <= level);
            inner.layers.insert(at, (level, vars));
        }
        self
    }

    /// The same with one variable that wins over all others: a loop item, a registered result during `until`.
    #[must_use]
    pub fn with_magic(self, name: impl Into<Arc<str>>, value: Value) -> Self {
        self.with(Level::Magic, Vars::new([(name.into(), value)]))
    }

    /// The same with the hosts that `hostvars` shows.
    #[must_use]
    pub fn with_hosts(mut self, hosts: Arc<dyn Hosts>) -> Self {
        Arc::make_mut(&mut self.0).hosts = Some(hosts);
        self
    }

    /// The same with another view of the controller (another task's search path).
    #[must_use]
    pub fn with_world(mut self, world: Arc<dyn World>) -> Self {
        Arc::make_mut(&mut self.0).world = world;
        self
    }

    /// Whether dicts of several levels are merged (`hash_behaviour = merge`) instead of replaced.
    #[must_use]
    pub fn merging(mut self, merge: bool) -> Self {
        Arc::make_mut(&mut self.0).merge = merge;
        self
    }

    /// The controller.
    pub fn world(&self) -> &Arc<dyn World> {
        &self.0.world
    }

    pub(crate) fn hosts(&self) -> Option<&Arc<dyn Hosts>> {
        self.0.hosts.as_ref()
    }

    /// The value of a variable as written: templates in it are not evaluated.
    pub fn get(&self, name: &str) -> Option<Value> {
        let mut found = self.0.layers.iter().rev().filter_map(|(_, vars)| vars.get(name));
        let highest = found.next()?;
        if self.0.merge
            && let Value::Dict(top) = highest
        {
            let lower: Vec<&Dict> = found.map_while(Value::as_dict).collect();
            if !lower.is_empty() {
                let merged = lower.iter().rev().fold(Map::new(), |map, dict| merge(&map, &dict.raw()));
                let merged = merge(&merged, &top.raw());
                return Some(Value::Dict(Dict::frozen(merged, top.origin().clone())));
            }
        }
        Some(highest.clone())
    }

    /// The level that a variable's value comes from.
    pub fn level(&self, name: &str) -> Option<Level> {
        self.0.layers.iter().rev().find(|(_, vars)| vars.get(name).is_some()).map(|(level, _)| *level)
    }

    /// Every name, lowest level first, without repetition.
    pub fn names(&self) -> Vec<Arc<str>> {
        let mut names: indexmap::IndexSet<Arc<str>> = indexmap::IndexSet::new();
        for (_, vars) in &self.0.layers {
            names.extend(vars.iter().map(|(name, _)| name.clone()));
        }
        names.into_iter().collect()
    }

    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(&self.0).cast::<()>() as usize
    }
}

/// Dicts merged deeply, the second winning.
fn merge(low: &Map, high: &Map) -> Map {
    let mut merged = low.clone();
    for (key, value) in high {
        let value = match (merged.get(key), value) {
            (Some(Value::Dict(below)), Value::Dict(above)) => {
                Value::Dict(Dict::frozen(merge(&below.raw(), &above.raw()), above.origin().clone()))
            }
            _ => value.clone(),
        };
        merged.insert(Key(key.0.clone()), value);
    }
    merged
}
