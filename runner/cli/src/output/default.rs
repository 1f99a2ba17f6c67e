//! ansible-core's default output, line for line.

use std::{collections::HashSet, sync::Arc};

use runner_engine::event::{Event, Notice, PlayInfo, Recap, Report, Severity, Tally, TaskInfo, Verdict};
use serde_json::{Map, Value};

use super::{
    Look, Reader, diff, json, notice,
    screen::{Colour, Screen},
};

/// Columns of a host's name in the recap, colour codes not counted and counted.
const HOST_COLUMNS: (usize, usize) = (26, 37);

/// Verbosity from which results keep everything and are spread over lines.
const FULL: u8 = 3;

/// The reader.
pub struct Default {
    screen: Screen,
    look: Look,
    strategy: String,
    banner_of: Option<u64>,
    said: HashSet<String>,
}

impl Default {
    /// A reader that writes to a screen.
    pub fn new(screen: Screen, look: Look) -> Self {
        Default { screen, look, strategy: String::new(), banner_of: None, said: HashSet::new() }
    }

    fn play(&mut self, play: &PlayInfo) {
        self.strategy.clone_from(&play.strategy);
        self.banner_of = None;
        let marker = if play.check && self.look.check_markers { " [CHECK MODE]" } else { "" };
        let name = play.name.trim();
        if name.is_empty() {
            self.screen.banner(&format!("PLAY{marker}"));
        } else {
            self.screen.banner(&format!("PLAY [{name}]{marker}"));
        }
    }

    fn task(&mut self, task: &TaskInfo) {
        if self.look.skipped && self.look.ok {
            self.task_banner(task);
        }
    }

    fn task_banner(&mut self, task: &TaskInfo) {
        let kind = if task.handler { "RUNNING HANDLER" } else { "TASK" };
        let marker = if task.check && self.look.check_markers { " [CHECK MODE]" } else { "" };
        let mut args = String::new();
        if self.look.args && !task.no_log && !task.args.is_empty() {
            let shown: Vec<String> =
                task.args.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect();
            args = format!(" {}", shown.join(", "));
        }
        self.screen.banner(&format!("{kind} [{}{args}]{marker}", task.name.trim()));
        if self.look.verbosity >= 2 {
            self.path(task);
        }
        self.banner_of = Some(task.id);
    }

    fn path(&self, task: &TaskInfo) {
        if !task.origin.is_none() {
            let path = task.origin.source().map(|source| source.name().to_owned()).unwrap_or_default();
            self.screen.out(&format!("task path: {path}:{}", task.origin.line()), Some(Colour::Debug));
        }
    }

    /// The banner again, if another task's result came between.
    fn ensure_banner(&mut self, task: &Arc<TaskInfo>) {
        if self.banner_of != Some(task.id) {
            self.task_banner(task);
        }
    }

    fn item(&mut self, report: &Report) {
        let label = format!("(item={})", report.item.as_deref().unwrap_or_default());
        let host = host_label(report);
        match report.verdict {
            Verdict::Ok | Verdict::Changed => {
                let changed = report.verdict == Verdict::Changed;
                if !changed && !self.look.ok {
                    return;
                }
                self.ensure_banner(&report.task);
                self.notices(report);
                let (word, colour) = if changed { ("changed", Colour::Changed) } else { ("ok", Colour::Ok) };
                let mut text = format!("{word}: [{host}] => {label}");
                self.append(report, &mut text);
                self.screen.out(&text, Some(colour));
            }
            Verdict::Skipped => {
                if !self.look.skipped {
                    return;
                }
                self.ensure_banner(&report.task);
                let mut text = format!("skipping: [{host}] => {label} ");
                self.append(report, &mut text);
                self.screen.out(&text, Some(Colour::Skip));
            }
            Verdict::Failed { .. } => {
                self.ensure_banner(&report.task);
                self.error(report);
                self.notices(report);
                let text = format!("failed: [{host}] {label} => {}", self.dump(report));
                self.say(&text, Some(Colour::Error));
            }
            Verdict::Unreachable { .. } => {
                self.ensure_banner(&report.task);
                self.notices(report);
                let text = format!("unreachable: [{host}] {label} => {}", self.dump(report));
                self.screen.out(&text, Some(Colour::Unreachable));
            }
        }
    }

