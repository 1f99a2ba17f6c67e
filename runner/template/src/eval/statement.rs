//! Statements.

use std::sync::{Arc, PoisonError};

use super::loops::LoopBody;
use super::macros::MacroObject;
use super::output::Output;
use super::{Run, Unit};
use crate::error::{Error, Result};
use crate::stack::guarded;
use crate::syntax::ast::{Block, Stmt, Target};
use crate::value::Value;

impl Run<'_> {
    /// The whole template: blocks are known before anything is drawn; a parent is drawn at the end.
    pub(crate) fn root_body(&self, output: &mut Output) -> Result<()> {
        {
            let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
            for (name, block) in &self.unit.template.blocks {
                blocks.entry(name.clone()).or_default().push((block.clone(), self.unit.clone()));
            }
        }
        let mut parent: Option<Arc<Unit>> = None;
        for statement in &self.unit.template.body {
            match statement {
                Stmt::Extends(source) => {
                    if parent.is_some() {
                        return Err(self.locate(Error::runtime("extended multiple times"), source.at));
                    }
                    let name = self.eval(source)?;
                    parent = Some(self.load_parent(&name, source.at)?);
                }
                Stmt::Text(_) | Stmt::Emit(_) | Stmt::Block(_) | Stmt::Include { .. } if parent.is_some() => {
                }
                other if parent.is_some() => self.statement(other, &mut Output::default())?,
                other => self.statement(other, output)?,
            }
        }
        match parent {
            Some(parent) => {
                let _deeper = super::context::Deeper::enter()?;
                let run = Run { unit: &parent, ..self.clone() };
                guarded(|| run.root_body(output))
            }
            None => Ok(()),
        }
    }

    /// Draws statements.
    pub(crate) fn body(&self, statements: &[Stmt], output: &mut Output) -> Result<()> {
        statements.iter().try_for_each(|statement| self.statement(statement, output))
    }

    fn statement(&self, statement: &Stmt, output: &mut Output) -> Result<()> {
        match statement {
            Stmt::Text(text) => output.text(text),
            Stmt::Emit(expr) => {
                let value = self.eval(expr)?;
                output.value(value).map_err(|error| self.locate(error, expr.at))
            }
            Stmt::For(for_loop) => guarded(|| {
                let items = self.eval(&for_loop.iter)?;
                LoopBody { run: self.clone(), for_loop }.draw(&items, output)
            }),
            Stmt::If { test, then, otherwise } => {
                let branch = if self.truth(test)? { then } else { otherwise };
                guarded(|| self.body(branch, output))
            }
            Stmt::With(assignments, body) => guarded(|| {
                let inner = self.inside(self.frame.child());
                for (target, value) in assignments {
                    inner.assign(target, self.eval(value)?)?;
                }
                inner.body(body, output)
            }),
            Stmt::Set(target, expr) => {
                let value = self.eval(expr)?;
                self.assign(target, value).map_err(|error| self.locate(error, expr.at))
            }
            Stmt::SetBlock { target, filter, body } => {
                let mut inner = Output::default();
                guarded(|| self.inside(self.frame.child()).body(body, &mut inner))?;
                let mut value = inner.finish()?;
                if let Some(filter) = filter {
                    value = self.filter_chain(filter, value)?;
                }
                self.assign(target, value)
            }
            Stmt::Group(body) => guarded(|| self.inside(self.frame.child()).body(body, output)),
            Stmt::Filter(filter, body) => {
                let mut inner = Output::default();
                guarded(|| self.inside(self.frame.child()).body(body, &mut inner))?;
                let value = self.filter_chain(filter, inner.finish()?)?;
                output.value(value).map_err(|error| self.locate(error, filter.at))
            }
            Stmt::Block(block) => guarded(|| self.draw_block(block, output)),
            Stmt::Import { source, name, context } => {
                let module = self.import(source, *context)?;
                self.frame.set(name, module);
                Ok(())
            }
            Stmt::FromImport { source, names, context } => {
                let module = self.import(source, *context)?;
                for (name, alias) in names {
                    let value = super::access::attribute(&module, name)?;
                    self.frame.set(alias, value);
                }
                Ok(())
            }
            Stmt::Extends(source) => {
                Err(self.locate(Error::runtime("extends inside of a block is not supported"), source.at))
            }
            Stmt::Include { source, ignore_missing, context } => {
                guarded(|| self.include(source, *ignore_missing, *context, output))
            }
            Stmt::Macro(definition) => {
                let object = MacroObject::new(self, definition);
                self.frame.set(&definition.name, Value::Object(Arc::new(object)));
                Ok(())
            }
            Stmt::Call { call, body } => guarded(|| {
                let caller = MacroObject::new(self, body);
                let value = self.call_with_caller(call, Value::Object(Arc::new(caller)))?;
                output.value(value).map_err(|error| self.locate(error, call.at))
            }),
        }
    }

    /// The most derived definition of a block.
    fn draw_block(&self, block: &Arc<Block>, output: &mut Output) -> Result<()> {
        let frame = if block.scoped { self.frame.clone() } else { self.root.clone() };
        self.draw_block_at(&block.name, 0, frame, output)
    }

    /// The definition of a block, some levels up the inheritance.
    pub(crate) fn draw_block_at(
        &self,
        name: &Arc<str>,
        level: usize,
        frame: Arc<super::Frame>,
        output: &mut Output,
    ) -> Result<()> {
        let _deeper = super::context::Deeper::enter()?;
        let found = {
            let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
            blocks.get(name).and_then(|levels| levels.get(level)).cloned()
        };
        let Some((block, unit)) = found else {
            return Err(Error::runtime(format!("there is no parent block called '{name}'.")));
        };
        if block.required {
            return Err(Error::runtime(format!("Required block '{name}' not found")));
        }
        let run = Run { unit: &unit, block: Some((name.clone(), level)), ..self.inside(frame.child()) };
        run.body(&block.body, output)
    }

    /// Assigns a value, or its parts, to names.
    pub(crate) fn assign(&self, target: &Target, value: Value) -> Result<()> {
        match target {
            Target::Name(name) => {
                self.frame.set(name, value);
                Ok(())
            }
            Target::Attribute(name, attribute) => match self.frame.get(name) {
                Some(Value::Object(object)) => object.set_attribute(attribute, value),
                _ => Err(Error::runtime("cannot assign attribute on non-namespace object")),
            },
            Target::Many(targets) => {
                let value = value.defined()?;
                let parts = value.iterate().map_err(|_| {
                    Error::runtime(format!("cannot unpack non-iterable {} object", value.type_name()))
                })?;
                let expected = targets.len();
                if parts.len() > expected {
                    return Err(Error::runtime(format!("too many values to unpack (expected {expected})")));
                }
                if parts.len() < expected {
                    return Err(Error::runtime(format!(
                        "not enough values to unpack (expected {expected}, got {})",
                        parts.len()
                    )));
                }
                targets.iter().zip(parts).try_for_each(|(target, part)| self.assign(target, part))
            }
        }
    }
}
