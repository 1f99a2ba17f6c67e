//! A managed resource: look, plan, apply.

use async_trait::async_trait;
use provider_protocol::DeferredReason;
use provider_protocol::cty::{Path, Value};
use provider_protocol::schema::IdentitySchema;

use crate::schema::Schema;
use crate::timeouts::Timeouts;
use crate::{Diagnostic, Diagnostics, Model, Private, Run};

/// A kind of thing that Terraform creates, changes and deletes.
///
/// Only `name`, `schema`, `read` and `apply` are required; everything else is an ability a resource may have.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// What the user writes and Terraform stores, made with [`model!`](crate::model!).
    type Model: Model;
    /// What the provider makes of its own block: the way to the world.
    type Client: Send + Sync + 'static;

    /// The type as in HCL: `streaming_cluster`.
    fn name(&self) -> &'static str;

    /// What a user may write.
    fn schema(&self) -> Schema;

    /// Checks beyond what the schema says. Runs offline and with unknown values; adds every mistake it finds.
    fn validate(&self, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Decides what will be, beyond what the schema says. Not async, because Terraform asks twice and compares: anything
    /// that is not a function of these arguments stays unknown until apply. `client` is absent while the provider's own
    /// block is not known.
    fn plan(&self, _client: Option<&Self::Client>, _plan: &mut Plan<Self::Model>) {}

    /// Warns or refuses before the resource is destroyed.
    fn plan_destroy(
        &self,
        _client: Option<&Self::Client>,
        _prior: &Self::Model,
        _diagnostics: &mut Diagnostics,
    ) {
    }

    /// Looks at what really is. [`Outcome::gone`] when it does not exist any more.
    async fn read(&self, run: &mut Run<Self::Client>, state: Self::Model) -> Outcome<Self::Model>;

    /// Makes the change. What exists afterwards belongs in the outcome also when something failed; parts that are still
    /// unknown then become null.
    async fn apply(&self, run: &mut Run<Self::Client>, change: Change<Self::Model>) -> Outcome<Self::Model>;

    /// Finds an existing one. The outcome holds what is needed to read it; reading fills the rest.
    async fn import(&self, _run: &mut Run<Self::Client>, _from: Import) -> Outcome<Self::Model> {
        Outcome::failed(Diagnostic::error(
            "Import is not supported",
            format!("Resources of type {} cannot be imported.", self.name()),
        ))
    }

    /// What tells one instance from another for ever; goes with [`Resource::identify`].
    fn identity(&self) -> Option<IdentitySchema> {
        None
    }

    /// The identity of a state, an object of the attributes of [`Resource::identity`].
    fn identify(&self, _state: &Self::Model) -> Value {
        Value::Null
    }

    /// How states of earlier schema versions become current, one per version, each straight to the current one.
    fn upgraders(&self) -> Vec<Upgrader> {
        Vec::new()
    }

    /// Takes over the state of another resource type (`moved { from = other.x, to = this.y }`). None: not from there.
    fn take_over(&self, _source: &Source) -> Option<Outcome<Self::Model>> {
        None
    }

    /// How long operations may take where the user does not say.
    fn timeouts(&self) -> Timeouts {
        Timeouts::default()
    }
}

/// What is to be made, changed or deleted.
#[derive(Debug, Clone)]
pub enum Change<M> {
    /// Make it.
    Create {
        /// What was planned; decide what is unknown.
        planned: M,
        /// What the user wrote: the only place of write-only values.
        config: M,
    },
    /// Change it.
    Update {
        /// What is.
        prior: M,
        /// What was planned; decide what is unknown.
        planned: M,
        /// What the user wrote: the only place of write-only values.
        config: M,
    },
    /// Delete it.
    Delete {
        /// What is.
        prior: M,
    },
}

/// What exists after an operation, and what the user should know.
///
/// Not a `Result`, because both halves may be there: a state next to errors is stored (a create is then *tainted*, and
/// replaced by the next apply; after a failed update it is simply what exists now).
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<M> {
    /// What exists; none for "nothing", or with errors for "as before".
    pub state: Option<M>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

impl<M> Outcome<M> {
    /// It exists like this.
    pub const fn state(state: M) -> Self {
        Self { state: Some(state), diagnostics: Diagnostics::new() }
    }

    /// It does not exist (any more).
    #[must_use]
    pub const fn gone() -> Self {
        Self { state: None, diagnostics: Diagnostics::new() }
    }

    /// It failed before anything changed.
    pub fn failed(diagnostics: impl Into<Diagnostics>) -> Self {
        Self { state: None, diagnostics: diagnostics.into() }
    }

    /// With these messages as well.
    #[must_use]
    pub fn with(mut self, diagnostics: impl Into<Diagnostics>) -> Self {
        self.diagnostics.append(diagnostics.into());
        self
    }
}

impl<M> From<M> for Outcome<M> {
    fn from(state: M) -> Self {
        Self::state(state)
    }
}

impl<M, E: Into<Diagnostics>> From<Result<M, E>> for Outcome<M> {
    fn from(result: Result<M, E>) -> Self {
        result.map_or_else(Self::failed, Self::state)
    }
}

/// A plan in the making: `planned` holds what the schema has decided, and may be changed where the provider decides.
#[derive(Debug)]
pub struct Plan<M> {
    /// What the user wrote; parts may be unknown.
    pub config: M,
    /// What is; none for a new one.
    pub prior: Option<M>,
    /// What will be.
    pub planned: M,
    /// Kept for apply, and next to the state after it.
    pub private: Private,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
    /// Whether Terraform takes "ask me later" for an answer.
    pub deferral_allowed: bool,
    pub(crate) replace: Vec<Path>,
    pub(crate) deferred: Option<DeferredReason>,
    pub(crate) decide_again: bool,
}

impl<M> Plan<M> {
    /// Whether it is a new one.
    pub const fn is_create(&self) -> bool {
        self.prior.is_none()
    }

    /// Needs a new resource because of the attribute at `path`; the path is ignored where its value does not change.
    pub fn replace(&mut self, path: Path) {
        self.replace.push(path);
    }

    /// Forces an update although nothing differs so far: everything the provider decides is planned again (attributes that
    /// keep their state do). For resources that find their last apply unfinished.
    pub fn force_update(&mut self) {
        self.decide_again = true;
    }

    /// Puts the answer off; has no effect where Terraform does not allow it.
    pub fn defer(&mut self, reason: DeferredReason) {
        if self.deferral_allowed {
            self.deferred = Some(reason);
        }
    }
}

/// What to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Import {
    /// `terraform import type.name ID`, or `import { id = … }`.
    Id(String),
    /// `import { identity = { … } }`: an object of the attributes of [`Resource::identity`].
    Identity(Value),
}

/// Brings a state of one earlier schema version to the current schema.
#[derive(Clone, Copy)]
pub struct Upgrader {
    /// The version it reads.
    pub from: i64,
    /// Changes the JSON of the state. Attributes that the current schema does not know are dropped afterwards, missing
    /// ones become null.
    pub upgrade: fn(&mut serde_json::Map<String, serde_json::Value>) -> Result<(), String>,
}

/// A state that another resource type left behind.
#[derive(Debug, Clone)]
pub struct Source {
    /// The provider it belongs to, such as `registry.terraform.io/hashicorp/null`.
    pub provider_address: String,
    /// The resource type it had.
    pub type_name: String,
    /// The schema version of the state.
    pub schema_version: i64,
    /// The state.
    pub state: serde_json::Map<String, serde_json::Value>,
    /// Its private data.
    pub private: Vec<u8>,
}
