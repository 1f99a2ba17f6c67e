//! A provider function: pure, called `provider::streaming::name(…)`.

use provider_protocol::cty::{Path, Type, Value};
use provider_protocol::schema::{self as wire, StringKind};

pub use provider_protocol::rpc::call_function::FunctionError;

use crate::FromValue;

/// A function of its arguments; Terraform calls it at any time and any number of times.
pub trait Function: Send + Sync + 'static {
    /// Its name.
    fn name(&self) -> &'static str;

    /// What it takes and returns.
    fn signature(&self) -> Signature;

    /// The result.
    ///
    /// # Errors
    /// An argument is unsuitable; say which.
    fn call(&self, arguments: &Arguments) -> Result<Value, FunctionError>;
}

/// What a function takes and returns.
#[derive(Debug, Clone)]
pub struct Signature {
    /// What it does, in one line.
    pub summary: String,
    /// What it does, in Markdown.
    pub description: String,
    /// The positional parameters.
    pub parameters: Vec<Parameter>,
    /// What any further arguments are.
    pub variadic: Option<Parameter>,
    /// What it returns.
    pub returns: Type,
    /// Why it should no longer be used, and what to use instead; empty when it may.
    pub deprecated: String,
}

/// A parameter of a function.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// What it is, in Markdown.
    pub description: String,
    /// Whether the function wants to see null.
    pub takes_null: bool,
    /// Whether the function wants to see unknown values.
    pub takes_unknown: bool,
}

impl Parameter {
    /// A parameter that is always given and known.
    #[must_use]
    pub fn new(name: &str, ty: Type, description: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            ty,
            description: description.into(),
            takes_null: false,
            takes_unknown: false,
        }
    }

    /// The function wants to see null.
    #[must_use]
    pub fn takes_null(mut self) -> Self {
        self.takes_null = true;
        self
    }

    /// The function wants to see unknown values.
    #[must_use]
    pub fn takes_unknown(mut self) -> Self {
        self.takes_unknown = true;
        self
    }

    fn to_wire(&self) -> wire::Parameter {
        wire::Parameter {
            name: self.name.clone(),
            ty: self.ty.clone(),
            allow_null_value: self.takes_null,
            allow_unknown_values: self.takes_unknown,
            description: self.description.clone(),
            description_kind: StringKind::Markdown,
        }
    }
}

impl Signature {
    pub(crate) fn to_wire(&self) -> wire::Function {
        wire::Function {
            parameters: self.parameters.iter().map(Parameter::to_wire).collect(),
            variadic_parameter: self.variadic.as_ref().map(Parameter::to_wire),
            return_type: self.returns.clone(),
            summary: self.summary.clone(),
            description: self.description.clone(),
            description_kind: StringKind::Markdown,
            deprecation_message: self.deprecated.clone(),
        }
    }

    /// The parameter of the argument at `index`.
    pub(crate) fn parameter(&self, index: usize) -> Option<&Parameter> {
        self.parameters.get(index).or(self.variadic.as_ref())
    }
}

/// The arguments of one call, variadic ones included.
#[derive(Debug, Clone)]
pub struct Arguments(pub Vec<Value>);

impl Arguments {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The argument at `index`, typed.
    ///
    /// # Errors
    /// The argument does not fit the Rust type.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T, FunctionError> {
        let value = self.0.get(index).unwrap_or(&Value::Null);
        T::from_value(value, &mut Path::root()).map_err(|misfit| {
            let place = if misfit.path.is_root() { String::new() } else { format!("{}: ", misfit.path) };
            wrong_argument(index, format!("{place}{}", misfit.diagnostic().detail))
        })
    }
}

/// An error about one argument.
#[must_use]
pub fn wrong_argument(index: usize, text: impl Into<String>) -> FunctionError {
    FunctionError { text: text.into(), argument: Some(index) }
}
