//! A run that is cancelled ends within seconds, knows what it made, and leaves no lease behind.

use std::time::{Duration, Instant};

use provider_cluster::*;
use tests_hcloud_mock::{Fault, Then};

use crate::site::{Site, desired};

#[tokio::test]
async fn a_cancelled_run_returns_within_five_seconds_and_can_be_gone_on_with() {
    let site = Site::new().await;
    // Every create is slower than anybody waits.
    site.mock.fault(Fault::on("POST", "/servers", Then::Slow(30_000)));
    let wish = desired(2, 3);
    let token = site.cancelled.clone();
    let cancel = async {
        while site.mock.count("POST", "/servers") < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        token.cancel();
        Instant::now()
    };
    let nothing = Observed::default();
    let (applied, cancelled_at) = tokio::join!(site.apply(&wish, &nothing), cancel);
    let took = cancelled_at.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(applied.cancelled && !applied.is_complete());
    let seen = applied.observed.expect("the last look");
    assert!(!seen.machines.is_empty(), "requests under way took effect: {seen:#?}");
    let anchor =
        site.all("firewalls").into_iter().find(|firewall| firewall["name"] == "trivia").expect("made");
    assert_eq!(anchor["labels"]["lease"], serde_json::Value::Null, "the lease is given back: {anchor}");

    site.mock.remove_faults(None);
    let site = Site { cancelled: Default::default(), ..site };
    let seen = site.applied(&wish, &seen).await;
    assert_eq!(seen.machines.len(), 5);
    assert_eq!(site.names("servers").len(), 5);
}
