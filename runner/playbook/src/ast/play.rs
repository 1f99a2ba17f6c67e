//! Playbooks and plays.

use std::path::PathBuf;
use std::sync::Arc;

use crate::ast::{Handler, Item, Layer, RoleUse};
use crate::keyword::{Keyword, Keywords};
use crate::node::{Map, Node};
use crate::source::Span;

/// One playbook file with everything it imports.
#[derive(Clone, Debug)]
pub struct Playbook {
    /// The file, as it was asked for.
    pub path: PathBuf,
    /// Its plays, those of imported playbooks in their place.
    pub plays: Vec<Arc<Play>>,
}

/// A play: hosts and what to do there.
#[derive(Debug)]
pub struct Play {
    /// The outermost level of its tasks; keywords and `vars` are there.
    pub layer: Arc<Layer>,
    /// The directory of the playbook file it stands in.
    pub dir: PathBuf,
    /// The patterns of `hosts:`, possibly templates.
    pub hosts: Vec<Node>,
    /// `vars_files:`; an item may be a list of alternatives.
    pub vars_files: Vec<Node>,
    /// `vars_prompt:`.
    pub vars_prompt: Vec<VarsPrompt>,
    /// The roles of `roles:`, each with its dependencies inside.
    pub roles: Vec<Arc<RoleUse>>,
    /// The roles that `import_role` brought in: their handlers and public variables belong to the play. Their tasks stand where they were imported.
    pub imported_roles: Vec<Arc<RoleUse>>,
    /// `pre_tasks:`.
    pub pre_tasks: Vec<Item>,
    /// `tasks:`.
    pub tasks: Vec<Item>,
    /// `post_tasks:`.
    pub post_tasks: Vec<Item>,
    /// `handlers:` of the play itself; each role has its own.
    pub handlers: Vec<Handler>,
}

/// One question of `vars_prompt`.
#[derive(Clone, Debug, PartialEq)]
pub struct VarsPrompt {
    /// The variable.
    pub name: String,
    /// The question; the name when not said.
    pub prompt: Option<Node>,
    /// The answer when nothing is typed.
    pub default: Option<Node>,
    /// Whether the answer is hidden while it is typed (default true).
    pub private: bool,
    /// Whether it is asked twice.
    pub confirm: bool,
    /// The hash to apply to the answer.
    pub encrypt: Option<String>,
    /// The length of the salt of the hash.
    pub salt_size: Option<i64>,
    /// The salt of the hash.
    pub salt: Option<Node>,
    /// Whether templates in the answer are left alone.
    pub is_unsafe: bool,
    /// Its place.
    pub span: Span,
}

impl Play {
    /// Its first key.
    pub fn span(&self) -> &Span {
        &self.layer.span
    }

    /// The keywords set on it.
    pub fn keywords(&self) -> &Keywords {
        &self.layer.keywords
    }

    /// Its `vars:`.
    pub fn vars(&self) -> &Arc<Map> {
        &self.layer.vars
    }

    /// The name as written, not yet templated.
    pub fn name(&self) -> Option<&Node> {
        self.keywords().get(Keyword::Name).filter(|name| !name.is_null())
    }
}
