//! What prost and tonic generate from `proto/`; nothing of it leaves this crate.

// A message that only holds others becomes an empty struct. `expect` silences those but then calls itself unfulfilled.
#![allow(dead_code, reason = "generated code")]

tonic::include_proto!("tfplugin6");

pub mod goplugin {
    //! The side services of go-plugin.
    tonic::include_proto!("plugin");
}

pub mod health {
    //! The standard health check.
    tonic::include_proto!("grpc.health.v1");
}