    fn finished(&mut self, report: &Report) {
        if !report.diff.is_empty() && report.verdict == Verdict::Changed {
            let text = diff::text(&report.diff, &self.screen, self.look.diff_context);
            if !text.is_empty() {
                self.ensure_banner(&report.task);
                self.screen.out(text.strip_suffix('\n').unwrap_or(&text), None);
            }
        }
        let host = host_label(report);
        match report.verdict {
            Verdict::Ok | Verdict::Changed => {
                let changed = report.verdict == Verdict::Changed;
                if !changed && !self.look.ok {
                    return;
                }
                self.ensure_banner(&report.task);
                self.notices(report);
                if report.looped {
                    return;
                }
                let (word, colour) = if changed { ("changed", Colour::Changed) } else { ("ok", Colour::Ok) };
                let mut text = format!("{word}: [{host}]");
                self.append(report, &mut text);
                self.screen.out(&text, Some(colour));
            }
            Verdict::Skipped => {
                if !self.look.skipped {
                    return;
                }
                self.ensure_banner(&report.task);
                self.notices(report);
                let mut text = format!("skipping: [{host}]");
                self.append(report, &mut text);
                self.screen.out(&text, Some(Colour::Skip));
            }
            Verdict::Failed { ignored } => {
                self.ensure_banner(&report.task);
                if !report.looped || report.result.get("results").is_none() {
                    self.error(report);
                }
                self.notices(report);
                if !report.looped {
                    if self.look.path_on_failure {
                        self.path(&report.task);
                    }
                    let text = format!("fatal: [{host}]: FAILED! => {}", self.dump(report));
                    self.say(&text, Some(Colour::Error));
                }
                if ignored {
                    self.screen.out("...ignoring", Some(Colour::Skip));
                }
            }
            Verdict::Unreachable { ignored } => {
                self.ensure_banner(&report.task);
                self.error(report);
                let text = format!("fatal: [{host}]: UNREACHABLE! => {}", self.dump(report));
                self.say(&text, Some(Colour::Unreachable));
                if ignored {
                    self.screen.out("...ignoring", Some(Colour::Skip));
                }
            }
        }
    }

    fn say(&self, text: &str, colour: Option<Colour>) {
        if self.look.failed_to_stderr {
            self.screen.err(text, colour);
        } else {
            self.screen.out(text, colour);
        }
    }

    /// The error block of a failure; the same one is shown once.
    fn error(&mut self, report: &Report) {
        let Some(error) = &report.error else { return };
        let text = notice::text(error);
        if self.said.insert(text.clone()) {
            self.say(&text, Some(Colour::Error));
        }
    }

    fn notices(&mut self, report: &Report) {
        for notice in &report.notices {
            self.notice(notice);
        }
    }

    fn notice(&mut self, found: &Notice) {
        let text = notice::text(found);
        let text = text.as_str();
        match found.severity {
            Severity::Verbose(level) => {
                if self.look.verbosity >= level {
                    self.screen.out(text, (level > 0).then_some(Colour::Verbose));
                }
            }
            _ if !self.said.insert(text.to_owned()) => {}
            Severity::Error => self.screen.err(text, Some(Colour::Error)),
            Severity::Warning => self.screen.err(text, Some(Colour::Warn)),
            Severity::Deprecation => self.screen.err(text, Some(Colour::Deprecate)),
        }
    }

    /// The result behind a line, where it is wanted.
    fn append(&self, report: &Report, text: &mut String) {
        let wanted = self.look.verbosity > 0 || report.verbose_always;
        if wanted && !report.verbose_never {
            text.push_str(" => ");
            text.push_str(&self.dump(report));
        }
    }

    fn dump(&self, report: &Report) -> String {
        let mut result = report.result.clone();
        clean(&mut result, report);
        if self.look.verbosity < FULL {
            result.shift_remove("invocation");
            result.shift_remove("diff");
        }
        for hidden in ["exception", "warnings", "deprecations", "failed"] {
            result.shift_remove(hidden);
        }
        let spread = report.verbose_always || self.look.pretty.unwrap_or(self.look.verbosity >= FULL);
        json::dumps_map(&result, spread.then_some(4))
    }

    fn recap(&mut self, recap: &Recap) {
        self.screen.banner("PLAY RECAP");
        for (host, tally) in &recap.hosts {
            self.screen.out(&self.recap_line(host, tally), None);
        }
        self.screen.out("", None);
        if self.look.custom_stats && !(recap.custom.is_empty() && recap.custom_by_host.is_empty()) {
            self.screen.banner("CUSTOM STATS: ");
            for (host, data) in &recap.custom_by_host {
                self.screen.out(&format!("\t{host}: {}", stats(data)), None);
            }
            self.screen.out("", None);
            if !recap.custom.is_empty() {
                self.screen.out(&format!("\tRUN: {}", stats(&recap.custom)), None);
            }
            self.screen.out("", None);
        }
    }

    fn recap_line(&self, host: &str, tally: &Tally) -> String {
        let colour = if tally.failed > 0 || tally.unreachable > 0 {
            Colour::Error
        } else if tally.changed > 0 {
            Colour::Changed
        } else {
            Colour::Ok
        };
        let painted = self.screen.paint(host, Some(colour));
        let columns = if self.screen.colour { HOST_COLUMNS.1 } else { HOST_COLUMNS.0 };
        let field = |name: &str, count: u64, colour: Colour| {
            let text = format!("{name}={count:<4}");
            if count > 0 { self.screen.paint(&text, Some(colour)) } else { text }
        };
        format!(
            "{painted:<columns$} : {} {} {} {} {} {} {}",
            field("ok", tally.ok, Colour::Ok),
            field("changed", tally.changed, Colour::Changed),
            field("unreachable", tally.unreachable, Colour::Unreachable),
            field("failed", tally.failed, Colour::Error),
            field("skipped", tally.skipped, Colour::Skip),
            field("rescued", tally.rescued, Colour::Ok),
            field("ignored", tally.ignored, Colour::Warn),
        )
    }
}

