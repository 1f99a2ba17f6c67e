//! The output of ad-hoc commands: `minimal` and `oneline`.

use runner_engine::event::{Event, Report, Verdict};
use serde_json::{Map, Value};

use super::{
    Look, Reader, diff, json, notice,
    screen::{Colour, Screen},
};

/// Modules whose output is shown as a program's.
const PROGRAMS: &[&str] = &["command", "shell", "raw", "script", "win_command", "win_shell"];

/// The reader.
pub struct Minimal {
    screen: Screen,
    look: Look,
    one_line: bool,
}

impl Minimal {
    /// A reader that writes to a screen; on one line per host if asked for.
    pub fn new(screen: Screen, look: Look, one_line: bool) -> Self {
        Minimal { screen, look, one_line }
    }

    fn finished(&self, report: &Report) {
        if let Some(error) = &report.error {
            self.screen.out(&notice::text(error), Some(Colour::Error));
        }
        let (word, colour) = match report.verdict {
            Verdict::Ok => ("SUCCESS", Colour::Ok),
            Verdict::Changed => ("CHANGED", Colour::Changed),
            Verdict::Skipped => {
                self.screen.out(&format!("{} | SKIPPED", report.host), Some(Colour::Skip));
                return;
            }
            Verdict::Failed { .. } => ("FAILED", Colour::Error),
            Verdict::Unreachable { .. } => ("UNREACHABLE!", Colour::Unreachable),
        };
        if !report.diff.is_empty() {
            let text = diff::text(&report.diff, &self.screen, self.look.diff_context);
            if !text.is_empty() {
                self.screen.out(&text, None);
            }
        }
        let mut result = report.result.clone();
        super::default::clean(&mut result, report);
        for hidden in
            ["invocation", "diff", "exception", "warnings", "deprecations", "_ansible_verbose_always"]
        {
            if self.look.verbosity < 3 || hidden != "invocation" {
                result.shift_remove(hidden);
            }
        }
        let short = report.task.action.rsplit('.').next().unwrap_or_default();
        let is_program =
            PROGRAMS.contains(&short) && !result.contains_key("module_stdout") && result.contains_key("rc");
        let text = if self.one_line {
            one_line(report, word, &result, is_program)
        } else if is_program && !matches!(report.verdict, Verdict::Unreachable { .. }) {
            program(report, word, &result)
        } else {
            format!("{} | {word} => {}", report.host, json::dumps_map(&result, Some(4)))
        };
        self.screen.out(&text, Some(colour));
    }
}

fn text_of(result: &Map<String, Value>, key: &str) -> String {
    result.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn program(report: &Report, word: &str, result: &Map<String, Value>) -> String {
    let rc = result.get("rc").map(super::default::plain).unwrap_or_default();
    let mut text = format!("{} | {word} | rc={rc} >>\n", report.host);
    text.push_str(&text_of(result, "stdout"));
    let stderr = text_of(result, "stderr");
    text.push_str(&stderr);
    let message = text_of(result, "msg");
    text.push_str(&message);
    text.push('\n');
    text
}

fn one_line(report: &Report, word: &str, result: &Map<String, Value>, is_program: bool) -> String {
    if is_program {
        let rc = result.get("rc").map(super::default::plain).unwrap_or_default();
        let stdout = text_of(result, "stdout").replace('\n', "\\n").replace('\r', "\\r");
        let stderr = text_of(result, "stderr").replace('\n', "\\n").replace('\r', "\\r");
        let mut text = format!("{} | {word} | rc={rc} | (stdout) {stdout}", report.host);
        if !stderr.is_empty() {
            text.push_str(&format!(" (stderr) {stderr}"));
        }
        return text;
    }
    format!("{} | {word} => {}", report.host, json::dumps_map(result, None)).replace('\n', "")
}

impl Reader for Minimal {
    fn read(&mut self, event: &Event) {
        match event {
            Event::Finished(report) => self.finished(report),
            Event::Notice(found) => self.screen.err(notice::text(found).trim_end(), Some(Colour::Warn)),
            _ => {}
        }
    }
}
