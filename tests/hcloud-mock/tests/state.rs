//! Saving and loading, the bill, the request log, the trace, and machines.
use serde_json::{Value, json};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests_hcloud_mock::{Done, Fault, Job, Machines, Mock, Options, Time};

const NONE: Value = Value::Null;

fn server(name: &str) -> Value {
    json!({"name": name, "server_type": "cpx22", "image": "debian-13", "location": "fsn1"})
}

fn still() -> Options {
    Options { time: Time::still(), start_ms: Some(1_795_000_000_000), ..Options::default() }
}

#[test]
fn a_saved_state_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("state.json");
    let first = Mock::with(still()).expect("a loopback port");
    let made = first.call("POST", "/servers", &server("a")).json;
    first.advance(Duration::from_secs(6));
    first.save(&file).expect("a saved state");
    assert!(
        !std::fs::read_to_string(&file).expect("the file").contains(first.token()),
        "no token in the file"
    );

    let second = Mock::with(still()).expect("a loopback port");
    second.call("POST", "/servers", &server("other"));
    second.load(&file).expect("a loaded state");
    let path = format!("/servers/{}", made["server"]["id"]);
    assert_eq!(second.call("GET", "/servers", &NONE).json["meta"]["pagination"]["total_entries"], 1);
    assert_eq!(second.call("GET", &path, &NONE).json["server"]["locked"], true);
    second.advance(Duration::from_secs(60));
    assert_eq!(second.call("GET", &path, &NONE).json["server"]["status"], "running");
    let fresh = second.call("POST", "/servers", &server("b")).json;
    assert!(fresh["server"]["id"].as_u64() > made["server"]["id"].as_u64(), "ids do not repeat");
}

#[test]
fn a_file_that_is_no_state_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("state.json");
    let mock = Mock::start();
    for text in ["", "{}", "[]", "{\"version\": 99}"] {
        std::fs::write(&file, text).expect("a written file");
        assert!(mock.load(&file).is_err(), "{text}");
    }
    assert!(mock.load(&folder.path().join("nothing")).is_err());
}

