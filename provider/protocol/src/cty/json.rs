//! The JSON codec, how values stand in state files.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::{
    DecodeError, EncodeError, MAX_DEPTH, MAX_ENCODED_BYTES, Path, Step, Type, Value,
    error::{DecodeErrorKind as Kind, EncodeErrorKind},
};

/// What to do with an attribute that the type does not know.
#[derive(Clone, Copy, PartialEq)]
enum Surplus {
    Refuse,
    Ignore,
}

/// Reads a value of the type. Attributes that are missing are null; unknown ones are an error.
pub fn decode(text: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    decode_root(text, |raw, path| decode_value(raw, ty, Surplus::Refuse, path, 0))
}

/// Reads a value of the type, leaving out attributes that the type does not know: how an old state is read.
pub fn decode_leniently(text: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    decode_root(text, |raw, path| decode_value(raw, ty, Surplus::Ignore, path, 0))
}

/// Reads any JSON and tells what type it seems to be: objects become objects, arrays tuples.
pub fn decode_implied(text: &[u8]) -> Result<(Type, Value), DecodeError> {
    decode_root(text, |raw, path| implied(raw, path, 0))
}

fn decode_root<T>(
    text: &[u8],
    decode: impl FnOnce(&RawValue, &mut Path) -> Result<T, Kind>,
) -> Result<T, DecodeError> {
    let mut path = Path::root();
    let result = if text.len() > MAX_ENCODED_BYTES {
        Err(Kind::TooLarge)
    } else {
        serde_json::from_slice::<&RawValue>(text).map_err(Kind::Json).and_then(|raw| decode(raw, &mut path))
    };
    // On failure the path is left where the walk stopped.
    result.map_err(|kind| DecodeError { path, kind })
}

/// Every level takes its text apart again rather than building a tree first: states are small, and numbers keep all
/// their digits this way.
fn decode_value(
    raw: &RawValue,
    ty: &Type,
    surplus: Surplus,
    path: &mut Path,
    depth: usize,
) -> Result<Value, Kind> {
    if depth > MAX_DEPTH {
        return Err(Kind::TooDeep);
    }
    if raw.get() == "null" {
        return Ok(Value::Null);
    }
    let mismatch = || Kind::Mismatch { expected: ty.to_string(), found: kind(raw).to_owned() };
    match ty {
        Type::Bool => match plain_text(raw)?.as_deref() {
            Some("true") => Ok(Value::Bool(true)),
            Some("false") => Ok(Value::Bool(false)),
            _ => Err(mismatch()),
        },
        Type::Number => {
            let text = plain_text(raw)?.ok_or_else(mismatch)?;
            text.parse().map(Value::Number).map_err(Kind::Number)
        }
        Type::String => plain_text(raw)?.map(Value::String).ok_or_else(mismatch),
        Type::List(element) => elements(raw, |_| element, mismatch, surplus, path, depth).map(Value::List),
        Type::Set(element) => elements(raw, |_| element, mismatch, surplus, path, depth).map(Value::set),
        Type::Tuple(types) => {
            let parts: Vec<&RawValue> = parse(raw).map_err(|_| mismatch())?;
            if parts.len() != types.len() {
                return Err(mismatch());
            }
            elements(raw, |index| &types[index], mismatch, surplus, path, depth).map(Value::Tuple)
        }
        Type::Map(element) => {
            let parts: BTreeMap<String, &RawValue> = parse(raw).map_err(|_| mismatch())?;
            let mut elements = BTreeMap::new();
            for (key, raw) in parts {
                path.push(Step::Key(key.clone()));
                elements.insert(normal(key), decode_value(raw, element, surplus, path, depth + 1)?);
                path.pop();
            }
            Ok(Value::Map(elements))
        }
        Type::Object(types) => {
            let parts: BTreeMap<String, &RawValue> = parse(raw).map_err(|_| mismatch())?;
            object(parts, types, surplus, path, depth).map(Value::Object)
        }
        Type::Dynamic => dynamic(raw, mismatch, surplus, path, depth),
    }
}

fn parse<'a, T: serde::Deserialize<'a>>(raw: &'a RawValue) -> Result<T, serde_json::Error> {
    serde_json::from_str(raw.get())
}

