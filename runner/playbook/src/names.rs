//! What module names mean: a question the crates above answer, because this one knows no modules.

/// The answer for one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// A module or action this runner has, by its full name.
    Known(String),
    /// One that Ansible or a known collection has and this runner does not, by its full name.
    Foreign(String),
    /// Nobody knows it; perhaps this one was meant.
    Unknown(Option<String>),
}

/// The lookups of `ansible.builtin`, and those that once were there and are found in collections now.
pub const BUILTIN_LOOKUPS: [&str; 25] = [
    "cartesian",
    "config",
    "csvfile",
    "dict",
    "env",
    "file",
    "fileglob",
    "first_found",
    "flattened",
    "indexed_items",
    "ini",
    "inventory_hostnames",
    "items",
    "lines",
    "list",
    "nested",
    "password",
    "pipe",
    "random_choice",
    "sequence",
    "subelements",
    "template",
    "together",
    "url",
    "vars",
];

/// Knows modules, so that a playbook's mistakes are found before anything runs.
pub trait ModuleNames: Send + Sync {
    /// What a name written in a task means; `collections` are searched for a name without a dot.
    fn resolve(&self, name: &str, collections: &[String]) -> Resolved;

    /// Whether a lookup plugin of this name exists, for `with_NAME`.
    fn knows_lookup(&self, name: &str) -> bool {
        name.contains('.') || BUILTIN_LOOKUPS.contains(&name)
    }

    /// What is wrong with an option of a module, by the module's full name: none when the module has it.
    fn unknown_option(&self, _module: &str, _option: &str) -> Option<UnknownOption> {
        None
    }
}

/// An option a module does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownOption {
    /// The options it has, for the message.
    pub supported: Vec<String>,
    /// The one that was probably meant.
    pub suggestion: Option<String>,
}

/// Believes every name; for tools that only look at the shape of a playbook.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnyName;

impl ModuleNames for AnyName {
    fn resolve(&self, name: &str, _collections: &[String]) -> Resolved {
        let bare = name.strip_prefix("ansible.legacy.").unwrap_or(name);
        if bare.contains('.') {
            Resolved::Known(bare.to_owned())
        } else {
            Resolved::Known(format!("ansible.builtin.{bare}"))
        }
    }
}
