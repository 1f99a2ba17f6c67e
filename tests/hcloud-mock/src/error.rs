//! Error answers: the envelope, and one constructor per code the API knows.
use crate::kind::Kind;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::fmt;

/// An error answer of the API: HTTP status, code, message, details.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// Machine-readable code, an open set.
    pub code: Cow<'static, str>,
    /// Text for people.
    pub message: String,
    /// The `details` object, boxed because most errors have none.
    pub details: Option<Box<Value>>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.message)
    }
}

impl ApiError {
    /// An error with any status, code and message.
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> ApiError {
        ApiError { status, code: code.into(), message: message.into(), details: None }
    }

    /// The same with a `details` object.
    pub fn with_details(mut self, details: Value) -> ApiError {
        self.details = Some(Box::new(details)).filter(|d| !d.is_null());
        self
    }

    /// The JSON envelope.
    pub fn body(&self) -> Value {
        json!({"error": {"code": self.code, "message": self.message, "details": self.details}})
    }

    /// 400: the body is not JSON.
    pub fn json() -> ApiError {
        ApiError::new(400, "json_error", "invalid JSON in request body")
    }

    /// 404 for an object that is not in the project.
    pub fn not_found(kind: Kind, id: impl fmt::Display) -> ApiError {
        ApiError::new(404, "not_found", format!("{} with ID '{id}' not found", kind.words()))
    }

    /// 404 for a name that is not in the project or catalogue.
    pub fn name_not_found(kind: Kind, name: &str) -> ApiError {
        ApiError::new(404, "not_found", format!("{} '{name}' not found", kind.words()))
    }

    /// 422 for one input field.
    pub fn invalid(field: &str, message: &str) -> ApiError {
        ApiError::invalid_fields(&[(field.to_owned(), message.to_owned())])
    }

    /// 422 for several input fields; messages of one field are grouped.
    pub fn invalid_fields(problems: &[(String, String)]) -> ApiError {
        let mut fields: Vec<(String, Vec<String>)> = Vec::new();
        for (name, message) in problems {
            match fields.iter_mut().find(|(n, _)| n == name) {
                Some((_, messages)) => messages.push(message.clone()),
                None => fields.push((name.clone(), vec![message.clone()])),
            }
        }
        let message = match fields.as_slice() {
            [(name, messages)] => format!("invalid input in field '{name}': {}", messages.join(", ")),
            many => {
                let names: Vec<String> = many.iter().map(|(n, _)| format!("'{n}'")).collect();
                format!("invalid input in fields {}", names.join(", "))
            }
        };
        let fields: Vec<Value> =
            fields.into_iter().map(|(name, messages)| json!({"name": name, "messages": messages})).collect();
        ApiError::new(422, "invalid_input", message).with_details(json!({"fields": fields}))
    }

    /// 409: a unique field is taken.
    pub fn taken(kind: Kind, field: &str) -> ApiError {
        ApiError::uniqueness(field, format!("{} {field} is already used", kind.words()))
    }

    /// 409 `uniqueness_error` with the field that clashes.
    pub fn uniqueness(field: &str, message: impl Into<String>) -> ApiError {
        ApiError::new(409, "uniqueness_error", message).with_details(json!({"fields": [{"name": field}]}))
    }

    /// 423: another action is running on the object.
    pub fn locked(kind: Kind) -> ApiError {
        ApiError::new(423, "locked", format!("{} is locked", kind.words()))
    }

    /// 423: protection is on.
    pub fn protected(kind: Kind, what: &str) -> ApiError {
        ApiError::new(423, "protected", format!("{} {what} is protected", kind.words()))
    }

    /// 409: the object is being changed; try again.
    pub fn conflict(kind: Kind) -> ApiError {
        ApiError::new(
            409,
            "conflict",
            format!("{} is being changed by another action, please retry", kind.words()),
        )
    }

    /// 403: an account limit is reached.
    pub fn limit(kind: Kind) -> ApiError {
        let name = format!("{}_limit", kind.singular());
        ApiError::new(403, "resource_limit_exceeded", format!("{} limit exceeded", kind.words()))
            .with_details(json!({"limits": [{"name": name}]}))
    }

    /// 422 with an operation's own code.
    pub fn unprocessable(code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError::new(422, code, message)
    }

    /// 422 `service_error`: the message carries the meaning.
    pub fn service(message: impl Into<String>) -> ApiError {
        ApiError::new(422, "service_error", message)
    }

    /// 412: cannot be ordered here now.
    pub fn unavailable(message: impl Into<String>) -> ApiError {
        ApiError::new(412, "resource_unavailable", message)
    }

    /// 422: the object is still used by another one.
    pub fn in_use(kind: Kind, id: u64) -> ApiError {
        ApiError::new(422, "resource_in_use", format!("{} with ID '{id}' is still in use", kind.words()))
    }

    /// Whether a sensible client waits a moment and repeats the request.
    pub fn invites_retry(&self) -> bool {
        matches!(self.status, 423 | 429)
            || matches!(self.code.as_ref(), "conflict" | "resource_in_use" | "service_error")
    }
}
