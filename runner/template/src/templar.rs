//! The door: renders values, conditions and template files; shares compiled templates between all hosts.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use runner_playbook::problem::Problem;
use runner_playbook::source::{Source, Span};

use crate::check;
use crate::error::{Error, ErrorKind, Result};
use crate::eval::{Context, Unit, finalize};
use crate::lookups;
use crate::place::Place;
use crate::scope::Scope;
use crate::syntax::{self, Fault, Options, Template};
use crate::value::{Dict, Key, Map, Text, Value};

/// How many compiled templates are kept: a large site has a few thousand; beyond this all are dropped and compiled anew.
const CACHE_MAX: usize = 20_000;

/// The switches of `ansible.cfg` that change what templates mean.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Conditionals may give other values than booleans, as before ansible-core 2.19.
    pub allow_broken_conditionals: bool,
}

/// How a template file is read: the options of the `template` module.
#[derive(Debug, Clone)]
pub struct FileOptions {
    /// The file, for messages and relative includes.
    pub path: PathBuf,
    /// The directories that `include` and `import` search, in order.
    pub search_path: Vec<PathBuf>,
    /// `{{`
    pub variable_start: String,
    /// `}}`
    pub variable_end: String,
    /// `{%`
    pub block_start: String,
    /// `%}`
    pub block_end: String,
    /// `{#`
    pub comment_start: String,
    /// `#}`
    pub comment_end: String,
    /// The line break of the output.
    pub newline_sequence: String,
    /// Whether the line break after a block is dropped.
    pub trim_blocks: bool,
    /// Whether white space before a block is dropped.
    pub lstrip_blocks: bool,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            search_path: Vec::new(),
            variable_start: "{{".to_owned(),
            variable_end: "}}".to_owned(),
            block_start: "{%".to_owned(),
            block_end: "%}".to_owned(),
            comment_start: "{#".to_owned(),
            comment_end: "#}".to_owned(),
            newline_sequence: "\n".to_owned(),
            trim_blocks: true,
            lstrip_blocks: false,
        }
    }
}

impl FileOptions {
    pub(crate) fn syntax(&self) -> Options {
        Options {
            variable: (self.variable_start.clone(), self.variable_end.clone()),
            block: (self.block_start.clone(), self.block_end.clone()),
            comment: (self.comment_start.clone(), self.comment_end.clone()),
            newline: self.newline_sequence.clone(),
            trim_blocks: self.trim_blocks,
            lstrip_blocks: self.lstrip_blocks,
            ..Options::default()
        }
    }
}

/// How a lookup's result is handed back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupStyle {
    /// As `lookup()`: nothing, one element, or several joined with commas.
    Joined,
    /// As `query()` and `with_*`: always a list.
    List,
}

/// Renders templates. Cloning is one atomic increment; all clones share the compiled templates.
#[derive(Clone)]
pub struct Templar(Arc<Inner>);

struct Inner {
    settings: Settings,
    playbook: Options,
    compiled: RwLock<HashMap<Arc<str>, Compiled>>,
    conditions: RwLock<HashMap<Arc<str>, Compiled>>,
    files: RwLock<HashMap<(Arc<str>, Options), Compiled>>,
}

type Compiled = std::result::Result<Arc<Template>, Fault>;

