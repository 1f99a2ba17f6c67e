//! Starting a mock in a test, and looking into it.
use crate::bill::Bill;
use crate::catalogue::{Catalogue, Deprecation};
use crate::clock::{Clock, Ms, Time};
use crate::fault::{Fault, Faults, Rule};
use crate::http::Server;
use crate::journal::{Entry, Journal};
use crate::machines::Machines;
use crate::settings::Settings;
use crate::shared::{Counters, Shared};
use crate::world::{Access, Observer, Permission, Request, State, World};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The token of a mock that was not given one: 64 characters, as Hetzner's have.
pub const TOKEN: &str = "mocktokenmocktokenmocktokenmocktokenmocktokenmocktokenmocktokenm";

/// How a mock starts. All fields have sensible defaults for tests.
pub struct Options {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Tokens that may do everything, each opening a project of its own.
    pub tokens: Vec<String>,
    /// Tokens that may only look, with the number of the project they open.
    pub read_only: Vec<(String, usize)>,
    /// How time passes.
    pub time: Time,
    /// When it begins, in milliseconds since the epoch; the wall clock's now when missing.
    pub start_ms: Option<Ms>,
    /// Durations, limits, stock, delays.
    pub settings: Settings,
    /// The first ids and addresses.
    pub counters: Counters,
    /// Whether `/_mock` is served.
    pub admin: bool,
    /// Seed of the dice that faults are rolled with.
    pub seed: u64,
    /// Where a line per request goes.
    pub trace: Option<Box<dyn Write + Send>>,
    /// Who watches all answers, such as a test that checks their shape.
    pub observer: Option<Observer>,
    /// What boots real machines.
    pub machines: Option<Arc<dyn Machines>>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tokens: vec![TOKEN.to_owned()],
            read_only: Vec::new(),
            time: Time::stepping(),
            start_ms: None,
            settings: Settings::default(),
            counters: Counters::default(),
            admin: false,
            seed: 1,
            trace: None,
            observer: None,
            machines: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Tokens are left out: options end up in test logs.
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

/// An answer to [`Mock::call`].
#[derive(Clone, Debug, PartialEq)]
pub struct Called {
    /// HTTP status.
    pub status: u16,
    /// The body; null when there is none.
    pub json: Value,
    /// Headers, lower case.
    pub headers: HashMap<String, String>,
}

/// A running mock; stops when dropped.
pub struct Mock {
    world: Arc<Mutex<World>>,
    server: Server,
    token: String,
}

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock").field("address", &self.server.address).finish_non_exhaustive()
    }
}

impl Mock {
    /// Starts a mock with default options on a free port.
    ///
    /// # Panics
    /// When no port of the loopback interface can be bound, which no test can do without.
    pub fn start() -> Mock {
        Mock::with(Options::default()).expect("a loopback port can be bound")
    }

