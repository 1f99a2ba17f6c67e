//! From msgpack to values.

use std::collections::BTreeMap;

use rmp::Marker;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::cty::{
    Bound, DecodeError, MAX_DEPTH, MAX_ENCODED_BYTES, Number, NumberError, Path, Refinements, Step, Type,
    Value, error::DecodeErrorKind as Kind,
};

/// The extension code of an unknown value that has refinements.
const REFINED: i8 = 0x0c;

/// More bytes of refinements than Terraform itself would read.
const REFINEMENTS_BYTES_MAX: usize = 1024;

pub(super) fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    let mut path = Path::root();
    if bytes.len() > MAX_ENCODED_BYTES {
        return Err(DecodeError { path, kind: Kind::TooLarge });
    }
    let mut reader = Reader { bytes };
    match value(&mut reader, ty, &mut path, 0) {
        Ok(value) if reader.bytes.is_empty() => Ok(value),
        Ok(_) => Err(DecodeError { path: Path::root(), kind: Kind::Trailing(reader.bytes.len()) }),
        // On failure the path is left where the walk stopped.
        Err(kind) => Err(DecodeError { path, kind }),
    }
}

/// What is left to read.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Kind> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(Kind::Truncated)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Kind> {
        Ok(self.take(N)?.try_into().expect("take returned exactly N bytes"))
    }

    fn marker(&mut self) -> Result<Marker, Kind> {
        Ok(Marker::from_u8(self.array::<1>()?[0]))
    }

    fn length8(&mut self) -> Result<usize, Kind> {
        Ok(usize::from(self.array::<1>()?[0]))
    }

    fn length16(&mut self) -> Result<usize, Kind> {
        Ok(usize::from(u16::from_be_bytes(self.array()?)))
    }

    fn length32(&mut self) -> Result<usize, Kind> {
        usize::try_from(u32::from_be_bytes(self.array()?)).map_err(|_| Kind::TooLarge)
    }

    /// A string, if the marker is one.
    fn string(&mut self, marker: Marker) -> Result<Option<&'a str>, Kind> {
        let length = match marker {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 => self.length8()?,
            Marker::Str16 => self.length16()?,
            Marker::Str32 => self.length32()?,
            _ => return Ok(None),
        };
        std::str::from_utf8(self.take(length)?).map(Some).map_err(|_| Kind::Utf8)
    }

    /// Raw bytes, if the marker announces them; strings are taken too, as Go's decoder does.
    fn binary(&mut self, marker: Marker) -> Result<Option<&'a [u8]>, Kind> {
        let length = match marker {
            Marker::Bin8 => self.length8()?,
            Marker::Bin16 => self.length16()?,
            Marker::Bin32 => self.length32()?,
            _ => return Ok(self.string(marker)?.map(str::as_bytes)),
        };
        self.take(length).map(Some)
    }

    /// The length of an array, if the marker is one.
    fn array_length(&mut self, marker: Marker) -> Result<Option<usize>, Kind> {
        let length = match marker {
            Marker::FixArray(length) => usize::from(length),
            Marker::Array16 => self.length16()?,
            Marker::Array32 => self.length32()?,
            _ => return Ok(None),
        };
        self.plausible(length)
    }

    /// The number of entries of a map, if the marker is one.
    fn map_length(&mut self, marker: Marker) -> Result<Option<usize>, Kind> {
        let length = match marker {
            Marker::FixMap(length) => usize::from(length),
            Marker::Map16 => self.length16()?,
            Marker::Map32 => self.length32()?,
            _ => return Ok(None),
        };
        self.plausible(length)
    }

    /// Each element takes a byte at least, so a longer announcement is a lie to refuse before memory is set aside.
    fn plausible(&self, length: usize) -> Result<Option<usize>, Kind> {
        if length > self.bytes.len() { Err(Kind::Truncated) } else { Ok(Some(length)) }
    }

    /// The code and payload of an extension, if the marker is one.
    fn extension(&mut self, marker: Marker) -> Result<Option<(i8, &'a [u8])>, Kind> {
        let length = match marker {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 => self.length8()?,
            Marker::Ext16 => self.length16()?,
            Marker::Ext32 => self.length32()?,
            _ => return Ok(None),
        };
        let code = i8::from_be_bytes(self.array()?);
        Ok(Some((code, self.take(length)?)))
    }

    /// A number in any of its notations, if the marker is one.
    fn number(&mut self, marker: Marker) -> Result<Option<Number>, Kind> {
        Ok(Some(match marker {
            Marker::FixPos(value) => value.into(),
            Marker::FixNeg(value) => value.into(),
            Marker::U8 => u8::from_be_bytes(self.array()?).into(),
            Marker::U16 => u16::from_be_bytes(self.array()?).into(),
            Marker::U32 => u32::from_be_bytes(self.array()?).into(),
            Marker::U64 => u64::from_be_bytes(self.array()?).into(),
            Marker::I8 => i8::from_be_bytes(self.array()?).into(),
            Marker::I16 => i16::from_be_bytes(self.array()?).into(),
            Marker::I32 => i32::from_be_bytes(self.array()?).into(),
            Marker::I64 => i64::from_be_bytes(self.array()?).into(),
            Marker::F32 => {
                Number::try_from(f64::from(f32::from_be_bytes(self.array()?))).map_err(Kind::Number)?
            }
            Marker::F64 => Number::try_from(f64::from_be_bytes(self.array()?)).map_err(Kind::Number)?,
            _ => match self.string(marker)? {
                Some(text) => text.parse().map_err(|cause: NumberError| Kind::Number(cause))?,
                None => return Ok(None),
            },
        }))
    }
}

