//! Terraform's JSON notation of types: `"string"`, `["map","number"]`, `["object",{"a":"bool"}]`.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{MAX_DEPTH, Type, TypeError};

pub(super) fn to_json(ty: &Type) -> String {
    let mut out = String::new();
    write(ty, &mut out);
    out
}

fn write(ty: &Type, out: &mut String) {
    let (kind, element) = match ty {
        Type::Dynamic => return out.push_str("\"dynamic\""),
        Type::Bool => return out.push_str("\"bool\""),
        Type::Number => return out.push_str("\"number\""),
        Type::String => return out.push_str("\"string\""),
        Type::List(element) => ("list", element),
        Type::Set(element) => ("set", element),
        Type::Map(element) => ("map", element),
        Type::Object(attributes) => {
            out.push_str("[\"object\",{");
            for (index, (name, attribute)) in attributes.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Json::from(name.as_str()).to_string());
                out.push(':');
                write(attribute, out);
            }
            return out.push_str("}]");
        }
        Type::Tuple(elements) => {
            out.push_str("[\"tuple\",[");
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(element, out);
            }
            return out.push_str("]]");
        }
    };
    out.push_str("[\"");
    out.push_str(kind);
    out.push_str("\",");
    write(element, out);
    out.push(']');
}

pub(super) fn from_json(text: &[u8]) -> Result<Type, TypeError> {
    let json: Json = serde_json::from_slice(text).map_err(TypeError::Json)?;
    read(&json, 0)
}

fn read(json: &Json, depth: usize) -> Result<Type, TypeError> {
    if depth > MAX_DEPTH {
        return Err(TypeError::TooDeep);
    }
    match json {
        Json::String(name) => match name.as_str() {
            "dynamic" => Ok(Type::Dynamic),
            "bool" => Ok(Type::Bool),
            "number" => Ok(Type::Number),
            "string" => Ok(Type::String),
            other => Err(TypeError::Shape(format!("there is no type named {other:?}"))),
        },
        Json::Array(parts) => read_compound(parts, depth),
        _ => Err(TypeError::Shape("a type is a name or an array".into())),
    }
}

fn read_compound(parts: &[Json], depth: usize) -> Result<Type, TypeError> {
    match parts {
        [Json::String(kind), inner] if matches!(kind.as_str(), "list" | "set" | "map") => {
            let element = Box::new(read(inner, depth + 1)?);
            Ok(match kind.as_str() {
                "list" => Type::List(element),
                "set" => Type::Set(element),
                _ => Type::Map(element),
            })
        }
        [Json::String(kind), Json::Array(inner)] if kind == "tuple" => {
            inner.iter().map(|element| read(element, depth + 1)).collect::<Result<_, _>>().map(Type::Tuple)
        }
        // The optional third part names the attributes a module author may leave out; a value still has them all.
        [Json::String(kind), Json::Object(inner), optional @ ..]
            if kind == "object" && optional.len() <= 1 =>
        {
            let mut attributes = BTreeMap::new();
            for (name, attribute) in inner {
                attributes.insert(name.clone(), read(attribute, depth + 1)?);
            }
            Ok(Type::Object(attributes))
        }
        [Json::String(kind), ..] => {
            Err(TypeError::Shape(format!("{kind:?} is not followed by what it needs")))
        }
        _ => Err(TypeError::Shape("a compound type starts with its name".into())),
    }
}
