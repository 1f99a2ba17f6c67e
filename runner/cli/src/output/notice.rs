//! Errors, warnings and deprecations as ansible-core words and points them.

use runner_engine::event::{Notice, Severity};

/// The text of a notice: its sentence, where it points, what caused it.
pub fn text(notice: &Notice) -> String {
    let prefix = match notice.severity {
        Severity::Error => "[ERROR]: ",
        Severity::Warning => "[WARNING]: ",
        Severity::Deprecation => "[DEPRECATION WARNING]: ",
        Severity::Verbose(_) => "",
    };
    format!("{prefix}{}", body(notice))
}

/// Causes that point nowhere of their own are part of the sentence before them.
fn steps(notice: &Notice) -> Vec<Notice> {
    let mut steps: Vec<Notice> = Vec::new();
    let mut next = Some(notice);
    while let Some(step) = next {
        let bare = Notice { cause: None, ..step.clone() };
        match steps.last_mut() {
            Some(last) if bare.origin.is_none() || bare.origin == last.origin => {
                last.message = joined(&last.message, &bare.message);
                last.help = bare.help.or(last.help.take());
            }
            _ => steps.push(bare),
        }
        next = step.cause.as_deref();
    }
    steps
}

fn joined(first: &str, second: &str) -> String {
    if first.contains(second) {
        return first.to_owned();
    }
    format!("{}: {second}", first.strip_suffix('.').unwrap_or(first))
}

fn body(notice: &Notice) -> String {
    let steps = steps(notice);
    if let [only] = &steps[..] {
        return block(&only.message, only);
    }
    let mut out = notice.sentence();
    out.push_str("\n\n");
    let blocks: Vec<String> = steps.iter().map(|step| block(&step.message, step)).collect();
    out.push_str(&blocks.join("\n<<< caused by >>>\n\n"));
    out
}

fn block(message: &str, notice: &Notice) -> String {
    let mut out = message.to_owned();
    let origin = notice.origin.origin();
    if let Some(origin) = origin {
        out.push('\n');
        out.push_str(&origin);
    }
    if let Some(help) = &notice.help {
        if notice.origin.is_none() {
            out = format!("{} {help}", out.trim_end());
        } else {
            out.push('\n');
            out.push_str(help);
            out.push('\n');
        }
    }
    out
}