/// The text of a string, number or bool; Terraform's own decoder takes any of them for any other.
fn plain_text(raw: &RawValue) -> Result<Option<String>, Kind> {
    match raw.get().as_bytes().first() {
        Some(b'"') => parse::<String>(raw).map(normal).map(Some).map_err(Kind::Json),
        Some(b'{' | b'[') | None => Ok(None),
        Some(_) => Ok(Some(raw.get().to_owned())),
    }
}

fn elements<'t>(
    raw: &RawValue,
    ty: impl Fn(usize) -> &'t Type,
    mismatch: impl Fn() -> Kind,
    surplus: Surplus,
    path: &mut Path,
    depth: usize,
) -> Result<Vec<Value>, Kind> {
    let parts: Vec<&RawValue> = parse(raw).map_err(|_| mismatch())?;
    let mut elements = Vec::new();
    for (index, raw) in parts.into_iter().enumerate() {
        path.push(Step::Index(index as i64));
        elements.push(decode_value(raw, ty(index), surplus, path, depth + 1)?);
        path.pop();
    }
    Ok(elements)
}

fn object(
    mut parts: BTreeMap<String, &RawValue>,
    types: &BTreeMap<String, Type>,
    surplus: Surplus,
    path: &mut Path,
    depth: usize,
) -> Result<BTreeMap<String, Value>, Kind> {
    let mut attributes = BTreeMap::new();
    for (name, ty) in types {
        path.push(Step::Attribute(name.clone()));
        let value = match parts.remove(name) {
            Some(raw) => decode_value(raw, ty, surplus, path, depth + 1)?,
            None => Value::Null,
        };
        path.pop();
        attributes.insert(name.clone(), value);
    }
    match parts.into_keys().next() {
        Some(unknown) if surplus == Surplus::Refuse => Err(Kind::UnknownAttribute(unknown)),
        _ => Ok(attributes),
    }
}

/// `{"type": …, "value": …}`, in either order.
fn dynamic(
    raw: &RawValue,
    mismatch: impl Fn() -> Kind,
    surplus: Surplus,
    path: &mut Path,
    depth: usize,
) -> Result<Value, Kind> {
    let parts: BTreeMap<String, &RawValue> = parse(raw).map_err(|_| mismatch())?;
    match (parts.get("type"), parts.get("value"), parts.len()) {
        (Some(ty), Some(value), 2) => {
            let ty = Type::from_json(ty.get().as_bytes()).map_err(Kind::Type)?;
            let value = decode_value(value, &ty, surplus, path, depth + 1)?;
            // "dynamic inside dynamic" says nothing that its inside does not say alone.
            Ok(if ty == Type::Dynamic { value } else { Value::dynamic(ty, value) })
        }
        _ => Err(mismatch()),
    }
}

fn implied(raw: &RawValue, path: &mut Path, depth: usize) -> Result<(Type, Value), Kind> {
    if depth > MAX_DEPTH {
        return Err(Kind::TooDeep);
    }
    match raw.get().as_bytes().first() {
        Some(b'{') => {
            let parts: BTreeMap<String, &RawValue> = parse(raw).map_err(Kind::Json)?;
            let (mut types, mut values) = (BTreeMap::new(), BTreeMap::new());
            for (name, raw) in parts {
                path.push(Step::Attribute(name.clone()));
                let (ty, value) = implied(raw, path, depth + 1)?;
                path.pop();
                types.insert(name.clone(), ty);
                values.insert(name, value);
            }
            Ok((Type::Object(types), Value::Object(values)))
        }
        Some(b'[') => {
            let parts: Vec<&RawValue> = parse(raw).map_err(Kind::Json)?;
            let (mut types, mut values) = (Vec::new(), Vec::new());
            for (index, raw) in parts.into_iter().enumerate() {
                path.push(Step::Index(index as i64));
                let (ty, value) = implied(raw, path, depth + 1)?;
                path.pop();
                types.push(ty);
                values.push(value);
            }
            Ok((Type::Tuple(types), Value::Tuple(values)))
        }
        Some(b'"') => Ok((Type::String, Value::String(normal(parse(raw).map_err(Kind::Json)?)))),
        Some(b't' | b'f') => Ok((Type::Bool, Value::Bool(raw.get() == "true"))),
        Some(b'n') => Ok((Type::Dynamic, Value::Null)),
        _ => Ok((Type::Number, Value::Number(raw.get().parse().map_err(Kind::Number)?))),
    }
}

