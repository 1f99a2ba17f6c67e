//! The functions once more; OpenTofu asks for those that are not in the schema.

use std::collections::BTreeMap;

use super::{FromWire, ToWire};
use crate::{
    diagnostics::{self, Diagnostic},
    schema::{Function, map_to_wire},
    wire,
};

/// The question; it has no parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request;

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The functions.
    pub functions: BTreeMap<String, Function>,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::get_functions::Request;

    fn from_wire(_: Self::Wire) -> Self {
        Request
    }
}

impl ToWire for Response {
    type Wire = wire::get_functions::Response;

    fn to_wire(self) -> Self::Wire {
        wire::get_functions::Response {
            functions: map_to_wire(&self.functions, Function::to_wire),
            diagnostics: diagnostics::to_wire(&self.diagnostics),
        }
    }

    fn failed(diagnostic: Diagnostic) -> Self {
        Response { diagnostics: vec![diagnostic], ..Self::default() }
    }

    fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}
