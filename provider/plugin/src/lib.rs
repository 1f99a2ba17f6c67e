//! The binary terraform-provider-streaming: wiring only.
