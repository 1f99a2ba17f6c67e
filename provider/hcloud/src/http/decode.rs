//! From an answer to a value or an error; lenient in what it reads, strict in what it promises.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::Request;
use super::send::Raw;
use crate::error::{ApiError, Envelope, Error, ErrorCode, Kind};

/// A good answer, not yet read.
#[derive(Debug)]
pub(crate) struct Answer {
    operation: std::sync::Arc<str>,
    status: u16,
    body: Bytes,
}

/// Splits answers into good ones and errors.
pub(super) fn judge(request: &Request, raw: Raw) -> Result<Answer, Error> {
    if (200..300).contains(&raw.status) {
        let answer = Answer { operation: request.operation.clone(), status: raw.status, body: raw.body };
        // A good status with a broken body is a lost answer: what was asked for may have been done.
        return answer.is_whole().then_some(answer).ok_or_else(|| cut_short(request, raw.status));
    }
    let kind = match serde_json::from_slice::<Envelope>(&raw.body) {
        Ok(envelope) => Kind::Api(envelope.into_api(raw.status, raw.correlation_id)),
        Err(_) => without_envelope(raw.status, raw.correlation_id),
    };
    Err(Error::new(request.operation.clone(), kind))
}

fn cut_short(request: &Request, status: u16) -> Error {
    Error::new(request.operation.clone(), Kind::Decode { status, reason: "not a JSON object".to_owned() })
}

/// A gateway answered in HTML or with nothing: the status still says what happened.
fn without_envelope(status: u16, correlation_id: Option<String>) -> Kind {
    let code = match status {
        401 => ErrorCode::Unauthorized,
        403 => ErrorCode::Forbidden,
        404 => ErrorCode::NotFound,
        405 => ErrorCode::MethodNotAllowed,
        429 => ErrorCode::RateLimitExceeded,
        500 => ErrorCode::ServerError,
        502 => ErrorCode::BadGateway,
        503 => ErrorCode::Unavailable,
        504 => ErrorCode::Timeout,
        _ => {
            let reason = "the answer is no error that the API describes".to_owned();
            return Kind::Decode { status, reason };
        }
    };
    Kind::Api(ApiError {
        status,
        code,
        message: format!("HTTP {status} without an explanation"),
        fields: Vec::new(),
        limits: Vec::new(),
        announcement: None,
        correlation_id,
    })
}

impl Answer {
    fn bad(&self, reason: String) -> Error {
        Error::new(self.operation.clone(), Kind::Decode { status: self.status, reason })
    }

    /// Whether the body is empty, as after some deletes, or a whole JSON object.
    fn is_whole(&self) -> bool {
        let begins = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        self.body.is_empty()
            || begins == Some(&b'{') && serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_ok()
    }

    fn object(&self) -> Result<serde_json::Map<String, serde_json::Value>, Error> {
        // The parser's own text may quote the answer, which can hold a root password: say only where it stopped.
        serde_json::from_slice(&self.body).map_err(|error| {
            self.bad(format!("not a JSON object (line {}, column {})", error.line(), error.column()))
        })
    }

    /// Reads one member, which must be there.
    pub(crate) fn member<T: DeserializeOwned>(&self, key: &str) -> Result<T, Error> {
        let value = self.object()?.remove(key).ok_or_else(|| self.bad(format!("no `{key}` in it")))?;
        serde_json::from_value(value).map_err(|error| self.bad(format!("in `{key}`: {error}")))
    }

    /// Reads one member; absent and `null` are the type's empty value.
    pub(crate) fn optional<T: DeserializeOwned + Default>(&self, key: &str) -> Result<T, Error> {
        if self.body.is_empty() {
            return Ok(T::default());
        }
        match self.object()?.remove(key) {
            None | Some(serde_json::Value::Null) => Ok(T::default()),
            Some(value) => {
                serde_json::from_value(value).map_err(|error| self.bad(format!("in `{key}`: {error}")))
            }
        }
    }

    /// Reads one member as a secret; its value never reaches an error.
    pub(crate) fn secret(&self, key: &str) -> Result<Option<crate::Secret>, Error> {
        let value = self.object()?.remove(key);
        Ok(value.as_ref().and_then(serde_json::Value::as_str).map(crate::Secret::from))
    }
}

impl Answer {
    /// The answer of a delete that had worked before its answer was lost.
    pub(super) fn nothing(request: &Request) -> Self {
        Self { operation: request.operation.clone(), status: 204, body: Bytes::new() }
    }
}
