//! What an operation that may wait gets besides its data: the client, the private data, and when to stop.

use std::sync::Arc;
use std::time::Duration;

use provider_protocol::Context;
use tokio_util::sync::CancellationToken;

use crate::{Diagnostic, Private, timeouts::Operation};

/// The circumstances of one read, apply, import or open.
#[derive(Debug)]
pub struct Run<C> {
    client: Option<Arc<C>>,
    cancelled: CancellationToken,
    stopped_by_user: CancellationToken,
    limit: Option<(Operation, Duration)>,
    _timer: Option<Timer>,
    /// Kept next to the state; what is here at the end is stored.
    pub private: Private,
}

/// Ends the timer's task with the operation.
#[derive(Debug)]
struct Timer(tokio::task::JoinHandle<()>);

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<C> Run<C> {
    /// For one call; `limit` cancels it after that long.
    pub(crate) fn new(
        context: &Context,
        client: Option<Arc<C>>,
        private: Private,
        limit: Option<(Operation, Duration)>,
    ) -> Self {
        let cancelled = context.cancelled.child_token();
        let timer = limit.map(|(_, duration)| {
            let cancelled = cancelled.clone();
            Timer(tokio::spawn(async move {
                tokio::time::sleep(duration).await;
                cancelled.cancel();
            }))
        });
        Self { client, cancelled, stopped_by_user: context.cancelled.clone(), limit, _timer: timer, private }
    }

    /// A run that nothing cancels, for tests of one's own operations.
    pub fn for_tests(client: C) -> Self {
        Self::new(&Context::background(), Some(Arc::new(client)), Private::default(), None)
    }

    /// What the provider made of its configuration.
    ///
    /// # Errors
    /// The provider is not configured: part of its block is only known after apply.
    pub fn client(&self) -> Result<&Arc<C>, Diagnostic> {
        self.client.as_ref().ok_or_else(not_configured)
    }

    /// Cancelled when the user stops Terraform or the time is over. Return what there is within seconds.
    pub const fn cancelled(&self) -> &CancellationToken {
        &self.cancelled
    }

    /// The error to return together with the partial state when cancelled; `while_doing` says what was not finished:
    /// "waiting for 3 of 12 machines".
    pub fn interrupted(&self, while_doing: &str) -> Diagnostic {
        match self.limit {
            Some((operation, limit)) if !self.stopped_by_user.is_cancelled() => Diagnostic::error(
                format!("Timeout of {} after {}s", operation.name(), limit.as_secs()),
                format!(
                    "The time was over while {while_doing}. What was done so far is in the state; apply again to go \
                     on, or allow more time with timeouts = {{ {} = \"…\" }}.",
                    operation.name()
                ),
            ),
            _ => Diagnostic::error(
                "Interrupted",
                format!(
                    "Terraform was stopped while {while_doing}. What was done so far is in the state; apply again to go on."
                ),
            ),
        }
    }

    /// Tells the log how far the operation is; Terraform has no other place for it.
    pub fn progress(&self, what: impl std::fmt::Display) {
        tracing::info!(progress = true, "{what}");
    }
}

fn not_configured() -> Diagnostic {
    Diagnostic::error(
        "Provider is not configured",
        "Part of the provider block is only known after apply, so nothing can be looked up yet. Apply what it depends \
         on first, for instance with -target.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_timeout_cancels_and_names_the_phase() {
        let limit = Some((Operation::Create, Duration::from_secs(60)));
        let run = Run::new(&Context::background(), Some(Arc::new(())), Private::default(), limit);
        assert!(!run.cancelled().is_cancelled());
        run.cancelled().cancelled().await;
        let diagnostic = run.interrupted("waiting for machines");
        assert_eq!(diagnostic.summary, "Timeout of create after 60s");
        assert!(diagnostic.detail.contains("while waiting for machines"));
    }

    #[tokio::test]
    async fn rule_17_a_stop_cancels_what_is_in_flight() {
        let context = Context::background();
        let run = Run::new(
            &context,
            Some(Arc::new(())),
            Private::default(),
            Some((Operation::Create, Duration::MAX)),
        );
        context.cancelled.cancel();
        run.cancelled().cancelled().await;
        assert_eq!(run.interrupted("x").summary, "Interrupted");
    }
}