impl Reader for Default {
    fn read(&mut self, event: &Event) {
        match event {
            Event::PlaybookStarted { path } => {
                if self.look.verbosity > 1 {
                    let name = path.rsplit('/').next().unwrap_or(path);
                    self.screen.banner(&format!("PLAYBOOK: {name}"));
                }
                if self.look.check && self.look.check_markers {
                    self.screen.banner("DRY RUN");
                }
            }
            Event::PlayStarted(play) => self.play(play),
            Event::NoHostsMatched => self.screen.out("skipping: no hosts matched", Some(Colour::Skip)),
            Event::NoHostsRemaining => self.screen.banner("NO MORE HOSTS LEFT"),
            Event::TaskStarted(task) => self.task(task),
            Event::HostStarted { host, task } => {
                if self.look.host_start {
                    let text = format!(" [started TASK: {} on {host}]", task.name);
                    self.screen.out(&text, Some(Colour::Ok));
                }
            }
            Event::ItemFinished(report) => self.item(report),
            Event::Finished(report) => self.finished(report),
            Event::Retrying { report, left } => {
                let mut text = format!(
                    "FAILED - RETRYING: [{}]: {} ({left} retries left).",
                    host_label(report),
                    report.task.name
                );
                if self.look.verbosity > 2 {
                    text.push_str(&format!("Result was: {}", self.dump(report)));
                }
                self.screen.out(&text, Some(Colour::Debug));
            }
            Event::AsyncPolled(report) => {
                let get = |key: &str| report.result.get(key).map(plain).unwrap_or_default();
                let text = format!(
                    "ASYNC POLL on {}: jid={} started={} finished={}",
                    report.host,
                    get("ansible_job_id"),
                    get("started"),
                    get("finished")
                );
                self.screen.out(&text, Some(Colour::Debug));
            }
            Event::AsyncFinished(report) => {
                let job = report.result.get("ansible_job_id").map(plain).unwrap_or_default();
                let word = if report.verdict.is_bad() { "FAILED" } else { "OK" };
                self.screen.out(&format!("ASYNC {word} on {}: jid={job}", report.host), Some(Colour::Debug));
            }
            Event::Included { file, hosts, item, .. } => {
                let hosts: Vec<&str> = hosts.iter().map(|host| &**host).collect();
                let mut text = format!("included: {file} for {}", hosts.join(", "));
                if let Some(item) = item {
                    text.push_str(&format!(" => (item={item})"));
                }
                self.screen.out(&text, Some(Colour::Skip));
            }
            Event::Notified { handler, host } => {
                if self.look.verbosity > 1 {
                    let text = format!("NOTIFIED HANDLER {handler} for {host}");
                    self.screen.out(&text, Some(Colour::Verbose));
                }
            }
            Event::Meta { message, .. } => {
                if self.look.verbosity > 0 {
                    self.screen.out(&format!("META: {message}"), Some(Colour::Verbose));
                }
            }
            Event::Notice(notice) => self.notice(notice),
            Event::Recap(recap) => self.recap(recap),
        }
    }
}

/// Custom statistics: JSON with an indent of one column and the line breaks taken out.
fn stats(data: &Map<String, Value>) -> String {
    json::dumps_map(data, Some(1)).replace('\n', "")
}

/// `h1`, or `h1 -> db(10.0.0.5)` for a delegated task.
pub fn host_label(report: &Report) -> String {
    match &report.delegate {
        None => report.host.to_string(),
        Some(delegate) if delegate.name == *report.host => report.host.to_string(),
        Some(delegate) => match &delegate.address {
            Some(address) => format!("{} -> {}({address})", report.host, delegate.name),
            None => format!("{} -> {}", report.host, delegate.name),
        },
    }
}

/// A value as Python's `str` shows it, for single words.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => "None".to_owned(),
        other => json::dumps(other, None),
    }
}

/// `debug` shows its message or variable and nothing else.
pub fn clean(result: &mut Map<String, Value>, report: &Report) {
    if report.task.action != "ansible.builtin.debug" {
        return;
    }
    if result.contains_key("msg") {
        result.retain(|key, _| matches!(key.as_str(), "msg" | "exception" | "warnings" | "deprecations"));
    } else {
        for hidden in ["changed", "failed", "skipped", "invocation", "skip_reason"] {
            result.shift_remove(hidden);
        }
    }
}
