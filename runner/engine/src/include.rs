//! `include_tasks` and `include_role` while the play runs: what a host asks for, and the blocks it gets.

use std::{path::PathBuf, sync::Arc};

use runner_playbook::{
    ast::{Handler, Include, IncludeRole, Layer, LayerKind, Role, RoleUse},
    keyword::Keywords,
    node::{Map, Node},
    problem::Problem,
    source::Span,
};
use runner_template::{Scope, Value, Vars};

use crate::{
    block::{Block, Item},
    context::{PlayContext, Shared},
    event::Notice,
    result::{Answer, IncludeRequest, Wanted},
    sequence::Sequencer,
    task::{Job, argument_error},
    trouble::Trouble,
    unit::Unit,
    world::TaskWorld,
};

/// Includes inside includes; more is a file that includes itself.
pub(crate) const DEPTH_MAX: usize = 200;

/// The answer of an including task: nothing changed, and what it wants.
pub(crate) fn request(job: &Job, scope: &Scope) -> Result<Answer, Trouble> {
    let include = job.unit.task.include.as_ref().expect("asked only of includes");
    let render = |name: &str, node: &Node| -> Result<Value, Trouble> {
        let value = Value::from(node);
        job.shared
            .templar
            .render(&value, scope)
            .map_err(|error| argument_error(name, &node.span, &error).into())
    };
    let text = |name: &str, node: &Node| -> Result<String, Trouble> { Ok(render(name, node)?.to_text()?) };
    let wanted = match include {
        Include::Tasks(tasks) => Wanted::Tasks { file: text("_raw_params", &tasks.file)? },
        Include::Role(role) => {
            let mut from = Vec::new();
            for (name, node) in [
                ("tasks_from", &role.tasks_from),
                ("vars_from", &role.vars_from),
                ("defaults_from", &role.defaults_from),
                ("handlers_from", &role.handlers_from),
            ] {
                if let Some(node) = node {
                    from.push((name, text(name, node)?));
                }
            }
            let flag = |name: &str, node: &Option<Node>, default: bool| -> Result<bool, Trouble> {
                let Some(node) = node else { return Ok(default) };
                Ok(crate::keywords::boolean(&render(name, node)?).unwrap_or(default))
            };
            Wanted::Role {
                name: text("name", &role.name)?,
                from,
                public: flag("public", &role.public, false)?,
                allow_duplicates: flag("allow_duplicates", &role.allow_duplicates, true)?,
                validate: flag("rolespec_validate", &role.rolespec_validate, true)?,
            }
        }
    };
    let mut answer = Answer::unchanged();
    if let Wanted::Tasks { file } = &wanted {
        answer = answer.set("include", file.as_str());
    }
    answer.include = Some(IncludeRequest {
        unit: job.unit.clone(),
        wanted,
        injected: job.unit.injected.clone(),
        label: None,
    });
    Ok(answer)
}

/// Tasks that were included, ready to be walked.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// File or role, for the event.
    pub name: String,
    /// The tasks.
    pub block: Arc<Block<Arc<Unit>>>,
    /// Handlers that come with them.
    pub handlers: Vec<Handler>,
    /// Roles whose variables become public.
    pub public: Vec<Arc<Role>>,
    /// Warnings of loading.
    pub warnings: Vec<Problem>,
}

/// Reads what a request wants.
pub(crate) fn load(
    shared: &Shared,
    play: &PlayContext,
    request: &IncludeRequest,
) -> Result<Loaded, Vec<Notice>> {
    let task = &request.unit.task;
    let include = task.include.as_ref().expect("requests come from includes");
    let (apply, apply_vars) = match include {
        Include::Tasks(tasks) => (&tasks.apply, &tasks.apply_vars),
        Include::Role(role) => (&role.apply, &role.apply_vars),
    };
    let layer = layer_of(request, apply, apply_vars);
    match &request.wanted {
        Wanted::Tasks { file } => tasks(shared, play, request, file, &layer),
        Wanted::Role { name, from, public, .. } => role(shared, play, request, name, from, *public, &layer),
    }
}

/// The level between the including task and what it includes.
fn layer_of(request: &IncludeRequest, apply: &Keywords, apply_vars: &Map) -> Arc<Layer> {
    let task = &request.unit.task;
    let include = Arc::new(Layer {
        kind: LayerKind::Include,
        span: task.span.clone(),
        keywords: Keywords::new(),
        vars: task.vars.clone(),
        parent: Some(task.layer.clone()),
    });
    if apply.is_empty() && apply_vars.is_empty() {
        return include;
    }
    Arc::new(Layer {
        kind: LayerKind::Apply,
        span: task.span.clone(),
        keywords: apply.clone(),
        vars: Arc::new(apply_vars.clone()),
        parent: Some(include),
    })
}

