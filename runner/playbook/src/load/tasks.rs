//! Lists of tasks: blocks, tasks, loops and handlers, with every mistake noted and the rest still read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ast::{
    Block, Handler, Include, Item, Layer, LayerKind, LoopControl, LoopSource, RoleUse, Task, items,
};
use crate::keyword::{Keyword, Keywords, Place};
use crate::load::Loader;
use crate::load::action::{is_task_word, short};
use crate::load::fields::Fields;
use crate::load::words::{python_class, python_str};
use crate::node::{Data, Map, Node};
use crate::problem::{Kind, Problem};
use crate::source::Span;

/// Levels of files importing files: more means that they import each other.
const IMPORTS_MAX: usize = 64;

/// One reading of a playbook, a file of tasks or a role.
pub struct Pass<'l> {
    pub loader: &'l Loader,
    pub problems: Vec<Problem>,
    /// The directory of the playbook.
    pub play_dir: PathBuf,
    /// The roles `import_role` brought in.
    pub imported: Vec<Arc<RoleUse>>,
    /// The files that are being read, outermost first.
    pub files: Vec<PathBuf>,
    /// The roles whose dependencies are being read, outermost first.
    pub roles: Vec<PathBuf>,
    /// `vars:` and files of variables of the play, for names of imports.
    pub play_vars: Map,
}

impl<'l> Pass<'l> {
    pub fn new(loader: &'l Loader, play_dir: PathBuf) -> Self {
        Self {
            loader,
            problems: Vec::new(),
            play_dir,
            imported: Vec::new(),
            files: Vec::new(),
            roles: Vec::new(),
            play_vars: Map::new(),
        }
    }

    /// Reads a file with a list of tasks.
    pub fn task_file(&mut self, path: &Path, layer: &Arc<Layer>, handlers: bool, from: &Span) -> Vec<Item> {
        let Some(()) = self.enter_file(path, from) else { return Vec::new() };
        let (node, problems) = self.loader.load_yaml(path, from);
        self.problems.extend(problems);
        let found = match node {
            Some(Node { data: Data::Null, .. }) | None => Vec::new(),
            Some(node) if node.as_list().is_some() => self.items(&node, layer, handlers),
            Some(node) => {
                self.error(Kind::Keyword, "included task files must contain a list of tasks", &node.span);
                Vec::new()
            }
        };
        self.files.pop();
        found
    }

    /// Notes that a file is being read; none when files import each other.
    pub fn enter_file(&mut self, path: &Path, from: &Span) -> Option<()> {
        if self.files.len() >= IMPORTS_MAX || self.files.iter().filter(|file| **file == path).count() > 1 {
            let text = format!("'{}' imports itself, directly or through other files", path.display());
            self.error(Kind::File, text, from);
            return None;
        }
        self.files.push(path.to_path_buf());
        Some(())
    }

    /// Reads the value of `tasks:` and its kin; null is no tasks.
    pub fn task_list(
        &mut self,
        keyword: &str,
        value: &Node,
        layer: &Arc<Layer>,
        handlers: bool,
        owner: &Span,
    ) -> Vec<Item> {
        match &value.data {
            Data::Null => Vec::new(),
            Data::List(_) => self.items(value, layer, handlers),
            _ => {
                let (shown, class) = (python_str(value), python_class(value));
                let text = format!(
                    "A malformed block was encountered while loading {keyword}: {shown} should be a list or None but is {class}"
                );
                self.error(Kind::Keyword, text, owner);
                Vec::new()
            }
        }
    }

    /// Reads a list of tasks and blocks.
    pub fn items(&mut self, list: &Node, layer: &Arc<Layer>, handlers: bool) -> Vec<Item> {
        let mut found = Vec::new();
        for node in items(list) {
            match &node.data {
                Data::Null => {}
                Data::Map(map) if is_block(map) => found.extend(self.block(map, &node.span, layer, handlers)),
                Data::Map(map) => found.extend(self.task(map, &node.span, layer, handlers)),
                _ => {
                    let (shown, class) = (crate::yaml::python::repr(node), python_class(node));
                    let text = format!(
                        "A malformed block was encountered while loading a block: The ds ({shown}) should be a dict but was a {class}"
                    );
                    self.error(Kind::Keyword, text, &node.span);
                }
            }
        }
        found
    }

    fn block(&mut self, map: &Arc<Map>, span: &Span, parent: &Arc<Layer>, handlers: bool) -> Option<Item> {
        const PARTS: [&str; 3] = ["block", "rescue", "always"];
        let Fields { keywords, vars } =
            self.fields(map, Place::Block, "Block", span, |word| PARTS.contains(&word));
        let layer = Arc::new(Layer {
            kind: LayerKind::Block,
            span: span.clone(),
            keywords,
            vars,
            parent: Some(parent.clone()),
        });
        let [block, rescue, always] = PARTS.map(|part| map.get(part));
        if block.is_none() {
            for (part, value) in [("rescue", rescue), ("always", always)] {
                if value.is_some_and(|value| !items(value).is_empty()) {
                    self.error(
                        Kind::Keyword,
                        format!("'{part}' keyword cannot be used without 'block'"),
                        span,
                    );
                }
            }
        }
        // At the top of a list of handlers a block is only a list of handlers.
        let nested = parent.kind.is_block();
        if handlers && nested && block.is_some_and(|block| !items(block).is_empty()) {
            self.error(Kind::Keyword, "Using a block as a handler is not supported.", span);
            return None;
        }
        let [block, rescue, always] = [block, rescue, always].map(|part| match part {
            None => Vec::new(),
            Some(value) if value.as_list().is_some() => self.items(value, &layer, handlers),
            Some(value) => {
                let (shown, class) = (crate::yaml::python::repr(value), python_class(value));
                let text = format!(
                    "A malformed block was encountered while loading a block: The ds ({shown}) should be a list but was a {class}"
                );
                self.error(Kind::Keyword, text, span);
                Vec::new()
            }
        });
        Some(Item::Block(Arc::new(Block { layer, block, rescue, always })))
    }

