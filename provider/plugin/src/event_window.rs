//! When an event's servers must be up: a recurrence rule, a time zone and a clock reading in, windows out.
//!
//! Everything here is a function of its arguments; the clock reading is one of them. Recurrence is computed in wall-clock
//! time and only then placed on the time line, because "every Tuesday at 20:00" means the clock on the wall, and RFC 5545
//! says what to do when that clock skips or repeats an hour: a skipped time is read with the offset before the gap, a
//! repeated one means its first appearance.

mod rule;
mod schedule;
mod wall_clock;

pub use rule::{Rule, RuleError};
pub use schedule::{Answer, Schedule, ScheduleError, Window};
pub use wall_clock::{
    Exception, WallClockError, parse_exception, parse_instant, parse_wall_clock, time_zone,
};

#[cfg(test)]
mod tests;
