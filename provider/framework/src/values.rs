//! Small operations on whole values that more than one RPC needs.

use provider_protocol::cty::{Path, Set, Step, Type, Value};

/// The value in the shape its type asks for: lists become sets or tuples, objects maps, missing attributes null, and
/// values in dynamic places carry their type. What does not fit stays as it is; the codec refuses it with a path.
pub(crate) fn conform(value: &Value, ty: &Type) -> Value {
    match (value, ty) {
        (Value::Null | Value::Unknown(_) | Value::Dynamic(_), Type::Dynamic) => value.clone(),
        (value, Type::Dynamic) => Value::dynamic(implied_type(value), value.clone()),
        (Value::Dynamic(dynamic), ty) => conform(&dynamic.value, ty),
        (Value::List(elements) | Value::Tuple(elements), Type::List(element)) => {
            Value::list(elements.iter().map(|value| conform(value, element)))
        }
        (Value::List(elements) | Value::Tuple(elements), Type::Set(element)) => {
            Value::set(elements.iter().map(|value| conform(value, element)))
        }
        (Value::Set(elements), Type::Set(element)) => {
            Value::set(elements.iter().map(|value| conform(value, element)))
        }
        (Value::Set(elements), Type::List(element)) => {
            Value::list(elements.iter().map(|value| conform(value, element)))
        }
        (Value::List(elements) | Value::Tuple(elements), Type::Tuple(types))
            if elements.len() == types.len() =>
        {
            Value::Tuple(elements.iter().zip(types).map(|(value, ty)| conform(value, ty)).collect())
        }
        (Value::Map(elements) | Value::Object(elements), Type::Map(element)) => {
            Value::map(elements.iter().map(|(key, value)| (key, conform(value, element))))
        }
        (Value::Map(values) | Value::Object(values), Type::Object(types)) => {
            let mut members = values.clone();
            for (name, ty) in types {
                let member = values.get(name).map_or(Value::Null, |value| conform(value, ty));
                members.insert(name.clone(), member);
            }
            Value::Object(members)
        }
        _ => value.clone(),
    }
}

/// The type a value seems to have by itself.
pub(crate) fn implied_type(value: &Value) -> Type {
    match value {
        Value::Null | Value::Unknown(_) => Type::Dynamic,
        Value::Bool(_) => Type::Bool,
        Value::Number(_) => Type::Number,
        Value::String(_) => Type::String,
        Value::List(elements) => Type::list(elements.first().map_or(Type::Dynamic, implied_type)),
        Value::Set(elements) => Type::set(elements.first().map_or(Type::Dynamic, implied_type)),
        Value::Map(elements) => Type::map(elements.values().next().map_or(Type::Dynamic, implied_type)),
        Value::Object(attributes) => {
            Type::object(attributes.iter().map(|(name, value)| (name, implied_type(value))))
        }
        Value::Tuple(elements) => Type::Tuple(elements.iter().map(implied_type).collect()),
        Value::Dynamic(dynamic) => dynamic.ty.clone(),
    }
}

/// `original` with the changes that lead from `before` to `after`.
///
/// `before` is `original` seen through a typed model, which does not keep everything (refinements, exact numbers, parts of
/// what is unknown); where the model was not changed, the original stays untouched.
pub(crate) fn merge(original: &Value, before: &Value, after: &Value) -> Value {
    if before == after {
        return original.clone();
    }
    match (original, before, after) {
        (Value::Object(original), Value::Object(before), Value::Object(after)) => Value::Object(
            original
                .iter()
                .map(|(name, original)| {
                    let (before, after) = (before.get(name), after.get(name));
                    let merged = match (before, after) {
                        (Some(before), Some(after)) => merge(original, before, after),
                        // The model leaves the attribute out, so it has no opinion.
                        _ => original.clone(),
                    };
                    (name.clone(), merged)
                })
                .collect(),
        ),
        (Value::Map(original), Value::Map(before), Value::Map(after)) => Value::Map(
            after
                .iter()
                .map(|(key, after)| match (original.get(key), before.get(key)) {
                    (Some(original), Some(before)) => (key.clone(), merge(original, before, after)),
                    _ => (key.clone(), after.clone()),
                })
                .collect(),
        ),
        (Value::List(original), Value::List(before), Value::List(after))
            if original.len() == before.len() && before.len() == after.len() =>
        {
            Value::list(
                original
                    .iter()
                    .zip(before)
                    .zip(after)
                    .map(|((original, before), after)| merge(original, before, after)),
            )
        }
        _ => after.clone(),
    }
}

