//! How one writes a Terraform provider; no gRPC in any signature.
