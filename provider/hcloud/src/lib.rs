//! A Hetzner Cloud client that survives the real API: rate limits, lost answers, new fields, slow Actions.
//!
//! It speaks to `https://api.hetzner.cloud/v1` (or any endpoint that behaves like it), one project per token. It never
//! knows Terraform or clusters, never prints, never reads the environment, and never shows the token.
//! Start reading at [`Client`], then `http.rs`, which states the order in which a request passes its stages.
//!
//! | covered | operations |
//! | --- | --- |
//! | servers | list, find, get, create, update, delete, all power actions, rebuild, change type, image, protection, network, placement group, reverse DNS |
//! | catalogue | server types, locations, images (list, get, update, delete, protection), pricing |
//! | SSH keys, placement groups | list, find, get, create, update, delete |
//! | networks | list, find, get, create, update, delete, subnets, routes, members, protection |
//! | firewalls | list, find, get, create, update, delete, rules, apply, remove |
//! | primary IPs | list, find, get, update, delete, unassign |
//! | DNS | zones (list, get), record sets (list, get, create, update, records, TTL, delete) |
//! | Actions | many at once with [`Client::wait_all`] |
//!
//! Not covered, because a streaming cluster has no use for them: load balancers, floating IPs, volumes, certificates, ISOs,
//! backups, rescue, metrics, storage boxes.

mod action;
mod client;
mod error;
mod firewall;
mod http;
mod image;
mod label;
mod lenient;
mod location;
mod network;
mod open_enum;
mod paging;
mod placement_group;
mod pricing;
mod primary_ip;
mod secret;
mod server;
mod server_action;
mod server_type;
mod ssh_key;
mod waiter;
mod zone;

pub use action::{Action, ActionError, ActionStatus, ResourceReference};
pub use client::{Client, ClientBuilder};
pub use error::{ApiError, Error, ErrorCode, FieldError, Kind};
pub use firewall::{
    AppliedTo, Direction, Firewall, FirewallTarget, NewFirewall, Protocol as FirewallProtocol, Rule,
};
pub use http::{RateLimit, Timing};
pub use image::{Architecture, Image, ImageFilter, ImageStatus, ImageType};
pub use label::{InvalidLabel, Labels, Selector, check_label_key, check_label_value};
pub use location::Location;
pub use network::{MemberType, Network, NetworkMember, NetworkRoute, NewNetwork, Subnet, SubnetType};
pub use placement_group::{NewPlacementGroup, PlacementGroup};
pub use pricing::{Money, Pricing, PricingPerLocation, PricingPerType};
pub use primary_ip::PrimaryIp;
pub use secret::Secret;
pub use server::{
    CreatedServer, IdOrName, NewServer, NewServerPublicNet, PrivateNet, Protection, PublicIp, PublicNet,
    Server, ServerStatus,
};
pub use server_type::{Availability, CpuType, Deprecation, ServerType, ServerTypePrice};
pub use ssh_key::{NewSshKey, SshKey};
pub use zone::{NewRecordSet, Record, RecordSet, Zone};

/// What Hetzner calls an ID: 1 to 2⁵³ − 1, unique per kind of resource.
pub type Id = u64;
