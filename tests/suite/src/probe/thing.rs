//! `probe_thing`: a resource with every kind of attribute and every ability.

use std::collections::BTreeMap;

use provider_framework::cty::{Path, Type, Value};
use provider_framework::schema::{Attribute, Block, Relation, Schema, validate};
use provider_framework::timeouts::TimeoutsModel;
use provider_framework::{
    Attr, Change, Diagnostic, Diagnostics, IdentityAttribute, IdentitySchema, Import, Outcome, Plan,
    Resource, Run, Secret, Source, Timeouts, Upgrader, async_trait, model,
};

use super::{World, thing_json};

/// The resource.
pub struct Thing;

model! {
    /// What the user writes and Terraform stores.
    pub struct ThingModel {
        pub id: Attr<String>,
        pub name: Attr<String>,
        pub size: Attr<i64>,
        pub note: Attr<String>,
        pub tags: Attr<BTreeMap<String, String>>,
        pub any: Attr<Value>,
        pub secret: Attr<Secret<String>>,
        pub key_wo: Attr<Secret<String>>,
        pub key_wo_version: Attr<i64>,
        pub key_length: Attr<i64>,
        pub one: Attr<PartModel>,
        pub many: Attr<Vec<PartModel>>,
        pub bag: Attr<Vec<PartModel>>,
        pub named: Attr<BTreeMap<String, PartModel>>,
        pub lamp: Attr<Vec<LampModel>>,
        pub serial: Attr<i64>,
        pub applies: Attr<i64>,
        pub ready: Attr<bool>,
        pub fail: Attr<String>,
        pub timeouts: Attr<TimeoutsModel>,
    }

    /// A nested attribute.
    pub struct PartModel {
        pub label: Attr<String>,
        pub level: Attr<i64>,
        pub seen: Attr<i64>,
    }

    /// A block.
    pub struct LampModel {
        pub watts: Attr<i64>,
        pub state: Attr<String>,
    }
}

fn part() -> [Attribute; 3] {
    [
        Attribute::string("label").required().validate(validate::length(1..=9)).describe("A label."),
        Attribute::number("level").default(5).validate(validate::between(0..=9)).describe("A level."),
        Attribute::number("seen")
            .computed()
            .keeps_state()
            .describe("How long the label was when first seen."),
    ]
}

#[async_trait]
impl Resource for Thing {
    type Model = ThingModel;
    type Client = World;

