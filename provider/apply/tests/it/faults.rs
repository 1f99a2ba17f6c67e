//! Fault → outcome: each error of the API is mended, or named with its field, object, code and what to do.

use provider_cluster::*;
use serde_json::json;
use tests_hcloud_mock::{Fault, Then, When};

use crate::site::{Site, desired};

/// What a fault leads to.
#[derive(Clone, Copy)]
enum Outcome {
    /// The same apply succeeds.
    Mended,
    /// The apply fails at this field, and the next one, without the fault, succeeds.
    Fails(Option<&'static str>),
}
use Outcome::{Fails, Mended};

fn error(status: u16, code: &str, field: Option<&str>) -> Then {
    let details = match field {
        Some(field) => json!({"fields": [{"name": field, "messages": ["is wrong"]}]}),
        None => json!(null),
    };
    Then::Error { status, code: code.to_owned(), message: format!("{code} (injected)"), details }
}

#[track_caller]
fn expect(at: &str, applied: &provider_apply::Applied, code: &str, outcome: Outcome) {
    match outcome {
        Mended => assert!(applied.is_complete(), "{at}: {:#?}", applied.failures),
        Fails(field) => {
            let failure = applied.failures.first().unwrap_or_else(|| panic!("{at}: nothing failed"));
            assert_eq!(failure.code.as_deref(), Some(code), "{at}: {failure:#?}");
            assert_eq!(failure.field.as_deref(), field, "{at}: {failure:#?}");
            assert!(failure.object.starts_with("trivia"), "{at}: {failure:#?}");
            assert!(failure.help.len() > 20 && failure.message.contains(code), "{at}: {failure:#?}");
        }
    }
}

/// A create meets the fault; then the fault is gone and the next apply finishes.
async fn creating(method: &str, path: &str, when: When, then: Then, outcome: Outcome) {
    let code = match &then {
        Then::Error { code, .. } | Then::ErrorAfter { code, .. } | Then::Action { code, .. } => code.clone(),
        _ => String::new(),
    };
    let at = format!("{method} {path} {code} {when:?}");
    let site = Site::new().await;
    site.mock.fault(Fault::on(method, path, then).when(when));
    let wish = desired(1, 2);
    let applied = site.apply(&wish, &Observed::default()).await;
    expect(&at, &applied, &code, outcome);
    assert!(site.mock.faults()[0].hit > 0, "{at}: never met");
    site.mock.remove_faults(None);
    let seen = site.applied(&wish, &Observed::default()).await;
    assert_eq!((seen.machines.len(), site.names("servers").len()), (3, 3), "{at}");
    assert_eq!(site.destroy(&seen).await.failures, Vec::new(), "{at}");
    site.assert_empty();
}

const SERVERS: &str = "/servers";

#[tokio::test]
async fn errors_of_every_operation_that_pass_are_mended() {
    for (status, code) in [
        (409, "conflict"),
        (423, "locked"),
        (429, "rate_limit_exceeded"),
        (500, "server_error"),
        (502, "bad_gateway"),
        (503, "unavailable"),
        (504, "timeout"),
    ] {
        for (method, path) in [
            ("POST", SERVERS),
            ("POST", "/firewalls"),
            ("POST", "/networks"),
            ("POST", "/placement_groups"),
            ("POST", "/ssh_keys"),
        ] {
            creating(method, path, When::First(1), error(status, code, None), Mended).await;
        }
        if !matches!(status, 409 | 423) {
            creating("GET", SERVERS, When::First(1), error(status, code, None), Mended).await;
        }
    }
    for path in [SERVERS, "/firewalls", "/networks", "/placement_groups", "/ssh_keys"] {
        let lost = Then::ErrorAfter {
            status: 504,
            code: "timeout".to_owned(),
            message: "the request took too long".to_owned(),
        };
        for then in [lost, Then::DropBefore, Then::DropAfter, Then::Garbage, Then::Truncate] {
            creating("POST", path, When::First(1), then, Mended).await;
        }
    }
    for (status, code) in [(412, "resource_unavailable"), (422, "placement_error")] {
        creating("POST", SERVERS, When::First(1), error(status, code, None), Mended).await;
    }
}

#[tokio::test]
async fn errors_that_stay_are_named() {
    let types = Some("origin.server_types");
    for (status, code, field, outcome) in [
        (400, "json_error", None, Fails(None)),
        (401, "unauthorized", None, Fails(None)),
        (401, "token_readonly", None, Fails(None)),
        (403, "token_readonly", None, Fails(None)),
        (403, "forbidden", None, Fails(None)),
        (403, "maintenance", None, Fails(None)),
        (403, "resource_limit_exceeded", None, Fails(Some("origin.count"))),
        (404, "not_found", None, Fails(None)),
        (405, "method_not_allowed", None, Fails(None)),
        (409, "uniqueness_error", Some("name"), Fails(Some("name"))),
        (409, "conflict", None, Fails(None)),
        (410, "deprecated_api_endpoint", None, Fails(None)),
        (412, "resource_unavailable", None, Fails(types)),
        (412, "primary_ip_version_mismatch", None, Fails(None)),
        (422, "placement_error", None, Fails(types)),
        (422, "primary_ip_assigned", None, Fails(None)),
        (422, "primary_ip_datacenter_mismatch", None, Fails(None)),
        (422, "service_error", None, Fails(None)),
        (422, "unsupported_error", None, Fails(types)),
        (422, "invalid_input", Some("server_type"), Fails(types)),
        (422, "invalid_input", Some("location"), Fails(Some("origin.locations"))),
        (422, "invalid_input", Some("image"), Fails(Some("image"))),
        (422, "invalid_input", Some("user_data"), Fails(Some("user_data"))),
        (422, "invalid_input", Some("ssh_keys"), Fails(Some("ssh.keys"))),
        (422, "invalid_input", Some("labels"), Fails(Some("labels"))),
        (422, "invalid_input", Some("name"), Fails(Some("name"))),
        (423, "locked", None, Fails(None)),
        (429, "rate_limit_exceeded", None, Fails(None)),
        (500, "server_error", None, Fails(None)),
        (502, "bad_gateway", None, Fails(None)),
        (503, "unavailable", None, Fails(None)),
        (504, "timeout", None, Fails(None)),
        (422, "a_code_of_next_year", None, Fails(None)),
    ] {
        creating("POST", SERVERS, When::Always, error(status, code, field), outcome).await;
    }
    let full = Then::Error {
        status: 422,
        code: "service_error".to_owned(),
        message: "service_error: placement group 7 contains already 10 servers".to_owned(),
        details: json!(null),
    };
    creating("POST", SERVERS, When::Always, full, Fails(Some("spread"))).await;
    for (path, status, code, field, outcome) in [
        ("/firewalls", 422, "server_already_added", None, Fails(Some("access"))),
        ("/firewalls", 422, "incompatible_network_type", None, Fails(Some("access"))),
        ("/firewalls", 422, "firewall_resource_not_found", None, Fails(Some("access"))),
        ("/firewalls", 422, "invalid_input", Some("rules"), Fails(Some("access"))),
        ("/firewalls", 403, "resource_limit_exceeded", None, Fails(Some("access"))),
        ("/networks", 422, "invalid_input", Some("ip_range"), Fails(Some("network.ip_range"))),
        ("/networks", 403, "resource_limit_exceeded", None, Fails(Some("network"))),
        ("/placement_groups", 403, "resource_limit_exceeded", None, Fails(Some("spread"))),
        ("/ssh_keys", 409, "uniqueness_error", Some("public_key"), Fails(Some("ssh.keys"))),
        ("/ssh_keys", 422, "invalid_input", Some("public_key"), Fails(Some("ssh.keys"))),
    ] {
        creating("POST", path, When::Always, error(status, code, field), outcome).await;
    }
}

#[tokio::test]
async fn actions_that_fail_are_named_or_mended() {
    for (code, outcome) in [
        ("resource_unavailable", Mended),
        ("placement_error", Mended),
        ("server_error", Fails(None)),
        ("unknown_error", Fails(None)),
        ("action_failed", Fails(None)),
    ] {
        let then =
            Then::Action { code: code.to_owned(), message: format!("{code} (injected)"), command: None };
        creating("POST", SERVERS, When::First(1), then, outcome).await;
    }
}

/// A repair of an edge meets the fault.
async fn repairing(
    interfere: impl Fn(&Site, u64),
    path: &str,
    when: When,
    (status, code): (u16, &str),
    outcome: Outcome,
) {
    let at = format!("{path} {code} {when:?}");
    let site = Site::new().await;
    let wish = desired(1, 2);
    let seen = site.applied(&wish, &Observed::default()).await;
    interfere(&site, site.id("servers", "trivia-edge-1"));
    let site = site.claimed_by("us", true);
    site.mock.fault(Fault::on("POST", path, error(status, code, None)).when(when));
    let applied = site.apply(&wish, &seen).await;
    expect(&at, &applied, code, outcome);
    assert!(site.mock.faults()[0].hit > 0, "{at}: never met");
    site.mock.remove_faults(None);
    let seen = site.applied(&wish, &seen).await;
    assert!(seen.machines.iter().all(|machine| machine.state == MachineState::Running), "{at}");
    assert_eq!(site.todo(&wish, &seen).await, Vec::<String>::new(), "{at}");
}

fn act(site: &Site, id: u64, action: &str, body: serde_json::Value) {
    site.call("POST", &format!("/servers/{id}/actions/{action}"), body);
}

#[tokio::test]
async fn each_repairs_own_codes() {
    let detach = |site: &Site, id: u64| {
        act(site, id, "detach_from_network", json!({"network": site.id("networks", "trivia-1")}));
    };
    let attach = "/servers/*/actions/attach_to_network";
    let range = Fails(Some("network.ip_range"));
    repairing(detach, attach, When::First(1), (422, "server_already_attached"), Mended).await;
    repairing(detach, attach, When::First(2), (409, "conflict"), Mended).await;
    repairing(detach, attach, When::Always, (422, "ip_not_available"), range).await;
    repairing(detach, attach, When::Always, (422, "no_subnet_available"), range).await;
    repairing(detach, attach, When::Always, (422, "networks_overlap"), range).await;

    let leave = |site: &Site, id: u64| {
        act(site, id, "poweroff", json!(null));
        act(site, id, "remove_from_placement_group", json!(null));
        act(site, id, "poweron", json!(null));
    };
    let join = "/servers/*/actions/add_to_placement_group";
    repairing(leave, join, When::First(1), (422, "already_in_placement_group"), Mended).await;
    repairing(leave, join, When::Always, (422, "server_not_stopped"), Fails(None)).await;

    let retype = |site: &Site, id: u64| {
        act(site, id, "poweroff", json!(null));
        act(site, id, "change_type", json!({"server_type": "cpx42", "upgrade_disk": false}));
        act(site, id, "poweron", json!(null));
    };
    let change = "/servers/*/actions/change_type";
    let types = Fails(Some("edge.server_types"));
    repairing(retype, change, When::First(1), (412, "resource_unavailable"), Mended).await;
    repairing(retype, change, When::Always, (422, "invalid_server_type"), types).await;
    repairing(retype, change, When::Always, (422, "server_not_stopped"), Fails(None)).await;

    let unguard = |site: &Site, id: u64| {
        let path =
            format!("/firewalls/{}/actions/remove_from_resources", site.id("firewalls", "trivia-edge"));
        site.call("POST", &path, json!({"remove_from": [{"type": "server", "server": {"id": id}}]}));
    };
    let guard = "/firewalls/*/actions/apply_to_resources";
    repairing(unguard, guard, When::First(1), (422, "firewall_already_applied"), Mended).await;
    repairing(unguard, guard, When::Always, (404, "firewall_resource_not_found"), Fails(None)).await;
    repairing(unguard, guard, When::Always, (422, "incompatible_network_type"), Fails(None)).await;
    repairing(unguard, guard, When::Always, (422, "private_net_only_server"), Fails(None)).await;

    let off = |site: &Site, id: u64| act(site, id, "poweroff", json!(null));
    repairing(off, "/servers/*/actions/poweron", When::First(2), (423, "locked"), Mended).await;
    repairing(off, "/servers/*/actions/poweron", When::Always, (423, "locked"), Fails(None)).await;
}

#[tokio::test]
async fn deletes_wait_for_what_still_uses_a_thing_and_name_what_does_not_go() {
    for (path, status, code, when, fails) in [
        ("/firewalls/*", 422, "resource_in_use", When::First(2), false),
        ("/firewalls/*", 422, "resource_in_use", When::Always, true),
        ("/servers/*", 423, "locked", When::First(2), false),
        ("/servers/*", 423, "protected", When::Always, true),
        ("/networks/*", 423, "protected", When::Always, true),
        ("/placement_groups/*", 504, "timeout", When::First(1), false),
        ("/ssh_keys/*", 500, "server_error", When::First(1), false),
    ] {
        let at = format!("DELETE {path} {code} {when:?}");
        let site = Site::new().await;
        let seen = site.applied(&desired(1, 2), &Observed::default()).await;
        let site = site.claimed_by("us", true);
        site.mock.fault(Fault::on("DELETE", path, error(status, code, None)).when(when));
        let gone = site.destroy(&seen).await;
        assert_eq!(!gone.failures.is_empty(), fails, "{at}: {:#?}", gone.failures);
        if let Some(failure) = gone.failures.first() {
            assert_eq!(failure.code.as_deref(), Some(code), "{at}");
        }
        site.mock.remove_faults(None);
        assert_eq!(site.destroy(&seen).await.failures, Vec::new(), "{at}");
        site.assert_empty();
    }
}

#[tokio::test]
async fn one_request_in_fifty_fails_and_the_cluster_comes_all_the_same() {
    let site = Site::new().await;
    for (then, per_mille) in
        [(error(503, "unavailable", None), 7), (Then::DropAfter, 7), (error(504, "timeout", None), 6)]
    {
        site.mock.fault(Fault::on("*", "*", then).when(When::PerMille(per_mille)));
    }
    let wish = desired(2, 48);
    let seen = site.applied(&wish, &Observed::default()).await;
    assert_eq!((seen.machines.len(), site.names("servers").len()), (50, 50));
    assert_eq!(site.destroy(&seen).await.failures, Vec::new());
    site.mock.remove_faults(None);
    site.assert_empty();
}
