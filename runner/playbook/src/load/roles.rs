//! Roles: finding them, reading their files, and entering them with their dependencies at one place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ast::{
    Action, Args, IncludeRole, Item, Layer, LayerKind, LoopControl, Role, RoleEntry, RoleMeta, RoleUse, Task,
    items,
};
use crate::keyword::{Keyword, Keywords, Place};
use crate::load::fields::Fields;
use crate::load::parent;
use crate::load::plays::truth;
use crate::load::tasks::Pass;
use crate::load::words::python_class;
use crate::names::Resolved;
use crate::node::{Data, Map, Node};
use crate::problem::{Kind, Problem};
use crate::source::Span;

/// Which file of a directory is read, when not `main`.
#[derive(Clone, Default)]
struct From {
    tasks: Option<String>,
    vars: Option<String>,
    defaults: Option<String>,
    handlers: Option<String>,
    validate: bool,
    allow_duplicates: Option<bool>,
}

impl Pass<'_> {
    /// Reads an entry of `roles:` with everything it needs.
    pub fn role_entry(&mut self, entry: &Node, layer: &Arc<Layer>) -> Option<Arc<RoleUse>> {
        let entry = self.read_entry(entry, layer)?;
        let from = From { validate: true, ..From::default() };
        let collections = Self::collections(layer, None);
        let role = self.role(entry, &from, None, &collections)?;
        Some(self.enter(&role, layer, &from))
    }

    /// Reads the role of `include_role` or `import_role`, whose names are plain by now.
    pub fn included_role(&mut self, request: &IncludeRole, layer: &Arc<Layer>) -> Option<Arc<RoleUse>> {
        let text = |node: &Option<Node>| node.as_ref().and_then(Node::as_str).map(str::to_owned);
        let from = From {
            tasks: text(&request.tasks_from),
            vars: text(&request.vars_from),
            defaults: text(&request.defaults_from),
            handlers: text(&request.handlers_from),
            validate: request.rolespec_validate.as_ref().and_then(truth).unwrap_or(true),
            allow_duplicates: Some(request.allow_duplicates.as_ref().and_then(truth).unwrap_or(true)),
        };
        let entry = RoleEntry {
            name: request.name.scalar_text().unwrap_or_default().into_owned(),
            keywords: Keywords::new(),
            vars: Map::new(),
            params: Map::new(),
            span: request.name.span.clone(),
        };
        let near = layer.role().map(|role| parent(&role.path));
        let role = self.role(entry, &from, near.as_deref(), &Self::collections(layer, None))?;
        Some(self.enter(&role, layer, &from))
    }

    /// An entry as written: a name, or a mapping with keywords and parameters.
    fn read_entry(&mut self, entry: &Node, layer: &Arc<Layer>) -> Option<RoleEntry> {
        let map = match &entry.data {
            Data::Str(name) => {
                let name = self.static_name(
                    &Node::string(name.value.clone(), entry.span.clone()),
                    layer,
                    &Map::new(),
                    &entry.span,
                )?;
                let span = entry.span.clone();
                return Some(RoleEntry {
                    name,
                    keywords: Keywords::new(),
                    vars: Map::new(),
                    params: Map::new(),
                    span,
                });
            }
            Data::Map(map) => map,
            _ => {
                self.error(Kind::Role, "Invalid role definition.", &entry.span);
                return None;
            }
        };
        let name =
            ["role", "name"].iter().find_map(|key| map.get(key)).filter(|name| name.as_str().is_some());
        let galaxy = map.get("src").and_then(Node::as_str).map(galaxy_name);
        let name = name.cloned().or_else(|| galaxy.map(|name| Node::string(name, entry.span.clone())));
        let Some(name) = name else {
            self.error(Kind::Role, "role definitions must contain a role name", &entry.span);
            return None;
        };
        let is_keyword = |word: &str| {
            Keyword::from_name(word).is_some_and(|keyword| keyword.is_legal(Place::Role)) && word != "name"
        };
        let Fields { keywords, vars } =
            self.fields(map, Place::Role, "RoleDefinition", &entry.span, |word| !is_keyword(word));
        let mut params = Map::new();
        for (key, value) in map.iter() {
            let own = ["role", "name", "src", "scm", "version"];
            if key.as_str().is_some_and(|word| !is_keyword(word) && !own.contains(&word)) {
                params.insert(key.clone(), value.clone());
            }
        }
        let name = self.static_name(&name, layer, &vars, &entry.span)?;
        Some(RoleEntry { name, keywords, vars: Map::clone(&vars), params, span: entry.span.clone() })
    }

    /// Finds a role and reads everything but its tasks. `near` is a directory that may hold it too.
    fn role(
        &mut self,
        entry: RoleEntry,
        from: &From,
        near: Option<&Path>,
        collections: &[String],
    ) -> Option<Arc<Role>> {
        let (path, collection) = self.find_role(&entry, near, collections)?;
        if self.roles.contains(&path) {
            let text = "A recursion loop was detected with the roles specified. Make sure child roles do not have dependencies on parent roles";
            self.error(Kind::Role, text, &entry.span);
            return None;
        }
        self.roles.push(path.clone());
        let name = if entry.name.contains('/') {
            path.file_name().unwrap_or_default().to_string_lossy().into_owned()
        } else {
            entry.name.clone()
        };
        let defaults = self.role_vars(&path, &name, "defaults", from.defaults.as_deref(), &entry.span);
        let vars = self.role_vars(&path, &name, "vars", from.vars.as_deref(), &entry.span);
        let mut meta = self.role_meta(&path, &name, collection.as_deref());
        if let Some(allow) = from.allow_duplicates {
            meta.allow_duplicates = meta.allow_duplicates || allow;
        }
        let mut dependencies = Vec::new();
        for dependency in std::mem::take(&mut meta.dependencies) {
            let plain = From { validate: true, ..From::default() };
            let near = parent(&path);
            dependencies.extend(self.role(dependency.clone(), &plain, Some(&near), &meta.collections));
            meta.dependencies.push(dependency);
        }
        self.roles.pop();
        let chosen = [
            ("tasks", &from.tasks),
            ("vars", &from.vars),
            ("defaults", &from.defaults),
            ("handlers", &from.handlers),
        ];
        let from_files = chosen
            .iter()
            .filter_map(|(dir, file)| Some(((*dir).to_owned(), file.as_ref()?.clone())))
            .collect();
        Some(Arc::new(Role { name, collection, path, entry, defaults, vars, meta, dependencies, from_files }))
    }

    fn find_role(
        &mut self,
        entry: &RoleEntry,
        near: Option<&Path>,
        collections: &[String],
    ) -> Option<(PathBuf, Option<String>)> {
        let files = self.loader.files.clone();
        let settings = self.loader.settings.clone();
        let name = &entry.name;
        let in_collection = |collection: &str, role: &str| {
            let (namespace, short) = collection.split_once('.')?;
            let roots = settings.collections_path.iter().cloned().chain([self.play_dir.join("collections")]);
            let dirs = roots.map(|root| {
                root.join("ansible_collections").join(namespace).join(short).join("roles").join(role)
            });
            let found = dirs.map(|dir| files.absolute(&dir)).find(|dir| files.is_dir(dir))?;
            Some((found, Some(collection.to_owned())))
        };
        if let [namespace, collection, role] = name.split('.').collect::<Vec<_>>()[..]
            && let Some(found) = in_collection(&format!("{namespace}.{collection}"), role)
        {
            return Some(found);
        }
        if !name.contains(['.', '/'])
            && let Some(found) = collections.iter().find_map(|collection| in_collection(collection, name))
        {
            return Some(found);
        }
        let mut dirs = vec![self.play_dir.join("roles")];
        dirs.extend(settings.roles_path.iter().map(|dir| files.absolute(dir)));
        dirs.extend(near.map(Path::to_path_buf));
        dirs.push(self.play_dir.clone());
        let own = (name.starts_with('/') || name.starts_with('~')).then(|| files.absolute(Path::new(name)));
        let tried = own.into_iter().chain(dirs.iter().map(|dir| files.absolute(&dir.join(name))));
        if let Some(path) = tried.into_iter().find(|path| files.is_dir(path)) {
            return Some((path, None));
        }
        let mut searched: Vec<String> = Vec::new();
        for dir in dirs.iter().map(|dir| dir.display().to_string()) {
            if !searched.contains(&dir) {
                searched.push(dir);
            }
        }
        self.error(
            Kind::Role,
            format!("the role '{name}' was not found in {}", searched.join(":")),
            &entry.span,
        );
        None
    }

    /// The file of a role's directory that is read: `main` with one of the extensions, or the one asked for.
    fn role_file(
        &mut self,
        path: &Path,
        dir: &str,
        from: Option<&str>,
        allow_dir: bool,
        span: &Span,
    ) -> Vec<PathBuf> {
        let folder = path.join(dir);
        let found =
            crate::load::vars_files(&self.loader.files, &self.loader.settings, &folder, from, allow_dir);
        if let Some(name) = from.filter(|_| found.is_empty()) {
            let text = format!("Could not find specified file in role: {dir}/{name}");
            self.error(Kind::Role, text, span);
        }
        found
    }

    fn role_vars(&mut self, path: &Path, name: &str, dir: &str, from: Option<&str>, span: &Span) -> Arc<Map> {
        let mut all = Map::new();
        for file in self.role_file(path, dir, from, true, span) {
            let (node, problems) = self.loader.load_yaml(&file, span);
            self.problems.extend(problems);
            match node.as_ref().map(|node| (&node.data, node)) {
                None | Some((Data::Null, _)) => {}
                // Names that no template can use are no mistake here: Ansible does not look at them.
                Some((Data::Map(map), _)) => all.extend_from(map),
                Some((_, node)) => {
                    let text = format!(
                        "The {dir}/main.yml file for role '{name}' must contain a dictionary of variables"
                    );
                    self.error(Kind::Role, text, &node.span);
                }
            }
        }
        Arc::new(all)
    }

    fn role_meta(&mut self, path: &Path, name: &str, collection: Option<&str>) -> RoleMeta {
        let mut meta = RoleMeta {
            collections: collection.map(str::to_owned).into_iter().collect(),
            ..RoleMeta::default()
        };
        for file in self.role_file(path, "meta", None, false, &Span::none()) {
            let (node, problems) = self.loader.load_yaml(&file, &Span::none());
            self.problems.extend(problems);
            match node.as_ref().map(|node| (&node.data, node)) {
                None | Some((Data::Null, _)) => {}
                Some((Data::Map(map), _)) => self.read_meta(map, name, &mut meta),
                Some((_, node)) => {
                    self.error(
                        Kind::Role,
                        format!("the 'meta/main.yml' for role {name} is not a dictionary"),
                        &node.span,
                    );
                }
            }
        }
        let folder = path.join("meta");
        let specs = crate::load::named_files(
            &self.loader.files,
            &self.loader.settings,
            &folder,
            "argument_specs",
            false,
        );
        for file in specs {
            let (node, problems) = self.loader.load_yaml(&file, &Span::none());
            self.problems.extend(problems);
            let found =
                node.as_ref().and_then(Node::as_map).and_then(|map| map.get("argument_specs")).cloned();
            meta.argument_specs = found.or(meta.argument_specs);
        }
        meta
    }

    fn read_meta(&mut self, map: &Map, name: &str, meta: &mut RoleMeta) {
        meta.allow_duplicates = map.get("allow_duplicates").and_then(truth).unwrap_or(false);
        meta.argument_specs = map.get("argument_specs").filter(|specs| specs.as_map().is_some()).cloned();
        let more = map.get("collections").map(|value| items(value).to_vec()).unwrap_or_default();
        for collection in more.iter().filter_map(Node::as_str) {
            if !meta.collections.iter().any(|known| known == collection) {
                meta.collections.push(collection.to_owned());
            }
        }
        let Some(dependencies) = map.get("dependencies").filter(|value| !value.is_null()) else { return };
        if dependencies.as_list().is_none() {
            let text = format!(
                "Expected role dependencies to be a list. in role '{name}', got {}",
                python_class(dependencies)
            );
            self.error(Kind::Role, text, &dependencies.span);
            return;
        }
        let layer = Arc::new(Layer {
            kind: LayerKind::Block,
            span: dependencies.span.clone(),
            keywords: Keywords::new(),
            vars: Arc::default(),
            parent: None,
        });
        for entry in items(dependencies) {
            meta.dependencies.extend(self.read_entry(entry, &layer));
        }
    }

    /// Reads the tasks and handlers of a role, and of its dependencies, below a level.
    fn enter(&mut self, role: &Arc<Role>, parent: &Arc<Layer>, from: &From) -> Arc<RoleUse> {
        let mut keywords = role.entry.keywords.clone();
        if !role.meta.collections.is_empty() && keywords.get(Keyword::Collections).is_none() {
            let span = role.entry.span.clone();
            let names =
                role.meta.collections.iter().map(|name| Node::string(name.as_str(), span.clone())).collect();
            keywords.set(Keyword::Collections, Node::list(names, span));
        }
        let layer = Arc::new(Layer {
            kind: LayerKind::Role(role.clone()),
            span: role.entry.span.clone(),
            keywords,
            vars: Arc::new(role.entry.vars.clone()),
            parent: Some(parent.clone()),
        });
        let plain = From { validate: true, ..From::default() };
        let dependencies =
            role.dependencies.iter().map(|dependency| self.enter(dependency, &layer, &plain)).collect();
        let mut tasks = Vec::new();
        if from.validate {
            tasks.extend(self.argument_check(role, &layer, from.tasks.as_deref().unwrap_or("main")));
        }
        tasks.extend(self.role_items(role, &layer, "tasks", from.tasks.as_deref(), false));
        let handlers = self.role_items(role, &layer, "handlers", from.handlers.as_deref(), true);
        let handlers = self.handlers_of(&handlers);
        Arc::new(RoleUse { role: role.clone(), layer, dependencies, tasks, handlers })
    }

    fn role_items(
        &mut self,
        role: &Arc<Role>,
        layer: &Arc<Layer>,
        dir: &str,
        from: Option<&str>,
        handlers: bool,
    ) -> Vec<Item> {
        let span = role.entry.span.clone();
        let mut found = Vec::new();
        for file in self.role_file(&role.path, dir, from, false, &span) {
            let Some(()) = self.enter_file(&file, &span) else { continue };
            let (node, problems) = self.loader.load_yaml(&file, &span);
            self.problems.extend(problems);
            match node.as_ref().map(|node| (&node.data, node)) {
                None | Some((Data::Null, _)) => {}
                Some((Data::List(_), node)) => found.extend(self.items(node, layer, handlers)),
                Some((_, node)) => {
                    let text = format!(
                        "The {dir}/main.yml file for role '{}' must contain a list of tasks",
                        role.name
                    );
                    self.error(Kind::Role, text, &node.span);
                }
            }
            self.files.pop();
        }
        found
    }

    /// The task that checks a role's arguments, when it has a spec for the entry point.
    fn argument_check(&mut self, role: &Arc<Role>, layer: &Arc<Layer>, entry_point: &str) -> Option<Item> {
        let specs = role.meta.argument_specs.as_ref()?.as_map()?.clone();
        let stem =
            [".yml", ".yaml", ".json"].iter().find_map(|extension| entry_point.strip_suffix(extension));
        let entry_point = stem.unwrap_or(entry_point);
        let spec = specs.get(entry_point)?;
        let span = spec.span.clone();
        let spec_map = spec.as_map()?;
        let mut name = format!("Validating arguments against arg spec '{entry_point}'");
        if let Some(short) = spec_map.get("short_description").and_then(Node::as_str) {
            name.push_str(&format!(" - {short}"));
        }
        let string = |text: &str| Node::string(text, span.clone());
        let mut context = Map::new();
        context.set("type", string("role"));
        context.set("name", string(&role.name));
        context.set("argument_spec_name", string(entry_point));
        context.set("path", string(&role.path.display().to_string()));
        let mut args = Map::new();
        let options = spec_map.get("options").cloned().unwrap_or_else(|| Node::map(Map::new(), span.clone()));
        // The spec is data: templates in its defaults are not evaluated.
        args.set("argument_spec", options.untrusted());
        args.set("provided_arguments", Node::map(role.entry.params.clone(), span.clone()));
        args.set("validate_args_context", Node::map(context, span.clone()));
        let mut keywords = Keywords::new();
        keywords.set(Keyword::Name, string(&name));
        keywords.set(Keyword::Tags, Node::list(vec![string("always")], span.clone()));
        let full = "ansible.builtin.validate_argument_spec";
        let available = matches!(self.loader.names.resolve(full, &[]), Resolved::Known(_));
        if !available {
            let text = format!(
                "module '{full}' has no native implementation: the arguments of role '{}' are not checked",
                role.name
            );
            self.problems.push(Problem::warning(Kind::ForeignModule, text, &span));
        }
        let action = Action {
            name: full.to_owned(),
            resolved: full.to_owned(),
            available,
            span: span.clone(),
            args: Args { map: args, template: None },
        };
        Some(Item::Task(Arc::new(Task {
            span,
            action,
            keywords,
            vars: Arc::default(),
            loop_source: None,
            loop_control: LoopControl::default(),
            include: None,
            layer: layer.clone(),
        })))
    }
}

/// The name Galaxy gives a role that is named only by its source.
fn galaxy_name(source: &str) -> String {
    let last = source.rsplit('/').next().unwrap_or(source);
    let last = last.split(',').next().unwrap_or(last);
    [".git", ".tar.gz"].iter().find_map(|suffix| last.strip_suffix(suffix)).unwrap_or(last).to_owned()
}
