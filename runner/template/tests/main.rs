//! Templates against the answers of ansible-core itself, and against hostile input.

mod cases;
mod fuzz;
mod pages;
mod scope;
mod world;