fn value(reader: &mut Reader<'_>, ty: &Type, path: &mut Path, depth: usize) -> Result<Value, Kind> {
    if depth > MAX_DEPTH {
        return Err(Kind::TooDeep);
    }
    let marker = reader.marker()?;
    if marker == Marker::Null {
        return Ok(Value::Null);
    }
    if let Some((code, payload)) = reader.extension(marker)? {
        return unknown(code, payload);
    }
    let mismatch = || Kind::Mismatch { expected: ty.to_string(), found: name(marker).to_owned() };
    match ty {
        Type::Bool => match marker {
            Marker::True => Ok(Value::Bool(true)),
            Marker::False => Ok(Value::Bool(false)),
            _ => Err(mismatch()),
        },
        Type::Number => reader.number(marker)?.map(Value::Number).ok_or_else(mismatch),
        Type::String => reader.string(marker)?.map(|text| Value::String(normal(text))).ok_or_else(mismatch),
        Type::List(element) => {
            let length = reader.array_length(marker)?.ok_or_else(mismatch)?;
            elements(reader, length, |_| element, path, depth).map(Value::List)
        }
        Type::Set(element) => {
            let length = reader.array_length(marker)?.ok_or_else(mismatch)?;
            elements(reader, length, |_| element, path, depth).map(Value::set)
        }
        Type::Tuple(types) => {
            let length =
                reader.array_length(marker)?.filter(|length| *length == types.len()).ok_or_else(mismatch)?;
            elements(reader, length, |index| &types[index], path, depth).map(Value::Tuple)
        }
        Type::Map(element) => {
            let length = reader.map_length(marker)?.ok_or_else(mismatch)?;
            map(reader, length, element, path, depth).map(Value::Map)
        }
        Type::Object(types) => {
            let length = reader.map_length(marker)?.ok_or_else(mismatch)?;
            object(reader, length, types, path, depth).map(Value::Object)
        }
        Type::Dynamic => {
            reader.array_length(marker)?.filter(|length| *length == 2).ok_or_else(mismatch)?;
            dynamic(reader, path, depth)
        }
    }
}

fn elements<'t>(
    reader: &mut Reader<'_>,
    length: usize,
    ty: impl Fn(usize) -> &'t Type,
    path: &mut Path,
    depth: usize,
) -> Result<Vec<Value>, Kind> {
    let mut elements = Vec::new();
    for index in 0..length {
        path.push(Step::Index(index as i64));
        elements.push(value(reader, ty(index), path, depth + 1)?);
        path.pop();
    }
    Ok(elements)
}

fn key(reader: &mut Reader<'_>) -> Result<String, Kind> {
    let marker = reader.marker()?;
    let mismatch = || Kind::Mismatch { expected: "a string as key".into(), found: name(marker).to_owned() };
    reader.string(marker)?.map(normal).ok_or_else(mismatch)
}

fn map(
    reader: &mut Reader<'_>,
    length: usize,
    element: &Type,
    path: &mut Path,
    depth: usize,
) -> Result<BTreeMap<String, Value>, Kind> {
    let mut elements = BTreeMap::new();
    for _ in 0..length {
        let key = key(reader)?;
        path.push(Step::Key(key.clone()));
        let value = value(reader, element, path, depth + 1)?;
        path.pop();
        if elements.insert(key.clone(), value).is_some() {
            return Err(Kind::RepeatedKey(key));
        }
    }
    Ok(elements)
}

fn object(
    reader: &mut Reader<'_>,
    length: usize,
    types: &BTreeMap<String, Type>,
    path: &mut Path,
    depth: usize,
) -> Result<BTreeMap<String, Value>, Kind> {
    let mut attributes = BTreeMap::new();
    for _ in 0..length {
        let name = key(reader)?;
        let Some(ty) = types.get(&name) else { return Err(Kind::UnknownAttribute(name)) };
        path.push(Step::Attribute(name.clone()));
        let value = value(reader, ty, path, depth + 1)?;
        path.pop();
        if attributes.insert(name.clone(), value).is_some() {
            return Err(Kind::RepeatedKey(name));
        }
    }
    match types.keys().find(|name| !attributes.contains_key(*name)) {
        Some(missing) => Err(Kind::MissingAttribute(missing.clone())),
        None => Ok(attributes),
    }
}

