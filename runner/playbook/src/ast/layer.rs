//! What a task stands in: a chain of play, role, block, import and include, from which keywords and variables are inherited.

use std::sync::Arc;

use crate::ast::{IncludeRole, IncludeTasks, Role};
use crate::keyword::{Inheritance, Keyword, Keywords};
use crate::node::{Data, Map, Node};
use crate::source::Span;

/// One level of nesting; children hold their parent, never the other way round.
#[derive(Debug)]
pub struct Layer {
    /// What kind of thing it is.
    pub kind: LayerKind,
    /// Its first character.
    pub span: Span,
    /// The keywords set on it.
    pub keywords: Keywords,
    /// Its `vars:` (for an import or include the parameters it passes).
    pub vars: Arc<Map>,
    /// What it stands in; none for a play that was not imported.
    pub parent: Option<Arc<Layer>>,
}

/// What a level of nesting is.
#[derive(Clone, Debug)]
pub enum LayerKind {
    /// A play.
    Play,
    /// `import_playbook`, around the plays of the imported file.
    ImportPlaybook,
    /// A role, entered from `roles:`, a dependency, `import_role` or `include_role`.
    Role(Arc<Role>),
    /// A block.
    Block,
    /// `import_tasks`: the file that was read.
    ImportTasks(Arc<IncludeTasks>),
    /// `import_role`.
    ImportRole(Arc<IncludeRole>),
    /// `include_tasks` or `include_role` as the engine entered it at run time; its `apply` keywords are the layer's.
    Include,
    /// The `apply` keywords of a run time include.
    Apply,
}

impl LayerKind {
    /// Whether it is a block that somebody wrote.
    pub fn is_block(&self) -> bool {
        matches!(self, Self::Block)
    }
}

impl Layer {
    /// This level and the ones around it, innermost first.
    pub fn chain(self: &Arc<Self>) -> impl Iterator<Item = &Arc<Layer>> {
        std::iter::successors(Some(self), |layer| layer.parent.as_ref())
    }

    /// The role this stands in, if any.
    pub fn role(self: &Arc<Self>) -> Option<&Arc<Role>> {
        self.chain().find_map(|layer| match &layer.kind {
            LayerKind::Role(role) => Some(role),
            _ => None,
        })
    }

    /// The values of a keyword that something inside this level gets from it, by the keyword's rule, outermost or innermost first as the rule says.
    pub fn inherited(self: &Arc<Self>, keyword: Keyword) -> Vec<&Node> {
        let set = self.chain().filter_map(|layer| layer.keywords.get(keyword));
        match keyword.rule().inheritance {
            Inheritance::None => Vec::new(),
            Inheritance::Nearest => set.take(1).collect(),
            // A `when` is evaluated from the outside in, so its values are in that order too.
            Inheritance::ExtendChildFirst if keyword != Keyword::When => set.collect(),
            Inheritance::Extend | Inheritance::ExtendChildFirst => {
                let mut all: Vec<&Node> = set.collect();
                all.reverse();
                all
            }
        }
    }
}

/// The items of a value that may be a list or a single item; null is no item.
pub fn items(value: &Node) -> &[Node] {
    match &value.data {
        Data::List(items) => items,
        Data::Null => &[],
        _ => std::slice::from_ref(value),
    }
}
