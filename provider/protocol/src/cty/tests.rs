//! Both codecs against case files, against arbitrary values, and against rubbish.

use std::{error::Error, fmt::Write as _};

use super::*;

mod arbitrary;
mod properties;

/// A value in the notation of the case files.
fn show(value: &Value) -> String {
    let join = |parts: Vec<String>| parts.join(", ");
    let all = |elements: &[Value]| join(elements.iter().map(show).collect());
    let members = |members: &std::collections::BTreeMap<String, Value>| {
        join(members.iter().map(|(name, value)| format!("{name:?}: {}", show(value))).collect())
    };
    match value {
        Value::Null => "Null".into(),
        Value::Unknown(refinements) => format!("Unknown({})", show_refinements(refinements)),
        Value::Bool(value) => format!("Bool({value})"),
        Value::Number(number) => format!("Number({number})"),
        Value::String(text) => format!("String({text:?})"),
        Value::List(elements) => format!("List([{}])", all(elements)),
        Value::Set(elements) => format!("Set([{}])", all(elements)),
        Value::Tuple(elements) => format!("Tuple([{}])", all(elements)),
        Value::Map(elements) => format!("Map({{{}}})", members(elements)),
        Value::Object(attributes) => format!("Object({{{}}})", members(attributes)),
        Value::Dynamic(dynamic) => format!("Dynamic({}, {})", dynamic.ty, show(&dynamic.value)),
    }
}

fn show_refinements(refinements: &Refinements) -> String {
    let mut parts = Vec::new();
    if refinements.not_null {
        parts.push("not_null".to_owned());
    }
    parts.extend(refinements.prefix.as_ref().map(|prefix| format!("prefix {prefix:?}")));
    for (name, bound) in [("min", &refinements.min), ("max", &refinements.max)] {
        let inclusive = |bound: &Bound| if bound.inclusive { "inclusive" } else { "exclusive" };
        parts.extend(bound.as_ref().map(|bound| format!("{name} {} {}", bound.value, inclusive(bound))));
    }
    if let (Some(min), Some(max)) = (refinements.length_min, refinements.length_max) {
        parts.push(format!("length {min}..={max}"));
    }
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}

/// The path, if it says anything, and the innermost words that are ours.
fn show_error(error: &DecodeError) -> String {
    let mut text = String::new();
    if !error.path.is_root() {
        write!(text, "{}: ", error.path).expect("a String takes any write");
    }
    text + &error.kind.to_string()
}

struct Case<'a> {
    line: usize,
    ty: Type,
    encoded: &'a str,
    mark: &'a str,
    meaning: &'a str,
}

fn cases(file: &str) -> impl Iterator<Item = Case<'_>> {
    const MARKS: [&str; 4] = ["=>", "<-", "!", "~"];
    file.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(
        |(line, text)| {
            let line = line + 1;
            let (ty, rest) = text.split_once(' ').unwrap_or_else(|| panic!("line {line}: no type"));
            let ty = Type::from_json(ty.as_bytes()).unwrap_or_else(|error| panic!("line {line}: {error}"));
            let (at, mark) = MARKS
                .iter()
                .filter_map(|mark| rest.find(&format!(" {mark} ")).map(|at| (at, *mark)))
                .min()
                .unwrap_or_else(|| panic!("line {line}: no mark"));
            let encoded = if &rest[..at] == "-" { "" } else { &rest[..at] };
            Case { line, ty, encoded, mark, meaning: &rest[at + mark.len() + 2..] }
        },
    )
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = (0..text.len()).step_by(2);
    digits.map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits in the case file")).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Holds every case of a file against a codec and shows all that differ.
