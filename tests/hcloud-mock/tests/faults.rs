//! Faults, limits, stock, delays and the virtual clock, as tests set them from Rust.
use serde_json::{Value, json};
use std::time::Duration;
use tests_hcloud_mock::{Deprecation, Fault, Kind, Mock, Options, Settings, Then, Time, When};

const NONE: Value = Value::Null;

fn server(name: &str) -> Value {
    json!({"name": name, "server_type": "cpx22", "image": "debian-13", "location": "fsn1"})
}

fn still() -> Mock {
    Mock::with(Options { time: Time::still(), ..Options::default() }).expect("a loopback port")
}

fn code(called: &tests_hcloud_mock::Called) -> (u16, String) {
    (called.status, called.json["error"]["code"].as_str().unwrap_or("").to_owned())
}

#[test]
fn the_nth_match_fails_and_nothing_is_done() {
    let mock = still();
    mock.fault(Fault::error("POST", "/servers", 503, "unavailable").when(When::Nth(2)));
    let answers: Vec<u16> =
        ["a", "b", "c"].iter().map(|n| mock.call("POST", "/servers", &server(n)).status).collect();
    assert_eq!(answers, [201, 503, 201]);
    assert_eq!(mock.call("GET", "/servers", &NONE).json["meta"]["pagination"]["total_entries"], 2);
    assert_eq!((mock.faults()[0].seen, mock.faults()[0].hit), (3, 1));
}

#[test]
fn after_a_timeout_the_object_exists() {
    let mock = still();
    mock.fault(Fault::timeout_after("POST", "/servers").when(When::First(1)));
    assert_eq!(code(&mock.call("POST", "/servers", &server("a"))), (504, "timeout".to_owned()));
    assert_eq!(mock.call("GET", "/servers?name=a", &NONE).json["servers"][0]["name"], "a");
    assert_eq!(code(&mock.call("POST", "/servers", &server("a"))), (409, "uniqueness_error".to_owned()));
}

#[test]
fn an_action_ends_in_an_error_and_changes_nothing() {
    let mock = still();
    let made = mock.call("POST", "/servers", &server("a"));
    let path = format!("/servers/{}", made.json["server"]["id"]);
    mock.advance(Duration::from_secs(60));
    mock.fault(Fault::action_error("POST", "/servers/*/actions/poweroff", "unknown_error"));
    let action = mock.call("POST", &format!("{path}/actions/poweroff"), &NONE).json["action"]["id"].clone();
    mock.advance(Duration::from_secs(60));
    let ended = mock.call("GET", &format!("/actions/{action}"), &NONE).json;
    assert_eq!((&ended["action"]["status"], &ended["action"]["progress"]), (&json!("error"), &json!(100)));
    assert_eq!(ended["action"]["error"]["code"], "unknown_error");
    assert_eq!(mock.call("GET", &path, &NONE).json["server"]["status"], "running");
}

#[test]
fn a_failed_create_takes_its_next_actions_along() {
    let mock = still();
    mock.fault(Fault::action_error("POST", "/servers", "server_error"));
    let made = mock.call("POST", "/servers", &server("a")).json;
    mock.advance(Duration::from_secs(60));
    let path = format!("/actions?id={}&id={}", made["action"]["id"], made["next_actions"][0]["id"]);
    let actions = mock.call("GET", &path, &NONE).json;
    assert_eq!(actions["actions"][0]["status"], "error");
    assert_eq!(actions["actions"][1]["status"], "error");
    // The server exists, as it does at Hetzner, and can be deleted.
    let server = format!("/servers/{}", made["server"]["id"]);
    assert_eq!(mock.call("DELETE", &server, &NONE).status, 200);
}

#[test]
fn a_failed_delete_brings_the_server_back() {
    let mock = still();
    let made = mock.call("POST", "/servers", &server("a")).json;
    let path = format!("/servers/{}", made["server"]["id"]);
    mock.advance(Duration::from_secs(60));
    mock.fault(Fault::action_error("DELETE", "/servers/*", "server_error").when(When::First(1)));
    assert_eq!(mock.call("DELETE", &path, &NONE).status, 200);
    assert_eq!(mock.call("GET", &path, &NONE).status, 404);
    mock.advance(Duration::from_secs(60));
    assert_eq!(mock.call("GET", &path, &NONE).json["server"]["status"], "running");
}

