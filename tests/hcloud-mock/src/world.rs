//! The whole mock without its socket: a request in, an answer out, in the order Hetzner's front door checks things.
use crate::call::Call;
use crate::clock::{Ms, Time};
use crate::error::ApiError;
use crate::fault::Then;
use crate::journal::{Entry, Journal};
use crate::project::Project;
use crate::query::Query;
use crate::rate::{Bucket, Level};
use crate::reply::{Answer, Reply};
use crate::route::{self, Found, Route};
use crate::shared::{Counters, Shared};
use serde::{Deserialize, Serialize};

/// Version of the state file; a file of another one is refused.
const STATE_VERSION: u32 = 1;

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Everything.
    ReadWrite,
    /// Only GET.
    ReadOnly,
}

/// A token that opens a project.
#[derive(Clone)]
pub struct Access {
    pub(crate) token: String,
    pub(crate) permission: Permission,
    pub(crate) project: usize,
    pub(crate) revoked: bool,
}

/// A request, as it came in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// The path with `/v1`, still encoded.
    pub path: &'a str,
    /// The query string, still encoded.
    pub query: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `Host` header, for links.
    pub host: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// Requests being answered now, this one included.
    pub in_flight: usize,
}

/// What was asked and answered, for whoever watches; the answer is shown before any fault spoils it.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The method.
    pub method: &'a str,
    /// The path after `/v1`.
    pub path: &'a str,
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

/// Somebody who watches all answers.
pub type Observer = Box<dyn Fn(&Observed<'_>) + Send>;

/// What happens to the connection instead of, or after, a proper answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// Nothing: the answer is sent.
    #[default]
    No,
    /// The connection is closed without an answer.
    Drop,
    /// The answer stops in the middle.
    Truncate,
}

/// An answer, as it goes out.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers, lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body, empty for 204.
    pub body: Vec<u8>,
    /// Real milliseconds to wait before sending.
    pub delay_ms: u32,
    /// What happens to the connection.
    pub cut: Cut,
}

/// The state that is saved to a file: everything but tokens, faults and the log.
#[derive(Debug, Serialize, Deserialize)]
pub struct State {
    version: u32,
    now_ms: Ms,
    counters: Counters,
    settings: crate::settings::Settings,
    projects: Vec<Project>,
}

/// The mock's one owner of everything.
pub struct World {
    pub(crate) shared: Shared,
    pub(crate) projects: Vec<Project>,
    pub(crate) access: Vec<Access>,
    pub(crate) journal: Journal,
    pub(crate) observer: Option<Observer>,
    buckets: Vec<Bucket>,
    strangers: Bucket,
    requests: u64,
}

impl World {
    /// A world with as many empty projects as the tokens need.
    pub fn new(shared: Shared, access: Vec<Access>, journal: Journal) -> World {
        let count = access.iter().map(|a| a.project + 1).max().unwrap_or(1);
        let (limit, now) = (shared.settings.rate_limit_per_hour.unwrap_or(u32::MAX), shared.now());
        let mut world = World {
            projects: (0..count).map(|_| Project::default()).collect(),
            buckets: vec![Bucket::full(limit, now); count],
            strangers: Bucket::full(limit, now),
            shared,
            access,
            journal,
            observer: None,
            requests: 0,
        };
        world.shared.forget_rendered();
        world
    }

    /// Lets everything happen that is due, in all projects.
    pub fn settle(&mut self) {
        for project in &mut self.projects {
            project.settle(&mut self.shared);
        }
    }

    /// Answers a request.
    pub fn answer(&mut self, request: &Request<'_>) -> Response {
        self.requests += 1;
        self.shared.clock.tick_request();
        let bare = request.path.strip_prefix("/v1").filter(|p| p.starts_with('/')).unwrap_or("").to_owned();
        let token = request.authorization.and_then(bearer);
        let access = token.and_then(|t| self.access.iter().find(|a| a.token == t && !a.revoked)).cloned();
        let level = self.take_request(access.as_ref());
        let faults = self.shared.faults.strike(request.method, &bare);
        let (answer, waits, note) = self.guarded(request, &bare, token.is_some(), access, level, &faults);
        let error = answer.as_ref().err();
        let polls = waits || error.is_some_and(ApiError::invites_retry);
        let code = error.map(|e| e.code.to_string());
        let mut response = self.dress(answer, level, request.host);
        if let Some(observer) = &self.observer {
            let (method, status) = (request.method, response.status);
            observer(&Observed { method, path: &bare, status, body: &response.body });
        }
        for fault in &faults {
            misbehave(&mut response, fault);
        }
        self.journal.note(
            Entry {
                number: 0,
                at_ms: self.shared.now(),
                method: request.method.to_owned(),
                path: request.path.to_owned(),
                query: request.query.to_owned(),
                status: if response.cut == Cut::Drop { 0 } else { response.status },
                code,
                in_flight: request.in_flight,
            },
            &note,
        );
        if polls {
            self.shared.clock.tick_poll();
        }
        response
    }

    fn take_request(&mut self, access: Option<&Access>) -> Option<Level> {
        let limit = self.shared.settings.rate_limit_per_hour?;
        let now = self.shared.now();
        let bucket = access.and_then(|a| self.buckets.get_mut(a.project)).unwrap_or(&mut self.strangers);
        Some(bucket.take(limit, now))
    }

