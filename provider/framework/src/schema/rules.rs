//! What Terraform asks of a schema: it refuses the whole provider otherwise, in part by crashing.

use std::collections::BTreeSet;

use provider_protocol::cty::{Path, Type};
use provider_protocol::schema::Nesting;

use super::{Attribute, Body, Kind, Presence, Schema};

/// Names that mean something to Terraform at the root of a resource or data source.
const RESERVED: &[&str] = &[
    "connection",
    "count",
    "depends_on",
    "for_each",
    "lifecycle",
    "provider",
    "provisioner",
    "alias",
    "version",
];

pub(super) fn mistakes(schema: &Schema) -> Vec<String> {
    let mut found = Vec::new();
    if schema.version < 0 {
        found.push(format!("the version {} is negative", schema.version));
    }
    if schema.description.is_empty() {
        found.push("there is no description".to_owned());
    }
    check_body(&schema.body, &Path::root(), &mut found);
    for attribute in &schema.body.attributes {
        if RESERVED.contains(&attribute.name.as_str()) {
            found.push(format!("{}: the name is reserved by Terraform", attribute.name));
        }
    }
    for path in schema.relations.iter().flat_map(super::Relation::paths) {
        if !leads_somewhere(&schema.body, path) {
            found.push(format!("{path}: a relation names an attribute that does not exist"));
        }
    }
    found
}

fn leads_somewhere(body: &Body, path: &Path) -> bool {
    let mut ty = Some(body.ty());
    for step in path.steps() {
        ty = match (ty, step) {
            (Some(Type::Object(mut attributes)), provider_protocol::cty::Step::Attribute(name)) => {
                attributes.remove(name)
            }
            _ => None,
        };
    }
    ty.is_some()
}

fn check_body(body: &Body, at: &Path, found: &mut Vec<String>) {
    check_names(
        body.attributes.iter().map(|a| &a.name).chain(body.blocks.iter().map(|b| &b.name)),
        at,
        found,
    );
    for attribute in &body.attributes {
        check_attribute(attribute, &at.clone().attribute(&attribute.name), found);
    }
    for block in &body.blocks {
        let path = at.clone().attribute(&block.name);
        if block.description.is_empty() {
            found.push(format!("{path}: there is no description"));
        }
        let range_is_wrong = match block.nesting {
            Nesting::Single => !matches!((block.min_items, block.max_items), (0, 0) | (1, 1)),
            Nesting::Map => (block.min_items, block.max_items) != (0, 0),
            Nesting::List | Nesting::Set => {
                block.min_items < 0 || (block.max_items != 0 && block.min_items > block.max_items)
            }
        };
        if range_is_wrong {
            found.push(format!("{path}: {} to {} blocks cannot be", block.min_items, block.max_items));
        }
        if block.body.ty().has_dynamic() {
            found.push(format!("{path}: a block cannot hold dynamic attributes"));
        }
        if block.nesting == Nesting::Set && block.body.attributes.iter().any(|attribute| attribute.write_only)
        {
            found.push(format!("{path}: a set cannot hold write-only attributes"));
        }
        check_body(&block.body, &path, found);
    }
}

fn check_names<'a>(names: impl Iterator<Item = &'a String>, at: &Path, found: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for name in names {
        let path = at.clone().attribute(name);
        let mut letters = name.chars();
        let begins_well = letters.next().is_some_and(|first| first.is_ascii_lowercase() || first == '_');
        if !begins_well || !letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            found.push(format!("{path}: a name has lower-case letters, digits and underscores"));
        }
        if !seen.insert(name) {
            found.push(format!("{path}: the name stands twice"));
        }
    }
}

fn check_attribute(attribute: &Attribute, path: &Path, found: &mut Vec<String>) {
    let mut say = |what: &str| found.push(format!("{path}: {what}"));
    if attribute.description.is_empty() {
        say("there is no description");
    }
    if attribute.write_only && attribute.is_computed() {
        say("a write-only attribute cannot be computed");
    }
    if attribute.presence == Presence::Computed && !attribute.validators.is_empty() {
        say("what the user cannot set needs no validators");
    }
    if attribute.presence == Presence::Computed && attribute.default.is_some() {
        say("a default is for what the user can set");
    }
    if let Some(default) = &attribute.default {
        let conformed = crate::values::conform(default, &attribute.ty());
        if let Err(mismatch) = conformed.conforms_to(&attribute.ty()) {
            say(&format!("the default does not fit: {mismatch}"));
        }
    }
    if let Kind::Nested(nesting, attributes) = &attribute.kind {
        if *nesting == Nesting::Set {
            if attribute.ty().has_dynamic() {
                say("a set cannot hold dynamic attributes");
            }
            if has_write_only(attributes) {
                say("a set cannot hold write-only attributes");
            }
        }
        check_names(attributes.iter().map(|nested| &nested.name), path, found);
        for nested in attributes {
            check_attribute(nested, &path.clone().attribute(&nested.name), found);
        }
    }
}

fn has_write_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.write_only || attribute.nested().is_some_and(|(_, nested)| has_write_only(nested))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Block, Relation, validate};

    #[track_caller]
    fn check(schema: Schema, expected: &str) {
        assert_eq!(mistakes(&schema), [expected]);
    }

    fn schema(attribute: Attribute) -> Schema {
        Schema::new("A thing.").attribute(attribute)
    }

    fn text(name: &str) -> Attribute {
        Attribute::string(name).describe("Text.")
    }

    #[test]
    fn rule_20_what_terraform_refuses_is_found_before_terraform_sees_it() {
        check(schema(text("Name")), "Name: a name has lower-case letters, digits and underscores");
        check(schema(text("a")).attribute(text("a")), "a: the name stands twice");
        check(schema(text("count")), "count: the name is reserved by Terraform");
        check(schema(text("a").computed().write_only()), "a: a write-only attribute cannot be computed");
        check(schema(text("a").default(5)), "a: the default does not fit: string is required, not a number");
        check(schema(Attribute::string("a")), "a: there is no description");
        check(
            schema(text("a").validate(validate::length(1..=2)).computed()),
            "a: what the user cannot set needs no validators",
        );
        check(
            schema(Attribute::set_of("s", [text("w").write_only()]).describe("A set.")),
            "s: a set cannot hold write-only attributes",
        );
        check(
            schema(Attribute::set_of("s", [Attribute::dynamic("d").describe("Any.")]).describe("A set.")),
            "s: a set cannot hold dynamic attributes",
        );
        check(
            schema(text("a")).block(Block::list("b").describe("Blocks.").items(3, 2)),
            "b: 3 to 2 blocks cannot be",
        );
        check(
            schema(text("a")).block(
                Block::list("b").describe("Blocks.").attribute(Attribute::dynamic("d").describe("Any.")),
            ),
            "b: a block cannot hold dynamic attributes",
        );
        check(
            schema(text("a")).relation(Relation::needs("a", "b")),
            "b: a relation names an attribute that does not exist",
        );
        check(schema(text("a")).version(-1), "the version -1 is negative");
    }
}
