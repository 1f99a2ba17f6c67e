//! Says what a change will lead to, without changing anything.

use super::{FromWire, ToWire};
use crate::{
    capabilities::{ClientCapabilities, DeferredReason},
    cty::Path,
    diagnostics::{self, Diagnostic},
    dynamic_value::{DynamicValue, identity_from_wire, identity_to_wire},
    wire,
};

/// The question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The resource type.
    pub type_name: String,
    /// What is; null for a new resource.
    pub prior_state: DynamicValue,
    /// Terraform's own merge of prior state and configuration; null to destroy.
    pub proposed_new_state: DynamicValue,
    /// What the user wrote; null to destroy.
    pub config: DynamicValue,
    /// The private data kept with the prior state.
    pub prior_private: Vec<u8>,
    /// The `provider_meta` block of the calling HCL module; null where there is none.
    pub provider_meta: DynamicValue,
    /// What this Terraform can do.
    pub client_capabilities: ClientCapabilities,
    /// The identity, if there is one yet.
    pub prior_identity: Option<DynamicValue>,
    /// The private data of the first plan, in the second one (Terraform 1.16).
    pub planned_private: Vec<u8>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// What will be; null exactly when destroying.
    pub planned_state: DynamicValue,
    /// The attributes whose change needs a new resource.
    pub requires_replace: Vec<Path>,
    /// Handed to apply.
    pub planned_private: Vec<u8>,
    /// The identity that will be.
    pub planned_identity: Option<DynamicValue>,
    /// Why the answer is put off; only where the client allows it.
    pub deferred: Option<DeferredReason>,
    /// What the user should know.
    pub diagnostics: Vec<Diagnostic>,
}

impl FromWire for Request {
    type Wire = wire::plan_resource_change::Request;

    fn from_wire(wire: Self::Wire) -> Self {
        Request {
            type_name: wire.type_name,
            prior_state: DynamicValue::from_wire(wire.prior_state),
            proposed_new_state: DynamicValue::from_wire(wire.proposed_new_state),
            config: DynamicValue::from_wire(wire.config),
            prior_private: wire.prior_private,
            provider_meta: DynamicValue::from_wire(wire.provider_meta),
            client_capabilities: ClientCapabilities::from_wire(wire.client_capabilities),
            prior_identity: identity_from_wire(wire.prior_identity),
            planned_private: wire.planned_private,
        }
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("tf_resource_type", &self.type_name))
    }
}

impl ToWire for Response {
    type Wire = wire::plan_resource_change::Response;

    fn to_wire(self) -> Self::Wire {
        wire::plan_resource_change::Response {
            planned_state: self.planned_state.into_wire(),
            requires_replace: self.requires_replace.iter().filter_map(diagnostics::path_to_wire).collect(),
            planned_private: self.planned_private,
            planned_identity: identity_to_wire(self.planned_identity),
            deferred: self.deferred.map(DeferredReason::to_wire),
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
