//! An ephemeral resource: a value that is opened, perhaps renewed, closed, and never stored.

use std::time::SystemTime;

use async_trait::async_trait;

use crate::schema::Schema;
use crate::{Diagnostics, Model, Private, Run};

/// A kind of value that exists only while Terraform runs.
#[async_trait]
pub trait Ephemeral: Send + Sync + 'static {
    /// What the user writes and gets.
    type Model: Model;
    /// What the provider makes of its own block.
    type Client: Send + Sync + 'static;

    /// The type as in HCL.
    fn name(&self) -> &'static str;

    /// What a user may write and gets.
    fn schema(&self) -> Schema;

    /// Checks beyond what the schema says.
    fn validate(&self, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Makes the value. What is in `run.private` comes back to renew and close.
    async fn open(
        &self,
        run: &mut Run<Self::Client>,
        config: Self::Model,
    ) -> Result<Opened<Self::Model>, Diagnostics>;

    /// Prolongs it; says when to do so again.
    async fn renew(&self, _run: &mut Run<Self::Client>) -> Result<Option<SystemTime>, Diagnostics> {
        Ok(None)
    }

    /// Gives it back.
    async fn close(&self, _run: &mut Run<Self::Client>, _private: Private) -> Result<(), Diagnostics> {
        Ok(())
    }
}

/// A value that was opened.
#[derive(Debug, Clone)]
pub struct Opened<M> {
    /// The value.
    pub result: M,
    /// When it must be renewed, if ever.
    pub renew_at: Option<SystemTime>,
}
