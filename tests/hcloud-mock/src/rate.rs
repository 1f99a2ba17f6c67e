//! The rate limit: a leaky bucket per project that refills steadily.
use crate::clock::{HOUR_MS, Ms};

/// A bucket, counted in thousandths of a request to stay exact at any refill speed.
#[derive(Clone, Debug)]
pub struct Bucket {
    milli: i64,
    last: Ms,
}

/// What the `RateLimit-*` headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Whether the request may pass.
    pub allowed: bool,
    /// Requests per hour.
    pub limit: u32,
    /// Requests left now.
    pub remaining: i64,
    /// Unix time in seconds at which the bucket is full again.
    pub reset_s: i64,
}

impl Bucket {
    /// A full bucket.
    pub fn full(limit: u32, now: Ms) -> Bucket {
        Bucket { milli: i64::from(limit) * 1000, last: now }
    }

    /// Takes one request out.
    pub fn take(&mut self, limit: u32, now: Ms) -> Level {
        let full = i64::from(limit) * 1000;
        let passed = (now - self.last).clamp(0, HOUR_MS);
        // In 128 bits, because a test may set any limit.
        let refill = i128::from(passed) * i128::from(full) / i128::from(HOUR_MS);
        self.milli = (self.milli + i64::try_from(refill).unwrap_or(full)).min(full);
        self.last = now;
        let allowed = self.milli >= 1000;
        if allowed {
            self.milli -= 1000;
        }
        let missing = i128::from(full - self.milli) * i128::from(HOUR_MS) / i128::from(full.max(1));
        let missing_ms = i64::try_from(missing).unwrap_or(HOUR_MS);
        Level { allowed, limit, remaining: self.milli / 1000, reset_s: (now + missing_ms).div_euclid(1000) }
    }
}

#[cfg(test)]
mod tests {
    use super::Bucket;

    #[test]
    fn any_limit_can_be_set() {
        for limit in [0, 1, u32::MAX] {
            let mut bucket = Bucket::full(limit, 0);
            assert_eq!(bucket.take(limit, 0).allowed, limit > 0);
            assert_eq!(bucket.take(limit, 7_200_000).allowed, limit > 0);
        }
    }

    #[test]
    fn empties_and_refills_one_a_second() {
        let mut bucket = Bucket::full(3600, 0);
        for left in (0..3600).rev() {
            let level = bucket.take(3600, 0);
            assert!(level.allowed);
            assert_eq!(level.remaining, left);
        }
        let empty = bucket.take(3600, 0);
        assert!(!empty.allowed);
        assert_eq!((empty.remaining, empty.reset_s), (0, 3600));
        assert!(!bucket.take(3600, 999).allowed);
        assert!(bucket.take(3600, 1000).allowed);
    }
}
