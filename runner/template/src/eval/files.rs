//! `include`, `import` and `extends`: templates from the search path of the file that asks for them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use runner_playbook::source::Source;

use super::frame::Frame;
use super::output::Output;
use super::{Blocks, Run, Unit};
use crate::error::{Error, ErrorKind, Result};
use crate::syntax::ast::{Expr, Offset};
use crate::value::{Object, Value, to_str};

impl Run<'_> {
    /// The template that a value names.
    fn load(&self, name: &str, at: Offset) -> Result<Arc<Unit>> {
        let located = |error| self.locate(error, at);
        let search = match self.context.files() {
            Some(files) => files.search_path.clone(),
            None => vec![self.context.world().current_dir()],
        };
        let Some(path) = self.find(name, &search) else {
            let dirs: Vec<String> = search.iter().map(|dir| dir.display().to_string()).collect();
            let message = format!("'{name}' not found in search path: '{}'", dirs.join(":"));
            return Err(located(Error::runtime(message)));
        };
        let bytes = self
            .context
            .world()
            .read_file(&path)
            .map_err(|message| located(Error::runtime(format!("failed to read '{name}': {message}"))))?;
        let text: Arc<str> = match String::from_utf8(bytes) {
            Ok(text) => Arc::from(text),
            Err(_) => return Err(located(Error::runtime(format!("'{name}' is not UTF-8 text")))),
        };
        let source = Source::new(path.display().to_string(), &*text);
        let template = self.context.templar().compiled_file(&text, self.context.files(), &source.start())?;
        Ok(Arc::new(Unit { template, text, origin: source.start(), embeds: false }))
    }

    fn find(&self, name: &str, search: &[PathBuf]) -> Option<PathBuf> {
        let world = self.context.world();
        let relative = Path::new(name);
        if relative.components().any(|part| matches!(part, std::path::Component::ParentDir)) {
            return None;
        }
        let name = name.trim_start_matches('/');
        search.iter().map(|dir| dir.join(name)).find(|path| world.path_info(path).is_file)
    }

    pub(crate) fn load_parent(&self, name: &Value, at: Offset) -> Result<Arc<Unit>> {
        match name {
            Value::Str(name) => self.load(name.as_str(), at),
            Value::Undefined(why) => Err(why.error.clone()),
            other => {
                let message = format!("'{}' object has no attribute 'split'", other.type_name());
                Err(self.locate(Error::runtime(message), at))
            }
        }
    }

    pub(crate) fn include(
        &self,
        source: &Expr,
        ignore_missing: bool,
        context: bool,
        output: &mut Output,
    ) -> Result<()> {
        let _deeper = super::context::Deeper::enter()?;
        let names = self.eval(source)?;
        let Some(unit) = self.first_of(&names, ignore_missing, source.at)? else { return Ok(()) };
        let outer = if context { self.frame.clone() } else { Frame::root() };
        let root = outer.child();
        let run = Run {
            unit: &unit,
            frame: root.clone(),
            root,
            blocks: Blocks::default(),
            block: None,
            bare: self.bare || !context,
            ..self.clone()
        };
        run.root_body(output)?;
        Ok(())
    }

    fn first_of(&self, names: &Value, ignore_missing: bool, at: Offset) -> Result<Option<Arc<Unit>>> {
        let candidates = match names {
            Value::List(_) | Value::Tuple(_) => names.iterate()?,
            other => vec![other.clone()],
        };
        let mut failure = None;
        for name in &candidates {
            match self.load_parent(name, at) {
                Ok(unit) => return Ok(Some(unit)),
                Err(error) if error.message().contains("not found in search path") => failure = Some(error),
                Err(error) => return Err(error),
            }
        }
        if ignore_missing {
            return Ok(None);
        }
        if candidates.len() > 1 {
            let names: Result<Vec<String>> = candidates.iter().map(to_str).collect();
            let message =
                format!("none of the templates given were found: {}", names.unwrap_or_default().join(", "));
            return Err(self.locate(Error::runtime(message), at));
        }
        let empty = || Error::runtime("Tried to select from an empty list of templates.");
        Err(self.locate(failure.unwrap_or_else(empty), at))
    }

    pub(crate) fn import(&self, source: &Expr, context: bool) -> Result<Value> {
        let _deeper = super::context::Deeper::enter()?;
        let name = self.eval(source)?;
        let unit = self.load_parent(&name, source.at)?;
        let outer = if context { self.frame.clone() } else { Frame::root() };
        let root = outer.child();
        let run = Run {
            unit: &unit,
            frame: root.clone(),
            root: root.clone(),
            blocks: Blocks::default(),
            block: None,
            bare: self.bare || !context,
            ..self.clone()
        };
        let mut output = Output::default();
        crate::stack::guarded(|| run.root_body(&mut output))?;
        let text = output.finish()?;
        let name = to_str(&name)?;
        Ok(Value::Object(Arc::new(Module { name, root, text: Mutex::new(text) })))
    }
}

/// What an import gives: the names that the template defined.
struct Module {
    name: String,
    root: Arc<Frame>,
    text: Mutex<Value>,
}

impl Object for Module {
    fn type_name(&self) -> &str {
        "TemplateModule"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        let found = self.root.own().into_iter().find(|(other, _)| **other == *name);
        Ok(Some(match found {
            Some((_, value)) if !name.starts_with('_') => value,
            _ => Value::undefined(Error::new(
                ErrorKind::Undefined,
                format!("the template '{}' does not export the requested name '{name}'", self.name),
            )),
        }))
    }

    fn text(&self) -> Option<String> {
        let text = self.text.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if text.is_none() { Some(String::new()) } else { to_str(&text).ok() }
    }
}
