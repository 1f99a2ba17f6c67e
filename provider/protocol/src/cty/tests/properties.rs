//! What holds for every value, and for every heap of bytes.

use proptest::{collection::vec, prelude::*};

use super::{
    super::{Number, Type, Value, json, msgpack},
    arbitrary::{arbitrary_type, typed_value},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn msgpack_reads_what_it_writes((ty, value) in typed_value(true)) {
        prop_assert!(value.conforms_to(&ty).is_ok());
        let bytes = msgpack::encode(&value, &ty).expect("the value is of the type");
        prop_assert_eq!(msgpack::decode(&bytes, &ty).expect("our own bytes"), value);
    }

    #[test]
    fn json_reads_what_it_writes((ty, value) in typed_value(false)) {
        let text = json::encode(&value, &ty).expect("the value is of the type and known");
        prop_assert_eq!(&json::decode(&text, &ty).expect("our own text"), &value);
        prop_assert_eq!(json::decode_leniently(&text, &ty).expect("our own text"), value);
        prop_assert!(json::decode_implied(&text).is_ok());
    }

    #[test]
    fn types_read_what_they_write(ty in arbitrary_type()) {
        prop_assert_eq!(Type::from_json(ty.to_json().as_bytes()).expect("our own text"), ty);
    }

    #[test]
    fn numbers_read_what_they_write(text in "-?[0-9]{1,200}(\\.[0-9]{1,200})?(e-?[0-9]{1,4})?") {
        let number: Number = text.parse().expect("within the limits");
        prop_assert_eq!(number.to_string().parse::<Number>(), Ok(number));
    }

    #[test]
    fn numbers_compare_as_floats_do(a in any::<f64>(), b in any::<f64>()) {
        if let (Ok(left), Ok(right)) = (Number::try_from(a), Number::try_from(b)) {
            prop_assert_eq!(left.cmp(&right), a.partial_cmp(&b).expect("both are finite"));
            prop_assert_eq!(left.as_f64(), a);
        }
    }

    /// What cannot be decoded is an error, never a panic; what can is of the type and survives a round trip.
    #[test]
    fn msgpack_takes_any_bytes(bytes in vec(any::<u8>(), 0..200), ty in arbitrary_type()) {
        if let Ok(value) = msgpack::decode(&bytes, &ty) {
            survives(&value, &ty)?;
        }
        let _ = msgpack::decode(&bytes, &Type::Dynamic);
    }

    /// Good bytes with a few bad ones get further into the decoder than bytes that are all bad.
    #[test]
    fn msgpack_takes_damaged_bytes(
        (ty, value) in typed_value(true),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = msgpack::encode(&value, &ty).expect("the value is of the type");
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(value) = msgpack::decode(&bytes, &ty) {
            survives(&value, &ty)?;
        }
        let _ = msgpack::decode(&bytes[..cut.index(bytes.len())], &ty);
    }

    #[test]
    fn json_takes_any_text(text in ".{0,100}", bytes in vec(any::<u8>(), 0..100), ty in arbitrary_type()) {
        for text in [text.as_bytes(), &bytes] {
            let _ = json::decode(text, &ty);
            let _ = json::decode_leniently(text, &ty);
            let _ = json::decode_implied(text);
            let _ = Type::from_json(text);
        }
    }

    #[test]
    fn json_takes_damaged_text(
        (ty, value) in typed_value(false),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut text = json::encode(&value, &ty).expect("the value is of the type and known");
        for (at, byte) in damage {
            let at = at.index(text.len());
            text[at] = byte;
        }
        let _ = json::decode_leniently(&text, &ty);
        let _ = json::decode_implied(&text);
    }

    #[test]
    fn a_value_of_another_type_is_refused_not_misread((_, value) in typed_value(true), ty in arbitrary_type()) {
        prop_assert_eq!(msgpack::encode(&value, &ty).is_ok(), value.conforms_to(&ty).is_ok());
    }
}

fn survives(value: &Value, ty: &Type) -> Result<(), TestCaseError> {
    prop_assert!(value.conforms_to(ty).is_ok());
    let again = msgpack::encode(value, ty).expect("what was decoded is of the type");
    prop_assert_eq!(&msgpack::decode(&again, ty).expect("our own bytes"), value);
    Ok(())
}
