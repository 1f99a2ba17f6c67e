//! Tasks and handlers: one action with its arguments and keywords.

use std::sync::Arc;

use crate::ast::{Include, Layer, Role};
use crate::keyword::{Inheritance, Keyword, Keywords};
use crate::node::{Map, Node};
use crate::source::Span;

/// One action and everything said about it.
#[derive(Debug)]
pub struct Task {
    /// Its first key.
    pub span: Span,
    /// What it does.
    pub action: Action,
    /// The keywords set on it, as written. `loop`, `args` and `vars` have fields of their own.
    pub keywords: Keywords,
    /// Its `vars:`.
    pub vars: Arc<Map>,
    /// What it loops over.
    pub loop_source: Option<LoopSource>,
    /// How it loops.
    pub loop_control: LoopControl,
    /// Set when the action is `include_tasks` or `include_role`.
    pub include: Option<Include>,
    /// What it stands in.
    pub layer: Arc<Layer>,
}

/// The module or action plugin of a task, with its arguments.
#[derive(Clone, Debug)]
pub struct Action {
    /// As written: `copy`, `ansible.builtin.copy`.
    pub name: String,
    /// The full name after aliases and redirects: `ansible.builtin.copy`.
    pub resolved: String,
    /// Whether this runner has it; otherwise a host that reaches it fails.
    pub available: bool,
    /// Where the name stands.
    pub span: Span,
    /// The arguments, not yet templated.
    pub args: Args,
}

/// The arguments of an action.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Args {
    /// The named arguments, `_raw_params` included for free-form actions.
    pub map: Map,
    /// A template that yields a mapping of further arguments, of lower priority (`args: "{{ x }}"`, `copy: "{{ x }}"`).
    pub template: Option<Node>,
}

/// Where the items of a loop come from.
#[derive(Clone, Debug, PartialEq)]
pub enum LoopSource {
    /// `loop:`.
    Loop(Node),
    /// `with_NAME:`: the lookup and its terms.
    With {
        /// The lookup plugin, such as `items` or `community.general.x`.
        lookup: String,
        /// What it is given.
        terms: Node,
    },
}

/// The keywords under `loop_control`, not yet templated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoopControl {
    /// Those that are set.
    pub keywords: Keywords,
}

/// A task that runs when it is notified.
#[derive(Clone, Debug)]
pub struct Handler {
    /// The task.
    pub task: Arc<Task>,
    /// The topics it listens to besides its name.
    pub listen: Vec<String>,
}

impl Task {
    /// The name as written, not yet templated.
    pub fn name(&self) -> Option<&Node> {
        self.keywords.get(Keyword::Name).filter(|name| !name.is_null())
    }

    /// The innermost role this task belongs to.
    pub fn role(&self) -> Option<&Arc<Role>> {
        self.layer.role()
    }

    /// The variable the result is stored in.
    pub fn register(&self) -> Option<&str> {
        self.keywords.get(Keyword::Register).and_then(Node::as_str)
    }

    /// The values of a keyword that apply to this task, its own included, in the order of the keyword's rule.
    pub fn effective(&self, keyword: Keyword) -> Vec<&Node> {
        let own = self.keywords.get(keyword);
        let mut found = match (keyword.rule().inheritance, own) {
            (Inheritance::None | Inheritance::Nearest, Some(own)) => return vec![own],
            _ => self.layer.inherited(keyword),
        };
        if let Some(own) = own {
            let child_first = keyword.rule().inheritance == Inheritance::ExtendChildFirst;
            let at = if child_first && keyword != Keyword::When { 0 } else { found.len() };
            found.insert(at, own);
        }
        found
    }

    /// The tags of this task and of everything around it, in order, each once.
    pub fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        for value in self.effective(Keyword::Tags) {
            for item in super::layer::items(value) {
                let Some(text) = item.scalar_text() else { continue };
                for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
                    if !tags.iter().any(|known| known == tag) {
                        tags.push(tag.to_owned());
                    }
                }
            }
        }
        tags
    }
}
