//! What a provider says about its resources: schemas, identities and functions, as Terraform wants them.

use std::collections::BTreeMap;

use crate::{cty::Type, wire};

/// How a description is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StringKind {
    /// Plain text.
    #[default]
    Plain,
    /// Markdown.
    Markdown,
}

/// The schema of a provider, resource, data source or ephemeral resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// The version of the state; raised when an upgrader is added.
    pub version: i64,
    /// The attributes and nested blocks.
    pub block: Block,
}

/// Attributes and nested blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The attributes; sent in this order.
    pub attributes: Vec<Attribute>,
    /// The nested blocks.
    pub blocks: Vec<NestedBlock>,
    /// What the block is for.
    pub description: String,
    /// How the description is written.
    pub description_kind: StringKind,
    /// Why the block should no longer be used, and what to use instead.
    pub deprecated: Option<String>,
}

/// One attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, `^[a-z_][a-z0-9_]*$`.
    pub name: String,
    /// Its type, plain or nested.
    pub ty: AttributeType,
    /// What it is for.
    pub description: String,
    /// How the description is written.
    pub description_kind: StringKind,
    /// The user must set it.
    pub required: bool,
    /// The user may set it.
    pub optional: bool,
    /// The provider sets it when the user does not.
    pub computed: bool,
    /// Hidden in what Terraform prints.
    pub sensitive: bool,
    /// Never kept in plan or state.
    pub write_only: bool,
    /// Why it should no longer be used, and what to use instead.
    pub deprecated: Option<String>,
}

/// What kind of attribute it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeType {
    /// A value of a type.
    Plain(Type),
    /// An object, or a collection of objects, whose attributes have schemas of their own.
    Nested {
        /// The attributes of the object.
        attributes: Vec<Attribute>,
        /// How many objects there are and how they are kept.
        nesting: Nesting,
    },
}

/// How nested objects are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One object or none.
    Single,
    /// A list of objects.
    List,
    /// A set of objects.
    Set,
    /// A map of objects.
    Map,
}

/// A nested block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NestedBlock {
    /// The name of the block.
    pub type_name: String,
    /// What is inside.
    pub block: Block,
    /// How blocks of this name are kept. (Terraform's `MAP` and `GROUP` blocks are for legacy providers.)
    pub nesting: Nesting,
    /// The fewest blocks; for `Single` 0 or 1.
    pub min_items: i64,
    /// The most blocks, 0 for no limit; for `Single` the same as `min_items`.
    pub max_items: i64,
}

/// The identity of a resource type: what tells one instance from another for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentitySchema {
    /// The version of the identity.
    pub version: i64,
    /// Its attributes.
    pub attributes: Vec<IdentityAttribute>,
}

/// One attribute of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityAttribute {
    /// Its name.
    pub name: String,
    /// Its type: a primitive or a list of one.
    pub ty: Type,
    /// Import must be given it.
    pub required_for_import: bool,
    /// Import may be given it.
    pub optional_for_import: bool,
    /// What it is.
    pub description: String,
}

/// A function, called `provider::NAME::function(…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The positional parameters.
    pub parameters: Vec<Parameter>,
    /// What any further arguments are.
    pub variadic_parameter: Option<Parameter>,
    /// What it returns. Not optional here: Terraform crashes where it is missing.
    pub return_type: Type,
    /// What it does, in one line.
    pub summary: String,
    /// What it does.
    pub description: String,
    /// How the description is written.
    pub description_kind: StringKind,
    /// Why it should no longer be used, and what to use instead; empty when it may.
    pub deprecation_message: String,
}

/// One parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// The function wants to see null; otherwise Terraform refuses it.
    pub allow_null_value: bool,
    /// The function wants to see unknown values; otherwise Terraform answers "unknown" itself.
    pub allow_unknown_values: bool,
    /// What it is.
    pub description: String,
    /// How the description is written.
    pub description_kind: StringKind,
}

impl Schema {
    /// The type of a value of this schema.
    pub fn implied_type(&self) -> Type {
        self.block.implied_type()
    }

