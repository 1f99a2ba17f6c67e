//! From values to msgpack, in the notation Terraform's own encoder chooses.

use std::collections::BTreeMap;

use rmp::encode::{
    write_array_len, write_bin, write_bool, write_ext_meta, write_f64, write_map_len, write_nil, write_sint,
    write_str, write_uint,
};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::cty::{
    EncodeError, MAX_DEPTH, MAX_ENCODED_BYTES, Number, Path, Refinements, Step, Type, Value,
    error::EncodeErrorKind as Kind,
};

/// The extension code of an unknown value that has refinements.
const REFINED: i8 = 0x0c;

/// An unknown value about which nothing is known.
const UNREFINED: [u8; 3] = [0xd4, 0, 0];

/// Terraform reads no longer prefix of an unknown string.
const PREFIX_BYTES_MAX: usize = 256;

/// Terraform reads no more bytes of refinements.
const REFINEMENTS_BYTES_MAX: usize = 1024;

/// Writing to memory fails only when memory does, and that aborts.
const INFALLIBLE: &str = "a Vec takes any write";

pub(super) fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    let mut path = Path::root();
    let mut out = Vec::new();
    match write(&mut out, value, ty, &mut path, 0) {
        Ok(()) if out.len() > MAX_ENCODED_BYTES => {
            Err(EncodeError { path: Path::root(), kind: Kind::TooLarge })
        }
        Ok(()) => Ok(out),
        // On failure the path is left where the walk stopped.
        Err(kind) => Err(EncodeError { path, kind }),
    }
}

fn write(out: &mut Vec<u8>, value: &Value, ty: &Type, path: &mut Path, depth: usize) -> Result<(), Kind> {
    if depth > MAX_DEPTH {
        return Err(Kind::Mismatch(format!("the value nests more than {MAX_DEPTH} levels deep")));
    }
    match (value, ty) {
        (Value::Null, _) => write_nil(out).expect(INFALLIBLE),
        // Terraform knows no refinements of a value whose type is unknown too.
        (Value::Unknown(_), Type::Dynamic) => out.extend(UNREFINED),
        (Value::Unknown(refinements), _) => unknown(out, refinements),
        (Value::Bool(value), Type::Bool) => write_bool(out, *value).expect(INFALLIBLE),
        (Value::Number(value), Type::Number) => number(out, value),
        (Value::String(text), Type::String) => string(out, text),
        (Value::List(elements), Type::List(ty)) => array(out, elements, |_| ty, path, depth)?,
        (Value::Set(elements), Type::Set(ty)) => array(out, elements, |_| ty, path, depth)?,
        (Value::Tuple(elements), Type::Tuple(types)) if elements.len() == types.len() => {
            array(out, elements, |index| &types[index], path, depth)?;
        }
        (Value::Map(elements), Type::Map(ty)) => {
            write_map_len(out, count(elements.len())?).expect(INFALLIBLE);
            for (key, value) in elements {
                string(out, key);
                path.push(Step::Key(key.clone()));
                write(out, value, ty, path, depth + 1)?;
                path.pop();
            }
        }
        (Value::Object(values), Type::Object(types)) => object(out, values, types, path, depth)?,
        (Value::Dynamic(dynamic), Type::Dynamic) if dynamic.ty != Type::Dynamic => {
            write_array_len(out, 2).expect(INFALLIBLE);
            write_bin(out, dynamic.ty.to_json().as_bytes()).expect(INFALLIBLE);
            write(out, &dynamic.value, &dynamic.ty, path, depth + 1)?;
        }
        (value, ty) => return Err(Kind::Mismatch(format!("{ty} is required, not {}", value.kind()))),
    }
    Ok(())
}

fn count(length: usize) -> Result<u32, Kind> {
    u32::try_from(length).map_err(|_| Kind::TooLarge)
}