    fn name(&self) -> &'static str {
        "probe_thing"
    }

    fn schema(&self) -> Schema {
        let lower = validate::text("must be lower case", |found| {
            if found.chars().any(char::is_uppercase) { Err(String::new()) } else { Ok(()) }
        });
        Schema::new("A thing.")
            .version(2)
            .attribute(Attribute::string("id").computed().keeps_state().describe("Its number."))
            .attribute(
                Attribute::string("name").required().validate(lower.clone()).replaces().describe("Its name."),
            )
            .attribute(
                Attribute::number("size")
                    .default(1)
                    .validate(validate::between(1..=10))
                    .describe("Its size."),
            )
            .attribute(
                Attribute::string("note")
                    .optional()
                    .same_when(same_letters)
                    .describe("Letter case is no matter."),
            )
            .attribute(
                Attribute::map("tags", Type::String)
                    .optional()
                    .validate(validate::keys(lower))
                    .describe("Tags."),
            )
            .attribute(Attribute::dynamic("any").optional().describe("Anything."))
            .attribute(
                Attribute::string("secret")
                    .optional()
                    .sensitive()
                    .validate(validate::length(4..=64))
                    .describe("A secret."),
            )
            .attribute(
                Attribute::string("key_wo").optional().write_only().describe("A key that is not kept."),
            )
            .attribute(
                Attribute::number("key_wo_version").optional().describe("Raise it when the key changes."),
            )
            .attribute(Attribute::number("key_length").computed().describe("How long the key is."))
            .attribute(Attribute::object("one", part()).optional().describe("One part."))
            .attribute(Attribute::list_of("many", part()).optional().describe("Parts in order."))
            .attribute(Attribute::set_of("bag", part()).optional().describe("Parts without order."))
            .attribute(Attribute::map_of("named", part()).optional().describe("Parts by name."))
            .attribute(Attribute::number("serial").computed().describe("Counts changes."))
            .attribute(Attribute::number("applies").computed().describe("The count in the private data."))
            .attribute(Attribute::bool("ready").computed().describe("Whether it is finished."))
            .attribute(Attribute::string("fail").optional().describe("How it is to fail."))
            .attribute(self.timeouts().attribute())
            .block(
                Block::list("lamp")
                    .items(0, 2)
                    .describe("A lamp.")
                    .attribute(
                        Attribute::number("watts")
                            .required()
                            .validate(validate::at_least(1))
                            .describe("Its power."),
                    )
                    .attribute(
                        Attribute::string("state").computed().keeps_state().describe("Whether it is lit."),
                    ),
            )
            .relation(Relation::conflicting(&["secret", "key_wo"]))
    }

    fn validate(&self, config: &ThingModel, diagnostics: &mut Diagnostics) {
        if config.name.as_str() == Some("forbidden") {
            diagnostics.error_at(
                Path::root().attribute("name"),
                "Forbidden name",
                "No thing may be called that.",
            );
        }
    }

    fn plan(&self, _: Option<&World>, plan: &mut Plan<ThingModel>) {
        let unfinished = plan.prior.as_ref().is_some_and(|prior| prior.ready == Attr::Known(false));
        if unfinished {
            plan.force_update();
        }
    }

    fn plan_destroy(&self, _: Option<&World>, prior: &ThingModel, diagnostics: &mut Diagnostics) {
        if prior.tags.known().is_some_and(|tags| tags.contains_key("precious")) {
            diagnostics.warning("A precious thing is destroyed", "It is tagged as precious.");
        }
    }

    async fn read(&self, run: &mut Run<World>, mut state: ThingModel) -> Outcome<ThingModel> {
        let world = match run.client() {
            Ok(world) => world.clone(),
            Err(diagnostic) => return Outcome::failed(diagnostic),
        };
        let Some(thing) = world.get(state.name.as_str().unwrap_or_default()) else { return Outcome::gone() };
        state.size = thing["size"].as_i64().into();
        if state.id.is_null() {
            fill_after_import(&mut state);
        }
        // The world shouts notes back; that is the same note.
        state.note = state.note.map(|note| note.to_uppercase());
        state.into()
    }

    async fn apply(&self, run: &mut Run<World>, change: Change<ThingModel>) -> Outcome<ThingModel> {
        let world = match run.client() {
            Ok(world) => world.clone(),
            Err(diagnostic) => return Outcome::failed(diagnostic),
        };
        match change {
            Change::Create { planned, config } => {
                world.log(&format!("create {}", planned.name.as_str().unwrap_or_default()));
                make(run, &world, planned, &config, 1).await
            }
            Change::Update { prior, planned, config } => {
                world.log(&format!("update {}", planned.name.as_str().unwrap_or_default()));
                make(run, &world, planned, &config, prior.serial.unwrap_or(0) + 1).await
            }
            Change::Delete { prior } => {
                world.log(&format!("delete {}", prior.name.as_str().unwrap_or_default()));
                if prior.fail.as_str() == Some("delete") && world.get("may-delete").is_none() {
                    return Outcome::failed(Diagnostic::error("Cannot delete", "It is held."));
                }
                match world.remove(prior.name.as_str().unwrap_or_default()) {
                    Ok(()) => Outcome::gone(),
                    Err(error) => Outcome::failed(Diagnostic::error("Cannot delete", format!("{error}."))),
                }
            }
        }
    }

    async fn import(&self, run: &mut Run<World>, from: Import) -> Outcome<ThingModel> {
        let name = match from {
            Import::Id(name) => name,
            Import::Identity(identity) => {
                identity.get("name").and_then(Value::as_str).map(str::to_owned).unwrap_or_default()
            }
        };
        let exists = run.client().map(|world| world.get(&name).is_some());
        match exists {
            Ok(true) => ThingModel { name: name.into(), ..ThingModel::default() }.into(),
            Ok(false) => Outcome::failed(Diagnostic::error(
                "There is no such thing",
                format!("Nothing is named {name}."),
            )),
            Err(diagnostic) => Outcome::failed(diagnostic),
        }
    }

    fn identity(&self) -> Option<IdentitySchema> {
        let name = IdentityAttribute {
            name: "name".to_owned(),
            ty: Type::String,
            required_for_import: true,
            optional_for_import: false,
            description: "Its name.".to_owned(),
        };
        Some(IdentitySchema { version: 0, attributes: vec![name] })
    }

    fn identify(&self, state: &ThingModel) -> Value {
        Value::object([("name", state.name.as_str().map_or(Value::Null, Value::from))])
    }

    fn upgraders(&self) -> Vec<Upgrader> {
        vec![
            Upgrader {
                from: 0,
                upgrade: |state| {
                    let title = state.remove("title").ok_or("it has no title")?;
                    state.insert("name".to_owned(), title);
                    size_to_number(state)
                },
            },
            Upgrader { from: 1, upgrade: size_to_number },
        ]
    }

    fn take_over(&self, source: &Source) -> Option<Outcome<ThingModel>> {
        if source.type_name != "terraform_data" {
            return None;
        }
        let name = source.state.get("input")?.get("value")?.as_str()?;
        let mut model = ThingModel { name: name.into(), size: Attr::Known(1), ..ThingModel::default() };
        fill_after_import(&mut model);
        Some(model.into())
    }

    fn timeouts(&self) -> Timeouts {
        Timeouts::minutes(20, 20, 20)
    }
}

