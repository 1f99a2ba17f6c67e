//! Time as the mock sees it: the wall clock, or a virtual one that moves only when asked, polled or advanced.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Milliseconds since the Unix epoch.
pub type Ms = i64;

/// Milliseconds in an hour, the unit everything is billed in.
pub const HOUR_MS: Ms = 3_600_000;

/// How time passes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "mode")]
pub enum Time {
    /// The wall clock, `speed` times as fast.
    Real {
        /// 1 is real time; 60 makes a minute of Hetzner's pass in a second.
        speed: u32,
    },
    /// A clock that stands still but for these steps and [`crate::Mock::advance`].
    Virtual {
        /// Every request moves the clock by this.
        request_ms: u32,
        /// A request that only waits (it asks about something unfinished, or was told to retry) moves it by this.
        poll_ms: u32,
    },
}

impl Time {
    /// Virtual, with the steps a client that waits a second between polls would see.
    pub const fn stepping() -> Time {
        Time::Virtual { request_ms: 10, poll_ms: 1000 }
    }

    /// Virtual, moved only by the test.
    pub const fn still() -> Time {
        Time::Virtual { request_ms: 0, poll_ms: 0 }
    }
}

/// The mock's clock.
#[derive(Debug)]
pub struct Clock {
    time: Time,
    base: Ms,
    since: Instant,
}

impl Clock {
    /// A clock that starts at `start`, or at the wall clock's now.
    pub fn new(time: Time, start: Option<Ms>) -> Clock {
        let base = start.unwrap_or_else(|| Timestamp::now().as_millisecond());
        Clock { time, base, since: Instant::now() }
    }

    /// The present.
    pub fn now(&self) -> Ms {
        match self.time {
            Time::Virtual { .. } => self.base,
            Time::Real { speed } => {
                let elapsed = Ms::try_from(self.since.elapsed().as_millis()).unwrap_or(Ms::MAX / 4);
                self.base.saturating_add(elapsed.saturating_mul(Ms::from(speed.max(1))))
            }
        }
    }

    /// How time passes.
    pub fn time(&self) -> Time {
        self.time
    }

    /// Moves the clock forward, in either mode.
    pub fn advance(&mut self, by: Duration) {
        let by = Ms::try_from(by.as_millis()).unwrap_or(0);
        self.base = self.base.saturating_add(by).min(MAX_MS);
    }

    /// The step of one request.
    pub fn tick_request(&mut self) {
        if let Time::Virtual { request_ms, .. } = self.time {
            self.advance(Duration::from_millis(request_ms.into()));
        }
    }

    /// The step of a request that waits for something.
    pub fn tick_poll(&mut self) {
        if let Time::Virtual { poll_ms, .. } = self.time {
            self.advance(Duration::from_millis(poll_ms.into()));
        }
    }
}

/// The end of the year 9000: later times could not be written as RFC 3339 any more.
const MAX_MS: Ms = 221_845_392_000_000;

/// RFC 3339 with whole seconds, as the API writes times.
pub fn rfc3339(ms: Ms) -> String {
    let seconds = ms.div_euclid(1000);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// Reads an RFC 3339 time.
pub fn parse_rfc3339(text: &str) -> Option<Ms> {
    text.parse::<Timestamp>().ok().map(|t| t.as_millisecond())
}