#[test]
fn one_in_fifty_is_repeatable() {
    let hits = || {
        let mock = still();
        mock.set(|s| s.rate_limit_per_hour = None);
        mock.fault(Fault::error("*", "*", 502, "bad_gateway").when(When::PerMille(20)));
        (0..1000).filter(|_| mock.call("GET", "/locations", &NONE).status == 502).count()
    };
    let first = hits();
    assert!((5..50).contains(&first), "{first}");
    assert_eq!(first, hits());
}

#[test]
fn the_rate_limit_is_a_bucket_that_refills() {
    let mock = still();
    mock.set(|s| s.rate_limit_per_hour = Some(3600));
    for _ in 0..3600 {
        assert_eq!(mock.call("GET", "/locations/1", &NONE).status, 200);
    }
    let limited = mock.call("GET", "/locations/1", &NONE);
    assert_eq!(code(&limited), (429, "rate_limit_exceeded".to_owned()));
    assert_eq!(limited.json["error"]["message"], "limit of 3600 requests per hour reached");
    assert_eq!(limited.headers["ratelimit-remaining"], "0");
    assert!(!limited.headers.contains_key("retry-after"));
    mock.advance(Duration::from_secs(1));
    assert_eq!(mock.call("GET", "/locations/1", &NONE).status, 200);
}

#[test]
fn tokens_are_checked_after_the_route() {
    let options = Options {
        tokens: vec!["one".to_owned(), "two".to_owned()],
        read_only: vec![("look".to_owned(), 0)],
        ..Options::default()
    };
    let mock = Mock::with(options).expect("a loopback port");
    let ask = |method: &str, path: &str, header: Option<&str>| {
        let called = mock.call_raw(method, path, header, b"{}");
        let message = called.json["error"]["message"].as_str().unwrap_or("").to_owned();
        (called.status, message)
    };
    assert_eq!(ask("GET", "/servers", None), (401, "token is required".to_owned()));
    let invalid = (401, "the token you have provided is invalid".to_owned());
    assert_eq!(ask("GET", "/servers", Some("Bearer three")), invalid);
    assert_eq!(ask("GET", "/nothing", None), (404, "api route not found".to_owned()));
    assert_eq!(ask("GET", "/servers", Some("Bearer look")).0, 200);
    assert_eq!(ask("POST", "/servers", Some("Bearer look")).0, 403);
    let made = mock.call_raw("POST", "/servers", Some("Bearer one"), server("a").to_string().as_bytes());
    assert_eq!(made.status, 201);
    let other = mock.call_raw("GET", "/servers", Some("Bearer two"), b"");
    assert_eq!(other.json["servers"], json!([]), "projects are apart");
    mock.revoke_tokens(true);
    assert_eq!(ask("GET", "/servers", Some("Bearer one")), invalid);
    mock.revoke_tokens(false);
    assert_eq!(ask("GET", "/servers", Some("Bearer one")).0, 200);
}

#[test]
fn extreme_settings_break_nothing() {
    for extreme in [i64::MIN, i64::MAX] {
        let mock = still();
        mock.set(|s| {
            (s.list_lag_ms, s.selector_lag_ms, s.in_use_lag_ms, s.acpi_shutdown_ms) =
                (extreme, extreme, extreme, extreme);
            s.durations_ms.insert("create_server".to_owned(), extreme);
            s.rate_limit_per_hour = Some(u32::MAX);
        });
        let made = mock.call("POST", "/servers", &server("a")).json;
        let path = format!("/servers/{}", made["server"]["id"]);
        mock.advance(Duration::MAX);
        assert_eq!(mock.call("GET", &path, &NONE).status, 200);
        assert_eq!(mock.call("GET", "/servers", &NONE).status, 200);
        mock.call("POST", &format!("{path}/actions/shutdown"), &NONE);
        mock.call("DELETE", &path, &NONE);
        mock.advance(Duration::from_secs(60));
        assert!(mock.bill().lines.iter().any(|l| l.what == "server"));
    }
}

#[test]
fn new_objects_show_in_lists_late() {
    let mock = still();
    mock.set(|s| s.list_lag_ms = 5000);
    let made = mock.call("POST", "/servers", &server("a")).json;
    let count = || mock.call("GET", "/servers", &NONE).json["servers"].as_array().map_or(0, Vec::len);
    assert_eq!(count(), 0);
    assert_eq!(mock.call("GET", &format!("/servers/{}", made["server"]["id"]), &NONE).status, 200);
    mock.advance(Duration::from_secs(5));
    assert_eq!(count(), 1);
}

