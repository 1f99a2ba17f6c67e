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
        self.milli = (self.milli + passed * full / HOUR_MS).min(full);
        self.last = now;
        let allowed = self.milli >= 1000;
        if allowed {
            self.milli -= 1000;
        }
        let missing_ms = (full - self.milli) * HOUR_MS / full.max(1);
        Level { allowed, limit, remaining: self.milli / 1000, reset_s: (now + missing_ms).div_euclid(1000) }
    }
}

#[cfg(test)]
mod tests {
    use super::Bucket;

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
