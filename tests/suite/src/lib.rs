//! Whole-system tests: real terraform, real ssh, real machines, the oracle.
//!
//! This library drives the outside world for the tests in `suite/`: it boots Debian machines, and it never
//! contains anything the product itself needs. Start with [`machines`].

pub mod machines;
