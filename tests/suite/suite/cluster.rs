//! `streaming_cluster` under the real terraform: it comes, changes, heals and goes.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tests_hcloud_mock::{Fault, SoldOut, Then, When};
use tests_suite::terraform::flat;

use crate::cluster_show::{CLUSTER, HEAD, Show, config};

#[test]
fn a_cluster_comes_changes_and_goes_and_strangers_stay() {
    let show = Show::new(&config(2, ""));
    show.strangers();
    let theirs: Vec<_> = ["servers", "firewalls", "networks"].map(|kind| show.all(kind)).into();
    show.apply(&config(2, ""));
    show.terraform.expect_empty_plan();
    assert_eq!(show.values()["ready"], true);

    for (edges, before) in [(12, 2), (3, 12)] {
        let old: Vec<u64> = show.all("servers").iter().filter_map(|server| server["id"].as_u64()).collect();
        show.apply(&config(edges, ""));
        show.terraform.expect_empty_plan();
        let servers = show.all("servers");
        assert_eq!(servers.len(), edges as usize + 3);
        let kept = servers.iter().filter(|server| old.contains(&server["id"].as_u64().unwrap_or(0))).count();
        assert_eq!(kept, edges.min(before) as usize + 3, "what stays is not made anew");
        let names = show.names("servers");
        assert!((1..=edges).all(|number| names.contains(&format!("trivia-edge-{number}"))), "{names:?}");
    }

    show.apply(&config(3, "live = false"));
    show.terraform.expect_empty_plan();
    assert_eq!(show.names("servers"), ["theirs"]);
    assert_eq!(show.names("firewalls").len(), 4, "what costs nothing stays");
    show.apply(&config(3, "live = true"));
    show.terraform.expect_empty_plan();
    assert_eq!(show.values()["machines"].as_object().map(serde_json::Map::len), Some(5));

    show.terraform.run(&["destroy", "-auto-approve", "-no-color"]).succeeded();
    let left: Vec<_> = ["servers", "firewalls", "networks"].map(|kind| show.all(kind)).into();
    assert_eq!(left, theirs);
    for kind in ["placement_groups", "ssh_keys"] {
        assert_eq!(show.all(kind), Vec::<Json>::new(), "{kind} are left");
    }
}

#[test]
fn an_import_needs_the_name_alone_and_gives_an_empty_plan() {
    let hcl = config(2, "  rollout = { max_unavailable = \"10%\" }\n  spread = true");
    let show = Show::new(&hcl);
    show.terraform.apply().succeeded();
    let other = show.elsewhere(&hcl);
    other.terraform.run(&["import", "-no-color", CLUSTER, "trivia"]).succeeded();
    other.terraform.expect_empty_plan();
    assert_eq!(other.values()["machines"], show.values()["machines"]);
    let nothing = show.elsewhere(&hcl);
    nothing.terraform.run(&["import", "-no-color", CLUSTER, "quiz"]).failed_saying(&["non-existent"]);
}

