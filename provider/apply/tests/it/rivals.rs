//! Two states that want the same cluster.

use provider_apply::{Claim, Holder};
use provider_cluster::*;

use crate::site::{Site, desired};

#[tokio::test]
async fn a_cluster_that_another_state_finished_is_refused_before_anything_is_made() {
    let site = Site::new().await;
    let wish = desired(1, 2);
    let seen = site.applied(&wish, &Observed::default()).await;
    let site = site.claimed_by("them", false);
    site.mock.clear_requests();
    let refused = site.apply(&wish, &Observed::default()).await;
    let failure = refused.failures.first().expect("refused");
    assert!(failure.is_refusal() && failure.help.contains("terraform import"), "{failure:?}");
    assert!(site.mock.requests().iter().all(|entry| entry.method == "GET"), "{:?}", site.mock.requests());
    let site = site.claimed_by("them", true);
    assert_eq!(site.applied(&wish, &seen).await.machines.len(), 3, "after an import");
}

#[tokio::test]
async fn a_cluster_whose_state_was_lost_is_adopted_from_the_same_place() {
    let site = Site::new().await;
    let wish = desired(1, 2);
    site.applied(&wish, &Observed::default()).await;
    let before = site.everything();
    site.applied(&wish, &Observed::default()).await;
    assert_eq!(site.everything(), before);
}

#[tokio::test]
async fn of_two_at_once_one_is_refused() {
    let site = Site::new().await;
    let second = provider_hcloud::Client::builder(site.mock.token())
        .endpoint(site.mock.endpoint())
        .timing(crate::site::fast())
        .build()
        .expect("a client");
    let wish = desired(1, 2);
    let catalogue = site.catalogue.clone();
    let nothing = Observed::default();
    let token = tokio_util::sync::CancellationToken::new();
    // Another process: told apart by its lease's holder.
    let mut claim = Claim::new("them".to_owned(), false);
    claim.holder = Holder::on("0badcafe", 7, 7);
    let world = provider_apply::World {
        client: &second,
        catalogue: &catalogue,
        known: &nothing,
        keys: &wish.keys,
        user_data: &|_, _| None,
        claim: &claim,
        memory: &[],
        events: &|_| {},
        cancelled: &token,
        deadline: std::time::Duration::from_secs(60),
    };
    let (ours, theirs) = tokio::join!(site.apply(&wish, &nothing), provider_apply::apply(&wish, &world));
    let (won, lost) = if ours.is_complete() { (ours, theirs) } else { (theirs, ours) };
    assert!(won.is_complete(), "{:#?}\n{:#?}", won.failures, lost.failures);
    assert_eq!(lost.failures.len(), 1, "{:#?}", lost.failures);
    assert!(lost.failures[0].is_refusal(), "{:#?}", lost.failures);
    assert_eq!(lost.done, Vec::<String>::new());
    assert_eq!(site.names("servers").len(), 3);
}
