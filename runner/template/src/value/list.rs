//! Lists: shared by reference as in Python, frozen while they belong to variables, copied when a template changes them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use runner_playbook::source::Span;

use super::Value;
use super::dict::Home;

/// A list. Clones are the same list.
#[derive(Clone)]
pub struct List(Arc<Cell>);

struct Cell {
    items: RwLock<Arc<Vec<Value>>>,
    /// Whether some elements still wait to be templated.
    lazy: AtomicBool,
    /// Whether the elements of a variable's list have been looked at: see [`List::untouched`].
    touched: AtomicBool,
    /// Variables are shared by hosts and tasks: what a template fetches from them is a fresh cell over the same data.
    frozen: bool,
    /// Where a change must be written back to, so that `d.a.append(1)` is seen in `d`.
    home: Mutex<Option<Home>>,
    plain: super::dict::Plainness,
    origin: Span,
}

impl List {
    /// A list that a template may change.
    pub fn new(items: Vec<Value>) -> Self {
        Self::build(Arc::new(items), false, false, Span::none())
    }

    /// A list that belongs to variables.
    pub(crate) fn frozen(items: Vec<Value>, origin: Span) -> Self {
        Self::build(Arc::new(items), true, false, origin)
    }

    /// A list some of whose elements wait to be templated.
    pub(crate) fn lazy(items: Vec<Value>, origin: Span) -> Self {
        Self::build(Arc::new(items), false, true, origin)
    }

    fn build(items: Arc<Vec<Value>>, frozen: bool, lazy: bool, origin: Span) -> Self {
        Self(Arc::new(Cell {
            items: RwLock::new(items),
            lazy: AtomicBool::new(lazy),
            touched: AtomicBool::new(true),
            frozen,
            home: Mutex::new(None),
            plain: super::dict::Plainness::default(),
            origin,
        }))
    }

    /// A changeable list over the same data; changes are written back to `home`.
    pub(crate) fn thawed(&self, home: Option<Home>) -> Self {
        let list = Self::build(self.raw(), false, self.0.lazy.load(Ordering::Relaxed), self.0.origin.clone());
        *list.0.home.lock().unwrap_or_else(PoisonError::into_inner) = home;
        list
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.0.frozen
    }

    pub(crate) fn plainness(&self) -> &super::dict::Plainness {
        &self.0.plain
    }

    /// Where it was written.
    pub fn origin(&self) -> &Span {
        &self.0.origin
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.raw().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements as stored, those that wait to be templated included.
    pub(crate) fn raw(&self) -> Arc<Vec<Value>> {
        self.0.items.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The list as a variable gives it: ansible-core's `count` does not see its elements until something else
    /// has looked at them.
    pub(crate) fn untouched(self) -> Self {
        self.0.touched.store(false, Ordering::Relaxed);
        self
    }

    pub(crate) fn is_touched(&self) -> bool {
        self.0.touched.load(Ordering::Relaxed)
    }

    /// The elements at this moment.
    pub fn snapshot(&self) -> Arc<Vec<Value>> {
        self.0.touched.store(true, Ordering::Relaxed);
        let items = self.raw();
        if !self.0.lazy.load(Ordering::Relaxed) {
            return items;
        }
        let forced: Vec<Value> = items.iter().map(|item| item.clone().forced()).collect();
        let forced = Arc::new(forced);
        *self.0.items.write().unwrap_or_else(PoisonError::into_inner) = forced.clone();
        self.0.lazy.store(false, Ordering::Relaxed);
        forced
    }

    /// The element at a place counted from the start.
    pub fn get(&self, index: usize) -> Option<Value> {
        self.0.touched.store(true, Ordering::Relaxed);
        let item = self.raw().get(index)?.clone();
        let forced = matches!(item, Value::Lazy(_));
        let item = item.forced();
        if forced {
            let kept = item.clone();
            let mut items = self.0.items.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(slot) = Arc::make_mut(&mut items).get_mut(index) {
                *slot = kept;
            }
        }
        Some(if self.0.frozen { item } else { self.owned(index, item) })
    }

    /// An element that a template may change.
    fn owned(&self, index: usize, item: Value) -> Value {
        let home = || Some(Home::List(self.clone(), index));
        match &item {
            Value::List(list) if list.is_frozen() => Value::List(list.thawed(home())),
            Value::Dict(dict) if dict.is_frozen() => Value::Dict(dict.thawed(home())),
            _ => item,
        }
    }

    /// The elements, each changeable in place.
    pub(crate) fn elements(&self) -> Vec<Value> {
        let items = self.snapshot();
        if self.0.frozen {
            return items.to_vec();
        }
        items.iter().enumerate().map(|(i, item)| self.owned(i, item.clone())).collect()
    }

    /// Changes the elements in place.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Vec<Value>) -> R) -> R {
        self.snapshot();
        let result = {
            let mut items = self.0.items.write().unwrap_or_else(PoisonError::into_inner);
            change(Arc::make_mut(&mut items))
        };
        let home = self.0.home.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(home) = home {
            home.store(Value::List(self.clone()));
        }
        result
    }

    pub(crate) fn same(&self, other: &List) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || Arc::ptr_eq(&self.raw(), &other.raw())
    }
}
