//! Every way a call can fail, with predicates to branch on.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;

use crate::lenient::null_as_default;
use crate::open_enum::open_enum;

open_enum! {
    /// Hetzner's error codes (API description, section Errors, and the codes of single operations). Open: new ones come.
    ErrorCode {
        Unauthorized = "unauthorized",
        TokenReadonly = "token_readonly",
        Forbidden = "forbidden",
        Maintenance = "maintenance",
        ResourceLimitExceeded = "resource_limit_exceeded",
        NotFound = "not_found",
        MethodNotAllowed = "method_not_allowed",
        UniquenessError = "uniqueness_error",
        Conflict = "conflict",
        DeprecatedApiEndpoint = "deprecated_api_endpoint",
        ResourceUnavailable = "resource_unavailable",
        PlacementError = "placement_error",
        InvalidInput = "invalid_input",
        JsonError = "json_error",
        ServiceError = "service_error",
        UnsupportedError = "unsupported_error",
        Locked = "locked",
        ResourceLocked = "resource_locked",
        Protected = "protected",
        RateLimitExceeded = "rate_limit_exceeded",
        ServerError = "server_error",
        BadGateway = "bad_gateway",
        Unavailable = "unavailable",
        Timeout = "timeout",
        UnknownError = "unknown_error",
        ResourceInUse = "resource_in_use",
        MustBeUnassigned = "must_be_unassigned",
        NoSubnetAvailable = "no_subnet_available",
        IpNotAvailable = "ip_not_available",
        ServerAlreadyAttached = "server_already_attached",
        ServerNotStopped = "server_not_stopped",
        ServerAlreadyAdded = "server_already_added",
        AlreadyInPlacementGroup = "already_in_placement_group",
        InvalidServerType = "invalid_server_type",
        FirewallAlreadyApplied = "firewall_already_applied",
        FirewallResourceNotFound = "firewall_resource_not_found",
        FirewallManagedByLabelSelector = "firewall_managed_by_label_selector",
        PrivateNetOnlyServer = "private_net_only_server",
        IncompatibleNetworkType = "incompatible_network_type",
        NetworksOverlap = "networks_overlap",
        PrimaryIpAssigned = "primary_ip_assigned",
        IncorrectZoneMode = "incorrect_zone_mode",
        ActionFailed = "action_failed",
    }
}

/// One input field that Hetzner refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct FieldError {
    /// The field's name, in the API's words.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// What is wrong with it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub messages: Vec<String>,
}

/// An error that the API itself answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// Hetzner's code.
    pub code: ErrorCode,
    /// Hetzner's sentence.
    pub message: String,
    /// The fields at fault, for `invalid_input` and `uniqueness_error`.
    pub fields: Vec<FieldError>,
    /// The account's limits that were hit, for `resource_limit_exceeded`.
    pub limits: Vec<String>,
    /// The deprecation notice's address, for `deprecated_api_endpoint`.
    pub announcement: Option<String>,
    /// What Hetzner's support asks for.
    pub correlation_id: Option<String>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.message, self.code)?;
        if self.status != 0 {
            write!(f, ", HTTP {}", self.status)?;
        }
        if let Some(id) = &self.correlation_id {
            write!(f, ", correlation id {id}")?;
        }
        f.write_str(")")?;
        for field in &self.fields {
            write!(f, "; {}: {}", field.name, field.messages.join(", "))?;
        }
        for limit in &self.limits {
            write!(f, "; limit: {limit}")?;
        }
        Ok(())
    }
}

/// What went wrong.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Kind {
    /// The API answered with an error.
    Api(ApiError),
    /// An Action that we waited for ended in an error.
    Action {
        /// The Action's ID.
        id: crate::Id,
        /// Its command, e.g. `create_server`.
        command: String,
        /// Code and message; the HTTP status is 0.
        error: ApiError,
    },
    /// No answer: refused, reset, name not found, TLS. The text never holds headers.
    Transport(String),
    /// No answer within the time for one request.
    TimedOut,
    /// An answer that is not what the API promises.
    Decode {
        /// HTTP status.
        status: u16,
        /// What was expected and what came.
        reason: String,
    },
    /// The deadline for waiting passed.
    Deadline(String),
    /// Input that we refuse before asking, e.g. a broken endpoint or label.
    Input(String),
}

