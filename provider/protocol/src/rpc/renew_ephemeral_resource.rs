//! Prolongs an open ephemeral resource.

use std::time::SystemTime;

use super::{FromWire, ToWire};
use crate::{
    diagnostics::{self, Diagnostic},
    wire,
};

/// The question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The ephemeral resource type.
    pub type_name: String,
    /// From open or the last renewal.
    pub private: Option<Vec<u8>>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// When it must be renewed again, if ever.
    pub renew_at: Option<SystemTime>,
    /// Handed to the next renewal and to close.
    pub private: Option<Vec<u8>>,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::renew_ephemeral_resource::Request;

    fn from_wire(wire: Self::Wire) -> Self {
        Request { type_name: wire.type_name, private: wire.private }
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("tf_ephemeral_resource_type", &self.type_name))
    }
}

impl ToWire for Response {
    type Wire = wire::renew_ephemeral_resource::Response;

    fn to_wire(self) -> Self::Wire {
        wire::renew_ephemeral_resource::Response {
            renew_at: self.renew_at.map(Into::into),
            private: self.private,
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
