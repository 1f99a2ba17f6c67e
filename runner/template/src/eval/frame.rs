//! Names that a template defines itself: nested frames, shared by reference so that macros see later changes.

use std::sync::{Arc, Mutex, PoisonError};

use crate::value::Value;

/// The names of one block, and the frame around it.
pub(crate) struct Frame {
    names: Mutex<Vec<(Arc<str>, Value)>>,
    parent: Option<Arc<Frame>>,
}

impl Frame {
    /// An outermost frame.
    pub(crate) fn root() -> Arc<Self> {
        Arc::new(Self { names: Mutex::new(Vec::new()), parent: None })
    }

    /// A frame inside this one.
    pub(crate) fn child(self: &Arc<Self>) -> Arc<Self> {
        Arc::new(Self { names: Mutex::new(Vec::new()), parent: Some(self.clone()) })
    }

    /// The value of a name here or further out.
    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        let mut frame = self;
        loop {
            let names = frame.names.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, value)) = names.iter().find(|(other, _)| **other == *name) {
                return Some(value.clone());
            }
            drop(names);
            frame = frame.parent.as_deref()?;
        }
    }

    /// Sets a name in this frame.
    pub(crate) fn set(&self, name: &Arc<str>, value: Value) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        match names.iter_mut().find(|(other, _)| other == name) {
            Some(slot) => slot.1 = value,
            None => names.push((name.clone(), value)),
        }
    }

    /// The names of this frame alone.
    pub(crate) fn own(&self) -> Vec<(Arc<str>, Value)> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
