//! `junit`: each task on each host as a test case in an XML file.

use std::{collections::HashMap, path::PathBuf, time::Instant};

use runner_engine::event::{Event, Report, Verdict};

use super::{Reader, json};

/// Writes one file per playbook.
pub struct Junit {
    dir: PathBuf,
    playbook: String,
    started: HashMap<u64, Instant>,
    cases: Vec<Case>,
}

struct Case {
    name: String,
    class: String,
    took_s: f64,
    verdict: Verdict,
    message: String,
    output: String,
}

impl Junit {
    /// A reader that writes into a directory.
    pub fn new(dir: PathBuf) -> Self {
        Junit { dir, playbook: "playbook".to_owned(), started: HashMap::new(), cases: Vec::new() }
    }

    fn finished(&mut self, report: &Report) {
        let took_s = self.started.get(&report.task.id).map_or(0.0, |start| start.elapsed().as_secs_f64());
        let message = report.result.get("msg").map(super::default::plain).unwrap_or_default();
        let file = report.task.origin.source().map(|source| source.name().to_owned()).unwrap_or_default();
        self.cases.push(Case {
            name: format!("[{}] {}", report.host, report.task.name),
            class: format!("{file}:{}", report.task.origin.line()),
            took_s,
            verdict: report.verdict,
            message,
            output: json::dumps_map(&report.result, Some(4)),
        });
    }

    fn write(&mut self) {
        let stem = std::path::Path::new(&self.playbook)
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let file = self.dir.join(format!("{stem}-{}.xml", since.as_secs_f64()));
        let text = document(&stem, &self.cases);
        let written = std::fs::create_dir_all(&self.dir).and_then(|()| std::fs::write(&file, text));
        if let Err(error) = written {
            tracing::warn!(%error, file = %file.display(), "the test report could not be written");
        }
        self.cases.clear();
    }
}

fn document(name: &str, cases: &[Case]) -> String {
    let failed = |case: &&Case| {
        matches!(case.verdict, Verdict::Failed { ignored: false } | Verdict::Unreachable { ignored: false })
    };
    let failures = cases.iter().filter(failed).count();
    let skipped = cases.iter().filter(|case| case.verdict == Verdict::Skipped).count();
    let took_s: f64 = cases.iter().map(|case| case.took_s).sum();
    let head = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"0\" disabled=\"0\" time=\"{took_s:.6}\"",
        cases.len()
    );
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<testsuites {head}>\n  <testsuite name=\"{}\" {head} skipped=\"{skipped}\">\n",
        escape(name)
    );
    for case in cases {
        out.push_str(&format!(
            "    <testcase name=\"{}\" classname=\"{}\" time=\"{:.6}\">\n",
            escape(&case.name),
            escape(&case.class),
            case.took_s
        ));
        if failed(&case) {
            out.push_str(&format!(
                "      <failure message=\"{}\" type=\"failure\">{}</failure>\n",
                escape(&case.message),
                escape(&case.output)
            ));
        } else if case.verdict == Verdict::Skipped {
            out.push_str("      <skipped/>\n");
        } else {
            out.push_str(&format!("      <system-out>{}</system-out>\n", escape(&case.output)));
        }
        out.push_str("    </testcase>\n");
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// Text for XML; characters that XML forbids become `?`.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' | '\r' => out.push(letter),
            control if control.is_control() => out.push('?'),
            other => out.push(other),
        }
    }
    out
}

impl Reader for Junit {
    fn read(&mut self, event: &Event) {
        match event {
            Event::PlaybookStarted { path } => self.playbook = path.to_string(),
            Event::TaskStarted(task) => {
                self.started.insert(task.id, Instant::now());
            }
            Event::Finished(report) => self.finished(report),
            Event::Recap(_) => self.write(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Case, document};
    use runner_engine::event::Verdict;

    #[test]
    fn reports_are_xml() {
        let case = |verdict| Case {
            name: "[h] <a & b>".to_owned(),
            class: "p.yml:3".to_owned(),
            took_s: 0.5,
            verdict,
            message: "\"no\"\u{1}".to_owned(),
            output: "{}".to_owned(),
        };
        let cases = [case(Verdict::Ok), case(Verdict::Failed { ignored: false }), case(Verdict::Skipped)];
        let text = document("p", &cases);
        assert!(text.contains("tests=\"3\" failures=\"1\""), "{text}");
        assert!(text.contains("[h] &lt;a &amp; b&gt;"), "{text}");
        assert!(text.contains("message=\"&quot;no&quot;?\""), "{text}");
    }
}
