//! The only place that retries. What may be repeated depends on what a request does and on what came back.

use std::time::Duration;

use rand::RngExt;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::{Answer, Http, Request, Timing};
use crate::error::{ApiError, Error, ErrorCode, Kind};

/// What a request does, as far as repeating it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Changes nothing: may always be repeated.
    Read,
    /// Sets something to a value, or starts an Action on an object: repeating it does no harm.
    Change,
    /// Deletes: "not found" after a lost answer means that it worked.
    Delete,
}

/// What a failure asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fail,
    /// A passing fault: a few more tries.
    Again,
    /// The object is busy; goes on for `busy_wait_max`.
    Busy,
    /// The rate limit; goes on for `rate_limit_wait_max`.
    RateLimited,
}

fn verdict(policy: Policy, error: &Error) -> Verdict {
    match error.kind() {
        Kind::Transport(_) | Kind::TimedOut => Verdict::Again,
        Kind::Decode { status, .. } if policy == Policy::Read && *status >= 200 => Verdict::Again,
        // Done, and its answer was spoilt: doing it once more does no harm, and says what came of it.
        Kind::Decode { status, .. } if (200..300).contains(status) => Verdict::Again,
        Kind::Api(api) => match api.code {
            ErrorCode::RateLimitExceeded => Verdict::RateLimited,
            ErrorCode::Conflict | ErrorCode::Locked | ErrorCode::ResourceLocked if policy != Policy::Read => {
                Verdict::Busy
            }
            ErrorCode::Conflict => Verdict::Again,
            // Deleting a server frees its firewall, network, group and addresses a little later.
            ErrorCode::ResourceInUse | ErrorCode::MustBeUnassigned if policy == Policy::Delete => {
                Verdict::Busy
            }
            ErrorCode::ServiceError if policy == Policy::Delete => Verdict::Busy,
            ErrorCode::BadGateway | ErrorCode::Timeout | ErrorCode::Unavailable | ErrorCode::ServerError => {
                Verdict::Again
            }
            _ if matches!(api.status, 500 | 502 | 503 | 504) => Verdict::Again,
            _ => Verdict::Fail,
        },
        _ => Verdict::Fail,
    }
}

/// Counts tries and time, and pauses between tries.
struct Patience<'a> {
    timing: &'a Timing,
    started: Instant,
    tries: u32,
    pauses: u32,
}

impl<'a> Patience<'a> {
    fn new(timing: &'a Timing) -> Self {
        Self { timing, started: Instant::now(), tries: 0, pauses: 0 }
    }

    /// Whether one more try is in order; pauses if so.
    async fn again(&mut self, verdict: Verdict, error: &Error) -> bool {
        let elapsed = self.started.elapsed();
        let go_on = match verdict {
            Verdict::Fail => false,
            Verdict::Again => {
                self.tries += 1;
                self.tries < self.timing.attempts_max
            }
            Verdict::Busy => elapsed < self.timing.busy_wait_max,
            Verdict::RateLimited => elapsed < self.timing.rate_limit_wait_max,
        };
        if go_on {
            debug!(%error, "will try again");
            self.pause().await;
        }
        go_on
    }

    async fn pause(&mut self) {
        let full = self.timing.backoff.saturating_mul(1 << self.pauses.min(16)).min(self.timing.backoff_max);
        self.pauses += 1;
        // Jitter keeps many machines' retries from marching in step.
        let part: f64 = rand::rng().random_range(0.5..=1.0);
        tokio::time::sleep(full.mul_f64(part).max(Duration::from_millis(1))).await;
    }
}

/// Sends a request until it succeeds or its policy says stop.
pub(super) async fn call(http: &Http, request: &Request) -> Result<Answer, Error> {
    let mut patience = Patience::new(&http.timing);
    let mut in_doubt = false;
    loop {
        let error = match http.once(request).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if request.policy == Policy::Delete && in_doubt && error.is_not_found() {
            return Ok(Answer::nothing(request));
        }
        in_doubt |= error.is_ambiguous();
        if !patience.again(verdict(request.policy, &error), &error).await {
            return Err(error);
        }
    }
}

/// How a create ended well.
pub(crate) enum Creation<T> {
    /// The API answered.
    Answered(Answer),
    /// The answer was lost, and the object is there under its name.
    Found(T),
}

/// Looks for the object after a lost answer, before the create is sent again: lists may lag behind a moment.
const LOOKS_AFTER_DOUBT: u32 = 3;

/// Creates a named object. `POST` has no idempotency key, so a create is repeated only when the API certainly did nothing
/// (rate limit, conflict, not available) or when the object cannot be found under its name. A name that turns out to be
/// taken after a lost answer is ours if `ours` says so.
///
/// # Errors
/// The API's error; `uniqueness_error` also when the name belongs to an object that is not ours.
pub(super) async fn create<T, F>(
    http: &Http,
    request: &Request,
    find: impl Fn() -> F,
    ours: impl Fn(&T) -> bool,
) -> Result<Creation<T>, Error>
where
    F: Future<Output = Result<Option<T>, Error>>,
{
    let mut patience = Patience::new(&http.timing);
    let mut in_doubt = false;
    loop {
        let error = match http.once(request).await {
            Ok(answer) => return Ok(Creation::Answered(answer)),
            Err(error) => error,
        };
        in_doubt |= error.is_ambiguous();
        let taken = error.is_taken();
        if in_doubt && (error.is_ambiguous() || taken) {
            warn!(%error, "the answer to a create was lost; looking for the object by name");
            for _ in 0..LOOKS_AFTER_DOUBT {
                if let Some(found) = find().await? {
                    return if ours(&found) { Ok(Creation::Found(found)) } else { Err(taken_error(request)) };
                }
                patience.pause().await;
            }
        }
        let verdict = match &error {
            error if error.is_ambiguous() => Verdict::Again,
            error if taken && in_doubt => {
                debug!(%error, "the name is taken, yet nothing is found under it");
                Verdict::Again
            }
            error => match error.code() {
                Some(ErrorCode::RateLimitExceeded) => Verdict::RateLimited,
                Some(ErrorCode::Conflict | ErrorCode::Locked | ErrorCode::ResourceLocked) => Verdict::Busy,
                Some(ErrorCode::Unavailable) => Verdict::Again,
                _ => Verdict::Fail,
            },
        };
        if !patience.again(verdict, &error).await {
            return Err(error);
        }
    }
}

fn taken_error(request: &Request) -> Error {
    Error::new(
        request.operation.clone(),
        Kind::Api(ApiError {
            status: 409,
            code: ErrorCode::UniquenessError,
            message: "the name belongs to an object that this request did not make".to_owned(),
            fields: Vec::new(),
            limits: Vec::new(),
            announcement: None,
            correlation_id: None,
        }),
    )
}
