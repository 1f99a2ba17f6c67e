//! A data source: something that Terraform looks up.

use async_trait::async_trait;

use crate::schema::Schema;
use crate::{Diagnostics, Model, Outcome, Run};

/// A kind of thing that Terraform looks up and does not own.
#[async_trait]
pub trait DataSource: Send + Sync + 'static {
    /// What the user writes and gets.
    type Model: Model;
    /// What the provider makes of its own block.
    type Client: Send + Sync + 'static;

    /// The type as in HCL.
    fn name(&self) -> &'static str;

    /// What a user may write and gets.
    fn schema(&self) -> Schema;

    /// Checks beyond what the schema says. Runs offline and with unknown values; adds every mistake it finds.
    fn validate(&self, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Looks it up: fills in what is computed. Attributes with a default already have it.
    async fn read(&self, run: &mut Run<Self::Client>, config: Self::Model) -> Outcome<Self::Model>;
}