#[test]
fn the_bill_counts_started_hours_of_what_is_and_was() {
    let mock = Mock::with(still()).expect("a loopback port");
    let made = mock.call("POST", "/servers", &server("a")).json;
    let path = format!("/servers/{}", made["server"]["id"]);
    mock.call("POST", "/volumes", &json!({"name": "v", "size": 100, "location": "fsn1"}));
    mock.advance(Duration::from_secs(90 * 60));
    assert_eq!(mock.call("DELETE", &path, &NONE).status, 200);
    mock.advance(Duration::from_secs(5 * 3600));
    let bill = mock.bill();
    let of = |what: &str| bill.lines.iter().find(|l| l.what == what).map(|l| (l.hours, l.net.to_string()));
    assert_eq!(of("server"), Some((2, "0.0624".to_owned())));
    assert_eq!(of("primary_ip"), Some((2, "0.0016".to_owned())));
    assert_eq!(of("volume").map(|(hours, _)| hours), Some(7));
    assert!(bill.gross > bill.net);
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn log_and_trace_tell_everything_but_the_token() {
    let lines = Lines::default();
    let mock =
        Mock::with(Options { trace: Some(Box::new(lines.clone())), ..still() }).expect("a loopback port");
    mock.call("POST", "/servers", &server("a"));
    mock.call("GET", &format!("/servers?name={}", mock.token()), &NONE);
    mock.call("GET", "/servers/1", &NONE);
    let requests = mock.requests();
    let told: Vec<String> =
        requests.iter().map(|r| format!("{} {} {}", r.method, r.path, r.status)).collect();
    assert_eq!(told, ["POST /v1/servers 201", "GET /v1/servers 200", "GET /v1/servers/1 404"]);
    assert_eq!(requests[1].query, "name=***");
    assert_eq!(requests[2].code.as_deref(), Some("not_found"));
    assert_eq!((mock.count("GET", "/servers*"), mock.count("*", "*")), (2, 3));
    let trace = String::from_utf8(lines.0.lock().expect("no writer panics").clone()).expect("text");
    assert!(trace.contains("201 POST /v1/servers → create_server 598000000000001 → start_server"), "{trace}");
    assert!(!trace.contains(mock.token()) && !format!("{mock:?}").contains(mock.token()));
    mock.clear_requests();
    assert!(mock.requests().is_empty());
}

/// Keeps every job until a test says how it ended.
#[derive(Default)]
struct Bench(Mutex<Vec<(Job, Done)>>);

impl Machines for Bench {
    fn start(&self, job: Job, done: Done) {
        self.0.lock().expect("no test panics here").push((job, done));
    }
}

impl Bench {
    fn next(&self) -> (Job, Done) {
        self.0.lock().expect("no test panics here").remove(0)
    }
}

#[test]
fn a_server_waits_for_its_machine() {
    let bench = Arc::new(Bench::default());
    let machines: Arc<dyn Machines> = bench.clone();
    let mock = Mock::with(Options { machines: Some(machines), ..still() }).expect("a loopback port");
    let mut order = server("a");
    order["user_data"] = json!("#cloud-config");
    let made = mock.call("POST", "/servers", &order).json;
    let action = |id: &Value| mock.call("GET", &format!("/actions/{id}"), &NONE).json["action"].clone();
    mock.advance(Duration::from_secs(600));
    assert_eq!(action(&made["action"]["id"])["status"], "running");
    let (job, done) = bench.next();
    let Job::Create(machine) = job else { panic!("{job:?}") };
    assert_eq!((machine.name.as_str(), machine.image.as_str(), machine.cores), ("a", "debian-13", 2));
    assert_eq!(machine.user_data.as_deref(), Some("#cloud-config"));
    assert_eq!(machine.ipv4.as_deref(), made["server"]["public_net"]["ipv4"]["ip"].as_str());
    done.success();
    assert_eq!(action(&made["action"]["id"])["status"], "success");
    let (job, done) = bench.next();
    assert_eq!(job, Job::PowerOn(machine.server));
    done.failure("server_error", "no kernel");
    mock.advance(Duration::from_secs(600));
    assert_eq!(action(&made["next_actions"][0]["id"])["error"]["message"], "no kernel");
    let path = format!("/servers/{}", machine.server);
    mock.call("POST", &format!("{path}/actions/poweron"), &NONE);
    drop(bench.next());
    mock.advance(Duration::from_secs(600));
    assert_eq!(mock.call("GET", &path, &NONE).json["server"]["status"], "off", "a lost machine is a failure");
}

#[test]
fn a_thousand_servers_are_listed_in_twenty_requests() {
    let mock = Mock::with(still()).expect("a loopback port");
    mock.set(|s| s.rate_limit_per_hour = None);
    mock.fault(Fault::error("GET", "/pricing", 500, "server_error"));
    for n in 0..1000 {
        let mut order = server(&format!("s{n}"));
        order["labels"] = json!({"part": if n % 2 == 0 { "even" } else { "odd" }});
        assert_eq!(mock.call("POST", "/servers", &order).status, 201);
    }
    mock.clear_requests();
    let (mut seen, mut page) = (std::collections::BTreeSet::new(), 1u64);
    loop {
        let list = mock.call("GET", &format!("/servers?per_page=50&page={page}&sort=name:desc"), &NONE).json;
        seen.extend(list["servers"].as_array().into_iter().flatten().map(|s| s["name"].to_string()));
        match list["meta"]["pagination"]["next_page"].as_u64() {
            Some(next) => page = next,
            None => break,
        }
    }
    assert_eq!((seen.len(), mock.requests().len()), (1000, 20));
    let odd = mock.call("GET", "/servers?label_selector=part%3Dodd", &NONE).json;
    assert_eq!(odd["meta"]["pagination"]["total_entries"], 500);
    assert_eq!(odd["meta"]["pagination"]["last_page"], 20);
}