    /// Starts a mock.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn with(options: Options) -> io::Result<Mock> {
        let write = |(project, token): (usize, &String)| Access {
            token: token.clone(),
            permission: Permission::ReadWrite,
            project,
            revoked: false,
        };
        let read = |(token, project): &(String, usize)| Access {
            token: token.clone(),
            permission: Permission::ReadOnly,
            project: *project,
            revoked: false,
        };
        let access: Vec<Access> =
            options.tokens.iter().enumerate().map(write).chain(options.read_only.iter().map(read)).collect();
        let secrets = access.iter().map(|a| a.token.clone()).collect();
        let ticks = options.machines.is_some();
        let shared = Shared {
            clock: Clock::new(options.time, options.start_ms),
            catalogue: Catalogue::new(),
            settings: options.settings,
            faults: Faults::new(options.seed),
            counters: options.counters,
            machines: options.machines,
            results: Arc::default(),
            rendered: Vec::new(),
        };
        let mut world = World::new(shared, access, Journal::new(options.trace, secrets));
        world.observer = options.observer;
        let world = Arc::new(Mutex::new(world));
        let server = Server::start(options.listen, Arc::clone(&world), options.admin, ticks)?;
        let token = options.tokens.first().cloned().unwrap_or_default();
        Ok(Mock { world, server, token })
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The base URL for clients, such as `http://127.0.0.1:40123/v1`.
    pub fn endpoint(&self) -> String {
        format!("http://{}/v1", self.server.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// The first token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Makes a request without a socket, with the first token. `path` is what follows `/v1`, with its query.
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Called {
        let header = format!("Bearer {}", self.token);
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.call_raw(method, path, Some(&header), &bytes)
    }

    /// Like [`Mock::call`] with any header and any bytes.
    pub fn call_raw(&self, method: &str, path: &str, authorization: Option<&str>, body: &[u8]) -> Called {
        let full = format!("/v1{path}");
        let (path, query) = full.split_once('?').unwrap_or((&full, ""));
        let request = Request { method, path, query, authorization, host: None, body, in_flight: 1 };
        let response = self.world().answer(&request);
        Called {
            status: response.status,
            json: serde_json::from_slice(&response.body).unwrap_or(Value::Null),
            headers: response.headers.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        }
    }

    /// The present, in milliseconds since the epoch.
    pub fn now_ms(&self) -> Ms {
        self.world().shared.now()
    }

    /// Moves the clock; actions that are then over have ended.
    pub fn advance(&self, by: Duration) {
        self.world().advance(by);
    }

    /// The requests so far, oldest first.
    pub fn requests(&self) -> Vec<Entry> {
        self.world().journal.entries()
    }

    /// How many requests matched a method and a path pattern (after `/v1`, `*` for anything).
    pub fn count(&self, method: &str, path: &str) -> usize {
        let pattern = format!("/v1{path}");
        let matches =
            |e: &&Entry| (method == "*" || e.method == method) && crate::settings::glob(&pattern, &e.path);
        self.world().journal.entries().iter().filter(matches).count()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.world().journal.clear();
    }

    /// Adds a fault; returns its number.
    pub fn fault(&self, fault: Fault) -> u32 {
        self.world().shared.faults.add(fault)
    }

    /// Removes one fault, or all.
    pub fn remove_faults(&self, id: Option<u32>) {
        self.world().shared.faults.remove(id);
    }

    /// The faults, with how often they struck.
    pub fn faults(&self) -> Vec<Rule> {
        self.world().shared.faults.rules().to_vec()
    }

    /// Changes settings.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        self.world().set(change);
    }

    /// Announces the end of a server type in a location; `false` when there is no such type.
    pub fn deprecate(&self, server_type: &str, location: &str, end: Deprecation) -> bool {
        self.world().deprecate(server_type, location, end)
    }

    /// Makes all tokens invalid, or valid again.
    pub fn revoke_tokens(&self, revoked: bool) {
        self.world().revoke(revoked);
    }

    /// What the first project would have cost so far.
    pub fn bill(&self) -> Bill {
        self.world().bill(0)
    }

    /// Saves all objects, running actions, the clock and the settings. Tokens, faults and the log are not saved.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let state = self.world().save();
        let mut text = serde_json::to_vec_pretty(&state)?;
        text.push(b'\n');
        // Written beside and renamed, so that a crash leaves the old file.
        let fresh = path.with_extension("new");
        std::fs::write(&fresh, text)?;
        std::fs::rename(fresh, path)
    }

    /// Replaces everything by a saved state.
    ///
    /// # Errors
    /// When the file cannot be read or is not a saved state.
    pub fn load(&self, path: &Path) -> io::Result<()> {
        let state: State = serde_json::from_slice(&std::fs::read(path)?)?;
        self.world().load(state).map_err(io::Error::other)
    }

    /// Serves until the process ends.
    pub fn wait(self) {
        self.server.wait();
    }
}
