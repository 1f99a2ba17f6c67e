//! What can be known about a template before anything runs: its syntax and the names of its plugins.

use std::sync::Arc;

use runner_playbook::problem::{Kind, Problem};
use runner_playbook::source::Span;

use crate::place::Place;
use crate::syntax::{Fault, Template};

/// How many letters may be wrong in a suggestion: more is another word.
const DISTANCE_MAX: usize = 2;

/// Turns what parsing found into problems with places.
pub(crate) fn report(
    parsed: Result<Template, Fault>,
    text: &Arc<str>,
    origin: Option<&Span>,
    prefix: &str,
    problems: &mut Vec<Problem>,
) {
    let origin = origin.cloned().unwrap_or_default();
    let place = |offset: usize| Place { origin: origin.clone(), text: text.clone(), offset }.span();
    match parsed {
        Err(fault) => {
            let message = format!("{prefix}: {}", fault.message);
            problems.push(Problem::error(Kind::Template, message, &place(fault.offset)));
        }
        Ok(template) => {
            for unknown in &template.unknown {
                let offset = (unknown.at as usize).saturating_sub(template.lead) + template.shift;
                let message = match unknown.kind {
                    "lookup" => format!("The lookup plugin '{}' was not found.", unknown.name),
                    kind => format!("{prefix}: No {kind} named '{}'.", unknown.name),
                };
                let problem = if unknown.conditional {
                    Problem::warning(Kind::Template, message, &place(offset))
                } else {
                    Problem::error(Kind::Template, message, &place(offset))
                };
                problems.push(match suggestion(unknown.kind, &unknown.name) {
                    Some(help) => problem.with_help(help),
                    None => problem,
                });
            }
        }
    }
}

/// The known name that is meant, most likely.
pub(crate) fn suggestion(kind: &str, name: &str) -> Option<String> {
    let names: Vec<&'static str> = match kind {
        "filter" => crate::filters::names(),
        "test" => crate::tests::names(),
        _ => crate::lookups::names(),
    };
    let short = name.rsplit('.').next().unwrap_or(name);
    names
        .into_iter()
        .map(|known| (distance(short, known), known))
        .filter(|(distance, _)| *distance <= DISTANCE_MAX && *distance < short.len())
        .min()
        .map(|(_, known)| format!("did you mean '{known}'?"))
}

/// How many letters must be inserted, removed or replaced.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
