//! Templates against the answers of ansible-core itself, and against hostile input.

mod cases;
mod fuzz;
mod scope;
mod world;
