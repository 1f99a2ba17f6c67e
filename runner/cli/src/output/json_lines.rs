//! Machine-readable output: the whole run as one JSON document, or one JSON object per event.

use std::io::Write as _;

use runner_engine::event::{Event, PlayInfo, Report, TaskInfo, Verdict};
use serde_json::{Map, Value, json};

use super::{Reader, json, screen::Screen};

/// Collects the run and prints it at its end, in the shape of `ansible.posix.json`.
pub struct Document {
    screen: Screen,
    plays: Vec<Value>,
    stats: Map<String, Value>,
    custom: Map<String, Value>,
}

impl Document {
    /// A reader that writes to a screen.
    pub fn new(screen: Screen) -> Self {
        Document { screen, plays: Vec::new(), stats: Map::new(), custom: Map::new() }
    }

    fn play(&mut self, play: &PlayInfo) {
        self.plays.push(json!({"play": {"name": play.name, "duration": {"start": now()}}, "tasks": []}));
    }

    fn tasks(&mut self) -> Option<&mut Vec<Value>> {
        self.plays.last_mut()?.get_mut("tasks")?.as_array_mut()
    }

    fn task(&mut self, task: &TaskInfo) {
        let entry = json!({
            "hosts": {},
            "task": {"name": task.name, "id": task.id, "path": path(task), "duration": {"start": now()}},
        });
        if let Some(tasks) = self.tasks() {
            tasks.push(entry);
        }
    }

    fn finished(&mut self, report: &Report) {
        let id = json!(report.task.id);
        let Some(tasks) = self.tasks() else { return };
        let Some(task) = tasks.iter_mut().rev().find(|task| task["task"]["id"] == id) else { return };
        task["hosts"][&*report.host] = Value::Object(result(report));
        task["task"]["duration"]["end"] = json!(now());
    }
}

impl Reader for Document {
    fn read(&mut self, event: &Event) {
        match event {
            Event::PlayStarted(play) => self.play(play),
            Event::TaskStarted(task) => self.task(task),
            Event::Finished(report) => self.finished(report),
            Event::Recap(recap) => {
                for (host, tally) in &recap.hosts {
                    self.stats.insert(
                        host.clone(),
                        json!({
                            "changed": tally.changed, "failures": tally.failed, "ignored": tally.ignored,
                            "ok": tally.ok, "rescued": tally.rescued, "skipped": tally.skipped,
                            "unreachable": tally.unreachable,
                        }),
                    );
                }
                self.custom.extend(recap.custom.clone());
            }
            _ => {}
        }
    }

    fn finish(&mut self) {
        let document = json!({
            "custom_stats": {}, "global_custom_stats": self.custom, "plays": self.plays, "stats": self.stats,
        });
        self.screen.out(&json::dumps(&document, Some(4)), None);
    }
}

/// One line per event, as soon as it happens.
#[derive(Debug, Default)]
pub struct Lines;

impl Lines {
    fn line(&self, event: &str, mut about: Value) {
        about["_event"] = json!(event);
        about["_timestamp"] = json!(now());
        let mut stdout = std::io::stdout().lock();
        // A closed pipe is the reader's wish; there is nobody left to tell.
        let _ = writeln!(stdout, "{}", json::dumps(&about, None));
    }
}

impl Reader for Lines {
    fn read(&mut self, event: &Event) {
        match event {
            Event::PlaybookStarted { path } => {
                self.line("v2_playbook_on_start", json!({"playbook": &**path}))
            }
            Event::PlayStarted(play) => {
                self.line("v2_playbook_on_play_start", json!({"play": {"name": play.name}}));
            }
            Event::TaskStarted(task) => self.line("v2_playbook_on_task_start", json!({"task": about(task)})),
            Event::Finished(report) => {
                let name = match report.verdict {
                    Verdict::Ok | Verdict::Changed => "v2_runner_on_ok",
                    Verdict::Skipped => "v2_runner_on_skipped",
                    Verdict::Failed { .. } => "v2_runner_on_failed",
                    Verdict::Unreachable { .. } => "v2_runner_on_unreachable",
                };
                let hosts = json!({&*report.host: result(report)});
                self.line(name, json!({"hosts": hosts, "task": about(&report.task)}));
            }
            Event::Recap(recap) => {
                let stats: Map<String, Value> = recap
                    .hosts
                    .iter()
                    .map(|(host, tally)| {
                        let counts = json!({
                            "changed": tally.changed, "failures": tally.failed, "ignored": tally.ignored,
                            "ok": tally.ok, "rescued": tally.rescued, "skipped": tally.skipped,
                            "unreachable": tally.unreachable,
                        });
                        (host.clone(), counts)
                    })
                    .collect();
                self.line("v2_playbook_on_stats", json!({"stats": stats}));
            }
            _ => {}
        }
    }
}

fn about(task: &TaskInfo) -> Value {
    json!({"name": task.name, "id": task.id, "path": path(task)})
}

fn path(task: &TaskInfo) -> String {
    let file = task.origin.source().map(|source| source.name().to_owned()).unwrap_or_default();
    if file.is_empty() { file } else { format!("{file}:{}", task.origin.line()) }
}

/// A result with its action and its verdict.
fn result(report: &Report) -> Map<String, Value> {
    let mut result = report.result.clone();
    result.insert("action".to_owned(), json!(report.task.action_written));
    match report.verdict {
        Verdict::Failed { .. } => result.insert("failed".to_owned(), json!(true)),
        Verdict::Unreachable { .. } => result.insert("unreachable".to_owned(), json!(true)),
        Verdict::Skipped => result.insert("skipped".to_owned(), json!(true)),
        Verdict::Ok | Verdict::Changed => {
            result.insert("changed".to_owned(), json!(report.verdict == Verdict::Changed))
        }
    };
    result
}

/// The time in UTC, as ISO 8601 with microseconds.
fn now() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let days = i64::try_from(since.as_secs() / 86_400).unwrap_or(0);
    let (year, month, day) = civil(days);
    let seconds = since.as_secs() % 86_400;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:06}Z", since.subsec_micros())
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years begin in March here, so that the leap day comes last; an era is 400 years.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_are_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(19_782), (2024, 2, 29));
        assert_eq!(civil(20_454), (2026, 1, 1));
    }
}
