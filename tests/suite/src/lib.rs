//! Whole-system tests: real terraform, real ssh, real machines, the oracle.
//!
//! This library drives the outside world for the tests in `suite/`: it boots Debian machines, runs `terraform`, and has a
//! Terraform provider that exists for tests only. It never contains anything the product itself needs. Start with
//! [`machines`] and [`terraform`]; [`bench`] is for measuring by hand.

pub mod bench;
pub mod machines;
pub mod probe;
pub mod terraform;
