//! The client against HTTP servers that misbehave, and against the mock.

mod contract;
mod fleet;
mod garbage;
mod lost_answers;
mod scripted;
