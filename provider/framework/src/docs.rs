//! The reference pages of a provider, and its schema as JSON, both drawn from the schemas alone.
//!
//! The layout is the Terraform Registry's: `index.md`, `resources/`, `data-sources/`, `functions/`,
//! `ephemeral-resources/`. Names of pages are without the provider's prefix, names of examples with it.

mod json;
mod section;

pub use json::schema_json;

use section::schema_section;

use crate::schema::Schema;
use crate::{Function, Parameter, Provider, Server};

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Where it goes, below `docs/`.
    pub path: String,
    /// What it says, in Markdown.
    pub text: String,
}

/// Where examples come from: a path below `examples/` to its text, none where there is no such example.
pub type Examples<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// All pages, in a fixed order.
pub fn pages<P: Provider>(server: &Server<P>, examples: &Examples<'_>) -> Vec<Page> {
    let provider = server.provider.name();
    let mut pages =
        vec![Page { path: "index.md".to_owned(), text: index(provider, &server.schema, examples) }];
    for (name, resource) in &server.resources {
        let folder = format!("resources/{name}");
        let mut text =
            page("Resource", provider, name, resource.schema(), examples(&format!("{folder}/resource.tf")));
        text.push_str(&import_section(examples, &folder));
        pages.push(Page { path: path("resources", provider, name), text });
    }
    for (name, source) in &server.data_sources {
        let example = examples(&format!("data-sources/{name}/data-source.tf"));
        let text = page("Data Source", provider, name, source.schema(), example);
        pages.push(Page { path: path("data-sources", provider, name), text });
    }
    for (name, ephemeral) in &server.ephemerals {
        let example = examples(&format!("ephemeral-resources/{name}/ephemeral-resource.tf"));
        let text = page("Ephemeral Resource", provider, name, ephemeral.schema(), example);
        pages.push(Page { path: path("ephemeral-resources", provider, name), text });
    }
    for (name, function) in &server.functions {
        let example = examples(&format!("functions/{name}/function.tf"));
        let text = function_page(provider, name, &**function, example);
        pages.push(Page { path: format!("functions/{name}.md"), text });
    }
    pages
}

fn path(folder: &str, provider: &str, name: &str) -> String {
    let short = name.strip_prefix(provider).and_then(|rest| rest.strip_prefix('_')).unwrap_or(name);
    format!("{folder}/{short}.md")
}

fn front_matter(title: &str, has_subcategory: bool, description: &str) -> String {
    let subcategory = if has_subcategory { "subcategory: \"\"\n" } else { "" };
    let description: Vec<String> =
        description.lines().map(|line| format!("  {line}").trim_end().to_owned()).collect();
    format!("---\npage_title: \"{title}\"\n{subcategory}description: |-\n{}\n---\n\n", description.join("\n"))
}

fn example_section(example: Option<String>) -> String {
    example
        .map(|example| format!("## Example Usage\n\n```terraform\n{}\n```\n\n", example.trim_end()))
        .unwrap_or_default()
}

fn index(provider: &str, schema: &Schema, examples: &Examples<'_>) -> String {
    format!(
        "{}# {provider} Provider\n\n{}\n\n{}{}",
        front_matter(&format!("{provider} Provider"), false, &schema.description),
        schema.description,
        example_section(examples("provider/provider.tf")),
        schema_section(schema),
    )
}

fn page(kind: &str, provider: &str, name: &str, schema: &Schema, example: Option<String>) -> String {
    let deprecated =
        schema.deprecated.as_ref().map(|why| format!("~> **Deprecated:** {why}\n\n")).unwrap_or_default();
    format!(
        "{}# {name} ({kind})\n\n{deprecated}{}\n\n{}{}",
        front_matter(&format!("{name} {kind} - {provider}"), true, &schema.description),
        schema.description,
        example_section(example),
        schema_section(schema),
    )
}

fn import_section(examples: &Examples<'_>, folder: &str) -> String {
    let parts = [
        ("import-by-string-id.tf", "An `import` block takes the id:", "terraform"),
        ("import-by-identity.tf", "Or, from Terraform 1.12 on, the identity:", "terraform"),
        ("import.sh", "The command `terraform import` takes the id:", "shell"),
    ];
    let found: Vec<String> = parts
        .iter()
        .filter_map(|(file, said, language)| {
            let text = examples(&format!("{folder}/{file}"))?;
            Some(format!("{said}\n\n```{language}\n{}\n```\n", text.trim_end()))
        })
        .collect();
    if found.is_empty() { String::new() } else { format!("\n## Import\n\n{}", found.join("\n")) }
}

fn function_page(provider: &str, name: &str, function: &dyn Function, example: Option<String>) -> String {
    let signature = function.signature();
    let deprecated = if signature.deprecated.is_empty() {
        String::new()
    } else {
        format!("~> **Deprecated:** {}\n\n", signature.deprecated)
    };
    let ty = section::type_name;
    let shown = |parameter: &Parameter| format!("{} {}", parameter.name, ty(&parameter.ty).to_lowercase());
    let variadic = signature.variadic.as_ref().map(|parameter| format!("{}...", shown(parameter)));
    let parameters: Vec<String> = signature.parameters.iter().map(shown).chain(variadic).collect();
    let mut arguments: Vec<String> = signature
        .parameters
        .iter()
        .map(|parameter| format!("1. `{}` ({}) {}", parameter.name, ty(&parameter.ty), parameter.description))
        .collect();
    arguments.extend(signature.variadic.as_ref().map(|parameter| {
        format!("1. `{}` (Variadic, {}) {}", parameter.name, ty(&parameter.ty), parameter.description)
    }));
    format!(
        "{}# function: {name}\n\n{deprecated}{}\n\n{}## Signature\n\n```text\n{name}({}) {}\n```\n\n## Arguments\n\n{}\n",
        front_matter(&format!("{name} function - {provider}"), true, &signature.summary),
        signature.description,
        example_section(example),
        parameters.join(", "),
        ty(&signature.returns).to_lowercase(),
        arguments.join("\n"),
    )
}
