//! Runs the case files: requests as text, with the answers they must get. See `cases/README.md` for the form.
use crate::shapes;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tests_hcloud_mock::{Called, Mock, Options, Time};

struct Run {
    mock: Mock,
    names: BTreeMap<String, String>,
    last: Called,
    failures: Vec<String>,
}

impl Run {
    fn fill(&self, text: &str) -> String {
        // Longer names first, so that `$server2` is not read as `$server` and a 2.
        let mut names: Vec<_> = self.names.iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        names.iter().fold(text.to_owned(), |t, (name, value)| t.replace(&format!("${name}"), value))
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        let text = self.fill(line.trim());
        if let Some(seconds) = text.strip_prefix("wait ") {
            let seconds = seconds.parse().map_err(|_| "wait needs seconds".to_owned())?;
            self.mock.advance(Duration::from_secs(seconds));
            return Ok(());
        }
        if let Some(settings) = text.strip_prefix("set ") {
            let changes: Value = serde_json::from_str(settings).map_err(|e| e.to_string())?;
            return self.set(&changes);
        }
        if !line.starts_with(' ') {
            return self.request(&text);
        }
        if let Some((name, pointer)) = text.split_once(" = ") {
            let value = self.at(pointer)?;
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.names.insert(name.to_owned(), value);
            return Ok(());
        }
        let (pointer, expected) = text.split_once(" == ").ok_or("neither a request nor an expectation")?;
        let expected: Value = serde_json::from_str(expected).map_err(|e| format!("{expected}: {e}"))?;
        let found = self.at(pointer)?;
        if *found == expected { Ok(()) } else { Err(format!("{pointer} is {found}")) }
    }

    fn at(&self, pointer: &str) -> Result<&Value, String> {
        let found = self.last.json.pointer(pointer.trim());
        found.ok_or_else(|| format!("nothing at {pointer} in {}", self.last.json))
    }

    fn set(&self, changes: &Value) -> Result<(), String> {
        let mut problem = None;
        self.mock.set(|settings| {
            let mut value = serde_json::to_value(&*settings).expect("settings are plain data");
            let both = value.as_object_mut().zip(changes.as_object());
            if let Some((map, changes)) = both {
                map.extend(changes.clone());
            }
            match serde_json::from_value(value) {
                Ok(new) => *settings = new,
                Err(error) => problem = Some(error.to_string()),
            }
        });
        problem.map_or(Ok(()), Err)
    }

    fn request(&mut self, text: &str) -> Result<(), String> {
        let (request, expected) = text.rsplit_once(" => ").ok_or("a request needs => and a status")?;
        let (method, rest) = request.split_once(' ').ok_or("a request needs a path")?;
        let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
        let header = format!("Bearer {}", self.mock.token());
        let body = body.strip_prefix("raw:").unwrap_or(body).trim().replace("\\n", "\n");
        let body = if rest.contains("raw:") { body } else { body.replace('\n', "\\n") };
        self.last = self.mock.call_raw(method, path, Some(&header), body.as_bytes());
        let (status, code) = expected.trim().split_once(' ').unwrap_or((expected.trim(), ""));
        let found = self.last.json.pointer("/error/code").and_then(Value::as_str).unwrap_or("");
        if self.last.status.to_string() == status && found == code {
            return Ok(());
        }
        Err(format!("answered {} {}", self.last.status, self.last.json))
    }
}

/// Runs one case file; gives the operations it saw answered well.
fn check(name: &str, text: &str) -> (Vec<String>, BTreeSet<String>) {
    let (observer, seen) = shapes::watcher();
    let options = Options {
        time: Time::still(),
        start_ms: Some(1_795_000_000_000),
        observer: Some(observer),
        ..Options::default()
    };
    let last = Called { status: 0, json: Value::Null, headers: Default::default() };
    let mock = Mock::with(options).expect("a loopback port");
    let mut run = Run { mock, names: BTreeMap::new(), last, failures: Vec::new() };
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Err(problem) = run.line(line) {
            run.failures.push(format!("{name}:{}: {line}\n    {problem}", number + 1));
        }
    }
    let seen = seen.lock().expect("no watcher panicked");
    run.failures.extend(seen.problems.iter().map(|p| format!("{name}: {p}")));
    (run.failures, seen.served.clone())
}

#[test]
fn every_case_and_every_operation() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let (mut failures, mut served) = (Vec::new(), BTreeSet::new());
    for entry in std::fs::read_dir(folder).expect("the folder of cases") {
        let path = entry.expect("a readable folder").path();
        if path.extension().is_some_and(|e| e == "txt") {
            let text = std::fs::read_to_string(&path).expect("a readable case");
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (failed, seen) = check(&name, &text);
            failures.extend(failed);
            served.extend(seen);
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    let all = shapes::FACTS["operations"].as_object().expect("operations are an object");
    let never: Vec<&String> =
        all.keys().filter(|o| !served.contains(*o) && !o.starts_with("GET /datacenters")).collect();
    assert!(never.is_empty(), "no case gets a good answer from: {never:#?}");
}
