//! The section "Schema" of a page: groups by who sets an attribute, and a part of its own for each nested object.

use provider_protocol::cty::Type;
use provider_protocol::schema::Nesting;

use crate::schema::{Attribute, Block, Presence, Schema};

/// A note for groups that hold write-only attributes.
const WRITE_ONLY_NOTE: &str =
    "> **NOTE**: Write-only arguments are supported in Terraform 1.11 and later.\n\n";

/// What a page says about a schema.
pub(super) fn schema_section(schema: &Schema) -> String {
    let mut text = "<!-- This section is generated from the provider's schema. -->\n## Schema\n".to_owned();
    let body = Part { anchor: String::new(), title: String::new() };
    let mut nested = Vec::new();
    let groups = body.groups(&schema.body.attributes, &schema.body.blocks, "### ", "", &mut nested);
    if groups.is_empty() {
        text.push_str("\nIt has no attributes.\n");
    }
    text.push_str(&groups);
    for part in nested {
        text.push_str(&part);
    }
    text
}

/// An object that is described: the whole schema, or a nested one.
struct Part {
    /// `--nodes--disks`, to make anchors from.
    anchor: String,
    /// `nodes.disks`.
    title: String,
}

impl Part {
    fn inside(&self, name: &str) -> Self {
        let dot = if self.title.is_empty() { "" } else { "." };
        Self { anchor: format!("{}--{name}", self.anchor), title: format!("{}{dot}{name}", self.title) }
    }

    /// The groups "Required", "Optional" and "Read-Only"; parts about nested objects are added to `nested`.
    fn groups(
        &self,
        attributes: &[Attribute],
        blocks: &[Block],
        before: &str,
        after: &str,
        nested: &mut Vec<String>,
    ) -> String {
        let mut text = String::new();
        for (title, wanted) in [("Required", 0), ("Optional", 1), ("Read-Only", 2)] {
            let mut lines: Vec<(&str, String)> = Vec::new();
            for attribute in attributes.iter().filter(|attribute| group_of(attribute) == wanted) {
                lines.push((&attribute.name, self.attribute_line(attribute)));
            }
            for block in blocks.iter().filter(|block| usize::from(block.min_items == 0) == wanted) {
                lines.push((&block.name, self.block_line(block)));
            }
            if lines.is_empty() {
                continue;
            }
            let has_write_only =
                attributes.iter().any(|attribute| group_of(attribute) == wanted && attribute.write_only);
            lines.sort_by_key(|(name, _)| *name);
            let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
            let note = if has_write_only { WRITE_ONLY_NOTE } else { "" };
            text.push_str(&format!("\n{before}{title}{after}\n\n{note}{}\n", lines.join("\n")));
        }
        let mut parts: Vec<(&str, &'static str, &[Attribute], &[Block])> = attributes
            .iter()
            .filter_map(|attribute| {
                Some((attribute.name.as_str(), "nestedatt", attribute.nested()?.1, &[][..]))
            })
            .chain(blocks.iter().map(|block| {
                (block.name.as_str(), "nestedblock", &block.body.attributes[..], &block.body.blocks[..])
            }))
            .collect();
        parts.sort_by_key(|(name, ..)| *name);
        for (name, kind, attributes, blocks) in parts {
            let part = self.inside(name);
            let mut deeper = Vec::new();
            let groups = part.groups(attributes, blocks, "", ":", &mut deeper);
            let (anchor, title) = (&part.anchor, &part.title);
            nested
                .push(format!("\n<a id=\"{kind}{anchor}\"></a>\n### Nested Schema for `{title}`\n{groups}"));
            nested.append(&mut deeper);
        }
        text
    }

    fn attribute_line(&self, attribute: &Attribute) -> String {
        let mut marks = vec![match &attribute.nested() {
            None => type_name(&attribute.ty()),
            Some((nesting, _)) => format!("Attributes{}", suffix(*nesting)),
        }];
        if attribute.sensitive {
            marks.push("Sensitive".to_owned());
        }
        if attribute.write_only {
            marks.push("[Write-only](https://developer.hashicorp.com/terraform/language/resources/ephemeral#write-only-arguments)".to_owned());
        }
        if attribute.deprecated.is_some() {
            marks.push("Deprecated".to_owned());
        }
        let description =
            [attribute.full_description(), attribute.deprecated.clone().unwrap_or_default()].join(" ");
        let see = attribute.nested().map(|_| self.see("nestedatt", &attribute.name)).unwrap_or_default();
        format!("- `{}` ({}) {}{see}", attribute.name, marks.join(", "), description.trim())
    }

    fn block_line(&self, block: &Block) -> String {
        let mut marks = vec![format!("Block{}", suffix(block.nesting))];
        match (block.nesting, block.min_items, block.max_items) {
            (Nesting::Single, 0, _) => marks.push("Optional".to_owned()),
            (Nesting::Single, ..) => {}
            (_, min, max) => {
                marks.extend((min > 0).then(|| format!("Min: {min}")));
                marks.extend((max > 0).then(|| format!("Max: {max}")));
            }
        }
        let see = self.see("nestedblock", &block.name);
        format!("- `{}` ({}) {}{see}", block.name, marks.join(", "), block.description)
    }

    fn see(&self, kind: &str, name: &str) -> String {
        format!(" (see [below for nested schema](#{kind}{}))", self.inside(name).anchor)
    }
}

/// The position of the group an attribute belongs to.
fn group_of(attribute: &Attribute) -> usize {
    match attribute.presence {
        Presence::Required => 0,
        Presence::Optional | Presence::OptionalComputed => 1,
        Presence::Computed => 2,
    }
}

fn suffix(nesting: Nesting) -> &'static str {
    match nesting {
        Nesting::Single => "",
        Nesting::List => " List",
        Nesting::Set => " Set",
        Nesting::Map => " Map",
    }
}

/// A type as the Registry writes it.
pub(super) fn type_name(ty: &Type) -> String {
    match ty {
        Type::Dynamic => "Dynamic".to_owned(),
        Type::Bool => "Boolean".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::String => "String".to_owned(),
        Type::List(element) => format!("List of {}", type_name(element)),
        Type::Set(element) => format!("Set of {}", type_name(element)),
        Type::Map(element) => format!("Map of {}", type_name(element)),
        Type::Object(_) => "Object".to_owned(),
        Type::Tuple(_) => "Tuple".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validate;

    #[test]
    fn a_page_has_the_registrys_layout() {
        let schema = Schema::new("A room.")
            .attribute(
                Attribute::string("name")
                    .required()
                    .validate(validate::length(1..=9))
                    .replaces()
                    .describe("Its name."),
            )
            .attribute(Attribute::string("key_wo").optional().write_only().sensitive().describe("The key."))
            .attribute(Attribute::string("id").computed().describe("Its number."))
            .attribute(
                Attribute::map_of(
                    "doors",
                    [
                        Attribute::number("width_cm").default(90).describe("How wide."),
                        Attribute::string("lock").computed().describe("The lock."),
                    ],
                )
                .optional()
                .describe("The doors."),
            )
            .block(
                Block::list("lamp")
                    .items(1, 2)
                    .describe("A lamp.")
                    .attribute(Attribute::bool("on").required().describe("Lit.")),
            );
        insta::assert_snapshot!(schema_section(&schema));
    }
}
