//! Template text into our own tree: Jinja's grammar by minijinja's parser, with what it lacks handled before and after.

pub(crate) mod ast;
mod convert;
mod fault;
mod header;
mod literal;
mod rewrite;
mod scan;
mod structure;

use std::sync::Arc;

use minijinja::machinery::parse as parse_with_minijinja;
use minijinja::syntax::SyntaxConfig;

pub(crate) use ast::Template;
pub(crate) use fault::Fault;

use convert::Converter;

/// How the text of a template is read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Options {
    pub(crate) variable: (String, String),
    pub(crate) block: (String, String),
    pub(crate) comment: (String, String),
    pub(crate) line_statement: Option<String>,
    pub(crate) line_comment: Option<String>,
    pub(crate) newline: String,
    pub(crate) trim_blocks: bool,
    pub(crate) lstrip_blocks: bool,
    /// Whether backslashes in strings inside `{{ }}` mean themselves, as in playbooks.
    pub(crate) raw_backslashes: bool,
}

impl Default for Options {
    fn default() -> Self {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        Self {
            variable: pair("{{", "}}"),
            block: pair("{%", "%}"),
            comment: pair("{#", "#}"),
            line_statement: None,
            line_comment: None,
            newline: "\n".to_owned(),
            trim_blocks: true,
            lstrip_blocks: false,
            raw_backslashes: false,
        }
    }
}

impl Options {
    fn config(&self) -> Result<SyntaxConfig, Fault> {
        let mut builder = SyntaxConfig::builder();
        builder.trim_blocks(self.trim_blocks).lstrip_blocks(self.lstrip_blocks).keep_trailing_newline(true);
        let defaults = Options::default();
        if self.variable != defaults.variable {
            builder.variable_delimiters(self.variable.0.clone(), self.variable.1.clone());
        }
        if self.block != defaults.block {
            builder.block_delimiters(self.block.0.clone(), self.block.1.clone());
        }
        if self.comment != defaults.comment {
            builder.comment_delimiters(self.comment.0.clone(), self.comment.1.clone());
        }
        if let Some(prefix) = &self.line_statement {
            builder.line_statement_prefix(prefix.clone());
        }
        if let Some(prefix) = &self.line_comment {
            builder.line_comment_prefix(prefix.clone());
        }
        builder.build().map_err(|error| Fault::new(format!("unusable delimiters: {error}"), 0))
    }
}

/// Reads a template.
pub(crate) fn parse(text: &str, options: &Options) -> Result<Template, Fault> {
    let changed = header::read(text, options)?;
    let (text, skipped, options) = match &changed {
        Some((rest, options)) => (&text[*rest..], *rest, options),
        None => (text, 0, options),
    };
    let parsed = crate::stack::guarded_parser(text, || parse_body(text, options));
    parsed.map_err(|fault| fault.shifted(skipped)).map(|mut template| {
        template.shift = skipped;
        template
    })
}

fn parse_body(text: &str, options: &Options) -> Result<Template, Fault> {
    let normal;
    let text = if text.contains('\r') {
        normal = text.replace("\r\n", "\n").replace('\r', "\n");
        normal.as_str()
    } else {
        text
    };
    let body = text.strip_suffix('\n').unwrap_or(text);
    let pieces = scan::scan(body, options)?;
    let structure = structure::check(body, &pieces);
    let rewritten = rewrite::rewrite(body, &pieces, options);
    let config = options.config()?;
    let parsed = parse_with_minijinja(&rewritten.text, "<template>", config);
    let statement = match (parsed, structure) {
        (Ok(statement), Ok(())) => statement,
        (Ok(_), Err(fault)) => return Err(fault),
        (Err(error), structure) => {
            let fault = fault::explain(&error, body, &pieces, &rewritten);
            let ended = fault::is_end(&error) && pieces.last().is_none_or(|piece| piece.close < piece.end);
            return Err(match structure {
                Err(other) if ended || other.offset <= fault.offset => other,
                _ => fault,
            });
        }
    };
    let mut template = Converter::new(body, &rewritten, &pieces, options).template(&statement)?;
    template.trailing_newlines = text.len() - text.trim_end_matches('\n').len();
    template.source = Arc::from(body);
    Ok(template)
}

/// Reads one expression, as conditionals are written.
pub(crate) fn parse_expression(text: &str, options: &Options) -> Result<Template, Fault> {
    let open = format!("{} ", options.variable.0);
    let whole = format!("{open}{text} {}", options.variable.1);
    let parsed = crate::stack::guarded_parser(&whole, || parse_body(&whole, options));
    let mut template = parsed.map_err(|mut fault| {
        fault.message = fault.message.replace("end of print statement", "end of template");
        if fault.message.starts_with("expected token 'end of template'") {
            "chunk after expression".clone_into(&mut fault.message);
        }
        if fault.offset >= open.len() + text.len()
            && let Some(expected) = fault.message.strip_prefix("unexpected '}', ")
        {
            fault.message = format!("unexpected end of template, {expected}.");
        }
        fault.offset = fault.offset.saturating_sub(open.len()).min(text.len());
        fault
    })?;
    template.lead = open.len();
    match template.body.as_slice() {
        [ast::Stmt::Emit(_)] => Ok(template),
        _ => Err(Fault::new("unexpected '}'", text.len())),
    }
}
