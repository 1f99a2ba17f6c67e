//! Nested blocks, for the few places where HCL users expect them.

use provider_protocol::cty::Type;
use provider_protocol::schema::{self as wire, Nesting, StringKind};

use super::Attribute;

/// Attributes and blocks: the inside of a schema or of a block.
#[derive(Debug, Clone, Default)]
pub struct Body {
    /// The attributes.
    pub attributes: Vec<Attribute>,
    /// The blocks.
    pub blocks: Vec<Block>,
}

impl Body {
    /// The object type of a value.
    #[must_use]
    pub fn ty(&self) -> Type {
        let attributes = self.attributes.iter().map(|attribute| (attribute.name.clone(), attribute.ty()));
        let blocks =
            self.blocks.iter().map(|block| (block.name.clone(), block.nesting.wrap(block.body.ty())));
        Type::object(attributes.chain(blocks))
    }

    pub(super) fn to_wire(&self, description: &str, deprecated: Option<&String>) -> wire::Block {
        wire::Block {
            attributes: self.attributes.iter().map(Attribute::to_wire).collect(),
            blocks: self.blocks.iter().map(Block::to_wire).collect(),
            description: description.to_owned(),
            description_kind: StringKind::Markdown,
            deprecated: deprecated.cloned(),
        }
    }
}

/// A nested block.
#[derive(Debug, Clone)]
pub struct Block {
    /// Its name.
    pub name: String,
    /// How blocks of this name are kept.
    pub nesting: Nesting,
    /// What is inside.
    pub body: Body,
    /// The fewest blocks.
    pub min_items: i64,
    /// The most blocks; 0 for no limit.
    pub max_items: i64,
    /// What it is for, in Markdown.
    pub description: String,
    /// Why it should no longer be used, and what to use instead.
    pub deprecated: Option<String>,
}

impl Block {
    fn new(name: &str, nesting: Nesting) -> Self {
        Self {
            name: name.to_owned(),
            nesting,
            body: Body::default(),
            min_items: 0,
            max_items: 0,
            description: String::new(),
            deprecated: None,
        }
    }

    /// One block or none.
    #[must_use]
    pub fn single(name: &str) -> Self {
        Self::new(name, Nesting::Single)
    }

    /// Blocks in order.
    #[must_use]
    pub fn list(name: &str) -> Self {
        Self::new(name, Nesting::List)
    }

    /// Blocks without order.
    #[must_use]
    pub fn set(name: &str) -> Self {
        Self::new(name, Nesting::Set)
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, attribute: Attribute) -> Self {
        self.body.attributes.push(attribute);
        self
    }

    /// Adds a block inside.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.body.blocks.push(block);
        self
    }

    /// How many there must and may be; 0 for no limit.
    #[must_use]
    pub fn items(mut self, min: i64, max: i64) -> Self {
        self.min_items = min;
        self.max_items = max;
        self
    }

    /// What it is for, in Markdown.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Should no longer be used; `instead` says why and what to use.
    #[must_use]
    pub fn deprecated(mut self, instead: impl Into<String>) -> Self {
        self.deprecated = Some(instead.into());
        self
    }

    fn to_wire(&self) -> wire::NestedBlock {
        wire::NestedBlock {
            type_name: self.name.clone(),
            block: self.body.to_wire(&self.description, self.deprecated.as_ref()),
            nesting: self.nesting,
            min_items: self.min_items,
            max_items: self.max_items,
        }
    }
}
