//! YAML 1.1 as PyYAML and Ansible read it: text in, nodes with places and problems out.

mod advice;
mod construct;
mod json;
mod libyaml;
pub mod number;
pub mod python;
mod resolve;
mod scalar;

pub use libyaml::{EmitOptions, Event, Style, emit};

use crate::node::Node;
use crate::problem::Problem;
use crate::source::Source;

/// What a key that occurs twice in a mapping is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DuplicateKeys {
    /// Fine.
    Ignore,
    /// A warning; the last one counts.
    #[default]
    Warn,
    /// An error.
    Error,
}

/// Reads a text of one document. The node is none when there are errors; an empty text is null.
pub fn parse(source: &Source) -> (Option<Node>, Vec<Problem>) {
    parse_with(source, DuplicateKeys::Warn)
}

/// As [`parse`], with a choice about duplicate keys. As in Ansible, a text that is JSON is read as JSON.
pub fn parse_with(source: &Source, duplicates: DuplicateKeys) -> (Option<Node>, Vec<Problem>) {
    match json::parse(source) {
        Some(node) => (Some(node), Vec::new()),
        None => construct::construct(source, duplicates),
    }
}

/// Reads YAML that is certainly not JSON text: for the `from_yaml` filter, where JSON has no special meaning.
pub fn parse_yaml(source: &Source) -> (Option<Node>, Vec<Problem>) {
    construct::construct(source, DuplicateKeys::Ignore)
}

/// What a plain scalar means by YAML 1.1: for emitters that must quote what would be read as something else.
pub fn plain_scalar(text: &str) -> Option<Node> {
    let none = crate::source::Span::none();
    Some(match scalar::plain(text).ok()? {
        Some(data) => Node::new(data, none),
        None => Node::string(text, none),
    })
}