fn array<'t>(
    out: &mut Vec<u8>,
    elements: &[Value],
    ty: impl Fn(usize) -> &'t Type,
    path: &mut Path,
    depth: usize,
) -> Result<(), Kind> {
    write_array_len(out, count(elements.len())?).expect(INFALLIBLE);
    for (index, element) in elements.iter().enumerate() {
        path.push(Step::Index(index as i64));
        write(out, element, ty(index), path, depth + 1)?;
        path.pop();
    }
    Ok(())
}

/// All attributes and no others: Terraform refuses an object with one more or one less.
fn object(
    out: &mut Vec<u8>,
    values: &BTreeMap<String, Value>,
    types: &BTreeMap<String, Type>,
    path: &mut Path,
    depth: usize,
) -> Result<(), Kind> {
    if let Some(surplus) = values.keys().find(|name| !types.contains_key(*name)) {
        return Err(Kind::Mismatch(format!("there is no attribute {surplus:?}")));
    }
    write_map_len(out, count(types.len())?).expect(INFALLIBLE);
    for (name, ty) in types {
        let value =
            values.get(name).ok_or_else(|| Kind::Mismatch(format!("the attribute {name:?} is missing")))?;
        string(out, name);
        path.push(Step::Attribute(name.clone()));
        write(out, value, ty, path, depth + 1)?;
        path.pop();
    }
    Ok(())
}

fn string(out: &mut Vec<u8>, text: &str) {
    if is_nfc(text) {
        write_str(out, text).expect(INFALLIBLE);
    } else {
        write_str(out, &text.nfc().collect::<String>()).expect(INFALLIBLE);
    }
}

/// An integer where it fits, a float where it is exact, and otherwise the decimal as text.
fn number(out: &mut Vec<u8>, number: &Number) {
    if let Some(integer) = number.as_i64() {
        write_sint(out, integer).expect(INFALLIBLE);
    } else if !number.is_integer()
        && let Some(float) = number.as_f64_exactly()
    {
        write_f64(out, float).expect(INFALLIBLE);
    } else {
        write_str(out, &number.to_string()).expect(INFALLIBLE);
    }
}

fn unknown(out: &mut Vec<u8>, refinements: &Refinements) {
    let payload = refinements_payload(refinements);
    if refinements.is_empty() || payload.len() > REFINEMENTS_BYTES_MAX {
        return out.extend(UNREFINED);
    }
    write_ext_meta(out, payload.len() as u32, REFINED).expect(INFALLIBLE);
    out.extend(payload);
}

fn refinements_payload(refinements: &Refinements) -> Vec<u8> {
    let mut entries = 0;
    let mut body = Vec::new();
    let mut entry = |body: &mut Vec<u8>, key: u64| {
        entries += 1;
        write_uint(body, key).expect(INFALLIBLE);
    };
    if refinements.not_null {
        entry(&mut body, 1);
        write_bool(&mut body, false).expect(INFALLIBLE);
    }
    if let Some(prefix) = &refinements.prefix {
        entry(&mut body, 2);
        string(&mut body, shorten(prefix));
    }
    for (key, bound) in [(3, &refinements.min), (4, &refinements.max)] {
        if let Some(bound) = bound {
            entry(&mut body, key);
            write_array_len(&mut body, 2).expect(INFALLIBLE);
            number(&mut body, &bound.value);
            write_bool(&mut body, bound.inclusive).expect(INFALLIBLE);
        }
    }
    for (key, length) in [(5, refinements.length_min), (6, refinements.length_max)] {
        if let Some(length) = length {
            entry(&mut body, key);
            write_uint(&mut body, length).expect(INFALLIBLE);
        }
    }
    let mut payload = Vec::new();
    write_map_len(&mut payload, entries).expect(INFALLIBLE);
    payload.extend(body);
    payload
}

/// As much of a prefix as may travel; a shorter promise is still a true one.
fn shorten(prefix: &str) -> &str {
    &prefix[..prefix.floor_char_boundary(PREFIX_BYTES_MAX)]
}
