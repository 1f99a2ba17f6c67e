//! The keywords of one mapping: which are legal there, and what their values must look like before any template is evaluated.

use std::sync::Arc;

use crate::ast::items;
use crate::keyword::{Keyword, Keywords, Place, Type};
use crate::load::plays::truth;
use crate::load::tasks::Pass;
use crate::load::words::{is_identifier, nearest, python_class, python_str};
use crate::node::{Data, Map, Node};
use crate::problem::{Kind, Problem};
use crate::source::Span;

/// Advice about the names of variables, in Ansible's words.
pub const NAME_HELP: &str = "Variable names must be strings starting with a letter or underscore character, and contain only letters, numbers and underscores.";
/// Advice about unknown keywords of tasks, in Ansible's words.
const ATTRIBUTE_HELP: &str =
    "This error can be suppressed as a warning using the \"invalid_task_attribute_failed\" configuration";
/// Names that are variables' no more: they mean something in templates or in tasks.
const RESERVED: [&str; 15] = [
    "cycler",
    "dict",
    "joiner",
    "lipsum",
    "lookup",
    "namespace",
    "now",
    "omit",
    "q",
    "query",
    "range",
    "undef",
    "local_action",
    "with_",
    "loop_with",
];

/// The keywords and variables of one mapping.
#[derive(Default)]
pub struct Fields {
    pub keywords: Keywords,
    pub vars: Arc<Map>,
}

