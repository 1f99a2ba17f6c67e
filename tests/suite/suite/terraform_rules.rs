//! The rules that providers break, each with a test named after it; Terraform's side is simulated, its checks included.

use std::time::{Duration, Instant};

use provider_framework::cty::{Path, Type, Value};
use provider_framework::testing::{Action, Simulator};
use provider_framework::{Context, Diagnostic, ProviderServer};
use provider_protocol::rpc::{
    apply_resource_change, call_function, configure_provider, get_provider_schema,
    get_resource_identity_schemas, plan_resource_change, read_resource, upgrade_resource_state,
};
use provider_protocol::{ClientCapabilities, DynamicValue, RawState};
use serde_json::json;
use tempfile::TempDir;
use tests_suite::probe::{Probe, World};

const THING: &str = "probe_thing";

async fn terraform() -> (Simulator<Probe>, World, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let world = World::new(folder.path());
    let mut terraform = Simulator::new(Probe);
    let config = Value::object([("world", Value::string(folder.path().display().to_string()))]);
    terraform.configure(config).await.expect("a good provider block");
    (terraform, world, folder)
}

fn thing(attributes: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let mut all = vec![("name", Value::from("a"))];
    all.extend(attributes);
    let mut members = std::collections::BTreeMap::new();
    members.extend(all.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Value::Object(members)
}

fn part(label: &str) -> Value {
    Value::object([("label", Value::from(label))])
}

fn every_nesting() -> Value {
    thing([
        ("one", part("x")),
        ("many", Value::list([part("y"), part("zz")])),
        ("bag", Value::set([part("u"), part("vv")])),
        ("named", Value::map([("k", part("www"))])),
        ("lamp", Value::list([Value::object([("watts", Value::from(5))])])),
        ("any", Value::list([Value::from(1)])),
        ("tags", Value::map([("t", Value::from("1"))])),
    ])
}

fn thing_type() -> Type {
    provider_framework::Resource::schema(&tests_suite::probe::Thing).ty()
}

fn encoded(value: &Value) -> DynamicValue {
    DynamicValue::encode(value, &thing_type()).expect("the value fits the schema")
}

fn complete(config: &Value) -> Value {
    let Type::Object(types) = thing_type() else { unreachable!("a schema is an object") };
    let member = |name: &String| config.get(name).cloned().unwrap_or(Value::Null);
    let mut members: std::collections::BTreeMap<String, Value> =
        types.keys().map(|name| (name.clone(), member(name))).collect();
    members.entry("lamp".to_owned()).and_modify(|lamp| {
        if lamp.is_null() {
            *lamp = Value::list([]);
        }
    });
    Value::Object(members)
}

fn details(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .map(|said| {
            format!("{}: {}", said.path.as_ref().map_or("-".into(), ToString::to_string), said.detail)
        })
        .collect()
}

#[tokio::test]
async fn rule_6_objects_are_complete_and_absent_blocks_are_empty() {
    let (mut terraform, _, _folder) = terraform().await;
    terraform.apply(THING, "a", &thing([])).await.expect("it can be created");
    let state = &terraform.instance(THING, "a").expect("it exists").state;
    state.conforms_to(&thing_type()).expect("every attribute is there");
    assert_eq!(state.get("lamp"), Some(&Value::list([])), "an absent list of blocks is empty, not null");
}

#[tokio::test]
async fn rule_7_nonsense_is_answered_with_a_diagnostic_that_says_bug() {
    let (terraform, _, _folder) = terraform().await;
    let garbage = plan_resource_change::Request {
        type_name: THING.into(),
        proposed_new_state: DynamicValue::from_msgpack(vec![0xc1, 0xff]),
        ..Default::default()
    };
    let answer = terraform.server().plan_resource_change(&Context::background(), garbage).await;
    assert!(details(&answer.diagnostics)[0].contains("bug in the provider"), "{:?}", answer.diagnostics);
    let unknown_type = read_resource::Request { type_name: "probe_nothing".into(), ..Default::default() };
    let answer = terraform.server().read_resource(&Context::background(), unknown_type).await;
    assert!(details(&answer.diagnostics)[0].contains("probe_nothing"), "{:?}", answer.diagnostics);
}

#[tokio::test]
async fn rule_8_absent_meta_config_and_private_are_no_errors() {
    let (terraform, _, _folder) = terraform().await;
    let prior = complete(&thing([("id", Value::from("thing-a"))]));
    let destroy = plan_resource_change::Request {
        type_name: THING.into(),
        prior_state: encoded(&prior),
        ..Default::default()
    };
    let answer = terraform.server().plan_resource_change(&Context::background(), destroy).await;
    assert_eq!(details(&answer.diagnostics), Vec::<String>::new());
    assert!(answer.planned_state.is_null());
    let delete = apply_resource_change::Request {
        type_name: THING.into(),
        prior_state: encoded(&prior),
        ..Default::default()
    };
    let answer = terraform.server().apply_resource_change(&Context::background(), delete).await;
    assert_eq!(details(&answer.diagnostics), Vec::<String>::new());
    assert!(answer.new_state.is_null());
}

async fn upgrade(version: i64, state: serde_json::Value) -> Result<Value, Vec<String>> {
    let (terraform, _, _folder) = terraform().await;
    let raw_state = RawState { json: serde_json::to_vec(&state).expect("JSON"), ..RawState::default() };
    let request = upgrade_resource_state::Request { type_name: THING.into(), version, raw_state };
    let answer = terraform.server().upgrade_resource_state(&Context::background(), request).await;
    if answer.diagnostics.is_empty() {
        Ok(answer.upgraded_state.decode(&thing_type()).expect("it fits the schema"))
    } else {
        Err(details(&answer.diagnostics))
    }
}

#[tokio::test]
async fn rule_9_upgrading_is_lenient_and_quick() {
    let current = json!({ "name": "a", "size": 3, "gone_since": [1, 2], "key_wo": "left over" });
    let state = upgrade(2, current).await.expect("unknown attributes are dropped");
    assert_eq!(state.get("size"), Some(&Value::from(3)));
    assert_eq!(state.get("note"), Some(&Value::Null), "missing attributes are null");
    assert_eq!(state.get("key_wo"), Some(&Value::Null), "write-only is null");
    let oldest = upgrade(0, json!({ "title": "a", "size": "4" })).await.expect("two versions in one step");
    assert_eq!((oldest.get("name"), oldest.get("size")), (Some(&Value::from("a")), Some(&Value::from(4))));
    let errors = upgrade(1, json!({ "name": "a", "size": "many" })).await.expect_err("no number");
    assert!(errors[0].contains("its size \"many\" is no number"), "{errors:?}");
    let errors = upgrade(-3, json!({})).await.expect_err("no way from there");
    assert!(errors[0].contains("no way from there to version 2"), "{errors:?}");

    let (terraform, _, _folder) = terraform().await;
    let raw_state = RawState { json: br#"{"name":"a","size":3}"#.to_vec(), ..RawState::default() };
    let start = Instant::now();
    for _ in 0..200 {
        let request = upgrade_resource_state::Request {
            type_name: THING.into(),
            version: 2,
            raw_state: raw_state.clone(),
        };
        terraform.server().upgrade_resource_state(&Context::background(), request).await;
    }
    // A millisecond each would already be slow; the bound is for machines that are busy otherwise.
    assert!(start.elapsed() < Duration::from_secs(2), "200 upgrades took {:?}", start.elapsed());
}

#[tokio::test]
async fn rule_10_reading_keeps_private_data_and_what_cannot_be_read() {
    let (mut terraform, _, _folder) = terraform().await;
    let config =
        thing([("secret", Value::from("hunter22")), ("tags", Value::map([("t", Value::from("1"))]))]);
    terraform.apply(THING, "a", &config).await.expect("it can be created");
    let before = terraform.instance(THING, "a").expect("it exists").clone();
    assert!(!before.private.is_empty());
    terraform.refresh(THING, "a").await.expect("it can be read");
    assert_eq!(terraform.instance(THING, "a"), Some(&before));
    let changed = thing([("size", Value::from(2))]);
    let change = terraform.apply(THING, "a", &changed).await.expect("it can be changed");
    assert_eq!(change.state.get("applies"), Some(&Value::from(2)), "the private data came back");
}

#[tokio::test]
async fn rule_11_computed_values_become_unknown_only_with_a_difference() {
    let (mut terraform, _, _folder) = terraform().await;
    terraform.apply(THING, "a", &every_nesting()).await.expect("it can be created");
    terraform.expect_settled(THING, "a", &every_nesting()).await;
    let Value::Object(mut members) = every_nesting() else { unreachable!("an object") };
    members.insert("size".into(), Value::from(2));
    let change = terraform.plan(THING, "a", &Value::Object(members)).await.expect("it can be planned");
    assert_eq!(change.action, Action::Update);
    assert!(change.state.get("serial").is_some_and(Value::is_unknown), "the provider decides it again");
    assert_eq!(change.state.get("id"), Some(&Value::from("thing-a")), "it keeps its state");
    let seen = |path: Path| change.state.at(&path).cloned();
    assert_eq!(seen(Path::root().attribute("many").index(1).attribute("seen")), Some(Value::from(2)));
    assert_eq!(seen(Path::root().attribute("named").key("k").attribute("seen")), Some(Value::from(3)));
    assert_eq!(seen(Path::root().attribute("lamp").index(0).attribute("state")), Some(Value::from("lit")));
}

#[tokio::test]
async fn rule_12_configured_values_are_not_normalised() {
    let (mut terraform, _, _folder) = terraform().await;
    let note = |text: &str| thing([("note", Value::from(text))]);
    terraform.apply(THING, "a", &note("Hello")).await.expect("it can be created");
    // The world answers in capitals; what the user wrote stays.
    terraform.expect_settled(THING, "a", &note("Hello")).await;
    let change = terraform.plan(THING, "a", &note("HELLO")).await.expect("it can be planned");
    assert_eq!(change.action, Action::NoOp, "another notation of the same is no change");
    let change = terraform.plan(THING, "a", &note("Bye")).await.expect("it can be planned");
    assert_eq!(change.action, Action::Update);
}

#[tokio::test]
async fn rule_13_a_plan_is_deterministic_and_works_without_a_configured_provider() {
    let mut terraform = Simulator::new(Probe);
    terraform.configure(Value::object([("world", Value::unknown())])).await.expect("unknown is no error");
    let first = terraform.plan(THING, "a", &every_nesting()).await.expect("it can be planned");
    let second = terraform.plan(THING, "a", &every_nesting()).await.expect("it can be planned");
    assert_eq!((first.action, &first.state), (Action::Create, &second.state));
    let errors = terraform.apply(THING, "a", &thing([])).await.expect_err("it cannot be made yet");
    assert!(details(&errors)[0].contains("only known after apply"), "{errors:?}");
}

#[tokio::test]
async fn rule_14_validation_needs_no_provider_and_survives_unknown_values() {
    let terraform = Simulator::new(Probe);
    let unknown =
        ["name", "size", "note", "tags", "secret", "one", "many", "bag", "named", "any", "timeouts"];
    let config = Value::object(unknown.map(|name| (name, Value::unknown())));
    assert_eq!(details(&terraform.validate(THING, &config).await), Vec::<String>::new());
}

#[tokio::test]
async fn rule_15_identity_is_kept_and_absent_where_there_is_none_yet() {
    let (mut terraform, _, _folder) = terraform().await;
    let request = get_resource_identity_schemas::Request;
    let schemas = terraform.server().get_resource_identity_schemas(&Context::background(), request).await;
    assert!(schemas.identity_schemas.contains_key(THING));
    terraform.apply(THING, "a", &thing([])).await.expect("it can be created");
    let read = |state: Value| read_resource::Request {
        type_name: THING.into(),
        current_state: encoded(&state),
        ..Default::default()
    };
    let state = terraform.instance(THING, "a").expect("it exists").state.clone();
    let answer = terraform.server().read_resource(&Context::background(), read(state)).await;
    let identity = answer.new_identity.expect("an existing thing has one");
    let ty = schemas.identity_schemas[THING].implied_type();
    assert_eq!(identity.decode(&ty).expect("it fits"), Value::object([("name", Value::from("a"))]));
    let answer = terraform.server().read_resource(&Context::background(), read(Value::Null)).await;
    assert_eq!((answer.new_identity, answer.diagnostics.len()), (None, 0));
}

#[tokio::test]
async fn rule_16_write_only_values_are_used_and_never_kept() {
    let (mut terraform, _, _folder) = terraform().await;
    let config = thing([("key_wo", Value::from("0123456789"))]);
    let change = terraform.apply(THING, "a", &config).await.expect("it can be created");
    assert_eq!(change.state.get("key_length"), Some(&Value::from(10)), "the key was used");
    assert_eq!(change.state.get("key_wo"), Some(&Value::Null), "and not kept");
    terraform.expect_settled(THING, "a", &config).await;
    terraform.capabilities = ClientCapabilities::default();
    let said = details(&terraform.validate(THING, &config).await);
    assert!(said[0].starts_with("key_wo: ") && said[0].contains("Terraform 1.11"), "{said:?}");
}

#[tokio::test]
async fn rule_17_stopping_ends_what_is_in_flight_and_keeps_what_was_made() {
    let (mut terraform, world, _folder) = terraform().await;
    let context = terraform.context.clone();
    tokio::spawn(async move { context.cancelled.cancel() });
    let config = thing([("fail", Value::from("slow"))]);
    let errors = terraform.apply(THING, "a", &config).await.expect_err("it was interrupted");
    assert_eq!(errors[0].summary, "Interrupted");
    assert_eq!(world.happened().last().map(String::as_str), Some("interrupted"));
    let instance = terraform.instance(THING, "a").expect("what was made is in the state");
    assert_eq!(instance.state.get("id"), Some(&Value::from("thing-a")));
    assert_eq!(instance.state.get("serial"), Some(&Value::Null), "what is not decided is null, not unknown");
    // The server stays usable.
    terraform.context = Context::background();
    assert_eq!(details(&terraform.validate(THING, &thing([])).await), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_timeout_ends_an_operation_and_names_itself() {
    let (mut terraform, _, _folder) = terraform().await;
    let timeouts = Value::object([("create", Value::from("90s"))]);
    let config = thing([("fail", Value::from("slow")), ("timeouts", timeouts)]);
    let errors = terraform.apply(THING, "a", &config).await.expect_err("it timed out");
    assert_eq!(errors[0].summary, "Timeout of create after 90s");
    assert!(errors[0].detail.contains("timeouts = { create"), "{}", errors[0].detail);
}

#[tokio::test]
async fn rule_18_a_failed_create_taints_and_a_resumable_one_does_not() {
    let (mut terraform, world, _folder) = terraform().await;
    let fail = |how: &str| thing([("fail", Value::from(how))]);
    terraform.apply(THING, "a", &fail("late")).await.expect_err("half made");
    assert!(terraform.instance(THING, "a").expect("it exists").tainted);
    let change = terraform.apply(THING, "a", &thing([])).await.expect("it is replaced");
    assert_eq!(change.action, Action::Replace);
    assert_eq!(world.happened(), ["configure", "create a", "delete a", "create a"]);

    let (mut terraform, world, _folder2) = self::terraform().await;
    terraform.apply(THING, "a", &fail("resume")).await.expect("a warning is no error");
    assert!(!terraform.instance(THING, "a").expect("it exists").tainted);
    world.put("may-finish", &json!({})).expect("our own folder");
    let change = terraform.apply(THING, "a", &fail("resume")).await.expect("it is finished");
    assert_eq!((change.action, change.state.get("ready")), (Action::Update, Some(&Value::Bool(true))));
    terraform.expect_settled(THING, "a", &fail("resume")).await;

    terraform
        .apply(THING, "b", &thing([("name", Value::from("b")), ("fail", Value::from("early"))]))
        .await
        .expect_err("no");
    assert_eq!(terraform.instance(THING, "b"), None, "nothing was made, so nothing is kept");
}

#[tokio::test]
async fn rule_19_configuring_again_replaces_the_client() {
    let (mut terraform, first, _folder) = terraform().await;
    let second = tempfile::tempdir().expect("a temporary folder");
    let config = Value::object([("world", Value::string(second.path().display().to_string()))]);
    terraform.configure(config).await.expect("a good provider block");
    terraform.apply(THING, "a", &thing([])).await.expect("it can be created");
    assert_eq!(first.get("a"), None);
    assert!(World::new(second.path()).get("a").is_some());
    let broken = configure_provider::Request::default();
    terraform.server().configure_provider(&Context::background(), broken).await;
}

#[tokio::test]
async fn rule_20_schemas_and_functions_are_what_terraform_can_load() {
    let server = provider_framework::Server::new(Probe);
    assert_eq!(server.mistakes(), Vec::<String>::new());
    let schema = server.get_provider_schema(&Context::background(), get_provider_schema::Request).await;
    assert!(schema.diagnostics.is_empty(), "{:?}", schema.diagnostics);
    assert_eq!(schema.functions["shout"].return_type, Type::String);
    assert!(
        schema.server_capabilities.plan_destroy && schema.server_capabilities.get_provider_schema_optional
    );

    let argument = |text: &str| DynamicValue::encode(&Value::from(text), &Type::String).expect("a string");
    let call = |arguments| call_function::Request { name: "shout".into(), arguments };
    let said = server.call_function(&Context::background(), call(vec![argument("a"), argument("b")])).await;
    assert_eq!(said.expect("it shouts").decode(&Type::String).expect("a string"), Value::from("A B"));
    let error = server.call_function(&Context::background(), call(vec![argument("a"), argument("")])).await;
    assert_eq!(error.expect_err("nothing to shout").argument, Some(1));
}

#[tokio::test]
async fn rule_21_every_wrong_attribute_is_told_at_once_with_its_full_path() {
    let (terraform, _, _folder) = terraform().await;
    let bad_part = Value::object([("label", Value::from("much too long")), ("level", Value::from(99))]);
    let config = Value::object([
        ("name", Value::from("BIG")),
        ("size", Value::from(0)),
        ("tags", Value::map([("Big", Value::from("x"))])),
        ("secret", Value::from("abc")),
        ("key_wo", Value::from("x")),
        ("one", bad_part.clone()),
        ("many", Value::list([part("ok"), bad_part.clone()])),
        ("named", Value::map([("k", bad_part)])),
        ("lamp", Value::list([Value::object([("watts", Value::from(0))])])),
        ("timeouts", Value::object([("create", Value::from("soon"))])),
    ]);
    let mut said = details(&terraform.validate(THING, &config).await);
    said.sort();
    let paths: Vec<&str> = said.iter().map(|line| line.split(": ").next().unwrap_or_default()).collect();
    assert_eq!(
        paths,
        [
            "key_wo",
            "lamp[0].watts",
            "many[1].label",
            "many[1].level",
            "name",
            "named[\"k\"].label",
            "named[\"k\"].level",
            "one.label",
            "one.level",
            "secret",
            "secret",
            "size",
            "tags[\"Big\"]",
            "timeouts.create",
        ],
        "{said:#?}"
    );
    assert!(said.iter().any(|line| line.contains("many[1].level must be from 0 to 9, not 99.")), "{said:#?}");
    assert!(!said.iter().any(|line| line.contains("abc")), "a secret is not repeated: {said:#?}");
}

#[tokio::test]
async fn the_contract_checker_catches_a_provider_that_lies() {
    let (mut terraform, _, _folder) = terraform().await;
    let errors =
        terraform.apply(THING, "a", &thing([("fail", Value::from("lie"))])).await.expect_err("size differs");
    assert!(details(&errors)[0].starts_with("size: "), "{errors:?}");
    let config = thing([("name", Value::from("b")), ("fail", Value::from("unknown"))]);
    let errors = terraform.apply(THING, "b", &config).await.expect_err("ready is unknown");
    assert!(details(&errors)[0].contains("these are not: ready"), "{errors:?}");
}

#[tokio::test]
async fn unknown_parts_of_every_nesting_can_be_planned_and_then_applied() {
    let (mut terraform, _, _folder) = terraform().await;
    let unknown_part = || Value::object([("label", Value::unknown()), ("level", Value::unknown())]);
    let config = thing([
        ("size", Value::unknown()),
        ("one", unknown_part()),
        ("many", Value::list([unknown_part(), part("y")])),
        ("bag", Value::set([unknown_part()])),
        ("named", Value::map([("k", unknown_part())])),
        ("tags", Value::map([("t", Value::unknown())])),
        ("any", Value::unknown()),
    ]);
    let change = terraform.plan(THING, "a", &config).await.expect("it can be planned");
    assert_eq!(change.action, Action::Create);
    let whole = thing(["one", "many", "bag", "named", "tags"].map(|name| (name, Value::unknown())));
    terraform.plan(THING, "a", &whole).await.expect("wholly unknown nested attributes too");
    terraform.apply(THING, "a", &every_nesting()).await.expect("and with known ones it is made");
    terraform.expect_settled(THING, "a", &every_nesting()).await;
}

#[tokio::test]
async fn what_vanished_is_made_again_and_drift_is_repaired() {
    let (mut terraform, world, _folder) = terraform().await;
    terraform.apply(THING, "a", &thing([])).await.expect("it can be created");
    world.put("a", &json!({ "size": 7 })).expect("our own folder");
    let change = terraform.apply(THING, "a", &thing([])).await.expect("drift is repaired");
    assert_eq!(change.action, Action::Update);
    world.remove("a").expect("our own folder");
    let change = terraform.apply(THING, "a", &thing([])).await.expect("it is made again");
    assert_eq!(change.action, Action::Create);
    let change =
        terraform.apply(THING, "a", &thing([("name", Value::from("b"))])).await.expect("it is replaced");
    assert_eq!(change.action, Action::Replace);
    assert_eq!(change.replace, [Path::root().attribute("name")]);
    terraform.import(THING, "again", "b").await.expect("it can be imported");
    assert_eq!(
        terraform
            .look_up("probe_look", &Value::object([("name", Value::from("b"))]))
            .await
            .expect("found")
            .get("size"),
        Some(&Value::from(1))
    );
}