    pub(crate) fn to_wire(&self) -> wire::Schema {
        wire::Schema { version: self.version, block: Some(self.block.to_wire(self.version)) }
    }
}

impl Block {
    /// The object type of the block: its attributes and one attribute per nested block.
    pub fn implied_type(&self) -> Type {
        let attributes =
            self.attributes.iter().map(|attribute| (attribute.name.clone(), attribute.implied_type()));
        let blocks = self
            .blocks
            .iter()
            .map(|nested| (nested.type_name.clone(), nested.nesting.wrap(nested.block.implied_type())));
        Type::Object(attributes.chain(blocks).collect())
    }

    fn to_wire(&self, version: i64) -> wire::schema::Block {
        wire::schema::Block {
            version,
            attributes: self.attributes.iter().map(Attribute::to_wire).collect(),
            block_types: self.blocks.iter().map(NestedBlock::to_wire).collect(),
            description: self.description.clone(),
            description_kind: self.description_kind.to_wire(),
            deprecated: self.deprecated.is_some(),
            deprecation_message: self.deprecated.clone().unwrap_or_default(),
            computed: false,
        }
    }
}

impl Attribute {
    /// The type of a value of this attribute.
    pub fn implied_type(&self) -> Type {
        match &self.ty {
            AttributeType::Plain(ty) => ty.clone(),
            AttributeType::Nested { attributes, nesting } => {
                let object = attributes.iter().map(|nested| (nested.name.clone(), nested.implied_type()));
                nesting.wrap(Type::Object(object.collect()))
            }
        }
    }

    fn to_wire(&self) -> wire::schema::Attribute {
        let (plain, nested_type) = match &self.ty {
            AttributeType::Plain(ty) => (ty.to_json().into_bytes(), None),
            AttributeType::Nested { attributes, nesting } => {
                let attributes = attributes.iter().map(Attribute::to_wire).collect();
                (
                    Vec::new(),
                    Some(wire::schema::Object { attributes, nesting: nesting.to_wire_object().into() }),
                )
            }
        };
        wire::schema::Attribute {
            name: self.name.clone(),
            r#type: plain,
            nested_type,
            description: self.description.clone(),
            description_kind: self.description_kind.to_wire(),
            required: self.required,
            optional: self.optional,
            computed: self.computed,
            sensitive: self.sensitive,
            write_only: self.write_only,
            deprecated: self.deprecated.is_some(),
            deprecation_message: self.deprecated.clone().unwrap_or_default(),
        }
    }
}

impl Nesting {
    /// The type of what holds objects of type `object`.
    pub fn wrap(self, object: Type) -> Type {
        match self {
            Nesting::Single => object,
            Nesting::List => Type::list(object),
            Nesting::Set => Type::set(object),
            Nesting::Map => Type::map(object),
        }
    }

    fn to_wire_object(self) -> wire::schema::object::NestingMode {
        use wire::schema::object::NestingMode;
        match self {
            Nesting::Single => NestingMode::Single,
            Nesting::List => NestingMode::List,
            Nesting::Set => NestingMode::Set,
            Nesting::Map => NestingMode::Map,
        }
    }

    fn to_wire_block(self) -> wire::schema::nested_block::NestingMode {
        use wire::schema::nested_block::NestingMode;
        match self {
            Nesting::Single => NestingMode::Single,
            Nesting::List => NestingMode::List,
            Nesting::Set => NestingMode::Set,
            Nesting::Map => NestingMode::Map,
        }
    }
}

impl NestedBlock {
    fn to_wire(&self) -> wire::schema::NestedBlock {
        wire::schema::NestedBlock {
            type_name: self.type_name.clone(),
            block: Some(self.block.to_wire(0)),
            nesting: self.nesting.to_wire_block().into(),
            min_items: self.min_items,
            max_items: self.max_items,
        }
    }
}

impl StringKind {
    fn to_wire(self) -> i32 {
        match self {
            StringKind::Plain => wire::StringKind::Plain.into(),
            StringKind::Markdown => wire::StringKind::Markdown.into(),
        }
    }
}

