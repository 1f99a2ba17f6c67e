//! Calls a function.

use super::{FromWire, ToWire};
use crate::{diagnostics::Diagnostic, dynamic_value::DynamicValue, wire};

/// The question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The function.
    pub name: String,
    /// The arguments, of the types of its parameters.
    pub arguments: Vec<DynamicValue>,
}

/// Why a function has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// What the user reads.
    pub text: String,
    /// The argument that is wrong, counted from 0.
    pub argument: Option<usize>,
}

/// The answer: a result or an error.
pub type Response = Result<DynamicValue, FunctionError>;

impl FromWire for Request {
    type Wire = wire::call_function::Request;

    fn from_wire(wire: Self::Wire) -> Self {
        Request {
            name: wire.name,
            arguments: wire.arguments.into_iter().map(|value| DynamicValue::from_wire(Some(value))).collect(),
        }
    }

    fn subject(&self) -> Option<(&'static str, &str)> {
        Some(("tf_function_name", &self.name))
    }
}

impl ToWire for Response {
    type Wire = wire::call_function::Response;

    fn to_wire(self) -> Self::Wire {
        match self {
            Ok(result) => wire::call_function::Response { result: result.into_wire(), error: None },
            Err(error) => {
                let function_argument = error.argument.and_then(|argument| i64::try_from(argument).ok());
                let error = wire::FunctionError { text: error.text, function_argument };
                wire::call_function::Response { result: None, error: Some(error) }
            }
        }
    }

    fn failed(diagnostic: Diagnostic) -> Self {
        Err(FunctionError { text: format!("{}: {}", diagnostic.summary, diagnostic.detail), argument: None })
    }
}
