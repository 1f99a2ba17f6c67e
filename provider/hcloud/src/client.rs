//! The client: one project of the Hetzner Cloud, cheap to clone.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Id;
use crate::action::Action;
use crate::error::{Error, Kind};
use crate::http::{Answer, Creation, Http, Method, RateLimit, Request, Timing};
use crate::label::{Labels, Selector};
use crate::paging;
use crate::secret::Secret;
use crate::waiter::Waiter;

/// Where the API lives.
const ENDPOINT: &str = "https://api.hetzner.cloud/v1";

/// A client of one project.
#[derive(Clone)]
pub struct Client {
    pub(crate) http: Arc<Http>,
    pub(crate) waiter: Arc<Waiter>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.http.endpoint.as_str()).finish_non_exhaustive()
    }
}

/// Builds a [`Client`].
#[derive(Debug)]
pub struct ClientBuilder {
    token: Secret,
    endpoint: String,
    user_agent: String,
    timing: Timing,
}

impl ClientBuilder {
    /// Another endpoint, e.g. a mock's. With or without `/v1`'s trailing slash.
    #[must_use]
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = endpoint.into();
        self
    }

    /// Put before our own name in `User-Agent`.
    #[must_use]
    pub fn application(mut self, application: &str) -> Self {
        self.user_agent = format!("{application} {}", self.user_agent);
        self
    }

    /// Other pauses and limits.
    #[must_use]
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// Checks token and endpoint, without asking the API.
    ///
    /// # Errors
    /// [`Kind::Input`] for a token that can be none, or an endpoint that is no `http` or `https` address.
    pub fn build(self) -> Result<Client, Error> {
        let bad = |reason: String| Error::new("set up the Hetzner Cloud client", Kind::Input(reason));
        let token = self.token.expose();
        if token.is_empty() {
            return Err(bad("the token is empty".to_owned()));
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(bad(
                "the token has a space, a line break or another character that no token has".to_owned()
            ));
        }
        let endpoint = url::Url::parse(&self.endpoint)
            .map_err(|error| bad(format!("the endpoint {:?} is no address: {error}", self.endpoint)))?;
        if !matches!(endpoint.scheme(), "http" | "https") || endpoint.cannot_be_a_base() {
            return Err(bad(format!("the endpoint {:?} must start with http:// or https://", self.endpoint)));
        }
        if !endpoint.username().is_empty() || endpoint.password().is_some() {
            return Err(bad("the endpoint must not hold a user name or password".to_owned()));
        }
        // Another library of the process may have chosen a provider; then that one serves.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = reqwest::Client::builder()
            .user_agent(self.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| bad(format!("cannot set up HTTP: {}", error.without_url())))?;
        let http = Arc::new(Http {
            client,
            endpoint,
            token: self.token,
            governor: crate::http::governor(),
            timing: self.timing,
        });
        Ok(Client { waiter: Arc::new(Waiter::new(http.clone())), http })
    }
}

impl Client {
    /// Starts building a client for the project that the token belongs to.
    #[must_use]
    pub fn builder(token: impl Into<Secret>) -> ClientBuilder {
        ClientBuilder {
            token: token.into(),
            endpoint: ENDPOINT.to_owned(),
            user_agent: concat!("streaming-cluster/", env!("CARGO_PKG_VERSION")).to_owned(),
            timing: Timing::default(),
        }
    }

    /// The endpoint in use.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.http.endpoint.as_str()
    }

    /// What is known of the rate limit.
    #[must_use]
    pub fn rate_limit(&self) -> RateLimit {
        self.http.governor.state()
    }

    /// The pauses and limits in use.
    #[must_use]
    pub fn timing(&self) -> &Timing {
        &self.http.timing
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, kind: Plural, id: Id) -> Result<T, Error> {
        let operation = format!("get {} {id}", kind.singular_words());
        let request = Request::new(Method::Get, operation, &[kind.plural, &id.to_string()]);
        self.http.read(&request, kind.singular).await
    }

    pub(crate) async fn find<T: DeserializeOwned>(
        &self,
        kind: Plural,
        name: &str,
    ) -> Result<Option<T>, Error> {
        let operation = format!("look for {} {name}", kind.singular_words());
        let request = Request::new(Method::Get, operation, &[kind.plural]).query("name", name);
        Ok(self.http.read::<Vec<T>>(&request, kind.plural).await?.into_iter().next())
    }

    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        kind: Plural,
        selector: Option<&Selector>,
    ) -> Result<Vec<T>, Error> {
        let mut request = Request::new(Method::Get, format!("list {}", kind.words()), &[kind.plural]);
        if let Some(selector) = selector {
            request = request.query("label_selector", selector.to_string());
        }
        if kind.sorted {
            request = request.query("sort", "id:asc");
        }
        paging::list_all(&self.http, request, kind.plural).await
    }

    /// Creates an object whose name is its identity; see [`Http::create`].
    pub(crate) async fn create<T: DeserializeOwned>(
        &self,
        kind: Plural,
        name: &str,
        body: Value,
        ours: impl Fn(&T) -> bool,
    ) -> Result<Creation<T>, Error> {
        let operation = format!("create {} {name}", kind.singular_words());
        let request = Request::new(Method::Post, operation, &[kind.plural]).json(body);
        self.http.create(&request, || self.find(kind, name), ours).await
    }

    pub(crate) async fn update<T: DeserializeOwned>(
        &self,
        kind: Plural,
        id: Id,
        name: Option<&str>,
        labels: Option<&Labels>,
    ) -> Result<T, Error> {
        let mut body = serde_json::Map::new();
        if let Some(name) = name {
            body.insert("name".into(), name.into());
        }
        if let Some(labels) = labels {
            body.insert("labels".into(), serde_json::json!(labels));
        }
        let operation = format!("update {} {id}", kind.singular_words());
        let request = Request::new(Method::Put, operation, &[kind.plural, &id.to_string()]).json(body.into());
        self.http.read(&request, kind.singular).await
    }

    /// Deletes; the Action is there for kinds that have one.
    pub(crate) async fn delete(&self, kind: Plural, id: Id) -> Result<Option<Action>, Error> {
        let operation = format!("delete {} {id}", kind.singular_words());
        let request = Request::new(Method::Delete, operation, &[kind.plural, &id.to_string()]);
        self.http.call(&request).await?.optional("action")
    }

    /// Starts an Action on an object.
    pub(crate) async fn act(
        &self,
        kind: Plural,
        id: Id,
        action: &str,
        body: Option<Value>,
    ) -> Result<Answer, Error> {
        let operation = format!("{} of {} {id}", action.replace('_', " "), kind.singular_words());
        let path = [kind.plural, &id.to_string(), "actions", action];
        let mut request = Request::new(Method::Post, operation, &path);
        request.body = body;
        self.http.call(&request).await
    }
}

/// A kind of resource: its words on the wire.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plural {
    pub plural: &'static str,
    pub singular: &'static str,
    /// Whether lists can be sorted by ID, which keeps pages stable while objects come and go.
    pub sorted: bool,
}

impl Plural {
    fn words(self) -> String {
        self.plural.replace('_', " ")
    }

    fn singular_words(self) -> String {
        self.singular.replace('_', " ")
    }
}
