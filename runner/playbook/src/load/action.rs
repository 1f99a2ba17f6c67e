//! What a task does: which key names the action, and its arguments in all the forms Ansible takes.

use crate::ast::{Action, Args};
use crate::keyword::{Keyword, Place};
use crate::load::tasks::Pass;
use crate::load::words::{nearest, python_class};
use crate::names::Resolved;
use crate::node::{Data, Map, Node, Text};
use crate::problem::{Kind, Problem};
use crate::source::Span;
use crate::splitter;

/// Actions whose string is a command, out of which only a few options are taken.
const FREE_FORM: [&str; 6] = ["command", "shell", "raw", "script", "win_command", "win_shell"];
/// Actions that take a plain string besides `key=value` pairs.
const RAW_PARAMS: [&str; 9] = [
    "add_host",
    "group_by",
    "import_role",
    "import_tasks",
    "include_role",
    "include_tasks",
    "include_vars",
    "meta",
    "set_fact",
];
/// The place in Ansible's documentation about templates for all arguments at once.
const ARGSPLAT: &str = "Using a template for task args is unsafe in some situations (see https://docs.ansible.com/ansible/devel/reference_appendices/faq.html#argsplat-unsafe).";

/// The short name of one of Ansible's own actions, whatever namespace it was written with.
pub fn short(name: &str) -> &str {
    ["ansible.builtin.", "ansible.legacy.", "ansible.windows."]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name)
}

/// Whether a key of a task can only be a keyword, wherever it is legal.
pub fn is_task_word(word: &str) -> bool {
    let keyword = Keyword::from_name(word);
    let legal = |place| keyword.is_some_and(|keyword| keyword.is_legal(place));
    legal(Place::Task) || legal(Place::Handler) || word.starts_with("with_") || word == "static"
}

/// The action as the task spells it.
struct Spelled<'m> {
    name: String,
    value: Option<&'m Node>,
    span: Span,
    /// From `action:` or `local_action:`, whose string begins with the name.
    legacy: bool,
}

