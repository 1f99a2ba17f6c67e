//! Values as they travel, encoded: only who knows the schema can decode them.

use std::{collections::BTreeMap, fmt};

use crate::{
    cty::{DecodeError, EncodeError, Type, Value, json, msgpack},
    wire,
};

/// An encoded value. The default is the absent one, which reads as null.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DynamicValue {
    msgpack: Vec<u8>,
    json: Vec<u8>,
}

impl DynamicValue {
    /// Encodes a value of the type.
    pub fn encode(value: &Value, ty: &Type) -> Result<Self, EncodeError> {
        Ok(DynamicValue { msgpack: msgpack::encode(value, ty)?, json: Vec::new() })
    }

    /// Decodes a value of the type. Absent is null; JSON is read where there is no msgpack, as Terraform does.
    pub fn decode(&self, ty: &Type) -> Result<Value, DecodeError> {
        match (self.msgpack.is_empty(), self.json.is_empty()) {
            (false, _) => msgpack::decode(&self.msgpack, ty),
            (true, false) => json::decode(&self.json, ty),
            (true, true) => Ok(Value::Null),
        }
    }

    /// A value that is already encoded as msgpack.
    pub fn from_msgpack(bytes: Vec<u8>) -> Self {
        DynamicValue { msgpack: bytes, json: Vec::new() }
    }

    /// A value that is already encoded as JSON.
    pub fn from_json(bytes: Vec<u8>) -> Self {
        DynamicValue { msgpack: Vec::new(), json: bytes }
    }

    /// Whether it is null whatever its type: absent, or an encoded null.
    pub fn is_null(&self) -> bool {
        /// msgpack's nil.
        const NIL: [u8; 1] = [0xc0];
        match (self.msgpack.is_empty(), self.json.is_empty()) {
            (false, _) => self.msgpack == NIL,
            (true, false) => self.json.trim_ascii() == b"null",
            (true, true) => true,
        }
    }

    pub(crate) fn from_wire(wire: Option<wire::DynamicValue>) -> Self {
        wire.map(|wire| DynamicValue { msgpack: wire.msgpack, json: wire.json }).unwrap_or_default()
    }

    pub(crate) fn into_wire(self) -> Option<wire::DynamicValue> {
        let absent = self.msgpack.is_empty() && self.json.is_empty();
        (!absent).then_some(wire::DynamicValue { msgpack: self.msgpack, json: self.json })
    }
}

/// The value may be a secret, so only its size shows.
impl fmt::Debug for DynamicValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DynamicValue(*** {} bytes)", self.msgpack.len() + self.json.len())
    }
}

/// A value from a state file, as an older version of the provider may have left it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawState {
    /// The JSON of the state; empty when there is none.
    pub json: Vec<u8>,
    /// The notation of Terraform before 0.12, which no provider of ours has written.
    pub flatmap: BTreeMap<String, String>,
}

impl RawState {
    /// Decodes the JSON by the type, as leniently as Terraform asks of upgrades: attributes that the type does not know
    /// are left out, missing ones are null.
    pub fn decode(&self, ty: &Type) -> Result<Value, DecodeError> {
        json::decode_leniently(&self.json, ty)
    }

    pub(crate) fn from_wire(wire: Option<wire::RawState>) -> Self {
        wire.map(|wire| RawState { json: wire.json, flatmap: wire.flatmap.into_iter().collect() })
            .unwrap_or_default()
    }
}

/// The state may hold secrets, so only its size shows.
impl fmt::Debug for RawState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawState(*** {} bytes, {} flat keys)", self.json.len(), self.flatmap.len())
    }
}

pub(crate) fn identity_from_wire(wire: Option<wire::ResourceIdentityData>) -> Option<DynamicValue> {
    wire.and_then(|wire| wire.identity_data).map(|data| DynamicValue::from_wire(Some(data)))
}

pub(crate) fn identity_to_wire(identity: Option<DynamicValue>) -> Option<wire::ResourceIdentityData> {
    identity.map(|identity| wire::ResourceIdentityData { identity_data: identity.into_wire() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_8_an_absent_value_is_null_and_no_error() {
        let absent = DynamicValue::from_wire(None);
        assert!(absent.is_null());
        assert_eq!(absent.decode(&Type::object([("a", Type::String)])).expect("null"), Value::Null);
        assert!(absent.into_wire().is_none());
    }

    #[test]
    fn json_is_read_where_there_is_no_msgpack() {
        let value = DynamicValue::from_json(b"\"x\"".to_vec());
        assert_eq!(value.decode(&Type::String).expect("a string"), Value::string("x"));
        assert!(DynamicValue::from_json(b" null ".to_vec()).is_null());
    }

    #[test]
    fn debug_shows_no_value() {
        let value = DynamicValue::encode(&Value::string("hunter2"), &Type::String).expect("a string");
        assert!(!format!("{value:?}").contains("hunter2"));
    }
}