/// Strings are compared in Unicode's normal form C.
fn normal(text: String) -> String {
    if is_nfc(&text) { text } else { text.nfc().collect() }
}

fn kind(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array of another length or kind",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a bool",
        _ => "a number",
    }
}

/// Writes a wholly known value of the type.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    let mut path = Path::root();
    let mut out = String::new();
    match write(&mut out, value, ty, &mut path) {
        Ok(()) if out.len() > MAX_ENCODED_BYTES => {
            Err(EncodeError { path: Path::root(), kind: EncodeErrorKind::TooLarge })
        }
        Ok(()) => Ok(out.into_bytes()),
        // On failure the path is left where the walk stopped.
        Err(kind) => Err(EncodeError { path, kind }),
    }
}

fn write(out: &mut String, value: &Value, ty: &Type, path: &mut Path) -> Result<(), EncodeErrorKind> {
    if path.steps().len() > MAX_DEPTH {
        return Err(EncodeErrorKind::Mismatch(format!("the value nests more than {MAX_DEPTH} levels deep")));
    }
    match (value, ty) {
        (Value::Unknown(_), _) => return Err(EncodeErrorKind::UnknownInJson),
        (Value::Null, _) => out.push_str("null"),
        (Value::Bool(value), Type::Bool) => out.push_str(if *value { "true" } else { "false" }),
        (Value::Number(number), Type::Number) => out.push_str(&number.to_string()),
        (Value::String(text), Type::String) => string(out, text),
        (Value::List(elements), Type::List(ty)) => array(out, elements, |_| ty, path)?,
        (Value::Set(elements), Type::Set(ty)) => array(out, elements, |_| ty, path)?,
        (Value::Tuple(elements), Type::Tuple(types)) if elements.len() == types.len() => {
            array(out, elements, |index| &types[index], path)?;
        }
        (Value::Map(elements), Type::Map(ty)) => {
            let entries = elements.iter().map(|(key, value)| (key, value, &**ty, Step::Key(key.clone())));
            members(out, entries, path)?;
        }
        (Value::Object(values), Type::Object(types)) => {
            if let Some(surplus) = values.keys().find(|name| !types.contains_key(*name)) {
                return Err(EncodeErrorKind::Mismatch(format!("there is no attribute {surplus:?}")));
            }
            if let Some(missing) = types.keys().find(|name| !values.contains_key(*name)) {
                return Err(EncodeErrorKind::Mismatch(format!("the attribute {missing:?} is missing")));
            }
            let entries = values.iter().zip(types.values());
            members(
                out,
                entries.map(|((name, value), ty)| (name, value, ty, Step::Attribute(name.clone()))),
                path,
            )?;
        }
        (Value::Dynamic(dynamic), Type::Dynamic) if dynamic.ty != Type::Dynamic => {
            out.push_str("{\"value\":");
            write(out, &dynamic.value, &dynamic.ty, path)?;
            out.push_str(",\"type\":");
            out.push_str(&dynamic.ty.to_json());
            out.push('}');
        }
        (value, ty) => {
            return Err(EncodeErrorKind::Mismatch(format!("{ty} is required, not {}", value.kind())));
        }
    }
    Ok(())
}

fn string(out: &mut String, text: &str) {
    let text = if is_nfc(text) { text.to_owned() } else { text.nfc().collect() };
    out.push_str(&serde_json::Value::String(text).to_string());
}

fn array<'t>(
    out: &mut String,
    elements: &[Value],
    ty: impl Fn(usize) -> &'t Type,
    path: &mut Path,
) -> Result<(), EncodeErrorKind> {
    out.push('[');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        path.push(Step::Index(index as i64));
        write(out, element, ty(index), path)?;
        path.pop();
    }
    out.push(']');
    Ok(())
}

fn members<'v>(
    out: &mut String,
    entries: impl Iterator<Item = (&'v String, &'v Value, &'v Type, Step)>,
    path: &mut Path,
) -> Result<(), EncodeErrorKind> {
    out.push('{');
    for (position, (key, value, ty, step)) in entries.enumerate() {
        if position > 0 {
            out.push(',');
        }
        string(out, key);
        out.push(':');
        path.push(step);
        write(out, value, ty, path)?;
        path.pop();
    }
    out.push('}');
    Ok(())
}
