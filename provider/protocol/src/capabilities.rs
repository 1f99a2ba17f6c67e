//! What either side says it can do, and why an answer may be put off.

use crate::wire;

/// What this provider can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerCapabilities {
    /// It wants to be asked for a plan before a resource is destroyed.
    pub plan_destroy: bool,
    /// It works without having been asked for its schema in this process.
    pub get_provider_schema_optional: bool,
    /// It can take over resources of other types (`moved` across types).
    pub move_resource_state: bool,
    /// It can write configuration for an imported resource.
    pub generate_resource_config: bool,
}

impl ServerCapabilities {
    pub(crate) fn to_wire(self) -> wire::ServerCapabilities {
        wire::ServerCapabilities {
            plan_destroy: self.plan_destroy,
            get_provider_schema_optional: self.get_provider_schema_optional,
            move_resource_state: self.move_resource_state,
            generate_resource_config: self.generate_resource_config,
        }
    }
}

/// What this Terraform can do; older ones say nothing, which reads as "no".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientCapabilities {
    /// It accepts "ask me again later".
    pub deferral_allowed: bool,
    /// It knows write-only attributes (Terraform 1.11, OpenTofu 1.11).
    pub write_only_attributes_allowed: bool,
    /// It hands the private data of the first plan to the second one (Terraform 1.16).
    pub store_planned_private: bool,
    /// It knows computed blocks (Terraform 1.16).
    pub computed_blocks_allowed: bool,
}

impl ClientCapabilities {
    pub(crate) fn from_wire(wire: Option<wire::ClientCapabilities>) -> Self {
        let wire = wire.unwrap_or_default();
        ClientCapabilities {
            deferral_allowed: wire.deferral_allowed,
            write_only_attributes_allowed: wire.write_only_attributes_allowed,
            store_planned_private: wire.store_planned_private,
            computed_blocks_allowed: wire.computed_blocks_allowed,
        }
    }
}

/// Why an answer is put off. Only send it when the client allows it and the cause is real.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeferredReason {
    /// Some other reason.
    Unknown,
    /// The resource's configuration is not known well enough.
    ResourceConfigUnknown,
    /// The provider's configuration is not known well enough.
    ProviderConfigUnknown,
    /// Something the resource needs does not exist yet.
    AbsentPrereq,
}

impl DeferredReason {
    pub(crate) fn to_wire(self) -> wire::Deferred {
        use wire::deferred::Reason;
        let reason = match self {
            DeferredReason::Unknown => Reason::Unknown,
            DeferredReason::ResourceConfigUnknown => Reason::ResourceConfigUnknown,
            DeferredReason::ProviderConfigUnknown => Reason::ProviderConfigUnknown,
            DeferredReason::AbsentPrereq => Reason::AbsentPrereq,
        };
        wire::Deferred { reason: reason.into() }
    }
}