/// A failed operation: what we were doing, and why it failed.
#[derive(Debug, Clone)]
pub struct Error {
    operation: Arc<str>,
    kind: Arc<Kind>,
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.operation)?;
        match &*self.kind {
            Kind::Api(error) => error.fmt(f),
            Kind::Action { id, command, error } => write!(f, "action {id} ({command}) failed: {error}"),
            Kind::Transport(reason) => write!(f, "no answer: {reason}"),
            Kind::TimedOut => f.write_str("no answer in time"),
            Kind::Decode { status, reason } => write!(f, "unexpected answer (HTTP {status}): {reason}"),
            Kind::Deadline(what) => write!(f, "gave up waiting: {what}"),
            Kind::Input(reason) => f.write_str(reason),
        }
    }
}

impl Error {
    pub(crate) fn new(operation: impl Into<Arc<str>>, kind: Kind) -> Self {
        Self { operation: operation.into(), kind: Arc::new(kind) }
    }

    /// An error of input that a caller refuses before asking.
    #[must_use]
    pub fn input(operation: &str, reason: impl Into<String>) -> Self {
        Self::new(operation, Kind::Input(reason.into()))
    }

    /// What we were doing, e.g. `create server edge-3`.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Why it failed.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The API's own error, whether the call or its Action failed.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        match &*self.kind {
            Kind::Api(error) | Kind::Action { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Hetzner's code, if the API answered.
    #[must_use]
    pub fn code(&self) -> Option<&ErrorCode> {
        self.api().map(|error| &error.code)
    }

    /// The correlation id for Hetzner's support.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.api().and_then(|error| error.correlation_id.as_deref())
    }

    fn is(&self, codes: &[ErrorCode]) -> bool {
        self.code().is_some_and(|code| codes.contains(code))
    }

    /// The object does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.is(&[ErrorCode::NotFound])
    }

    /// The token is missing, wrong, revoked, or may only read.
    #[must_use]
    pub fn is_token_refused(&self) -> bool {
        self.is(&[ErrorCode::Unauthorized, ErrorCode::TokenReadonly, ErrorCode::Forbidden])
    }

    /// The server type cannot be had in that location now: try the next type or location.
    #[must_use]
    pub fn is_out_of_stock(&self) -> bool {
        self.is(&[ErrorCode::ResourceUnavailable, ErrorCode::PlacementError])
    }

    /// An account limit: only the customer can have it raised.
    #[must_use]
    pub fn is_account_limit(&self) -> bool {
        self.is(&[ErrorCode::ResourceLimitExceeded])
    }

    /// The name (or the key's fingerprint) is taken.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.is(&[ErrorCode::UniquenessError])
    }

    /// Another Action runs on the object.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.is(&[ErrorCode::Locked, ErrorCode::ResourceLocked])
    }

    /// Delete or rebuild protection is on.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.is(&[ErrorCode::Protected])
    }

    /// Something still uses the object.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.is(&[ErrorCode::ResourceInUse, ErrorCode::MustBeUnassigned])
    }

    /// The rate limit was hit, and stayed hit through all retries.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.is(&[ErrorCode::RateLimitExceeded])
    }

    /// We cannot know whether the request took effect: nothing came back, or a gateway answered in place of the API.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        match &*self.kind {
            Kind::Transport(_) | Kind::TimedOut => true,
            Kind::Decode { status, .. } => *status < 400 || *status >= 500,
            Kind::Api(error) => matches!(error.status, 500 | 502 | 504),
            Kind::Action { .. } | Kind::Deadline(_) | Kind::Input(_) => false,
        }
    }
}

/// The wire form: `{"error": {"code", "message", "details"}}`.
#[derive(Deserialize)]
pub(crate) struct Envelope {
    error: Body,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    code: ErrorCode,
    #[serde(default, deserialize_with = "null_as_default")]
    message: String,
    #[serde(default)]
    details: serde_json::Value,
}

impl Envelope {
    pub(crate) fn into_api(self, status: u16, correlation_id: Option<String>) -> ApiError {
        let details = self.error.details;
        let fields = details.get("fields").cloned().and_then(|f| serde_json::from_value(f).ok());
        let limits = details.get("limits").and_then(serde_json::Value::as_array).map(|limits| {
            limits.iter().filter_map(|limit| limit.get("name")?.as_str().map(str::to_owned)).collect()
        });
        let announcement = details.get("announcement").and_then(serde_json::Value::as_str).map(str::to_owned);
        ApiError {
            status,
            code: self.error.code,
            message: self.error.message,
            fields: fields.unwrap_or_default(),
            limits: limits.unwrap_or_default(),
            announcement,
            correlation_id,
        }
    }
}
