//! The socket itself: headers, links, dropped and broken answers, the admin path.
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tests_hcloud_mock::{Fault, Mock, Options, Then, When};

/// Sends one request and reads until the mock closes the connection.
fn send(mock: &Mock, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(mock.address()).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let text = format!(
        "{head} HTTP/1.1\r\nHost: mock.test\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        mock.token(),
        body.len()
    );
    stream.write_all(text.as_bytes()).expect("a sent request");
    let mut answer = Vec::new();
    // A connection that is cut counts as its end.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn json_of(answer: &str) -> Value {
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str(body).unwrap_or(Value::Null)
}

#[test]
fn answers_carry_hetzners_headers() {
    let mock = Mock::start();
    let answer = send(&mock, "GET /v1/server_types?per_page=5&page=2&name=", "");
    let lower = answer.to_lowercase();
    for expected in [
        "http/1.1 200 ok",
        "content-type: application/json",
        "ratelimit-limit: 3600",
        "ratelimit-remaining: 3599",
        "ratelimit-reset: ",
        "x-correlation-id: ",
        "access-control-allow-origin: *",
        "</v1/server_types?page=1&per_page=5&name=>; rel=\"prev\"",
        "rel=\"next\"",
        "page=5&per_page=5&name=>; rel=\"last\"",
    ] {
        let expected = expected.replace("</v1", "<http://mock.test/v1");
        assert!(lower.contains(&expected), "{expected} is not in {lower}");
    }
}

#[test]
fn connections_drop_and_answers_break_on_demand() {
    let mock = Mock::start();
    let number = |then: Then| mock.fault(Fault::on("GET", "/locations", then).when(When::First(1)));
    number(Then::DropBefore);
    assert_eq!(send(&mock, "GET /v1/locations", ""), "");
    number(Then::DropAfter);
    assert_eq!(send(&mock, "GET /v1/locations", ""), "");
    number(Then::Garbage);
    let garbage = send(&mock, "GET /v1/locations", "");
    assert!(garbage.starts_with("HTTP/1.1 200") && json_of(&garbage).is_null(), "{garbage}");
    number(Then::Truncate);
    let half = send(&mock, "GET /v1/locations", "");
    assert!(half.starts_with("HTTP/1.1 200") && json_of(&half).is_null() && half.contains("fsn1"), "{half}");
    number(Then::Slow(150));
    let started = Instant::now();
    assert!(!json_of(&send(&mock, "GET /v1/locations", "")).is_null());
    assert!(started.elapsed() >= Duration::from_millis(150));
    let statuses: Vec<u16> = mock.requests().iter().map(|r| r.status).collect();
    assert_eq!(statuses, [0, 0, 200, 200, 200]);
}

#[test]
fn a_dropped_create_was_done() {
    let mock = Mock::start();
    mock.fault(Fault::on("POST", "/ssh_keys", Then::DropAfter));
    mock.fault(Fault::on("POST", "/placement_groups", Then::DropBefore));
    let body = json!({"name": "g", "type": "spread"}).to_string();
    send(&mock, "POST /v1/placement_groups", &body);
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPSnTBxaMF5o4bXVLfqKtBoFeXm0Zf5U1p1RJL9rXjA";
    send(&mock, "POST /v1/ssh_keys", &json!({"name": "k", "public_key": key}).to_string());
    let count =
        |path: &str| mock.call("GET", path, &Value::Null).json["meta"]["pagination"]["total_entries"].clone();
    assert_eq!((count("/ssh_keys"), count("/placement_groups")), (json!(1), json!(0)));
}

#[test]
fn the_admin_path_is_off_unless_asked_for() {
    let mock = Mock::start();
    assert!(send(&mock, "GET /_mock/requests", "").starts_with("HTTP/1.1 404"));
    let mock = Mock::with(Options { admin: true, ..Options::default() }).expect("a loopback port");
    let ask = |head: &str, body: &Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = send(&mock, head, &body);
        (answer.get(9..12).unwrap_or("").to_owned(), json_of(&answer))
    };
    let none = Value::Null;
    let fault = json!({"method": "GET", "path": "/locations", "when": {"nth": 2},
        "then": {"error": {"status": 502, "code": "bad_gateway", "message": "try again"}}});
    assert_eq!(ask("POST /_mock/faults", &fault), ("200".to_owned(), json!({"id": 1})));
    assert_eq!(ask("GET /v1/locations", &none).0, "200");
    assert_eq!(ask("GET /v1/locations", &none).0, "502");
    assert_eq!(ask("GET /_mock/faults", &none).1[0]["hit"], 1);
    assert_eq!(ask("DELETE /_mock/faults/1", &none).1["removed"], 1);
    assert_eq!(ask("PATCH /_mock/settings", &json!({"list_lag_ms": 7})).0, "200");
    assert_eq!(ask("GET /_mock/settings", &none).1["list_lag_ms"], 7);
    assert_eq!(ask("PATCH /_mock/settings", &json!({"colour": 7})).0, "400");
    assert_eq!(ask("PUT /_mock/settings", &json!({"list_lag_ms": 0})).0, "200");
    assert_eq!(ask("POST /_mock/profiles/cx-cax-sold-out", &none).0, "200");
    let types = ask("GET /v1/server_types?name=cx23", &none).1;
    assert_eq!(types["server_types"][0]["locations"][0]["available"], false);
    let before = ask("GET /_mock/clock", &none).1["now_ms"].as_i64();
    let after = ask("POST /_mock/clock", &json!({"advance_ms": 5000})).1["now_ms"].as_i64();
    assert_eq!(after, before.map(|b| b + 5000));
    assert_eq!(ask("GET /_mock/bill", &none).1["currency"], "EUR");
    let state = ask("GET /_mock/state", &none).1;
    assert_eq!(ask("PUT /_mock/state", &state).0, "200");
    assert_eq!(ask("PUT /_mock/state", &json!({"version": 0})).0, "400");
    assert_eq!(ask("POST /_mock/tokens/revoke", &none).1["changed"], 1);
    assert_eq!(ask("GET /v1/locations", &none).0, "401");
    assert_eq!(ask("POST /_mock/tokens/restore", &none).1["changed"], 1);
    let requests = ask("GET /_mock/requests", &none).1;
    assert_eq!(requests.as_array().map(Vec::len), Some(4));
    assert!(!requests.to_string().contains(mock.token()));
    assert_eq!(ask("DELETE /_mock/requests", &none).0, "200");
    let end = json!({"server_type": "cpx22", "location": "fsn1", "announced": "2026-01-01T00:00:00Z",
        "unavailable_after": "2027-01-01T00:00:00Z"});
    assert_eq!(ask("POST /_mock/deprecations", &end).0, "200");
    assert_eq!(ask("GET /_mock/nothing", &none).0, "404");
}

#[test]
fn many_mocks_run_side_by_side() {
    let mocks: Vec<Mock> = (0..20).map(|_| Mock::start()).collect();
    let mut ports: Vec<u16> = mocks.iter().map(|m| m.address().port()).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 20);
}