/// The two parts of a value that carries its type.
fn dynamic(reader: &mut Reader<'_>, path: &mut Path, depth: usize) -> Result<Value, Kind> {
    let marker = reader.marker()?;
    let mismatch =
        || Kind::Mismatch { expected: "the type of a dynamic value".into(), found: name(marker).into() };
    let text = reader.binary(marker)?.ok_or_else(mismatch)?;
    let ty = Type::from_json(text).map_err(Kind::Type)?;
    let value = value(reader, &ty, path, depth + 1)?;
    // "dynamic inside dynamic" says nothing that its inside does not say alone.
    Ok(if ty == Type::Dynamic { value } else { Value::dynamic(ty, value) })
}

/// Every extension is an unknown value; one code brings what is known about it.
fn unknown(code: i8, payload: &[u8]) -> Result<Value, Kind> {
    if code != REFINED || payload.len() <= 1 {
        return Ok(Value::unknown());
    }
    if payload.len() > REFINEMENTS_BYTES_MAX {
        return Err(Kind::TooLarge);
    }
    let mut reader = Reader { bytes: payload };
    let wrong = || Kind::Mismatch { expected: "refinements".into(), found: "something else".into() };
    let marker = reader.marker()?;
    let length = reader.map_length(marker)?.ok_or_else(wrong)?;
    let mut refinements = Refinements::none();
    let mut null = false;
    for _ in 0..length {
        let marker = reader.marker()?;
        let key = reader.number(marker)?.and_then(|number| number.as_i64()).ok_or_else(wrong)?;
        let marker = reader.marker()?;
        match key {
            1 => match marker {
                Marker::False => refinements.not_null = true,
                Marker::True => null = true,
                _ => return Err(wrong()),
            },
            2 => refinements.prefix = Some(normal(reader.string(marker)?.ok_or_else(wrong)?)),
            3 => refinements.min = Some(bound(&mut reader, marker)?),
            4 => refinements.max = Some(bound(&mut reader, marker)?),
            5 => refinements.length_min = Some(length_bound(&mut reader, marker)?),
            6 => refinements.length_max = Some(length_bound(&mut reader, marker)?),
            // A later Terraform may know more about a value than we can keep.
            _ => skip(&mut reader, marker, 0)?,
        }
    }
    if !reader.bytes.is_empty() {
        return Err(Kind::Trailing(reader.bytes.len()));
    }
    // "Unknown, but certainly null" is null.
    Ok(if null { Value::Null } else { Value::Unknown(refinements) })
}

fn bound(reader: &mut Reader<'_>, marker: Marker) -> Result<Bound, Kind> {
    let wrong = || Kind::Mismatch { expected: "a bound".into(), found: name(marker).to_owned() };
    reader.array_length(marker)?.filter(|length| *length == 2).ok_or_else(wrong)?;
    let marker = reader.marker()?;
    let value = reader.number(marker)?.ok_or_else(wrong)?;
    let inclusive = match reader.marker()? {
        Marker::True => true,
        Marker::False => false,
        _ => return Err(wrong()),
    };
    Ok(Bound { value, inclusive })
}

fn length_bound(reader: &mut Reader<'_>, marker: Marker) -> Result<u64, Kind> {
    let wrong = || Kind::Mismatch { expected: "a length".into(), found: name(marker).to_owned() };
    reader.number(marker)?.and_then(|number| number.as_u64()).ok_or_else(wrong)
}

/// Passes over one value of any shape.
fn skip(reader: &mut Reader<'_>, marker: Marker, depth: usize) -> Result<(), Kind> {
    if depth > MAX_DEPTH {
        return Err(Kind::TooDeep);
    }
    let fixed = match marker {
        Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null | Marker::True | Marker::False => 0,
        Marker::U8 | Marker::I8 => 1,
        Marker::U16 | Marker::I16 => 2,
        Marker::U32 | Marker::I32 | Marker::F32 => 4,
        Marker::U64 | Marker::I64 | Marker::F64 => 8,
        _ => {
            if reader.extension(marker)?.is_some() || reader.binary(marker)?.is_some() {
                return Ok(());
            }
            let entries = match reader.array_length(marker)? {
                Some(length) => length,
                None => 2 * reader.map_length(marker)?.unwrap_or(0),
            };
            for _ in 0..entries {
                let marker = reader.marker()?;
                skip(reader, marker, depth + 1)?;
            }
            return Ok(());
        }
    };
    reader.take(fixed).map(drop)
}

/// Strings are compared in Unicode's normal form C.
fn normal(text: &str) -> String {
    if is_nfc(text) { text.to_owned() } else { text.nfc().collect() }
}

fn name(marker: Marker) -> &'static str {
    match marker {
        Marker::Null => "null",
        Marker::True | Marker::False => "a bool",
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => "a string",
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => "an array of another length or kind",
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => "a map",
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => "bytes",
        Marker::Reserved => "a byte without meaning",
        _ => "a number",
    }
}
