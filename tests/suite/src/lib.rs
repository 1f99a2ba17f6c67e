//! Whole-system tests: real terraform, real ssh, real machines, the oracle.
