//! `import_tasks` and `import_role`, which become blocks at once, and the arguments of their dynamic twins.

use std::path::PathBuf;
use std::sync::Arc;

use crate::ast::{Action, Block, IncludeRole, IncludeTasks, Item, Layer, LayerKind, RoleUse};
use crate::keyword::{Keywords, Place};
use crate::load::fields::Fields;
use crate::load::search::{candidates, search_stack};
use crate::load::tasks::Pass;
use crate::load::words::python_class;
use crate::node::{Data, Map, Node, has_template};
use crate::problem::{Kind, Problem};
use crate::source::Span;

/// What Ansible says when the name of an import cannot be known before the run.
const STATIC_HELP: &str = "When using static imports, ensure that any variables used in their names are defined in vars/vars_files\nor extra-vars passed in from the command line. Static imports cannot use variables from facts or inventory\nsources like group or host vars.";

impl Pass<'_> {
    /// Reads what a static import asks for and makes a block of it.
    #[expect(clippy::too_many_arguments, reason = "a task's parts, which become a block's parts")]
    pub fn import(
        &mut self,
        name: &str,
        action: &Action,
        keywords: Keywords,
        vars: Arc<Map>,
        span: &Span,
        parent: &Arc<Layer>,
        handlers: bool,
    ) -> Option<Item> {
        let layer = |kind| {
            Arc::new(Layer {
                kind,
                span: span.clone(),
                keywords,
                vars: vars.clone(),
                parent: Some(parent.clone()),
            })
        };
        if name == "import_tasks" {
            let request = self.include_tasks(name, action, span)?;
            let file = self.static_name(&request.file, parent, &vars, span)?;
            let path = self.find_tasks(&file, parent, span);
            let layer = layer(LayerKind::ImportTasks(Arc::new(request)));
            let block = self.task_file(&path, &layer, handlers, span);
            return Some(Item::Block(Arc::new(Block {
                layer,
                block,
                rescue: Vec::new(),
                always: Vec::new(),
            })));
        }
        let mut request = self.include_role(name, action, span)?;
        let role = self.static_name(&request.name, parent, &vars, span)?;
        request.name = Node::string(role, request.name.span);
        let layer = layer(LayerKind::ImportRole(Arc::new(request.clone())));
        let role = self.included_role(&request, &layer)?;
        self.imported.push(role.clone());
        let block = role.in_order().into_iter().map(role_block).collect();
        Some(Item::Block(Arc::new(Block { layer, block, rescue: Vec::new(), always: Vec::new() })))
    }

    /// The name of an import with its templates evaluated.
    pub fn static_name(
        &mut self,
        text: &Node,
        layer: &Arc<Layer>,
        vars: &Map,
        span: &Span,
    ) -> Option<String> {
        let raw = text.scalar_text().unwrap_or_default();
        if !has_template(&raw) {
            return Some(raw.into_owned());
        }
        let outer: Vec<Arc<Map>> = layer.chain().map(|layer| layer.vars.clone()).collect();
        let mut layers: Vec<&Map> = vec![&self.play_vars];
        layers.extend(outer.iter().rev().map(|vars| &**vars));
        layers.extend([vars, &self.loader.settings.extra_vars]);
        match self.loader.imports.render(text, &layers) {
            Ok(name) => Some(name),
            Err(reason) => {
                let text = format!("Error when evaluating variable in import path '{raw}': {reason}");
                self.problems.push(Problem::error(Kind::File, text, span).with_help(STATIC_HELP));
                None
            }
        }
    }

    /// The file of `import_tasks`: next to the file that imports it, in the role's `tasks`, or next to the playbook.
    fn find_tasks(&self, file: &str, layer: &Arc<Layer>, span: &Span) -> PathBuf {
        let files = &self.loader.files;
        let here = span.path().and_then(std::path::Path::parent).map(|dir| dir.join(file));
        let stack = search_stack(layer, span.path(), &self.play_dir);
        let all: Vec<PathBuf> = here.into_iter().chain(candidates(&stack, "tasks", file)).collect();
        let found = all.iter().find(|path| files.exists(path)).or(all.first());
        files.absolute(found.map_or(std::path::Path::new(file), PathBuf::as_path))
    }

    /// The arguments of `include_tasks` or `import_tasks`.
    pub fn include_tasks(&mut self, name: &str, action: &Action, span: &Span) -> Option<IncludeTasks> {
        let is_dynamic = name == "include_tasks";
        let valid =
            |option: &str| matches!(option, "file" | "_raw_params") || (is_dynamic && option == "apply");
        self.refuse_options(name, action, valid, span)?;
        let map = &action.args.map;
        let file =
            ["file", "_raw_params"].iter().find_map(|option| map.get(option)).filter(|file| !file.is_null());
        let Some(file) = file else {
            self.error(Kind::Action, format!("No file specified for {name}"), span);
            return None;
        };
        let (apply, apply_vars) = self.apply(map, span)?;
        Some(IncludeTasks { file: file.clone(), apply, apply_vars })
    }

    /// The arguments of `include_role` or `import_role`.
    pub fn include_role(&mut self, name: &str, action: &Action, span: &Span) -> Option<IncludeRole> {
        const FROM: [&str; 4] = ["tasks_from", "vars_from", "defaults_from", "handlers_from"];
        let is_dynamic = name == "include_role";
        let valid = |option: &str| {
            matches!(option, "name" | "role" | "public" | "allow_duplicates" | "rolespec_validate")
                || FROM.contains(&option)
                || (is_dynamic && option == "apply")
        };
        let map = &action.args.map;
        let Some(role) =
            ["name", "role"].iter().find_map(|option| map.get(option)).filter(|role| !role.is_null())
        else {
            self.error(Kind::Action, format!("'name' is a required field for {name}."), span);
            return None;
        };
        self.refuse_options(name, action, valid, span)?;
        for option in FROM {
            if let Some(value) = map.get(option).filter(|value| value.as_str().is_none()) {
                let text = format!("Expected a string for {option} but got {} instead", python_class(value));
                self.error(Kind::Action, text, &value.span);
                return None;
            }
        }
        let (apply, apply_vars) = self.apply(map, span)?;
        let [tasks_from, vars_from, defaults_from, handlers_from] =
            FROM.map(|option| map.get(option).cloned());
        Some(IncludeRole {
            name: role.clone(),
            tasks_from,
            vars_from,
            defaults_from,
            handlers_from,
            apply,
            apply_vars,
            public: map.get("public").cloned(),
            allow_duplicates: map.get("allow_duplicates").cloned(),
            rolespec_validate: map.get("rolespec_validate").cloned(),
        })
    }

    fn refuse_options(
        &mut self,
        name: &str,
        action: &Action,
        valid: impl Fn(&str) -> bool,
        span: &Span,
    ) -> Option<()> {
        let keys = action.args.map.str_iter().map(|(key, _)| key);
        let bad: Vec<&str> = keys.filter(|key| !valid(key)).collect();
        if bad.is_empty() {
            return Some(());
        }
        self.error(Kind::Action, format!("Invalid options for {name}: {}", bad.join(",")), span);
        None
    }

    fn apply(&mut self, map: &Map, span: &Span) -> Option<(Keywords, Map)> {
        let Some(value) = map.get("apply") else { return Some((Keywords::new(), Map::new())) };
        let Data::Map(apply) = &value.data else {
            let text = format!("Expected a dict for apply but got {} instead", python_class(value));
            self.error(Kind::Action, text, span);
            return None;
        };
        let Fields { keywords, vars } = self.fields(apply, Place::Block, "Block", span, |_| false);
        Some((keywords, Map::clone(&vars)))
    }
}

/// A role's tasks as a block below the role's level.
pub fn role_block(role: &Arc<RoleUse>) -> Item {
    let block = Block {
        layer: role.layer.clone(),
        block: role.tasks.clone(),
        rescue: Vec::new(),
        always: Vec::new(),
    };
    Item::Block(Arc::new(block))
}
