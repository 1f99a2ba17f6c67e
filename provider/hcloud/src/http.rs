//! The way of a request: governor → send → learn the limits → decode → retry. This file states the order.

mod decode;
mod rate_limit;
mod retry;
mod send;

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;

pub(crate) use decode::Answer;
pub use rate_limit::RateLimit;
pub(crate) use retry::{Creation, Policy};

use crate::error::Error;
use crate::secret::Secret;

/// How long we wait for what. The defaults suit the real API; tests shorten them.
#[derive(Debug, Clone)]
pub struct Timing {
    /// For one request, until the whole answer is there. Long, because a create that is given up is a create in doubt.
    pub request_timeout: Duration,
    /// First pause between two looks at an Action.
    pub poll_interval: Duration,
    /// Longest pause between two looks at an Action.
    pub poll_interval_max: Duration,
    /// First pause before a retry; doubles, with jitter.
    pub backoff: Duration,
    /// Longest pause before a retry.
    pub backoff_max: Duration,
    /// Tries of one request that fails for a passing reason.
    pub attempts_max: u32,
    /// How long to go on while the object is locked or still in use.
    pub busy_wait_max: Duration,
    /// How long to go on while the rate limit is hit: the bucket refills about once a second.
    pub rate_limit_wait_max: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(60),
            poll_interval: Duration::from_millis(500),
            poll_interval_max: Duration::from_secs(5),
            backoff: Duration::from_secs(1),
            backoff_max: Duration::from_secs(20),
            attempts_max: 5,
            busy_wait_max: Duration::from_secs(120),
            rate_limit_wait_max: Duration::from_secs(600),
        }
    }
}

/// The HTTP method; only those that the API has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Delete,
}

/// A request, built but not sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// What we are doing, for errors and logs.
    pub operation: Arc<str>,
    pub method: Method,
    /// Path segments below the endpoint; each is percent-encoded when the address is built.
    pub path: Vec<String>,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<serde_json::Value>,
    pub policy: Policy,
}

impl Request {
    pub(crate) fn new(method: Method, operation: impl Into<Arc<str>>, path: &[&str]) -> Self {
        let policy = match method {
            Method::Get => Policy::Read,
            Method::Put | Method::Post => Policy::Change,
            Method::Delete => Policy::Delete,
        };
        let path = path.iter().map(|&segment| segment.to_owned()).collect();
        Self { operation: operation.into(), method, path, query: Vec::new(), body: None, policy }
    }

    pub(crate) fn query(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    pub(crate) fn json(mut self, body: serde_json::Value) -> Self {
        self.body = Some(body);
        self
    }
}

/// The connection to one project of the API.
pub(crate) struct Http {
    pub client: reqwest::Client,
    pub endpoint: url::Url,
    pub token: Secret,
    pub governor: rate_limit::Governor,
    pub timing: Timing,
}

impl Http {
    /// Sends a request once: no retry.
    async fn once(&self, request: &Request) -> Result<Answer, Error> {
        let _pass = self.governor.acquire().await;
        let raw = send::send(self, request).await?;
        self.governor.learn(&raw);
        decode::judge(request, raw)
    }

    /// Sends a request, with retries as its policy allows.
    pub(crate) async fn call(&self, request: &Request) -> Result<Answer, Error> {
        retry::call(self, request).await
    }

    /// Creates a named object without ever repeating a create blindly. See [`retry::create`].
    pub(crate) async fn create<T, F>(
        &self,
        request: &Request,
        find: impl Fn() -> F,
        ours: impl Fn(&T) -> bool,
    ) -> Result<Creation<T>, Error>
    where
        F: Future<Output = Result<Option<T>, Error>>,
    {
        retry::create(self, request, find, ours).await
    }

    /// Sends a request and reads one member of the answer's object.
    pub(crate) async fn read<T: DeserializeOwned>(&self, request: &Request, key: &str) -> Result<T, Error> {
        self.call(request).await?.member(key)
    }
}

/// A governor with a full bucket.
pub(crate) fn governor() -> rate_limit::Governor {
    rate_limit::Governor::new()
}
