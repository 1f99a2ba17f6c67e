//! Why a value could not be read from or written to its encoding.

use super::{NumberError, Path, TypeError};

/// Why bytes are not a value of the type that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("decode the value at {}", show(path))]
pub struct DecodeError {
    /// Where in the value.
    pub path: Path,
    /// What is wrong there.
    #[source]
    pub kind: DecodeErrorKind,
}

/// What is wrong with encoded bytes.
#[derive(Debug, thiserror::Error)]
pub enum DecodeErrorKind {
    /// The bytes end too early.
    #[error("the bytes end in the middle of a value")]
    Truncated,
    /// Bytes are left after the value.
    #[error("{0} bytes are left after the value")]
    Trailing(usize),
    /// The bytes say something else than the type.
    #[error("{expected} is required, not {found}")]
    Mismatch {
        /// What the type asks for.
        expected: String,
        /// What the bytes hold.
        found: String,
    },
    /// An object has an attribute its type does not know.
    #[error("there is no attribute {0:?}")]
    UnknownAttribute(String),
    /// An object lacks an attribute of its type.
    #[error("the attribute {0:?} is missing")]
    MissingAttribute(String),
    /// A key stands twice in an object or map.
    #[error("the key {0:?} stands twice")]
    RepeatedKey(String),
    /// A string is not UTF-8.
    #[error("a string is not valid UTF-8")]
    Utf8,
    /// A number cannot be held.
    #[error("a number cannot be held")]
    Number(#[source] NumberError),
    /// The type of a dynamic value cannot be understood.
    #[error("the type of a dynamic value cannot be understood")]
    Type(#[source] TypeError),
    /// The value nests more deeply than [`super::MAX_DEPTH`].
    #[error("the value nests more than {} levels deep", super::MAX_DEPTH)]
    TooDeep,
    /// The value is larger than [`super::MAX_ENCODED_BYTES`].
    #[error("the value is larger than {} bytes", super::MAX_ENCODED_BYTES)]
    TooLarge,
    /// The text is no JSON.
    #[error("the text is not valid JSON")]
    Json(#[source] serde_json::Error),
}

/// Why a value cannot be encoded as the type that was asked for; always a mistake of the provider.
#[derive(Debug, thiserror::Error)]
#[error("encode the value at {}", show(path))]
pub struct EncodeError {
    /// Where in the value.
    pub path: Path,
    /// What is wrong there.
    #[source]
    pub kind: EncodeErrorKind,
}

/// What is wrong with a value to encode.
#[derive(Debug, thiserror::Error)]
pub enum EncodeErrorKind {
    /// The value is not of the type.
    #[error("{0}")]
    Mismatch(String),
    /// JSON has no way to say "unknown".
    #[error("an unknown value cannot be written as JSON")]
    UnknownInJson,
    /// More elements or bytes than the encoding can count.
    #[error("the value is too large to encode")]
    TooLarge,
}

fn show(path: &Path) -> String {
    if path.is_root() { "its root".to_owned() } else { path.to_string() }
}
