//! What a user may write and what Terraform stores: attributes, nested attributes and blocks.
//!
//! ```
//! use provider_framework::schema::{Attribute, Schema, validate};
//!
//! let schema = Schema::new("A room in a building.")
//!     .attribute(Attribute::string("id").computed().keeps_state().describe("The number of the room."))
//!     .attribute(Attribute::string("name").required().replaces().validate(validate::length(1..=63)).describe("Its name."))
//!     .attribute(Attribute::number("seats").default(12).describe("How many may sit."))
//!     .attribute(
//!         Attribute::map_of("doors", [Attribute::number("width_cm").required().describe("How wide.")])
//!             .optional()
//!             .describe("The doors by name."),
//!     );
//! assert!(schema.mistakes().is_empty());
//! ```

mod attribute;
mod block;
mod modifier;
mod relation;
mod rules;
pub mod validate;
mod walk;

pub use attribute::{Attribute, Kind, Presence};
pub use block::{Block, Body};
pub use modifier::{Change, PlanModifier};
pub use provider_protocol::schema::Nesting;
pub use relation::Relation;
pub use validate::Validator;
pub(crate) use walk::{Place, each_attribute, each_config};

use provider_protocol::cty::Type;
use provider_protocol::schema as wire;

/// The schema of a provider, resource, data source or ephemeral resource.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// Raised whenever states of before need an upgrader.
    pub version: i64,
    /// Attributes and blocks.
    pub body: Body,
    /// What it is, in Markdown; the first sentence stands alone in overviews.
    pub description: String,
    /// Why it should no longer be used, and what to use instead.
    pub deprecated: Option<String>,
    /// What holds between attributes.
    pub relations: Vec<Relation>,
}

impl Schema {
    /// An empty schema.
    #[must_use]
    pub fn new(description: impl Into<String>) -> Self {
        Self { description: description.into(), ..Self::default() }
    }

    /// Sets the version of the state.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.version = version;
        self
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, attribute: Attribute) -> Self {
        self.body.attributes.push(attribute);
        self
    }

    /// Adds attributes.
    #[must_use]
    pub fn attributes(mut self, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        self.body.attributes.extend(attributes);
        self
    }

    /// Adds a nested block. New schemas rather have nested attributes.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.body.blocks.push(block);
        self
    }

    /// Adds a relation between attributes.
    #[must_use]
    pub fn relation(mut self, relation: Relation) -> Self {
        self.relations.push(relation);
        self
    }

    /// Marks the whole as deprecated.
    #[must_use]
    pub fn deprecated(mut self, instead: impl Into<String>) -> Self {
        self.deprecated = Some(instead.into());
        self
    }

    /// The type of a value of this schema.
    #[must_use]
    pub fn ty(&self) -> Type {
        self.body.ty()
    }

    /// The schema as the protocol has it.
    #[must_use]
    pub fn to_wire(&self) -> wire::Schema {
        wire::Schema {
            version: self.version,
            block: self.body.to_wire(&self.description, self.deprecated.as_ref()),
        }
    }

    /// What Terraform would refuse, or a newcomer miss, in this schema; empty when it is sound.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        rules::mistakes(self)
    }
}
