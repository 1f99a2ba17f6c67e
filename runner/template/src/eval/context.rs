//! One evaluation: the templar, the variables, and what has been resolved so far.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Run, Unit};
use crate::error::{Error, ErrorKind, Result};
use crate::scope::Scope;
use crate::stack::guarded;
use crate::templar::{FileOptions, Templar};
use crate::value::{Dict, Force, List, Text, Value};
use crate::world::World;

/// Templates, includes and macros inside each other: Python's own recursion limit allows about as many.
const DEPTH_MAX: usize = 200;

/// Loop turns of one evaluation: about a second of work; more is a mistake.
const TURNS_MAX: usize = 2_000_000;

thread_local! {
    /// The templates that are being evaluated on this thread, by scope and text.
    static ACTIVE: RefCell<Vec<(usize, usize)>> = const { RefCell::new(Vec::new()) };
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// One evaluation. Everything in it sees each variable resolved once.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

struct Inner {
    templar: Templar,
    scope: Scope,
    resolved: Mutex<HashMap<Arc<str>, Value>>,
    turns: Mutex<usize>,
    files: Option<Arc<FileOptions>>,
}

impl Context {
    pub(crate) fn new(templar: &Templar, scope: &Scope, files: Option<Arc<FileOptions>>) -> Self {
        Self(Arc::new(Inner {
            templar: templar.clone(),
            scope: scope.clone(),
            resolved: Mutex::default(),
            turns: Mutex::new(0),
            files,
        }))
    }

    pub(crate) fn templar(&self) -> &Templar {
        &self.0.templar
    }

    /// The variables.
    pub fn scope(&self) -> &Scope {
        &self.0.scope
    }

    /// The controller.
    pub fn world(&self) -> &Arc<dyn World> {
        self.0.scope.world()
    }

    pub(crate) fn files(&self) -> Option<&Arc<FileOptions>> {
        self.0.files.as_ref()
    }

    /// Counts one turn of a loop.
    pub(crate) fn turn(&self) -> Result<()> {
        let mut turns = self.0.turns.lock().unwrap_or_else(PoisonError::into_inner);
        *turns += 1;
        if *turns > TURNS_MAX {
            return Err(Error::new(ErrorKind::Limit, "the template loops too often"));
        }
        Ok(())
    }

    /// The value of a variable, templated.
    pub(crate) fn variable(&self, name: &str) -> Option<Value> {
        let resolved = self.0.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = resolved.get(name) {
            return Some(value.clone());
        }
        drop(resolved);
        let value = match self.0.scope.get(name) {
            Some(raw) => self.templated(&raw),
            None => super::globals::magic(self, name)?,
        };
        let mut resolved = self.0.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        resolved.insert(Arc::from(name), value.clone());
        Some(value)
    }

    /// A value whose templates are evaluated as they are touched; failures become undefined markers.
    pub(crate) fn templated(&self, value: &Value) -> Value {
        match value {
            Value::Str(text) if text.is_template() => self.render_text(text).unwrap_or_else(Value::undefined),
            Value::List(list) if is_plain(value) => Value::List(list.thawed(None).untouched()),
            Value::Dict(dict) if is_plain(value) => Value::Dict(dict.thawed(None)),
            Value::List(list) => {
                let items = list.raw().iter().map(|item| self.deferred(item)).collect();
                Value::List(List::lazy(items, list.origin().clone()).untouched())
            }
            Value::Dict(dict) => {
                let map = dict.raw().iter().map(|(key, item)| (key.clone(), self.deferred(item))).collect();
                Value::Dict(Dict::lazy(map, dict.origin().clone()))
            }
            Value::Tuple(items) if !is_plain(value) => {
                Value::Tuple(items.iter().map(|item| self.templated(item)).collect())
            }
            Value::Vault(vault) => match self.world().decrypt(&vault.text) {
                Ok(text) => Value::Str(Text::plain_at(text, vault.span.clone())),
                Err(message) => Value::undefined(Error::new(ErrorKind::Vault, message).at(&vault.span)),
            },
            other => other.clone(),
        }
    }

    fn deferred(&self, value: &Value) -> Value {
        if is_plain(value) {
            return value.clone();
        }
        Value::Lazy(Arc::new(Deferred { context: self.clone(), value: value.clone() }))
    }

    /// The value of a trusted text that may be a template.
    pub(crate) fn render_text(&self, text: &Text) -> Result<Value> {
        let origin = text.origin().cloned().unwrap_or_default();
        let template = self.0.templar.compiled(text.shared(), &origin)?;
        let unit = Arc::new(Unit { template, text: text.shared().clone(), origin, embeds: false });
        self.run(&unit)
    }

    /// The value of a template.
    pub(crate) fn run(&self, unit: &Arc<Unit>) -> Result<Value> {
        let identity = (self.0.scope.id(), Arc::as_ptr(&unit.text).cast::<()>() as usize);
        let _active = Active::enter(identity).map_err(|error| error.within(|| unit.place(0)))?;
        let value = guarded(|| Run::new(self, unit).template()).map_err(outward)?;
        match value {
            // Python values that cannot be stored keep living inside the template.
            Value::Str(text) if text.is_template() => Ok(Value::text(text.shared().clone())),
            other => Ok(other),
        }
    }
}

/// What a failure inside of an expression is called outside of the template.
pub(crate) fn outward(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Runtime | ErrorKind::Storage => {
            let message = format!("Error rendering template: {}", error.message());
            Error::new(ErrorKind::Plugin, message).caused_by(error)
        }
        _ => error,
    }
}

/// Whether there is nothing to template in a value.
pub(crate) fn is_plain(value: &Value) -> bool {
    match value {
        Value::Str(text) => !text.is_template(),
        Value::Vault(_) | Value::Lazy(_) => false,
        Value::List(list) => {
            if list.is_frozen() {
                list.plainness().get(|| list.raw().iter().all(is_plain))
            } else {
                list.raw().iter().all(is_plain)
            }
        }
        Value::Dict(dict) => {
            if dict.is_frozen() {
                dict.plainness().get(|| dict.raw().values().all(is_plain))
            } else {
                dict.raw().values().all(is_plain)
            }
        }
        Value::Tuple(items) => items.iter().all(is_plain),
        _ => true,
    }
}

struct Deferred {
    context: Context,
    value: Value,
}

impl Force for Deferred {
    fn force(&self) -> Value {
        guarded(|| self.context.templated(&self.value))
    }
}

/// Marks a template as being evaluated for as long as it lives.
pub(crate) struct Active;

impl Active {
    fn enter(identity: (usize, usize)) -> Result<Self> {
        let seen = ACTIVE.with_borrow(|active| active.contains(&identity));
        let deep = DEPTH.get() >= DEPTH_MAX;
        if seen || deep {
            return Err(Error::new(
                ErrorKind::Recursion,
                "Recursive loop detected in template: maximum recursion depth exceeded",
            ));
        }
        ACTIVE.with_borrow_mut(|active| active.push(identity));
        DEPTH.set(DEPTH.get() + 1);
        Ok(Self)
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        ACTIVE.with_borrow_mut(Vec::pop);
        DEPTH.set(DEPTH.get().saturating_sub(1));
    }
}

/// One more level of macros or includes for as long as it lives.
pub(crate) struct Deeper;

impl Deeper {
    pub(crate) fn enter() -> Result<Self> {
        if DEPTH.get() >= DEPTH_MAX {
            return Err(Error::new(
                ErrorKind::Recursion,
                "Recursive loop detected in template: maximum recursion depth exceeded",
            ));
        }
        DEPTH.set(DEPTH.get() + 1);
        Ok(Self)
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
    }
}
