//! Walks the tree of a template with the variables of one host at one task.

mod access;
mod context;
mod expression;
mod files;
mod finish;
mod frame;
mod globals;
mod loops;
mod macros;
mod operator;
mod output;
mod statement;

use std::sync::{Arc, Mutex};

use indexmap::IndexMap;
use runner_playbook::source::Span;

pub(crate) use access::{attribute, item, missing};
pub use context::Context;
pub(crate) use context::outward;
pub(crate) use finish::finalize;
pub(crate) use finish::without_omitted;
pub(crate) use globals::pairs_of;
pub(crate) use operator::{contains, plus, relation};

use crate::error::{Error, Result};
use crate::place::Place;
use crate::syntax::ast::{Block, Offset, Template};
use crate::value::Value;
use frame::Frame;
use output::Output;

/// A template with the place it came from.
pub(crate) struct Unit {
    pub(crate) template: Arc<Template>,
    /// The whole text as written, header and final line break included.
    pub(crate) text: Arc<str>,
    /// The start of the scalar or file.
    pub(crate) origin: Span,
    /// Whether strings inside the expression may be templates themselves (conditionals).
    pub(crate) embeds: bool,
}

impl Unit {
    /// A place in this template.
    pub(crate) fn place(&self, at: Offset) -> Place {
        let offset = (at as usize).saturating_sub(self.template.lead) + self.template.shift;
        Place { origin: self.origin.clone(), text: self.text.clone(), offset }
    }
}

/// The definitions of blocks, the most derived first.
type Blocks = Arc<Mutex<IndexMap<Arc<str>, Vec<(Arc<Block>, Arc<Unit>)>>>>;

/// One template, or one block, macro or loop body of it, that is being drawn.
#[derive(Clone)]
pub(crate) struct Run<'r> {
    context: &'r Context,
    unit: &'r Arc<Unit>,
    frame: Arc<Frame>,
    blocks: Blocks,
    /// The template's outermost frame: what blocks see.
    root: Arc<Frame>,
    /// The block that is being drawn and how far up the inheritance, for `super()`.
    block: Option<(Arc<str>, usize)>,
    /// How deep the recursive loop is.
    loop_depth: usize,
    /// Whether the variables are out of sight: in what was included or imported without context.
    bare: bool,
}

impl<'r> Run<'r> {
    pub(crate) fn new(context: &'r Context, unit: &'r Arc<Unit>) -> Self {
        let root = Frame::root();
        Self {
            context,
            unit,
            frame: root.clone(),
            blocks: Blocks::default(),
            root,
            block: None,
            loop_depth: 0,
            bare: false,
        }
    }

    fn inside(&self, frame: Arc<Frame>) -> Run<'r> {
        Run { frame, ..self.clone() }
    }

    /// The value of the whole template.
    pub(crate) fn template(&self) -> Result<Value> {
        let mut output = Output::default();
        self.root_body(&mut output)?;
        let value = output.finish()?;
        Ok(match value {
            Value::Str(text) => {
                let ends = |text: &str| text.len() - text.trim_end_matches('\n').len();
                let missing = self.unit.template.trailing_newlines.saturating_sub(ends(text.as_str()));
                if missing == 0 {
                    return Ok(Value::Str(text));
                }
                Value::text([text.as_str(), &"\n".repeat(missing)].concat())
            }
            other => other,
        })
    }

    /// The failure with a place in this template.
    fn locate(&self, error: Error, at: Offset) -> Error {
        error.within(|| self.unit.place(at))
    }
}
