//! Turns a play into the blocks of units that hosts walk, in Ansible's order of sections.

use std::{collections::HashMap, sync::Arc};

use runner_playbook::{
    ast::{self, Handler, Layer, Play, Role, RoleUse},
    node::{Map, Node},
    source::Span,
};
use runner_template::Vars;

use crate::{
    block::{Block, Item},
    tags::Selection,
    unit::{Ids, Kind, Unit, implicit_task},
};

/// Makes units of tasks for one play.
#[derive(Debug)]
pub struct Sequencer<'a> {
    /// Where unit ids come from.
    pub ids: &'a Ids,
    /// Which tasks are left out.
    pub selection: &'a Selection,
    /// Numbers of role occurrences, by what makes them the same.
    pub roles: &'a mut RoleNumbers,
    /// Variables that every unit gets from the include that brings it.
    pub injected: Vars,
}

/// Tells uses of roles apart: two uses with the same parameters have the same number.
#[derive(Debug, Default)]
pub struct RoleNumbers {
    by_identity: HashMap<String, u64>,
    by_pointer: HashMap<usize, (u64, Arc<Role>)>,
}

impl RoleNumbers {
    /// The number of a role's use.
    pub fn of(&mut self, role: &Arc<Role>) -> u64 {
        let pointer = Arc::as_ptr(role) as usize;
        if let Some((number, _)) = self.by_pointer.get(&pointer) {
            return *number;
        }
        let entry = &role.entry;
        let keywords: Vec<String> =
            entry.keywords.iter().map(|(keyword, value)| format!("{}={value:?}", keyword.name())).collect();
        let identity = format!(
            "{}\0{:?}\0{:?}\0{:?}\0{}",
            role.path.display(),
            entry.params,
            entry.vars,
            role.from_files,
            keywords.join("\0")
        );
        let fresh = self.by_identity.len() as u64 + 1;
        let number = *self.by_identity.entry(identity).or_insert(fresh);
        // The role is kept so that its address is not given to another one.
        self.by_pointer.insert(pointer, (number, role.clone()));
        number
    }
}

/// A play ready to be walked.
#[derive(Debug)]
pub struct Sequence {
    /// Everything from fact gathering to the last flush.
    pub root: Arc<Block<Arc<Unit>>>,
    /// The handlers that are known before the first task, in the order in which they run.
    pub handlers: Vec<Handler>,
}

/// What a play's sequence depends on besides the play.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// Arguments of the fact gathering task; `None` when facts are not gathered.
    pub gather: Option<Map>,
    /// Sections are flushed even for hosts that failed in them.
    pub force_handlers: bool,
}

