//! What somebody else changed is found, and exactly that is repaired.

use provider_cluster::*;
use serde_json::{Value, json};

use crate::site::{Site, desired};

/// Applies, lets somebody interfere, and checks what the next look plans and that the next apply settles it.
async fn check(interfere: impl Fn(&Site), expected: &[&str]) {
    let site = Site::new().await;
    let wish = desired(2, 3);
    let seen = site.applied(&wish, &Observed::default()).await;
    interfere(&site);
    let todo = site.todo(&wish, &seen).await;
    for part in expected {
        assert!(todo.iter().any(|line| line.contains(part)), "{part:?} is not in {todo:#?}");
    }
    assert_eq!(todo.len(), expected.len(), "{todo:#?}");
    let mended = site.applied(&wish, &seen).await;
    assert_eq!(site.todo(&wish, &mended).await, Vec::<String>::new());
    assert_eq!(mended.machines.len(), 5);
    assert!(mended.machines.iter().all(|machine| machine.state == MachineState::Running));
    site.destroy(&mended).await;
    let strangers = site.names("networks").into_iter().chain(site.names("firewalls"));
    assert_eq!(strangers.collect::<Vec<_>>(), Vec::<String>::new());
}

fn server(site: &Site, name: &str, action: &str, body: Value) {
    let path = format!("/servers/{}/actions/{action}", site.id("servers", name));
    site.call("POST", &path, body);
}

#[tokio::test]
async fn a_deleted_machine_is_made_again() {
    let delete = |site: &Site| {
        site.call("DELETE", &format!("/servers/{}", site.id("servers", "trivia-edge-2")), Value::Null);
    };
    check(delete, &["trivia-edge-2"]).await;
}

#[tokio::test]
async fn a_machine_that_is_off_is_switched_on() {
    check(|site| server(site, "trivia-edge-1", "poweroff", Value::Null), &["trivia-edge-1"]).await;
}

#[tokio::test]
async fn a_retyped_machine_is_changed_back_or_made_anew() {
    let retype = |site: &Site| {
        server(site, "trivia-edge-1", "poweroff", Value::Null);
        let to = json!({"server_type": "cpx42", "upgrade_disk": false});
        server(site, "trivia-edge-1", "change_type", to);
        server(site, "trivia-edge-1", "poweron", Value::Null);
    };
    check(retype, &["trivia-edge-1"]).await;
}

#[tokio::test]
async fn lost_labels_names_and_groups_come_back() {
    let relabel = |site: &Site| {
        let path = format!("/servers/{}", site.id("servers", "trivia-edge-3"));
        site.call("PUT", &path, json!({"labels": {}}));
    };
    check(relabel, &["trivia-edge-3"]).await;
    let rename = |site: &Site| {
        let path = format!("/servers/{}", site.id("servers", "trivia-origin-1"));
        site.call("PUT", &path, json!({"name": "mine-now"}));
    };
    check(rename, &["trivia-origin-1"]).await;
    let ungroup = |site: &Site| {
        server(site, "trivia-edge-2", "poweroff", Value::Null);
        server(site, "trivia-edge-2", "remove_from_placement_group", Value::Null);
        server(site, "trivia-edge-2", "poweron", Value::Null);
    };
    check(ungroup, &["trivia-edge-2"]).await;
}

#[tokio::test]
async fn lost_names_and_labels_of_many_machines_come_back_at_once() {
    let strip = |site: &Site| {
        for object in site.all("servers") {
            site.call(
                "PUT",
                &format!("/servers/{}", object["id"]),
                json!({"labels": {}, "name": format!("x{}", object["id"])}),
            );
        }
    };
    let all = ["trivia-origin-1", "trivia-origin-2", "trivia-edge-1", "trivia-edge-2", "trivia-edge-3"];
    check(strip, &all).await;
    let site = Site::new().await;
    let wish = desired(2, 10);
    let seen = site.applied(&wish, &Observed::default()).await;
    strip(&site);
    site.mock.clear_requests();
    assert_eq!(site.todo(&wish, &seen).await.len(), 12);
    assert!(site.mock.requests().len() <= 10, "one list, not a dozen look-ups");
}

#[tokio::test]
async fn a_changed_firewall_is_set_right() {
    let rules = |site: &Site| {
        let path = format!("/firewalls/{}/actions/set_rules", site.id("firewalls", "trivia-edge"));
        site.call("POST", &path, json!({"rules": []}));
    };
    check(rules, &["trivia-edge"]).await;
    let labels = |site: &Site| {
        site.call(
            "PUT",
            &format!("/firewalls/{}", site.id("firewalls", "trivia-edge")),
            json!({"labels": {}}),
        );
    };
    check(labels, &["trivia-edge"]).await;
    let removed = |site: &Site| {
        let target = json!({"remove_from": [{"type": "server", "server": {"id": site.id("servers", "trivia-edge-1")}}]});
        let path = format!("/firewalls/{}/actions/remove_from_resources", site.id("firewalls", "trivia"));
        site.call("POST", &path, target);
    };
    check(removed, &["trivia-edge-1"]).await;
}

#[tokio::test]
async fn a_detached_network_is_attached_again() {
    let detach = |site: &Site| {
        server(
            site,
            "trivia-edge-1",
            "detach_from_network",
            json!({"network": site.id("networks", "trivia-1")}),
        );
    };
    check(detach, &["trivia-edge-1"]).await;
}

#[tokio::test]
async fn a_deleted_key_is_uploaded_again() {
    let delete = |site: &Site| {
        let name = site.names("ssh_keys").into_iter().next().expect("one");
        site.call("DELETE", &format!("/ssh_keys/{}", site.id("ssh_keys", &name)), Value::Null);
    };
    check(delete, &["key"]).await;
}

#[tokio::test]
async fn protection_somebody_switched_on_is_taken_off() {
    let protect = json!({"delete": true, "rebuild": true});
    check(
        move |site| server(site, "trivia-edge-1", "change_protection", protect.clone()),
        &["trivia-edge-1"],
    )
    .await;
}