impl Default for Templar {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Templar {
    /// A templar with the given switches.
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(Inner {
            settings,
            playbook: Options { raw_backslashes: true, ..Options::default() },
            compiled: RwLock::default(),
            conditions: RwLock::default(),
            files: RwLock::default(),
        }))
    }

    /// The switches.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The value with every trusted template in it evaluated, recursively. Omitted elements and keys are dropped; a
    /// value that is itself omitted comes back as [`Value::Omit`]. Tuples and sets become lists.
    ///
    /// # Errors
    /// In Ansible's words, with the place of the failing template.
    pub fn render(&self, value: &Value, scope: &Scope) -> Result<Value> {
        if matches!(value, Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_)) {
            return Ok(value.clone());
        }
        let context = Context::new(self, scope, None);
        let value = context.templated(value);
        finalize(&value).map_err(crate::eval::outward)
    }

    /// Evaluates a conditional: a boolean, or an expression in a string.
    ///
    /// # Errors
    /// When it fails, or gives something else than a boolean.
    pub fn condition(&self, condition: &Value, scope: &Scope) -> Result<bool> {
        let text = match condition {
            Value::Bool(b) => return Ok(*b),
            Value::Str(text) => text,
            Value::None => {
                return Err(conditional("Empty conditional expressions are not allowed.", &Span::none()));
            }
            other => {
                let message = "Conditional expressions must be strings.";
                return if self.0.settings.allow_broken_conditionals {
                    other.truthy()
                } else {
                    Err(conditional(message, &other.span()))
                };
            }
        };
        let span = text.origin().cloned().unwrap_or_default();
        if text.as_str().trim().is_empty() {
            if self.0.settings.allow_broken_conditionals {
                return Ok(true);
            }
            return Err(conditional("Empty conditional expressions are not allowed.", &span));
        }
        let value = self.condition_value(text, scope)?;
        match value {
            Value::Bool(b) => Ok(b),
            Value::Omit => {
                Err(Error::new(ErrorKind::Omitted, "A template was resolved to an Omit scalar.").at(&span))
            }
            other if self.0.settings.allow_broken_conditionals => other.truthy(),
            other => Err(broken(&other, &span)),
        }
    }

    fn condition_value(&self, text: &Text, scope: &Scope) -> Result<Value> {
        let context = Context::new(self, scope, None);
        let trimmed = text.as_str().trim();
        let whole = |open: &str, close: &str| trimmed.starts_with(open) && trimmed.ends_with(close);
        if text.is_trusted() && (whole("{{", "}}") || whole("{%", "%}")) {
            let message =
                "Conditionals should not be surrounded by templating delimiters such as {{ }} or {% %}.";
            let span = text.origin().cloned().unwrap_or_default();
            context.world().deprecate(message, &span);
            return match context.render_text(&Text::trusted(trimmed, span.clone()))? {
                // A variable that holds a condition.
                Value::Str(inner) if inner.is_trusted() => self.evaluate(&context, &inner),
                Value::Str(_) => Err(conditional("Encountered untrusted template or expression.", &span)),
                other => Ok(other),
            };
        }
        self.evaluate(&context, text)
    }

    /// The value of a bare expression.
    fn evaluate(&self, context: &Context, text: &Text) -> Result<Value> {
        let origin = text.origin().cloned().unwrap_or_default();
        let options = Options::default();
        let compiled =
            cached(&self.0.conditions, text.shared(), || syntax::parse_expression(text.as_str(), &options));
        let template = self.compiled_or("Syntax error in expression", compiled, text.shared(), &origin)?;
        let unit = Arc::new(Unit { template, text: text.shared().clone(), origin, embeds: true });
        context.run(&unit)?.defined()
    }

    /// The value of a bare expression, such as `changed_when` without its boolean rule, or a `register` projection.
    ///
    /// # Errors
    /// In Ansible's words, with the place of the expression.
    pub fn expression(&self, expression: &Text, scope: &Scope) -> Result<Value> {
        let context = Context::new(self, scope, None);
        finalize(&self.evaluate(&context, expression)?).map_err(crate::eval::outward)
    }

    /// The text of a template file. `None` results are empty.
    ///
    /// # Errors
    /// In Ansible's words, with the place in the file.
    pub fn render_template_file(&self, text: &str, options: &FileOptions, scope: &Scope) -> Result<String> {
        let value = self.file_value(text, options, scope)?;
        if value.is_none() { Ok(String::new()) } else { value.to_text() }
    }

    /// The value of a template file, not turned into text (the `template` lookup).
    pub(crate) fn file_value(&self, text: &str, options: &FileOptions, scope: &Scope) -> Result<Value> {
        let text: Arc<str> = Arc::from(text);
        let source = Source::new(options.path.display().to_string(), &*text);
        let options = Arc::new(options.clone());
        let template = self.compiled_file(&text, Some(&options), &source.start())?;
        let context = Context::new(self, scope, Some(options));
        let unit = Arc::new(Unit { template, text, origin: source.start(), embeds: false });
        finalize(&context.run(&unit)?).map_err(crate::eval::outward)
    }

    /// Runs a lookup by name, as `with_NAME: terms` and `lookup('NAME', *terms, **options)` do. Terms and options must
    /// have been rendered.
    ///
    /// # Errors
    /// When there is no such lookup, or it fails.
    pub fn lookup(
        &self,
        name: &str,
        terms: &[Value],
        options: &Dict,
        style: LookupStyle,
        scope: &Scope,
    ) -> Result<Value> {
        let context = Context::new(self, scope, None);
        let value = lookups::run(&context, name, terms.to_vec(), options, style)?;
        finalize(&value).map_err(crate::eval::outward)
    }

    /// Whether there is a lookup of that name (`with_NAME`).
    pub fn has_lookup(&self, name: &str) -> bool {
        lookups::exists(name)
    }

    /// What is wrong with every template inside a value, without evaluating anything: syntax, unknown filters, tests and
    /// lookups.
    pub fn check(&self, value: &Value) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.check_into(value, &mut problems);
        problems
    }

    fn check_into(&self, value: &Value, problems: &mut Vec<Problem>) {
        match value {
            Value::Str(text) if text.is_template() => {
                let parsed = syntax::parse(text.as_str(), &self.0.playbook);
                check::report(parsed, text.shared(), text.origin(), "Syntax error in template", problems);
            }
            Value::List(list) => list.raw().iter().for_each(|item| self.check_into(item, problems)),
            Value::Tuple(items) => items.iter().for_each(|item| self.check_into(item, problems)),
            Value::Dict(dict) => {
                for (key, item) in dict.raw().iter() {
                    self.check_into(&key.0, problems);
                    self.check_into(item, problems);
                }
            }
            _ => {}
        }
    }

    /// The same for a conditional.
    pub fn check_condition(&self, condition: &Value) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Value::Str(text) = condition
            && !text.as_str().trim().is_empty()
        {
            if text.as_str().trim_start().starts_with("{{") {
                return self.check(condition);
            }
            let parsed = syntax::parse_expression(text.as_str(), &Options::default());
            check::report(parsed, text.shared(), text.origin(), "Syntax error in expression", &mut problems);
        }
        problems
    }

    /// The same for the text of a template file.
    pub fn check_template_file(&self, text: &str, options: &FileOptions) -> Vec<Problem> {
        let mut problems = Vec::new();
        let source = Source::new(options.path.display().to_string(), text);
        let parsed = syntax::parse(text, &options.syntax());
        check::report(
            parsed,
            &Arc::from(text),
            Some(&source.start()),
            "Syntax error in template",
            &mut problems,
        );
        problems
    }

    /// Whether a value contains a trusted template.
    pub fn is_template(&self, value: &Value) -> bool {
        match value {
            Value::Str(text) => text.is_template(),
            Value::List(list) => list.raw().iter().any(|item| self.is_template(item)),
            Value::Tuple(items) => items.iter().any(|item| self.is_template(item)),
            Value::Dict(dict) => dict.raw().values().any(|item| self.is_template(item)),
            _ => false,
        }
    }

    /// The value with the keys of its dicts rendered too, as `set_fact` and `vars` of includes want it.
    ///
    /// # Errors
    /// As [`Templar::render`].
    pub fn render_keys(&self, value: &Value, scope: &Scope) -> Result<Value> {
        let rendered = self.render(value, scope)?;
        let Value::Dict(dict) = &rendered else { return Ok(rendered) };
        let mut map = Map::new();
        for (key, value) in dict.pairs() {
            map.insert(Key::new(self.render(&key, scope)?)?, value);
        }
        Ok(Value::Dict(Dict::frozen(map, dict.origin().clone())))
    }

    pub(crate) fn compiled(&self, text: &Arc<str>, origin: &Span) -> Result<Arc<Template>> {
        let compiled = cached(&self.0.compiled, text, || syntax::parse(text, &self.0.playbook));
        self.compiled_or("Syntax error in template", compiled, text, origin)
    }

    pub(crate) fn compiled_file(
        &self,
        text: &Arc<str>,
        options: Option<&Arc<FileOptions>>,
        origin: &Span,
    ) -> Result<Arc<Template>> {
        let options = options.map_or_else(Options::default, |options| options.syntax());
        let key = (text.clone(), options);
        let compiled = cached(&self.0.files, &key, || syntax::parse(text, &key.1));
        self.compiled_or("Syntax error in template", compiled, text, origin)
    }

    fn compiled_or(
        &self,
        prefix: &str,
        compiled: Compiled,
        text: &Arc<str>,
        origin: &Span,
    ) -> Result<Arc<Template>> {
        let delimiters = prefix.ends_with("expression") && (text.contains("{{") || text.contains("{%"));
        let hint = if delimiters { ". Template delimiters are not supported in expressions" } else { "" };
        let fail = |fault: &Fault| {
            let place = Place { origin: origin.clone(), text: text.clone(), offset: fault.offset };
            Error::new(ErrorKind::Syntax, format!("{prefix}{hint}: {}", fault.message)).within(|| place)
        };
        let template = compiled.map_err(|fault| fail(&fault))?;
        match template.unknown.iter().find(|unknown| !unknown.conditional) {
            Some(unknown) => {
                let message = format!("No {} named '{}'.", unknown.kind, unknown.name);
                let offset = (unknown.at as usize).saturating_sub(template.lead) + template.shift;
                let mut error = fail(&Fault::new(message, offset));
                if let Some(help) = check::suggestion(unknown.kind, &unknown.name) {
                    error = error.with_help(help);
                }
                Err(error)
            }
            None => Ok(template),
        }
    }
}