#[test]
fn drift_of_each_kind_is_shown_and_repaired() {
    let show = Show::new(&config(2, ""));
    show.terraform.apply().succeeded();
    type Interference = (&'static str, fn(&Show));
    let all: [Interference; 9] = [
        ("trivia-edge-1", |show| {
            show.call("DELETE", &format!("/servers/{}", show.id("servers", "trivia-edge-1")), Json::Null);
        }),
        ("trivia-edge-2", |show| show.act("trivia-edge-2", "poweroff", Json::Null)),
        ("trivia-edge-1", |show| {
            show.act("trivia-edge-1", "poweroff", Json::Null);
            show.act("trivia-edge-1", "change_type", json!({"server_type": "cpx42", "upgrade_disk": false}));
            show.act("trivia-edge-1", "poweron", Json::Null);
        }),
        ("trivia-origin-2", |show| {
            let path = format!("/servers/{}", show.id("servers", "trivia-origin-2"));
            show.call("PUT", &path, json!({"labels": {"mine": "now"}, "name": "mine"}));
        }),
        ("trivia-edge-1", |show| {
            let network = show.id("networks", "trivia-1");
            show.act("trivia-edge-1", "detach_from_network", json!({"network": network}));
        }),
        ("trivia-edge-2", |show| {
            show.act("trivia-edge-2", "poweroff", Json::Null);
            show.act("trivia-edge-2", "remove_from_placement_group", Json::Null);
            show.act("trivia-edge-2", "poweron", Json::Null);
        }),
        ("rules of firewall trivia-edge", |show| {
            let path = format!("/firewalls/{}/actions/set_rules", show.id("firewalls", "trivia-edge"));
            show.call("POST", &path, json!({"rules": []}));
        }),
        ("key", |show| {
            let name = show.names("ssh_keys").remove(0);
            show.call("DELETE", &format!("/ssh_keys/{}", show.id("ssh_keys", &name)), Json::Null);
        }),
        // Moved: the same name, somewhere else.
        ("trivia-edge-1", |show| {
            let labels = show.all("servers").into_iter().find(|s| s["name"] == "trivia-edge-1");
            let labels = labels.expect("it is there")["labels"].clone();
            show.call("DELETE", &format!("/servers/{}", show.id("servers", "trivia-edge-1")), Json::Null);
            let moved = json!({"name": "trivia-edge-1", "server_type": "cpx22", "image": "debian-12",
                "location": "hel1", "labels": labels});
            show.call("POST", "/servers", moved);
        }),
    ];
    for (at, (part, interfere)) in all.into_iter().enumerate() {
        interfere(&show);
        let plan = show.terraform.run(&["plan", "-no-color"]).succeeded();
        assert!(flat(&plan.out).contains(part), "{at}: the plan does not name {part}:\n{}", plan.out);
        assert!(plan.out.contains("1 to change"), "{at}: {}", plan.out);
        show.terraform.apply().succeeded();
        assert_eq!(show.terraform.plan_actions(&[]), BTreeMap::new(), "{at}");
        assert_eq!(show.all("servers").len(), 4, "{at}");
    }
}

#[test]
fn the_state_says_which_type_and_location_was_had() {
    let show = Show::new(&config(1, ""));
    let sold_out = |server_type: &str, location: &str| SoldOut {
        server_type: server_type.to_owned(),
        location: Some(location.to_owned()),
    };
    show.mock.set(|settings| settings.no_placement = vec!["fsn1".to_owned()]);
    show.terraform.apply().succeeded();
    let edge = &show.values()["machines"]["trivia-edge-1"];
    assert_eq!((&edge["server_type"], &edge["location"]), (&json!("cpx22"), &json!("nbg1")));
    show.terraform.expect_empty_plan();
    show.mock.set(|settings| {
        settings.no_placement = Vec::new();
        settings.sold_out = vec![sold_out("cpx22", "fsn1"), sold_out("cpx22", "nbg1")];
    });
    show.apply(&config(2, ""));
    assert_eq!(show.values()["machines"]["trivia-edge-2"]["server_type"], "cpx32");
    show.mock
        .set(|settings| settings.sold_out = vec![SoldOut { server_type: "cpx*".into(), location: None }]);
    show.terraform.configure(&config(3, ""));
    let parts = ["resource_unavailable", "trivia-edge-3", "server_types", "sold out right now"];
    show.terraform.apply().failed_saying(&parts);
}

/// The mock refuses the third server for good.
fn limit(show: &Show) {
    let details = json!({"limits": [{"name": "server_limit"}]});
    let (code, message) = ("resource_limit_exceeded".to_owned(), "server limit exceeded".to_owned());
    let then = Then::Error { status: 403, code, message, details };
    show.mock.fault(Fault::on("POST", "/servers", then).when(When::Nth(3)));
}

#[test]
fn a_create_that_fails_keeps_what_is_fine_and_the_next_apply_finishes() {
    let guard =
        "lifecycle {\n postcondition {\n condition = self.ready\n error_message = \"not ready yet\"\n }\n }";
    for (more, succeeds) in [("", true), (guard, false)] {
        let hcl = config(3, &format!("rollout = {{ max_parallel = 1 }}\n{more}"));
        let show = Show::new(&hcl);
        limit(&show);
        let said = show.terraform.apply();
        assert_eq!(said.success, succeeds, "{}", said.all());
        let all = flat(&said.all());
        for part in ["resource_limit_exceeded", "trivia-edge-1", "server_limit", "ask for a higher one"] {
            assert!(all.contains(part), "{part:?} is not in:\n{}", said.all());
        }
        assert!(!show.is_tainted());
        let values = show.values();
        assert_eq!(values["ready"], false);
        assert_eq!(values["machines"]["trivia-edge-1"]["state"], "absent", "{values}");
        let before = show.all("servers");
        assert_eq!(before.len(), 2);

        show.terraform.apply().succeeded();
        assert_eq!(show.values()["ready"], true);
        let after = show.all("servers");
        assert_eq!(after.len(), 5);
        for server in &before {
            assert!(after.iter().any(|now| now["id"] == server["id"]), "{} was made anew", server["name"]);
        }
        show.terraform.expect_empty_plan();
    }
}

#[test]
fn taint_is_terraforms_usual_way() {
    let show = Show::new(&config(3, "on_failure = \"taint\""));
    limit(&show);
    show.terraform.apply().failed_saying(&["resource_limit_exceeded", "edge.count"]);
    assert!(show.is_tainted());
    show.terraform.apply().succeeded();
    assert_eq!(show.all("servers").len(), 5);
    show.terraform.expect_empty_plan();
}

#[test]
fn another_state_must_import_a_finished_cluster() {
    let show = Show::new(&config(1, ""));
    show.terraform.apply().succeeded();
    let before = show.all("servers");
    let other = show.elsewhere(&config(1, ""));
    show.mock.clear_requests();
    other.terraform.apply().failed_saying(&["belongs to another Terraform state", "terraform import"]);
    assert!(show.mock.requests().iter().all(|entry| entry.method == "GET"), "nothing was touched");
    assert_eq!(other.terraform.state(CLUSTER), None);
    assert_eq!(show.all("servers"), before);
    // The same folder with its state lost adopts what is there.
    std::fs::remove_file(show.terraform.path("terraform.tfstate")).expect("it is there");
    show.terraform.apply().succeeded();
    assert_eq!(show.all("servers"), before);
    show.terraform.expect_empty_plan();
}

#[test]
fn changed_user_data_replaces_or_rebuilds() {
    for (on_change, stays) in [("replace", false), ("rebuild", true)] {
        let hcl = |data: &str| {
            config(1, &format!("user_data = \"{data}\"\nrollout = {{ on_change = \"{on_change}\" }}"))
        };
        let show = Show::new(&hcl("#cloud-config\\n"));
        show.terraform.apply().succeeded();
        let ids = |show: &Show| show.all("servers").iter().map(|s| s["id"].clone()).collect::<Vec<_>>();
        let before = ids(&show);
        show.apply(&hcl("#cloud-config\\npackages: [nginx]\\n"));
        assert_eq!(ids(&show) == before, stays, "{on_change}");
        show.terraform.expect_empty_plan();
    }
}

#[test]
fn what_no_machine_notices_changes_without_machines() {
    let show = Show::new(&config(1, ""));
    show.terraform.apply().succeeded();
    let before = show.all("servers");
    let user = config(1, "on_failure = \"taint\"").replace("ssh    = {", "ssh    = { user = \"ops\",");
    show.apply(&user);
    assert!(show.values()["inventory"].as_str().is_some_and(|text| text.contains("ansible_user: \"ops\"")));
    assert_eq!(show.all("servers"), before);
    show.terraform.expect_empty_plan();
}

#[test]
fn a_cluster_is_looked_up_by_its_name() {
    let show = Show::new(&config(1, ""));
    show.terraform.apply().succeeded();
    let lookup = |name: &str| {
        format!(
            "{HEAD}\ndata \"streaming_cluster\" \"it\" {{ name = \"{name}\" }}\noutput \"it\" {{ value = data.streaming_cluster.it }}\n"
        )
    };
    let other = show.elsewhere(&lookup("trivia"));
    other.terraform.apply().succeeded();
    let found = other.terraform.output("it");
    assert_eq!(found["machines"], show.values()["machines"]);
    assert_eq!(found["inventory"], show.values()["inventory"]);
    assert_eq!((&found["live"], &found["id"]), (&json!(true), &json!("trivia")));
    other.terraform.configure(&lookup("quiz"));
    other.terraform.run(&["plan", "-no-color"]).failed_saying(&["There is no such cluster", "quiz"]);
}

#[test]
fn the_quickstart_works_as_it_stands() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/quickstart");
    let hcl = std::fs::read_to_string(folder.join("cluster.tf")).expect("the example is there");
    // What is in the example meets the real API; here the clock only moves with polls.
    let mut show = Show::new(&hcl);
    show.call("POST", "/ssh_keys", json!({"name": "ops", "public_key": crate::cluster_show::KEY}));
    show.terraform.variable("HCLOUD_POLL_INTERVAL", "2ms");
    show.terraform.apply().succeeded();
    show.terraform.expect_empty_plan();
    show.terraform.run(&["destroy", "-auto-approve", "-no-color"]).succeeded();
    assert_eq!(show.all("servers"), Vec::<Json>::new());
}