fn check<'a>(
    file: &'a str,
    decode: impl Fn(&'a str, &Type, &str) -> Result<Value, DecodeError>,
    encode: impl Fn(&Value, &Type) -> Result<String, EncodeError>,
) {
    let mut problems = String::new();
    for Case { line, ty, encoded, mark, meaning } in cases(file) {
        let (found, holds) = match decode(encoded, &ty, mark) {
            Err(error) => (show_error(&error), mark == "!"),
            Ok(value) => {
                let back = encode(&value, &ty).unwrap_or_else(|error| panic!("line {line}: {error}"));
                (show(&value), mark != "!" && (back == encoded) == (mark == "=>"))
            }
        };
        if found != meaning || !holds {
            writeln!(problems, "line {line}: {encoded} {mark} {found}").expect("a String takes any write");
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

#[test]
fn msgpack_cases() {
    check(
        include_str!("cases/msgpack.txt"),
        |encoded, ty, _| msgpack::decode(&unhex(encoded), ty),
        |value, ty| msgpack::encode(value, ty).map(|bytes| hex(&bytes)),
    );
}

#[test]
fn json_cases() {
    check(
        include_str!("cases/json.txt"),
        |encoded, ty, mark| match (json::decode(encoded.as_bytes(), ty), mark) {
            (Err(error), "~") => {
                assert!(show_error(&error).contains("there is no attribute"), "{error:?}");
                json::decode_leniently(encoded.as_bytes(), ty)
            }
            (result, _) => result,
        },
        |value, ty| json::encode(value, ty).map(|text| String::from_utf8(text).expect("JSON is UTF-8")),
    );
}

#[test]
fn types_read_what_they_write_and_refuse_the_rest() {
    for text in [
        r#""dynamic""#,
        r#"["set",["map","bool"]]"#,
        r#"["object",{"a":["tuple",["string",["list","number"]]],"b\"":"dynamic"}]"#,
    ] {
        assert_eq!(Type::from_json(text.as_bytes()).expect(text).to_json(), text);
    }
    let optional = br#"["object",{"a":"string"},["a"]]"#;
    assert_eq!(Type::from_json(optional).expect("optional attributes"), Type::object([("a", Type::String)]));
    for text in [
        "",
        "string",
        r#""text""#,
        "[]",
        r#"["list"]"#,
        r#"["list","string","bool"]"#,
        r#"["map",{}]"#,
        "{}",
        "5",
    ] {
        let error = Type::from_json(text.as_bytes()).expect_err(text);
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn rule_6_an_object_must_be_complete() {
    let ty = Type::object([("a", Type::String), ("b", Type::String)]);
    for (value, words) in [
        (Value::object([("a", Value::Null)]), "the attribute \"b\" is missing"),
        (
            Value::object([("a", Value::Null), ("b", Value::Null), ("c", Value::Null)]),
            "there is no attribute \"c\"",
        ),
    ] {
        for error in
            [msgpack::encode(&value, &ty), json::encode(&value, &ty)].map(|result| result.expect_err(words))
        {
            assert_eq!(error.source().expect("a cause").to_string(), words);
        }
        assert_eq!(value.conforms_to(&ty).expect_err(words).what, words);
    }
}

#[test]
fn wrong_values_are_refused_with_their_path() {
    let ty = Type::object([("n", Type::map(Type::list(Type::Number)))]);
    let value = Value::object([("n", Value::map([("k", Value::list([Value::from(1), Value::from("x")]))]))]);
    let error = msgpack::encode(&value, &ty).expect_err("a string is no number");
    assert_eq!(error.to_string(), "encode the value at n[\"k\"][1]");
    assert_eq!(value.conforms_to(&ty).expect_err("a string is no number").path.to_string(), "n[\"k\"][1]");
    let unknown = json::encode(&Value::unknown(), &Type::String).expect_err("JSON knows no unknown");
    assert_eq!(unknown.kind.to_string(), "an unknown value cannot be written as JSON");
}

#[test]
fn depth_is_limited_everywhere() {
    let deep = |open: &str, inside: &str, close: &str| {
        [open.repeat(MAX_DEPTH + 1).as_str(), inside, &close.repeat(MAX_DEPTH + 1)].concat()
    };
    let ty = deep("[\"list\",", "\"string\"", "]");
    assert!(matches!(Type::from_json(ty.as_bytes()), Err(TypeError::TooDeep)));
    // Far beyond it, the JSON reader itself gives up first.
    assert!(Type::from_json("[".repeat(100_000).as_bytes()).is_err());

    let nested = (0..=MAX_DEPTH).fold(Type::String, |ty, _| Type::list(ty));
    let value = (0..=MAX_DEPTH).fold(Value::Null, |value, _| Value::list([value]));
    assert!(msgpack::encode(&value, &nested).is_err());
    assert!(json::encode(&value, &nested).is_err());
    assert!(value.conforms_to(&nested).is_err());
    let bytes = [vec![0x91; MAX_DEPTH + 1], vec![0xc0]].concat();
    assert!(matches!(
        msgpack::decode(&bytes, &nested),
        Err(DecodeError { kind: error::DecodeErrorKind::TooDeep, .. })
    ));
    assert!(json::decode(deep("[", "null", "]").as_bytes(), &nested).is_err());
    assert!(json::decode_implied("[".repeat(100_000).as_bytes()).is_err());
    // A dynamic value inside a dynamic value inside …: each level brings its own type, none is deep in itself.
    let dynamics = [b"\x92\xc4\x13[\"list\",\"dynamic\"] \x91".repeat(MAX_DEPTH), vec![0xc0]].concat();
    assert!(msgpack::decode(&dynamics, &Type::Dynamic).is_err());
}

#[test]
fn json_without_a_schema_implies_its_type() {
    let (ty, value) = json::decode_implied(br#"{"a":[1,"x",null],"b":{"c":true}}"#).expect("JSON");
    assert_eq!(ty.to_string(), "object({a = tuple([number, string, any]), b = object({c = bool})})");
    value.conforms_to(&ty).expect("the value is of its type");
}

#[test]
fn a_path_leads_to_what_it_says() {
    let value = Value::object([
        ("nodes", Value::map([("a", Value::object([("cpu", Value::from(4))]))])),
        ("tags", Value::set([Value::from("x")])),
        ("any", Value::dynamic(Type::list(Type::Bool), Value::list([Value::from(true)]))),
    ]);
    let path = Path::root().attribute("nodes").key("a").attribute("cpu");
    assert_eq!(value.at(&path), Some(&Value::from(4)));
    assert_eq!(path.to_string(), "nodes[\"a\"].cpu");
    assert_eq!(value.at(&Path::root().attribute("tags").element(Value::from("x"))), Some(&Value::from("x")));
    assert_eq!(value.at(&Path::root().attribute("any").index(0)), Some(&Value::from(true)));
    assert_eq!(value.at(&Path::root().attribute("nodes").key("b")), None);
    assert!(path.parent().is_some_and(|parent| parent.contains(&path) && !path.contains(&parent)));
}