/// Replaces what is unknown by null and says where that was.
pub(crate) fn without_unknown(value: &Value) -> (Value, Vec<Path>) {
    let mut places = Vec::new();
    let known = known_part(value, &mut Path::root(), &mut places);
    (known, places)
}

fn known_part(value: &Value, path: &mut Path, places: &mut Vec<Path>) -> Value {
    let mut inside = |step: Step, value: &Value, places: &mut Vec<Path>| {
        path.push(step);
        let known = known_part(value, path, places);
        path.pop();
        known
    };
    match value {
        Value::Unknown(_) => {
            places.push(path.clone());
            Value::Null
        }
        Value::List(elements) => Value::list(
            elements
                .iter()
                .enumerate()
                .map(|(index, value)| inside(Step::Index(index as i64), value, places))
                .collect::<Vec<_>>(),
        ),
        Value::Tuple(elements) => Value::Tuple(
            elements
                .iter()
                .enumerate()
                .map(|(index, value)| inside(Step::Index(index as i64), value, places))
                .collect(),
        ),
        Value::Set(elements) => Value::Set(Set::from_iter(
            elements
                .iter()
                .map(|value| inside(Step::Element(Box::new(value.clone())), value, places))
                .collect::<Vec<_>>(),
        )),
        Value::Map(elements) => Value::Map(
            elements
                .iter()
                .map(|(key, value)| (key.clone(), inside(Step::Key(key.clone()), value, places)))
                .collect(),
        ),
        Value::Object(attributes) => Value::Object(
            attributes
                .iter()
                .map(|(name, value)| (name.clone(), inside(Step::Attribute(name.clone()), value, places)))
                .collect(),
        ),
        Value::Dynamic(dynamic) => {
            Value::dynamic(dynamic.ty.clone(), known_part(&dynamic.value, path, places))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use provider_protocol::cty::Refinements;

    #[test]
    fn a_list_becomes_what_the_schema_says() {
        let ty = Type::object([
            ("s", Type::set(Type::String)),
            ("m", Type::map(Type::Number)),
            ("d", Type::Dynamic),
            ("n", Type::Bool),
        ]);
        let value = Value::object([
            ("s", Value::list([Value::string("b"), Value::string("a"), Value::string("b")])),
            ("m", Value::object([("x", Value::from(1))])),
            ("d", Value::from("x")),
        ]);
        let conformed = conform(&value, &ty);
        conformed.conforms_to(&ty).expect("it conforms");
        assert_eq!(conformed.get("s"), Some(&Value::set([Value::string("a"), Value::string("b")])));
        assert_eq!(conformed.get("n"), Some(&Value::Null));
    }

    #[test]
    fn an_unchanged_model_leaves_the_original_untouched() {
        let refined = Value::Unknown(Refinements { prefix: Some("clu-".into()), ..Refinements::not_null() });
        let original = Value::object([("id", refined.clone()), ("name", Value::from("a"))]);
        let before = Value::object([("id", Value::unknown()), ("name", Value::from("a"))]);
        let after = Value::object([("id", Value::unknown()), ("name", Value::from("b"))]);
        let merged = merge(&original, &before, &after);
        assert_eq!(merged, Value::object([("id", refined), ("name", Value::from("b"))]));
    }

    #[test]
    fn unknown_parts_are_found() {
        let value =
            Value::object([("a", Value::list([Value::unknown(), Value::from(1)])), ("b", Value::unknown())]);
        let (known, places) = without_unknown(&value);
        assert!(known.is_wholly_known());
        assert_eq!(places.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a[0]", "b"]);
    }
}
