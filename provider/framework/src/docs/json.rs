//! The schema as `terraform providers schema -json` prints it.

use provider_protocol::cty::Type;
use provider_protocol::schema::{Attribute, AttributeType, Block, IdentitySchema, NestedBlock};
use provider_protocol::schema::{Function, Nesting, Parameter, Schema};
use serde_json::{Map, Value as Json, json};

use crate::{Provider, Server};

/// The JSON document for the provider at that address.
pub fn schema_json<P: Provider>(server: &Server<P>, address: &str) -> String {
    let mut provider = Map::new();
    provider.insert("provider".to_owned(), schema(&server.schema.to_wire()));
    let mut section = |name: &str, members: Map<String, Json>| {
        if !members.is_empty() {
            provider.insert(name.to_owned(), Json::Object(members));
        }
    };
    let resources = server.resources.iter();
    section(
        "resource_schemas",
        resources.map(|(name, found)| (name.to_string(), schema(&found.schema().to_wire()))).collect(),
    );
    let sources = server.data_sources.iter();
    section(
        "data_source_schemas",
        sources.map(|(name, found)| (name.to_string(), schema(&found.schema().to_wire()))).collect(),
    );
    let ephemerals = server.ephemerals.iter();
    section(
        "ephemeral_resource_schemas",
        ephemerals.map(|(name, found)| (name.to_string(), schema(&found.schema().to_wire()))).collect(),
    );
    let functions = server.functions.iter();
    section(
        "functions",
        functions.map(|(name, found)| (name.to_string(), function(&found.signature().to_wire()))).collect(),
    );
    let identities = server.resources.iter();
    section(
        "resource_identity_schemas",
        identities
            .filter_map(|(name, found)| Some((name.to_string(), identity(&found.identity()?))))
            .collect(),
    );
    let document = json!({ "format_version": "1.0", "provider_schemas": { address: provider } });
    let mut text = serde_json::to_string_pretty(&document).expect("JSON values print as JSON");
    text.push('\n');
    text
}

fn schema(schema: &Schema) -> Json {
    json!({ "version": schema.version, "block": block(&schema.block) })
}

fn block(found: &Block) -> Json {
    let mut members = Map::new();
    if !found.attributes.is_empty() {
        members.insert("attributes".to_owned(), attributes(&found.attributes));
    }
    if !found.blocks.is_empty() {
        let blocks: Map<String, Json> =
            sorted(found.blocks.iter().map(|found| (found.type_name.clone(), nested_block(found))));
        members.insert("block_types".to_owned(), Json::Object(blocks));
    }
    describe(&mut members, &found.description, found.deprecated.is_some());
    Json::Object(members)
}

fn attributes(found: &[Attribute]) -> Json {
    Json::Object(sorted(found.iter().map(|found| (found.name.clone(), attribute(found)))))
}

fn attribute(found: &Attribute) -> Json {
    let mut members = Map::new();
    match &found.ty {
        AttributeType::Plain(ty) => members.insert("type".to_owned(), type_json(ty)),
        AttributeType::Nested { attributes: nested, nesting } => members.insert(
            "nested_type".to_owned(),
            json!({ "attributes": attributes(nested), "nesting_mode": nesting_name(*nesting) }),
        ),
    };
    describe(&mut members, &found.description, found.deprecated.is_some());
    let flags = [
        ("required", found.required),
        ("optional", found.optional),
        ("computed", found.computed),
        ("sensitive", found.sensitive),
        ("write_only", found.write_only),
    ];
    for (name, _) in flags.into_iter().filter(|(_, holds)| *holds) {
        members.insert(name.to_owned(), Json::Bool(true));
    }
    Json::Object(members)
}

fn nested_block(found: &NestedBlock) -> Json {
    let mut members = Map::new();
    members.insert("nesting_mode".to_owned(), nesting_name(found.nesting).into());
    members.insert("block".to_owned(), block(&found.block));
    for (name, count) in [("min_items", found.min_items), ("max_items", found.max_items)] {
        if count != 0 {
            members.insert(name.to_owned(), count.into());
        }
    }
    Json::Object(members)
}

fn function(found: &Function) -> Json {
    let mut members = Map::new();
    members.insert("description".to_owned(), found.description.clone().into());
    members.insert("summary".to_owned(), found.summary.clone().into());
    members.insert("return_type".to_owned(), type_json(&found.return_type));
    if !found.parameters.is_empty() {
        members.insert("parameters".to_owned(), found.parameters.iter().map(parameter).collect());
    }
    if let Some(variadic) = &found.variadic_parameter {
        members.insert("variadic_parameter".to_owned(), parameter(variadic));
    }
    Json::Object(members)
}

fn parameter(found: &Parameter) -> Json {
    let mut members = Map::new();
    members.insert("name".to_owned(), found.name.clone().into());
    members.insert("description".to_owned(), found.description.clone().into());
    if found.allow_null_value {
        members.insert("is_nullable".to_owned(), Json::Bool(true));
    }
    members.insert("type".to_owned(), type_json(&found.ty));
    Json::Object(members)
}

fn identity(found: &IdentitySchema) -> Json {
    let attributes = sorted(found.attributes.iter().map(|attribute| {
        let mut members = Map::new();
        members.insert("type".to_owned(), type_json(&attribute.ty));
        members.insert("description".to_owned(), attribute.description.clone().into());
        if attribute.required_for_import {
            members.insert("required_for_import".to_owned(), Json::Bool(true));
        }
        if attribute.optional_for_import {
            members.insert("optional_for_import".to_owned(), Json::Bool(true));
        }
        (attribute.name.clone(), Json::Object(members))
    }));
    json!({ "version": found.version, "attributes": attributes })
}

fn describe(members: &mut Map<String, Json>, description: &str, deprecated: bool) {
    if !description.is_empty() {
        members.insert("description".to_owned(), description.into());
    }
    members.insert("description_kind".to_owned(), "markdown".into());
    if deprecated {
        members.insert("deprecated".to_owned(), Json::Bool(true));
    }
}

fn type_json(ty: &Type) -> Json {
    serde_json::from_str(&ty.to_json()).expect("types print as JSON")
}

const fn nesting_name(nesting: Nesting) -> &'static str {
    match nesting {
        Nesting::Single => "single",
        Nesting::List => "list",
        Nesting::Set => "set",
        Nesting::Map => "map",
    }
}

fn sorted(members: impl Iterator<Item = (String, Json)>) -> Map<String, Json> {
    let members: std::collections::BTreeMap<String, Json> = members.collect();
    members.into_iter().collect()
}
