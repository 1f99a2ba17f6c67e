//! Roles: what an entry asks for, and what was found in the role's directory.

use std::path::PathBuf;
use std::sync::Arc;

use crate::ast::{Handler, Item, Layer};
use crate::keyword::Keywords;
use crate::node::{Map, Node};
use crate::source::Span;

/// An entry of `roles:` or of a role's dependencies, as written.
#[derive(Clone, Debug)]
pub struct RoleEntry {
    /// The role's name, collection prefix included.
    pub name: String,
    /// The keywords set on the entry.
    pub keywords: Keywords,
    /// Its `vars:`.
    pub vars: Map,
    /// Every other key: the role's parameters.
    pub params: Map,
    /// Its place.
    pub span: Span,
}

/// What was found in a role's directory for one use of it; the tasks are in its [`RoleUse`].
#[derive(Debug)]
pub struct Role {
    /// The name as asked for, templates evaluated.
    pub name: String,
    /// The collection it came from, such as `community.general`.
    pub collection: Option<String>,
    /// The role's directory.
    pub path: PathBuf,
    /// The entry that asked for it: keywords, `vars:` and parameters. For `include_role` and `import_role`, what the task said.
    pub entry: RoleEntry,
    /// `defaults/main`, all files merged.
    pub defaults: Arc<Map>,
    /// `vars/main`, all files merged.
    pub vars: Arc<Map>,
    /// `meta/main`.
    pub meta: RoleMeta,
    /// The roles that run before it. A role that depends on this one is found through the task's layers.
    pub dependencies: Vec<Arc<Role>>,
    /// Which files were chosen with `tasks_from` and its kin, by directory, for telling uses apart.
    pub from_files: Vec<(String, String)>,
}

/// A role with its tasks and handlers, ready to run at one place.
#[derive(Debug)]
pub struct RoleUse {
    /// The role.
    pub role: Arc<Role>,
    /// The level its tasks stand in.
    pub layer: Arc<Layer>,
    /// The roles that run before it.
    pub dependencies: Vec<Arc<RoleUse>>,
    /// `tasks/main`, or the file asked for; the check of the argument spec comes first.
    pub tasks: Vec<Item>,
    /// `handlers/main`, or the file asked for.
    pub handlers: Vec<Handler>,
}

impl RoleUse {
    /// This use and its dependencies in the order in which they run, each dependency before what needs it.
    pub fn in_order(self: &Arc<Self>) -> Vec<&Arc<RoleUse>> {
        fn walk<'a>(role: &'a Arc<RoleUse>, out: &mut Vec<&'a Arc<RoleUse>>) {
            role.dependencies.iter().for_each(|dependency| walk(dependency, out));
            out.push(role);
        }
        let mut out = Vec::new();
        walk(self, &mut out);
        out
    }
}

/// What `meta/main` says.
#[derive(Clone, Debug, Default)]
pub struct RoleMeta {
    /// The roles to run first.
    pub dependencies: Vec<RoleEntry>,
    /// Whether the role may run more than once with the same parameters.
    pub allow_duplicates: bool,
    /// Collections searched for module names.
    pub collections: Vec<String>,
    /// `argument_specs`, by entry point, from `meta/argument_specs` or `meta/main`.
    pub argument_specs: Option<Node>,
}
