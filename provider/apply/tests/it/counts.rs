//! How many requests a cluster costs.
#![expect(clippy::print_stderr, reason = "how many requests it took is worth reading")]

use provider_cluster::*;
use tests_hcloud_mock::Options;

use crate::site::{Site, desired};

/// An apply of N machines, a refresh and a destroy, and how many requests each made. The three of the catalogue are added,
/// because Terraform reads it with every command.
async fn check(machines: u32) {
    let site = Site::with(Options { seed: 7, ..Options::default() }).await;
    site.mock.set(|settings| settings.rate_limit_per_hour = Some(3600));
    let wish = desired(2, machines - 2);
    let seen = site.applied(&wish, &Observed::default()).await;
    let applied = site.mock.requests().len() + 3;
    site.mock.clear_requests();
    assert_eq!(site.todo(&wish, &seen).await, Vec::<String>::new());
    let refreshed = site.mock.requests().len() + 3;
    site.mock.clear_requests();
    let gone = site.destroy(&seen).await;
    assert_eq!(gone.failures, Vec::new());
    let destroyed = site.mock.requests().len() + 3;
    site.assert_empty();
    eprintln!("{machines} machines: apply {applied}, refresh {refreshed}, destroy {destroyed} requests");
    let (n, apply_max) = (machines as usize, (machines as usize * 13).div_ceil(10) + 40);
    assert!(applied <= apply_max, "apply of {machines}: {applied} > {apply_max}");
    assert!(refreshed <= n.div_ceil(50) + 10, "refresh of {machines}: {refreshed}");
    assert!(destroyed <= apply_max, "destroy of {machines}: {destroyed} > {apply_max}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_machines() {
    check(10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_machines() {
    check(100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_machines() {
    check(500).await;
}
