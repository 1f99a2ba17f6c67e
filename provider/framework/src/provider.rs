//! The provider: its block, and the list of what it offers.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::erased::{
    AnyDataSource, AnyEphemeral, AnyResource, ErasedDataSource, ErasedEphemeral, ErasedResource,
};
use crate::schema::Schema;
use crate::{DataSource, Diagnostics, Ephemeral, Function, Model, Resource};

/// What `provider "name" { … }` configures.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// What the user writes in the block.
    type Config: Model;
    /// What the provider makes of it.
    type Client: Send + Sync + 'static;

    /// The short name, `streaming`, which all resource types begin with.
    fn name(&self) -> &'static str;

    /// The version of the provider.
    fn version(&self) -> &'static str;

    /// What a user may write in the block.
    fn schema(&self) -> Schema;

    /// Checks beyond what the schema says. Runs offline and with unknown values; adds every mistake it finds.
    fn validate(&self, _config: &Self::Config, _diagnostics: &mut Diagnostics) {}

    /// Makes the client. None without an error means "later": part of the block is only known after apply.
    ///
    /// May be called repeatedly in one process; each call replaces what the one before made.
    async fn configure(
        &self,
        setup: Setup<Self::Config>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self::Client>;

    /// Everything the provider has, one line each.
    fn offers(&self) -> Offers<Self::Client>;
}

/// What [`Provider::configure`] gets.
#[derive(Debug, Clone)]
pub struct Setup<M> {
    /// The block; parts may be unknown while planning.
    pub config: M,
    /// The version of the calling Terraform.
    pub terraform_version: String,
    /// Cancelled when the user stops Terraform.
    pub cancelled: CancellationToken,
}

/// Everything a provider has. The list is written by hand: "who calls this?" has an answer in the editor.
pub struct Offers<C> {
    pub(crate) resources: Vec<Box<dyn AnyResource<C>>>,
    pub(crate) data_sources: Vec<Box<dyn AnyDataSource<C>>>,
    pub(crate) functions: Vec<Box<dyn Function>>,
    pub(crate) ephemerals: Vec<Box<dyn AnyEphemeral<C>>>,
}

impl<C> Default for Offers<C> {
    fn default() -> Self {
        Self {
            resources: Vec::new(),
            data_sources: Vec::new(),
            functions: Vec::new(),
            ephemerals: Vec::new(),
        }
    }
}

impl<C: Send + Sync + 'static> Offers<C> {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a resource.
    #[must_use]
    pub fn resource(mut self, resource: impl Resource<Client = C>) -> Self {
        self.resources.push(Box::new(ErasedResource::new(resource)));
        self
    }

    /// Adds a data source.
    #[must_use]
    pub fn data_source(mut self, data_source: impl DataSource<Client = C>) -> Self {
        self.data_sources.push(Box::new(ErasedDataSource::new(data_source)));
        self
    }

    /// Adds a function.
    #[must_use]
    pub fn function(mut self, function: impl Function) -> Self {
        self.functions.push(Box::new(function));
        self
    }

    /// Adds an ephemeral resource.
    #[must_use]
    pub fn ephemeral(mut self, ephemeral: impl Ephemeral<Client = C>) -> Self {
        self.ephemerals.push(Box::new(ErasedEphemeral::new(ephemeral)));
        self
    }
}
