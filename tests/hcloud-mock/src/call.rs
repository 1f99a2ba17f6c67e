//! One request on its way through a handler: the project it may touch, its parameters, and starting actions.
use crate::action::{Action, Effect, Progress, Resource, at, duration_ms};
use crate::body::Body;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::project::Project;
use crate::query::Query;
use crate::reply::{Answer, Reply};
use crate::resource::Entity;
use crate::shared::Shared;
use serde_json::Value;

/// A handler of one route.
pub type Handler = fn(&mut Call<'_>) -> Answer;

/// A request being handled.
#[derive(Debug)]
pub struct Call<'a> {
    /// The project of the token.
    pub project: &'a mut Project,
    /// What all projects share.
    pub shared: &'a mut Shared,
    /// The values of the `{…}` parts of the route, in order, decoded.
    pub params: Vec<String>,
    /// The query string.
    pub query: &'a Query,
    /// The raw body.
    pub raw: &'a [u8],
    /// The path with its `/v1`, for links.
    pub path: &'a str,
    /// Set when the client is only waiting: virtual time then moves on.
    pub waits: bool,
}

impl Call<'_> {
    /// The n-th parameter of the path.
    pub fn param(&self, n: usize) -> &str {
        self.params.get(n).map_or("", String::as_str)
    }

    /// The first parameter as an id, or 404.
    pub fn id<T: Entity>(&self) -> Result<u64, ApiError> {
        self.param(0).parse().map_err(|_| ApiError::not_found(T::KIND, self.param(0)))
    }

    /// The body as an object.
    pub fn body(&self) -> Result<Body, ApiError> {
        Body::parse(self.raw)
    }

    /// Refuses with 423 when an action runs on the object.
    pub fn check_unlocked(&self, kind: Kind, id: u64) -> Result<(), ApiError> {
        if self.project.is_busy(kind, id) { Err(ApiError::locked(kind)) } else { Ok(()) }
    }

    /// Refuses with 409 when an action runs on the object.
    pub fn check_unchanged(&self, kind: Kind, id: u64) -> Result<(), ApiError> {
        if self.project.is_busy(kind, id) { Err(ApiError::conflict(kind)) } else { Ok(()) }
    }

    /// Starts an action that locks all of its resources.
    pub fn begin(&mut self, command: &str, resources: &[Resource], effect: Effect) -> u64 {
        self.begin_locking(command, resources, resources, effect)
    }

    /// Starts an action on one object that it locks.
    pub fn begin_on(&mut self, command: &str, kind: Kind, id: u64, effect: Effect) -> u64 {
        self.begin(command, &[at(kind, id)], effect)
    }

    /// Starts an action, saying what it locks.
    pub fn begin_locking(
        &mut self,
        command: &str,
        resources: &[Resource],
        locks: &[Resource],
        effect: Effect,
    ) -> u64 {
        let action = self.new_action(command, resources, locks, effect, Progress::Running);
        self.project.start(action, self.shared)
    }

    /// Queues an action behind another one.
    pub fn begin_after(&mut self, first: u64, command: &str, resources: &[Resource], effect: Effect) -> u64 {
        let action = self.new_action(command, resources, resources, effect, Progress::Queued);
        self.project.queue(first, action)
    }

    fn new_action(
        &mut self,
        command: &str,
        resources: &[Resource],
        locks: &[Resource],
        effect: Effect,
        progress: Progress,
    ) -> Action {
        let now = self.shared.now();
        let takes = self.shared.settings.durations_ms.get(command).copied();
        Action {
            id: self.shared.new_action_id(),
            command: command.to_owned(),
            progress,
            started: now,
            due: now.saturating_add(takes.unwrap_or_else(|| duration_ms(command)).max(0)),
            finished: None,
            resources: resources.to_vec(),
            locks: locks.to_vec(),
            effect,
            fails: self.shared.faults.take_action_failure(command),
            next: Vec::new(),
            machine_busy: false,
        }
    }

    /// The JSON of an action.
    pub fn action(&self, id: u64) -> Value {
        let now = self.shared.now();
        self.project.actions.get(&id).map_or(Value::Null, |a| a.view(now))
    }

    /// `{"action": …}` with a status.
    pub fn reply_action(&self, status: u16, id: u64) -> Answer {
        Reply::one(status, "action", &self.action(id))
    }
}