fn same_letters(a: &Value, b: &Value) -> bool {
    a.as_str().map(str::to_lowercase) == b.as_str().map(str::to_lowercase)
}

fn size_to_number(state: &mut serde_json::Map<String, serde_json::Value>) -> Result<(), String> {
    if let Some(text) = state.get("size").and_then(serde_json::Value::as_str) {
        let size: i64 = text.parse().map_err(|_| format!("its size \"{text}\" is no number"))?;
        state.insert("size".to_owned(), size.into());
    }
    Ok(())
}

/// What an existing thing has by nature.
fn fill_after_import(state: &mut ThingModel) {
    let name = state.name.as_str().unwrap_or_default();
    state.id = Attr::Known(format!("thing-{name}"));
    state.serial = Attr::Known(1);
    state.applies = Attr::Known(0);
    state.key_length = Attr::Known(0);
    state.ready = Attr::Known(true);
}

async fn make(
    run: &mut Run<World>,
    world: &World,
    mut planned: ThingModel,
    config: &ThingModel,
    serial: i64,
) -> Outcome<ThingModel> {
    let fail = planned.fail.as_str().unwrap_or_default().to_owned();
    if fail == "early" {
        return Outcome::failed(Diagnostic::error("Cannot make it", "Nothing was made."));
    }
    assert!(fail != "panic", "asked to panic");
    let name = planned.name.as_str().unwrap_or_default().to_owned();
    let secret_length = planned.secret.known().map_or(0, |secret| secret.reveal().len());
    if let Err(error) = world.put(&name, &thing_json(planned.size.unwrap_or(1), secret_length)) {
        return Outcome::failed(Diagnostic::error("Cannot make it", format!("{error}.")));
    }
    planned.id.decide(format!("thing-{name}"));
    if fail == "slow" {
        world.log("waiting");
        run.cancelled().cancelled().await;
        world.log("interrupted");
        let why = run.interrupted("waiting for the thing");
        return Outcome::state(planned).with(why);
    }
    let applies = run.private.get::<i64>("applies").unwrap_or(0) + 1;
    // A number is JSON.
    let _ = run.private.set("applies", applies);
    planned.applies.decide(applies);
    planned.serial.decide(serial);
    let key_length = config.key_wo.known().map_or(0, |key| key.reveal().len());
    planned.key_length.decide(i64::try_from(key_length).unwrap_or(i64::MAX));
    see_parts(&mut planned);
    match fail.as_str() {
        "late" => {
            Outcome::state(planned).with(Diagnostic::error("Half made", "It exists, but is not finished."))
        }
        "resume" if world.get("may-finish").is_none() => {
            planned.ready.decide(false);
            let detail = "Apply again to finish it.";
            Outcome::state(planned).with(Diagnostic::warning("Not finished", detail))
        }
        "unknown" => planned.into(),
        "lie" => {
            planned.ready.decide(true);
            planned.size = Attr::Known(99);
            planned.into()
        }
        _ => {
            planned.ready.decide(true);
            planned.into()
        }
    }
}

fn see_parts(planned: &mut ThingModel) {
    let see = |part: &mut PartModel| {
        let length = part.label.as_str().map_or(0, str::len);
        part.seen.decide(i64::try_from(length).unwrap_or(i64::MAX));
    };
    planned.one.known_mut().into_iter().for_each(see);
    planned.many.known_mut().into_iter().flatten().for_each(see);
    planned.bag.known_mut().into_iter().flatten().for_each(see);
    planned.named.known_mut().into_iter().flat_map(BTreeMap::values_mut).for_each(see);
    for lamp in planned.lamp.known_mut().into_iter().flatten() {
        lamp.state.decide("lit");
    }
}