fn cached<K: std::hash::Hash + Eq + Clone>(
    cache: &RwLock<HashMap<K, Compiled>>,
    key: &K,
    parse: impl FnOnce() -> std::result::Result<Template, Fault>,
) -> Compiled {
    if let Some(found) = cache.read().unwrap_or_else(PoisonError::into_inner).get(key) {
        return found.clone();
    }
    let compiled = parse().map(Arc::new);
    let mut cache = cache.write().unwrap_or_else(PoisonError::into_inner);
    if cache.len() >= CACHE_MAX {
        cache.clear();
    }
    cache.insert(key.clone(), compiled.clone());
    compiled
}

fn conditional(message: &str, span: &Span) -> Error {
    Error::new(ErrorKind::Conditional, message).at(span)
}

fn broken(value: &Value, span: &Span) -> Error {
    let truth = if value.truthy().unwrap_or(false) { "True" } else { "False" };
    let source = match value.span() {
        known if !known.is_none() => known.to_string(),
        _ if !span.is_none() => span.to_string(),
        _ => "<unknown>".to_owned(),
    };
    let message = format!(
        "Conditional result ({truth}) was derived from value of type '{}' at '{source}'. Conditionals must have a \
         boolean result.",
        value.type_name()
    );
    conditional(&message, span).with_help(
        "Broken conditionals can be temporarily allowed with the `ALLOW_BROKEN_CONDITIONALS` configuration option.",
    )
}
