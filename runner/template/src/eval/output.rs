//! What a template gives: one node is a value of its own type, several are joined as text.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::value::{Text, Value, to_str};

/// The largest text a template may produce: keeps a loop gone wild from exhausting memory.
const OUTPUT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The nodes that a template has put out.
#[derive(Default)]
pub(crate) struct Output {
    nodes: Vec<Value>,
    bytes: usize,
}

impl Output {
    pub(crate) fn text(&mut self, text: &Arc<str>) -> Result<()> {
        self.count(text.len())?;
        self.nodes.push(Value::Str(Text::plain(text.clone())));
        Ok(())
    }

    /// Puts out a value. Nones and omitted values vanish.
    pub(crate) fn value(&mut self, value: Value) -> Result<()> {
        match value {
            Value::Undefined(why) if !why.silent => return Err(why.error.clone()),
            Value::Str(ref text) => {
                self.count(text.as_str().len())?;
                self.nodes.push(value);
            }
            Value::Undefined(_) => self.nodes.push(value),
            Value::Object(ref object) if !object.is_mapping() => self.nodes.push(value),
            // What is put out is as it is now: later changes of a list do not reach it.
            other => self.nodes.push(super::finalize(&other)?),
        }
        Ok(())
    }

    fn count(&mut self, bytes: usize) -> Result<()> {
        self.bytes += bytes;
        if self.bytes > OUTPUT_BYTES_MAX {
            return Err(Error::new(ErrorKind::Limit, "the output of the template is too large"));
        }
        Ok(())
    }

    /// The result: none, the only node, or the text of all.
    pub(crate) fn finish(mut self) -> Result<Value> {
        if self.nodes.len() > 1 {
            self.nodes.retain(|node| !matches!(node, Value::None | Value::Omit));
        }
        match self.nodes.len() {
            0 => Ok(Value::None),
            1 => Ok(self.nodes.swap_remove(0)),
            _ => {
                let mut text = String::with_capacity(self.bytes);
                for node in &self.nodes {
                    match node {
                        Value::Str(part) => text.push_str(part.as_str()),
                        Value::Bytes(bytes) => text.push_str(&String::from_utf8_lossy(bytes)),
                        other => text.push_str(&to_str(other)?),
                    }
                }
                Ok(Value::text(text))
            }
        }
    }
}
