//! Makes the change.

use super::{FromWire, ToWire};
use crate::{
    diagnostics::{self, Diagnostic},
    dynamic_value::{DynamicValue, identity_from_wire, identity_to_wire},
    wire,
};

/// The question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The resource type.
    pub type_name: String,
    /// What is; null to create.
    pub prior_state: DynamicValue,
    /// What shall be; null to destroy.
    pub planned_state: DynamicValue,
    /// What the user wrote, write-only values included; null to destroy.
    pub config: DynamicValue,
    /// From the plan.
    pub planned_private: Vec<u8>,
    /// The `provider_meta` block of the calling HCL module; null where there is none.
    pub provider_meta: DynamicValue,
    /// The identity from the plan.
    pub planned_identity: Option<DynamicValue>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// What is now, also after an error: what was made must not be forgotten.
    pub new_state: DynamicValue,
    /// Private data to keep with the state.
    pub private: Vec<u8>,
    /// The identity.
    pub new_identity: Option<DynamicValue>,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::apply_resource_change::Request;

    fn from_wire(wire: Self::Wire) -> Self {
        Request {
            type_name: wire.type_name,
            prior_state: DynamicValue::from_wire(wire.prior_state),
            planned_state: DynamicValue::from_wire(wire.planned_state),
            config: DynamicValue::from_wire(wire.config),
            planned_private: wire.planned_private,
            provider_meta: DynamicValue::from_wire(wire.provider_meta),
            planned_identity: identity_from_wire(wire.planned_identity),
        }
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("tf_resource_type", &self.type_name))
    }
}

impl ToWire for Response {
    type Wire = wire::apply_resource_change::Response;

    fn to_wire(self) -> Self::Wire {
        wire::apply_resource_change::Response {
            new_state: self.new_state.into_wire(),
            private: self.private,
            new_identity: identity_to_wire(self.new_identity),
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