impl Sequencer<'_> {
    /// The sequence of a play.
    pub fn play(&mut self, play: &Play, shape: &Shape) -> Sequence {
        let mut sections: Vec<Item<Arc<Unit>>> = Vec::new();
        if let Some(args) = &shape.gather {
            sections.extend(self.gather(play, args.clone()));
        }
        let roles: Vec<Item<Arc<Unit>>> = play.roles.iter().map(|role| self.role(role)).collect();
        let pre_tasks = self.items(&play.pre_tasks);
        let tasks = roles.into_iter().chain(self.items(&play.tasks)).collect();
        let post_tasks = self.items(&play.post_tasks);
        for section in [pre_tasks, tasks, post_tasks] {
            let flush = Item::Task(self.flush(&play.layer));
            if shape.force_handlers {
                let block = Block { tasks: section, always: vec![flush], ..Block::default() };
                sections.push(Item::Block(Arc::new(block)));
            } else {
                sections.push(Item::Block(Arc::new(Block::of(section))));
                sections.push(flush);
            }
        }
        Sequence { root: Arc::new(Block::of(sections)), handlers: play_handlers(play) }
    }

    fn gather(&mut self, play: &Play, args: Map) -> Option<Item<Arc<Unit>>> {
        let own_tags = play.keywords().get(runner_playbook::keyword::Keyword::Tags);
        let tags: &[&str] = if own_tags.is_some_and(|tags| !tags.is_null()) { &[] } else { &["always"] };
        let task = implicit_task("Gathering Facts", "gather_facts", args, tags, &play.layer);
        self.unit(task, Kind::GatherFacts).map(Item::Task)
    }

    fn flush(&mut self, layer: &Arc<Layer>) -> Arc<Unit> {
        let mut args = Map::new();
        args.set("_raw_params", Node::string("flush_handlers", Span::none()));
        let task = implicit_task("", "meta", args, &[], layer);
        Arc::new(Unit::new(self.ids.next(), task, Kind::Flush, None, Vec::new()))
    }

    /// A role with its dependencies before it and its completion after it.
    pub fn role(&mut self, role: &Arc<RoleUse>) -> Item<Arc<Unit>> {
        let number = self.roles.of(&role.role);
        let mut items: Vec<Item<Arc<Unit>>> =
            role.dependencies.iter().map(|dependency| self.role(dependency)).collect();
        let mut tasks = self.items(&role.tasks);
        tasks.push(Item::Task(Arc::new(Unit::new(
            self.ids.next(),
            implicit_task("", "meta", Map::new(), &[], &role.layer),
            Kind::RoleDone,
            Some(number),
            Vec::new(),
        ))));
        let block = Block { tasks, role: Some(number), ..Block::default() };
        items.push(Item::Block(Arc::new(block)));
        Item::Block(Arc::new(Block::of(items)))
    }

    /// Tasks and blocks without those that tags leave out.
    pub fn items(&mut self, items: &[ast::Item]) -> Vec<Item<Arc<Unit>>> {
        let mut out = Vec::new();
        for item in items {
            match item {
                ast::Item::Task(task) => out.extend(self.unit(task.clone(), Kind::Task).map(Item::Task)),
                ast::Item::Block(block) => out.push(Item::Block(Arc::new(Block {
                    tasks: self.items(&block.block),
                    rescue: self.items(&block.rescue),
                    always: self.items(&block.always),
                    role: None,
                }))),
            }
        }
        out
    }

    fn unit(&mut self, task: Arc<ast::Task>, kind: Kind) -> Option<Arc<Unit>> {
        let tags = task.tags();
        if !self.selection.selects(&tags) {
            return None;
        }
        let role = task.role().map(|role| self.roles.of(role));
        Some(Arc::new(Unit::new(self.ids.next(), task, kind, role, tags).with(self.injected.clone())))
    }

    /// A block with a fresh unit for every handler; each host walks only those that were notified.
    pub fn handlers(&mut self, handlers: &[Handler]) -> Block<Arc<Unit>> {
        let mut items = Vec::new();
        for (index, handler) in handlers.iter().enumerate() {
            let task = handler.task.clone();
            let role = task.role().map(|role| self.roles.of(role));
            let tags = task.tags();
            let kind = Kind::Handler(index);
            items.push(Item::Task(Arc::new(Unit::new(self.ids.next(), task, kind, role, tags))));
        }
        Block::of(items)
    }
}

impl Sequencer<'_> {
    /// Handlers that an include brought while one was running: they run because it did.
    pub fn included_handlers(&mut self, handlers: &[Handler]) -> Block<Arc<Unit>> {
        let mut items = Vec::new();
        for handler in handlers {
            let task = handler.task.clone();
            let role = task.role().map(|role| self.roles.of(role));
            let tags = task.tags();
            let unit = Unit::new(self.ids.next(), task, Kind::IncludedHandler, role, tags);
            items.push(Item::Task(Arc::new(unit.with(self.injected.clone()))));
        }
        Block::of(items)
    }
}

/// Handlers of a play in the order in which they run: those of its roles, then its own.
fn play_handlers(play: &Play) -> Vec<Handler> {
    let mut handlers: Vec<Handler> = Vec::new();
    for role in play.roles.iter().chain(&play.imported_roles) {
        for used in role.in_order() {
            handlers.extend(used.handlers.iter().cloned());
        }
    }
    handlers.extend(play.handlers.iter().cloned());
    handlers
}
