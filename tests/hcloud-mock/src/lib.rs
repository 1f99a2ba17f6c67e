//! A stateful, faithful Hetzner Cloud API for tests and demos.
//!
//! **What it is for.** Programs that talk to Hetzner Cloud, tried without an account: real clients cannot tell
//! the difference. It keeps servers, networks, load balancers, DNS zones and all the rest; actions take time,
//! stock runs out, limits are reached, and everything that can go wrong goes wrong on demand.
//!
//! **What it will never do.** Talk to Hetzner, guard secrets (its root passwords are predictable), or decide
//! what a test should think: it answers, logs and counts.
//!
//! **Where to start.** [`Mock::start`] in a test, `hcloud-mock --listen 127.0.0.1:8080 --token T` in a shell:
//!
//! ```
//! use serde_json::json;
//! use std::time::Duration;
//! use tests_hcloud_mock::{Fault, Mock, When};
//!
//! let mock = Mock::start(); // about a millisecond; stops when dropped
//! // A client under test gets `mock.endpoint()` and `mock.token()`. Without a socket:
//! let made = mock.call("POST", "/servers", &json!({
//!     "name": "edge-1", "server_type": "cpx22", "image": "debian-13", "location": "fsn1",
//! }));
//! assert_eq!(made.status, 201);
//! let path = format!("/servers/{}", made.json["server"]["id"]);
//! assert_eq!(mock.call("GET", &path, &json!(null)).json["server"]["status"], "initializing");
//! mock.advance(Duration::from_secs(60)); // virtual time: nobody waits
//! assert_eq!(mock.call("GET", &path, &json!(null)).json["server"]["status"], "running");
//!
//! mock.fault(Fault::error("DELETE", "/servers/*", 423, "locked").when(When::First(1)));
//! assert_eq!(mock.call("DELETE", &path, &json!(null)).status, 423);
//! assert_eq!(mock.call("DELETE", &path, &json!(null)).status, 200);
//! assert_eq!(mock.count("DELETE", "/servers/*"), 2); // the request log
//! assert!(mock.bill().net.to_string().starts_with("0.03")); // one started hour of a cpx22, and of its address
//! ```
//!
//! **Time.** [`Time::stepping`] (the default) moves a virtual clock by 10 ms with every request and by a second
//! with every request that only waits: it asked about something unfinished, or was answered with `locked`,
//! `conflict`, `resource_in_use` or a full rate limit. A client whose own waits are cut to nothing therefore sees
//! as many polls as it would in reality. [`Time::still`] moves only by [`Mock::advance`]; [`Time::Real`] is
//! the wall clock, faster if wanted.
//!
//! **Inside.** A request enters in `http`, passes the checks of `world` in Hetzner's order (rate limit, route,
//! token, faults), finds its handler in [`route`] and acts on a `project`. One file per resource is in
//! `resource`; what an action changes is data (`Effect`), applied when its time on the project's agenda has come,
//! so that the whole state can be saved at any moment. Real machines come in through [`Machines`].
mod action;
mod admin;
mod bill;
mod body;
mod call;
mod catalogue;
mod cidr;
mod clock;
mod error;
mod fault;
mod http;
mod journal;
mod kind;
mod label;
mod machines;
mod mock;
mod project;
mod query;
mod rate;
mod reply;
mod resource;
pub mod route;
mod settings;
mod shared;
mod world;

pub use action::Failure;
pub use bill::{Bill, Line, Usage};
pub use catalogue::Deprecation;
pub use clock::{Ms, Time};
pub use fault::{Fault, Rule, Then, When};
pub use journal::Entry;
pub use kind::Kind;
pub use machines::{Done, Job, Machine, Machines, PrivateNic};
pub use mock::{Called, Mock, Options, TOKEN};
pub use settings::{Addresses, Settings, SoldOut};
pub use shared::Counters;
pub use world::{Observed, Observer};
