//! `for` loops and the `loop` variable.

use std::sync::{Arc, Mutex, PoisonError};

use super::output::Output;
use super::{Frame, Run, Unit};
use crate::error::{Error, Result};
use crate::syntax::ast::{For, Stmt};
use crate::value::{Args, Object, Value, equal};

use super::{Blocks, Context};

/// A loop that is about to be drawn.
pub(crate) struct LoopBody<'r, 'l> {
    pub(crate) run: Run<'r>,
    pub(crate) for_loop: &'l For,
}

impl LoopBody<'_, '_> {
    pub(crate) fn draw(&self, items: &Value, output: &mut Output) -> Result<()> {
        let for_loop = self.for_loop;
        let failed = |error| self.run.locate(error, for_loop.iter.at);
        if !for_loop.uses_loop
            && for_loop.filter.is_none()
            && let Value::List(list) = items
        {
            return self.draw_growing(list, output);
        }
        let mut elements = match items {
            Value::List(list) => list.elements(),
            other => other.iterate().map_err(failed)?,
        };
        if let Some(filter) = &for_loop.filter {
            let mut kept = Vec::new();
            for element in elements {
                let inner = self.run.inside(self.run.frame.child());
                inner.assign(&for_loop.target, element.clone()).map_err(failed)?;
                if inner.truth(filter)? {
                    kept.push(element);
                }
            }
            elements = kept;
        }
        if elements.is_empty() {
            return self.run.inside(self.run.frame.child()).body(&for_loop.otherwise, output);
        }
        let state = for_loop.uses_loop.then(|| Arc::new(self.loop_object(&elements)));
        for (index, element) in elements.into_iter().enumerate() {
            if let Some(state) = &state {
                state.advance(index);
            }
            self.turn(element, state.as_ref(), output)?;
        }
        Ok(())
    }

    /// A list may grow while it is looped over, as in Python.
    fn draw_growing(&self, list: &crate::value::List, output: &mut Output) -> Result<()> {
        let mut index = 0;
        while let Some(element) = list.get(index) {
            self.turn(element, None, output)?;
            index += 1;
        }
        if index == 0 {
            return self.run.inside(self.run.frame.child()).body(&self.for_loop.otherwise, output);
        }
        Ok(())
    }

    fn turn(&self, element: Value, state: Option<&Arc<LoopObject>>, output: &mut Output) -> Result<()> {
        self.run.context.turn()?;
        let inner = self.run.inside(self.run.frame.child());
        inner
            .assign(&self.for_loop.target, element)
            .map_err(|error| self.run.locate(error, self.for_loop.iter.at))?;
        if let Some(state) = state {
            inner.frame.set(&Arc::from("loop"), Value::Object(Arc::new(state.clone())));
        }
        inner.body(&self.for_loop.body, output)
    }

    fn loop_object(&self, elements: &[Value]) -> LoopObject {
        let run = &self.run;
        let again = self.for_loop.recursive.then(|| Again {
            unit: run.unit.clone(),
            frame: run.frame.clone(),
            root: run.root.clone(),
            blocks: run.blocks.clone(),
            block: run.block.clone(),
            bare: run.bare,
            body: std::ptr::from_ref(self.for_loop) as usize,
            depth: run.loop_depth + 1,
        });
        LoopObject {
            elements: elements.to_vec(),
            state: Mutex::new(State::default()),
            depth: run.loop_depth,
            again,
        }
    }
}

/// What a recursive loop needs to be drawn again.
struct Again {
    unit: Arc<Unit>,
    frame: Arc<Frame>,
    root: Arc<Frame>,
    blocks: Blocks,
    block: Option<(Arc<str>, usize)>,
    bare: bool,
    /// The loop's identity in the tree of `unit`.
    body: usize,
    depth: usize,
}

/// The `loop` variable.
struct LoopObject {
    elements: Vec<Value>,
    state: Mutex<State>,
    depth: usize,
    again: Option<Again>,
}

#[derive(Default)]
struct State {
    index: usize,
    changed: Option<Vec<Value>>,
}

impl LoopObject {
    fn advance(&self, index: usize) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).index = index;
    }

    fn index(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).index
    }
}

fn number(n: usize) -> Value {
    Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
}

