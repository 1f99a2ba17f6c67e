//! Macros, call blocks, `super()` and `self`.

use std::sync::{Arc, PoisonError};

use super::output::Output;
use super::{Blocks, Context, Frame, Run, Unit};
use crate::error::{Error, ErrorKind, Result};
use crate::stack::guarded;
use crate::syntax::ast::{Expr, Kind, Macro};
use crate::value::{Args, Dict, Key, Map, Object, Value};

/// A macro with the names around its definition.
pub(crate) struct MacroObject {
    definition: Arc<Macro>,
    unit: Arc<Unit>,
    frame: Arc<Frame>,
    root: Arc<Frame>,
    blocks: Blocks,
    block: Option<(Arc<str>, usize)>,
    bare: bool,
}

impl MacroObject {
    pub(crate) fn new(run: &Run<'_>, definition: &Arc<Macro>) -> Self {
        Self {
            definition: definition.clone(),
            unit: run.unit.clone(),
            frame: run.frame.clone(),
            root: run.root.clone(),
            blocks: run.blocks.clone(),
            block: run.block.clone(),
            bare: run.bare,
        }
    }

    /// Puts the arguments under the names of the parameters.
    fn bind(&self, run: &Run<'_>, mut args: Args) -> Result<()> {
        let definition = &self.definition;
        let name = &definition.name;
        let caller =
            args.named.iter().position(|(key, _)| &**key == "caller").map(|i| args.named.remove(i).1);
        if definition.uses_caller && !definition.params.iter().any(|param| &**param == "caller") {
            let caller = caller
                .clone()
                .unwrap_or_else(|| Value::undefined(Error::new(ErrorKind::Undefined, "No caller defined")));
            run.frame.set(&Arc::from("caller"), caller);
        } else if let Some(caller) = caller {
            if !definition.params.iter().any(|param| &**param == "caller") {
                return Err(Error::runtime(format!(
                    "macro '{name}' was invoked with two values for the special caller argument. This is most likely a bug."
                )));
            }
            args.named.push((Arc::from("caller"), caller));
        }
        let mut positional = args.positional.into_iter();
        let first_default = definition.params.len() - definition.defaults.len();
        for (i, param) in definition.params.iter().enumerate() {
            let named = args.named.iter().position(|(key, _)| key == param).map(|i| args.named.remove(i).1);
            let value = match (positional.next(), named) {
                (Some(_), Some(_)) => {
                    return Err(Error::runtime(format!(
                        "macro '{name}' got multiple values for argument '{param}'"
                    )));
                }
                (Some(value), None) | (None, Some(value)) => value,
                (None, None) => match i.checked_sub(first_default) {
                    Some(i) => run.eval(&definition.defaults[i])?,
                    None => Value::undefined(Error::new(
                        ErrorKind::Undefined,
                        format!("parameter '{param}' was not provided"),
                    )),
                },
            };
            run.frame.set(param, value);
        }
        let rest: Vec<Value> = positional.collect();
        if definition.uses_varargs {
            run.frame.set(&Arc::from("varargs"), Value::tuple(rest));
        } else if !rest.is_empty() {
            let count = definition.params.len();
            return Err(Error::runtime(format!("macro '{name}' takes not more than {count} argument(s)")));
        }
        if definition.uses_kwargs {
            let map: Map =
                args.named.into_iter().map(|(key, value)| (Key(Value::text(key)), value)).collect();
            run.frame.set(&Arc::from("kwargs"), Value::Dict(Dict::new(map)));
        } else if let Some((key, _)) = args.named.first() {
            return Err(Error::runtime(format!("macro '{name}' takes no keyword argument '{key}'")));
        }
        Ok(())
    }
}