fn tasks(
    shared: &Shared,
    play: &PlayContext,
    request: &IncludeRequest,
    file: &str,
    layer: &Arc<Layer>,
) -> Result<Loaded, Vec<Notice>> {
    let path = locate(shared, play, request, file);
    let is_handler = matches!(request.unit.kind, crate::unit::Kind::Handler(_));
    let (items, imported, problems, handlers) = if is_handler {
        let (handlers, problems) = shared.loader.load_handler_file(&path, layer, &play.dir);
        (Vec::new(), Vec::new(), problems, handlers.unwrap_or_default())
    } else {
        let (loaded, problems) = shared.loader.load_task_file(&path, layer, &play.dir);
        let loaded = loaded.unwrap_or_default();
        (loaded.items, loaded.imported_roles, problems, Vec::new())
    };
    let warnings = errors_first(problems)?;
    let mut roles = shared.roles.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut sequencer = Sequencer {
        ids: &shared.ids,
        selection: &shared.settings.selection,
        roles: &mut roles,
        injected: request.injected.clone(),
    };
    let block =
        if is_handler { sequencer.included_handlers(&handlers) } else { Block::of(sequencer.items(&items)) };
    Ok(Loaded {
        name: path.display().to_string(),
        block: Arc::new(block),
        handlers: imported.iter().flat_map(handlers_of).collect(),
        public: imported.iter().flat_map(|used| used.in_order()).map(|used| used.role.clone()).collect(),
        warnings,
    })
}

fn handlers_of(used: &Arc<RoleUse>) -> Vec<Handler> {
    used.in_order().into_iter().flat_map(|used| used.handlers.iter().cloned()).collect()
}

/// The file of an include: beside the including file first, then where tasks are searched.
fn locate(shared: &Shared, play: &PlayContext, request: &IncludeRequest, file: &str) -> PathBuf {
    let task = &request.unit.task;
    let world = TaskWorld::of(shared.world.clone(), shared.store.clone(), &task.layer, &task.span, &play.dir);
    let mut candidates: Vec<PathBuf> = Vec::new();
    if let Some(beside) = task.span.path().and_then(std::path::Path::parent) {
        candidates.push(crate::world::tidy(&beside.join(file)));
    }
    candidates.extend(world.candidates("tasks", file));
    let files = &shared.loader.files;
    let found = candidates.iter().find(|path| files.is_file(path)).cloned();
    found.unwrap_or_else(|| candidates.into_iter().next().unwrap_or_else(|| PathBuf::from(file)))
}

fn role(
    shared: &Shared,
    play: &PlayContext,
    request: &IncludeRequest,
    name: &str,
    from: &[(&'static str, String)],
    public: bool,
    layer: &Arc<Layer>,
) -> Result<Loaded, Vec<Notice>> {
    let Some(Include::Role(written)) = &request.unit.task.include else {
        return Err(vec![Notice::error("not a role")]);
    };
    let node = |name: &str| {
        let found = from.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| Node::string(text.as_str(), Span::none()))
    };
    let wanted = IncludeRole {
        name: Node::string(name, written.name.span.clone()),
        tasks_from: node("tasks_from"),
        vars_from: node("vars_from"),
        defaults_from: node("defaults_from"),
        handlers_from: node("handlers_from"),
        ..(**written).clone()
    };
    let (found, problems) = shared.loader.load_role(&wanted, layer, &play.dir);
    let warnings = errors_first(problems)?;
    let Some(found) = found else {
        return Err(vec![Notice::error(format!("the role '{name}' was not found"))]);
    };
    let mut roles = shared.roles.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut sequencer = Sequencer {
        ids: &shared.ids,
        selection: &shared.settings.selection,
        roles: &mut roles,
        injected: request.injected.clone(),
    };
    let item: Item<Arc<Unit>> = sequencer.role(&found);
    Ok(Loaded {
        name: name.to_owned(),
        block: Arc::new(Block::of(vec![item])),
        handlers: handlers_of(&found),
        public: if public {
            found.in_order().into_iter().map(|used| used.role.clone()).collect()
        } else {
            Vec::new()
        },
        warnings,
    })
}

fn errors_first(problems: Vec<Problem>) -> Result<Vec<Problem>, Vec<Notice>> {
    let errors: Vec<Notice> =
        problems.iter().filter(|problem| problem.is_error()).map(notice_of_problem).collect();
    if errors.is_empty() { Ok(problems) } else { Err(errors) }
}

/// A problem of loading as a notice.
pub(crate) fn notice_of_problem(problem: &Problem) -> Notice {
    let severity = match problem.severity {
        runner_playbook::problem::Severity::Error => crate::event::Severity::Error,
        runner_playbook::problem::Severity::Warning => crate::event::Severity::Warning,
        runner_playbook::problem::Severity::Deprecation => crate::event::Severity::Deprecation,
    };
    Notice { help: problem.help.clone(), ..Notice::new(severity, problem.message.clone()).at(&problem.span) }
}

/// Whether two requests bring the same tasks.
pub(crate) fn same(a: &IncludeRequest, b: &IncludeRequest) -> bool {
    a.unit.id == b.unit.id && a.wanted == b.wanted && same_vars(&a.injected, &b.injected)
}

fn same_vars(a: &Vars, b: &Vars) -> bool {
    a.len() == b.len() && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| other.equals(value)))
}
