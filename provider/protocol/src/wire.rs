//! What prost and tonic generate from `proto/`; nothing of it leaves this crate.

#![expect(dead_code, reason = "generated code: the client halves serve tests only")]

tonic::include_proto!("tfplugin6");

pub mod goplugin {
    //! The side services of go-plugin.
    tonic::include_proto!("plugin");
}

pub mod health {
    //! The standard health check.
    tonic::include_proto!("grpc.health.v1");
}
