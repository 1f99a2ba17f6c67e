//! Arbitrary types, and arbitrary values of a type.

use proptest::{collection::vec, option, prelude::*};

use crate::cty::{Bound, Number, Refinements, Type, Value};

/// Keys and strings, with combining characters so that normal form C matters.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_]{0,6}", "[ae\u{301}\u{30a}é\"\\\\]{0,4}", any::<String>()]
}

fn normal(text: String) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfc().collect()
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", |float| Number::try_from(float).ok()),
        "-?[0-9]{1,60}(\\.[0-9]{1,60})?(e-?[0-9]{1,3})?"
            .prop_filter_map("within the limits", |text| text.parse().ok()),
    ]
}

pub(super) fn arbitrary_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::Dynamic), Just(Type::Bool), Just(Type::Number), Just(Type::String)];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            vec((text().prop_map(normal), inner.clone()), 0..4).prop_map(Type::object),
            vec(inner, 0..4).prop_map(Type::Tuple),
        ]
    })
}

/// Refinements that fit the type and that survive the wire.
fn refinements(ty: &Type) -> BoxedStrategy<Refinements> {
    let bound =
        || option::of((number(), any::<bool>()).prop_map(|(value, inclusive)| Bound { value, inclusive }));
    let not_null = any::<bool>();
    match ty {
        Type::Dynamic => Just(Refinements::none()).boxed(),
        Type::String => (not_null, option::of("[a-z]{0,20}"))
            .prop_map(|(not_null, prefix)| Refinements { not_null, prefix, ..Refinements::none() })
            .boxed(),
        Type::Number => (not_null, bound(), bound())
            .prop_map(|(not_null, min, max)| Refinements { not_null, min, max, ..Refinements::none() })
            .boxed(),
        Type::List(_) | Type::Set(_) | Type::Map(_) => {
            (not_null, option::of(any::<u64>()), option::of(any::<u64>()))
                .prop_map(|(not_null, length_min, length_max)| Refinements {
                    not_null,
                    length_min,
                    length_max,
                    ..Refinements::none()
                })
                .boxed()
        }
        _ => not_null.prop_map(|not_null| Refinements { not_null, ..Refinements::none() }).boxed(),
    }
}

/// A value of the type; `unknown` says whether parts of it may be unknown.
pub(super) fn value_of(ty: &Type, unknown: bool, depth: usize) -> BoxedStrategy<Value> {
    let known = match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => number().prop_map(Value::Number).boxed(),
        Type::String => text().prop_map(normal).prop_map(Value::String).boxed(),
        Type::List(element) => vec(value_of(element, unknown, depth), 0..4).prop_map(Value::list).boxed(),
        Type::Set(element) => vec(value_of(element, unknown, depth), 0..4).prop_map(Value::set).boxed(),
        Type::Map(element) => vec((text().prop_map(normal), value_of(element, unknown, depth)), 0..4)
            .prop_map(Value::map)
            .boxed(),
        Type::Object(attributes) => attributes
            .iter()
            .map(|(name, ty)| {
                value_of(ty, unknown, depth).prop_map({
                    let name = name.clone();
                    move |value| (name.clone(), value)
                })
            })
            .collect::<Vec<_>>()
            .prop_map(Value::object)
            .boxed(),
        Type::Tuple(types) => types
            .iter()
            .map(|ty| value_of(ty, unknown, depth))
            .collect::<Vec<_>>()
            .prop_map(Value::Tuple)
            .boxed(),
        Type::Dynamic if depth == 0 => Just(Value::Null).boxed(),
        Type::Dynamic => arbitrary_type()
            .prop_filter("a dynamic value is of another type", |ty| *ty != Type::Dynamic)
            .prop_flat_map(move |ty| {
                value_of(&ty, unknown, depth - 1).prop_map(move |value| Value::dynamic(ty.clone(), value))
            })
            .boxed(),
    };
    if unknown {
        prop_oneof![6 => known, 1 => Just(Value::Null), 1 => refinements(ty).prop_map(Value::Unknown)].boxed()
    } else {
        prop_oneof![6 => known, 1 => Just(Value::Null)].boxed()
    }
}

/// A type and a value of it.
pub(super) fn typed_value(unknown: bool) -> impl Strategy<Value = (Type, Value)> {
    arbitrary_type()
        .prop_flat_map(move |ty| value_of(&ty, unknown, 1).prop_map(move |value| (ty.clone(), value)))
}
