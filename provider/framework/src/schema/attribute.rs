//! One attribute: its name, its type, who sets it, and what else is known about it.

use std::sync::Arc;

use provider_protocol::cty::{Type, Value};
use provider_protocol::schema::{self as wire, Nesting, StringKind};

use super::{Change, PlanModifier, Validator};
use crate::ToValue;

/// Whether two known values mean the same.
pub(crate) type Sameness = Arc<dyn Fn(&Value, &Value) -> bool + Send + Sync>;

/// One attribute of a schema.
#[derive(Clone)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// Who sets it.
    pub presence: Presence,
    /// What it is for, in Markdown, with unit. Defaults, validators and replacement are added by the framework.
    pub description: String,
    /// Hidden in what Terraform prints (but not in its state).
    pub sensitive: bool,
    /// Never kept in plan or state.
    pub write_only: bool,
    /// Why it should no longer be used, and what to use instead.
    pub deprecated: Option<String>,
    /// What it is when the user says nothing.
    pub default: Option<Value>,
    /// What a value must be.
    pub validators: Vec<Validator>,
    /// What else happens to it in a plan.
    pub modifiers: Vec<PlanModifier>,
    pub(crate) sameness: Option<Sameness>,
}

/// The type of an attribute.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A value of a type.
    Plain(Type),
    /// Objects whose attributes have schemas of their own.
    Nested(Nesting, Vec<Attribute>),
}

/// Who sets an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// The user must.
    Required,
    /// The user may.
    Optional,
    /// The user may, otherwise the provider does.
    OptionalComputed,
    /// Only the provider does.
    Computed,
}

impl Attribute {
    /// An attribute of that type, optional until said otherwise.
    #[must_use]
    pub fn new(name: &str, ty: Type) -> Self {
        Self::of_kind(name, Kind::Plain(ty))
    }

