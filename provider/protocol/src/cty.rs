//! Terraform's value algebra: what a value can be (`Type`), what it is (`Value`), where it is (`Path`), and its two codecs.
//!
//! Every value is one of three kinds: *null* (absent), *unknown* (decided during apply, perhaps with facts already known
//! about it, its [`Refinements`]) or *known*. A [`Value`] does not carry its type: the schema does, and both codecs are
//! driven by a [`Type`]. Only a place whose type is [`Type::Dynamic`] stores the type next to the value ([`Dynamic`]).

mod json_type;
mod number;
mod path;
mod refinements;
mod r#type;
mod value;

pub mod error;
pub mod json;
pub mod msgpack;

pub use error::{DecodeError, EncodeError};
pub use number::{Number, NumberError};
pub use path::{Path, Step};
pub use refinements::{Bound, Refinements};
pub use r#type::{Type, TypeError};
pub use value::{Dynamic, Mismatch, Set, Value};

/// How deeply types and values may nest, dynamic values included: deep enough for any schema, shallow enough for the stack.
pub const MAX_DEPTH: usize = 100;

/// The largest encoded value in bytes: a gRPC message cannot be larger either.
pub const MAX_ENCODED_BYTES: usize = 256 << 20;

#[cfg(test)]
mod tests;
