//! The msgpack codec, how values travel between Terraform and a provider.

use super::{DecodeError, EncodeError, Type, Value};

/// Reads a value of the type; anything else, and anything left over, is an error.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    decode::decode(bytes, ty)
}

/// Writes a value of the type.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    encode::encode(value, ty)
}

mod decode;
mod encode;
