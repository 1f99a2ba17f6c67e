//! The governor: a token bucket like Hetzner's, fed by what the answers say is left.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::send::Raw;

/// Requests an hour that a project has unless the answers say otherwise (API description, section Rate Limiting).
const LIMIT_PER_HOUR: f64 = 3600.0;

/// Part of the bucket that is left to the customer's other tools: below it we pace ourselves at the refill rate.
const RESERVE: f64 = 0.1;

/// Requests under way at once. Hetzner closed an account over unbounded parallel creates; twenty saturate the API's own pace.
const IN_FLIGHT_MAX: usize = 20;

/// What is known of the rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests an hour.
    pub limit: u64,
    /// Requests left now, by our own count.
    pub remaining: u64,
}

struct Bucket {
    limit: f64,
    tokens: f64,
    counted_at: Instant,
    /// When the next request below the reserve may go.
    paced_until: Instant,
    in_flight: u32,
}

impl Bucket {
    fn refill_per_s(&self) -> f64 {
        self.limit / 3600.0
    }

    fn count(&mut self, now: Instant) {
        let elapsed_s = now.duration_since(self.counted_at).as_secs_f64();
        self.tokens = (self.tokens + elapsed_s * self.refill_per_s()).min(self.limit);
        self.counted_at = now;
    }

    /// Takes a token, or says how long to wait before asking again.
    fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.count(now);
        let gap = Duration::from_secs_f64(1.0 / self.refill_per_s().max(f64::MIN_POSITIVE)).min(PACE_MAX);
        if self.tokens < 1.0 {
            return Err(gap.mul_f64((1.0 - self.tokens).clamp(0.01, 1.0)));
        }
        if self.tokens < self.limit * RESERVE {
            if now < self.paced_until {
                return Err(self.paced_until - now);
            }
            self.paced_until = now + gap;
        }
        self.tokens -= 1.0;
        self.in_flight += 1;
        Ok(())
    }
}

/// Longest pause between two requests, however small the limit that an answer claims: a wrong header must not stop us.
const PACE_MAX: Duration = Duration::from_secs(60);

/// Keeps us below the rate limit.
pub(crate) struct Governor {
    bucket: Mutex<Bucket>,
    in_flight: Semaphore,
}

/// The right to have one request under way.
pub(crate) struct Pass<'a> {
    governor: &'a Governor,
    _permit: Option<SemaphorePermit<'a>>,
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut bucket = self.governor.lock();
        bucket.in_flight = bucket.in_flight.saturating_sub(1);
    }
}

impl Governor {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        let bucket = Bucket {
            limit: LIMIT_PER_HOUR,
            tokens: LIMIT_PER_HOUR,
            counted_at: now,
            paced_until: now,
            in_flight: 0,
        };
        Self { bucket: Mutex::new(bucket), in_flight: Semaphore::new(IN_FLIGHT_MAX) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Waits until a request may go.
    pub(crate) async fn acquire(&self) -> Pass<'_> {
        let permit = self.in_flight.acquire().await.ok();
        loop {
            let verdict = self.lock().take(Instant::now());
            match verdict {
                Ok(()) => return Pass { governor: self, _permit: permit },
                Err(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    /// Takes over what the answer says: other programs spend from the same bucket.
    pub(crate) fn learn(&self, raw: &Raw) {
        let mut bucket = self.lock();
        bucket.count(Instant::now());
        if let Some(limit) = raw.limit.filter(|limit| *limit > 0) {
            bucket.limit = limit as f64;
        }
        if raw.status == 429 {
            bucket.tokens = 0.0;
        } else if let Some(remaining) = raw.remaining {
            // The others that are under way were sent before this answer and will be counted after it.
            let others = f64::from(bucket.in_flight.saturating_sub(1));
            bucket.tokens = (remaining as f64 - others).max(0.0);
        }
    }

    pub(crate) fn state(&self) -> RateLimit {
        let mut bucket = self.lock();
        bucket.count(Instant::now());
        RateLimit { limit: bucket.limit as u64, remaining: bucket.tokens as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, limit: u64, remaining: u64) -> Raw {
        Raw {
            status,
            limit: Some(limit),
            remaining: Some(remaining),
            correlation_id: None,
            body: bytes::Bytes::new(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_empty_bucket_waits_for_the_refill_not_for_the_reset() {
        let governor = Governor::new();
        governor.learn(&answer(429, 3600, 0));
        let started = Instant::now();
        drop(governor.acquire().await);
        let waited = started.elapsed();
        assert!(waited >= Duration::from_millis(990) && waited < Duration::from_secs(3), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn below_the_reserve_requests_go_at_the_refill_rate() {
        let governor = Governor::new();
        governor.learn(&answer(200, 3600, 300));
        let started = Instant::now();
        for _ in 0..20 {
            drop(governor.acquire().await);
        }
        let waited = started.elapsed();
        assert!(waited >= Duration::from_secs(18) && waited < Duration::from_secs(25), "{waited:?}");
        assert!(governor.state().remaining >= 290);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_bucket_never_waits() {
        let governor = Governor::new();
        let started = Instant::now();
        for _ in 0..1000 {
            drop(governor.acquire().await);
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_larger_limit_is_believed() {
        let governor = Governor::new();
        governor.learn(&answer(200, 7200, 7000));
        assert_eq!(governor.state(), RateLimit { limit: 7200, remaining: 7000 });
    }

    #[tokio::test(start_paused = true)]
    async fn an_absurd_limit_does_not_stop_us() {
        let governor = Governor::new();
        governor.learn(&answer(200, 1, 0));
        let started = Instant::now();
        drop(governor.acquire().await);
        assert!(started.elapsed() <= Duration::from_secs(3700));
    }
}
