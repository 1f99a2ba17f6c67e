//! The provider behind `terraform-provider-streaming`: wiring only.
//!
//! It joins the framework (how a provider talks to Terraform) with what the provider offers: one file per resource, data
//! source and function, each listed in one line of [`provider`]. It will never hold logic of its own, with two small pure
//! exceptions that belong to no cloud: [`event_window`] and [`wmsauth`]. Start reading at [`provider::Streaming`].

pub mod cli;
pub mod data_sources;
mod event_attributes;
pub mod event_window;
pub mod functions;
pub mod provider;
pub mod resources;
pub mod run_clock;
pub mod settings;
pub mod wmsauth;
