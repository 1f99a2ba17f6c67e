//! When work in flight must stop and when the process must end.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long work in flight may take to end after Terraform said goodbye: it kills us 2 s later.
pub(crate) const GOODBYE_GRACE: Duration = Duration::from_millis(1200);

/// How long the last answers may take to be sent.
const LAST_ANSWER_GRACE: Duration = Duration::from_millis(400);

/// How long work in flight may take to end after Terraform has died: nobody waits for the answer any more, but what was
/// begun on machines should not be cut off in the middle.
#[cfg(unix)]
pub(crate) const ORPHAN_GRACE: Duration = Duration::from_secs(15);

/// How often to look whether Terraform still lives: often enough for people, too seldom to cost anything.
#[cfg(unix)]
const PARENT_POLL: Duration = Duration::from_millis(500);

/// The one owner of "stop" and "exit"; clones share it.
#[derive(Clone)]
pub(crate) struct Lifetime {
    shared: Arc<Shared>,
}

struct Shared {
    exit: CancellationToken,
    grace: OnceLock<Duration>,
    in_flight: TaskTracker,
    /// Cancelled by StopProvider and then replaced, so that the provider stays usable.
    round: Mutex<CancellationToken>,
}

impl Lifetime {
    pub(crate) fn new() -> Self {
        let exit = CancellationToken::new();
        let round = Mutex::new(exit.child_token());
        let shared = Shared { exit, grace: OnceLock::new(), in_flight: TaskTracker::new(), round };
        Lifetime { shared: Arc::new(shared) }
    }

    /// The token of a call that begins now.
    pub(crate) fn call_token(&self) -> CancellationToken {
        self.shared.round.lock().unwrap_or_else(PoisonError::into_inner).child_token()
    }

    /// Where calls run, so that they can be waited for.
    pub(crate) fn in_flight(&self) -> &TaskTracker {
        &self.shared.in_flight
    }

    /// Cancels the calls in flight; later ones are not affected.
    pub(crate) fn stop_calls(&self) {
        let next = self.shared.exit.child_token();
        let mut round = self.shared.round.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *round, next).cancel();
    }

    /// Cancels everything and ends the process once calls have ended, or `grace` from now.
    pub(crate) fn exit(&self, grace: Duration) {
        self.shared.grace.get_or_init(|| grace);
        self.shared.exit.cancel();
    }

    /// Cancelled when the process must end.
    pub(crate) fn exit_token(&self) -> &CancellationToken {
        &self.shared.exit
    }

    /// Resolves when the process may end: asked to, and either nothing is in flight any more or the grace is over.
    pub(crate) async fn finished(&self) {
        self.shared.exit.cancelled().await;
        self.shared.in_flight.close();
        let grace = self.shared.grace.get().copied().unwrap_or(GOODBYE_GRACE);
        if tokio::time::timeout(grace, self.shared.in_flight.wait()).await.is_err() {
            tracing::warn!("work in flight did not end in time");
        }
    }

    /// Resolves some time after [`Self::finished`], in case the connection does not close by itself.
    pub(crate) async fn finished_and_silent(&self) {
        self.finished().await;
        tokio::time::sleep(LAST_ANSWER_GRACE).await;
    }

    /// Exits when the process that launched this one is gone: a killed Terraform cannot say goodbye.
    #[cfg(unix)]
    pub(crate) async fn watch_parent(self, parent: u32) {
        loop {
            tokio::time::sleep(PARENT_POLL).await;
            if std::os::unix::process::parent_id() != parent {
                tracing::warn!("the process that launched this provider is gone");
                return self.exit(ORPHAN_GRACE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_17_stop_cancels_only_what_is_in_flight() {
        let lifetime = Lifetime::new();
        let before = lifetime.call_token();
        lifetime.stop_calls();
        let after = lifetime.call_token();
        assert!(before.is_cancelled());
        assert!(!after.is_cancelled());
        assert!(!lifetime.exit_token().is_cancelled());
    }

    #[test]
    fn exit_cancels_every_call() {
        let lifetime = Lifetime::new();
        let call = lifetime.call_token();
        lifetime.exit(GOODBYE_GRACE);
        assert!(call.is_cancelled());
        assert!(lifetime.call_token().is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_work_but_not_for_ever() {
        let lifetime = Lifetime::new();
        lifetime.in_flight().spawn(std::future::pending::<()>());
        lifetime.exit(GOODBYE_GRACE);
        let started = tokio::time::Instant::now();
        lifetime.finished().await;
        assert!(started.elapsed() >= GOODBYE_GRACE);
        assert!(started.elapsed() < Duration::from_secs(2));
    }
}
