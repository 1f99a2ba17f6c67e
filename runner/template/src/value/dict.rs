//! Dicts: shared by reference as in Python, frozen while they belong to variables, copied when a template changes them.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use indexmap::IndexMap;
use runner_playbook::source::Span;

use super::{Key, List, Value};

/// The data of a dict.
pub(crate) type Map = IndexMap<Key, Value>;

/// A dict. Clones are the same dict.
#[derive(Clone)]
pub struct Dict(Arc<Cell>);

struct Cell {
    map: RwLock<Arc<Map>>,
    lazy: AtomicBool,
    frozen: bool,
    home: Mutex<Option<Home>>,
    plain: Plainness,
    origin: Span,
}

/// Where a changed container must be stored back.
pub(crate) enum Home {
    /// An element of a list.
    List(List, usize),
    /// A value of a dict.
    Dict(Dict, Key),
}

impl Home {
    pub(crate) fn store(self, value: Value) {
        match self {
            Home::List(list, index) => list.change(|items| {
                if let Some(slot) = items.get_mut(index) {
                    *slot = value;
                }
            }),
            Home::Dict(dict, key) => dict.change(|map| {
                map.insert(key, value);
            }),
        }
    }
}

/// Whether a frozen container holds any template, found out once.
#[derive(Default)]
pub(crate) struct Plainness(AtomicU8);

impl Plainness {
    /// The known answer, or that of `find`.
    pub(crate) fn get(&self, find: impl FnOnce() -> bool) -> bool {
        match self.0.load(Ordering::Relaxed) {
            1 => true,
            2 => false,
            _ => {
                let plain = find();
                self.0.store(if plain { 1 } else { 2 }, Ordering::Relaxed);
                plain
            }
        }
    }
}

impl Dict {
    /// A dict that a template may change.
    pub(crate) fn new(map: Map) -> Self {
        Self::build(Arc::new(map), false, false, Span::none())
    }

    /// A dict that belongs to variables.
    pub(crate) fn frozen(map: Map, origin: Span) -> Self {
        Self::build(Arc::new(map), true, false, origin)
    }

    /// A dict some of whose values wait to be templated.
    pub(crate) fn lazy(map: Map, origin: Span) -> Self {
        Self::build(Arc::new(map), false, true, origin)
    }

    fn build(map: Arc<Map>, frozen: bool, lazy: bool, origin: Span) -> Self {
        Self(Arc::new(Cell {
            map: RwLock::new(map),
            lazy: AtomicBool::new(lazy),
            frozen,
            home: Mutex::new(None),
            plain: Plainness::default(),
            origin,
        }))
    }

    /// A changeable dict over the same data; changes are written back to `home`.
    pub(crate) fn thawed(&self, home: Option<Home>) -> Self {
        let dict = Self::build(self.raw(), false, self.0.lazy.load(Ordering::Relaxed), self.0.origin.clone());
        *dict.0.home.lock().unwrap_or_else(PoisonError::into_inner) = home;
        dict
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.0.frozen
    }

    pub(crate) fn plainness(&self) -> &Plainness {
        &self.0.plain
    }

    /// Where it was written.
    pub fn origin(&self) -> &Span {
        &self.0.origin
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.raw().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pairs as stored, those that wait to be templated included.
    pub(crate) fn raw(&self) -> Arc<Map> {
        self.0.map.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The pairs at this moment.
    pub(crate) fn snapshot(&self) -> Arc<Map> {
        let map = self.raw();
        if !self.0.lazy.load(Ordering::Relaxed) {
            return map;
        }
        let forced: Map = map.iter().map(|(k, v)| (k.clone(), v.clone().forced())).collect();
        let forced = Arc::new(forced);
        *self.0.map.write().unwrap_or_else(PoisonError::into_inner) = forced.clone();
        self.0.lazy.store(false, Ordering::Relaxed);
        forced
    }

    /// The pairs at this moment, in order.
    pub fn pairs(&self) -> Vec<(Value, Value)> {
        self.snapshot().iter().map(|(k, v)| (k.0.clone(), v.clone())).collect()
    }

    /// The keys, in order.
    pub fn keys(&self) -> Vec<Value> {
        self.raw().keys().map(|key| key.0.clone()).collect()
    }

    /// Whether there is such a key.
    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.raw().contains_key(key)
    }

    /// The value under a string key.
    pub fn get_str(&self, key: &str) -> Option<Value> {
        let found = self.raw().get_full(key).map(|(_, k, v)| (k.clone(), v.clone()));
        found.map(|(key, value)| self.fetched(key, value))
    }

    /// The value under a key.
    pub(crate) fn get(&self, key: &Key) -> Option<Value> {
        let value = self.raw().get(key)?.clone();
        Some(self.fetched(key.clone(), value))
    }

    fn fetched(&self, key: Key, value: Value) -> Value {
        let value = match value {
            Value::Lazy(lazy) => {
                let value = lazy.force();
                let mut map = self.0.map.write().unwrap_or_else(PoisonError::into_inner);
                Arc::make_mut(&mut map).insert(key.clone(), value.clone());
                value
            }
            other => other,
        };
        if self.0.frozen { value } else { self.owned(key, value) }
    }

    fn owned(&self, key: Key, value: Value) -> Value {
        match &value {
            Value::List(list) if list.is_frozen() => {
                Value::List(list.thawed(Some(Home::Dict(self.clone(), key))))
            }
            Value::Dict(dict) if dict.is_frozen() => {
                Value::Dict(dict.thawed(Some(Home::Dict(self.clone(), key))))
            }
            _ => value,
        }
    }

    /// The values, each changeable in place.
    pub(crate) fn values(&self) -> Vec<Value> {
        let map = self.snapshot();
        if self.0.frozen {
            return map.values().cloned().collect();
        }
        map.iter().map(|(k, v)| self.owned(k.clone(), v.clone())).collect()
    }

    /// Changes the pairs in place.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Map) -> R) -> R {
        let result = {
            let mut map = self.0.map.write().unwrap_or_else(PoisonError::into_inner);
            change(Arc::make_mut(&mut map))
        };
        let home = self.0.home.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(home) = home {
            home.store(Value::Dict(self.clone()));
        }
        result
    }

    pub(crate) fn same(&self, other: &Dict) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || Arc::ptr_eq(&self.raw(), &other.raw())
    }
}
