//! Things that live only inside a template (functions, loops, namespaces) and lazy mappings such as `hostvars`.

use std::sync::Arc;

use super::Value;
use crate::error::{Error, Result};
use crate::eval::Context;

/// The arguments of a call.
#[derive(Default, Clone)]
pub struct Args {
    /// By position.
    pub positional: Vec<Value>,
    /// By name, in order.
    pub named: Vec<(Arc<str>, Value)>,
}

impl Args {
    /// Only positional arguments.
    pub(crate) fn of(positional: Vec<Value>) -> Self {
        Self { positional, named: Vec::new() }
    }

    /// The first argument that is an undefined marker.
    pub(crate) fn first_undefined(&self) -> Option<&Value> {
        self.positional
            .iter()
            .chain(self.named.iter().map(|(_, value)| value))
            .find(|value| value.is_marker())
    }
}

/// A thing with attributes, elements or a call operator.
pub trait Object: Send + Sync {
    /// Python's name of the type.
    fn type_name(&self) -> &str;

    /// The attribute of that name.
    fn attribute(&self, _name: &str) -> Result<Option<Value>> {
        Ok(None)
    }

    /// The element under a key.
    fn item(&self, _key: &Value) -> Result<Option<Value>> {
        Ok(None)
    }

    /// The keys, when it is a mapping or can be iterated.
    fn keys(&self) -> Option<Vec<Value>> {
        None
    }

    /// The number of elements, when it has any.
    fn len(&self) -> Option<usize> {
        self.keys().map(|keys| keys.len())
    }

    /// Whether it is empty; things without elements are not.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Whether it behaves like a dict.
    fn is_mapping(&self) -> bool {
        false
    }

    /// Sets an attribute (namespaces only).
    fn set_attribute(&self, _name: &str, _value: Value) -> Result<()> {
        Err(Error::runtime("cannot assign attribute on non-namespace object"))
    }

    /// Whether it can be called.
    fn is_callable(&self) -> bool {
        false
    }

    /// Calls it.
    fn call(&self, _context: &Context, _args: Args) -> Result<Value> {
        Err(Error::runtime(format!("'{}' object is not callable", self.type_name())))
    }

    /// What `str()` gives, for the few things that have a text.
    fn text(&self) -> Option<String> {
        None
    }
}

/// A built-in function.
pub(crate) struct NativeFn {
    pub(crate) name: &'static str,
    pub(crate) call: fn(&Context, Args) -> Result<Value>,
}

impl Object for NativeFn {
    fn type_name(&self) -> &str {
        "function"
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, context: &Context, args: Args) -> Result<Value> {
        (self.call)(context, args)
    }

    fn text(&self) -> Option<String> {
        Some(format!("<function {}>", self.name))
    }
}

/// Something that is templated when it is touched.
pub trait Force: Send + Sync {
    /// The templated value; failures become undefined markers.
    fn force(&self) -> Value;
}
