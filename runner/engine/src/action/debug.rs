//! `debug`: a message or the value of an expression.

use runner_template::{Error, Text, Value};

use super::Call;
use crate::{event::Notice, result::Answer, trouble::Trouble};

pub(super) fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    for name in call.args.keys() {
        if !matches!(name.as_str(), "msg" | "var" | "verbosity") {
            return Ok(Answer::failure(format!("Invalid options for ansible.builtin.debug: {name}")));
        }
    }
    if call.args.contains_key("msg") && call.args.contains_key("var") {
        return Ok(Answer::failure("parameters are mutually exclusive: msg|var"));
    }
    let verbosity = call.number("verbosity").unwrap_or(0.0);
    if verbosity > f64::from(call.job.shared.settings.verbosity) {
        let answer =
            Answer::default().set("skipped_reason", "Verbosity threshold not met.").set("skipped", true);
        return Ok(answer);
    }
    let mut answer = Answer::default();
    if let Some(written) = call.args.get("var") {
        let name = written.to_text()?;
        let (value, missing) = evaluate(call, written)?;
        if let Some(missing) = missing {
            let text = format!("Encountered 1 template error.\nerror 1 - {missing}");
            answer.notices.push(Notice::warning(text).at(&written.span()));
        }
        answer.fields.insert(name, value);
    } else if let Some(message) = call.args.get("msg") {
        answer.fields.insert("msg".to_owned(), message.clone());
    } else {
        answer = answer.set("msg", "Hello world!");
    }
    answer = answer.set("failed", false);
    answer.verbose_always = true;
    Ok(answer)
}

/// `var` is an expression; a value that is no string is shown as it is.
fn evaluate(call: &Call<'_>, written: &Value) -> Result<(Value, Option<String>), Trouble> {
    let Some(text) = written.as_str() else {
        return Ok((call.job.shared.templar.render(written, call.scope)?, None));
    };
    let template = if written.span().is_none() {
        written.clone()
    } else {
        Value::Str(Text::trusted(format!("{{{{ {text} }}}}"), written.span()))
    };
    match call.job.shared.templar.render(&template, call.scope) {
        Ok(value) => Ok((value, None)),
        Err(error) if error.is_undefined() => {
            let missing = innermost(&error);
            Ok((Value::text(format!("<< error 1 - {missing} >>")), Some(missing)))
        }
        Err(error) => Err(error.into()),
    }
}

fn innermost(error: &Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.cause() {
        innermost = cause;
    }
    innermost.message().to_owned()
}
