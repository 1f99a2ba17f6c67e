//! From nothing to a cluster, up and down, and back to nothing.

use provider_cluster::*;
use tests_hcloud_mock::SoldOut;

use crate::site::{Site, desired};

#[tokio::test]
async fn a_cluster_comes_changes_and_goes_and_strangers_stay() {
    let site = Site::new().await;
    site.strangers();
    let before = site.everything();
    let mut wish = desired(2, 3);
    let mut seen = site.applied(&wish, &Observed::default()).await;
    assert_eq!(seen.machines.len(), 5);
    assert!(seen.machines.iter().all(|machine| machine.state == MachineState::Running), "{seen:#?}");
    assert_eq!(site.todo(&wish, &seen).await, Vec::<String>::new());

    for (edges, last) in [(12, "trivia-edge-12"), (3, "trivia-edge-3")] {
        wish.groups.get_mut(&Role::Edge).expect("there").count = edges;
        seen = site.applied(&wish, &seen).await;
        let names = site.names("servers");
        assert!(names.contains(last), "{names:?}");
        assert_eq!(names.len(), 2 + edges as usize + 1);
        assert_eq!(site.todo(&wish, &seen).await, Vec::<String>::new());
    }

    wish.live = false;
    seen = site.applied(&wish, &seen).await;
    assert_eq!(seen.machines, Vec::new());
    assert_eq!(site.names("firewalls").len(), 4, "firewalls stay");
    assert_eq!(site.names("networks").len(), 2, "the network stays");
    wish.live = true;
    seen = site.applied(&wish, &seen).await;
    assert_eq!(seen.machines.len(), 5);

    let gone = site.destroy(&seen).await;
    assert_eq!(gone.failures, Vec::new());
    assert_eq!(site.everything(), before);
}

#[tokio::test]
async fn the_next_place_is_taken_when_the_first_is_sold_out() {
    let site = Site::new().await;
    let sold_out = |server_type: &str, location: Option<&str>| SoldOut {
        server_type: server_type.to_owned(),
        location: location.map(str::to_owned),
    };
    site.mock.set(|settings| settings.sold_out = vec![sold_out("cpx22", Some("fsn1"))]);
    let wish = desired(1, 3);
    let seen = site.applied(&wish, &Observed::default()).await;
    assert!(seen.machines.iter().all(|m| m.server_type == "cpx22" && m.location == "nbg1"), "{seen:#?}");
    // The first machine asked for the sold-out place; those after it did not ask again.
    let refused = site.mock.requests().iter().filter(|entry| entry.status == 412).count();
    assert!(refused <= 4, "{refused}");

    let other = Site::new().await;
    other.mock.set(|settings| settings.sold_out = vec![sold_out("cpx22", None)]);
    let seen = other.applied(&wish, &Observed::default()).await;
    assert!(seen.machines.iter().all(|m| m.server_type == "cpx32" && m.location == "fsn1"), "{seen:#?}");

    let third = Site::new().await;
    third.mock.set(|settings| settings.sold_out = vec![sold_out("cpx*", None)]);
    let applied = third.apply(&wish, &Observed::default()).await;
    let failure = applied.failures.first().expect("nothing can be had");
    assert_eq!(failure.code.as_deref(), Some("resource_unavailable"));
    assert_eq!(failure.field.as_deref(), Some("origin.server_types"));
}

#[tokio::test]
async fn image_and_user_data_roll_out_by_replacing_or_rebuilding() {
    for on_change in [OnChange::Replace, OnChange::Rebuild] {
        let site = Site::new().await;
        let mut wish = desired(2, 2);
        wish.rollout.on_change = on_change;
        let first = site.applied(&wish, &Observed::default()).await;
        wish.user_data_digest = "d2".to_owned();
        let second = site.applied(&wish, &first).await;
        let ids = |seen: &Observed| seen.machines.iter().map(|machine| machine.id).collect::<Vec<_>>();
        assert_eq!(ids(&first) == ids(&second), on_change == OnChange::Rebuild);
        wish.image = ImageReference::Name("debian-13".to_owned());
        let third = site.applied(&wish, &second).await;
        assert_eq!(ids(&second) == ids(&third), on_change == OnChange::Rebuild);
        assert_eq!(site.todo(&wish, &third).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_snapshot_that_appears_after_the_plan_replaces_nothing() {
    let site = Site::new().await;
    let mut wish = desired(1, 1);
    let seen = site.applied(&wish, &Observed::default()).await;
    let snapshot = |site: &Site| {
        let path = format!("/servers/{}/actions/create_image", site.id("servers", "trivia-edge-1"));
        site.call("POST", &path, serde_json::json!({"type": "snapshot", "labels": {"role": "edge-image"}}));
    };
    snapshot(&site);
    wish.image = ImageReference::Selector("role=edge-image".to_owned());
    let seen = site.applied(&wish, &seen).await;
    snapshot(&site);
    let ids = |seen: &Observed| seen.machines.iter().map(|machine| machine.id).collect::<Vec<_>>();
    let again = site.applied(&wish, &seen).await;
    assert_eq!(ids(&seen), ids(&again), "planned with the old snapshot");
    assert_ne!(site.todo(&wish, &again).await, Vec::<String>::new(), "the next look sees the new one");
}

#[tokio::test]
async fn protected_machines_can_still_be_removed_by_us() {
    let site = Site::new().await;
    let mut wish = desired(1, 2);
    wish.protected = true;
    let seen = site.applied(&wish, &Observed::default()).await;
    assert!(seen.machines.iter().all(|machine| machine.protected));
    wish.groups.get_mut(&Role::Edge).expect("there").count = 1;
    let seen = site.applied(&wish, &seen).await;
    assert_eq!(site.destroy(&seen).await.failures, Vec::new());
    site.assert_empty();
}