impl Object for MacroObject {
    fn type_name(&self) -> &str {
        "Macro"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        let definition = &self.definition;
        Ok(Some(match name {
            "name" => Value::text(definition.name.clone()),
            "arguments" => Value::tuple(definition.params.iter().map(|param| Value::text(param.clone()))),
            "catch_kwargs" => Value::Bool(definition.uses_kwargs),
            "catch_varargs" => Value::Bool(definition.uses_varargs),
            "caller" => Value::Bool(definition.uses_caller),
            _ => return Ok(None),
        }))
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, context: &Context, args: Args) -> Result<Value> {
        let _deeper = super::context::Deeper::enter()?;
        let run = Run {
            context,
            unit: &self.unit,
            frame: self.frame.child(),
            blocks: self.blocks.clone(),
            root: self.root.clone(),
            block: self.block.clone(),
            loop_depth: 0,
            bare: self.bare,
        };
        guarded(|| {
            self.bind(&run, args)?;
            let mut output = Output::default();
            run.body(&self.definition.body, &mut output)?;
            output.finish()
        })
    }
}

impl Run<'_> {
    /// Calls a macro with the body of a call block as `caller`.
    pub(crate) fn call_with_caller(&self, call: &Expr, caller: Value) -> Result<Value> {
        let Kind::Call(function, args) = &call.kind else {
            return Err(self.locate(Error::runtime("expected call"), call.at));
        };
        let callee = self.eval(function)?;
        let mut args = self.args(args)?;
        args.named.push((Arc::from("caller"), caller));
        match &callee {
            Value::Object(object) => {
                object.call(self.context, args).map_err(|error| self.locate(error, call.at))
            }
            Value::Undefined(why) => Err(why.error.clone()),
            other => {
                let message = format!("'{}' object is not callable", other.type_name());
                Err(self.locate(Error::runtime(message), call.at))
            }
        }
    }

    /// Names that mean something inside a template only.
    pub(crate) fn template_name(&self, name: &str) -> Option<Value> {
        let reference = |kind| {
            Value::Object(Arc::new(Reference {
                kind,
                unit: self.unit.clone(),
                frame: self.root.clone(),
                blocks: self.blocks.clone(),
                bare: self.bare,
            }))
        };
        match name {
            "self" => Some(reference(ReferenceKind::Template)),
            "super" => {
                let (block, level) = self.block.clone()?;
                Some(reference(ReferenceKind::Block(block, level + 1)))
            }
            _ => None,
        }
    }
}

enum ReferenceKind {
    Template,
    Block(Arc<str>, usize),
}

/// `self`, and the blocks it leads to.
struct Reference {
    kind: ReferenceKind,
    unit: Arc<Unit>,
    frame: Arc<Frame>,
    blocks: Blocks,
    bare: bool,
}

impl Object for Reference {
    fn type_name(&self) -> &str {
        match self.kind {
            ReferenceKind::Template => "TemplateReference",
            ReferenceKind::Block(..) => "BlockReference",
        }
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        let level = match &self.kind {
            ReferenceKind::Template => 0,
            ReferenceKind::Block(block, level) if name == "super" => {
                return Ok(Some(self.block(block.clone(), level + 1)));
            }
            ReferenceKind::Block(..) => return Ok(None),
        };
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let known = blocks.get_key_value(name).map(|(name, _)| name.clone());
        drop(blocks);
        Ok(known.map(|name| self.block(name, level)))
    }

    fn is_callable(&self) -> bool {
        matches!(self.kind, ReferenceKind::Block(..))
    }

    fn call(&self, context: &Context, _args: Args) -> Result<Value> {
        let ReferenceKind::Block(name, level) = &self.kind else {
            return Err(Error::runtime("'TemplateReference' object is not callable"));
        };
        let run = Run {
            context,
            unit: &self.unit,
            frame: self.frame.clone(),
            blocks: self.blocks.clone(),
            root: self.frame.clone(),
            block: None,
            loop_depth: 0,
            bare: self.bare,
        };
        let mut output = Output::default();
        guarded(|| run.draw_block_at(name, *level, self.frame.clone(), &mut output))?;
        output.finish()
    }
}

impl Reference {
    fn block(&self, name: Arc<str>, level: usize) -> Value {
        Value::Object(Arc::new(Reference {
            kind: ReferenceKind::Block(name, level),
            unit: self.unit.clone(),
            frame: self.frame.clone(),
            blocks: self.blocks.clone(),
            bare: self.bare,
        }))
    }
}
