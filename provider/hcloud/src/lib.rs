//! A Hetzner Cloud client that survives the real API.