#[test]
fn groups_and_networks_are_full_at_their_limits() {
    let mock = still();
    mock.set(|s| s.rate_limit_per_hour = None);
    let group = mock.call("POST", "/placement_groups", &json!({"name": "g", "type": "spread"})).json
        ["placement_group"]["id"]
        .clone();
    let network = json!({"name": "n", "ip_range": "10.0.0.0/16", "subnets": [
        {"type": "cloud", "network_zone": "eu-central", "ip_range": "10.0.0.0/16"}]});
    let network = mock.call("POST", "/networks", &network).json["network"]["id"].clone();
    for n in 0..100 {
        let mut body = server(&format!("s{n}"));
        body["networks"] = json!([network]);
        if n < 10 {
            body["placement_group"] = group.clone();
        }
        assert_eq!(mock.call("POST", "/servers", &body).status, 201, "{n}");
    }
    let mut full = server("full");
    full["placement_group"] = group.clone();
    let refused = mock.call("POST", "/servers", &full);
    assert_eq!(code(&refused), (422, "service_error".to_owned()));
    let message = format!("placement group {group} contains already 10 servers");
    assert_eq!(refused.json["error"]["message"], message);
    let mut full = server("full");
    full["networks"] = json!([network]);
    assert_eq!(code(&mock.call("POST", "/servers", &full)), (403, "resource_limit_exceeded".to_owned()));
    mock.set(|s| {
        s.limits.insert(Kind::Server, 100);
    });
    assert_eq!(
        code(&mock.call("POST", "/servers", &server("full"))),
        (403, "resource_limit_exceeded".to_owned())
    );
}

#[test]
fn the_autumn_profile_and_an_announced_end() {
    let options = Options { settings: Settings::default().cx_and_cax_sold_out(), ..Options::default() };
    let mock = Mock::with(options).expect("a loopback port");
    let mut order = server("a");
    order["server_type"] = json!("cx23");
    assert_eq!(code(&mock.call("POST", "/servers", &order)), (412, "resource_unavailable".to_owned()));
    assert_eq!(mock.call("POST", "/servers", &server("a")).status, 201);
    let end = Deprecation {
        announced: "2020-01-01T00:00:00Z".to_owned(),
        unavailable_after: "2020-04-01T00:00:00Z".to_owned(),
    };
    assert!(mock.deprecate("cpx22", "fsn1", end.clone()) && !mock.deprecate("cpx99", "fsn1", end));
    assert_eq!(mock.call("POST", "/servers", &server("b")).status, 412);
    let shown = mock.call("GET", "/server_types?name=cpx22", &NONE).json;
    let place = &shown["server_types"][0]["locations"][0];
    assert_eq!(place["deprecation"]["unavailable_after"], "2020-04-01T00:00:00Z");
    assert_eq!(
        (&place["available"], &shown["server_types"][0]["deprecated"]),
        (&json!(false), &json!(false))
    );
}

#[test]
fn a_polling_client_sees_time_pass() {
    let mock = Mock::start();
    let made = mock.call("POST", "/servers", &server("a")).json;
    let path = format!("/actions/{}", made["next_actions"][0]["id"]);
    let polls = (1..100).find(|_| mock.call("GET", &path, &NONE).json["action"]["status"] != "running");
    // Twelve seconds to create, five to start, a second from poll to poll.
    assert_eq!(polls, Some(18));
}

#[test]
fn ids_fit_53_bits_and_start_beyond_32() {
    let mut options = Options::default();
    options.counters.id = 1 << 40;
    let mock = Mock::with(options).expect("a loopback port");
    let made = mock.call("POST", "/servers", &server("a")).json;
    assert_eq!(made["server"]["id"], 1u64 << 40);
    assert_eq!(mock.call("GET", &format!("/servers/{}", 1u64 << 40), &NONE).status, 200);
    assert!(made["action"]["id"].as_u64().is_some_and(|id| (1 << 32..1 << 53).contains(&id)));
}

#[test]
fn the_first_action_with_the_command_fails() {
    let mock = still();
    let failure = Then::Action {
        code: "server_error".to_owned(),
        message: "no power".to_owned(),
        command: Some("start_server".to_owned()),
    };
    mock.fault(Fault::on("POST", "/servers", failure));
    let made = mock.call("POST", "/servers", &server("a")).json;
    mock.advance(Duration::from_secs(60));
    let status =
        |id: &Value| mock.call("GET", &format!("/actions/{id}"), &NONE).json["action"]["status"].clone();
    assert_eq!(status(&made["action"]["id"]), "success");
    assert_eq!(status(&made["next_actions"][0]["id"]), "error");
}
