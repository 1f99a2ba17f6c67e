//! Killed right after its k-th request: the next run converges, nothing is there twice, and nothing is left. `KILL_EVERY=1`
//! tries every k; without it a sample is tried.
#![expect(clippy::print_stderr, reason = "how many requests it took is worth reading")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use provider_cluster::*;
use tests_hcloud_mock::Options;
use tokio::sync::Notify;

use crate::site::{Site, desired};

/// Counts requests and rings when one of them is reached.
#[derive(Clone, Default)]
struct Tripwire {
    left: Arc<AtomicUsize>,
    rung: Arc<Notify>,
}

impl Tripwire {
    fn options(&self) -> Options {
        let wire = self.clone();
        let observer = move |_: &tests_hcloud_mock::Observed<'_>| {
            if wire.left.load(Ordering::SeqCst) > 0 && wire.left.fetch_sub(1, Ordering::SeqCst) == 1 {
                wire.rung.notify_one();
            }
        };
        Options { observer: Some(Box::new(observer)), ..Options::default() }
    }

    /// Runs until done, or until its k-th request; whether it came to its end.
    async fn kill<T>(&self, k: usize, run: impl Future<Output = T>) -> bool {
        self.left.store(k, Ordering::SeqCst);
        let ended = tokio::select! {
            biased;
            () = self.rung.notified() => false,
            _ = run => true,
        };
        self.left.store(0, Ordering::SeqCst);
        ended
    }
}

/// Requests beyond which no run of five machines goes: a bound of the loops below.
const REQUESTS_MAX: usize = 400;

/// The requests that are the last ones: every so many, or as the environment says.
fn moments() -> impl Iterator<Item = usize> {
    let every = std::env::var("KILL_EVERY").ok().and_then(|text| text.parse().ok());
    (1..REQUESTS_MAX).step_by(every.unwrap_or(KILL_EVERY).max(1))
}

/// A run of five machines makes about forty requests.
const KILL_EVERY: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn a_create_killed_at_every_request() {
    let mut ended = false;
    for k in moments() {
        let wire = Tripwire::default();
        let site = Site::with(wire.options()).await;
        let wish = desired(2, 3);
        ended = wire.kill(k, site.apply(&wish, &Observed::default())).await;
        // As Terraform would: the state was lost, so nothing is known.
        let seen = site.applied(&wish, &Observed::default()).await;
        assert_eq!(seen.machines.len(), 5, "killed at {k}");
        assert_eq!(site.names("servers").len(), 5, "killed at {k}");
        assert_eq!(site.names("firewalls").len(), 3, "killed at {k}");
        assert_eq!((site.names("networks").len(), site.names("ssh_keys").len()), (1, 1), "killed at {k}");
        assert_eq!(site.todo(&wish, &seen).await, Vec::<String>::new(), "killed at {k}");
        assert_eq!(site.destroy(&seen).await.failures, Vec::new(), "killed at {k}");
        site.assert_empty();
        if ended {
            eprintln!("a create of five machines: killed at requests up to {k}");
            break;
        }
    }
    assert!(ended, "a create takes more than {REQUESTS_MAX} requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_killed_at_every_request() {
    let mut ended = false;
    for k in moments() {
        let wire = Tripwire::default();
        let site = Site::with(wire.options()).await;
        let mut wish = desired(2, 2);
        let seen = site.applied(&wish, &Observed::default()).await;
        let site = site.claimed_by("us", true);
        wish.user_data_digest = "d2".to_owned();
        wish.groups.get_mut(&Role::Edge).expect("there").count = 3;
        wish.access.ssh_from = vec!["192.0.2.0/24".to_owned()];
        ended = wire.kill(k, site.apply(&wish, &seen)).await;
        let seen = site.applied(&wish, &seen).await;
        assert_eq!(seen.machines.len(), 5, "killed at {k}");
        assert_eq!(site.names("servers").len(), 5, "killed at {k}");
        assert_eq!(site.todo(&wish, &seen).await, Vec::<String>::new(), "killed at {k}");
        if ended {
            eprintln!("an update of five machines: killed at requests up to {k}");
            break;
        }
    }
    assert!(ended, "an update takes more than {REQUESTS_MAX} requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_killed_at_every_request() {
    let mut ended = false;
    for k in moments() {
        let wire = Tripwire::default();
        let site = Site::with(wire.options()).await;
        let seen = site.applied(&desired(2, 3), &Observed::default()).await;
        let site = site.claimed_by("us", true);
        ended = wire.kill(k, site.destroy(&seen)).await;
        assert_eq!(site.destroy(&seen).await.failures, Vec::new(), "killed at {k}");
        site.assert_empty();
        if ended {
            eprintln!("a destroy of five machines: killed at requests up to {k}");
            break;
        }
    }
    assert!(ended, "a destroy takes more than {REQUESTS_MAX} requests");
}