    /// The collections that a name without a dot is looked for in.
    pub fn collections(layer: &Arc<Layer>, own: Option<&Node>) -> Vec<String> {
        let value = own.or_else(|| layer.inherited(Keyword::Collections).into_iter().next());
        value
            .map(|value| items(value).iter().filter_map(Node::as_str).map(str::to_owned).collect())
            .unwrap_or_default()
    }

    fn task(&mut self, map: &Arc<Map>, span: &Span, layer: &Arc<Layer>, handlers: bool) -> Option<Item> {
        let collections = Self::collections(layer, map.get("collections"));
        let action = self.action(map, span, &collections);
        let name = action.as_ref().map(|action| short(&action.resolved).to_owned()).unwrap_or_default();
        let is_static = matches!(name.as_str(), "import_tasks" | "import_role");
        let place = match (name.as_str(), handlers) {
            ("include_tasks" | "include_role", false) => Place::Include,
            ("include_tasks" | "include_role", true) => Place::HandlerInclude,
            (_, true) => Place::Handler,
            (_, false) => Place::Task,
        };
        let class = match (name.as_str(), place) {
            ("include_role", _) => "IncludeRole",
            (_, place) => place.name(),
        };
        let known = |word: &str| match word {
            "args" | "action" | "local_action" | "loop" | "loop_control" => true,
            word if word.starts_with("with_") => true,
            word => !is_task_word(word),
        };
        let Fields { mut keywords, vars } = self.fields(map, place, class, span, known);
        let (loop_source, loop_control) = self.loops(map, span, class, place);
        if map.contains("local_action") {
            keywords.set(Keyword::DelegateTo, Node::string("localhost", span.clone()));
        }
        let listen = keywords.take(Keyword::Listen);
        let action = action?;
        if handlers && matches!(name.as_str(), "include_role" | "import_role") {
            self.error(Kind::Action, format!("Using '{name}' as a handler is not supported."), span);
            return None;
        }
        if is_static {
            if loop_source.is_some() {
                let twin = name.replace("import", "include");
                let text =
                    format!("You cannot use loops on '{name}' statements. You should use '{twin}' instead.");
                self.error(Kind::Keyword, text, span);
            }
            return self.import(&name, &action, keywords, vars, span, layer, handlers);
        }
        let include = match name.as_str() {
            "include_tasks" => self.include_tasks(&name, &action, span).map(Include::Tasks),
            "include_role" => {
                self.include_role(&name, &action, span).map(|found| Include::Role(Box::new(found)))
            }
            _ => None,
        };
        if let Some(listen) = listen {
            keywords.set(Keyword::Listen, listen);
        }
        Some(Item::Task(Arc::new(Task {
            span: span.clone(),
            action,
            keywords,
            vars,
            loop_source,
            loop_control,
            include,
            layer: layer.clone(),
        })))
    }

    fn loops(
        &mut self,
        map: &Map,
        span: &Span,
        class: &str,
        place: Place,
    ) -> (Option<LoopSource>, LoopControl) {
        let mut source: Option<LoopSource> = None;
        for (key, value) in map.iter() {
            let Some(word) = key.as_str() else { continue };
            let found = match word.strip_prefix("with_") {
                Some(lookup) if self.loader.names.knows_lookup(lookup) => {
                    LoopSource::With { lookup: lookup.to_owned(), terms: value.clone() }
                }
                Some(_) => {
                    self.invalid_attribute(word, class, place, &key.span);
                    continue;
                }
                None if word == "loop" && !value.is_null() => LoopSource::Loop(value.clone()),
                None => continue,
            };
            if source.is_some() {
                let name = word.strip_prefix("with_").unwrap_or("loop");
                self.error(Kind::Keyword, format!("duplicate loop in task: {name}"), span);
            }
            source = Some(found);
        }
        let mut control = LoopControl::default();
        if let Some(value) = map.get("loop_control") {
            match &value.data {
                Data::Null => {}
                Data::Map(inner) => {
                    control.keywords = self
                        .fields(inner, Place::LoopControl, "LoopControl", &value.span, |_| false)
                        .keywords;
                }
                _ => {
                    let text = "the `loop_control` value must be specified as a dictionary and cannot be a variable itself (though it can contain variables)";
                    self.error(Kind::Keyword, text, &value.span);
                }
            }
        }
        (source, control)
    }

    /// The handlers among items; imports of files are flattened.
    pub fn handlers_of(&mut self, items: &[Item]) -> Vec<Handler> {
        let tasks = items.iter().flat_map(Item::tasks);
        tasks.map(|task| Handler { task: task.clone(), listen: listen(&task.keywords) }).collect()
    }
}

/// The topics of `listen:`, which are never templated.
fn listen(keywords: &Keywords) -> Vec<String> {
    let Some(value) = keywords.get(Keyword::Listen) else { return Vec::new() };
    let topics = items(value).iter().filter_map(Node::scalar_text);
    topics.flat_map(|topic| topic.split(',').map(|one| one.trim().to_owned()).collect::<Vec<_>>()).collect()
}

fn is_block(map: &Map) -> bool {
    ["block", "rescue", "always"].iter().any(|part| map.contains(part))
}