    /// Everything between the socket and the handler; gives the answer, whether the client waits, and a trace note.
    fn guarded(
        &mut self,
        request: &Request<'_>,
        bare: &str,
        has_token: bool,
        access: Option<Access>,
        level: Option<Level>,
        faults: &[Then],
    ) -> (Answer, bool, String) {
        let plain = |answer: Answer| (answer, false, String::new());
        if let Some(level) = level.filter(|l| !l.allowed) {
            let message = format!("limit of {} requests per hour reached", level.limit);
            return plain(Err(ApiError::new(429, "rate_limit_exceeded", message)));
        }
        if faults.contains(&Then::DropBefore) {
            return plain(Err(ApiError::new(500, "server_error", "connection dropped")));
        }
        if let Some(error) = faults.iter().find_map(Then::error_before) {
            return plain(Err(error));
        }
        let (route, params) = match route::find(request.method, bare) {
            Found::Handler(route, params) => (route, params),
            Found::WrongMethod => {
                return plain(Err(ApiError::new(405, "method_not_allowed", "method not allowed")));
            }
            Found::Nothing => return plain(Err(ApiError::new(404, "not_found", "api route not found"))),
        };
        let Some(access) = access else {
            let message =
                if has_token { "the token you have provided is invalid" } else { "token is required" };
            return plain(Err(ApiError::new(401, "unauthorized", message)));
        };
        if access.permission == Permission::ReadOnly && request.method != "GET" {
            let message = "the token is only allowed to perform GET requests";
            return plain(Err(ApiError::new(403, "token_readonly", message)));
        }
        let (answer, waits, note) = self.handle(request, route, params, access.project);
        match faults.iter().find_map(Then::error_after) {
            Some(error) => (Err(error), waits, note),
            None => (answer, waits, note),
        }
    }

    fn handle(
        &mut self,
        request: &Request<'_>,
        route: &Route,
        params: Vec<String>,
        project: usize,
    ) -> (Answer, bool, String) {
        let Some(project) = self.projects.get_mut(project) else {
            return (Err(ApiError::new(500, "server_error", "no such project")), false, String::new());
        };
        project.settle(&mut self.shared);
        let query = Query::parse(request.query);
        let first_action = self.shared.counters.action;
        let mut call = Call {
            project,
            shared: &mut self.shared,
            params,
            query: &query,
            raw: request.body,
            path: request.path,
            waits: false,
        };
        let answer = (route.handler)(&mut call);
        let waits = call.waits;
        let started = self.projects.iter().flat_map(|p| p.actions.range(first_action..)).map(|(_, a)| a);
        let note: String = started.map(|a| format!(" → {} {}", a.command, a.id)).collect();
        (answer, waits, note)
    }

    fn dress(&self, answer: Answer, level: Option<Level>, host: Option<&str>) -> Response {
        let reply = answer.unwrap_or_else(|error| Reply {
            status: error.status,
            body: error.body().to_string().into_bytes(),
            links: Vec::new(),
        });
        // Any repeatable 16 hex digits will do.
        let correlation = self.requests.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut headers = vec![
            ("x-correlation-id", format!("{correlation:016x}")),
            ("access-control-allow-origin", "*".to_owned()),
            ("strict-transport-security", "max-age=15724800; includeSubDomains".to_owned()),
        ];
        if reply.status != 204 {
            headers.push(("content-type", "application/json".to_owned()));
        }
        if let Some(level) = level {
            headers.push(("ratelimit-limit", level.limit.to_string()));
            headers.push(("ratelimit-remaining", level.remaining.to_string()));
            headers.push(("ratelimit-reset", level.reset_s.to_string()));
        }
        if !reply.links.is_empty() {
            let host = host.map_or_else(|| "https://api.hetzner.cloud".to_owned(), |h| format!("http://{h}"));
            let link = |(rel, to): &(&str, String)| format!("<{host}{to}>; rel=\"{rel}\"");
            headers.push(("link", reply.links.iter().map(link).collect::<Vec<_>>().join(", ")));
        }
        Response { status: reply.status, headers, body: reply.body, delay_ms: 0, cut: Cut::No }
    }

    /// The state, to be saved.
    pub fn save(&mut self) -> State {
        self.settle();
        State {
            version: STATE_VERSION,
            now_ms: self.shared.now(),
            counters: self.shared.counters.clone(),
            settings: self.shared.settings.clone(),
            projects: self.projects.clone(),
        }
    }

    /// Replaces everything by a saved state.
    ///
    /// # Errors
    /// When the file is of another version.
    pub fn load(&mut self, state: State) -> Result<(), String> {
        if state.version != STATE_VERSION {
            return Err(format!("state of version {} cannot be read, only {STATE_VERSION}", state.version));
        }
        let now = match self.shared.clock.time() {
            Time::Virtual { .. } => Some(state.now_ms),
            // A real clock goes on from the present, and what was due meanwhile happens at once.
            Time::Real { .. } => None,
        };
        self.shared.clock = crate::clock::Clock::new(self.shared.clock.time(), now);
        self.shared.counters = state.counters;
        self.shared.settings = state.settings;
        let count = self.projects.len();
        self.projects = state.projects;
        if self.projects.len() < count {
            self.projects.resize_with(count, Project::default);
        }
        self.projects.iter_mut().for_each(Project::restore);
        self.shared.forget_rendered();
        self.settle();
        Ok(())
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|t| !t.is_empty())
}

fn misbehave(response: &mut Response, fault: &Then) {
    match fault {
        Then::Slow(ms) => response.delay_ms = response.delay_ms.saturating_add(*ms),
        Then::DropBefore | Then::DropAfter => response.cut = Cut::Drop,
        Then::Truncate if response.cut == Cut::No => response.cut = Cut::Truncate,
        Then::Garbage => response.body = b"<html><body>502 Bad Gateway</body></html>\0\xff{".to_vec(),
        _ => {}
    }
}