impl Object for Arc<LoopObject> {
    fn type_name(&self) -> &str {
        "LoopContext"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        let index = self.index();
        let len = self.elements.len();
        Ok(Some(match name {
            "index" => number(index + 1),
            "index0" => number(index),
            "revindex" => number(len - index),
            "revindex0" => number(len - index - 1),
            "first" => Value::Bool(index == 0),
            "last" => Value::Bool(index + 1 == len),
            "length" => number(len),
            "depth" => number(self.depth + 1),
            "depth0" => number(self.depth),
            "previtem" => match index.checked_sub(1) {
                Some(before) => self.elements[before].clone(),
                None => undefined("there is no previous item"),
            },
            "nextitem" => {
                self.elements.get(index + 1).cloned().unwrap_or_else(|| undefined("there is no next item"))
            }
            "cycle" => Value::Object(Arc::new(LoopMethod { state: self.clone(), changed: false })),
            "changed" => Value::Object(Arc::new(LoopMethod { state: self.clone(), changed: true })),
            _ => return Ok(None),
        }))
    }

    fn len(&self) -> Option<usize> {
        Some(self.elements.len())
    }

    fn is_callable(&self) -> bool {
        self.again.is_some()
    }

    fn call(&self, context: &Context, args: Args) -> Result<Value> {
        let Some(again) = &self.again else {
            return Err(Error::runtime(
                "The loop must have the 'recursive' marker to be called recursively.",
            ));
        };
        let Some(items) = args.positional.into_iter().next() else {
            return Err(Error::runtime("__call__() missing 1 required positional argument: 'iterable'"));
        };
        let _deeper = super::context::Deeper::enter()?;
        let Some(for_loop) = find_loop(&again.unit, again.body) else {
            return Err(Error::runtime("the loop is gone"));
        };
        let run = Run {
            context,
            unit: &again.unit,
            frame: again.frame.clone(),
            blocks: again.blocks.clone(),
            root: again.root.clone(),
            block: again.block.clone(),
            loop_depth: again.depth,
            bare: again.bare,
        };
        let mut output = Output::default();
        LoopBody { run, for_loop }.draw(&items, &mut output)?;
        output.finish()
    }
}

fn undefined(message: &str) -> Value {
    Value::undefined(Error::new(crate::error::ErrorKind::Undefined, message))
}

/// The loop with an identity in a template's tree.
fn find_loop(unit: &Unit, identity: usize) -> Option<&For> {
    fn search(body: &[Stmt], identity: usize) -> Option<&For> {
        body.iter().find_map(|statement| match statement {
            Stmt::For(for_loop) if std::ptr::from_ref::<For>(for_loop) as usize == identity => {
                Some(&**for_loop)
            }
            Stmt::For(for_loop) => {
                search(&for_loop.body, identity).or_else(|| search(&for_loop.otherwise, identity))
            }
            Stmt::If { then, otherwise, .. } => {
                search(then, identity).or_else(|| search(otherwise, identity))
            }
            Stmt::With(_, body) | Stmt::Group(body) | Stmt::Filter(_, body) | Stmt::SetBlock { body, .. } => {
                search(body, identity)
            }
            Stmt::Block(block) => search(&block.body, identity),
            Stmt::Macro(definition) | Stmt::Call { body: definition, .. } => {
                search(&definition.body, identity)
            }
            _ => None,
        })
    }
    search(&unit.template.body, identity)
}

/// `loop.cycle` and `loop.changed`.
struct LoopMethod {
    state: Arc<LoopObject>,
    changed: bool,
}

impl Object for LoopMethod {
    fn type_name(&self) -> &str {
        "method"
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, _context: &Context, args: Args) -> Result<Value> {
        let values = args.positional;
        if self.changed {
            let mut state = self.state.state.lock().unwrap_or_else(PoisonError::into_inner);
            let same = match &state.changed {
                Some(before) if before.len() == values.len() => {
                    before.iter().zip(&values).all(|(a, b)| equal(a, b).unwrap_or(false))
                }
                _ => false,
            };
            if !same {
                state.changed = Some(values);
            }
            return Ok(Value::Bool(!same));
        }
        if values.is_empty() {
            return Err(Error::runtime("no items for cycling given"));
        }
        Ok(values[self.state.index() % values.len()].clone())
    }
}
