//! Where in a value something is: `nodes["edge-1"].cpu`.

use std::fmt;

use super::Value;

/// One step from a value to a value inside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into an attribute of an object, or into a nested block.
    Attribute(String),
    /// Into an element of a map.
    Key(String),
    /// Into an element of a list or tuple, counted from 0.
    Index(i64),
    /// Into an element of a set, which only its value identifies. The wire cannot say this: a path sent to Terraform ends
    /// at the set.
    Element(Box<Value>),
}

/// The steps from the root of a value; empty for the root itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    steps: Vec<Step>,
}

impl Path {
    /// The whole value.
    pub fn root() -> Self {
        Self::default()
    }

    /// The steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether this is the whole value.
    pub fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// This path and one more step.
    #[must_use]
    pub fn join(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// On into the attribute of an object.
    #[must_use]
    pub fn attribute(self, name: impl Into<String>) -> Self {
        self.join(Step::Attribute(name.into()))
    }

    /// On into the element of a map.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        self.join(Step::Key(key.into()))
    }

    /// On into the element of a list or tuple.
    #[must_use]
    pub fn index(self, index: usize) -> Self {
        self.join(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    /// On into the element of a set.
    #[must_use]
    pub fn element(self, value: Value) -> Self {
        self.join(Step::Element(Box::new(value)))
    }

    /// Adds a step in place, for walks that push and pop.
    pub fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Takes the last step away.
    pub fn pop(&mut self) -> Option<Step> {
        self.steps.pop()
    }

    /// The path without its last step; none for the root.
    pub fn parent(&self) -> Option<Path> {
        let (_, steps) = self.steps.split_last()?;
        Some(Path { steps: steps.to_vec() })
    }

    /// Whether `self` leads to `other` or to something that contains it.
    pub fn contains(&self, other: &Path) -> bool {
        other.steps.starts_with(&self.steps)
    }
}

impl FromIterator<Step> for Path {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Path { steps: steps.into_iter().collect() }
    }
}

/// The path as a person writes it in HCL; the root is empty.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                // The element may be long or secret; that it is one of the set is enough.
                Step::Element(_) => f.write_str("[…]")?,
            }
        }
        Ok(())
    }
}