impl Pass<'_> {
    /// Finds the action of a task. None when there is no usable one; the reason is noted.
    pub fn action(&mut self, map: &Map, span: &Span, collections: &[String]) -> Option<Action> {
        let spelled = self.spelled(map, span)?;
        let (resolved, available) = self.resolve(&spelled.name, collections, span)?;
        let mut args = match spelled.value {
            Some(value) => self.args(value, &spelled, span)?,
            None => Args::default(),
        };
        if let Some(more) = map.get("args") {
            self.merge_args(&mut args, more);
        }
        self.check_args(&args, &spelled.name, &resolved, available);
        Some(Action { name: spelled.name, resolved, available, span: spelled.span, args })
    }

    fn spelled<'m>(&mut self, map: &'m Map, span: &Span) -> Option<Spelled<'m>> {
        let candidates: Vec<(&Node, &Node)> =
            map.iter().filter(|(key, _)| !key.as_str().is_some_and(is_task_word)).collect();
        let legacy: Vec<(&Node, &Node)> =
            ["action", "local_action"].iter().filter_map(|word| map.get_entry(word)).collect();
        match (&legacy[..], &candidates[..]) {
            ([_, _], _) => {
                self.error(Kind::Action, "action and local_action are mutually exclusive", span);
                None
            }
            ([(word, value)], []) => self.legacy(word, value, span),
            ([], [(key, value)]) => {
                let name = key.scalar_text().unwrap_or_default().into_owned();
                Some(Spelled { name, value: Some(value), span: key.span.clone(), legacy: false })
            }
            ([], []) => {
                self.error(Kind::Action, "no module/action detected in task.", span);
                None
            }
            (legacy, candidates) => {
                let first =
                    legacy.iter().map(|(_, value)| value.as_str().and_then(|text| text.split(' ').next()));
                let first: Vec<String> = first.flatten().map(str::to_owned).collect();
                let others =
                    candidates.iter().map(|(key, _)| key.scalar_text().unwrap_or_default().into_owned());
                let names: Vec<String> = first.into_iter().chain(others).collect();
                let first = candidates.first().filter(|_| legacy.is_empty()).map(|(_, value)| *value);
                self.conflict(&names, first, span);
                None
            }
        }
    }

    /// Two actions; the first one's arguments are looked at before the second is seen.
    fn conflict(&mut self, names: &[String], first: Option<&Node>, span: &Span) {
        let text = match first.map(|value| (&value.data, value)) {
            None | Some((Data::Null | Data::Map(_) | Data::Str(_), _)) => {
                format!("conflicting action statements: {}", names[..2].join(", "))
            }
            Some((_, value)) => format!("unexpected parameter type in action: {}", python_class(value)),
        };
        let mut problem = Problem::error(Kind::Action, text, span);
        let unknown =
            names.iter().find(|name| matches!(self.loader.names.resolve(name, &[]), Resolved::Unknown(_)));
        if let Some(name) = unknown {
            let words = Keyword::legal(Place::Task).chain(Keyword::legal(Place::Handler));
            let meant = nearest(name, words.map(Keyword::name));
            let meant = meant.map(|meant| format!(" Did you mean '{meant}'?")).unwrap_or_default();
            problem = problem.with_help(format!("'{name}' is neither a keyword nor a module.{meant}"));
        }
        self.problems.push(problem);
    }

    /// `action: NAME ARGS` or a mapping with the name under `module`.
    fn legacy<'m>(&mut self, word: &Node, value: &'m Node, span: &Span) -> Option<Spelled<'m>> {
        let name = match &value.data {
            Data::Str(text) => text.value.split_whitespace().next().map(str::to_owned),
            Data::Map(map) => {
                let text =
                    format!("Using a mapping for `{}` is deprecated.", word.as_str().unwrap_or("action"));
                let help = "Use a string value for `action`.";
                self.problems.push(Problem::deprecation(Kind::Action, text, &value.span).with_help(help));
                let module = map.get("module").and_then(Node::as_str);
                module.and_then(|text| text.split_whitespace().next()).map(str::to_owned)
            }
            _ => {
                let text = format!("unexpected parameter type in action: {}", python_class(value));
                self.error(Kind::Action, text, span);
                return None;
            }
        };
        let Some(name) = name else {
            self.error(Kind::Action, "no module/action detected in task.", span);
            return None;
        };
        Some(Spelled { name, value: Some(value), span: word.span.clone(), legacy: true })
    }

    fn resolve(&mut self, name: &str, collections: &[String], span: &Span) -> Option<(String, bool)> {
        if short(name) == "include" {
            let text = "The 'ansible.builtin.include' action plugin has been removed. Use include_tasks or import_tasks instead. This feature was removed from ansible-core in a release after 2023-05-16.";
            self.error(Kind::Action, text, span);
            return None;
        }
        match self.loader.names.resolve(name, collections) {
            Resolved::Known(full) => Some((full, true)),
            Resolved::Foreign(full) => {
                let text = format!(
                    "module '{full}' has no native implementation: a host that reaches this task fails"
                );
                self.problems.push(Problem::warning(Kind::ForeignModule, text, span));
                Some((full, false))
            }
            Resolved::Unknown(meant) => {
                let text = format!(
                    "couldn't resolve module/action '{name}'. This often indicates a misspelling, missing collection, or incorrect module path."
                );
                let mut problem = Problem::error(Kind::Action, text, span);
                let word = nearest(name, Keyword::legal(Place::Task).map(Keyword::name)).map(str::to_owned);
                if let Some(meant) = meant.or(word) {
                    problem = problem.with_help(format!("Did you mean '{meant}'?"));
                }
                self.problems.push(problem);
                None
            }
        }
    }

    fn args(&mut self, value: &Node, spelled: &Spelled<'_>, task: &Span) -> Option<Args> {
        match &value.data {
            Data::Null => Some(Args::default()),
            Data::Map(map) if spelled.legacy => {
                let mut map = Map::clone(map);
                let module = map.remove("module");
                let rest = module.as_ref().and_then(Node::as_str).and_then(|text| text.split_once(' '));
                let mut args = match rest {
                    Some((_, rest)) => self.string_args(rest, value, &spelled.name, task)?,
                    None => Args::default(),
                };
                args.map.extend_from(&map);
                Some(args)
            }
            Data::Map(map) => Some(Args { map: Map::clone(map), template: None }),
            Data::Str(text) => {
                let text = &text.value;
                let rest =
                    if spelled.legacy { text.trim_start()[spelled.name.len()..].trim_start() } else { text };
                self.string_args(rest, value, &spelled.name, task)
            }
            _ => {
                let text = format!("unexpected parameter type in action: {}", python_class(value));
                self.error(Kind::Action, text, task);
                None
            }
        }
    }

    /// `key=value` pairs, a command, or one template for all arguments.
    fn string_args(&mut self, text: &str, node: &Node, action: &str, task: &Span) -> Option<Args> {
        let free_form = FREE_FORM.contains(&short(action));
        let raw_allowed = free_form || RAW_PARAMS.contains(&short(action));
        if !raw_allowed && splitter::is_one_template(text) {
            self.problems.push(Problem::warning(Kind::Action, ARGSPLAT, &node.span));
            return Some(Args { map: Map::new(), template: Some(node.clone()) });
        }
        let found = match splitter::key_values(text, free_form) {
            Ok(found) => found,
            Err(error) => {
                self.error(Kind::Action, format!("Error loading tasks: {error}"), task);
                return None;
            }
        };
        let trusted = matches!(&node.data, Data::Str(Text { trusted: true, .. }) | Data::Map(_));
        let string =
            |value: String| Node::new(Data::Str(Text { value: value.into(), trusted }), node.span.clone());
        let mut map = Map::with_capacity(found.options.len() + 1);
        for (key, value) in found.options {
            map.set(&key, string(value));
        }
        if let Some(raw) = found.raw {
            map.set("_raw_params", string(raw));
        }
        Some(Args { map, template: None })
    }

    /// Adds the `args:` keyword below the arguments given with the action.
    fn merge_args(&mut self, args: &mut Args, more: &Node) {
        match &more.data {
            Data::Null => {}
            Data::Map(map) => {
                let mut merged = Map::clone(map);
                merged.extend_from(&args.map);
                args.map = merged;
            }
            Data::Str(text) if splitter::is_one_template(&text.value) => {
                self.problems.push(Problem::warning(Kind::Action, ARGSPLAT, &more.span));
                args.template = Some(more.clone());
            }
            _ => {
                let help = "A mapping or template which resolves to a mapping is required.";
                let text = "The value of the task `args` keyword is invalid.";
                self.problems.push(Problem::error(Kind::Action, text, &more.span).with_help(help));
            }
        }
    }

    fn check_args(&mut self, args: &Args, name: &str, resolved: &str, available: bool) {
        for key in args.map.keys() {
            let Some(option) = key.as_str() else { continue };
            if option.starts_with("_ansible_") {
                let text = format!(
                    "Invalid parameter specified beginning with keyword '_ansible_' for action '{name}': '{option}'. The prefix '_ansible_' is reserved for internal use only."
                );
                self.error(Kind::Action, text, &key.span);
                continue;
            }
            if option == "_raw_params" || !available || crate::node::has_template(option) {
                continue;
            }
            if let Some(unknown) = self.loader.names.unknown_option(resolved, option) {
                let mut text = format!("Unsupported parameters for ({resolved}) module: {option}.");
                if !unknown.supported.is_empty() {
                    text.push_str(&format!(
                        " Supported parameters include: {}.",
                        unknown.supported.join(", ")
                    ));
                }
                let mut problem = Problem::error(Kind::Action, text, &key.span);
                if let Some(meant) = unknown.suggestion {
                    problem = problem.with_help(format!("Did you mean '{meant}'?"));
                }
                self.problems.push(problem);
            }
        }
    }
}
