//! What `include_tasks`, `include_role` and their static twins ask for.

use crate::keyword::Keywords;
use crate::node::{Map, Node};

/// A run time include.
#[derive(Clone, Debug)]
pub enum Include {
    /// `include_tasks`.
    Tasks(IncludeTasks),
    /// `include_role`.
    Role(Box<IncludeRole>),
}

/// The arguments of `include_tasks` or `import_tasks`.
#[derive(Clone, Debug)]
pub struct IncludeTasks {
    /// The file, possibly a template.
    pub file: Node,
    /// Keywords for the included tasks.
    pub apply: Keywords,
    /// The `vars:` inside `apply`.
    pub apply_vars: Map,
}

/// The arguments of `include_role` or `import_role`.
#[derive(Clone, Debug)]
pub struct IncludeRole {
    /// The role's name, possibly a template.
    pub name: Node,
    /// The file in `tasks/` instead of `main`.
    pub tasks_from: Option<Node>,
    /// The file in `vars/` instead of `main`.
    pub vars_from: Option<Node>,
    /// The file in `defaults/` instead of `main`.
    pub defaults_from: Option<Node>,
    /// The file in `handlers/` instead of `main`.
    pub handlers_from: Option<Node>,
    /// Keywords for the role's tasks.
    pub apply: Keywords,
    /// The `vars:` inside `apply`.
    pub apply_vars: Map,
    /// Whether its defaults and variables are seen by the rest of the play; none when not said.
    pub public: Option<Node>,
    /// Whether it may run again with the same parameters; true when not said.
    pub allow_duplicates: Option<Node>,
    /// Whether its argument spec is checked; true when not said.
    pub rolespec_validate: Option<Node>,
}
