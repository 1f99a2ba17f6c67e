//! The planner against a simulated world, and against text.

mod cases;
mod properties;
mod world;