    fn of_kind(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            presence: Presence::Optional,
            description: String::new(),
            sensitive: false,
            write_only: false,
            deprecated: None,
            default: None,
            validators: Vec::new(),
            modifiers: Vec::new(),
            sameness: None,
        }
    }

    /// A string.
    #[must_use]
    pub fn string(name: &str) -> Self {
        Self::new(name, Type::String)
    }

    /// A number.
    #[must_use]
    pub fn number(name: &str) -> Self {
        Self::new(name, Type::Number)
    }

    /// A bool.
    #[must_use]
    pub fn bool(name: &str) -> Self {
        Self::new(name, Type::Bool)
    }

    /// A list of plain elements.
    #[must_use]
    pub fn list(name: &str, element: Type) -> Self {
        Self::new(name, Type::list(element))
    }

    /// A set of plain elements.
    #[must_use]
    pub fn set(name: &str, element: Type) -> Self {
        Self::new(name, Type::set(element))
    }

    /// A map of plain elements.
    #[must_use]
    pub fn map(name: &str, element: Type) -> Self {
        Self::new(name, Type::map(element))
    }

    /// A value of any type.
    #[must_use]
    pub fn dynamic(name: &str) -> Self {
        Self::new(name, Type::Dynamic)
    }

    /// One nested object: `name = { … }`.
    #[must_use]
    pub fn object(name: &str, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        Self::of_kind(name, Kind::Nested(Nesting::Single, attributes.into_iter().collect()))
    }

    /// A list of nested objects: `name = [{ … }]`.
    #[must_use]
    pub fn list_of(name: &str, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        Self::of_kind(name, Kind::Nested(Nesting::List, attributes.into_iter().collect()))
    }

    /// A set of nested objects. Prefer a map: elements of a set cannot be told apart while parts of them are computed.
    #[must_use]
    pub fn set_of(name: &str, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        Self::of_kind(name, Kind::Nested(Nesting::Set, attributes.into_iter().collect()))
    }

    /// A map of nested objects: `name = { a = { … } }`.
    #[must_use]
    pub fn map_of(name: &str, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        Self::of_kind(name, Kind::Nested(Nesting::Map, attributes.into_iter().collect()))
    }

    /// The user must set it.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.presence = Presence::Required;
        self
    }

    /// The user may set it.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.presence = Presence::Optional;
        self
    }

    /// The user may set it, otherwise the provider does.
    #[must_use]
    pub fn optional_computed(mut self) -> Self {
        self.presence = Presence::OptionalComputed;
        self
    }

    /// Only the provider sets it.
    #[must_use]
    pub fn computed(mut self) -> Self {
        self.presence = Presence::Computed;
        self
    }

    /// What it is for, in Markdown, with unit.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// What it is when the user says nothing.
    #[must_use]
    pub fn default(mut self, value: impl ToDefault) -> Self {
        self.presence = Presence::OptionalComputed;
        self.default = Some(value.to_default());
        self
    }

    /// Hidden in what Terraform prints; it is still in the state file.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Never kept in plan or state; read it from the configuration of a change.
    #[must_use]
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// Should no longer be used; `instead` says why and what to use.
    #[must_use]
    pub fn deprecated(mut self, instead: impl Into<String>) -> Self {
        self.deprecated = Some(instead.into());
        self
    }

    /// What a value must be.
    #[must_use]
    pub fn validate(mut self, validator: Validator) -> Self {
        self.validators.push(validator);
        self
    }

    /// Adds a plan modifier.
    #[must_use]
    pub fn modify(mut self, modifier: PlanModifier) -> Self {
        self.modifiers.push(modifier);
        self
    }

    /// A change needs a new resource.
    #[must_use]
    pub fn replaces(self) -> Self {
        self.modify(PlanModifier::RequiresReplace)
    }

    /// A change needs a new resource when `condition` holds, which `when` describes: "Shrinking it".
    #[must_use]
    pub fn replaces_if(
        self,
        when: impl Into<String>,
        condition: impl Fn(&Change<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.modify(PlanModifier::RequiresReplaceIf { when: when.into(), condition: Arc::new(condition) })
    }

    /// An update does not change it: the plan shows the stored value instead of "known after apply".
    #[must_use]
    pub fn keeps_state(self) -> Self {
        self.modify(PlanModifier::UseStateForUnknown)
    }

    /// Values that mean the same are the same: the stored notation stays, and no change is planned.
    #[must_use]
    pub fn same_when(mut self, same: impl Fn(&Value, &Value) -> bool + Send + Sync + 'static) -> Self {
        self.sameness = Some(Arc::new(same));
        self
    }

    /// Whether the provider may set it.
    #[must_use]
    pub const fn is_computed(&self) -> bool {
        matches!(self.presence, Presence::OptionalComputed | Presence::Computed)
    }

    /// Whether the user may set it.
    #[must_use]
    pub const fn is_settable(&self) -> bool {
        !matches!(self.presence, Presence::Computed)
    }

    /// The nested attributes, if it has any.
    #[must_use]
    pub fn nested(&self) -> Option<(Nesting, &[Attribute])> {
        match &self.kind {
            Kind::Plain(_) => None,
            Kind::Nested(nesting, attributes) => Some((*nesting, attributes)),
        }
    }

    /// Its type.
    #[must_use]
    pub fn ty(&self) -> Type {
        match &self.kind {
            Kind::Plain(ty) => ty.clone(),
            Kind::Nested(nesting, attributes) => nesting.wrap(object_type(attributes)),
        }
    }

    /// Whether `a` and `b` are equal, or mean the same.
    pub(crate) fn same(&self, a: &Value, b: &Value) -> bool {
        a == b
            || self.sameness.as_ref().is_some_and(|same| {
                !a.is_null() && !b.is_null() && a.is_wholly_known() && b.is_wholly_known() && same(a, b)
            })
    }

    /// The description with what the schema itself knows: what the value must be, the default, and replacement.
    #[must_use]
    pub fn full_description(&self) -> String {
        let mut text = self.description.clone();
        let mut say = |sentence: String| {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&sentence);
        };
        for validator in &self.validators {
            say(format!("{}.", capitalised(&validator.requirement())));
        }
        if let Some(default) = &self.default {
            say(format!("Default: `{}`.", hcl(default)));
        }
        self.modifiers.iter().filter_map(PlanModifier::description).for_each(say);
        text
    }

    pub(crate) fn to_wire(&self) -> wire::Attribute {
        let ty = match &self.kind {
            Kind::Plain(ty) => wire::AttributeType::Plain(ty.clone()),
            Kind::Nested(nesting, attributes) => wire::AttributeType::Nested {
                nesting: *nesting,
                attributes: attributes.iter().map(Attribute::to_wire).collect(),
            },
        };
        wire::Attribute {
            name: self.name.clone(),
            ty,
            description: self.full_description(),
            description_kind: StringKind::Markdown,
            required: self.presence == Presence::Required,
            optional: matches!(self.presence, Presence::Optional | Presence::OptionalComputed),
            computed: self.is_computed(),
            sensitive: self.sensitive,
            write_only: self.write_only,
            deprecated: self.deprecated.clone(),
        }
    }
}

impl std::fmt::Debug for Attribute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} ({:?})", self.name, self.ty(), self.presence)
    }
}

/// The object type of attributes.
pub(super) fn object_type(attributes: &[Attribute]) -> Type {
    Type::object(attributes.iter().map(|attribute| (attribute.name.clone(), attribute.ty())))
}

/// What may stand as a default.
pub trait ToDefault {
    /// The value.
    fn to_default(&self) -> Value;
}

impl<T: ToValue> ToDefault for T {
    fn to_default(&self) -> Value {
        self.to_value()
    }
}

impl ToDefault for &str {
    fn to_default(&self) -> Value {
        Value::string(*self)
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A known value as the user would write it.
pub(crate) fn hcl(value: &Value) -> String {
    let join = |parts: Vec<String>| parts.join(", ");
    match value.inner() {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::List(elements) | Value::Tuple(elements) => {
            format!("[{}]", join(elements.iter().map(hcl).collect()))
        }
        Value::Set(elements) => format!("[{}]", join(elements.iter().map(hcl).collect())),
        Value::Map(elements) | Value::Object(elements) if elements.is_empty() => "{}".to_owned(),
        Value::Map(elements) | Value::Object(elements) => {
            format!(
                "{{ {} }}",
                join(elements.iter().map(|(key, value)| format!("{key} = {}", hcl(value))).collect())
            )
        }
        Value::Unknown(_) | Value::Dynamic(_) => "(known after apply)".to_owned(),
    }
}
