//! A stateful, faithful Hetzner Cloud API for tests and demos.