impl Pass<'_> {
    /// Reads the keywords of a mapping; `known` says which other keys are its caller's business.
    ///
    /// `owner` is the place of the mapping, where Ansible points for some of the mistakes.
    pub fn fields(
        &mut self,
        map: &Map,
        place: Place,
        class: &str,
        owner: &Span,
        known: impl Fn(&str) -> bool,
    ) -> Fields {
        let mut fields = Fields::default();
        for (key, value) in map.iter() {
            let word = python_str(key);
            match Keyword::from_name(&word).filter(|keyword| keyword.is_legal(place)) {
                _ if known(&word) => {}
                Some(Keyword::Vars) => fields.vars = self.vars(value, class),
                Some(keyword) => {
                    if let Some(value) = self.value(keyword, value, place, owner) {
                        fields.keywords.set(keyword, value);
                    }
                }
                None => {
                    let is_include = matches!(place, Place::Include | Place::HandlerInclude);
                    let span = if is_include { owner } else { &key.span };
                    self.invalid_attribute(&word, class, place, span);
                }
            }
        }
        fields
    }

    /// Says that a word is no keyword here.
    pub fn invalid_attribute(&mut self, word: &str, class: &str, place: Place, span: &Span) {
        let text = format!("'{word}' is not a valid attribute for a {class}");
        let is_task = matches!(place, Place::Task | Place::Handler | Place::Include | Place::HandlerInclude);
        let text =
            if class == "Task" || class == "Handler" { format!("{text}\n{ATTRIBUTE_HELP}") } else { text };
        let mut problem = Problem::error(Kind::Keyword, text, span);
        if is_task && !self.loader.settings.invalid_attribute_is_error {
            problem = Problem::warning(Kind::Keyword, format!("Ignoring invalid attribute: {word}"), span);
        }
        if let Some(meant) = nearest(word, Keyword::legal(place).map(Keyword::name)) {
            problem = problem.with_help(format!("Did you mean '{meant}'?"));
        }
        self.problems.push(problem);
    }

    /// Checks the shape of a keyword's value; none when it counts as not set.
    fn value(&mut self, keyword: Keyword, value: &Node, place: Place, owner: &Span) -> Option<Node> {
        match keyword.rule().kind {
            Type::Str | Type::Choice(_) if keyword != Keyword::Register => {
                if matches!(value.data, Data::List(_) | Data::Map(_) | Data::Set(_)) {
                    let (name, class) = (keyword.name(), python_class(value));
                    self.error(
                        Kind::Keyword,
                        format!("The field '{name}' is supposed to be a string type, however the incoming data structure is a {class}"),
                        owner,
                    );
                }
            }
            // What only a play has is evaluated before anything runs.
            kind if place == Place::Play && !keyword.is_legal(Place::Block) => {
                self.convertible(keyword, kind, value)
            }
            _ => {}
        }
        match keyword {
            Keyword::Register => self.register(value),
            Keyword::Tags => self.tags(value),
            Keyword::Collections => self.check_collections(value),
            Keyword::ModuleDefaults => self.module_defaults(value),
            Keyword::When | Keyword::ChangedWhen | Keyword::FailedWhen | Keyword::Until
                if value.is_null() =>
            {
                return None;
            }
            _ => {}
        }
        Some(value.clone())
    }

    /// Checks that a value that is no template can be what the keyword needs.
    fn convertible(&mut self, keyword: Keyword, kind: Type, value: &Node) {
        if value.is_null() || value.may_be_template() {
            return;
        }
        let text = value.as_str().map(str::trim);
        let is_number = |node: &Node| matches!(node.data, Data::Int(_) | Data::Float(_) | Data::Bool(_));
        let (fits, name) = match kind {
            Type::Bool => (truth(value).is_some(), "bool"),
            Type::Int => (is_number(value) || text.is_some_and(|text| text.parse::<i64>().is_ok()), "int"),
            Type::Percent => {
                let number = text.map(|text| text.trim_end_matches('%').trim());
                (is_number(value) || number.is_some_and(|text| text.parse::<f64>().is_ok()), "percent")
            }
            _ => return,
        };
        if !fits {
            let (word, shown) = (keyword.name(), crate::yaml::python::repr(value));
            let text = format!(
                "Error processing keyword '{word}': The value {shown} could not be converted to '{name}'."
            );
            self.error(Kind::Keyword, text, &value.span);
        }
    }

    fn register(&mut self, value: &Node) {
        let wrong = match &value.data {
            Data::Str(text) if is_identifier(&text.value) => return,
            Data::Null => return,
            Data::Str(text) => crate::yaml::python::repr_str(&text.value),
            _ => format!("of type '{}'", value.type_name()),
        };
        let text = format!("Invalid 'register' specified: Invalid variable name {wrong}.");
        self.problems.push(Problem::error(Kind::Keyword, text, &value.span).with_help(NAME_HELP));
    }

    fn tags(&mut self, value: &Node) {
        if !matches!(value.data, Data::Str(_) | Data::List(_)) {
            self.error(Kind::Keyword, "tags must be specified as a list", &value.span);
        }
    }

    fn check_collections(&mut self, value: &Node) {
        for item in items(value) {
            if item.as_str().is_none() {
                let text =
                    format!("Keyword 'collections' items must be of type 'str', not '{}'.", item.type_name());
                self.error(Kind::Keyword, text, &item.span);
            }
        }
    }

    fn module_defaults(&mut self, value: &Node) {
        let fits = |node: &Node| matches!(node.data, Data::Map(_) | Data::Null);
        if !items(value).iter().all(fits) {
            let text = "The field 'module_defaults' is supposed to be a dictionary or list of dictionaries, the keys of which must be static action, module, or group names. Only the values may contain templates. For example: {'ping': \"{{ ping_defaults }}\"}";
            self.error(Kind::Keyword, text, &value.span);
        }
    }

    /// Reads a `vars:` mapping and checks the names in it.
    pub fn vars(&mut self, value: &Node, class: &str) -> Arc<Map> {
        match &value.data {
            Data::Null => Arc::default(),
            Data::Map(map) => {
                self.variable_names(map);
                map.clone()
            }
            _ => {
                let text = format!("Vars in a {class} must be specified as a dictionary.");
                self.error(Kind::Keyword, text, &value.span);
                Arc::default()
            }
        }
    }

    /// Checks the names of variables.
    pub fn variable_names(&mut self, map: &Map) {
        for key in map.keys() {
            match key.as_str() {
                Some(name) if is_identifier(name) => {
                    if RESERVED.contains(&name) || is_reserved_keyword(name) {
                        let text = format!("Found variable using reserved name '{name}'.");
                        self.problems.push(Problem::warning(Kind::Variable, text, &key.span));
                    }
                }
                _ => {
                    let text = format!("Invalid variable name {}.", crate::yaml::python::repr(key));
                    self.problems.push(Problem::error(Kind::Variable, text, &key.span).with_help(NAME_HELP));
                }
            }
        }
    }

    /// Notes an error.
    pub fn error(&mut self, kind: Kind, text: impl Into<String>, span: &Span) {
        self.problems.push(Problem::error(kind, text, span));
    }
}

/// Keywords are no names for variables, with one exception that Ansible makes for its own use.
fn is_reserved_keyword(name: &str) -> bool {
    let places = [Place::Play, Place::Role, Place::Block, Place::Task];
    name != "gather_subset"
        && Keyword::from_name(name).is_some_and(|keyword| places.iter().any(|place| keyword.is_legal(*place)))
}