impl IdentitySchema {
    /// The object type of the identity.
    pub fn implied_type(&self) -> Type {
        Type::object(self.attributes.iter().map(|attribute| (attribute.name.clone(), attribute.ty.clone())))
    }

    pub(crate) fn to_wire(&self) -> wire::ResourceIdentitySchema {
        let attribute = |attribute: &IdentityAttribute| wire::resource_identity_schema::IdentityAttribute {
            name: attribute.name.clone(),
            r#type: attribute.ty.to_json().into_bytes(),
            required_for_import: attribute.required_for_import,
            optional_for_import: attribute.optional_for_import,
            description: attribute.description.clone(),
        };
        wire::ResourceIdentitySchema {
            version: self.version,
            identity_attributes: self.attributes.iter().map(attribute).collect(),
        }
    }
}

impl Function {
    pub(crate) fn to_wire(&self) -> wire::Function {
        wire::Function {
            parameters: self.parameters.iter().map(Parameter::to_wire).collect(),
            variadic_parameter: self.variadic_parameter.as_ref().map(Parameter::to_wire),
            r#return: Some(wire::function::Return { r#type: self.return_type.to_json().into_bytes() }),
            summary: self.summary.clone(),
            description: self.description.clone(),
            description_kind: self.description_kind.to_wire(),
            deprecation_message: self.deprecation_message.clone(),
        }
    }
}

impl Parameter {
    fn to_wire(&self) -> wire::function::Parameter {
        wire::function::Parameter {
            name: self.name.clone(),
            r#type: self.ty.to_json().into_bytes(),
            allow_null_value: self.allow_null_value,
            allow_unknown_values: self.allow_unknown_values,
            description: self.description.clone(),
            description_kind: self.description_kind.to_wire(),
        }
    }
}

/// Schemas by name, as the wire wants them.
pub(crate) fn map_to_wire<T, W>(
    map: &BTreeMap<String, T>,
    to_wire: impl Fn(&T) -> W,
) -> std::collections::HashMap<String, W> {
    map.iter().map(|(name, item)| (name.clone(), to_wire(item))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(name: &str, ty: AttributeType) -> Attribute {
        Attribute {
            name: name.into(),
            ty,
            description: String::new(),
            description_kind: StringKind::Plain,
            required: false,
            optional: true,
            computed: false,
            sensitive: false,
            write_only: false,
            deprecated: None,
        }
    }

    #[test]
    fn rule_20_a_function_always_has_a_return_type_and_types_are_valid_json() {
        let function = Function {
            parameters: Vec::new(),
            variadic_parameter: None,
            return_type: Type::object([("a\"b", Type::list(Type::Dynamic))]),
            summary: String::new(),
            description: String::new(),
            description_kind: StringKind::Plain,
            deprecation_message: String::new(),
        };
        let sent = function.to_wire().r#return.expect("a return type").r#type;
        assert_eq!(Type::from_json(&sent).expect("valid JSON"), function.return_type);
    }

    #[test]
    fn the_type_of_a_schema_has_one_attribute_per_attribute_and_block() {
        let inner = || vec![attribute("size", AttributeType::Plain(Type::Number))];
        let nested = |nesting| AttributeType::Nested { attributes: inner(), nesting };
        let block = Block {
            attributes: vec![
                attribute("name", AttributeType::Plain(Type::String)),
                attribute("one", nested(Nesting::Single)),
                attribute("many", nested(Nesting::Map)),
            ],
            blocks: vec![NestedBlock {
                type_name: "disk".into(),
                block: Block { attributes: inner(), ..Block::default() },
                nesting: Nesting::Set,
                min_items: 0,
                max_items: 0,
            }],
            ..Block::default()
        };
        assert_eq!(
            block.implied_type().to_string(),
            "object({disk = set(object({size = number})), many = map(object({size = number})), name = string, \
             one = object({size = number})})"
        );
    }

    #[test]
    fn a_nested_attribute_has_no_plain_type_on_the_wire() {
        let nested = attribute("x", AttributeType::Nested { attributes: Vec::new(), nesting: Nesting::List });
        let sent = nested.to_wire();
        assert!(sent.r#type.is_empty());
        assert!(sent.nested_type.is_some());
    }
}
