//! The user wants to stop: work in flight should end soon and return what it has.

use super::{FromWire, ToWire};
use crate::{diagnostics::Diagnostic, wire};

/// The question; it has no parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request;

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// Why stopping failed; empty when it did not.
    pub error: String,
}

impl FromWire for Request {
    type Wire = wire::stop_provider::Request;

    fn from_wire(_: Self::Wire) -> Self {
        Request
    }
}

impl ToWire for Response {
    type Wire = wire::stop_provider::Response;

    fn to_wire(self) -> Self::Wire {
        wire::stop_provider::Response { error: self.error }
    }

    fn failed(diagnostic: Diagnostic) -> Self {
        Response { error: format!("{}: {}", diagnostic.summary, diagnostic.detail) }
    }
}
