//! The `#jinja2:` header: a first line that changes how the rest of the template is read.

use super::Options;
use super::fault::Fault;

const PREFIX: &str = "#jinja2:";

/// The offset of the text after the header and the options it asks for; nothing when there is no header.
pub(crate) fn read(text: &str, options: &Options) -> Result<Option<(usize, Options)>, Fault> {
    let Some(rest) = text.strip_prefix(PREFIX) else { return Ok(None) };
    let (line, end) = match rest.find('\n') {
        Some(at) => (&rest[..at], PREFIX.len() + at + 1),
        None => return Err(Fault::new("Missing newline after '#jinja2:' override.", 0)),
    };
    let mut options = options.clone();
    for pair in line.split(',') {
        let Some((key, value)) = pair.split_once(':') else {
            return Err(Fault::new(format!("unable to parse the jinja2 header item {:?}", pair.trim()), 0));
        };
        set(&mut options, key.trim(), literal(value.trim()))?;
    }
    Ok(Some((end, options)))
}

enum Literal<'t> {
    Bool(bool),
    Text(&'t str),
}

fn literal(text: &str) -> Literal<'_> {
    match text {
        "True" | "true" => return Literal::Bool(true),
        "False" | "false" => return Literal::Bool(false),
        _ => {}
    }
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return Literal::Text(inner);
        }
    }
    Literal::Text(text)
}

fn set(options: &mut Options, key: &str, value: Literal<'_>) -> Result<(), Fault> {
    let flag = |value: &Literal<'_>| match value {
        Literal::Bool(b) => Ok(*b),
        Literal::Text(text) => {
            Err(Fault::new(format!("the jinja2 header option '{key}' must be a boolean, not {text:?}"), 0))
        }
    };
    let text = |value: &Literal<'_>| match value {
        Literal::Text(text) => Ok((*text).replace("\\n", "\n").replace("\\r", "\r")),
        Literal::Bool(_) => Err(Fault::new(format!("the jinja2 header option '{key}' must be a string"), 0)),
    };
    match key {
        "block_start_string" => options.block.0 = text(&value)?,
        "block_end_string" => options.block.1 = text(&value)?,
        "variable_start_string" => options.variable.0 = text(&value)?,
        "variable_end_string" => options.variable.1 = text(&value)?,
        "comment_start_string" => options.comment.0 = text(&value)?,
        "comment_end_string" => options.comment.1 = text(&value)?,
        "line_statement_prefix" => options.line_statement = Some(text(&value)?),
        "line_comment_prefix" => options.line_comment = Some(text(&value)?),
        "newline_sequence" => options.newline = text(&value)?,
        "trim_blocks" => options.trim_blocks = flag(&value)?,
        "lstrip_blocks" => options.lstrip_blocks = flag(&value)?,
        "keep_trailing_newline" => {
            flag(&value)?;
        }
        _ => return Err(Fault::new(format!("unknown jinja2 header option '{key}'"), 0)),
    }
    Ok(())
}
