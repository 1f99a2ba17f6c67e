//! The provider behind `terraform-provider-streaming`: wiring only.
//!
//! It joins the framework (how a provider talks to Terraform) with what the provider offers. Logic lives elsewhere, with
//! two small pure exceptions that belong to no cloud: [`event_window`] and [`wmsauth`].

pub mod event_window;
pub mod wmsauth;
